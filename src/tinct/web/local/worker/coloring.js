// What the page asks of the worker: photographs opened, previewed, rendered.

import { labOf, lightness } from "./color.js";
import { strips } from "./decode.js";
import { encoded, previewJpeg } from "./encode.js";
import { Merge } from "./merge.js";
import { histogram } from "./palette.js";
import { MAX_PREVIEW_SIDE, PREVIEW_SIDE, Photo } from "./photo.js";
import { planes } from "./planes.js";
import { Refusal } from "./problem.js";
import { families, suggestions } from "./suggestions.js";

/** @typedef {import("./planes.js").Planes} Planes */

const MAX_PHOTOS = 8; // kept in memory, of about 30 MB each; others are opened again when they are needed
const MIN_REFERENCE_CHROMA = 4; // mean chroma below which a reference picture counts as gray
const WRITTEN = { jpeg: "jpeg", png: "png", webp: "webp" }; // format of a photograph -> that of its result; of all others JPEG
const SUFFIXES = { jpeg: "jpg", png: "png", webp: "webp" };

export class Coloring {
  /** @param {import("./network.js").Network} network @param {object} table  colors.json */
  constructor(network, table) {
    Object.assign(this, { network, table });
    this.photos = new Map(); // key of a file -> promise of its Photo
    this.references = new WeakMap(); // Photo -> promise of its Reference
  }

  /** Load what the first photograph needs. */
  async warm() {
    await Promise.all([this.network.session("encode"), this.network.session("decode")]);
  }

  /** The photograph of a file, opened at its first use. @param {number} key @param {File} file @returns {Promise<Photo>} */
  photo(key, file) {
    if (!this.photos.has(key)) {
      const opened = Photo.open(file, this.network);
      this.photos.set(key, opened);
      opened.catch(() => this.photos.get(key) === opened && this.photos.delete(key));
    }
    const found = this.photos.get(key);
    this.photos.delete(key); // so that the one that was used last stands last
    this.photos.set(key, found);
    if (this.photos.size > MAX_PHOTOS) this.photos.delete(this.photos.keys().next().value);
    return found;
  }

  async open(key, file) {
    const photo = await this.photo(key, file);
    const { width, height, notes } = photo;
    const edit = this.network.spec.edit;
    const [gray, color] = [await this.drawn(photo, { ...edit, strength: 0 }, PREVIEW_SIDE), await this.drawn(photo, edit, PREVIEW_SIDE)];
    return { width, height, notes, edit, gray, color, previewSide: PREVIEW_SIDE, maxPreviewSide: MAX_PREVIEW_SIDE };
  }

  async preview(key, file, edit, side) {
    return this.drawn(await this.photo(key, file), await this.checked(edit), side);
  }

  /** A preview as a JPEG. */
  async drawn(photo, edit, side) {
    const gray = await photo.gray(side);
    const merge = await this.merge(photo, edit, gray.width, gray.height);
    if (merge.needsGuide) merge.learn(gray.data, 0);
    const rgba = new Uint8ClampedArray(4 * gray.data.length).fill(255);
    merge.strip(gray.data, { x: 0, y: 0, width: gray.width, height: gray.height }, rgba);
    return previewJpeg(rgba, gray.width, gray.height);
  }

  /** A part of the photograph at full size. */
  async part(key, file, edit, { x, y, width, height }) {
    const photo = await this.photo(key, file);
    const area = { x, y, width: Math.min(width, photo.width - x), height: Math.min(height, photo.height - y) };
    const merge = await this.merge(photo, await this.checked(edit), photo.width, photo.height);
    const bitmap = await photo.bitmap();
    learn(merge, bitmap);
    const rgba = new Uint8ClampedArray(4 * area.width * area.height);
    for (const strip of strips(bitmap, area)) {
      paintStrip(merge, strip, { ...area, y: area.y + strip.top, height: strip.height });
      rgba.set(strip.rgba, 4 * strip.top * area.width);
    }
    return previewJpeg(rgba, area.width, area.height);
  }

  /**
   * The result at full size.
   * @param {string} format  original, jpg, png or webp @param {"color" | "layer" | "compare"} output
   * @param {string | null} xmp  the packet to write
   */
  async render(key, file, edit, format, output, xmp) {
    const photo = await this.photo(key, file);
    const own = output === "layer" ? "png" : WRITTEN[photo.format] ?? "jpeg";
    const kind = format === "original" ? own : format === "jpg" ? "jpeg" : format;
    if (!SUFFIXES[kind]) throw new Refusal("program-format", `${format.toUpperCase()} is a format that the program writes.`, { name: photo.name, format: format.toUpperCase() });
    const merge = await this.merge(photo, await this.checked(edit), photo.width, photo.height);
    const bitmap = await photo.bitmap();
    learn(merge, bitmap);
    const { width, height, rows, alpha } = outputs[output](photo, bitmap, merge);
    const packet = xmp === null ? null : new TextEncoder().encode(xmp);
    const blob = await encoded(kind, rows, width, height, alpha, photo.metadata, packet);
    return { blob, name: `${photo.name.replace(/\.[^.]+$/, "") || photo.name}.${output}.${SUFFIXES[kind]}` };
  }

  /** What goes into the record of a result: the original, what was extracted from the reference, and the model. */
  async origin(key, file, like) {
    const photo = await this.photo(key, file);
    const reference = like && (await this.reference(like));
    return { origin: photo.origin(), like: reference && (await packed(reference)), model: this.network.spec };
  }

  async suggest(key, file, { x, y, hints, count }) {
    const photo = await this.photo(key, file);
    const { likely, light } = await (await photo.canvas(null)).likely(x, y, hints);
    return { colors: suggestions(likely, light, count, this.table), families: families(likely, light, this.table) };
  }

  async close(key) {
    const photo = await this.photos.get(key)?.catch(() => null);
    this.photos.delete(key);
    photo?.close();
  }

  // ---- details ----

  /** An edit with all fields, whose reference is what was extracted from it. */
  async checked(edit) {
    const whole = { ...this.network.spec.edit, ...edit };
    if (whole.ensemble) throw new Refusal("needs-program", "An ensemble is something that the program computes.");
    return { ...whole, like: whole.like && (await this.reference(whole.like)) };
  }

  /** @param {{key: number, file: File}} like */
  async reference({ key, file }) {
    const photo = await this.photo(key, file);
    if (!this.references.has(photo)) this.references.set(photo, this.extracted(photo));
    return this.references.get(photo);
  }

  /** The latent code and the histogram of a color picture. @returns {Promise<import("./canvas.js").Reference>} */
  async extracted(photo) {
    const rgb = await photo.small();
    const size = rgb.height * rgb.width;
    const ab = planes(2, rgb.height, rgb.width);
    let chroma = 0;
    for (let i = 0; i < size; i++) {
      const [, a, b] = labOf(rgb.data[i], rgb.data[size + i], rgb.data[2 * size + i]);
      [ab.data[i], ab.data[size + i]] = [a, b];
      chroma += Math.hypot(a, b) / size;
    }
    if (chroma < MIN_REFERENCE_CHROMA) throw new Refusal("gray-reference", `${photo.name} is gray, so it has no colors to take as a reference.`);
    const canvas = await photo.canvas(null);
    return { name: photo.name, code: await this.network.code(canvas.encoded, ab, canvas.full), histogram: histogram(ab) };
  }

  /** The edit's colors, ready for pixels of any size. */
  async merge(photo, edit, width, height) {
    const canvas = await photo.canvas(edit.detail);
    const ab = edit.strength ? await canvas.colors(edit) : planes(2, canvas.light.height, canvas.light.width);
    return new Merge(planes(2, ab.height, ab.width, ab.data.map((value) => value * edit.strength)), canvas.light, width, height, photo.known);
  }
}

/** Give a merge the whole lightness, where it needs that first. */
function learn(merge, bitmap) {
  if (!merge.needsGuide) return;
  for (const { top, height, rgba } of strips(bitmap)) merge.learn(lightOf(rgba, bitmap.width * height), top);
}

function lightOf(rgba, count) {
  const light = new Float32Array(count);
  lightness(rgba, light);
  return light;
}

function paintStrip(merge, { rgba }, part) {
  merge.strip(lightOf(rgba, part.width * part.height), part, rgba);
}

/** What each output is made of: its size, its rows from top to bottom, and whether it is transparent in places. */
const outputs = {
  color(photo, bitmap, merge) {
    const { width, height } = photo;
    const alpha = photo.metadata.alpha;
    return { width, height, alpha, rows: colored(photo, bitmap, merge, (strip) => strip.rgba) };
  },
  /** The photograph beside the result. */
  compare(photo, bitmap, merge) {
    const { width, height } = photo;
    const gap = Math.max(2, Math.floor(width / 100));
    const whole = 2 * width + gap;
    const rows = colored(photo, bitmap, merge, (strip, before) => {
      const both = new Uint8ClampedArray(4 * whole * strip.height).fill(255);
      for (let y = 0; y < strip.height; y++) {
        both.set(before.subarray(4 * y * width, 4 * (y + 1) * width), 4 * y * whole);
        both.set(strip.rgba.subarray(4 * y * width, 4 * (y + 1) * width), 4 * (y * whole + width + gap));
      }
      return both;
    });
    return { width: whole, height, alpha: false, rows };
  },
  /** The layer that turns the photograph into the result when it lies over it, each pixel as transparent as possible. */
  layer(photo, bitmap, merge) {
    const { width, height } = photo;
    return { width, height, alpha: true, rows: colored(photo, bitmap, merge, (strip, before) => layered(before, strip.rgba)) };
  },
};

function* colored(photo, bitmap, merge, made) {
  for (const strip of strips(bitmap)) {
    const before = strip.rgba.slice();
    paintStrip(merge, strip, { x: 0, y: strip.top, width: photo.width, height: strip.height });
    yield { ...strip, rgba: made(strip, before) };
  }
}

function layered(before, after) {
  const found = new Uint8ClampedArray(after.length);
  for (let i = 0; i < after.length; i += 4) {
    let opacity = 0;
    for (const k of [i, i + 1, i + 2]) {
      const change = after[k] - before[k];
      const room = change > 0 ? 255 - before[k] : before[k]; // the largest change that opaque paint could make
      opacity = Math.max(opacity, Math.abs(change) / Math.max(1, room));
    }
    opacity = after[i + 3] ? Math.ceil(opacity * 255) : 0;
    for (const k of [i, i + 1, i + 2]) found[k] = Math.round(before[k] + ((after[k] - before[k]) * 255) / Math.max(1, opacity));
    found[i + 3] = opacity;
  }
  return found;
}

/** A reference as the JSON form of an edit holds it. */
async function packed({ name, code, histogram: frequencies }) {
  const compressed = async (values) => {
    const stream = new Blob([new Float32Array(values)]).stream().pipeThrough(new CompressionStream("deflate"));
    return btoa(String.fromCharCode(...new Uint8Array(await new Response(stream).arrayBuffer())));
  };
  return { name, code: await compressed(code), histogram: await compressed(frequencies) };
}
