// Photographs as the browser decodes them: the right way up, their pixels in strips, shrunk copies.

import { clamp } from "./planes.js";
import { Refusal } from "./problem.js";

/** @typedef {"srgb" | "display-p3"} Space */

export const MAX_PIXELS = 120_000_000; // a browser's canvas holds about that many
const STRIP_PIXELS = 2_000_000;
const WHOLE = new Set(["jpeg", "png", "webp", "avif", "bmp", "gif"]); // formats that browsers decode

/**
 * Decode a file.
 * @param {Blob} file @param {string} name @param {import("./segments.js").Format} format
 * @param {import("./kinds.js").Kind | null} kind  what the file is, if it is of a known kind that is no photograph
 * @returns {Promise<ImageBitmap>}
 */
export async function decoded(file, name, format, kind) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file, { imageOrientation: "from-image", premultiplyAlpha: "none" });
  } catch {
    if (format === "heic" || format === "tiff") throw new Refusal("program-format", `${name} is ${format.toUpperCase()}, which this browser can't decode.`, { name, format: format.toUpperCase() });
    if (kind) throw new Refusal(kind.code, `${name} is ${kind.what}.`);
    if (WHOLE.has(format)) throw new Refusal("damaged", `${name} is damaged, or of a kind of ${format.toUpperCase()} that this browser doesn't decode.`);
    throw new Refusal("photo-error", `${name} is no picture that this browser reads (unknown format); convert it to JPEG or PNG.`);
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
 * @param {number} [multiple]  of which the height of all strips but the last is one
 * @returns {Generator<{top: number, height: number, rgba: Uint8ClampedArray}>}  `top` from the upper edge of the part
 */
export function* strips(bitmap, space, { x = 0, y = 0, width = bitmap.width, height = bitmap.height } = {}, multiple = 1) {
  const rows = Math.min(height, multiple * clamp(Math.floor(STRIP_PIXELS / width / multiple), 1, height));
  const canvas = new OffscreenCanvas(width, rows);
  const context = canvas.getContext("2d", { willReadFrequently: true, colorSpace: space });
  for (let top = 0; top < height; top += rows) {
    const count = Math.min(rows, height - top);
    context.clearRect(0, 0, width, rows);
    context.drawImage(bitmap, x, y + top, width, count, 0, 0, width, count);
    yield { top, height: count, rgba: context.getImageData(0, 0, width, count, { colorSpace: space }).data };
  }
}

/** A small copy for the screen, as the browser's own canvas shrinks it. @returns {Uint8ClampedArray}  RGBA */
export function copied(bitmap, space, width, height) {
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true, colorSpace: space });
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  return context.getImageData(0, 0, width, height, { colorSpace: space }).data;
}
