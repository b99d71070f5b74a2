// The colors of a picture with hints, each reaching what it belongs to, as `tinct.coloring.reaching`, which explains the three steps:
// informing hints, recoloring hints, and confined ones.

import { coverage } from "./areas.js";
import { AB_SCALE } from "./color.js";
import { fidelity, sharpen } from "./flow.js";
import { groupHints } from "./grouping.js";
import { chromaOf, draw, hasArea, keeps, patch, reachOf } from "./hints.js";
import { connected, logOdds, shares } from "./objects.js";
import { clamp, cropped, padded, plane, planes } from "./planes.js";
import { applyHints, krige } from "./propagation.js";
import { bilinearResize } from "./resampling.js";

/** @typedef {import("./planes.js").Planes} Planes */
/** @typedef {import("./hints.js").Hint} Hint */
/**
 * @typedef {object} View
 * @property {[number, number]} photo  width, height of the photograph
 * @property {[number, number]} size  width, height of the working size
 * @property {Planes} light  L*, padded to whole cells
 * @property {Uint8Array | null} mount  1 in pixels of a mount
 * @property {number} vividness
 * @property {() => import("./objects.js").Scene} scene
 * @property {(hints: Hint[]) => Promise<Planes>} cells  a*, b* of the network's cells with these hints
 */

const FILL_VARIATION = 0.25; // share of the network's own variation of color in an object that a recoloring hint fills
const RIM = [0.15, 0.4]; // share in a confined object up to which a place keeps its color, and from which it takes the new one entirely

/** a*, b* of the working size. @param {View} view @param {Hint[]} hints @returns {Promise<Planes>} */
export async function colorView(view, hints) {
  const drawn = (some) => draw(some, view.photo, view.size);
  const colored = async (some) => krige(await view.cells(some), view.light, drawn(some));
  if (hints.every((hint) => reachOf(hint) === "picture" && !keeps(hint))) return finished(view, await colored(hints), hints); // or there are none
  const { known, kept } = await withColors(view, hints);
  const { kinds, informed, groups: bare } = groupHints(view, known, kept);
  const groups = withMasks(view, bare);
  const [first, second, third] = [1, 2, 3].map((step) => known.filter((_, i) => 1 <= kinds[i] && kinds[i] <= step));
  let cells = await view.cells([]);
  if (first.length) {
    const colors = await colored(first);
    cells = planes(2, cells.height, cells.width, cells.data.map((value, i) => value + informed * (colors.data[i] - value)));
    for (const group of groups) if (group.kind === 1) cells = filled(cells, colors, group.color, group.mask.data, group.fill);
  }
  if (second.length > first.length) {
    const colors = await colored(second);
    for (const group of groups) if (group.kind === 2) cells = filled(cells, colors, group.color, group.mask.data, group.fill);
  }
  let pixels = finished(view, cells, second);
  if (third.length > second.length) pixels = await confinedColors(view, third, groups.filter(({ kind }) => kind === 3), cells, pixels, await colored(third));
  for (const group of groups.filter(({ kind }) => kind === 0)) {
    const hint = known[group.number];
    const amount = hasArea(hint) ? coverage(hint.reach, view.photo, view.size).data : inside(view, group.mask).data;
    const before = kept.get(group.number).data;
    pixels = planes(2, pixels.height, pixels.width, pixels.data.map((value, i) => value + amount[i % amount.length] * (before[i] - value)));
  }
  return pixels;
}

/**
 * Hints with a color each: those to keep a color have the one at their place in the result with the hints before them.
 * @returns {Promise<{known: Hint[], kept: Map<number, Planes>}>}  `kept`: that result, by the index of those whose object or area keeps it
 */
export async function withColors(view, hints) {
  const [known, kept] = [[], new Map()];
  let before = null;
  for (const [i, hint] of hints.entries()) {
    if (!keeps(hint)) {
      known.push(hint);
      before = null;
      continue;
    }
    before ??= await colorView(view, hints.slice(0, i)); // hints in a row keep the same result
    const spots = patch(hint, view.photo, view.size);
    const total = spots.reduce((sum, { share }) => sum + share, 0);
    const ab = [0, 1].map((c) => clamp(spots.reduce((sum, { index, share }) => sum + share * plane(before, c)[index], 0) / total, -AB_SCALE, AB_SCALE));
    known.push({ ...hint, color: undefined, ab });
    if (reachOf(hint) !== "picture") kept.set(i, before);
  }
  return { known, kept };
}

/** The groups with their masks. A group that keeps a color competes with later ones only. */
function withMasks(view, groups) {
  if (!groups.length) return [];
  const scene = view.scene();
  const seeds = planes(groups.length, ...scene.shape);
  groups.forEach((group, i) => plane(seeds, i).set(group.seeds));
  const odds = logOdds(scene, seeds);
  const members = shares(odds, groups.map((_, i) => i));
  return groups.map((group, i) => {
    let mask = planes(1, ...scene.shape, plane(members, i).slice());
    if (group.kind === 0) {
      const rivals = groups.flatMap((other, j) => (other.number > group.number ? [j] : []));
      mask = planes(1, ...scene.shape, plane(shares(odds, [i, ...rivals]), 0).slice());
    }
    return { ...group, mask: group.kind === 0 || group.kind === 3 ? connected(mask, group.seeds, RIM[0]) : mask };
  });
}

/** How far each pixel takes on the colors of a confined object, 0..1, from the cells' shares in it. */
function inside(view, mask) {
  const amount = planes(1, mask.height, mask.width, mask.data.map((value) => clamp((value - RIM[0]) / (RIM[1] - RIM[0]), 0, 1)));
  return cropped(bilinearResize(amount, view.light.height, view.light.width), view.size[1], view.size[0]);
}

/** `pixels` with the third step; exactly `pixels` outside of all areas and objects. */
async function confinedColors(view, hints, groups, cells, pixels, colors) {
  const rest = new Float32Array(pixels.height * pixels.width).fill(1);
  const leave = (amount) => amount.forEach((value, i) => (rest[i] *= 1 - value));
  for (const group of groups) {
    cells = filled(cells, colors, group.color, group.mask.data);
    leave(inside(view, widest(group.mask)).data);
  }
  for (const hint of hints.filter(hasArea)) {
    const covered = coverage(hint.reach, view.photo, view.size);
    leave(covered.data);
    cells = filled(cells, colors, chromaOf(hint), touchedCells(padded(covered, view.light.height, view.light.width, "edge"), cells));
  }
  const changed = finished(view, cells, hints);
  return planes(2, pixels.height, pixels.width, pixels.data.map((value, i) => (rest[i % rest.length] < 1 ? value + (1 - rest[i % rest.length]) * (changed.data[i] - value) : value)));
}

/** 1 in the cells that an area touches. */
function touchedCells(covered, cells) {
  const found = new Float32Array(cells.height * cells.width);
  const [tall, wide] = [covered.height / cells.height, covered.width / cells.width];
  covered.data.forEach((share, i) => {
    if (share > 0) found[Math.floor(Math.floor(i / covered.width) / tall) * cells.width + Math.floor((i % covered.width) / wide)] = 1;
  });
  return found;
}

/**
 * Cells with an object in the color of its hint.
 * @param {Planes} cells  a*, b* without the hint
 * @param {Planes} colors  those that the network gave with it
 * @param {[number, number]} color  the hint's
 * @param {Float32Array} mask  share of each cell in the object
 * @param {number} amount  1 takes the hint's color with a part of the variation of `colors`; 0 takes `colors`
 */
function filled(cells, colors, color, mask, amount = 1) {
  const size = mask.length;
  const total = Math.max(mask.reduce((sum, one) => sum + one, 0), 1e-6);
  const mean = [0, 1].map((c) => mask.reduce((sum, share, i) => sum + share * colors.data[c * size + i], 0) / total);
  const found = planes(2, cells.height, cells.width);
  for (const c of [0, 1])
    for (let i = 0, k = c * size; i < size; i++, k++) {
      const wanted = colors.data[k] + amount * (color[c] + FILL_VARIATION * (colors.data[k] - mean[c]) - colors.data[k]);
      found.data[k] = cells.data[k] + mask[i] * (wanted - cells.data[k]);
    }
  return found;
}

/** Maximum over the 3 × 3 cells around each. */
function widest(mask) {
  const { height, width, data } = mask;
  const found = planes(1, height, width);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++)
        for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) found.data[y * width + x] = Math.max(found.data[y * width + x], data[v * width + u]);
  return found;
}

/** Cells enlarged to pixels of the working size, with the exact colors of the hints under them. */
function finished(view, cells, hints) {
  const drawn = draw(hints, view.photo, view.size);
  const covered = plane(drawn, 2);
  const pixels = sharpen(cells, view.light, fidelity(view.vividness));
  const { mount } = view;
  const at = (i) => Math.floor(i / view.size[0]) * view.light.width + (i % view.size[0]);
  if (mount && !covered.some((share, i) => share && mount[at(i)])) // unless someone gave it a color
    for (let i = 0; i < mount.length; i++) if (mount[i]) pixels.data[i] = pixels.data[mount.length + i] = 0;
  return applyHints(cropped(pixels, view.size[1], view.size[0]), drawn);
}
