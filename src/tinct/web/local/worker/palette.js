// From a distribution over ab bins to colors, as `tinct.coloring.palette`. Logits are planes, one for each bin.

import { AB_BINS, BIN_STEP } from "./color.js";
import { clamp, planes } from "./planes.js";

/** @typedef {import("./planes.js").Planes} Planes */
/** @typedef {{temperature: number, rebalance: number, boost: number, frequency: number[]}} Palette */

export const SAME_COLOR_RADIUS = 15; // distance in the ab plane within which two colors count as the same
const MIN_PROBABILITY = 0.02; // that peaks may leave unexplained

/** Softmax over the bins of each place, in a new array. @param {Float32Array} logits  bins · places @returns {Float32Array} */
export function probabilities(logits, places) {
  const found = logits.slice();
  softmax(found, places);
  return found;
}

/** Softmax over the first axis, in place. @param {Float32Array} values  (rows, places) */
export function softmax(values, places) {
  const top = new Float32Array(places).fill(-Infinity);
  const total = new Float32Array(places);
  for (let i = 0, p = 0; i < values.length; i++, p = p + 1 === places ? 0 : p + 1) if (values[i] > top[p]) top[p] = values[i];
  for (let i = 0, p = 0; i < values.length; i++, p = p + 1 === places ? 0 : p + 1) total[p] += values[i] = Math.exp(values[i] - top[p]);
  for (let p = 0; p < places; p++) total[p] = 1 / total[p];
  for (let i = 0, p = 0; i < values.length; i++, p = p + 1 === places ? 0 : p + 1) values[i] *= total[p];
}

/** Mean a*, b* of each place: the color with the least expected squared error. @param {Float32Array} likely  bins · places @returns {Planes} */
export function expectedColor(likely, height, width) {
  const places = height * width;
  const found = planes(2, height, width);
  AB_BINS.forEach(([a, b], bin) => {
    for (let p = 0, i = bin * places; p < places; p++, i++) {
      found.data[p] += a * likely[i];
      found.data[places + p] += b * likely[i];
    }
  });
  return found;
}

/** Logits with rebalanced classes and a lower temperature. @param {Float32Array} logits  bins · places @param {Palette} palette */
export function vividLogits(logits, places, palette, vividness) {
  const { frequency, rebalance, temperature } = palette;
  const found = new Float32Array(logits.length);
  const factor = temperature ** -vividness;
  for (let bin = 0; bin < AB_BINS.length; bin++) {
    const smoothed = frequency.length ? 0.5 * frequency[bin] + 0.5 / frequency.length : 1;
    const weight = frequency.length ? Math.sqrt(vividness) * rebalance * Math.log(smoothed) : 0;
    for (let i = bin * places; i < (bin + 1) * places; i++) found[i] = (logits[i] - weight) * factor;
  }
  return found;
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

/** Mean probability of each bin. @param {Float32Array} likely  bins · places */
function meanOf(likely, places) {
  const found = new Float64Array(likely.length / places);
  for (let i = 0; i < likely.length; i++) found[Math.floor(i / places)] += likely[i] / places;
  return found;
}

/**
 * Reweight the bins so that their mean probabilities approach a histogram: damped iterative proportional fitting.
 * @param {number} strength  0 keeps the picture's own histogram, 1 asks for `wanted`
 */
export function matchHistogram(logits, places, wanted, strength) {
  const [iterations, maxLogWeight] = [6, 4];
  const own = meanOf(probabilities(logits, places), places);
  const target = own.map((mass, bin) => strength * wanted[bin] + (1 - strength) * mass + 1e-5);
  const weight = new Float32Array(target.length);
  const weighted = () => logits.map((value, i) => value + weight[Math.floor(i / places)]);
  for (let n = 0; n < iterations; n++) {
    const now = meanOf(probabilities(weighted(), places), places);
    for (let bin = 0; bin < weight.length; bin++) weight[bin] = clamp(weight[bin] + 0.7 * Math.log(target[bin] / (now[bin] + 1e-5)), -maxLogWeight, maxLogWeight);
  }
  return weighted();
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
