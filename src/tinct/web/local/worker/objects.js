// Which places belong to the object that a hint was put on: a soft mask, as `tinct.coloring.objects`.

import { AB_BINS } from "./color.js";
import { SAME_COLOR_RADIUS, expectedColor, probabilities } from "./palette.js";
import { plane, planes } from "./planes.js";
import { areaResize, bilinearResize } from "./resampling.js";

/** @typedef {import("./planes.js").Planes} Planes */
/**
 * @typedef {object} Scene
 * @property {[number, number]} shape  rows and columns of the network's cells
 * @property {[number, number]} grid  those for which masks are computed: `shape`, or less
 * @property {{right: Float32Array, down: Float32Array, downRight: Float32Array, downLeft: Float32Array}} steps  lengths, at the first cell of a step
 * @property {Planes} features  standardized, of unit length
 * @property {Planes} roots  square roots of the probabilities without hints
 */

// The constants of `tinct.coloring.objects`.
const BIAS = 11.4;
const CORE = 9;
const SIZE_WEIGHT = 0.5;
const SHARPNESS = 5;
const GEODESIC_WEIGHT = 1.55;
const FEATURE_WEIGHT = 6.9;
const DISTRIBUTION_WEIGHT = 3.2;
const LIGHTNESS_STEP = 10;
const COLOR_STEP = 5;
const MIN_STEP = 0.1;
const MAX_SIDE = 64;
const SWEEPS = 64;

/**
 * @param {Planes} light  L* of the padded picture
 * @param {Planes} feature  of the encoder
 * @param {Planes} logits  of the result without hints
 * @returns {Scene}
 */
export function describe(light, feature, logits) {
  const shape = [logits.height, logits.width];
  const factor = Math.ceil(Math.min(...shape) / MAX_SIDE);
  const grid = shape.map((n) => Math.max(1, Math.floor(n / factor)));
  const [height, width] = grid;
  const size = height * width;
  let likely = planes(logits.count, ...shape, probabilities(logits.data, shape[0] * shape[1]));
  if (factor > 1) likely = areaResize(likely, height, width);
  const small = areaResize(light, height, width).data;
  const colors = expectedColor(likely.data, height, width).data;
  const length = (i, j) => Math.hypot((small[i] - small[j]) / LIGHTNESS_STEP, (colors[i] - colors[j]) / COLOR_STEP, (colors[size + i] - colors[size + j]) / COLOR_STEP) + MIN_STEP;
  const step = (dy, dx) => {
    const found = new Float32Array(size);
    for (let y = 0; y + dy < height; y++) for (let x = Math.max(0, -dx); x + Math.max(0, dx) < width; x++) found[y * width + x] = length(y * width + x, (y + dy) * width + x + dx);
    return found;
  };
  const steps = { right: step(0, 1), down: step(1, 0), downRight: step(1, 1), downLeft: step(1, -1) };
  return { shape, grid, steps, features: unit(bilinearResize(standardized(feature), height, width)), roots: planes(likely.count, height, width, likely.data.map(Math.sqrt)) };
}

/** Each plane with mean 0 and standard deviation 1. */
function standardized(all) {
  const size = all.height * all.width;
  const found = planes(all.count, all.height, all.width);
  for (let c = 0; c < all.count; c++) {
    const values = plane(all, c);
    const mean = values.reduce((sum, one) => sum + one, 0) / size;
    const deviation = Math.sqrt(values.reduce((sum, one) => sum + (one - mean) ** 2, 0) / size);
    for (let i = 0; i < size; i++) found.data[c * size + i] = (values[i] - mean) / Math.max(deviation, 1e-3);
  }
  return found;
}

/** Vectors of the places, of length 1, in place. */
function unit(all) {
  const size = all.height * all.width;
  for (let i = 0; i < size; i++) {
    let square = 0;
    for (let c = 0; c < all.count; c++) square += all.data[c * size + i] ** 2;
    const length = Math.max(Math.sqrt(square), 1e-6);
    for (let c = 0; c < all.count; c++) all.data[c * size + i] /= length;
  }
  return all;
}

/** Products of a vector with the vectors of all places. */
function overlaps(vector, all) {
  const size = all.height * all.width;
  const found = new Float32Array(size);
  for (let c = 0; c < all.count; c++) if (vector[c]) for (let i = 0; i < size; i++) found[i] += vector[c] * all.data[c * size + i];
  return found;
}

/**
 * Log odds that a place belongs to the object of a group of hints.
 * @param {Scene} scene
 * @param {Planes} seeds  one plane a group: the share of each cell under its hints; none is empty
 * @returns {Planes}
 */
export function logOdds(scene, seeds) {
  const [height, width] = scene.grid;
  const size = height * width;
  const small = seeds.height === height && seeds.width === width ? seeds : areaResize(seeds, height, width);
  const odds = planes(small.count, height, width);
  for (let g = 0; g < small.count; g++) {
    const seed = plane(small, g);
    const total = seed.reduce((sum, one) => sum + one, 0);
    const mean = (all, power) => Float32Array.from({ length: all.count }, (_, c) => seed.reduce((sum, share, i) => (share ? sum + (share / total) * all.data[c * size + i] ** power : sum), 0));
    const feature = mean(scene.features, 1);
    const length = Math.max(Math.hypot(...feature), 1e-6);
    const cosine = overlaps(feature.map((value) => value / length), scene.features);
    const overlap = overlaps(mean(scene.roots, 2).map(Math.sqrt), scene.roots);
    const away = geodesic(scene, seed);
    const unlike = cosine.map(
      (value, i) => GEODESIC_WEIGHT * Math.sqrt(away[i]) + FEATURE_WEIGHT * Math.sqrt(Math.max(0, 1 - value)) + DISTRIBUTION_WEIGHT * Math.sqrt(Math.max(0, 1 - overlap[i])),
    );
    const core = Math.max(unlike.reduce((sum, value) => sum + (value < CORE ? 1 : 0), 0), 1) / size;
    for (let i = 0; i < size; i++) odds.data[g * size + i] = SHARPNESS * (BIAS + SIZE_WEIGHT * Math.log(core / 0.1) - unlike[i]);
  }
  return height === scene.shape[0] && width === scene.shape[1] ? odds : bilinearResize(odds, ...scene.shape);
}

/** Probabilities that a place belongs to each group's object; what is missing to 1 belongs to none. @param {Planes} odds @param {number[]} which planes that compete */
export function shares(odds, which) {
  const size = odds.height * odds.width;
  const found = planes(which.length, odds.height, odds.width);
  for (let i = 0; i < size; i++) {
    const top = which.reduce((most, g) => Math.max(most, odds.data[g * size + i]), 0);
    const raised = which.map((g) => Math.exp(odds.data[g * size + i] - top));
    const total = raised.reduce((sum, one) => sum + one, Math.exp(-top));
    raised.forEach((value, k) => (found.data[k * size + i] = value / total));
  }
  return found;
}

/** Shares in an object, 0 where no path over cells with a share of at least `least` leads to its seeds. @param {Planes} members one plane @param {Float32Array} seeds */
export function connected(members, seeds, least) {
  const { height, width, data } = members;
  const reached = seeds.map((value) => (value > 0 ? 1 : 0));
  const todo = [...reached.keys()].filter((i) => reached[i] && data[i] >= least);
  while (todo.length) {
    const i = todo.pop();
    const [y, x] = [Math.floor(i / width), i % width];
    for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++)
      for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) {
        const other = v * width + u;
        if (!reached[other] && data[other] >= least) {
          reached[other] = 1;
          todo.push(other);
        }
      }
  }
  return planes(1, height, width, data.map((value, i) => (reached[i] ? value : 0)));
}

/** Probability without hints that the color of cells is within `SAME_COLOR_RADIUS` of a hint's. @param {{index: number, share: number}[]} cells */
export function plausibility(scene, cells, [a, b]) {
  const [height, width] = scene.grid;
  const near = AB_BINS.flatMap(([c, d], i) => ((a - c) ** 2 + (b - d) ** 2 <= SAME_COLOR_RADIUS ** 2 ? [i] : []));
  let [sum, total] = [0, 0];
  for (const { index, share } of cells) {
    const row = Math.floor((Math.floor(index / scene.shape[1]) * height) / scene.shape[0]);
    const at = row * width + Math.floor(((index % scene.shape[1]) * width) / scene.shape[1]);
    sum += share * near.reduce((mass, bin) => mass + scene.roots.data[bin * height * width + at] ** 2, 0);
    total += share;
  }
  return sum / total;
}

/** Length of the shortest path from each cell to the seeds, by raster sweeps over 8-neighbors. */
function geodesic({ grid: [height, width], steps: { right, down, downRight, downLeft } }, seeds) {
  const far = Float32Array.from(seeds, (seed) => (seed > 0 ? 0 : 1e6));
  const nearer = (i, length) => (length < far[i] ? ((far[i] = length), true) : false);
  for (let n = 0; n < SWEEPS; n++) {
    let changed = false;
    const row = (y, other) => {
      for (let x = 0; x < width; x++) {
        const [i, j] = [y * width + x, other * width + x];
        const edge = Math.min(i, j); // where the step between the two is kept
        let best = far[j] + down[edge];
        if (x > 0) best = Math.min(best, far[j - 1] + (other < y ? downRight[j - 1] : downLeft[i]));
        if (x + 1 < width) best = Math.min(best, far[j + 1] + (other < y ? downLeft[j + 1] : downRight[i]));
        changed = nearer(i, best) || changed;
      }
    };
    for (let y = 1; y < height; y++) row(y, y - 1);
    for (let y = height - 2; y >= 0; y--) row(y, y + 1);
    for (let x = 1; x < width; x++) for (let y = 0; y < height; y++) changed = nearer(y * width + x, far[y * width + x - 1] + right[y * width + x - 1]) || changed;
    for (let x = width - 2; x >= 0; x--) for (let y = 0; y < height; y++) changed = nearer(y * width + x, far[y * width + x + 1] + right[y * width + x]) || changed;
    if (!changed) break;
  }
  return far;
}
