// Mounts, album pages and paper around a photograph, which are kept neutral: as `tinct.coloring.mounts`.

import { planes } from "./planes.js";
import { areaResize } from "./resampling.js";

/** @typedef {import("./planes.js").Planes} Planes */

// The constants of `tinct.coloring.mounts`, which gives their reasons.
const MAX_DEVIATION = 3; // standard deviation of L* inside a flat cell
const MAX_STEP = 2; // of L* between neighboring cells of one ground
const MIN_BORDER = 0.96; // share of the picture's border that a mount covers
const MIN_CONTACT = 0.8; // share of the sides of their bounding boxes that the holes touch
const HOLES = [0.04, 0.98]; // bounds of the holes' share of the picture
const MIN_HOLE = 6; // cells
const MIN_CONTENT = 12; // standard deviation of L* within the holes
const SAME_LIGHTNESS = 4; // difference of L* up to which a pixel beside the cells of a mount belongs to it

/**
 * The cells of a mount.
 * @param {Planes} light  L* of the padded picture
 * @param {[number, number]} shape  rows and columns of cells
 * @param {[number, number]} size  rows and columns of `light` without padding
 * @returns {Uint8Array}  1 in a mount
 */
export function mountOf(light, [rows, columns], size) {
  const found = new Uint8Array(rows * columns);
  const height = Math.max(1, Math.floor((size[0] * rows) / light.height));
  const width = Math.max(1, Math.floor((size[1] * columns) / light.width));
  const means = areaResize(light, rows, columns);
  const squares = areaResize(planes(1, light.height, light.width, light.data.map((value) => value * value)), rows, columns);
  const cut = (values) => Float32Array.from({ length: height * width }, (_, i) => values[Math.floor(i / width) * columns + (i % width)]);
  const mean = cut(means.data);
  const flat = Uint8Array.from(cut(squares.data), (square, i) => (square - mean[i] ** 2 <= MAX_DEVIATION ** 2 ? 1 : 0));
  const border = [];
  for (let i = 0; i < height * width; i++) {
    const [y, x] = [Math.floor(i / width), i % width];
    if (y === 0 || x === 0 || y === height - 1 || x === width - 1) border.push(i);
  }
  const share = (mask) => border.reduce((sum, i) => sum + mask[i], 0) / border.length;
  if (share(flat) < MIN_BORDER) return found;
  const ground = connected(border.filter((i) => flat[i]), flat, mean, height, width);
  const inside = [...mean].filter((_, i) => !ground[i]);
  if (share(ground) < MIN_BORDER || !inside.length || deviation(inside) < MIN_CONTENT || !aroundRectangles(ground, height, width)) return found;
  for (let i = 0; i < ground.length; i++) found[Math.floor(i / width) * columns + (i % width)] = ground[i];
  return found;
}

function deviation(values) {
  const mean = values.reduce((sum, one) => sum + one, 0) / values.length;
  return Math.sqrt(values.reduce((sum, one) => sum + (one - mean) ** 2, 0) / values.length);
}

/** Indices of the four neighbors. */
function* beside(i, height, width) {
  if (i >= width) yield i - width;
  if (i < (height - 1) * width) yield i + width;
  if (i % width) yield i - 1;
  if (i % width < width - 1) yield i + 1;
}

/** The flat cells that can be reached from `start` by steps of at most `MAX_STEP`. */
function connected(start, flat, mean, height, width) {
  const reached = new Uint8Array(flat.length);
  const todo = [...start];
  for (const i of todo) reached[i] = 1;
  while (todo.length) {
    const i = todo.pop();
    for (const other of beside(i, height, width))
      if (flat[other] && !reached[other] && Math.abs(Math.fround(mean[i] - mean[other])) <= MAX_STEP) {
        reached[other] = 1;
        todo.push(other);
      }
  }
  return reached;
}

/** Whether the holes of a ground, without the smallest ones, touch the sides of their bounding boxes. */
function aroundRectangles(ground, height, width) {
  const seen = ground.slice();
  let [area, sides, touched] = [0, 0, 0];
  for (let first = 0; first < seen.length; first++) {
    if (seen[first]) continue;
    const hole = [first];
    seen[first] = 1;
    for (let k = 0; k < hole.length; k++)
      for (const other of beside(hole[k], height, width))
        if (!seen[other]) {
          seen[other] = 1;
          hole.push(other);
        }
    if (hole.length < MIN_HOLE) continue;
    const [ys, xs] = [hole.map((i) => Math.floor(i / width)), hole.map((i) => i % width)];
    const [top, bottom, left, right] = [Math.min(...ys), Math.max(...ys), Math.min(...xs), Math.max(...xs)];
    const touching = [new Set(), new Set(), new Set(), new Set()];
    hole.forEach((_, k) => {
      if (ys[k] <= top + 1) touching[0].add(xs[k]);
      if (ys[k] >= bottom - 1) touching[1].add(xs[k]);
      if (xs[k] <= left + 1) touching[2].add(ys[k]);
      if (xs[k] >= right - 1) touching[3].add(ys[k]);
    });
    area += hole.length;
    sides += 2 * (right - left + 1) + 2 * (bottom - top + 1);
    touched += touching.reduce((sum, one) => sum + one.size, 0);
  }
  return HOLES[0] <= area / ground.length && area / ground.length <= HOLES[1] && touched >= MIN_CONTACT * sides;
}

/**
 * The pixels of a mount: those of its cells, and those of about the same lightness in the cells beside them.
 * @param {Uint8Array} mount  (rows, columns) as `mountOf` gives it
 * @param {Planes} light  L* of the padded picture
 * @returns {Uint8Array}  of the size of `light`; null if there is no mount
 */
export function mountPixels(mount, [rows, columns], light) {
  if (!mount.includes(1)) return null;
  const mean = areaResize(light, rows, columns).data;
  const ground = new Float32Array(rows * columns).fill(Infinity);
  for (let y = 0; y < rows; y++)
    for (let x = 0; x < columns; x++) {
      let [near, total] = [0, 0];
      for (let v = Math.max(0, y - 1); v <= Math.min(rows - 1, y + 1); v++)
        for (let u = Math.max(0, x - 1); u <= Math.min(columns - 1, x + 1); u++)
          if (mount[v * columns + u]) {
            near++;
            total += mean[v * columns + u];
          }
      if (near) ground[y * columns + x] = total / near;
    }
  const [tall, wide] = [light.height / rows, light.width / columns];
  return Uint8Array.from(light.data, (value, i) => {
    const cell = Math.floor(Math.floor(i / light.width) / tall) * columns + Math.floor((i % light.width) / wide);
    return mount[cell] || Math.abs(value - ground[cell]) <= SAME_LIGHTNESS ? 1 : 0;
  });
}
