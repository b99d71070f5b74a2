// The panel: sliders, the list of colors, the reference picture, the download.

import { $, element, fill } from "./dom.js";

const SLIDERS = ["vividness", "strength"];
const TRANSPARENT = ["original", "png", "tif"]; // formats of a color layer
const KINDS = { jpg: "JPEG", jpeg: "JPEG", png: "PNG", tif: "TIFF", tiff: "TIFF", webp: "WebP", avif: "AVIF" };

export class Panel {
  /** @param {object} heard  undo(), redo(), startOver(), set(changes, kind), settle(), pick(i), remove(i), recolor(i, color) */
  constructor(heard) {
    this.heard = heard;
    $("undo").addEventListener("click", () => heard.undo());
    $("redo").addEventListener("click", () => heard.redo());
    $("start-over").addEventListener("click", () => heard.startOver());
    for (const key of SLIDERS) {
      $(key).addEventListener("input", () => heard.set({ [key]: $(key).value / 100 }, key));
      $(key).addEventListener("change", () => heard.settle());
    }
    $("clear").addEventListener("click", () => heard.set({ hints: [] }));
    $("like-none").addEventListener("click", () => heard.set({ like: null }));
    $("like-shown").addEventListener("error", () => ($("like-shown").hidden = true)); // such as a TIFF, which browsers don't show
  }

  draw(photo, picked) {
    const ready = photo.state === "ready";
    $("panel").inert = !ready;
    const { edit, history } = photo;
    $("undo").disabled = !history.canUndo;
    $("redo").disabled = !history.canRedo;
    $("start-over").disabled = history.fresh;
    for (const key of SLIDERS) {
      if (ready) $(key).value = Math.round(100 * edit[key]);
      $(`${key}-out`).textContent = ready ? edit[key].toFixed(2) : "";
    }
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
      item.classList.toggle("picked", i === picked);
      if (color !== document.activeElement || color.value !== hint.color) color.value = hint.color;
      color.setAttribute("aria-label", `Color ${i + 1}`);
      place.textContent = `${hint.color} at ${Math.round(hint.x)}, ${Math.round(hint.y)}`;
      cross.setAttribute("aria-label", `Remove color ${i + 1}`);
    });
  }

  hint(i) {
    const color = element("input", { type: "color" });
    color.addEventListener("input", () => this.heard.recolor(i, color.value));
    color.addEventListener("change", () => this.heard.settle());
    const place = element("button", { type: "button", className: "place", title: "Suggest colors for this place" });
    place.addEventListener("click", () => this.heard.pick(i));
    const cross = element("button", { type: "button", className: "close", textContent: "×" });
    cross.addEventListener("click", () => this.heard.remove(i));
    return element("li", {}, color, place, cross);
  }

  drawLike(like, liking) {
    $("like").classList.toggle("liked", Boolean(like));
    $("like-none").hidden = $("like-name").hidden = !like;
    $("like-pick").textContent = liking ? "Sending…" : like ? "Another…" : "Choose a color picture…";
    $("like-name").textContent = like?.name ?? "";
    const image = $("like-shown");
    if (like && image.src !== like.url) Object.assign(image, { src: like.url, alt: "The picture whose colors are taken", hidden: false });
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
    $("own-format").textContent = layer && own !== "TIFF" ? "PNG, as it is transparent" : own ? `Its own format, ${own}` : "Its own format";
    $("download").disabled = Boolean(photo.rendering);
    $("download").textContent = photo.rendering ? "Working on the full size…" : "Download in full size";
    $("facts").textContent = photo.state === "ready" ? [`${photo.name}, ${photo.width} × ${photo.height} pixels`, ...photo.notes].join(". ") : "";
  }
}
