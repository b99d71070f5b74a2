// The dialog of colors for one place: keeping the one that is there, suggestions of the model, families, colors used before, any other.

import { colorName, familyName, learn } from "./colors.js";
import { $, element } from "./dom.js";
import { KEEP, WAS } from "./hint_list.js";
import { language, t } from "./i18n.js";

const GRAY = "#808080"; // a hint of no color
const GAP = 18; // pixels between the place and the dialog
const MARGIN = 26; // pixels between the photograph and the dialog beside it: the handle of the divider lies there

export class Picker {
  /** @param {object} heard  chosen(color, finally), removed(), closed(), keepRest(yes) */
  constructor(heard) {
    this.dialog = $("picker");
    this.heard = heard;
    this.keys = false; // whether the last input was a key: then the first suggestion gets the focus
    const { dialog } = this;
    $("free").addEventListener("input", () => this.choose($("free").value, false));
    $("free").addEventListener("change", () => this.choose($("free").value, true));
    $("remove").addEventListener("click", () => heard.removed());
    $("done").addEventListener("click", () => this.close());
    $("keep-rest").addEventListener("change", () => heard.keepRest($("keep-rest").checked));
    dialog.addEventListener("keydown", (event) => this.key(event));
    for (const type of ["focusin", "pointerover"]) dialog.addEventListener(type, (event) => this.name(event.target));
    document.addEventListener("pointerdown", (event) => {
      if (!dialog.contains(event.target) && !event.target.closest("#stage")) this.close();
    });
    document.addEventListener("pointerdown", () => (this.keys = false), true);
    document.addEventListener("keydown", () => (this.keys = true), true);
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
    new ResizeObserver(() => this.open && this.follow(this.at)).observe($("saving"));
  }

  get open() {
    return this.dialog.open;
  }

  /**
   * Open the dialog.
   * @param {object} at  place on the screen: left, top
   * @param {string} now  color of the place now
   * @param {string|null} choice  what the user chose there, and may remove
   * @param {string[]} used  colors of other places
   * @param {boolean|null} keepsRest  whether all else keeps its color; null where that is so anyway, as with a lasso
   * @param {boolean} others  whether there are other hints, so that the place can get back what it was without them
   */
  show(at, now, choice, used, keepsRest, others) {
    $("picker-title").textContent = t("finding");
    $("remove").hidden = !choice;
    this.chosen = choice;
    this.others = others;
    $("free").value = choice?.startsWith("#") ? choice : now;
    this.now = now;
    $("keep-rest-line").hidden = keepsRest === null;
    if (keepsRest !== null) $("keep-rest").checked = keepsRest;
    for (const id of ["swatches", "families", "family"]) $(id).replaceChildren();
    $("used").replaceChildren(...used.map((one) => this.swatch(one, t("used", { color: colorName(one) }))));
    $("used-title").hidden = used.length === 0;
    $("swatch-name").textContent = "";
    if (!this.open) this.dialog.show();
    this.dialog.focus();
    this.follow(at);
  }

  /** Move the dialog beside the photograph, where there is room; else beside the place, where it neither covers that nor leaves the window. The buttons that download stay free. */
  follow(at) {
    this.at = at;
    const { left, top } = at;
    const { width } = this.dialog.getBoundingClientRect();
    const [outside, fits] = [this.outside(left, width), left + GAP + width + 8 <= window.innerWidth];
    const x = Math.max(8, outside ?? this.beside(left, width));
    const bottom = x + width > $("panel").getBoundingClientRect().left ? $("saving").getBoundingClientRect().top : window.innerHeight;
    this.dialog.style.setProperty("--bottom", `${bottom}px`);
    this.dialog.style.setProperty("--strip", `${$("below").getBoundingClientRect().top}px`);
    const { height } = this.dialog.getBoundingClientRect(); // which depends on these
    const [lowest, above] = [bottom - height - 8, top - height - GAP];
    const y = outside !== null ? top - height / 2 : top + GAP > lowest && above >= 8 && !fits ? above : top + GAP;
    this.put(x, Math.min(y, lowest));
  }

  /** At the right of the place where that leaves the panel free or there is no room at the left; else at the left. */
  beside(left, width) {
    const [right, before] = [left + GAP, left - width - GAP];
    const end = before >= 8 ? $("panel").getBoundingClientRect().left : window.innerWidth;
    return right + width + 8 <= end ? right : before;
  }

  /** Show or hide what is only for a color that was chosen, and keep the dialog in the window. */
  offerElsewhere(yes) {
    if ($("elsewhere").hidden === !yes) return;
    $("elsewhere").hidden = !yes;
    if (this.open) this.follow(this.at);
  }

  put(left, top) {
    this.dialog.style.left = `${left}px`;
    this.dialog.style.top = `${Math.max(8, top)}px`;
  }

  /** Where the dialog is beside the photograph on the stage, on the side that is nearer to the place; null where it has no room. */
  outside(left, width) {
    const [frame, stage] = [$("frame").getBoundingClientRect(), $("stage").getBoundingClientRect()];
    const needed = width + 2 * MARGIN;
    const sides = [];
    if (stage.right - frame.right >= needed) sides.push({ way: frame.right - left, left: frame.right + MARGIN });
    if (frame.left - stage.left >= needed) sides.push({ way: left - frame.left, left: frame.left - width - MARGIN });
    return sides.sort((a, b) => a.way - b.way)[0]?.left ?? null;
  }

  /** @param {{colors: object[], families: object[]}} found  as the engine answers */
  fill({ colors, families }) {
    $("picker-title").textContent = t(colors.length ? "likely" : "choose");
    const likely = colors.map(({ color, name, probability }) => {
      learn(color, name);
      const percent = probability >= 0.005 ? `${Math.round(100 * probability)} %` : t("under-1");
      return this.swatch(color, t("likely-color", { color: colorName(color), percent }));
    });
    const keep = this.swatch(KEEP, t("keep-color"));
    keep.style.backgroundColor = this.now;
    const was = this.others ? [this.swatch(WAS, t("as-it-was"))] : [];
    $("swatches").replaceChildren(keep, ...was, ...likely, this.swatch(GRAY, t("gray")));
    $("families").replaceChildren(...families.map((family) => this.family(family)));
    if (families[0]?.name === "skin") $("families").firstElementChild?.click();
    if (this.keys && document.activeElement === this.dialog) $("swatches").firstElementChild.focus({ preventScroll: true });
    this.mark();
    this.follow(this.at);
  }

  /** A button that shows the colors of a family. */
  family({ name, colors }) {
    const made = element("button", { type: "button", className: "chip", textContent: familyName(name) });
    made.setAttribute("aria-pressed", "false");
    made.addEventListener("click", () => {
      const open = made.getAttribute("aria-pressed") !== "true";
      for (const one of $("families").children) one.setAttribute("aria-pressed", String(open && one === made));
      const swatches = open ? colors.map((one) => this.swatch(one.color, this.familyColor(name, one))) : [];
      $("family").replaceChildren(...swatches);
      this.mark();
      this.follow(this.at);
    });
    return made;
  }

  /** The engine names the colors of families in English. */
  familyColor(family, { color, name }) {
    learn(color, name);
    return language === "en" ? name : `${familyName(family)}: ${colorName(color)}`;
  }

  swatch(color, title) {
    const made = element("button", { type: "button", className: `swatch${{ [KEEP]: " kept", [WAS]: " was", [GRAY]: " gray" }[color] ?? ""}`, title });
    made.dataset.color = color;
    if (color.startsWith("#")) made.style.backgroundColor = color;
    made.setAttribute("aria-label", title);
    made.addEventListener("click", () => this.choose(color, true));
    return made;
  }

  /** Show the name of a color that is pointed at. */
  name(target) {
    const swatch = target.closest?.(".swatch");
    if (swatch) $("swatch-name").textContent = swatch.title;
  }

  choose(color, finally_) {
    if (color.startsWith("#")) $("free").value = color;
    $("remove").hidden = false;
    this.chosen = color;
    this.mark();
    this.heard.chosen(color, finally_);
  }

  mark() {
    for (const one of this.dialog.querySelectorAll(".swatch")) one.setAttribute("aria-pressed", String(one.dataset.color === this.chosen));
  }

  /** Arrow keys move the focus from color to color. */
  key(event) {
    const focused = document.activeElement.closest(".swatch");
    if (!focused) return;
    const columns = getComputedStyle(focused.parentElement).gridTemplateColumns.split(" ").length;
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    if (by === undefined) return;
    const all = [...this.dialog.querySelectorAll(".swatch")];
    all[all.indexOf(focused) + by]?.focus();
    event.preventDefault();
  }

  close() {
    if (!this.open) return;
    this.dialog.close(); // its own close event comes too late: the dialog may be open for another place by then
    this.heard.closed();
  }
}
