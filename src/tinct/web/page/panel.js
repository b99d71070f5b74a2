// The panel: sliders, the list of colors, the reference picture, the download.

import { colorName } from "./colors.js";
import { $, disable, element, fill, press } from "./dom.js";
import { KEEP } from "./hint_list.js";
import { t } from "./i18n.js";
import { noteWords } from "./remedies.js";

const SLIDERS = { vividness: "vividness", strength: "strength", "like-strength": "like_strength" }; // id -> field of the edit
const TRANSPARENT = ["original", "png", "tif"]; // formats of a color layer
const KINDS = { jpg: "JPEG", jpeg: "JPEG", png: "PNG", tif: "TIFF", tiff: "TIFF", webp: "WebP", avif: "AVIF" };

export class Panel {
  /** @param {object} heard  undo(), redo(), startOver(), set(changes, kind), settle(), pick(i), remove(i), recolor(i, color) */
  constructor(heard) {
    this.heard = heard;
    press("undo", () => heard.undo());
    press("redo", () => heard.redo());
    press("start-over", () => heard.startOver());
    for (const [id, key] of Object.entries(SLIDERS)) {
      $(id).addEventListener("input", () => heard.set({ [key]: $(id).value / 100 }, key));
      $(id).addEventListener("change", () => heard.settle());
    }
    document.addEventListener("keydown", (event) => this.key(event));
    press("clear", () => heard.set({ hints: [] }));
    press("like-none", () => heard.set({ like: null }));
    $("like-shown").addEventListener("error", () => ($("like-shown").hidden = true)); // such as a TIFF, which browsers don't show
  }

  /** Ctrl+Z and Ctrl+Y, wherever the focus is. */
  key(event) {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || $("panel").inert || $("work").hidden) return;
    const key = event.key.toLowerCase();
    if (key !== "z" && key !== "y") return;
    event.preventDefault();
    key === "y" || event.shiftKey ? this.heard.redo() : this.heard.undo();
  }

  /** @param {object} photo  @param {number} picked  index of the hint whose colors are shown  @param {number} count  of open photographs */
  draw(photo, picked, count) {
    const ready = photo.state === "ready";
    $("panel").inert = !ready;
    const { edit, history } = photo;
    disable($("undo"), !history.canUndo);
    disable($("redo"), !history.canRedo);
    disable($("start-over"), history.fresh);
    for (const [id, key] of Object.entries(SLIDERS)) {
      if (ready) $(id).value = Math.round(100 * edit[key]);
      $(`${id}-out`).textContent = ready ? `${Math.round(100 * edit[key])} %` : "";
    }
    $("others").hidden = count < 2 || Boolean(photo.film); // the frames of a film have the same settings anyway
    this.drawHints(edit.hints, picked);
    this.drawLike(edit.like, photo.liking);
    this.drawDownload(photo);
  }

  drawHints(hints, picked) {
    $("no-hints").hidden = hints.length > 0;
    $("clear").hidden = hints.length === 0;
    fill($("hints"), hints.length, (i) => this.hint(i));
    hints.forEach((hint, i) => {
      const item = $("hints").children[i];
      const [color, place, cross] = item.children;
      const [x, y, kept] = [Math.round(hint.x), Math.round(hint.y), hint.color === KEEP];
      const name = colorName(hint.color);
      item.classList.toggle("picked", i === picked);
      item.dataset.place = `${hint.color} at ${x}, ${y}`;
      color.style.visibility = kept ? "hidden" : "";
      if (!kept && (color !== document.activeElement || color.value !== hint.color)) color.value = hint.color;
      color.setAttribute("aria-label", t("hint-color", { number: i + 1, color: name }));
      const area = hint.reach?.brush ? t("hint-stroke") : hint.reach?.region || hint.reach?.png ? t("hint-area") : "";
      place.textContent = t("hint-at", { color: name, x, y }) + (area ? `, ${area}` : hint.keep_rest ? `, ${t("hint-keeps-rest")}` : "");
      cross.setAttribute("aria-label", t("remove-color", { number: i + 1, color: name }));
    });
  }

  hint(i) {
    const color = element("input", { type: "color" });
    color.addEventListener("input", () => this.heard.recolor(i, color.value));
    color.addEventListener("change", () => this.heard.settle());
    const place = element("button", { type: "button", className: "place", title: t("suggest-here") });
    place.addEventListener("click", () => this.heard.pick(i));
    const cross = element("button", { type: "button", className: "close", textContent: "×" });
    cross.addEventListener("click", () => this.heard.remove(i));
    return element("li", {}, color, place, cross);
  }

  drawLike(like, liking) {
    $("like").classList.toggle("liked", Boolean(like));
    $("like-none").hidden = $("like-name").hidden = $("like-strength-line").hidden = !like;
    $("like-pick").textContent = t(liking ? "sending-like" : like ? "like-another" : "like-pick");
    $("like-name").textContent = like?.name ?? "";
    const image = $("like-shown");
    if (like && image.src !== like.url) Object.assign(image, { src: like.url, hidden: false });
    if (!like) {
      image.hidden = true;
      image.removeAttribute("src");
    }
  }

  drawDownload(photo) {
    const layer = $("output").value === "layer";
    for (const option of $("format").options) option.disabled = layer && !TRANSPARENT.includes(option.value);
    if ($("format").selectedOptions[0].disabled) $("format").value = "original";
    const own = KINDS[photo.name.split(".").pop().toLowerCase()];
    $("own-format").textContent = layer && own !== "TIFF" ? t("own-transparent") : own ? t("own-format-known", { format: own }) : t("own-format");
    disable($("download"), Boolean(photo.rendering));
    $("download").textContent = t(photo.rendering ? "rendering" : photo.film ? "film-frame" : "download");
    const size = `${photo.width} × ${photo.height}`;
    $("facts").textContent = photo.state === "ready" ? [t("facts", { name: photo.name, size }), ...photo.notes.map(noteWords)].join(". ") : "";
  }
}
