// The strip of variants: further plausible colorings of the photograph.

import { $, element, fill } from "./dom.js";
import { t } from "./i18n.js";

export const variantName = (variant) => (variant === 1 ? t("automatic-colors") : t("variant", { number: variant }));

export class Variants {
  /** @param {object} heard  chosen(variant), more() */
  constructor(heard) {
    this.heard = heard;
    this.list = $("variants");
    $("more").addEventListener("click", () => heard.more());
  }

  draw(photo) {
    $("below").classList.toggle("empty", photo.state !== "ready");
    fill(this.list, photo.shown, (i) => this.item(i + 1));
    [...this.list.children].forEach((item, i) => {
      const button = item.firstElementChild;
      const image = button.firstElementChild;
      const url = photo.thumbs.get(i + 1)?.url;
      image.hidden = !url;
      if (url && image.src !== url) image.src = url;
      button.setAttribute("aria-pressed", String(i + 1 === photo.edit.variant));
    });
  }

  item(variant) {
    const button = element("button", { type: "button" }, element("img", { alt: "", draggable: false }));
    const name = variantName(variant);
    button.title = name;
    if (variant === 1) button.append(element("span", { textContent: t("automatic") }));
    button.setAttribute("aria-label", name);
    button.addEventListener("click", () => this.heard.chosen(variant));
    return element("li", {}, button);
  }
}
