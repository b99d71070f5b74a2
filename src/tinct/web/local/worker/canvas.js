// One photograph that the network has encoded, ready for any number of edits, as `tinct.coloring.canvas`.

import { affinityOf } from "./affinity.js";
import { coherentColors, cover } from "./coherence.js";
import { checkHints, draw } from "./hints.js";
import { mountPixels } from "./mounts.js";
import { describe } from "./objects.js";
import { expectedColor, matchHistogram, probabilities } from "./palette.js";
import { clamp, padded, plane, planes } from "./planes.js";
import { colorView, withColors } from "./reaching.js";
import { bilinearSample } from "./resampling.js";
import { AB_SCALE } from "./color.js";
import { Refusal } from "./problem.js";
import { codeOffset, regionTilts } from "./variants.js";

/** @typedef {import("./planes.js").Planes} Planes */
/** @typedef {import("./hints.js").Hint} Hint */
/** @typedef {{code: Float32Array, histogram: Float32Array, name: string}} Reference */
/** @typedef {{hints: Hint[], like: Reference | null, like_strength: number, variant: number, seed: number, vividness: number, strength: number}} Edit */

const MAX_RELATIVE_CHROMA = 1.5; // limit of a variant's mean chroma relative to that of the automatic result
const REFERENCE_TEMPERATURE = 0.4; // factor on the spread of variants in the colors of a reference picture of strength 1
const REFERENCE_HISTOGRAM_WEIGHT = 0.7; // share of the reference's histogram in the one that the colors approach, at strength 1
const MAX_LOGITS = 6; // decoder outputs that are kept
const MAX_COLORS = 12; // results of edits that are kept
const FEATURE_MAP = "feature2"; // the encoder's map with 1/16 of the working size

/** The latest values by key. */
class Latest {
  constructor(count) {
    this.count = count;
    this.values = new Map();
  }

  async get(key, made) {
    if (!this.values.has(key)) {
      const making = made();
      this.values.set(key, making);
      making.catch(() => this.values.delete(key));
    }
    const found = this.values.get(key);
    this.values.delete(key);
    this.values.set(key, found);
    if (this.values.size > this.count) this.values.delete(this.values.keys().next().value);
    return found;
  }
}

export class Canvas {
  /**
   * @param {import("./network.js").Network} network
   * @param {Planes} light  L* at the working size
   * @param {[number, number]} photo  width, height of the photograph
   */
  static async of(network, light, photo) {
    const { multiple } = network.spec.preparation;
    const whole = [light.height, light.width].map((n) => Math.ceil(n / multiple) * multiple);
    const full = padded(light, whole[0], whole[1], "symmetric");
    return new Canvas(network, light, full, photo, await network.encode(full));
  }

  constructor(network, light, full, photo, encoded) {
    Object.assign(this, { network, light, full, photo, encoded });
    const { features } = encoded;
    this.shape = [features.feature0.height, features.feature0.width];
    this.cell = full.height / this.shape[0];
    this.size = [light.width, light.height];
    this.affinity = affinityOf(full, features[FEATURE_MAP], this.shape, [light.height, light.width]);
    this.mount = mountPixels(this.affinity.mount, this.shape, full);
    this.decoded = new Latest(MAX_LOGITS);
    this.colored = new Latest(MAX_COLORS);
    this.scenes = new Latest(2);
  }

  /** a*, b* at the working size, before `strength`. @param {Edit} edit @returns {Promise<Planes>} */
  colors(edit) {
    checkHints(edit.hints, this.photo);
    const key = JSON.stringify([keyOf(edit), edit.vividness, edit.hints]);
    return this.colored.get(key, async () => {
      const found = await colorView(await this.view(edit), edit.hints);
      return planes(2, found.height, found.width, found.data.map((value) => clamp(value, -AB_SCALE, AB_SCALE)));
    });
  }

  /**
   * What the model finds likely at a place of the photograph.
   * @returns {Promise<{likely: Float32Array, light: number}>}  probabilities of the ab bins, and L*
   */
  async likely(x, y, hints) {
    if (!(0 <= x && x <= this.photo[0] && 0 <= y && y <= this.photo[1])) throw new Refusal("hint-outside", `${x},${y} lies outside the picture.`);
    checkHints(hints, this.photo);
    const edit = { ...this.network.automatic, hints };
    const { known } = await withColors(await this.view(edit), hints);
    const logits = await this.logits({ ...edit, hints: known });
    const [row, column] = [(y / this.photo[1]) * this.light.height, (x / this.photo[0]) * this.light.width];
    const at = Math.min(Math.floor(row), this.light.height - 1) * this.light.width + Math.min(Math.floor(column), this.light.width - 1);
    return { likely: probabilities(bilinearSample(logits, row / this.cell, column / this.cell), 1), light: this.light.data[at] };
  }

  /** @param {Edit} edit @returns {Promise<import("./reaching.js").View>} */
  async view(edit) {
    const { photo, size, full: light, mount } = this;
    const scene = edit.hints.length ? await this.scene(edit) : null;
    return { photo, size, light, mount, vividness: edit.vividness, scene: () => scene, cells: (hints) => this.cells({ ...edit, hints }) };
  }

  /** What the hints' masks are computed from: the automatic result without hints. */
  scene(edit) {
    return this.scenes.get(JSON.stringify(referenceKey(edit)), async () => describe(this.full, this.encoded.features[FEATURE_MAP], await this.logits({ ...edit, variant: 1, hints: [] })));
  }

  /** a*, b* of the decoder's cells, as if the edit's hints reached the whole picture. */
  async cells(edit) {
    const cells = await this.agreed(edit);
    if (edit.variant === 1 || !edit.vividness) return cells;
    const usual = await this.agreed({ ...edit, variant: 1 });
    const logits = await this.logits(edit);
    const mean = expectedColor(probabilities(logits.data, this.shape[0] * this.shape[1]), ...this.shape);
    const limit = Math.max(MAX_RELATIVE_CHROMA * meanChroma(usual), meanChroma(mean));
    const part = Math.min(1, limit / Math.max(meanChroma(cells), 1e-6));
    return planes(2, ...this.shape, cells.data.map((value) => value * part));
  }

  /** a*, b* on which the cells agree; those that hints cover keep what the network made of the hints. */
  async agreed(edit) {
    const { spec } = this.network;
    return coherentColors(await this.logits(edit), this.affinity, spec.palette, edit.vividness, edit.hints.length ? this.covered(edit.hints) : undefined);
  }

  covered(hints) {
    const drawn = draw(hints, this.photo, this.size);
    return cover(planes(1, drawn.height, drawn.width, plane(drawn, 2)), this.cell, this.shape);
  }

  /** Logits of the decoder's cells. @param {Edit} edit @returns {Promise<Planes>} */
  logits(edit) {
    return this.decoded.get(keyOf(edit), async () => {
      const found = await this.decode(edit);
      return edit.variant > 1 ? this.tilted(found, edit) : found;
    });
  }

  async decode({ variant, seed, hints, ...edit }) {
    const { network, encoded } = this;
    const { codes } = network.spec;
    const { like, share } = referenceOf(edit);
    const around = { ...codes, mean: codes.mean.map((value) => (1 - share) * value), temperature: (1 - share + share * REFERENCE_TEMPERATURE) * codes.temperature };
    const offset = variant > 1 ? codeOffset(around, seed, variant - 1) : codes.mean.map(() => 0);
    const middle = like ? like.code.map((value, i) => share * value + (1 - share) * encoded.priorMean[i]) : encoded.priorMean;
    const code = Float32Array.from(middle, (value, i) => value + offset[i] * encoded.priorScale[i]);
    const drawn = padded(draw(hints, this.photo, this.size), this.full.height, this.full.width, "zero");
    const logits = await network.decode(encoded, drawn, code);
    return like ? planes(logits.count, logits.height, logits.width, matchHistogram(logits.data, logits.height * logits.width, like.histogram, share * REFERENCE_HISTOGRAM_WEIGHT)) : logits;
  }

  /** Logits of a variant, with each region drawn toward one of its plausible colors; where hints are, nothing changes. */
  tilted(logits, { seed, variant, hints }) {
    const { regions } = this.affinity;
    const size = regions.height * regions.width;
    const all = probabilities(logits.data, size);
    const likely = Array.from({ length: regions.count }, (_, region) => {
      const shares = plane(regions, region);
      const total = Math.max(shares.reduce((sum, one) => sum + one, 0), 1e-6);
      return Float32Array.from({ length: logits.count }, (_, bin) => all.subarray(bin * size, (bin + 1) * size).reduce((sum, one, i) => sum + one * shares[i], 0) / total);
    });
    const covered = hints.length ? this.covered(hints) : null;
    const found = planes(logits.count, logits.height, logits.width, logits.data.slice());
    regionTilts(likely, seed, variant - 1).forEach((tilt, region) => {
      const shares = plane(regions, region).map((share, i) => (covered ? share * (1 - covered[i]) : share));
      tilt.forEach((value, bin) => {
        for (let i = 0, k = bin * size; i < size; i++, k++) found.data[k] += value * shares[i];
      });
    });
    return found;
  }
}

/** The reference of an edit, and its strength; null and 0 where it has no effect. @param {Partial<Edit>} edit */
const referenceOf = ({ like, like_strength: share }) => (like && share ? { like, share } : { like: null, share: 0 });

function referenceKey(edit) {
  const { like, share } = referenceOf(edit);
  return [like && Array.from(like.code), share];
}

/** What the logits of an edit depend on. @param {Edit} edit */
function keyOf({ variant, seed, hints, ...edit }) {
  return JSON.stringify([referenceKey(edit), variant, variant > 1 ? seed : 0, hints.map(({ x, y, color, ab, size }) => [x, y, color, ab, size])]);
}

function meanChroma(ab) {
  const size = ab.height * ab.width;
  let sum = 0;
  for (let i = 0; i < size; i++) sum += Math.hypot(ab.data[i], ab.data[size + i]);
  return sum / size;
}
