// The dialog of colors for one place: suggestions of the model, colors used before, and a free choice.

import { $, element } from "./dom.js";

const GRAY = "#808080"; // a hint of no color
const COLUMNS = 5;
const GAP = 18; // pixels between the place and the dialog

export class Picker {
  /** @param {object} heard  chosen(color, finally), removed(), closed() */
  constructor(heard) {
    this.dialog = $("picker");
    this.heard = heard;
    this.keys = false; // whether the last input was a key: then the first suggestion gets the focus
    const { dialog } = this;
    $("free").addEventListener("input", () => this.choose($("free").value, false));
    $("free").addEventListener("change", () => this.choose($("free").value, true));
    $("remove").addEventListener("click", () => heard.removed());
    $("done").addEventListener("click", () => this.close());
    dialog.addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("pointerdown", (event) => {
      if (!dialog.contains(event.target) && !event.target.closest("#stage")) this.close();
    });
    document.addEventListener("pointerdown", () => (this.keys = false), true);
    document.addEventListener("keydown", () => (this.keys = true), true);
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
  }

  get open() {
    return this.dialog.open;
  }

  /**
   * Open the dialog.
   * @param {object} at  place on the screen: left, top
   * @param {string} color  of the place now
   * @param {boolean} chosen  whether the user chose it, and may remove it
   * @param {string[]} used  colors of other places
   */
  show(at, color, chosen, used) {
    $("picker-title").textContent = "Finding likely colors…";
    $("remove").hidden = !chosen;
    $("free").value = color;
    $("swatches").replaceChildren();
    $("used").replaceChildren(...used.map((one) => this.swatch(one, `${one}, used before`)));
    $("used-title").hidden = used.length === 0;
    if (!this.open) this.dialog.show();
    this.dialog.focus();
    this.follow(at);
  }

  /** Move the dialog beside the place, where it neither covers the place nor leaves the window. */
  follow(at) {
    this.at = at;
    const { left, top } = at;
    const { width, height } = this.dialog.getBoundingClientRect();
    const [right, below] = [window.innerWidth - width - 8, window.innerHeight - height - 8];
    const above = top - height - GAP;
    this.dialog.style.left = `${Math.max(8, Math.min(left + GAP, right))}px`;
    this.dialog.style.top = `${Math.max(8, top + GAP <= below ? top + GAP : Math.min(above, below))}px`;
  }

  /** @param {{colors: object[], families: object[]}} found  as the engine answers */
  fill({ colors, families }) {
    $("picker-title").textContent = colors.length ? "Likely colors here" : "Choose a color";
    const likely = colors.map(({ color, name, probability }) => {
      const percent = probability >= 0.005 ? `${Math.round(100 * probability)} %` : "under 1 %";
      return this.swatch(color, `${name}, ${percent} likely`);
    });
    const skin = families[0]?.name === "skin" ? families[0].colors.map(({ color, name }) => this.swatch(color, name)) : [];
    $("swatches").replaceChildren(...likely, ...skin, this.swatch(GRAY, "Gray: no color"));
    if (this.keys && document.activeElement === this.dialog) $("swatches").firstElementChild.focus({ preventScroll: true });
    this.mark($("free").value);
    this.follow(this.at);
  }

  swatch(color, title) {
    const made = element("button", { type: "button", className: "swatch", title });
    made.dataset.color = color;
    made.style.backgroundColor = color;
    made.setAttribute("aria-label", title);
    made.addEventListener("click", () => this.choose(color, true));
    return made;
  }

  choose(color, finally_) {
    $("free").value = color;
    $("remove").hidden = false;
    this.mark(color);
    this.heard.chosen(color, finally_);
  }

  mark(color) {
    const chosen = !$("remove").hidden;
    for (const one of this.dialog.querySelectorAll(".swatch")) one.setAttribute("aria-pressed", String(chosen && one.dataset.color === color));
  }

  /** Arrow keys move the focus from color to color. */
  key(event) {
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -COLUMNS, ArrowDown: COLUMNS }[event.key];
    const all = [...this.dialog.querySelectorAll(".swatch")];
    const to = all[all.indexOf(document.activeElement) + by];
    if (by === undefined || !all.includes(document.activeElement)) return;
    to?.focus();
    event.preventDefault();
  }

  close() {
    if (!this.open) return;
    this.dialog.close(); // its own close event comes too late: the dialog may be open for another place by then
    this.heard.closed();
  }
}
