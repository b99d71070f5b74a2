// Photographs as the browser decodes them: the right way up, their pixels in strips, shrunk copies.

import { clamp, planes } from "./planes.js";
import { Refusal } from "./problem.js";

/** @typedef {import("./planes.js").Planes} Planes */
/** @typedef {"srgb" | "display-p3"} Space */

export const MAX_PIXELS = 120_000_000; // a browser's canvas holds about that many
const STRIP_PIXELS = 2_000_000;
const LANCZOS = 3; // lobes of the kernel
const LEAST_REDUCTION = 2; // factor that is left to the kernel; the rest is averaged in whole blocks, as libvips does

/** Decode a file. @param {Blob} file @param {string} name @returns {Promise<ImageBitmap>} */
export async function decoded(file, name, format) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file, { imageOrientation: "from-image", premultiplyAlpha: "none" });
  } catch {
    if (format === "heic" || format === "tiff") throw new Refusal("program-format", `${name} is ${format.toUpperCase()}, which this browser can't decode.`, { name, format: format.toUpperCase() });
    throw new Refusal("photo-error", `${name} can't be decoded by this browser.`);
  }
  if (bitmap.width * bitmap.height > MAX_PIXELS) {
    bitmap.close();
    throw new Refusal("too-many-pixels", `${name} has more than ${MAX_PIXELS / 1e6} million pixels.`);
  }
  return bitmap;
}

/**
 * The pixels of a bitmap in strips from top to bottom.
 * @param {ImageBitmap} bitmap @param {Space} space
 * @param {{x?: number, y?: number, width?: number, height?: number}} [part]
 * @returns {Generator<{top: number, height: number, rgba: Uint8ClampedArray}>}  `top` from the upper edge of the part
 */
export function* strips(bitmap, space, { x = 0, y = 0, width = bitmap.width, height = bitmap.height } = {}) {
  const rows = clamp(Math.floor(STRIP_PIXELS / width), 1, height);
  const canvas = new OffscreenCanvas(width, rows);
  const context = canvas.getContext("2d", { willReadFrequently: true, colorSpace: space });
  for (let top = 0; top < height; top += rows) {
    const count = Math.min(rows, height - top);
    context.clearRect(0, 0, width, rows);
    context.drawImage(bitmap, x, y + top, width, count, 0, 0, width, count);
    yield { top, height: count, rgba: context.getImageData(0, 0, width, count, { colorSpace: space }).data };
  }
}

/**
 * A photograph shrunk to a working size as libvips' thumbnail does it: averaged in whole blocks, then by a Lanczos kernel.
 * @param {boolean} jpeg  of JPEG libvips lets the decoder average blocks of 2, 4 or 8 pixels first
 * @returns {Planes}  red, green and blue, 0..255
 */
export function shrunk(bitmap, space, width, height, jpeg) {
  const factor = (many, few) => {
    const scale = many / few;
    const first = jpeg ? [8, 4, 2, 1].find((block) => Math.min(bitmap.width / width, bitmap.height / height) >= 2 * block || block === 1) : 1;
    return first * Math.max(1, Math.floor(scale / first / LEAST_REDUCTION));
  };
  const blocks = averaged(bitmap, space, factor(bitmap.width, width), factor(bitmap.height, height));
  return reduced(blocks, width, height, bitmap.width / blocks.across / width, bitmap.height / blocks.down / height);
}

/** Means over blocks of whole pixels, those at the right and lower edge perhaps over fewer. */
function averaged(bitmap, space, across, down) {
  const found = planes(3, Math.ceil(bitmap.height / down), Math.ceil(bitmap.width / across));
  const size = found.height * found.width;
  const { width, height } = bitmap;
  const columns = Int32Array.from({ length: width }, (_, x) => Math.floor(x / across));
  for (const strip of strips(bitmap, space))
    for (let v = 0, k = 0; v < strip.height; v++) {
      const row = Math.floor((strip.top + v) / down) * found.width;
      for (let x = 0; x < width; x++, k += 4) {
        const i = row + columns[x];
        found.data[i] += strip.rgba[k];
        found.data[size + i] += strip.rgba[k + 1];
        found.data[2 * size + i] += strip.rgba[k + 2];
      }
    }
  for (let y = 0, i = 0; y < found.height; y++)
    for (let x = 0; x < found.width; x++, i++) {
      const count = Math.min(down, height - y * down) * Math.min(across, width - x * across);
      for (const c of [0, 1, 2]) found.data[c * size + i] /= count;
    }
  return { ...found, across, down };
}

/** Reduce by a Lanczos kernel to 8 bits. @param {number} scaleX  old pixels for each new one */
function reduced(all, width, height, scaleX, scaleY) {
  const rows = kernels(height, all.height, scaleY);
  const columns = kernels(width, all.width, scaleX);
  const tall = planes(3, height, all.width);
  for (let c = 0; c < 3; c++)
    rows.forEach(({ first, weights }, y) =>
      weights.forEach((weight, k) => {
        const from = (c * all.height + clamp(first + k, 0, all.height - 1)) * all.width;
        const to = (c * height + y) * all.width;
        for (let x = 0; x < all.width; x++) tall.data[to + x] += weight * all.data[from + x];
      }),
    );
  const found = planes(3, height, width);
  for (let row = 0; row < 3 * height; row++)
    columns.forEach(({ first, weights }, x) => {
      let sum = 0;
      weights.forEach((weight, k) => (sum += weight * clamp(Math.round(tall.data[row * all.width + clamp(first + k, 0, all.width - 1)]), 0, 255)));
      found.data[row * width + x] = clamp(Math.round(sum), 0, 255);
    });
  return found;
}

function kernels(few, many, scale) {
  const lanczos = (x) => (x === 0 ? 1 : Math.abs(x) >= LANCZOS ? 0 : (LANCZOS * Math.sin(Math.PI * x) * Math.sin((Math.PI * x) / LANCZOS)) / (Math.PI * x) ** 2);
  const wide = Math.max(1, scale);
  return Array.from({ length: few }, (_, i) => {
    const middle = Math.min(many - 1, (i + 0.5) * scale - 0.5);
    const first = Math.ceil(middle - LANCZOS * wide);
    const weights = Array.from({ length: Math.floor(middle + LANCZOS * wide) - first + 1 }, (_, k) => lanczos((first + k - middle) / wide));
    const total = weights.reduce((sum, one) => sum + one, 0);
    return { first, weights: weights.map((weight) => weight / total) };
  });
}

/** A small copy for the screen, as the browser's own canvas shrinks it. @returns {Uint8ClampedArray}  RGBA */
export function copied(bitmap, space, width, height) {
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true, colorSpace: space });
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  return context.getImageData(0, 0, width, height, { colorSpace: space }).data;
}
