// One photograph in the worker: its file, its small copies, and its encodings by the network.

import { Canvas } from "./canvas.js";
import { lightness } from "./color.js";
import { checkPixels, copied, decoded, knownRows, unreadable } from "./decode.js";
import { kindOf } from "./kinds.js";
import { hasOwnColor } from "./own_color.js";
import { plane, planes } from "./planes.js";
import { Refusal } from "./problem.js";
import { formatOf, metadataOf } from "./segments.js";
import { thumbnail } from "./thumbnail.js";
import { Turn } from "./turn.js";

/** @typedef {import("./planes.js").Planes} Planes */

export const PREVIEW_SIDE = 1024; // pixels of the longer side of the first previews
export const MAX_PREVIEW_SIDE = 2048;
const MIN_SIDE = 8; // pixels of the short side
const MAX_DETAIL = 2048;
export const WRITTEN = { jpeg: "jpeg", png: "png", webp: "webp" }; // format of a photograph -> that of its result; of all others JPEG
const RECORD = "urn:tinct:provenance:1"; // namespace in the XMP of what tinct colored
const TURNED_IN_XMP = /tiff:Orientation(?:>|\s*=\s*["'])\s*[2-8]/;

/** The bitmap of the photograph that was used last: 4 bytes a pixel, so only one is kept. */
let latest = { photo: null, bitmap: null };

export class Photo {
  /** @param {File} file @param {import("./network.js").Network} network */
  static async open(file, network) {
    const bytes = new Uint8Array(await file.arrayBuffer().catch(() => {
      throw unreadable(file.name);
    }));
    if (!bytes.length) throw new Refusal("empty-file", `${file.name} is empty (0 bytes).`, { name: file.name });
    const photo = new Photo();
    photo.file = file;
    photo.name = file.name;
    photo.network = network;
    photo.format = formatOf(bytes);
    photo.kind = kindOf(bytes);
    photo.metadata = await metadataOf(bytes, photo.format);
    checkPixels(photo.metadata.pixels, photo.name); // before the browser tries to decode them
    const { rows, notes } = photo.metadata.truncated ? await knownRows(bytes, photo) : { rows: 1, notes: [] };
    const bitmap = await photo.bitmap();
    [photo.width, photo.height] = [bitmap.width, bitmap.height];
    photo.metadata.turn = Turn.of(photo.metadata.orientation, photo.width, photo.height);
    photo.known = rows < 1 ? photo.metadata.turn.box(0, 0, 1, rows) : null;
    if (Math.min(photo.width, photo.height) < MIN_SIDE)
      throw new Refusal("too-small", `${photo.name} has only ${photo.width} × ${photo.height} pixels; both sides need at least ${MIN_SIDE}.`);
    photo.sha256 = [...new Uint8Array(await digestOf(bytes))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    photo.canvases = new Map();
    photo.grays = new Map();
    const small = await photo.small();
    photo.coloredBefore = photo.xmp.includes(RECORD);
    photo.hadColor = photo.coloredBefore || hasOwnColor(small);
    photo.notes = [...photo.notesOf(), ...notes];
    return photo;
  }

  /** The decoded photograph. */
  async bitmap() {
    if (latest.photo !== this) {
      latest.bitmap?.close();
      latest = { photo: null, bitmap: null };
      const bitmap = await decoded(this);
      latest.bitmap?.close(); // none, unless two photographs were decoded at once
      latest = { photo: this, bitmap };
    }
    return latest.bitmap;
  }

  /** Red, green and blue at a working size, 0..255. @param {number} [side]  of the short side @returns {Promise<Planes>} */
  async small(side = this.network.spec.preparation.side) {
    if (this.shrunk?.side !== side) {
      const [width, height] = this.network.workingSize(this.width, this.height, side);
      this.shrunk = { side, rgb: thumbnail(await this.bitmap(), width, height, this.format === "jpeg") };
    }
    return this.shrunk.rgb;
  }

  /** The photograph as the network encodes it. @param {number | null} detail  working size of the short side @returns {Promise<Canvas>} */
  async canvas(detail) {
    const { side, multiple } = this.network.spec.preparation;
    if (detail !== null && !(detail >= multiple && detail <= MAX_DETAIL && detail % multiple === 0))
      throw new Refusal("edit-value", `detail must be a multiple of ${multiple} from ${multiple} to ${MAX_DETAIL}, not ${detail}.`);
    const key = detail ?? side;
    if (!this.canvases.has(key)) {
      if (this.canvases.size > 1) this.canvases.delete([...this.canvases.keys()].find((one) => one !== side));
      const light = lightnessOf(await this.small(key));
      this.canvases.set(key, await Canvas.of(this.network, light, [this.width, this.height]));
    }
    return this.canvases.get(key);
  }

  /** L* of a small copy for the screen, its longer side at most `longest` pixels. @returns {Promise<Planes>} */
  async gray(longest) {
    const scale = Math.min(1, longest / Math.max(this.width, this.height));
    const [width, height] = [this.width, this.height].map((n) => Math.max(1, Math.round(n * scale)));
    const key = Math.max(width, height);
    if (!this.grays.has(key)) {
      const light = planes(1, height, width);
      lightness(copied(await this.bitmap(), width, height), light.data);
      this.grays.set(key, light);
    }
    return this.grays.get(key);
  }

  /** The XMP packet as text. */
  get xmp() {
    return new TextDecoder().decode(this.metadata.xmp ?? new Uint8Array(0));
  }

  /** What the record of a result says of the original, and what its XMP needs to know. */
  origin() {
    const { sha256, name, format, hadColor, metadata } = this;
    const { orientation, width, height } = metadata.turn;
    return { xmp: metadata.xmp && this.xmp, sha256, name, format, hadColor, turn: { orientation, width, height } };
  }

  /** What people should know. @returns {{code: string, text: string, values: object}[]} */
  notesOf() {
    const { name, metadata } = this;
    const notes = [];
    const note = (code, text, values = {}) => notes.push({ code, text, values: { name, ...values } });
    const rest = "only its lightness was used, and its colors were replaced";
    if (this.coloredBefore) note("colored-before", `${name} was colored by tinct before; ${rest}`);
    else if (this.hadColor) note("color-photograph", `${name} is a color photograph; ${rest}`);
    if (metadata.deep) note("eight-bits", `${name} has more than 8 bits a sample; a browser keeps 8 of them, and the program tinct all`);
    const format = this.format.toUpperCase();
    if (!WRITTEN[this.format]) note("written-as-jpeg", `browsers write no ${format}: the result is a JPEG, unless you choose another format`, { format });
    if (metadata.frames > 1) note("first-picture", `only the first of the ${metadata.frames} pictures of ${name} is colored`, { count: metadata.frames });
    if (metadata.orientation === 1 && TURNED_IN_XMP.test(this.xmp)) note("turned-in-xmp", `only the XMP of ${name} says that it is turned, which most programs ignore; it was left as it is`);
    return notes;
  }

  close() {
    if (latest.photo !== this) return;
    latest.bitmap.close();
    latest = { photo: null, bitmap: null };
  }
}

/** SHA-256; a page that came without TLS has none, and the record goes without. */
const digestOf = (bytes) => (crypto.subtle ? crypto.subtle.digest("SHA-256", bytes) : new ArrayBuffer(0));

/** L* of sRGB. @param {Planes} rgb @returns {Planes} */
export function lightnessOf(rgb) {
  const found = planes(1, rgb.height, rgb.width);
  const rgba = new Uint8ClampedArray(4 * found.data.length);
  for (const c of [0, 1, 2]) plane(rgb, c).forEach((value, i) => (rgba[4 * i + c] = value));
  lightness(rgba, found.data);
  return found;
}
