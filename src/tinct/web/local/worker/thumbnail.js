// A photograph shrunk to the working size exactly as libvips' thumbnail does it, whose fixed-point arithmetic is repeated here: regions of
// variants depend on ties that a difference of one level decides. Only JPEG of more than four times the working size differs by about a level,
// as libvips lets its decoder shrink it.

import { strips } from "./decode.js";
import { clamp, planes, rounded } from "./planes.js";

/** @typedef {import("./planes.js").Planes} Planes */
/** @typedef {{height: number, width: number, data: Uint8ClampedArray[]}} Bands  red, green and blue */

const LOBES = 3; // of the Lanczos kernel
const LEAST_REDUCTION = 2; // factor that is left to the kernel; the rest is averaged in whole blocks
const POSITIONS = 64; // fractions of a pixel at which the kernel is sampled
const UNIT = 4096; // fixed-point 1 of its weights

/**
 * @param {ImageBitmap} bitmap @param {boolean} jpeg
 * @returns {Planes}  red, green and blue, 0..255
 */
export function thumbnail(bitmap, width, height, jpeg) {
  const scale = Math.min(bitmap.width / width, bitmap.height / height);
  const first = jpeg ? [8, 4, 2].find((block) => scale >= 2 * block) ?? 1 : 1;
  const down = bitmap.height / first / height;
  const across = bitmap.width / first / width;
  const [rows, columns] = [down, across].map((factor) => Math.max(1, Math.floor(factor / LEAST_REDUCTION)));
  let all = averagedRows(bitmap, first);
  all = reducedRows(shrunkRows(all, rows), height, down / rows);
  all = transposed(reducedRows(shrunkRows(transposed(all), columns), width, across / columns));
  const found = planes(3, height, width);
  all.data.forEach((band, c) => found.data.set(band, c * height * width));
  return found;
}

/** The bitmap, averaged in blocks of `block` × `block` pixels. @returns {Bands} */
function averagedRows(bitmap, block) {
  const [height, width] = [Math.ceil(bitmap.height / block), Math.ceil(bitmap.width / block)];
  const data = [0, 1, 2].map(() => new Uint8ClampedArray(height * width));
  const rows = strips(bitmap, {}, block);
  for (const { top, height: count, rgba } of rows)
    for (let y = 0; y < count; y += block)
      for (let x = 0, to = ((top + y) / block) * width; x < bitmap.width; x += block, to++) {
        const [tall, wide] = [Math.min(block, count - y), Math.min(block, bitmap.width - x)];
        const sums = [0, 0, 0];
        for (let v = 0; v < tall; v++)
          for (let u = 0, k = 4 * ((y + v) * bitmap.width + x); u < wide; u++, k += 4) {
            sums[0] += rgba[k];
            sums[1] += rgba[k + 1];
            sums[2] += rgba[k + 2];
          }
        for (const c of [0, 1, 2]) data[c][to] = sums[c] / (tall * wide);
      }
  return { height, width, data };
}

/** Means of `block` rows, the last one repeated where they don't divide the height. @param {Bands} all @returns {Bands} */
function shrunkRows(all, block) {
  if (block === 1) return all;
  const { width } = all;
  const height = Math.ceil(all.height / block);
  const share = Math.floor(2 ** 24 / block) / 2 ** 24;
  const half = Math.floor(block / 2);
  const data = all.data.map((band) => {
    const found = new Uint8ClampedArray(height * width);
    const sums = new Float64Array(width);
    for (let y = 0; y < height; y++) {
      sums.fill(half);
      for (let k = 0; k < block; k++) {
        const from = Math.min(all.height - 1, y * block + k) * width;
        for (let x = 0; x < width; x++) sums[x] += band[from + x];
      }
      for (let x = 0; x < width; x++) found[y * width + x] = Math.floor(sums[x] * share);
    }
    return found;
  });
  return { height, width, data };
}

/** Rows reduced by the kernel. @param {Bands} all @param {number} scale  old rows for each new one @returns {Bands} */
function reducedRows(all, height, scale) {
  if (scale === 1) return all;
  const { width } = all;
  const count = 2 * rounded(LOBES * Math.max(1, scale)) + 1;
  const lead = Math.ceil(count / 2) - 1;
  const data = all.data.map(() => new Uint8ClampedArray(height * width));
  const sums = new Float64Array(width);
  for (let y = 0; y < height; y++) {
    const place = (y + 0.5) * scale;
    const first = Math.floor(place) - lead;
    const weights = kernel(count, scale, (((Math.floor(place * 2 * POSITIONS) & (2 * POSITIONS - 1)) + 1) >> 1) / POSITIONS);
    all.data.forEach((band, c) => {
      sums.fill(UNIT / 2);
      weights.forEach((weight, k) => {
        const from = clamp(first + k, 0, all.height - 1) * width;
        for (let x = 0; x < width; x++) sums[x] += weight * band[from + x];
      });
      for (let x = 0; x < width; x++) data[c][y * width + x] = Math.floor(sums[x] / UNIT);
    });
  }
  return { height, width, data };
}

/** Weights of the Lanczos kernel as whole numbers of 1 / UNIT. */
function kernel(count, scale, fraction) {
  const middle = fraction + count / 2 - 1;
  const wide = Math.max(1, scale);
  const weights = Array.from({ length: count }, (_, i) => lanczos((i - middle) / wide));
  const total = weights.reduce((sum, one) => sum + one, 0);
  return weights.map((weight) => Math.trunc((weight / total) * UNIT));
}

function lanczos(x) {
  if (Math.abs(x) < 1e-12) return 1;
  return Math.abs(x) >= LOBES ? 0 : (LOBES * Math.sin(Math.PI * x) * Math.sin((Math.PI * x) / LOBES)) / (Math.PI * x) ** 2;
}

/** @param {Bands} all @returns {Bands} */
function transposed(all) {
  const { height, width } = all;
  const data = all.data.map((band) => {
    const found = new Uint8ClampedArray(band.length);
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) found[x * height + y] = band[y * width + x];
    return found;
  });
  return { height: width, width: height, data };
}
