// The photograph on the screen: its position and scale, the divider between gray and color, a dot for each hint, and drawn areas.

import { colorName } from "./colors.js";
import { element, fill } from "./dom.js";
import { KEEP } from "./hint_list.js";
import { t } from "./i18n.js";

const BORDER = 20; // screen pixels around a photograph that fits
const HANDLE = 18; // half the height of the divider's handle, screen pixels

export const between = (low, value, high) => Math.max(low, Math.min(value, high));

export class Stage {
  /** @param {() => void} moved  called when the position or the scale has changed */
  constructor(root, moved) {
    this.root = root;
    this.moved = moved;
    for (const part of ["frame", "after", "before", "dots", "cross", "divider", "areas"]) this[part] = root.querySelector(`#${part}`);
    this.width = this.height = 1; // pixels of the photograph
    this.scale = 1; // screen pixels per pixel of the photograph
    this.x = this.y = 0; // position of its top left corner on the stage
    this.split = 0; // part of its visible width that is gray, 0 to 1
    this.parts = null; // the visible part at full size: {gray, color, x, y, width, height}; gray may be missing
    this.aim = null; // place of the cross, which has no color yet; or null
    this.fitted = true;
    new ResizeObserver(() => (this.fitted ? this.fit() : this.draw())).observe(root);
  }

  /** Show another photograph, where it was when it was shown last. */
  open(width, height, view) {
    [this.width, this.height] = [width, height];
    this.point(null);
    if (!view || view.fitted) return this.fit();
    Object.assign(this, view);
    this.draw();
  }

  get view() {
    const { scale, x, y, fitted } = this;
    return { scale, x, y, fitted };
  }

  show(gray, color) {
    for (const [name, url] of [["before-all", gray], ["after", color]]) {
      const image = this.root.querySelector(`#${name}`);
      if (image.src !== url) image.src = url;
    }
  }

  /** Lay a part at full size over the previews, or take it away. */
  showPart(part) {
    this.parts = part;
    for (const [name, url] of [["before-part", part?.gray], ["after-part", part?.color]]) {
      const image = this.root.querySelector(`#${name}`);
      image.hidden = !url;
      if (!url) image.removeAttribute("src");
      else if (image.src !== url) image.src = url;
    }
    this.putPart();
  }

  putPart() {
    if (!this.parts) return;
    const { x, y, width, height } = this.parts;
    for (const { style } of this.root.querySelectorAll(".part")) {
      [style.left, style.top] = [`${x * this.scale}px`, `${y * this.scale}px`];
      [style.width, style.height] = [`${width * this.scale}px`, `${height * this.scale}px`];
    }
  }

  /** The visible part, in whole pixels of the photograph. */
  get visible() {
    const { width, height } = this.room;
    const [left, top] = [Math.max(0, Math.floor(-this.x / this.scale)), Math.max(0, Math.floor(-this.y / this.scale))];
    const right = Math.min(this.width, Math.ceil((width - this.x) / this.scale));
    const bottom = Math.min(this.height, Math.ceil((height - this.y) / this.scale));
    return { x: left, y: top, width: right - left, height: bottom - top };
  }

  /** Device pixels per pixel of the photograph, in percent. */
  get percent() {
    return 100 * this.scale * (window.devicePixelRatio || 1);
  }

  /** One pixel of the photograph is one of the screen. */
  full(x, y) {
    this.zoom(100 / this.percent, x, y);
  }

  // ---- zoom and place ----

  get room() {
    return this.root.getBoundingClientRect();
  }

  /** The scale at which the whole photograph fits. */
  get least() {
    const { width, height } = this.room;
    return Math.max(Math.min((width - 2 * BORDER) / this.width, (height - 2 * BORDER) / this.height, 4), 1e-4);
  }

  fit() {
    this.scale = this.least;
    this.fitted = true;
    this.draw();
  }

  /** Zoom around a place of the stage, which stays fixed. */
  zoom(factor, x = this.room.width / 2, y = this.room.height / 2) {
    const scale = between(Math.min(this.least, 1 / (window.devicePixelRatio || 1)), this.scale * factor, Math.max(8, this.least));
    this.x = x - ((x - this.x) * scale) / this.scale;
    this.y = y - ((y - this.y) * scale) / this.scale;
    this.scale = scale;
    this.fitted = Math.abs(scale / this.least - 1) < 1e-3;
    this.draw();
  }

  pan(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.draw();
  }

  /** Pan as little as necessary to make a place of the photograph visible. */
  reveal(x, y) {
    const { width, height } = this.room;
    const [left, top] = [this.x + x * this.scale, this.y + y * this.scale];
    if (left >= 0 && top >= 0 && left <= width && top <= height && this.fitted) return;
    this.pan(between(BORDER, left, width - BORDER) - left, between(BORDER, top, height - BORDER) - top);
  }

  /** Device pixels along the photograph's longer side. */
  get shownSide() {
    return Math.max(this.width, this.height) * this.scale * (window.devicePixelRatio || 1);
  }

  draw() {
    const [w, h] = [this.width * this.scale, this.height * this.scale];
    const { width, height } = this.room;
    const held = (place, size, all) => (size <= all ? (all - size) / 2 : between(all - size, place, 0));
    this.x = held(this.x, w, width);
    this.y = held(this.y, h, height);
    const style = this.frame.style;
    [style.width, style.height] = [`${w}px`, `${h}px`];
    style.transform = `translate(${this.x}px, ${this.y}px)`;
    const line = this.left + this.split * (this.right - this.left);
    this.before.style.clipPath = `inset(0 ${w - (line - this.x)}px 0 0)`;
    this.drawDivider(line, width, height, h);
    this.putPart();
    for (const dot of this.dots.children) this.put(dot, dot.at);
    if (this.aim) this.put(this.cross, this.aim);
    this.moved();
  }

  /** Left edge of the visible part of the photograph, on the stage. */
  get left() {
    return Math.max(0, this.x);
  }

  get right() {
    return Math.min(this.room.width, this.x + this.width * this.scale);
  }

  drawDivider(line, width, height, h) {
    const top = Math.max(0, this.y);
    const { style } = this.divider;
    style.left = `${line}px`;
    style.top = `${top}px`;
    style.height = `${Math.min(height, this.y + h) - top}px`;
    style.setProperty("--nudge", `${between(HANDLE, line, width - HANDLE) - line}px`); // keeps the whole handle on the stage
    this.divider.classList.toggle("end", this.split === 0 || this.split === 1);
    this.divider.setAttribute("aria-valuenow", Math.round(100 * this.split));
    this.divider.setAttribute("aria-valuetext", t("percent-gray", { percent: Math.round(100 * this.split) }));
  }

  /** Whether the divider's handle is at this height of the screen. */
  onHandle(clientY) {
    const { top, height } = this.divider.getBoundingClientRect();
    return Math.abs(clientY - (top + height / 2)) <= HANDLE;
  }

  divide(split) {
    this.split = between(0, split, 1);
    this.draw();
  }

  put(element, { x, y }) {
    element.style.left = `${x * this.scale}px`;
    element.style.top = `${y * this.scale}px`;
  }

  /** Screen -> photograph; the place may lie outside. */
  under(clientX, clientY) {
    const { left, top } = this.room;
    return { x: (clientX - left - this.x) / this.scale, y: (clientY - top - this.y) / this.scale };
  }

  has({ x, y }) {
    return x >= 0 && y >= 0 && x < this.width && y < this.height;
  }

  inside({ x, y }) {
    return { x: between(0, x, this.width - 0.1), y: between(0, y, this.height - 0.1) };
  }

  /** Photograph -> screen. */
  onScreen({ x, y }) {
    const { left, top } = this.room;
    return { left: left + this.x + x * this.scale, top: top + this.y + y * this.scale };
  }

  /** Mean color around a place of the photograph in color, as #rrggbb. */
  colorAt({ x, y }) {
    const { naturalWidth: w, naturalHeight: h } = this.after;
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 1;
    const context = canvas.getContext("2d");
    const side = Math.min(5, w, h);
    if (!side) return "#808080";
    const from = (place, all, pixels) => between(0, (place / all) * pixels - side / 2, pixels - side);
    context.drawImage(this.after, from(x, this.width, w), from(y, this.height, h), side, side, 0, 0, 1, 1);
    const [r, g, b] = context.getImageData(0, 0, 1, 1).data;
    return `#${[r, g, b].map((part) => part.toString(16).padStart(2, "0")).join("")}`;
  }

  // ---- dots ----

  /** Put the cross at a place, or hide it. */
  point(place) {
    this.aim = place;
    this.cross.hidden = !place;
    if (place) this.put(this.cross, place);
  }

  setHints(hints, picked) {
    fill(this.dots, hints.length, () => element("button", { type: "button", className: "dot" }));
    hints.forEach((hint, i) => {
      const dot = this.dots.children[i];
      dot.at = { x: hint.x, y: hint.y };
      dot.dataset.hint = i;
      dot.style.backgroundColor = hint.color === KEEP ? "" : hint.color;
      dot.classList.toggle("kept", hint.color === KEEP);
      dot.classList.toggle("picked", i === picked);
      dot.setAttribute("aria-label", t("dot", { number: i + 1, color: colorName(hint.color), x: Math.round(hint.x), y: Math.round(hint.y) }));
      this.put(dot, hint);
    });
  }

  // ---- areas ----

  /** Show areas: the reaches of hints, and what is being drawn. */
  showAreas(reaches) {
    this.areas.setAttribute("viewBox", `0 0 ${this.width} ${this.height}`);
    this.areas.replaceChildren(
      ...reaches.flatMap((reach) => {
        const points = reach.brush ?? reach.region ?? [];
        const path = `M${(points.length > 1 ? points : [...points, ...points]).map((point) => point.join(" ")).join("L")}${reach.region ? "Z" : ""}`;
        return ["under", "over"].map((name) => {
          const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
          line.setAttribute("d", path);
          line.setAttribute("class", `${reach.brush ? "stroke" : "region"} ${name}`);
          if (reach.brush) line.setAttribute("stroke-width", reach.width);
          return line;
        });
      }),
    );
  }
}
