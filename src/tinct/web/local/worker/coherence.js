// Coherent decoding, as `tinct.coloring.coherence`: mean-field inference in a fully connected conditional random field, so that colors
// agree inside an object and may differ between objects. Messages go by way of landmarks.

import { pooled } from "./affinity.js";
import { AB_BINS } from "./color.js";
import { gaussian, product, transposed } from "./matrices.js";
import { expectedColor, probabilities, softmax, vividLogits } from "./palette.js";
import { clamp, padded, planes } from "./planes.js";
import { areaResize } from "./resampling.js";

/** @typedef {import("./planes.js").Planes} Planes */
/** @typedef {import("./affinity.js").Affinity} Affinity */

// The constants of `tinct.coloring.coherence`.
const COLOR_SCALE = 12; // standard deviation, in the ab plane, of the agreement between two colors
const STRENGTH = 6; // weight of the other cells' message, as a natural logarithm
const FULL_STRENGTH_FROM = 0.25; // vividness
const REBALANCE = 0.7; // factor on the palette's rebalancing
const BOOST = 1.6; // factor on the palette's chroma gain
const ITERATIONS = 4; // mean-field updates
const MAX_BINS = 64; // ab bins that take part
const PEAK_SHARE = 0.02; // weight of a bin's largest probability beside its mean, for its choice
const TINY = 1e-6;

/**
 * Colors of cells that agree between cells that are alike.
 * @param {Planes} logits  of the ab bins
 * @param {Affinity} affinity
 * @param {import("./palette.js").Palette} palette
 * @param {number} vividness  0..1
 * @param {Float32Array} [covered]  share of each cell that hints cover, which takes no message from other cells
 * @returns {Planes}  a*, b*
 */
export function coherentColors(logits, affinity, palette, vividness, covered) {
  const [rows, columns] = affinity.shape;
  const places = rows * columns;
  const free = (p) => (covered ? 1 - clamp(covered[p], 0, 1) : 1);
  const cells = vividness ? agreed(logits, affinity, palette, vividness, free) : expectedColor(probabilities(logits.data, places), rows, columns);
  for (let p = 0; p < places; p++)
    if (affinity.mount[p]) {
      cells.data[p] *= 1 - free(p);
      cells.data[places + p] *= 1 - free(p);
    }
  return cells;
}

function agreed(logits, affinity, palette, vividness, free) {
  const [rows, columns] = affinity.shape;
  const places = rows * columns;
  const calmer = { ...palette, rebalance: REBALANCE * palette.rebalance };
  const { unary, colors, likely } = chosenBins(vividLogits(logits.data, places, calmer, vividness), places);
  const strength = STRENGTH * Math.min(1, vividness / FULL_STRENGTH_FROM);
  const message = messageOf(unary, likely, colors, affinity, strength);
  const sure = sureness(likely, places);
  for (let i = 0, p = 0; i < unary.length; i++, p = p + 1 === places ? 0 : p + 1) unary[i] += strength * message[i] * (1 - sure[p]) * free(p);
  softmax(unary, places);
  const gain = 1 + Math.sqrt(vividness) * BOOST * palette.boost;
  const cells = planes(2, rows, columns);
  colors.forEach(([a, b], bin) => {
    for (let p = 0, i = bin * places; p < places; p++, i++) {
      cells.data[p] += gain * a * unary[i];
      cells.data[places + p] += gain * b * unary[i];
    }
  });
  return cells;
}

/** The picture's most probable bins: their logits, colors and probabilities. */
function chosenBins(logits, places) {
  const all = probabilities(logits, places);
  const scores = AB_BINS.map((_, bin) => {
    let [sum, top] = [0, 0];
    for (let i = bin * places; i < (bin + 1) * places; i++) {
      sum += all[i];
      if (all[i] > top) top = all[i];
    }
    return sum / places + PEAK_SHARE * top;
  });
  const chosen = scores.map((_, bin) => bin).sort((one, other) => scores[other] - scores[one] || one - other).slice(0, MAX_BINS);
  const taken = (values) => {
    const found = new Float32Array(chosen.length * places);
    chosen.forEach((bin, i) => found.set(values.subarray(bin * places, (bin + 1) * places), i * places));
    return found;
  };
  return { unary: taken(logits), colors: chosen.map((bin) => AB_BINS[bin]), likely: taken(all) };
}

/** (chosen, cells) 0..1: how well each color agrees with those of alike cells, weighted by how sure these are. */
function messageOf(unary, likely, colors, affinity, strength) {
  const count = colors.length;
  const places = unary.length / count;
  const landmarks = affinity.grid[0] * affinity.grid[1];
  const scaled = Float32Array.from([...colors.map(([a]) => a / COLOR_SCALE), ...colors.map(([, b]) => b / COLOR_SCALE)]);
  const agreement = gaussian(scaled, scaled, 2);
  const own = pooled(affinity, unary);
  let sure = sureness(likely, places);
  let q = pooled(affinity, likely.map((value, i) => value * sure[i % places]));
  sure = pooled(affinity, sure);
  const first = sure;
  for (let n = 1; n < ITERATIONS; n++) {
    q = received(affinity.between, agreement, q, sure, count, landmarks);
    for (let i = 0; i < q.length; i++) q[i] = own[i] + strength * (1 - first[i % landmarks]) * q[i];
    softmax(q, landmarks);
    sure = sureness(q, landmarks);
    for (let i = 0; i < q.length; i++) q[i] *= sure[i % landmarks];
  }
  return received(affinity.kernel, agreement, q, sure, count, landmarks);
}

/** (chosen, receivers) mean agreement of each color with the senders' distributions, weighted by kernel and sureness. */
function received(kernel, agreement, mass, sure, count, senders) {
  const receivers = kernel.length / senders;
  const sent = new Float32Array((count + 1) * senders);
  sent.set(product(agreement, mass, count, count, senders));
  sent.set(sure, count * senders);
  const found = product(kernel, transposed(sent, count + 1, senders), receivers, senders, count + 1); // (receivers, count + 1)
  const shares = new Float32Array(count * receivers);
  for (let i = 0; i < receivers; i++) {
    const total = 1 / (found[i * (count + 1) + count] + TINY);
    for (let bin = 0; bin < count; bin++) shares[bin * receivers + i] = found[i * (count + 1) + bin] * total;
  }
  return shares;
}

/** The inverse of each place's perplexity, 1 for a single bin. @param {Float32Array} q  (bins, places) */
function sureness(q, places) {
  const found = new Float32Array(places);
  for (let i = 0, p = 0; i < q.length; i++, p = p + 1 === places ? 0 : p + 1) found[p] += q[i] * Math.log(q[i] + 1e-9);
  return found.map(Math.exp);
}

/** How far each cell's color is given by hints, 1 from a quarter on. @param {Planes} hinted  0..1 where hints are, without padding @returns {Float32Array} */
export function cover(hinted, cell, [rows, columns]) {
  return areaResize(padded(hinted, rows * cell, columns * cell, "zero"), rows, columns).data.map((value) => clamp(4 * value, 0, 1));
}
