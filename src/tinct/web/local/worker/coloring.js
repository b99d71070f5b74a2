// What the page asks of the worker: photographs opened, previewed, rendered.

import { labOf } from "./color.js";
import { strips } from "./decode.js";
import { encoded, previewJpeg } from "./encode.js";
import { Standardization, cellsOf } from "./matching.js";
import { Merge } from "./merge.js";
import { objectColors } from "./object_variants.js";
import { learn, outputs, paintStrip } from "./outputs.js";
import { histogram } from "./palette.js";
import { MAX_PREVIEW_SIDE, PREVIEW_SIDE, Photo, WRITTEN } from "./photo.js";
import { planes } from "./planes.js";
import { Refusal } from "./problem.js";
import { decidedBy, hintsOn } from "./recurring.js";
import { families, suggestions } from "./suggestions.js";

/** @typedef {import("./planes.js").Planes} Planes */
/** @typedef {{key: number, file: File}} Named  a picture file, and the number by which it is known */

const MAX_PHOTOS = 8; // kept in memory, of about 30 MB each; others are opened again when they are needed
const MAX_DESCRIBED = 200; // photographs of which it is kept what matching needs, about 400 kB each
const MAX_PART = 4096; // pixels of a side
const MIN_REFERENCE_CHROMA = 4; // mean chroma below which a reference picture counts as gray
const SUFFIXES = { jpeg: "jpg", png: "png", webp: "webp" };

/** Fields of an edit with a range: [least, greatest, whether only whole numbers]. */
const RANGES = { variant: [1, 1000, true], seed: [0, Number.MAX_SAFE_INTEGER, true], vividness: [0, 1], strength: [0, 1], like_strength: [0, 1] };

export class Coloring {
  /** @param {import("./network.js").Network} network @param {object} table  colors.json */
  constructor(network, table) {
    Object.assign(this, { network, table });
    this.photos = new Map(); // key of a file -> promise of its Photo
    this.references = new WeakMap(); // Photo -> promise of its Reference
    this.described = new Map(); // key of a file -> promise of its Described
    this.latest = {}; // name -> {key, value}: what the questions of one search have in common
  }

  /** Load what the first photograph needs. */
  async warm() {
    await Promise.all(["encode", "decode", "affinity", "cells", "pixels", "lines"].map((name) => this.network.session(name)));
  }

  /** The photograph of a file, opened at its first use. @param {Named} named @returns {Promise<Photo>} */
  photo({ key, file }) {
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

  async open(named) {
    const photo = await this.photo(named);
    const { width, height, notes } = photo;
    const edit = this.network.spec.edit;
    const [gray, color] = [await this.drawn(photo, { ...edit, strength: 0 }, PREVIEW_SIDE), await this.drawn(photo, edit, PREVIEW_SIDE)];
    return { width, height, notes, edit, gray, color, previewSide: PREVIEW_SIDE, maxPreviewSide: MAX_PREVIEW_SIDE };
  }

  async preview(named, edit, side) {
    return this.drawn(await this.photo(named), await this.checked(edit), Math.min(side, MAX_PREVIEW_SIDE));
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
  async part(named, edit, area) {
    const photo = await this.photo(named);
    const { x, y, width, height } = area;
    if (x < 0 || y < 0 || Math.min(width, height) < 1 || Math.max(width, height) > MAX_PART || x + width > photo.width || y + height > photo.height)
      throw new Refusal("part-outside", `The part ${x},${y},${width},${height} lies outside the picture, or is larger than ${MAX_PART} pixels.`);
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
  async render(named, edit, format, output, xmp) {
    const photo = await this.photo(named);
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
  async origin(named, like) {
    const photo = await this.photo(named);
    const reference = like && (await this.reference(like));
    return { origin: photo.origin(), like: reference && (await packed(reference)), model: this.network.spec };
  }

  /** The colors that a place most probably has, and families of ready colors at its lightness. */
  async suggest(named, { x, y, hints, count }) {
    const { likely, light } = await this.likely(named, x, y, hints);
    const told = ({ color, name, probability }) => ({ color, name, probability });
    return {
      colors: suggestions(likely, light, count, this.table).map(told),
      families: families(likely, light, this.table).map(({ colors, ...one }) => ({ ...one, colors: colors.map(told) })),
    };
  }

  /** Hints with other plausible colors of one object, each of which keeps all else. */
  async objectVariants(named, { x, y, reach = "object", hints = [], count = 8 }) {
    const { likely, light } = await this.likely(named, x, y, hints);
    const area = reach === "object" ? {} : { reach };
    return objectColors(likely, light, count, this.table).map((color) => ({ x, y, color, ...area, keep_rest: true }));
  }

  async likely(named, x, y, hints) {
    const canvas = await (await this.photo(named)).canvas(null);
    return canvas.likely(x, y, hints);
  }

  /** Keep what `recurring` needs of another photograph. @param {Named} named @param {Named} other */
  async describe(named, other) {
    await this.description(other);
  }

  /**
   * Hints that give the object of a hint its color on one photograph of a group.
   * @param {Named} named  the photograph with the hint @param {Named[]} group  other photographs @param {number} i  which of them
   */
  async recurring(named, hint, group, i) {
    const all = [];
    for (const one of [named, ...group]) all.push(await this.description(one));
    const standardization = this.common("standardization", [named, ...group].map(({ key }) => key), () => new Standardization(all.map(({ cells }) => cells)));
    const decided = await this.common("decided", [named.key, hint], () => this.decided(named, hint, all[0]));
    return hintsOn(hint, all[0], decided, all[i + 1], standardization);
  }

  /** @param {number} key  of a file */
  async close(key) {
    const photo = await this.photos.get(key)?.catch(() => null);
    this.photos.delete(key);
    this.described.delete(key);
    photo?.close();
  }

  // ---- details ----

  /** An edit with all fields, whose reference is what was extracted from it. */
  async checked(edit) {
    const whole = { ...this.network.spec.edit, ...edit };
    for (const [field, [low, high, isWhole]] of Object.entries(RANGES)) {
      const value = whole[field];
      if (!(value >= low && value <= high) || (isWhole && !Number.isInteger(value))) throw new Refusal("edit-value", `${field} must be from ${low} to ${high}, not ${value}.`);
    }
    if (whole.ensemble) throw new Refusal("needs-program", "An ensemble is something that the program computes.");
    return { ...whole, like: whole.like && (await this.reference(whole.like)) };
  }

  /** What was extracted from a reference picture. @param {Named} like */
  async reference(like) {
    const photo = await this.photo(like);
    if (!this.references.has(photo)) {
      const extracted = this.extracted(photo);
      this.references.set(photo, extracted);
      extracted.catch(() => this.references.delete(photo)); // it may succeed when there is more memory
    }
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

  /** What matching needs of a photograph. @param {Named} named @returns {Promise<import("./recurring.js").Described>} */
  description(named) {
    const { key } = named;
    if (!this.described.has(key)) {
      const made = this.photo(named).then(async (photo) => {
        const { light, encoded, mount, size } = await photo.canvas(null);
        return { cells: cellsOf(light, encoded.features, mount), photo: [photo.width, photo.height], size };
      });
      this.described.set(key, made);
      made.catch(() => this.described.delete(key));
      if (this.described.size > MAX_DESCRIBED) this.described.delete(this.described.keys().next().value);
    }
    return this.described.get(key);
  }

  /** The cells whose color a hint decided: 1 in these. */
  async decided(named, hint, described) {
    const canvas = await (await this.photo(named)).canvas(null);
    const { edit } = this.network.spec;
    return decidedBy(await canvas.colors(edit), await canvas.colors({ ...edit, hints: [hint] }), hint, described);
  }

  /** A value, or the promise of one, that is computed again only for another key, or where it failed. */
  common(name, key, made) {
    const text = JSON.stringify(key);
    if (this.latest[name]?.text !== text) {
      const value = made();
      this.latest[name] = { text, value };
      if (value instanceof Promise) value.catch(() => delete this.latest[name]);
    }
    return this.latest[name].value;
  }

  /** The edit's colors, ready for pixels of any size. */
  async merge(photo, edit, width, height) {
    const canvas = await photo.canvas(edit.detail);
    return new Merge(await canvas.lines(edit), width, height, photo.known);
  }
}

/** A reference as the JSON form of an edit holds it. */
async function packed({ name, code, histogram: frequencies }) {
  const compressed = async (values) => {
    const stream = new Blob([new Float32Array(values)]).stream().pipeThrough(new CompressionStream("deflate"));
    return btoa(String.fromCharCode(...new Uint8Array(await new Response(stream).arrayBuffer())));
  };
  return { name, code: await compressed(code), histogram: await compressed(frequencies) };
}
