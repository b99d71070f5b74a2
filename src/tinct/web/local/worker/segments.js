// What a picture file holds besides pixels, read from JPEG, PNG, WebP and AVIF; and how its pixels are stored.

import { readAvif } from "./avif.js";
import { orientationOf, resolutionOf } from "./exif.js";
import { fromResources, fromText } from "./iptc.js";

/**
 * @typedef {object} Metadata
 * @property {Uint8Array | null} exif  a small TIFF file, without the prefix `Exif`
 * @property {Uint8Array | null} xmp  a packet
 * @property {Uint8Array} iptc  the bare record; empty for none
 * @property {Uint8Array} resources  Photoshop's other resources, as they are kept
 * @property {Uint8Array[]} comments  whole segments, which only JPEG has
 * @property {Uint8Array[]} texts  whole chunks, which only PNG has
 * @property {[number, number] | null} resolution  dots an inch, across and down
 * @property {number} orientation  of the stored pixels, 1..8
 * @property {boolean} lateExif  of a JPEG, behind another APP1 segment, where Firefox doesn't look for it
 * @property {boolean} deep  more than 8 bits a sample
 * @property {boolean} alpha  whether it has an alpha channel
 * @property {boolean} cmyk
 * @property {number} scans  of a progressive JPEG; 0 of others
 * @property {boolean} truncated  the end of the file is missing
 * @property {number} frames  of an animation; 1 of others
 * @property {number} pixels  of JPEG and PNG, as the header says; 0 of others
 */
/** @typedef {"jpeg" | "png" | "webp" | "avif" | "heic" | "tiff" | "bmp" | "gif" | "other"} Format */

const EXIF = "Exif\0\0";
const XMP = "http://ns.adobe.com/xap/1.0/\0";
export const PHOTOSHOP = "Photoshop 3.0\0";
const PNG_TEXTS = new Set(["tEXt", "zTXt", "iTXt"]);
const PNG_XMP = "XML:com.adobe.xmp";
const PNG_RAW = "Raw profile type "; // of EXIF, IPTC or XMP, which have places of their own
const METERS_IN_INCH = 0.0254;
const CENTIMETERS_IN_INCH = 2.54;
const MAX_TEXT = 2 ** 20; // bytes of a compressed text

export const text = (bytes, start, count) => String.fromCharCode(...bytes.subarray(start, start + count));
export const ascii = (letters) => Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
export const view = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const nothing = new Uint8Array(0);

/** @param {Uint8Array[]} parts */
export function joined(parts) {
  const found = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    found.set(part, at);
    at += part.length;
  }
  return found;
}

/** The format of a file, by its first bytes. @param {Uint8Array} bytes @returns {Format} */
export function formatOf(bytes) {
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return "jpeg";
  if (text(bytes, 0, 8) === "\x89PNG\r\n\x1a\n") return "png";
  if (text(bytes, 0, 4) === "RIFF" && text(bytes, 8, 4) === "WEBP") return "webp";
  if (text(bytes, 4, 4) === "ftyp") {
    const brands = text(bytes, 8, Math.min(64, view(bytes).getUint32(0)) - 8);
    return /avi[fs]/.test(brands) ? "avif" : /hei[cxms]|hev[cxms]|mif1|msf1/.test(brands) ? "heic" : "other";
  }
  if (["II*\0", "MM\0*", "II+\0", "MM\0+"].includes(text(bytes, 0, 4))) return "tiff";
  return text(bytes, 0, 2) === "BM" ? "bmp" : text(bytes, 0, 4) === "GIF8" ? "gif" : "other";
}

/** What a file holds besides pixels; empty where it can't be read. @param {Uint8Array} bytes @param {Format} format @returns {Promise<Metadata>} */
export async function metadataOf(bytes, format) {
  const found = {
    ...{ exif: null, xmp: null, iptc: nothing, resources: nothing, comments: [], texts: [], resolution: null, orientation: 1 },
    ...{ lateExif: false, deep: false, alpha: false, cmyk: false, scans: 0, truncated: false, frames: 1, pixels: 0 },
  };
  const read = { jpeg: readJpeg, png: readPng, webp: readWebp, avif: readAvif, gif: readGif }[format];
  try {
    await read?.(bytes, found);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // the file is cut off: what was read counts
  }
  found.resolution ??= resolutionOf(found.exif);
  if (format !== "avif") found.orientation = orientationOf(found.exif); // of AVIF its container tells it
  if (found.orientation !== 1) found.resources = fromResources(found.resources, true).kept;
  return found;
}

// ---- JPEG ----

/** The segments before the pixels: [kind, first byte, end]. */
export function* segmentsOf(bytes) {
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff; ) {
    const kind = bytes[at + 1];
    if (kind === 0xff) {
      at++; // a fill byte
      continue;
    }
    if (kind === 0xd9) return;
    const end = at + 2 + view(bytes).getUint16(at + 2);
    yield [kind, at, end];
    if (kind === 0xda) return;
    at = end;
  }
}

const isFrame = (kind) => kind >= 0xc0 && kind <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(kind);

function readJpeg(bytes, found) {
  const resources = [];
  let pixels = bytes.length; // where they begin
  for (const [kind, at, end] of segmentsOf(bytes)) {
    const body = bytes.subarray(at + 4, end);
    const starts = (prefix) => text(body, 0, prefix.length) === prefix;
    if (kind === 0xe1 && starts(EXIF)) {
      if (!found.exif) found.lateExif = Boolean(found.xmp);
      found.exif ??= body.slice(EXIF.length);
    }
    if (kind === 0xe1 && starts(XMP)) found.xmp ??= body.slice(XMP.length);
    else if (kind === 0xed && starts(PHOTOSHOP)) resources.push(body.slice(PHOTOSHOP.length));
    else if (kind === 0xe0 && starts("JFIF\0")) found.resolution = densityOf(body);
    else if (kind === 0xfe) found.comments.push(bytes.slice(at, end));
    else if (isFrame(kind)) {
      Object.assign(found, { cmyk: body[5] === 4, deep: body[0] > 8, scans: [0xc2, 0xc6, 0xca, 0xce].includes(kind) ? 1 : 0 });
      found.pixels = view(body).getUint16(1) * view(body).getUint16(3);
    }
    else if (kind === 0xda) pixels = end;
  }
  const { kept, record } = fromResources(joined(resources), false);
  Object.assign(found, { iptc: record, resources: kept });
  let ended = false;
  for (let at = pixels; (at = bytes.indexOf(0xff, at)) >= 0 && at + 1 < bytes.length; at++) {
    if (bytes[at + 1] === 0xda && found.scans) found.scans++;
    ended ||= bytes[at + 1] === 0xd9;
  }
  found.truncated = !ended;
}

/** Dots an inch of a JFIF header. */
function densityOf(body) {
  const [unit, across, down] = [body[7], view(body).getUint16(8), view(body).getUint16(10)];
  const factor = [0, 1, CENTIMETERS_IN_INCH][unit] ?? 0;
  return factor && across && down ? [across * factor, down * factor] : null;
}

// ---- PNG ----

async function readPng(bytes, found) {
  found.truncated = true;
  for (let at = 8; at + 12 <= bytes.length; ) {
    const size = view(bytes).getUint32(at);
    const kind = text(bytes, at + 4, 4);
    const body = bytes.subarray(at + 8, at + 8 + size);
    if (kind === "IHDR") Object.assign(found, { deep: body[8] === 16, alpha: (body[9] & 4) !== 0, pixels: view(body).getUint32(0) * view(body).getUint32(4) });
    else if (kind === "tRNS") found.alpha = true;
    else if (kind === "eXIf") found.exif = body.slice();
    else if (kind === "pHYs" && body[8] === 1) found.resolution = [0, 4].map((i) => view(body).getUint32(i) * METERS_IN_INCH);
    else if (PNG_TEXTS.has(kind)) await readText(kind, body, bytes.slice(at, at + 12 + size), found);
    else if (kind === "IEND") {
      found.truncated = false;
      break;
    }
    at += 12 + size;
  }
}

async function readText(kind, body, whole, found) {
  const end = body.indexOf(0);
  const name = text(body, 0, Math.max(0, end));
  if (name === PNG_XMP) {
    if (kind === "iTXt" && body[end + 1] === 0) found.xmp = afterNulls(body.subarray(end + 3), 2);
  } else if (name === `${PNG_RAW}iptc`) found.iptc = fromText(await lettersOf(kind, body.subarray(end + 1)));
  else if (!name.startsWith(PNG_RAW)) found.texts.push(whole);
}

/** What follows the given number of null bytes. */
function afterNulls(bytes, count) {
  let at = 0;
  for (let left = count; left; at++) if (bytes[at] === 0) left--;
  return bytes.slice(at);
}

/** The text of a tEXt or zTXt chunk; empty if it is damaged. @param {Uint8Array} content  after the name */
async function lettersOf(kind, content) {
  const latin = new TextDecoder("latin1");
  if (kind === "tEXt") return latin.decode(content);
  if (kind !== "zTXt") return "";
  try {
    const reader = new Blob([content.slice(1)]).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
    let letters = "";
    for (let part; !(part = await reader.read()).done && letters.length < MAX_TEXT; ) letters += latin.decode(part.value);
    return letters;
  } catch {
    return "";
  }
}

// ---- WebP and GIF ----

function readWebp(bytes, found) {
  found.truncated = view(bytes).getUint32(4, true) + 8 > bytes.length;
  let frames = 0;
  for (const [kind, at, end] of chunksOf(bytes)) {
    const body = bytes.subarray(at + 8, end);
    if (kind === "EXIF") found.exif = text(body, 0, 6) === EXIF ? body.slice(6) : body.slice();
    if (kind === "XMP ") found.xmp = body.slice();
    if (kind === "VP8X") found.alpha = (body[0] & 0x10) !== 0;
    if (kind === "VP8L") found.alpha ||= (body[4] & 0x10) !== 0;
    if (kind === "ANMF") frames++;
  }
  found.frames = Math.max(1, frames);
}

/** The chunks of a WebP: [kind, first byte, end of the content]. */
export function* chunksOf(bytes) {
  for (let at = 12; at + 8 <= bytes.length; ) {
    const size = view(bytes).getUint32(at + 4, true);
    yield [text(bytes, at, 4), at, Math.min(bytes.length, at + 8 + size)];
    at += 8 + size + (size % 2);
  }
}

/** The places of four letters without which no program finds the EXIF of a JPEG or WebP. */
export function exifMarks(bytes, format) {
  if (format === "webp") return [...chunksOf(bytes)].filter(([kind]) => kind === "EXIF").map(([, at]) => at);
  const marks = [...segmentsOf(bytes)].filter(([kind, at]) => kind === 0xe1 && text(bytes, at + 4, EXIF.length) === EXIF);
  return marks.map(([, at]) => at + 4);
}

/** Count the pictures of a GIF (GIF89a specification, appendix F). */
function readGif(bytes, found) {
  const table = (flags) => (flags & 0x80 ? 3 << ((flags & 7) + 1) : 0); // bytes of a color table
  const afterBlocks = (at) => {
    while (bytes[at]) at += bytes[at] + 1;
    return at + 1;
  };
  let frames = 0;
  for (let at = 13 + table(bytes[10]); at < bytes.length && bytes[at] !== 0x3b; ) {
    if (bytes[at] === 0x2c) frames++;
    else if (bytes[at] !== 0x21) break;
    at = afterBlocks(bytes[at] === 0x2c ? at + 11 + table(bytes[at + 9]) : at + 2);
  }
  found.frames = Math.max(1, frames);
}
