// Resizing planes, as `tinct.resampling`: both pictures cover the same area, and pixel centers lie at half-integers.

import { clamp, planes } from "./planes.js";

/** @typedef {import("./planes.js").Planes} Planes */

/** Shrink by averaging: each new pixel is the mean over exactly its area. @param {Planes} all @returns {Planes} */
export function areaResize(all, height, width) {
  if (all.height % height === 0 && all.width % width === 0) return blocks(all, height, width);
  const tall = height === all.height ? all : shrunkRows(all, height);
  return width === tall.width ? tall : shrunkColumns(tall, width);
}

/** Sums of whole blocks, where the new size divides the old one. */
function blocks(all, height, width) {
  const found = planes(all.count, height, width);
  const down = all.height / height;
  const across = all.width / width;
  for (let c = 0, i = 0; c < all.count; c++)
    for (let y = 0; y < all.height; y++) {
      const to = (c * height + Math.floor(y / down)) * width;
      for (let x = 0; x < width; x++) {
        let sum = 0;
        for (let k = 0; k < across; k++, i++) sum += all.data[i];
        found.data[to + x] += sum;
      }
    }
  const share = 1 / (down * across);
  for (let i = 0; i < found.data.length; i++) found.data[i] *= share;
  return found;
}

/** For each of `few` pixels the old ones that it covers: [first, weights]; the weights sum to 1. */
function areaWeights(many, few) {
  const scale = many / few;
  return Array.from({ length: few }, (_, i) => {
    const start = i * scale;
    const end = (i + 1) * scale;
    const first = Math.floor(start + 1e-9);
    const last = Math.min(many, Math.ceil(end - 1e-9));
    const weights = [];
    for (let at = first; at < last; at++) weights.push((Math.min(end, at + 1) - Math.max(start, at)) / scale);
    return [first, weights];
  });
}

function shrunkRows(all, height) {
  const { count, width } = all;
  const found = planes(count, height, width);
  const weights = areaWeights(all.height, height);
  for (let c = 0; c < count; c++)
    for (let y = 0; y < height; y++) {
      const [first, mine] = weights[y];
      const to = (c * height + y) * width;
      for (let i = 0; i < mine.length; i++) {
        const from = (c * all.height + first + i) * width;
        for (let x = 0; x < width; x++) found.data[to + x] += mine[i] * all.data[from + x];
      }
    }
  return found;
}

function shrunkColumns(all, width) {
  const found = planes(all.count, all.height, width);
  const weights = areaWeights(all.width, width);
  for (let row = 0; row < all.count * all.height; row++)
    for (let x = 0; x < width; x++) {
      const [first, mine] = weights[x];
      const from = row * all.width + first;
      let sum = 0;
      for (let i = 0; i < mine.length; i++) sum += mine[i] * all.data[from + i];
      found.data[row * width + x] = sum;
    }
  return found;
}

/** Index of the lower neighbor and the fraction towards the upper one, for each of `count` pixels. */
function neighbors(count, size) {
  const low = new Int32Array(count);
  const fraction = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const place = clamp(((i + 0.5) * size) / count - 0.5, 0, size - 1);
    low[i] = Math.floor(place);
    fraction[i] = place - low[i];
  }
  return { low, fraction };
}

/** Interpolate to a new size, edges replicated. @param {Planes} all @returns {Planes} */
export function bilinearResize(all, height, width) {
  const tall = planes(all.count, height, all.width);
  const rows = neighbors(height, all.height);
  for (let c = 0; c < all.count; c++)
    for (let y = 0; y < height; y++) {
      const near = (c * all.height + rows.low[y]) * all.width;
      const far = (c * all.height + Math.min(rows.low[y] + 1, all.height - 1)) * all.width;
      const to = (c * height + y) * all.width;
      const part = rows.fraction[y];
      for (let x = 0; x < all.width; x++) tall.data[to + x] = all.data[near + x] + part * (all.data[far + x] - all.data[near + x]);
    }
  const found = planes(all.count, height, width);
  const columns = neighbors(width, all.width);
  for (let row = 0; row < all.count * height; row++) {
    const from = row * all.width;
    for (let x = 0; x < width; x++) {
      const near = tall.data[from + columns.low[x]];
      const far = tall.data[from + Math.min(columns.low[x] + 1, all.width - 1)];
      found.data[row * width + x] = near + columns.fraction[x] * (far - near);
    }
  }
  return found;
}

/** The value of each plane at one point, in pixels from the top left corner; edges replicated. @param {Planes} all @returns {Float32Array} */
export function bilinearSample(all, row, column) {
  const place = (at, count) => {
    const inside = clamp(at - 0.5, 0, count - 1);
    const low = Math.min(Math.floor(inside), Math.max(count - 2, 0));
    return [low, Math.min(low + 1, count - 1), inside - low];
  };
  const [top, bottom, v] = place(row, all.height);
  const [left, right, u] = place(column, all.width);
  const size = all.height * all.width;
  return Float32Array.from({ length: all.count }, (_, c) => {
    const at = (y, x) => all.data[c * size + y * all.width + x];
    const over = at(top, left) * (1 - v) + at(bottom, left) * v;
    return over * (1 - u) + (at(top, right) * (1 - v) + at(bottom, right) * v) * u;
  });
}
