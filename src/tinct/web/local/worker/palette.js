// Distributions over ab bins, as `tinct.coloring.palette`. Decoding is in the graph `cells`; here is what concerns a single place or a picture
// whose colors are known. The graph `peaks` isn't used: for one place these lines take a tenth of its time, and find any number of peaks.

import { AB_BINS, BIN_STEP } from "./color.js";
import { clamp } from "./planes.js";

/** @typedef {import("./planes.js").Planes} Planes */

export const SAME_COLOR_RADIUS = 15; // distance in the ab plane within which two colors count as the same
const MIN_PROBABILITY = 0.02; // that peaks may leave unexplained

/** Softmax of the bins' logits. @param {Float32Array} logits  (bins,) @returns {Float32Array} */
export function probabilities(logits) {
  const top = Math.max(...logits);
  const raised = logits.map((value) => Math.exp(value - top));
  const total = raised.reduce((sum, one) => sum + one, 0);
  return raised.map((value) => value / total);
}

/** Relative frequency of each ab bin in a picture, each color shared by the four bins around it. @param {Planes} ab @returns {Float32Array} */
export function histogram(ab) {
  const index = new Map(AB_BINS.map(([a, b], bin) => [`${a / BIN_STEP},${b / BIN_STEP}`, bin]));
  const lowest = [0, 1].map((axis) => Math.min(...AB_BINS.map((bin) => bin[axis] / BIN_STEP)));
  const highest = [0, 1].map((axis) => Math.max(...AB_BINS.map((bin) => bin[axis] / BIN_STEP)));
  const size = ab.height * ab.width;
  const shares = new Float64Array(AB_BINS.length);
  for (let p = 0; p < size; p++) {
    const place = [ab.data[p] / BIN_STEP, ab.data[size + p] / BIN_STEP];
    const base = place.map((value, axis) => clamp(Math.floor(value), lowest[axis], highest[axis]));
    const part = place.map((value, axis) => clamp(value - base[axis], 0, 1));
    for (const i of [0, 1])
      for (const j of [0, 1]) {
        const bin = index.get(`${base[0] + i},${base[1] + j}`);
        if (bin !== undefined) shares[bin] += Math.abs(1 - i - part[0]) * Math.abs(1 - j - part[1]);
      }
  }
  const total = Math.max(shares.reduce((sum, one) => sum + one, 0), 1e-12);
  return Float32Array.from(shares, (one) => one / total);
}

const NEAR = AB_BINS.map(([a, b]) => AB_BINS.flatMap(([c, d], i) => ((a - c) ** 2 + (b - d) ** 2 <= SAME_COLOR_RADIUS ** 2 ? [i] : [])));

/**
 * Peaks of a distribution over ab bins, at most `count`, in the order in which they are found.
 * @param {ArrayLike<number>} likely  (bins,)
 * @returns {{mass: number, color: [number, number]}[]}
 */
export function peaks(likely, count) {
  const left = Float64Array.from(likely);
  const total = () => left.reduce((sum, one) => sum + one, 0);
  const found = [];
  while (found.length < count && (!found.length || total() > MIN_PROBABILITY)) {
    const masses = NEAR.map((near) => near.reduce((sum, i) => sum + left[i], 0));
    const group = NEAR[masses.indexOf(Math.max(...masses))].filter((i) => left[i] > 0);
    const mass = group.reduce((sum, i) => sum + left[i], 0);
    if (mass <= 0) break;
    const color = [0, 1].map((axis) => group.reduce((sum, i) => sum + left[i] * AB_BINS[i][axis], 0) / mass);
    found.push({ mass, color });
    for (const i of group) left[i] = 0;
  }
  return found;
}
