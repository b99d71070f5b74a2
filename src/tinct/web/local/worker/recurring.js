// An object that recurs: the color that it was given on one photograph, for the others that show it, as `tinct.collection.recurring`.

import { coverage } from "./areas.js";
import { chromaOf, hasArea, keeps, patch } from "./hints.js";
import { CELL, match, spread } from "./matching.js";
import { SAME_COLOR_RADIUS } from "./palette.js";
import { padded, planes } from "./planes.js";
import { Refusal } from "./problem.js";
import { areaResize } from "./resampling.js";

/** @typedef {import("./planes.js").Planes} Planes */
/** @typedef {import("./hints.js").Hint} Hint */
/** @typedef {import("./matching.js").Cells} Cells */
/** @typedef {{cells: Cells, photo: [number, number], size: [number, number]}} Described  `photo`, `size`: width, height at full and at the working size */

// The constants of `tinct.collection.recurring`, `series` and `consensus`.
const MIN_CELLS = 4; // matching cells of the object without which it isn't said to be there
const DOTS = 3; // hints on one object, at most
const MIN_DECIDING = 30; // sure matches that a pair of photographs needs
const MIN_CHANGE = 8; // distance in the ab plane by which a hint must change a cell to have decided its color
const MIN_COVERED = 0.05; // share of a cell under a hint from which the hint decides its color

/**
 * The cells whose color a hint decided.
 * @param {Planes} before  a*, b* at the working size without the hint @param {Planes} after  with it
 * @param {Hint} hint @param {Described} described
 * @returns {Uint8Array}  1 in these cells
 */
export function decidedBy(before, after, hint, { cells: { shape }, photo, size }) {
  if (keeps(hint)) throw new Refusal("hint", "A hint that keeps a color has none to carry over.");
  const count = shape[0] * shape[1];
  const [old, now] = [before, after].map((ab) => means(ab, shape).data);
  const cover = means(coveredBy(hint, photo, size), shape).data;
  const distance = (one, i, other, j) => Math.hypot(one[i] - other[j], one[count + i] - other[count + j]);
  const covered = [...cover.keys()].filter((i) => cover[i] > MIN_COVERED);
  return Uint8Array.from({ length: count }, (_, i) => {
    if (cover[i] > MIN_COVERED) return 1;
    const changed = distance(now, i, old, i) > MIN_CHANGE;
    return changed && covered.some((j) => distance(now, i, now, j) < SAME_COLOR_RADIUS) ? 1 : 0;
  });
}

/** Means over cells; cells at the border are filled by their edge. @param {Planes} all */
const means = (all, shape) => areaResize(padded(all, shape[0] * CELL, shape[1] * CELL, "edge"), ...shape);

/** The share of each pixel of the working size that a hint and its area cover. */
function coveredBy(hint, photo, size) {
  const found = hasArea(hint) ? coverage(hint.reach, photo, size) : planes(1, size[1], size[0]);
  for (const { index, share } of patch(hint, photo, size)) found.data[index] = Math.max(found.data[index], share);
  return found;
}

/**
 * Hints that give an object its color on another photograph.
 * @param {Hint} hint @param {Described} mine  where it is @param {Uint8Array} decided  cells whose color it decided there
 * @param {Described} other @param {import("./matching.js").Standardization} standardization  of the photographs that are compared
 * @returns {Hint[]}  none where the object isn't found for sure
 */
export function hintsOn(hint, mine, decided, other, standardization) {
  const [vectors, theirs] = [mine, other].map(({ cells }) => standardization.vectors(cells));
  const matches = match(mine.cells, other.cells, vectors, theirs);
  if (!matches || matches.sure < MIN_DECIDING) return [];
  const area = [...new Set(matches.second.filter((_, i) => decided[matches.first[i]]))].sort((one, next) => one - next);
  if (area.length < MIN_CELLS) return [];
  const { shape } = other.cells;
  const color = hint.ab ? { ab: chromaOf(hint) } : { color: hint.color };
  return spread(innerCells(area, shape), shape, DOTS).map((cell) => ({ ...centerOf(cell, other), ...color, keep_rest: true }));
}

/** The cells whose four neighbors are among the cells, too; all of them if there is none. */
function innerCells(cells, [rows, columns]) {
  const all = new Set(cells);
  const has = (row, column) => row >= 0 && row < rows && column >= 0 && column < columns && all.has(row * columns + column);
  const inner = cells.filter((cell) => {
    const [row, column] = [Math.floor(cell / columns), cell % columns];
    return has(row - 1, column) && has(row + 1, column) && has(row, column - 1) && has(row, column + 1);
  });
  return inner.length ? inner : cells;
}

/** The center of a cell in pixels of the photograph, rounded to tenths. @param {Described} described */
function centerOf(cell, { cells: { shape }, photo, size }) {
  const places = [cell % shape[1], Math.floor(cell / shape[1])];
  const [x, y] = places.map((n, i) => Math.min(Math.round(((n + 0.5) * CELL * photo[i] * 10) / size[i]) / 10, photo[i]));
  return { x, y };
}
