// One photograph that the network has encoded, ready for any number of edits, as `tinct.coloring.canvas`: the graphs of `tinct.graphs` in the
// order of docs/graphs.md, and what is kept between them.

import { AB_SCALE, L_SCALE } from "./color.js";
import { checkHints, draw } from "./hints.js";
import { probabilities } from "./palette.js";
import { clamp, padded, planes } from "./planes.js";
import { Refusal } from "./problem.js";
import { colorView, withColors } from "./reaching.js";
import { bilinearSample } from "./resampling.js";
import { evenly } from "./variants.js";

/** @typedef {import("./planes.js").Planes} Planes */
/** @typedef {import("./hints.js").Hint} Hint */
/** @typedef {{code: Float32Array, histogram: Float32Array, name: string}} Reference */
/** @typedef {{hints: Hint[], like: Reference | null, like_strength: number, variant: number, seed: number, vividness: number, strength: number}} Edit */
/** @typedef {import("./network.js").Tensor} Tensor */
/** @typedef {{masks: Float32Array, colors: Float32Array, fills: Float32Array}} Fill  objects in the colors of their hints, as the graph `cells` takes them */

const MAX_RELATIVE_CHROMA = 1.5; // limit of a variant's mean chroma relative to that of the automatic result
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
    const encoded = await network.encode(full);
    const gray = network.tensor(planes(1, full.height, full.width, full.data.map((value) => value / L_SCALE)));
    const given = { gray, size: network.integers([light.height, light.width]), feature2: network.tensor(encoded.features[FEATURE_MAP]) };
    return new Canvas(network, light, full, photo, encoded, { ...given, ...(await network.run("affinity", given)) });
  }

  /** @param {Record<string, Tensor>} fixed  inputs of graphs that are the same for all edits */
  constructor(network, light, full, photo, encoded, fixed) {
    Object.assign(this, { network, light, full, photo, encoded, fixed });
    const { height, width } = encoded.features.feature0;
    this.shape = [height, width];
    this.cell = full.height / height;
    this.mount = planes(1, height, width, fixed.mount.data); // 1 in cells of a mount around the photograph
    this.size = [light.width, light.height];
    this.decoded = new Latest(MAX_LOGITS);
    this.colored = new Latest(MAX_COLORS);
    this.unhinted = new Latest(MAX_COLORS); // cells
    this.chromas = new Latest(MAX_COLORS);
    this.scenes = new Latest(2);
  }

  /** a*, b* at the working size, before `strength`. @param {Edit} edit @returns {Promise<Planes>} */
  colors(edit) {
    checkHints(edit.hints, this.photo);
    const key = JSON.stringify([keyOf(edit), edit.vividness, edit.hints]);
    return this.colored.get(key, async () => {
      const found = await colorView(this, edit);
      return planes(2, found.height, found.width, found.data.map((value) => clamp(value, -AB_SCALE, AB_SCALE)));
    });
  }

  /** What `Merge` enlarges. @param {Edit} edit @returns {Promise<Planes>} */
  async lines(edit) {
    const { height, width } = this.light;
    return edit.strength ? this.network.lines(await this.colors(edit), this.light, edit.strength) : planes(4, height, width);
  }

  /**
   * What the model finds likely at a place of the photograph.
   * @returns {Promise<{likely: Float32Array, light: number}>}  probabilities of the ab bins, and L*
   */
  async likely(x, y, hints) {
    if (!(0 <= x && x <= this.photo[0] && 0 <= y && y <= this.photo[1])) throw new Refusal("hint-outside", `${x},${y} lies outside the picture.`);
    checkHints(hints, this.photo);
    const edit = { ...this.network.automatic, hints };
    const { known } = await withColors(this, edit);
    const logits = await this.logits({ ...edit, hints: known });
    const [row, column] = [(y / this.photo[1]) * this.light.height, (x / this.photo[0]) * this.light.width];
    const at = Math.min(Math.floor(row), this.light.height - 1) * this.light.width + Math.min(Math.floor(column), this.light.width - 1);
    return { likely: probabilities(bilinearSample(logits, row / this.cell, column / this.cell)), light: this.light.data[at] };
  }

  // ---- the graphs, in their order ----

  /** Logits of the decoder's cells. @param {Edit} edit @returns {Promise<Planes>} */
  logits(edit) {
    return this.decoded.get(keyOf(edit), async () => {
      const { network, encoded } = this;
      const { like, share } = referenceOf(edit);
      const mean = like ? encoded.priorMean.map((value, i) => share * like.code[i] + (1 - share) * value) : encoded.priorMean;
      const code = edit.variant > 1 ? await this.code(mean, share, edit) : mean;
      const logits = await network.decode(encoded, this.drawn(edit.hints), code);
      if (!like && edit.variant === 1) return logits;
      let found = network.tensor(logits);
      if (like) found = (await network.run("match", { logits: found, histogram: network.floats(like.histogram), like_strength: network.scalar(share) })).matched;
      return planes(logits.count, logits.height, logits.width, (edit.variant > 1 ? await this.tilted(found, edit) : found).data);
    });
  }

  /** The latent code of a variant. */
  async code(mean, share, { seed, variant }) {
    const { network, encoded } = this;
    const latent = [1, mean.length];
    const places = evenly([seed], network.spec.codes.directions.length, variant - 1);
    const inputs = { mean: network.floats(mean, latent), scale: network.floats(encoded.priorScale, latent), places: network.floats(places), like_strength: network.scalar(share) };
    return (await network.run("code", inputs)).code.data;
  }

  /** Logits of a variant, with each region drawn toward one of its plausible colors. @param {Tensor} logits @param {Edit} edit */
  async tilted(logits, { seed, variant, hints }) {
    const { network } = this;
    const { regions } = this.fixed;
    const count = regions.dims[0];
    const draws = network.floats(evenly([seed, count], count, variant - 1));
    return (await network.run("tilt", { logits, first_logits: logits, regions, draws, planes: network.tensor(this.drawn(hints)) })).tilted;
  }

  /** What the hints' masks are computed from: the automatic result without hints. @param {Edit} edit @returns {Promise<Record<string, Tensor>>} */
  scene(edit) {
    return this.scenes.get(JSON.stringify(referenceKey(edit)), async () => {
      const logits = this.network.tensor(await this.logits({ ...edit, variant: 1, hints: [] }));
      return this.network.run("scene", { ...this.fixed, logits });
    });
  }

  /** a*, b* of the decoder's cells without hints. @param {Edit} edit @returns {Promise<Tensor>} */
  plain(edit) {
    const bare = { ...edit, hints: [] };
    return this.unhinted.get(JSON.stringify([keyOf(bare), edit.vividness]), async () => (await this.decided(bare, await this.maxChroma(bare))).cells);
  }

  /** `before` with one step's hints. @param {Edit} edit @param {Hint[]} hints @param {Tensor} before @param {number} amount  how far all cells take on the new colors @param {Fill} fill */
  async cells(edit, hints, before, amount, fill) {
    const mine = { ...edit, hints };
    return (await this.decided(mine, await this.maxChroma(mine), before, amount, fill)).cells;
  }

  /** Limit of the mean chroma of a variant; 0 for none. @param {Edit} edit @returns {Promise<number>} */
  async maxChroma(edit) {
    if (edit.variant === 1 || !edit.vividness) return 0;
    const usual = { ...edit, variant: 1 };
    return this.chromas.get(JSON.stringify([keyOf(usual), edit.vividness]), async () => MAX_RELATIVE_CHROMA * (await this.decided(usual, 0)).chroma.data[0]);
  }

  async decided(edit, maxChroma, before = null, amount = 1, fill = { masks: [], colors: [], fills: [] }) {
    const { network, shape } = this;
    const groups = fill.fills.length;
    return network.run("cells", {
      ...this.fixed,
      logits: network.tensor(await this.logits(edit)),
      planes: network.tensor(this.drawn(edit.hints)),
      vividness: network.scalar(edit.vividness),
      before: before ?? network.floats(new Float32Array(2 * shape[0] * shape[1]), [2, ...shape]),
      amount: network.scalar(amount),
      max_chroma: network.scalar(maxChroma),
      masks: network.floats(fill.masks, [groups, ...shape]),
      colors: network.floats(fill.colors, [groups, 2]),
      fills: network.floats(fill.fills),
    });
  }

  /** a*, b* of the working size. @param {Edit} edit @param {Tensor} cells @param {Hint[]} hints @param {{onto: Planes, amount: Float32Array}} [blended]  the result of earlier steps */
  async pixels(edit, cells, hints, blended) {
    const { network } = this;
    const { height, width } = this.light;
    const { ab } = await network.run("pixels", {
      ...this.fixed,
      cells,
      planes: network.tensor(this.drawn(hints)),
      vividness: network.scalar(edit.vividness),
      onto: network.floats(blended?.onto.data ?? new Float32Array(2 * height * width), [2, height, width]),
      amount: network.floats(blended?.amount ?? new Float32Array(height * width).fill(1), [height, width]),
    });
    return planes(2, height, width, ab.data);
  }

  /** Hints as input planes, padded. @param {Hint[]} hints @returns {Planes} */
  drawn(hints) {
    return padded(draw(hints, this.photo, this.size), this.full.height, this.full.width, "zero");
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
