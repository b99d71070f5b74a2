// Chroma of the working size on the full-size lightness of a photograph, in strips: `tinct.coloring.upsampling.guided`.

import { paint } from "./color.js";
import { clamp, planes } from "./planes.js";

/** @typedef {import("./planes.js").Planes} Planes */

const GUIDE_FACTOR = 4; // guide pixels for each pixel of the middle size, a side; larger photographs are averaged to this first
const MIDDLE_LIGHT = 53.585; // L* of the level 128

/** What makes the chroma of a photograph from its lightness: a fast guided filter. */
export class Merge {
  /**
   * @param {Planes} lines  as `Network.lines` gives them @param {number} width  of the photograph
   * @param {[number, number, number, number] | null} known  left, top, width and height of the part that a truncated file holds, as shares of the
   *   picture; the rest becomes plain gray
   */
  constructor(lines, width, height, known = null) {
    this.lines = lines;
    Object.assign(this, { width, height });
    this.known = known?.map((share, i) => Math.round(share * (i % 2 ? height : width)));
    this.shrink = Math.max(1, Math.min(Math.floor(width / (lines.width * GUIDE_FACTOR)), Math.floor(height / (lines.height * GUIDE_FACTOR))));
    if (this.shrink > 1) {
      this.guide = planes(1, Math.ceil(height / this.shrink), Math.ceil(width / this.shrink)); // L*, averaged
      this.color = null; // a*, b* of the guide's size, when the whole lightness is known
    }
  }

  /** Whether `learn` must be given the whole photograph before `strip`. */
  get needsGuide() {
    return this.shrink > 1 && !this.color;
  }

  /** Take on the lightness of some rows. @param {Float32Array} light  L* of whole rows @param {number} top  the first row */
  learn(light, top) {
    const { width, height, shrink, guide } = this;
    const rows = light.length / width;
    for (let v = 0, i = 0; v < rows; v++) {
      const to = Math.floor((top + v) / shrink) * guide.width;
      for (let x = 0; x < width; x++, i++) guide.data[to + Math.floor(x / shrink)] += light[i];
    }
    if (top + rows < height) return;
    for (let y = 0, i = 0; y < guide.height; y++)
      for (let x = 0; x < guide.width; x++, i++) guide.data[i] /= Math.min(shrink, height - y * shrink) * Math.min(shrink, width - x * shrink);
    this.adopt(guide);
  }

  /** Take on the whole lightness that a merge for another edit of the photograph has learned. @param {Planes} guide  its `guide` */
  adopt(guide) {
    const { width, height, shrink } = this;
    this.guide = guide;
    const color = planes(2, guide.height, guide.width);
    const row = new Float32Array(4 * guide.width);
    for (let y = 0; y < guide.height; y++) {
      sampledRow(this.lines, (y + 0.5) * ((this.lines.height / height) * shrink), (this.lines.width / width) * shrink, 0, guide.width, row);
      for (let x = 0, i = y * guide.width; x < guide.width; x++, i++)
        for (const c of [0, 1]) color.data[c * guide.data.length + i] = row[c * guide.width + x] * guide.data[i] + row[(c + 2) * guide.width + x];
    }
    this.color = color;
  }

  /**
   * Pixels of some rows in color.
   * @param {Float32Array} light  L* of rows of a part
   * @param {{x: number, y: number, width: number, height: number}} part  of the photograph
   * @param {Uint8ClampedArray} rgba  is written, but for the opacity
   */
  strip(light, part, rgba) {
    const source = this.shrink > 1 ? this.color : this.lines;
    const step = this.shrink > 1 ? 1 / this.shrink : source.width / this.width;
    const down = this.shrink > 1 ? 1 / this.shrink : source.height / this.height;
    const { x, y, width, height } = part;
    const row = new Float32Array(source.count * width);
    const [a, b] = [row.subarray(0, width), row.subarray(width, 2 * width)];
    for (let v = 0; v < height; v++) {
      const mine = light.subarray(v * width, (v + 1) * width);
      sampledRow(source, (y + v + 0.5) * down, step, x, width, row);
      if (source.count === 4)
        for (let u = 0; u < width; u++) {
          a[u] = a[u] * mine[u] + row[2 * width + u];
          b[u] = b[u] * mine[u] + row[3 * width + u];
        }
      if (this.known) this.gray(mine, a, b, x, y + v);
      paint(mine, a, b, rgba.subarray(4 * v * width, 4 * (v + 1) * width));
    }
  }

  /** Make the pixels of a row plain gray that the file doesn't hold. */
  gray(light, a, b, x, y) {
    const [left, top, wide, high] = this.known;
    const inside = y >= top && y < top + high;
    const [first, last] = inside ? [left - x, left + wide - x].map((at) => clamp(at, 0, a.length)) : [0, 0];
    for (const [values, value] of [[light, MIDDLE_LIGHT], [a, 0], [b, 0]]) values.fill(value, 0, first).fill(value, last);
  }
}

/** Interpolate one row of new pixels, each `step` old pixels wide; edges replicated. @param {number} place  its middle, in old pixels */
function sampledRow(all, place, step, first, count, found) {
  const middle = clamp(place - 0.5, 0, all.height - 1);
  const top = Math.min(Math.floor(middle), Math.max(0, all.height - 2));
  const bottom = Math.min(top + 1, all.height - 1);
  const v = middle - top;
  for (let c = 0; c < all.count; c++) {
    const [upper, lower] = [(c * all.height + top) * all.width, (c * all.height + bottom) * all.width];
    for (let i = 0; i < count; i++) {
      const at = clamp((first + i + 0.5) * step - 0.5, 0, all.width - 1);
      const left = at | 0;
      const right = left + 1 < all.width ? left + 1 : left;
      const u = at - left;
      const near = all.data[upper + left] + u * (all.data[upper + right] - all.data[upper + left]);
      const far = all.data[lower + left] + u * (all.data[lower + right] - all.data[lower + left]);
      found[c * count + i] = near + v * (far - near);
    }
  }
}
