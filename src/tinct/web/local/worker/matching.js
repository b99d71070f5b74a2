// Places of two photographs that show the same thing, found by the encoder's feature maps, as `tinct.coloring.matching`, which explains it.

import { planes } from "./planes.js";
import { areaResize, bilinearResize } from "./resampling.js";

/** @typedef {import("./planes.js").Planes} Planes */
/** @typedef {[number, number]} Shape  rows and columns */
/**
 * @typedef {object} Cells  one photograph, reduced to what matching needs: about 400 kB
 * @property {Shape} shape
 * @property {Planes[]} maps  of `MAPS`, at the resolution of cells or coarser, and including padding
 * @property {Float32Array} patches  (cells, samples) L* around each cell, standardized to mean 0 and length 1
 * @property {Float32Array} lightness  mean L* around each cell
 * @property {Uint8Array} usable  1 where the center is in the picture, and not on a mount
 */
/** @typedef {{first: number[], second: number[], sure: number}} Matches  matching cells, and the number of sure matches, from which the others grew */

// The constants of `tinct.coloring.matching`.
export const CELL = 8;
const MAPS = [["feature0", 0.7], ["feature1", 1], ["feature2", 1]];
const MIN_SIMILARITY = 0.5;
const MIN_SUPPORT = 3;
const MIN_CORRELATION = 0.5;
const MAX_LIGHTNESS_GAP = 10;
const MIN_MATCHES = 20;
const GROWN_SIMILARITY = 0.4;
const GROWN_SUPPORT = 4;
const GROWTHS = 2;
const NEAR = 3;
const TOLERANCE = 1.2;
const SCALES = [0.5, 0.7, 1, 1.4, 2];
const PATCH = 32;
const PATCH_SAMPLES = 8;

/**
 * @param {Planes} light  L* at the working size, without padding
 * @param {Record<string, Planes>} features  of the encoder
 * @param {Planes} mount  1 in the network's cells on a mount around the photograph
 * @returns {Cells}
 */
export function cellsOf(light, features, mount) {
  const shape = [light.height, light.width].map((n) => Math.ceil(n / CELL));
  const fine = features[MAPS[1][0]];
  const maps = MAPS.map(([name]) => {
    const one = features[name];
    return halves(one.height > fine.height ? areaResize(one, fine.height, fine.width) : one);
  });
  const onMount = areaResize(mount, fine.height, fine.width).data;
  const usable = Uint8Array.from({ length: shape[0] * shape[1] }, (_, i) => {
    const [row, column] = [Math.floor(i / shape[1]), i % shape[1]];
    const inside = (row + 0.5) * CELL < light.height && (column + 0.5) * CELL < light.width;
    return inside && !onMount[row * fine.width + column] ? 1 : 0;
  });
  return { shape, maps, usable, ...patchesOf(light, shape) };
}

/** A copy, rounded to what float16 holds, as the library keeps it. @param {Planes} all @returns {Planes} */
const halves = (all) => planes(all.count, all.height, all.width, all.data.map(half));

const bits = new Uint32Array(1);
const float = new Float32Array(bits.buffer);

function half(value) {
  if (Math.abs(value) < 2 ** -14) return Math.round(value * 2 ** 24) / 2 ** 24; // subnormal
  float[0] = value;
  bits[0] = (bits[0] + 0xfff + ((bits[0] >>> 13) & 1)) & ~0x1fff;
  return float[0];
}

/** Standardized L* around each cell, and its mean. */
function patchesOf(light, shape) {
  const around = (PATCH - CELL) / 2;
  const [height, width] = shape.map((n) => n * CELL + 2 * around);
  const wide = planes(1, height, width);
  const rows = Array.from({ length: height }, (_, y) => mirrored(y - around, light.height));
  const columns = Array.from({ length: width }, (_, x) => mirrored(x - around, light.width));
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) wide.data[y * width + x] = light.data[rows[y] * light.width + columns[x]];
  const step = PATCH / PATCH_SAMPLES;
  const small = areaResize(wide, height / step, width / step);
  const samples = PATCH_SAMPLES ** 2;
  const patches = new Float32Array(shape[0] * shape[1] * samples);
  const lightness = new Float32Array(shape[0] * shape[1]);
  const one = new Float64Array(samples);
  for (let cell = 0; cell < lightness.length; cell++) {
    const [top, left] = [Math.floor(cell / shape[1]), cell % shape[1]].map((n) => (n * CELL) / step);
    for (let i = 0; i < samples; i++) one[i] = small.data[(top + Math.floor(i / PATCH_SAMPLES)) * small.width + left + (i % PATCH_SAMPLES)];
    const mean = one.reduce((sum, value) => sum + value, 0) / samples;
    const length = Math.max(Math.sqrt(one.reduce((sum, value) => sum + (value - mean) ** 2, 0)), 1e-3);
    lightness[cell] = mean;
    for (let i = 0; i < samples; i++) patches[cell * samples + i] = half((one[i] - mean) / length);
  }
  return { patches, lightness };
}

/** Index within 0..n-1 of any place, mirrored with the edge repeated. */
function mirrored(i, n) {
  const at = ((i % (2 * n)) + 2 * n) % (2 * n);
  return at < n ? at : 2 * n - 1 - at;
}

/** Mean and standard deviation of each channel of the maps, over all photographs of a group. */
export class Standardization {
  /** @param {Cells[]} group */
  constructor(group) {
    this.scales = MAPS.map((_, i) => {
      const maps = group.map((cells) => cells.maps[i]);
      const count = maps.reduce((sum, one) => sum + one.height * one.width, 0);
      return Array.from({ length: maps[0].count }, (_, c) => {
        let [sum, square] = [0, 0];
        for (const { data, height, width } of maps)
          for (let k = c * height * width; k < (c + 1) * height * width; k++) {
            sum += data[k];
            square += data[k] ** 2;
          }
        const mean = sum / count;
        return { mean, deviation: Math.sqrt(Math.max(square / count - mean ** 2, 0)) + 1e-3 };
      });
    });
  }

  /** (cells, C) features of length 1. @param {Cells} cells @returns {{data: Float32Array, length: number}}  `length`: C */
  vectors({ shape: [rows, columns], maps }) {
    const [fine, length] = [maps[1], maps.reduce((sum, one) => sum + one.count, 0)];
    const data = new Float32Array(rows * columns * length);
    let at = 0;
    maps.forEach((one, i) => {
      const size = one.height * one.width;
      let standard = planes(one.count, one.height, one.width, one.data.map((value, k) => {
        const { mean, deviation } = this.scales[i][Math.floor(k / size)];
        return (value - mean) / deviation;
      }));
      if (one.height !== fine.height || one.width !== fine.width) standard = bilinearResize(standard, fine.height, fine.width);
      const plane = fine.height * fine.width;
      for (let cell = 0; cell < rows * columns; cell++) {
        const place = Math.floor(cell / columns) * fine.width + (cell % columns);
        for (let c = 0; c < one.count; c++) data[cell * length + at + c] = standard.data[c * plane + place];
        scaled(data.subarray(cell * length + at, cell * length + at + one.count), MAPS[i][1]);
      }
      at += one.count;
    });
    for (let cell = 0; cell < rows * columns; cell++) scaled(data.subarray(cell * length, (cell + 1) * length), 1);
    return { data, length };
  }
}

/** Scale a vector to a length, in place. */
function scaled(vector, length) {
  const factor = length / Math.max(Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0)), 1e-6);
  for (let i = 0; i < vector.length; i++) vector[i] *= factor;
}

/**
 * Match the cells of two photographs.
 * @param {Cells} first @param {Cells} second
 * @param {{data: Float32Array, length: number}} one  vectors of the first @param {{data: Float32Array, length: number}} other  of the second
 * @returns {Matches | null}  null if there are too few sure matches
 */
export function match(first, second, one, other) {
  const [rows, columns] = [first.usable.length, second.usable.length];
  const alike = similarities(first, second, one, other);
  const byRow = { count: rows, others: columns, at: (i, j) => alike[i * columns + j] };
  const byColumn = { count: columns, others: rows, at: (j, i) => alike[i * columns + j] };
  const back = Array.from({ length: columns }, (_, j) => nearest(byColumn, j));
  let pairs = [];
  for (let a = 0; a < rows; a++) {
    const b = nearest(byRow, a);
    if (back[b] === a && byRow.at(a, b) >= MIN_SIMILARITY) pairs.push([a, b]);
  }
  if (pairs.length < MIN_MATCHES) return null;
  const widths = [first.shape[1], second.shape[1]];
  const all = support(pairs, pairs, ...widths);
  pairs = pairs.filter((_, i) => all[i] >= MIN_SUPPORT);
  if (pairs.length < MIN_MATCHES) return null;
  const usual = median(pairs.map(([a, b]) => first.lightness[a] - second.lightness[b]));
  const gap = (a, b) => Math.abs(first.lightness[a] - second.lightness[b] - usual);
  pairs = pairs.filter(([a, b]) => gap(a, b) < MAX_LIGHTNESS_GAP && correlation(first.patches, a, second.patches, b) > MIN_CORRELATION);
  const sure = pairs.length;
  if (sure < MIN_MATCHES) return null;
  for (let a = 0; a < rows; a++) for (let b = 0; b < columns; b++) if (gap(a, b) >= MAX_LIGHTNESS_GAP) alike[a * columns + b] = -1;
  for (let n = 0; n < GROWTHS; n++) {
    const forward = grown(byRow, pairs, ...widths);
    const turned = pairs.map(([a, b]) => [b, a]);
    const backward = grown(byColumn, turned, widths[1], widths[0]).map(([b, a]) => [a, b]);
    const numbers = new Set([...pairs, ...forward, ...backward].map(([a, b]) => a * columns + b));
    pairs = [...numbers].sort((x, y) => x - y).map((number) => [Math.floor(number / columns), number % columns]);
  }
  return { first: pairs.map(([a]) => a), second: pairs.map(([, b]) => b), sure };
}

/** (cells, cells) cosines; -1 where one of them isn't usable. */
function similarities(first, second, one, other) {
  const [rows, columns, length] = [first.usable.length, second.usable.length, one.length];
  const found = new Float32Array(rows * columns).fill(-1);
  for (let a = 0; a < rows; a++) {
    if (!first.usable[a]) continue;
    for (let b = 0; b < columns; b++) {
      if (!second.usable[b]) continue;
      let sum = 0;
      for (let c = 0, i = a * length, j = b * length; c < length; c++) sum += one.data[i++] * other.data[j++];
      found[a * columns + b] = sum;
    }
  }
  return found;
}

/** The other cell that is most like one. */
function nearest({ others, at }, i) {
  let best = 0;
  for (let j = 1; j < others; j++) if (at(i, j) > at(i, best)) best = j;
  return best;
}

function median(values) {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = sorted.length / 2;
  return sorted.length % 2 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Matches of cells without any: their nearest neighbors, where these continue the arrangement of known matches. */
function grown(alike, known, columns, others) {
  const taken = new Set(known.map(([a]) => a));
  const asked = [];
  for (let a = 0; a < alike.count; a++) {
    if (taken.has(a)) continue;
    const b = nearest(alike, a);
    if (alike.at(a, b) >= GROWN_SIMILARITY) asked.push([a, b]);
  }
  const all = support(asked, known, columns, others);
  return asked.filter((_, i) => all[i] >= GROWN_SUPPORT);
}

/** For each asked pair the number of known ones near it that are in the same arrangement in both photographs. */
function support(asked, known, columns, others) {
  const place = (cell, width) => [Math.floor(cell / width), cell % width];
  const places = (pairs) => pairs.map(([a, b]) => [...place(a, columns), ...place(b, others)]);
  const there = places(known);
  return places(asked).map(([y, x, toY, toX]) => {
    const counts = new Int32Array(2 * SCALES.length);
    for (const [v, u, toV, toU] of there) {
      const [down, right] = [v - y, u - x];
      if (Math.abs(down) > NEAR || Math.abs(right) > NEAR || (!down && !right)) continue;
      SCALES.forEach((scale, i) => {
        if (Math.abs(toV - toY - scale * down) > TOLERANCE) return;
        if (Math.abs(toU - toX - scale * right) <= TOLERANCE) counts[2 * i]++;
        if (Math.abs(toU - toX + scale * right) <= TOLERANCE) counts[2 * i + 1]++;
      });
    }
    return Math.max(...counts);
  });
}

/** Correlation of two standardized patches, mirrored or not. */
function correlation(one, a, other, b) {
  const samples = PATCH_SAMPLES ** 2;
  let [straight, turned] = [0, 0];
  for (let y = 0; y < PATCH_SAMPLES; y++)
    for (let x = 0; x < PATCH_SAMPLES; x++) {
      const value = one[a * samples + y * PATCH_SAMPLES + x];
      straight += value * other[b * samples + y * PATCH_SAMPLES + x];
      turned += value * other[b * samples + y * PATCH_SAMPLES + PATCH_SAMPLES - 1 - x];
    }
  return Math.max(straight, turned);
}

/** At most `count` of the cells, spread over all of them: the first nearest their center, each further one farthest from those chosen. */
export function spread(cells, shape, count) {
  if (!cells.length) return [];
  const places = cells.map((cell) => [Math.floor(cell / shape[1]), cell % shape[1]]);
  const middle = [0, 1].map((axis) => places.reduce((sum, place) => sum + place[axis], 0) / places.length);
  const square = (one, other) => (one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2;
  const extreme = (values, sign) => values.reduce((best, value, i) => (sign * value > sign * values[best] ? i : best), 0);
  const chosen = [extreme(places.map((place) => square(place, middle)), -1)];
  let distance = places.map(() => Infinity);
  while (chosen.length < Math.min(count, cells.length)) {
    distance = distance.map((value, i) => Math.min(value, square(places[i], places[chosen.at(-1)])));
    chosen.push(extreme(distance, 1));
  }
  return chosen.map((i) => cells[i]);
}
