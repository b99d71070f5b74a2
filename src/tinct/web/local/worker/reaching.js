// The colors of a picture with hints, each reaching what it belongs to, as `tinct.coloring.reaching`, which explains the three steps:
// informing hints, recoloring hints, and confined ones.

import { coverage } from "./areas.js";
import { AB_SCALE } from "./color.js";
import { chromaOf, hasArea, keeps, patch, reachOf } from "./hints.js";
import { clamp, plane, planes } from "./planes.js";

/** @typedef {import("./planes.js").Planes} Planes */
/** @typedef {import("./hints.js").Hint} Hint */
/** @typedef {import("./canvas.js").Canvas} Canvas */
/** @typedef {import("./canvas.js").Edit} Edit */
/**
 * @typedef {object} Groups  hints that act together
 * @property {number[]} kinds  of all hints: 1 informing, 2 recoloring, 3 confined, 0 keeping the color that is there
 * @property {number} informed  how far informing hints reach the rest of the picture, 0..1
 * @property {number[]} kind  of each group
 * @property {number[]} number  index of each group's last hint
 * @property {Float32Array} colors  a*, b* of each group
 * @property {Float32Array} fills  how far each group fills its object, 0..1
 * @property {Float32Array} masks  share of each cell in each group's object
 * @property {Float32Array} inside  how far each pixel takes on each group's color
 * @property {Float32Array} change  how far each pixel takes on the colors of the third step
 * @property {Float32Array} areas  1 in the cells that the area of each hint with one touches
 */

const REACHES = { picture: 2, object: 1 }; // as the graph `groups` takes them
const [KEEPING, AREA, REST_KEPT] = [0, 3, 4];
/** @type {import("./canvas.js").Fill} */
const NO_FILL = { masks: new Float32Array(0), colors: new Float32Array(0), fills: new Float32Array(0) };

/** a*, b* of the working size. @param {Canvas} canvas @param {Edit} edit @returns {Promise<Planes>} */
export async function colorView(canvas, edit) {
  const { known, kept } = await withColors(canvas, edit);
  let cells = await canvas.plain(edit);
  if (!known.length) return canvas.pixels(edit, cells, []);
  const groups = await grouped(canvas, edit, known, kept, cells);
  const { kinds, kind, number, inside } = groups;
  const [first, second, third] = [1, 2, 3].map((step) => untilStep(known, kinds, step));
  if (first.length) cells = await canvas.cells(edit, first, cells, groups.informed, fillOf(groups, 1));
  if (second.length > first.length) cells = await canvas.cells(edit, second, cells, 0, fillOf(groups, 2));
  let pixels = await canvas.pixels(edit, cells, second);
  if (third.length > second.length) {
    const fill = withAreas(fillOf(groups, 3), groups.areas, known.filter((hint, i) => kinds[i] === 3 && hasArea(hint)));
    pixels = await canvas.pixels(edit, await canvas.cells(edit, third, cells, 0, fill), third, { onto: pixels, amount: groups.change });
  }
  const size = pixels.height * pixels.width;
  for (const [g, i] of number.entries()) {
    if (kind[g] !== KEEPING) continue;
    const amount = hasArea(known[i]) ? coverage(known[i].reach, canvas.photo, canvas.size).data : inside.subarray(g * size, (g + 1) * size);
    const before = kept.get(i).data;
    pixels = planes(2, pixels.height, pixels.width, pixels.data.map((value, k) => value + amount[k % size] * (before[k] - value)));
  }
  return pixels;
}

/**
 * Hints with a color each: those to keep a color have the one at their place in the result with the hints before them.
 * @returns {Promise<{known: Hint[], kept: Map<number, Planes>}>}  `kept`: that result, by the index of those whose object or area keeps it
 */
export async function withColors(canvas, edit) {
  const [known, kept] = [[], new Map()];
  let before = null;
  for (const [i, hint] of edit.hints.entries()) {
    if (!keeps(hint)) {
      known.push(hint);
      before = null;
      continue;
    }
    before ??= await colorView(canvas, { ...edit, hints: edit.hints.slice(0, i) }); // hints in a row keep the same result
    const spots = patch(hint, canvas.photo, canvas.size);
    const total = spots.reduce((sum, { share }) => sum + share, 0);
    const ab = [0, 1].map((c) => clamp(spots.reduce((sum, { index, share }) => sum + share * plane(before, c)[index], 0) / total, -AB_SCALE, AB_SCALE));
    known.push({ ...hint, color: undefined, ab });
    if (reachOf(hint) !== "picture") kept.set(i, before);
  }
  return { known, kept };
}

/** Hints of the steps up to one. @param {Hint[]} hints @param {number[]} kinds @param {number} step */
const untilStep = (hints, kinds, step) => hints.filter((_, i) => 1 <= kinds[i] && kinds[i] <= step);

/** Which hints act together, and where. @param {import("./network.js").Tensor} cells  a*, b* without hints @returns {Promise<Groups>} */
async function grouped(canvas, edit, hints, kept, cells) {
  const { network, shape, size, photo } = canvas;
  const reach = hints.map((hint, i) => (kept.has(i) ? KEEPING : hasArea(hint) ? AREA : reachOf(hint) === "object" && hint.keep_rest ? REST_KEPT : REACHES[reachOf(hint)]));
  const touching = [...hints.keys()].filter((i) => [KEEPING, REACHES.object, REST_KEPT].includes(reach[i]));
  const areas = hints.filter((_, i) => reach[i] === AREA);
  const none = new Float32Array(0);
  let found = { kinds: reach.map((one) => (one === REACHES.picture ? 1 : 3)), informed: reach.includes(REACHES.picture) ? 1 : 0, kind: [], number: [], colors: none, fills: none };
  let inputs = { seeds: network.floats(none, [0, ...shape]), kind: network.integers([]), number: network.integers([]), colors: network.floats(none, [0, 2]) };
  if (!touching.length && !areas.length) return { ...found, masks: none, inside: none, change: none, areas: none };
  const scene = await canvas.scene(edit);
  if (touching.length) {
    inputs = await network.run("groups", {
      ...scene,
      covered: network.floats(joined(touching.map((i) => coveredCells(canvas, hints[i]))), [touching.length, ...shape]),
      touch_colors: network.floats(touching.flatMap((i) => chromaOf(hints[i])), [touching.length, 2]),
      hint: network.integers(touching),
      reach: network.integers(reach),
      shape: network.integers(shape),
    });
    const { kinds, informed, kind, number, colors, fills } = inputs;
    found = { kinds: numbers(kinds), informed: informed.data[0], kind: numbers(kind), number: numbers(number), colors: colors.data, fills: fills.data };
  }
  const covered = areas.map((hint) => coverage(hint.reach, photo, size).data);
  const acting = untilStep(hints, found.kinds, 3);
  const after = acting.length ? await canvas.cells(edit, acting, cells, 1, NO_FILL) : cells;
  const { masks, inside, change, area_cells } = await network.run("masks", {
    ...canvas.fixed,
    ...scene,
    ...inputs,
    before: cells,
    after,
    areas: network.floats(joined(covered), [covered.length, size[1], size[0]]),
  });
  return { ...found, masks: masks.data, inside: inside.data, change: change.data, areas: area_cells.data };
}

const numbers = (tensor) => Array.from(tensor.data, Number);

/** The share of each cell under a hint. @returns {Float32Array} */
function coveredCells({ shape, cell, photo, size }, hint) {
  const found = new Float32Array(shape[0] * shape[1]);
  for (const { index, share } of patch(hint, photo, size))
    found[Math.floor(Math.floor(index / size[0]) / cell) * shape[1] + Math.floor((index % size[0]) / cell)] += share / cell ** 2;
  return found;
}

/** The groups of one kind as objects to fill. @param {Groups} groups @returns {import("./canvas.js").Fill} */
function fillOf({ kind, masks, colors, fills }, wanted) {
  const chosen = [...kind.keys()].filter((g) => kind[g] === wanted);
  const taken = (values) => joined(chosen.map((g) => values.subarray((g * values.length) / kind.length, ((g + 1) * values.length) / kind.length)));
  return { masks: taken(masks), colors: taken(colors), fills: wanted === 3 ? new Float32Array(chosen.length).fill(1) : taken(fills) };
}

/** Objects to fill, followed by the areas of hints. @param {import("./canvas.js").Fill} fill @param {Float32Array} areas @param {Hint[]} hints */
function withAreas({ masks, colors, fills }, areas, hints) {
  const [more, ones] = [Float32Array.from(hints.flatMap(chromaOf)), new Float32Array(hints.length).fill(1)];
  return { masks: joined([masks, areas]), colors: joined([colors, more]), fills: joined([fills, ones]) };
}

/** @param {Float32Array[]} parts */
function joined(parts) {
  const found = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    found.set(part, at);
    at += part.length;
  }
  return found;
}
