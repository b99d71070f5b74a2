// Files of results: JPEG and WebP by the browser's canvas, PNG by the browser's deflate, all with the photograph's metadata.

import { uprightExif } from "./exif.js";
import { joined, view } from "./segments.js";

/** @typedef {import("./segments.js").Metadata} Metadata */
/** @typedef {{top: number, height: number, rgba: Uint8ClampedArray}} Strip */

const QUALITY = 0.95; // of JPEG and WebP, as the program's default
const PREVIEW_QUALITY = 0.85;
const MAX_SEGMENT = 65_533; // bytes of a JPEG segment's body
const XMP = "http://ns.adobe.com/xap/1.0/\0";

const ascii = (letters) => Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
const number = (value, little = false) => {
  const bytes = new Uint8Array(4);
  view(bytes).setUint32(0, value, little);
  return bytes;
};

/** A JPEG without metadata, for the screen. @param {Uint8ClampedArray} rgba */
export function previewJpeg(rgba, width, height) {
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d", { alpha: false }).putImageData(new ImageData(rgba, width, height), 0, 0);
  return canvas.convertToBlob({ type: "image/jpeg", quality: PREVIEW_QUALITY });
}

/**
 * A file of a result.
 * @param {"jpeg" | "png" | "webp"} format
 * @param {AsyncIterable<Strip> | Iterable<Strip>} strips  from top to bottom; opaque unless `alpha`
 * @param {boolean} alpha  whether it is transparent in places
 * @param {Metadata} metadata  of the photograph
 * @param {Uint8Array | null} xmp  the packet to write
 * @returns {Promise<Blob>}
 */
export async function encoded(format, strips, width, height, alpha, metadata, xmp) {
  const exif = metadata.exif && uprightExif(metadata.exif, width, height);
  if (format === "png") return new Blob([await png(strips, width, height, alpha, { ...metadata, exif, xmp })], { type: "image/png" });
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { alpha: alpha && format === "webp" });
  for await (const { top, height: rows, rgba } of strips) context.putImageData(new ImageData(alpha && format === "jpeg" ? onWhite(rgba) : rgba, width, rows), 0, top);
  const blob = await canvas.convertToBlob({ type: `image/${format}`, quality: QUALITY });
  canvas.width = canvas.height = 1; // gives its memory back at once
  if (blob.type !== `image/${format}`) throw new Error(`this browser can't write ${format}`);
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const parts = format === "jpeg" ? withSegments(bytes, exif, xmp, metadata.jpeg) : withChunks(bytes, width, height, alpha, exif, xmp);
  return new Blob(parts, { type: `image/${format}` });
}

/** Whether this browser writes WebP. */
export async function writesWebp() {
  const canvas = new OffscreenCanvas(1, 1);
  canvas.getContext("2d");
  return (await canvas.convertToBlob({ type: "image/webp" })).type === "image/webp";
}

function onWhite(rgba) {
  for (let i = 0; i < rgba.length; i += 4) {
    const opacity = rgba[i + 3] / 255;
    for (const k of [i, i + 1, i + 2]) rgba[k] = 255 + opacity * (rgba[k] - 255);
    rgba[i + 3] = 255;
  }
  return rgba;
}

// ---- JPEG ----

function segment(kind, body) {
  const head = new Uint8Array([0xff, kind, (body.length + 2) >> 8, (body.length + 2) & 255]);
  return joined([head, body]);
}

/** The browser's JPEG with the photograph's segments in the place of its own JFIF header and profile. */
function withSegments(bytes, exif, xmp, kept) {
  let at = 2;
  while (bytes[at] === 0xff && bytes[at + 1] >= 0xe0 && bytes[at + 1] <= 0xef) at += 2 + view(bytes).getUint16(at + 2);
  const own = bytes.subarray(2, at);
  const jfif = kept.filter((one) => one[1] === 0xe0);
  const parts = [bytes.subarray(0, 2), ...(jfif.length ? jfif.slice(0, 1) : [own])];
  if (exif && exif.length + 6 <= MAX_SEGMENT) parts.push(segment(0xe1, joined([ascii("Exif\0\0"), exif])));
  if (xmp && xmp.length + XMP.length <= MAX_SEGMENT) parts.push(segment(0xe1, joined([ascii(XMP), xmp])));
  return [...parts, ...kept.filter((one) => one[1] !== 0xe0), bytes.subarray(at)];
}

// ---- WebP ----

function chunk(name, body) {
  return joined([ascii(name), number(body.length, true), body, new Uint8Array(body.length % 2)]);
}

/** The browser's WebP with metadata, which only the extended format holds. */
function withChunks(bytes, width, height, alpha, exif, xmp) {
  if (!exif && !xmp) return [bytes];
  const extended = String.fromCharCode(...bytes.subarray(12, 16)) === "VP8X";
  const flags = (alpha || (extended && bytes[20] & 0x10) ? 0x10 : 0) | (exif ? 0x08 : 0) | (xmp ? 0x04 : 0);
  const sides = [width - 1, height - 1].flatMap((side) => [side & 255, (side >> 8) & 255, side >> 16]);
  const content = bytes.subarray(extended ? 30 : 12);
  const parts = [ascii("WEBP"), chunk("VP8X", new Uint8Array([flags, 0, 0, 0, ...sides])), content];
  if (exif) parts.push(chunk("EXIF", exif));
  if (xmp) parts.push(chunk("XMP ", xmp));
  return [ascii("RIFF"), number(parts.reduce((sum, part) => sum + part.length, 0), true), ...parts];
}

// ---- PNG ----

const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  let value = n;
  for (let k = 0; k < 8; k++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

function pngChunk(name, body) {
  const content = joined([ascii(name), body]);
  let crc = 0xffffffff;
  for (const byte of content) crc = CRC[(crc ^ byte) & 255] ^ (crc >>> 8);
  return joined([number(body.length), content, number((crc ^ 0xffffffff) >>> 0)]);
}

async function png(strips, width, height, alpha, { exif, xmp, png: kept }) {
  const header = new Uint8Array([...number(width), ...number(height), 8, alpha ? 6 : 2, 0, 0, 0]);
  const parts = [new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]), pngChunk("IHDR", header), pngChunk("sRGB", new Uint8Array(1)), ...kept];
  if (exif) parts.push(pngChunk("eXIf", exif));
  if (xmp) parts.push(pngChunk("iTXt", joined([ascii("XML:com.adobe.xmp\0\0\0\0\0"), xmp])));
  parts.push(pngChunk("IDAT", await deflated(strips, width, alpha ? 4 : 3)), pngChunk("IEND", new Uint8Array(0)));
  return joined(parts);
}

/** All rows, filtered and compressed. */
async function deflated(strips, width, samples) {
  const stream = new CompressionStream("deflate");
  const reading = new Response(stream.readable).arrayBuffer();
  const writer = stream.writable.getWriter();
  let before = new Uint8Array(width * samples);
  for await (const { height, rgba } of strips) {
    const rows = new Uint8Array(height * (1 + width * samples));
    for (let y = 0, to = 0; y < height; y++) {
      const row = samples === 4 ? rgba.subarray(4 * y * width, 4 * (y + 1) * width) : opaque(rgba, y, width);
      rows[to++] = 4; // Paeth
      for (let i = 0; i < row.length; i++, to++) {
        const [left, corner] = i < samples ? [0, 0] : [row[i - samples], before[i - samples]];
        rows[to] = row[i] - paeth(left, before[i], corner);
      }
      before = row;
    }
    await writer.write(rows);
  }
  await writer.close();
  return new Uint8Array(await reading);
}

function opaque(rgba, y, width) {
  const row = new Uint8Array(3 * width);
  for (let x = 0, k = 4 * y * width, i = 0; x < width; x++, k += 4) {
    row[i++] = rgba[k];
    row[i++] = rgba[k + 1];
    row[i++] = rgba[k + 2];
  }
  return row;
}

function paeth(left, up, corner) {
  const [a, b, c] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}
