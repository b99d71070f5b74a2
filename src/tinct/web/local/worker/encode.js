// Files of results, with the photograph's metadata: JPEG and PNG in strips, WebP by the browser's canvas.

import { uprightExif } from "./exif.js";
import { asResources, asText } from "./iptc.js";
import { JpegWriter } from "./jpeg.js";
import { Refusal } from "./problem.js";
import { SRGB_PROFILE } from "./profile.js";
import { PHOTOSHOP, ascii, chunksOf, joined } from "./segments.js";

/** @typedef {import("./segments.js").Metadata} Metadata */
/** @typedef {{top: number, height: number, rgba: Uint8ClampedArray}} Strip */

const QUALITY = 95; // of JPEG and WebP, as the program's default
const PREVIEW_QUALITY = 0.85;
const MAX_SIDE = { jpeg: 65_500, webp: 16_383, png: 2 ** 31 - 1 }; // pixels
const MAX_SEGMENT = 65_533; // bytes of a JPEG segment's body
const XMP = "http://ns.adobe.com/xap/1.0/\0";
const RESOLUTION = [72, 72]; // dots an inch, where the photograph doesn't say, as the program writes it
const METERS_IN_INCH = 0.0254;

/** A whole number as big-endian bytes. */
const number = (value, bytes = 4) => Uint8Array.from({ length: bytes }, (_, i) => (value >>> (8 * (bytes - 1 - i))) & 255);

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
 * @param {Metadata & {turn: import("./turn.js").Turn}} metadata  of the photograph, and what made it upright
 * @param {Uint8Array | null} xmp  the packet to write
 * @returns {Promise<Blob>}
 */
export async function encoded(format, strips, width, height, alpha, metadata, xmp) {
  if (Math.max(width, height) > MAX_SIDE[format])
    throw new Refusal("format-limit", `${format.toUpperCase()} holds at most ${MAX_SIDE[format]} pixels a side.`);
  const exif = metadata.exif && uprightExif(metadata.exif, metadata.turn, [width, height]);
  const write = { jpeg, png, webp }[format];
  return new Blob(await write(strips, width, height, alpha, { ...metadata, exif, xmp }), { type: `image/${format}` });
}

// ---- JPEG ----

/** The start marker and the segments with metadata. */
function jpegHead({ exif, xmp, iptc, resources, comments, resolution }) {
  const parts = [new Uint8Array([0xff, 0xd8])];
  const segment = (kind, ...bodies) => {
    const body = joined(bodies);
    if (body.length <= MAX_SEGMENT) parts.push(new Uint8Array([0xff, kind]), number(body.length + 2, 2), body);
  };
  const [across, down] = (resolution ?? RESOLUTION).map((dots) => Math.min(0xffff, Math.max(1, Math.round(dots))));
  segment(0xe0, ascii("JFIF\0\x01\x01\x01"), number(across, 2), number(down, 2), new Uint8Array(2));
  if (exif) segment(0xe1, ascii("Exif\0\0"), exif);
  if (xmp) segment(0xe1, ascii(XMP), xmp);
  segment(0xe2, ascii("ICC_PROFILE\0\x01\x01"), SRGB_PROFILE);
  const list = asResources(resources, iptc);
  if (list.length) segment(0xed, ascii(PHOTOSHOP), list);
  return [...parts, ...comments];
}

async function jpeg(strips, width, height, alpha, metadata) {
  const writer = new JpegWriter(width, height, QUALITY);
  for await (const { rgba } of strips) writer.add(alpha ? onWhite(rgba) : rgba);
  return [...jpegHead(metadata), ...writer.finish()];
}

function onWhite(rgba) {
  for (let i = 0; i < rgba.length; i += 4) {
    const opacity = rgba[i + 3] / 255;
    for (const k of [i, i + 1, i + 2]) rgba[k] = 255 + opacity * (rgba[k] - 255);
    rgba[i + 3] = 255;
  }
  return rgba;
}

// ---- WebP ----

function chunk(name, body) {
  return joined([ascii(name), number(body.length).reverse(), body, new Uint8Array(body.length % 2)]);
}

/** By the browser; the canvas of the whole picture is larger than some browsers allow. */
async function webp(strips, width, height, alpha, { exif, xmp }) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { alpha });
  for await (const { top, height: rows, rgba } of strips) context?.putImageData(new ImageData(rgba, width, rows), 0, top);
  const blob = await canvas.convertToBlob({ type: "image/webp", quality: QUALITY / 100 }).catch(() => null);
  canvas.width = canvas.height = 1; // gives its memory back at once
  if (blob?.type !== "image/webp") throw new Refusal("browser-format", "This browser can't write a WebP of this size.", { format: "WebP" });
  return withChunks(new Uint8Array(await blob.arrayBuffer()), width, height, alpha, exif, xmp);
}

/** The browser's WebP with metadata, which only the extended format holds. */
function withChunks(bytes, width, height, alpha, exif, xmp) {
  const own = [...chunksOf(bytes)].filter(([kind]) => ["ALPH", "VP8 ", "VP8L"].includes(kind));
  const flags = 0x20 | (alpha ? 0x10 : 0) | (exif ? 0x08 : 0) | (xmp ? 0x04 : 0); // the first one: a profile
  const sides = [width - 1, height - 1].flatMap((side) => [side & 255, (side >> 8) & 255, side >> 16]);
  const parts = [ascii("WEBP"), chunk("VP8X", new Uint8Array([flags, 0, 0, 0, ...sides])), chunk("ICCP", SRGB_PROFILE)];
  parts.push(...own.map(([kind, at, end]) => chunk(kind, bytes.subarray(at + 8, end))));
  if (exif) parts.push(chunk("EXIF", exif));
  if (xmp) parts.push(chunk("XMP ", xmp));
  return [ascii("RIFF"), number(parts.reduce((sum, part) => sum + part.length, 0)).reverse(), ...parts];
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
  return joined([number(body.length), content, number(~crc)]);
}

async function png(strips, width, height, alpha, { exif, xmp, iptc, texts, resolution }) {
  const header = new Uint8Array([...number(width), ...number(height), 8, alpha ? 6 : 2, 0, 0, 0]);
  const meters = (resolution ?? RESOLUTION).map((dots) => number(Math.round(dots / METERS_IN_INCH)));
  const parts = [new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]), pngChunk("IHDR", header), ...texts];
  if (iptc.length) parts.push(pngChunk("zTXt", joined([ascii("Raw profile type iptc\0\0"), await deflated(ascii(asText(iptc)))])));
  if (xmp) parts.push(pngChunk("iTXt", joined([ascii("XML:com.adobe.xmp\0\0\0\0\0"), xmp])));
  parts.push(pngChunk("sRGB", new Uint8Array(1)), pngChunk("pHYs", joined([...meters, new Uint8Array([1])])));
  if (exif) parts.push(pngChunk("eXIf", exif));
  return [...parts, ...(await pngRows(strips, width, alpha ? 4 : 3)), pngChunk("IEND", new Uint8Array(0))];
}

const deflated = async (bytes) => new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"))).arrayBuffer());

/** All rows, filtered and compressed, in chunks as the compression gives them. @returns {Promise<Blob[]>} */
async function pngRows(strips, width, samples) {
  const stream = new CompressionStream("deflate");
  const writer = stream.writable.getWriter();
  const reading = collected(stream.readable.getReader());
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
  return reading;
}

const PNG_PART = 2 ** 20; // bytes of a chunk of pixels, at least

/** Chunks of pixels from a stream; a Blob may keep them on the disk. */
async function collected(reader) {
  const found = [];
  let [parts, size] = [[], 0];
  for (let done = false; !done; ) {
    const part = await reader.read();
    done = part.done;
    if (!done) parts.push(part.value);
    size += part.value?.length ?? 0;
    if (size < PNG_PART && !(done && size)) continue;
    found.push(new Blob([pngChunk("IDAT", joined(parts))]));
    [parts, size] = [[], 0];
  }
  return found;
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
