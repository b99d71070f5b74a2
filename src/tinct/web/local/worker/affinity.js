// How alike the cells of one picture are, as `tinct.coloring.coherence.affinity_of`; independent of the edit.

import { gaussian, transposed } from "./matrices.js";
import { mountOf } from "./mounts.js";
import { plane, planes } from "./planes.js";
import { areaResize, bilinearResize } from "./resampling.js";

/** @typedef {import("./planes.js").Planes} Planes */
/**
 * @typedef {object} Affinity
 * @property {Float32Array} kernel  (cells, landmarks) 0..1
 * @property {Float32Array} between  (landmarks, landmarks) 0..1: mean of `kernel` over the cells of a landmark
 * @property {[number, number]} shape  rows and columns of cells
 * @property {[number, number]} grid  rows and columns of landmarks
 * @property {Planes} regions  share of each cell that belongs to each soft region, summing to 1: for variants
 * @property {Uint8Array} mount  1 in cells of a mount around the photograph
 */

// The constants of `tinct.coloring.coherence`.
const POSITION_SCALE = 0.6; // length scale for position, as a share of the short side
const LIGHTNESS_SCALE = 4; // for L*
const FEATURE_SCALE = 0.3; // for the distance between feature vectors of length 1
const MAX_LANDMARKS = 800;
const REGIONS = 8;
const REGION_WIDTH = 2; // length scales of regions relative to those of agreement
const TINY = 1e-6;

/**
 * @param {Planes} light  L* of the padded picture
 * @param {Planes} features  of the encoder, coarser than the cells
 * @param {[number, number]} shape  rows and columns of cells
 * @param {[number, number]} size  rows and columns of `light` without padding
 * @returns {Affinity}
 */
export function affinityOf(light, features, shape, size) {
  const [rows, columns] = shape;
  const cells = rows * columns;
  const block = blockOf(shape);
  const grid = [rows / block, columns / block];
  const landmarks = grid[0] * grid[1];
  const places = planes(3, rows, columns);
  const position = 1 / Math.fround(POSITION_SCALE * Math.min(rows, columns));
  const small = areaResize(light, rows, columns).data;
  for (let i = 0; i < cells; i++) {
    places.data[i] = Math.floor(i / columns) * position;
    places.data[cells + i] = (i % columns) * position;
    places.data[2 * cells + i] = small[i] / LIGHTNESS_SCALE;
  }
  const kernel = gaussian(places.data, areaResize(places, ...grid).data, 3);
  const alike = transposed(likeness(features, grid, shape), landmarks, cells);
  for (let i = 0; i < kernel.length; i++) kernel[i] *= alike[i];
  const between = new Float32Array(landmarks * landmarks);
  for (let i = 0; i < cells; i++) {
    const to = Math.floor(Math.floor(i / columns) / block) * grid[1] + Math.floor((i % columns) / block);
    for (let j = 0; j < landmarks; j++) between[to * landmarks + j] += kernel[i * landmarks + j] / (block * block);
  }
  return { kernel, between, shape, grid, regions: regionsOf(kernel, between, shape), mount: mountOf(light, shape, size) };
}

/** Means over the landmarks' blocks of cells: (C, cells) -> (C, landmarks). @param {Affinity} affinity */
export function pooled(affinity, values) {
  const [rows, columns] = affinity.shape;
  return areaResize(planes(values.length / (rows * columns), rows, columns, values), ...affinity.grid).data;
}

/** (landmarks, cells) kernel over feature vectors, bilinear between the places of the feature map, so that no blocks show in the colors. */
function likeness(features, grid, [rows, columns]) {
  const { count, height, width } = features;
  const size = height * width;
  const vectors = new Float32Array(count * size);
  for (let p = 0; p < size; p++) {
    let square = 0;
    for (let c = 0; c < count; c++) square += features.data[c * size + p] ** 2;
    const length = Math.max(Math.sqrt(square), TINY) * FEATURE_SCALE;
    for (let c = 0; c < count; c++) vectors[c * size + p] = features.data[c * size + p] / length;
  }
  const alike = gaussian(vectors, vectors, count); // (size, size)
  const near = planes(grid[0] * grid[1], height, width);
  for (let j = 0; j < near.count; j++) {
    const row = Math.floor((Math.floor(j / grid[1]) * height) / grid[0]);
    const column = Math.floor(((j % grid[1]) * width) / grid[1]);
    plane(near, j).set(alike.subarray((row * width + column) * size, (row * width + column + 1) * size));
  }
  return bilinearResize(near, rows, columns).data;
}

/** The regions grow from landmarks that are typical of many others and unlike those chosen before. @returns {Planes} */
function regionsOf(kernel, between, [rows, columns]) {
  const landmarks = Math.round(Math.sqrt(between.length));
  const cells = rows * columns;
  const wide = between.map((value) => value ** (REGION_WIDTH ** -2));
  const left = new Float32Array(landmarks).fill(1);
  const seeds = [];
  for (let n = 0; n < Math.min(REGIONS, landmarks); n++) {
    let [best, most] = [0, -Infinity];
    for (let i = 0; i < landmarks; i++) {
      let sum = 0;
      for (let j = 0; j < landmarks; j++) sum += wide[i * landmarks + j] * left[j];
      if (sum * left[i] > most) [best, most] = [i, sum * left[i]];
    }
    seeds.push(best);
    let top = 0;
    for (let j = 0; j < landmarks; j++) top = Math.max(top, wide[best * landmarks + j]);
    for (let j = 0; j < landmarks; j++) left[j] *= 1 - wide[best * landmarks + j] / top;
  }
  const found = planes(seeds.length, rows, columns);
  for (let i = 0; i < cells; i++) {
    const shares = seeds.map((seed) => kernel[i * landmarks + seed] ** (2 * REGION_WIDTH ** -2) + TINY); // squared: firmer borders
    const total = shares.reduce((sum, one) => sum + one, 0);
    shares.forEach((share, region) => (found.data[region * cells + i] = share / total));
  }
  return found;
}

/** Cells along a side of a landmark: the smallest power of 2 that divides both sides and leaves at most `MAX_LANDMARKS`, if there is one. */
function blockOf([rows, columns]) {
  let block = rows % 2 || columns % 2 ? 1 : 2;
  while (rows * columns > MAX_LANDMARKS * block * block && !(rows % (2 * block) || columns % (2 * block))) block *= 2;
  return block;
}
