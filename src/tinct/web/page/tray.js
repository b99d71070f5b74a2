// The row of open photographs.

import { $, element, fill } from "./dom.js";
import { t } from "./i18n.js";

const STEPS = { PageDown: 1, PageUp: -1 }; // keys

export class Tray {
  /** @param {object} heard  chosen(photo), closed(photo), step(by): go to the next one, or with -1 to the one before */
  constructor(heard) {
    this.heard = heard;
    this.list = $("tray");
    document.addEventListener("keydown", (event) => this.key(event));
  }

  /** Elsewhere, as in the panel, these keys scroll. */
  key(event) {
    const { key, target } = event;
    if (!(key in STEPS) || event.ctrlKey || event.altKey || event.metaKey || !(target === document.body || target.closest("#stage, #picker, #tray"))) return;
    event.preventDefault();
    this.heard.step(STEPS[key]);
  }

  draw(photos, current) {
    this.list.hidden = !photos.length;
    fill(this.list, photos.length, () => this.item());
    photos.forEach((photo, i) => {
      const item = this.list.children[i];
      item.photo = photo;
      item.className = `${photo.state}${photo.unsaved ? " unsaved" : ""}`;
      const shown = photo.color ?? (photo.film ? photo.early : null); // a keyframe is shown in gray until it is colored
      const [button, cross] = item.children;
      const state = photo.state === "failed" ? photo.problem : photo.state === "ready" ? (photo.unsaved ? t("is-changed") : "") : t(`is-${photo.state}`);
      button.setAttribute("aria-label", state ? `${photo.name}, ${state}` : photo.name);
      button.title = photo.problem || photo.name;
      button.setAttribute("aria-current", String(photo === current));
      cross.setAttribute("aria-label", t("close-photo", { name: photo.name }));
      const image = button.firstElementChild;
      image.hidden = !shown;
      if (shown && image.src !== shown) image.src = shown;
    });
  }

  item() {
    const button = element("button", { type: "button" }, element("img", { alt: "" }));
    const cross = element("button", { type: "button", className: "close", textContent: "×" });
    const item = element("li", {}, button, cross);
    button.addEventListener("click", () => this.heard.chosen(item.photo));
    cross.addEventListener("click", () => this.heard.closed(item.photo));
    return item;
  }

  /** Scroll the current one into view. */
  reveal() {
    this.list.querySelector("[aria-current=true]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
}
