// The strip of variants of one object: other plausible colors of what was clicked, and all else as it is.

import { colorName } from "./colors.js";
import { $, element, fill } from "./dom.js";
import { t } from "./i18n.js";
import { note, say } from "./notice.js";
import { words } from "./remedies.js";

const COUNT = 12; // of them, at most

export class ObjectVariants {
  /** @param {() => void} changed  redraw */
  constructor(changed) {
    this.changed = changed;
    this.shown = null; // {photo, edit: that of the photograph then, others: all other hints, hints: one for each variant, urls: of their pictures}
    $("object-all").addEventListener("click", () => {
      this.close();
      $("variants").parentElement.scrollLeft = 0; // the button was at the end
    });
  }

  /**
   * Show the variants of an object in the place of those of the photograph.
   * @param {{x: number, y: number, hint: number, reach: object|undefined}} place  `hint` is the index of the hint that it has, or -1
   */
  async show(photo, { x, y, hint, reach }) {
    this.close();
    const [old, others] = [photo.edit.hints[hint], photo.edit.hints.filter((_, i) => i !== hint)];
    const area = reach ?? (typeof old?.reach === "object" ? old.reach : undefined);
    const mine = { photo, edit: photo.edit, others, hints: [], urls: [] };
    this.shown = mine;
    this.changed();
    say(t("object-variants-busy"));
    try {
      mine.hints = await photo.objectVariants({ x, y, hints: others, count: COUNT, ...(area ? { reach: area } : {}) });
      for (const one of mine.hints) {
        if (this.shown !== mine) return;
        const url = URL.createObjectURL(await photo.thumbnail({ hints: [...others, one] }));
        if (this.shown !== mine) return URL.revokeObjectURL(url);
        mine.urls.push(url);
        this.changed();
      }
    } catch (problem) {
      if (this.shown !== mine) return;
      this.close();
      note(words(problem));
    }
  }

  close() {
    this.shown?.urls.forEach((url) => URL.revokeObjectURL(url));
    this.shown = null;
    this.changed();
  }

  /** Whether nothing changed since but the color of the object. */
  fits(photo) {
    const { edit, others } = this.shown;
    const { hints } = photo.edit;
    const settled = Object.keys({ ...edit, ...photo.edit }).every((key) => key === "hints" || edit[key] === photo.edit[key]);
    return this.shown.photo === photo && settled && hints.length <= others.length + 1 && others.every((one) => hints.includes(one));
  }

  draw(photo) {
    if (this.shown && !this.fits(photo)) this.close();
    const { shown } = this;
    $("variants").hidden = $("more").hidden = Boolean(shown);
    $("object-list").hidden = $("object-all").hidden = !shown;
    fill($("object-list"), shown?.hints.length || (shown ? 1 : 0), (i) => this.item(i));
    [...$("object-list").children].forEach((item, i) => {
      const button = item.firstElementChild;
      const image = button.firstElementChild;
      const [hint, url] = [shown.hints[i], shown.urls[i]];
      image.hidden = !url;
      if (url && image.src !== url) image.src = url;
      const name = hint ? t("object-variant", { color: colorName(hint.color) }) : t("object-variants-busy");
      button.title = name;
      button.setAttribute("aria-label", name);
      button.setAttribute("aria-pressed", String(Boolean(hint) && photo.edit.hints.includes(hint)));
    });
  }

  item(i) {
    const button = element("button", { type: "button" }, element("img", { alt: "", draggable: false }));
    button.addEventListener("click", () => {
      const { photo, others, hints } = this.shown;
      if (!hints[i]) return;
      photo.set({ hints: [...others, hints[i]] });
      say(t("object-variant", { color: colorName(hints[i].color) }));
    });
    return element("li", {}, button);
  }
}
