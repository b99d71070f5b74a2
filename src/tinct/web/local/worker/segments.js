// The metadata of a picture file: what is kept of it, read from JPEG, PNG and WebP.

/**
 * @typedef {object} Metadata
 * @property {Uint8Array | null} exif  a small TIFF file, without the prefix `Exif`
 * @property {Uint8Array | null} xmp  a packet
 * @property {Uint8Array | null} profile  ICC profile
 * @property {Uint8Array[]} jpeg  whole segments that only JPEG has and that are kept: IPTC, comments, resolution
 * @property {Uint8Array[]} png  whole chunks that only PNG has and that are kept: texts, resolution, time
 * @property {boolean} deep  more than 8 bits a sample
 * @property {boolean} alpha  whether it has an alpha channel
 */
/** @typedef {"jpeg" | "png" | "webp" | "avif" | "heic" | "tiff" | "bmp" | "gif" | "other"} Format */

const text = (bytes, start, count) => String.fromCharCode(...bytes.subarray(start, start + count));
const EXIF = "Exif\0\0";
const XMP = "http://ns.adobe.com/xap/1.0/\0";
const ICC = "ICC_PROFILE\0";
const PNG_KEPT = new Set(["pHYs", "tEXt", "zTXt", "iTXt", "tIME"]);
const PNG_XMP = "XML:com.adobe.xmp\0";

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

export const view = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** What a file holds besides pixels; empty where it can't be read. @param {Uint8Array} bytes @param {Format} format @returns {Metadata} */
export function metadataOf(bytes, format) {
  const found = { exif: null, xmp: null, profile: null, jpeg: [], png: [], deep: false, alpha: false };
  const read = { jpeg: readJpeg, png: readPng, webp: readWebp }[format];
  try {
    read?.(bytes, found);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // the file is cut off: what was read counts
  }
  return found;
}

function readJpeg(bytes, found) {
  const profile = [];
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff; ) {
    const kind = bytes[at + 1];
    if (kind === 0xff) {
      at++; // a fill byte
      continue;
    }
    if (kind === 0xda || kind === 0xd9) break;
    const size = view(bytes).getUint16(at + 2);
    const body = bytes.subarray(at + 4, at + 2 + size);
    const starts = (prefix) => text(body, 0, prefix.length) === prefix;
    if (kind === 0xe1 && starts(EXIF)) found.exif ??= body.slice(EXIF.length);
    else if (kind === 0xe1 && starts(XMP)) found.xmp ??= body.slice(XMP.length);
    else if (kind === 0xe2 && starts(ICC)) profile.push(body.slice(ICC.length + 2));
    else if (kind === 0xed || kind === 0xfe || (kind === 0xe0 && starts("JFIF\0"))) found.jpeg.push(bytes.slice(at, at + 2 + size));
    at += 2 + size;
  }
  if (profile.length) found.profile = joined(profile);
}

function readPng(bytes, found) {
  for (let at = 8; at + 12 <= bytes.length; ) {
    const size = view(bytes).getUint32(at);
    const kind = text(bytes, at + 4, 4);
    const body = bytes.subarray(at + 8, at + 8 + size);
    if (kind === "IHDR") Object.assign(found, { deep: body[8] === 16, alpha: (body[9] & 4) !== 0 });
    else if (kind === "tRNS") found.alpha = true;
    else if (kind === "eXIf") found.exif = body.slice();
    else if (kind === "iCCP" || kind === "cICP") found.profile = body.slice(); // compressed: its name, which comes first, tells sRGB
    else if (kind === "iTXt" && text(body, 0, PNG_XMP.length) === PNG_XMP && body[PNG_XMP.length] === 0) found.xmp = afterNulls(body.subarray(PNG_XMP.length + 2), 2);
    else if (PNG_KEPT.has(kind)) found.png.push(bytes.slice(at, at + 12 + size));
    else if (kind === "IEND") break;
    at += 12 + size;
  }
}

/** What follows the given number of null bytes. */
function afterNulls(bytes, count) {
  let at = 0;
  for (let left = count; left; at++) if (bytes[at] === 0) left--;
  return bytes.slice(at);
}

function readWebp(bytes, found) {
  for (let at = 12; at + 8 <= bytes.length; ) {
    const size = view(bytes).getUint32(at + 4, true);
    const body = bytes.subarray(at + 8, at + 8 + size);
    const kind = text(bytes, at, 4);
    if (kind === "EXIF") found.exif = text(body, 0, 6) === EXIF ? body.slice(6) : body.slice();
    if (kind === "XMP ") found.xmp = body.slice();
    if (kind === "ICCP") found.profile = body.slice();
    if (kind === "VP8X") found.alpha = (body[0] & 0x10) !== 0;
    if (kind === "VP8L") found.alpha ||= (body[4] & 0x10) !== 0;
    at += 8 + size + (size % 2);
  }
}

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

/** Whether a profile is another than that of sRGB, so that its colors may be wider. @param {Uint8Array | null} profile */
export function isWide(profile) {
  if (!profile) return false;
  const letters = new TextDecoder("latin1").decode(profile).replaceAll("\0", "");
  return !letters.includes("sRGB");
}
