// Which hints act together, what each kind of them does, and where they are, as `tinct.coloring.grouping`.

import { chromaOf, confined, patch, reachOf } from "./hints.js";
import { plausibility } from "./objects.js";
import { clamp, rounded } from "./planes.js";

/** @typedef {import("./hints.js").Hint} Hint */
/** @typedef {{color: [number, number], cells: {index: number, share: number}[], amount: number, fill: number, number: number, kind: number}} Touch  one hint, by cells */
/**
 * @typedef {object} Group
 * @property {number} kind  1 informing, 2 recoloring, 3 confined, 0 keeping the color that is there
 * @property {[number, number]} color  a*, b*
 * @property {Float32Array} seeds  the share of each cell under its hints
 * @property {number} number  index of its last hint
 * @property {number} fill  how far it fills its object, 0..1
 * @property {import("./planes.js").Planes} [mask]  share of each cell in its object
 */

// The constants of `tinct.coloring.grouping`, which gives their reasons.
const PLAUSIBLE = 0.05;
const OTHER_COLORS = 4.5;
const INFORMING_CELLS = 2;
const INFORMING_FILL = 0.5;
const SAME_GROUP_STEP = 10;
const MAX_GROUPS = 24;

/**
 * @param {import("./reaching.js").View} view
 * @param {Hint[]} hints  each with a color
 * @param {Map<number, any>} kept  by the indices of those that keep the color that is there
 * @returns {{kinds: number[], informed: number, groups: Group[]}}  `informed`: how far informing hints reach the rest of the picture, 0..1
 */
export function groupHints(view, hints, kept) {
  const scene = view.scene();
  const kinds = hints.map((hint, i) => (kept.has(i) ? 0 : reachOf(hint) === "picture" ? 1 : 3));
  let informed = hints.some((hint) => reachOf(hint) === "picture") ? 1 : 0;
  let cells = 0;
  const touches = new Map(hints.flatMap((hint, i) => (kept.has(i) || reachOf(hint) === "object" ? [[i, touchOf(view, hint, i)]] : [])));
  const names = new Map([...touches].filter(([i]) => !kept.has(i)).map(([i, { color }]) => [i, color.map((value) => rounded(value / SAME_GROUP_STEP) + 0).join()]));
  const same = (name) => [...names.values()].filter((other) => other === name).length;
  const touched = [];
  for (const [i, name] of names) {
    const touch = touches.get(i);
    const alone = Math.exp(-(((names.size - same(name)) / OTHER_COLORS) ** 2));
    const likely = plausibility(scene, touch.cells, touch.color);
    const needed = PLAUSIBLE * alone;
    kinds[i] = confined(hints[i]) ? 3 : likely >= needed ? 1 : 2;
    let fill = alone;
    if (kinds[i] === 1) {
      fill *= INFORMING_FILL;
      cells += touch.amount * clamp((likely ** 2 - needed ** 2) / (likely ** 2 + needed ** 2 + 1e-12), 0, 1);
    }
    touched.push({ ...touch, kind: kinds[i], fill });
  }
  informed = Math.max(informed, 1 - Math.exp(-((cells / INFORMING_CELLS) ** 2)));
  const keeping = [...kept.keys()].map((i) => ({ kind: 0, color: touches.get(i)?.color, seeds: seedsOf([touches.get(i)], scene.shape), number: i, fill: 1 }));
  return { kinds, informed, groups: [...keeping, ...merged(touched, scene.shape)] };
}

/** @returns {Touch} */
function touchOf(view, hint, number) {
  const { shape } = view.scene();
  const [tall, wide] = [view.light.height / shape[0], view.light.width / shape[1]];
  const sums = new Map();
  for (const { index, share } of patch(hint, view.photo, view.size)) {
    const cell = Math.floor(Math.floor(index / view.size[0]) / tall) * shape[1] + Math.floor((index % view.size[0]) / wide);
    sums.set(cell, (sums.get(cell) ?? 0) + share / (tall * wide));
  }
  const cells = [...sums].filter(([, share]) => share > 0).map(([index, share]) => ({ index, share }));
  return { color: chromaOf(hint), cells, amount: cells.reduce((sum, { share }) => sum + share, 0), fill: 1, number, kind: 0 };
}

/** Touches by similar colors; at most `MAX_GROUPS` lists, in the order of their colors. */
function alike(touches) {
  for (let step = SAME_GROUP_STEP; ; step *= 2) {
    const lists = new Map();
    for (const touch of touches) {
      const name = touch.color.map((value) => rounded(value / step) + 0);
      const key = name.join();
      if (!lists.has(key)) lists.set(key, { name, touches: [] });
      lists.get(key).touches.push(touch);
    }
    if (lists.size <= MAX_GROUPS) return [...lists.values()].sort((one, other) => one.name[0] - other.name[0] || one.name[1] - other.name[1]).map((list) => list.touches);
  }
}

/** Groups of one kind and of similar colors. @returns {Group[]} */
function merged(touched, shape) {
  return [1, 2, 3].flatMap((kind) =>
    alike(touched.filter((touch) => touch.kind === kind)).map((chosen) => {
      const total = chosen.reduce((sum, { amount }) => sum + amount, 0);
      const mean = (value) => chosen.reduce((sum, touch) => sum + value(touch) * touch.amount, 0) / total;
      const color = /** @type {[number, number]} */ ([mean((touch) => touch.color[0]), mean((touch) => touch.color[1])]);
      return { kind, color, seeds: seedsOf(chosen, shape), number: Math.max(...chosen.map(({ number }) => number)), fill: mean((touch) => touch.fill) };
    }),
  );
}

/** The share of each cell under hints. */
function seedsOf(touches, [rows, columns]) {
  const found = new Float32Array(rows * columns);
  for (const { cells } of touches) for (const { index, share } of cells) found[index] += share;
  return found.map((value) => Math.min(1, value));
}
