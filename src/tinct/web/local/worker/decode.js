// Photographs as the browser decodes them: the right way up, their pixels in strips, shrunk copies.

import { clamp } from "./planes.js";
import { Refusal } from "./problem.js";
import { ascii, exifMarks, joined, segmentsOf } from "./segments.js";
import { Turn } from "./turn.js";

const MAX_PIXELS = 120_000_000; // a browser's bitmap holds about that many
const STRIP_PIXELS = 2_000_000;
const NAMES = { tiff: "TIFF", heic: "HEIC", avif: "AVIF" }; // formats that not every browser decodes
const COMMON = new Set(["jpeg", "png", "webp", "bmp", "gif"]); // formats that all do
const MIN_ROWS = 0.5; // share of the rows below which a truncated picture is refused, as `tinct.photo.truncation`
const MIN_SCANS = 2; // complete scans of a truncated progressive JPEG
const FILLED = 128; // level of what a decoder of JPEG has no data for
const EDGE = 8; // columns at the right edge, which show how many rows a file holds
const END = new Uint8Array([0xff, 0xd9]); // of a JPEG
const JPEG = { type: "image/jpeg" }; // which Firefox needs to know

/**
 * Decode a file.
 * @param {{file: Blob, name: string, format: string, kind: import("./kinds.js").Kind | null, metadata: import("./segments.js").Metadata}} photo
 * @returns {Promise<ImageBitmap>}
 */
export async function decoded({ file, name, format, kind, metadata }) {
  const program = (what) => new Refusal("program-format", `${name} is ${what}, which this browser can't color.`, { name, format: what });
  if (metadata.cmyk) throw program("CMYK"); // browsers don't use its profile as printing presses need it
  if (metadata.truncated && format !== "jpeg") throw cutOff(name);
  const turnedHere = metadata.orientation !== 1 && (format === "webp" || metadata.lateExif); // not every browser turns these
  let source = file;
  if (metadata.truncated) source = new Blob([file, END], JPEG); // Chromium decodes no JPEG without it
  if (turnedHere) source = await withoutExif(source, format);
  let bitmap;
  try {
    bitmap = await createImageBitmap(source, { imageOrientation: "from-image", premultiplyAlpha: "none" });
  } catch {
    await file.slice(0, 1).arrayBuffer().catch(() => {
      throw unreadable(name);
    });
    if (NAMES[format]) throw program(NAMES[format]);
    if (kind) throw new Refusal(kind.code, `${name} is ${kind.what}.`);
    if (COMMON.has(format)) throw new Refusal("damaged", `${name} is damaged, or too large for this browser.`);
    throw new Refusal("photo-error", `${name} is no picture that this browser reads (unknown format); convert it to JPEG or PNG.`);
  }
  try {
    checkPixels(bitmap.width * bitmap.height, name);
  } catch (refusal) {
    bitmap.close();
    throw refusal;
  }
  return turnedHere ? upright(bitmap, new Turn(metadata.orientation, bitmap.width, bitmap.height)) : bitmap;
}

/** Throws a Refusal of a picture that is too large for a browser. @param {number} pixels */
export function checkPixels(pixels, name) {
  if (pixels > MAX_PIXELS) throw new Refusal("too-many-pixels", `${name} has more than ${MAX_PIXELS / 1e6} million pixels.`);
}

/** Of a file that is no longer where it was, or isn't what it was. */
export const unreadable = (name) => new Refusal("unreadable", `${name} can't be read.`, { name });

const cutOff = (name) => new Refusal("cut-off", `${name} is cut off: its end is missing.`, { name });

/** The same JPEG or WebP with an EXIF that no browser finds. @param {Blob} file */
async function withoutExif(file, format) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  for (const at of exifMarks(bytes, format)) bytes.set(ascii("none"), at);
  return new Blob([bytes], { type: `image/${format}` });
}

function upright(bitmap, turn) {
  const [width, height] = turn.swapped ? [bitmap.height, bitmap.width] : [bitmap.width, bitmap.height];
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  context.setTransform(...turn.matrix);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return canvas.transferToImageBitmap();
}

/**
 * How much of a truncated file there is: the share of its stored rows, and a note. Throws a Refusal if it is too little.
 * @param {Uint8Array} bytes
 */
export async function knownRows(bytes, { name, format, metadata }) {
  if (format !== "jpeg" || (metadata.scans && metadata.scans <= MIN_SCANS)) throw cutOff(name);
  const note = (code, text, values = {}) => [{ code, text, values: { name, ...values } }];
  if (metadata.scans) return { rows: 1, notes: note("lacks-details", `${name} is truncated: parts of it lack their details, in the result, too`) };
  const parts = [bytes.subarray(0, 2)];
  let last = 2;
  for (const [kind, at, end] of segmentsOf(bytes)) {
    if (kind !== 0xe1 && kind !== 0xe2) parts.push(bytes.subarray(at, end)); // neither turned nor with a profile
    last = end;
  }
  // in one part: Firefox decodes no Blob of many
  const bitmap = await createImageBitmap(new Blob([joined([...parts, bytes.subarray(last), END])], JPEG)).catch(() => null);
  if (!bitmap) throw cutOff(name);
  const { width, height } = bitmap;
  let rows = 0;
  for (const { top, height: count, rgba } of strips(bitmap, { x: Math.max(0, width - EDGE), width: Math.min(EDGE, width) }))
    for (let y = count - 1; y >= 0; y--)
      if (rgba.subarray(4 * y * Math.min(EDGE, width), 4 * (y + 1) * Math.min(EDGE, width)).some((level, i) => i % 4 < 3 && level !== FILLED)) {
        rows = top + y + 1;
        break;
      }
  bitmap.close();
  if (rows < MIN_ROWS * height) throw cutOff(name);
  if (rows === height) return { rows: 1, notes: note("lacks-end", `${name} lacks its end; all of its pixels are there`) };
  const lost = height - rows;
  return { rows: rows / height, notes: note("rows-missing", `${name} is truncated: ${lost} of its ${height} rows are missing, and plain gray in the result`, { lost, rows: height }) };
}

/**
 * The pixels of a bitmap, in sRGB, in strips from top to bottom.
 * @param {ImageBitmap} bitmap
 * @param {{x?: number, y?: number, width?: number, height?: number}} [part]
 * @param {number} [multiple]  the height of all strips but the last is a multiple of this
 * @returns {Generator<{top: number, height: number, rgba: Uint8ClampedArray}>}  `top` from the upper edge of the part
 */
export function* strips(bitmap, { x = 0, y = 0, width = bitmap.width, height = bitmap.height } = {}, multiple = 1) {
  const rows = Math.min(height, multiple * clamp(Math.floor(STRIP_PIXELS / width / multiple), 1, height));
  const canvas = new OffscreenCanvas(width, rows);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  for (let top = 0; top < height; top += rows) {
    const count = Math.min(rows, height - top);
    context.clearRect(0, 0, width, rows);
    context.drawImage(bitmap, x, y + top, width, count, 0, 0, width, count);
    yield { top, height: count, rgba: context.getImageData(0, 0, width, count).data };
  }
}

/** A small copy for the screen, as the browser's own canvas shrinks it. @returns {Uint8ClampedArray}  RGBA */
export function copied(bitmap, width, height) {
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  return context.getImageData(0, 0, width, height).data;
}
