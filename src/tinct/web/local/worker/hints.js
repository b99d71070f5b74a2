// Color hints as input of the network, as `tinct.coloring.hints`. A hint is the JSON form of the page's edit.

import { AB_SCALE, labOfHex } from "./color.js";
import { clamp, planes } from "./planes.js";
import { Refusal } from "./problem.js";

/** @typedef {import("./planes.js").Planes} Planes */
/** @typedef {[number, number]} Size  width, height */
/** @typedef {{x: number, y: number, color?: string, ab?: [number, number], size?: number, reach?: any, keep_rest?: boolean}} Hint */

const DEFAULT_SIZE = 6 / 256; // side of a hint without a size, as a share of the photograph's short side

export const reachOf = (hint) => hint.reach ?? "object";
export const hasArea = (hint) => typeof reachOf(hint) === "object";
export const keeps = (hint) => hint.color === "keep";
/** Whether nothing outside its object or area changes. */
export const confined = (hint) => Boolean(hint.keep_rest) || hasArea(hint);

/** a*, b* of a hint that doesn't keep the color that is there. @returns {[number, number]} */
export const chromaOf = (hint) => hint.ab ?? labOfHex(hint.color).slice(1);

/** Check what the page or an opened edit gives. @param {Hint[]} hints @param {Size} photo */
export function checkHints(hints, photo) {
  for (const hint of hints) {
    if (!("x" in hint && "y" in hint)) throw new Refusal("no-strokes", "Painted layers are hints that the program takes.");
    if (!(0 <= hint.x && hint.x <= photo[0] && 0 <= hint.y && hint.y <= photo[1]))
      throw new Refusal("hint-outside", `The hint at ${hint.x},${hint.y} lies outside the picture, which has ${photo[0]} × ${photo[1]} pixels.`);
    if (hint.ab === undefined && !keeps(hint) && !/^#([0-9a-f]{3}|[0-9a-f]{6})$/i.test(hint.color ?? ""))
      throw new Refusal("hint", `${JSON.stringify(hint.color)} is no color of the form #rrggbb.`);
    if (hasArea(hint) && "png" in hint.reach) throw new Refusal("no-masks", "Mask pictures are areas that the program takes.");
  }
}

/** Pixels along one side that a square covers, and the share of each. */
function covered(middle, size, full, small) {
  const scale = small / full;
  const side = Math.max(size * scale, 1);
  const start = clamp(middle * scale - side / 2, 0, Math.max(small - side, 0));
  const first = Math.floor(start);
  const last = Math.min(Math.ceil(start + side), small);
  const shares = [];
  for (let at = first; at < last; at++) shares.push(clamp(Math.min(at + 1, start + side) - Math.max(at, start), 0, 1));
  return { first, shares };
}

/**
 * What one hint covers.
 * @param {Hint} hint @param {Size} photo @param {Size} small  working size
 * @returns {{index: number, share: number}[]}  pixels of the working size, and the share of each under the hint
 */
export function patch(hint, photo, small) {
  const size = hint.size || DEFAULT_SIZE * Math.min(...photo);
  const columns = covered(hint.x, size, photo[0], small[0]);
  const rows = covered(hint.y, size, photo[1], small[1]);
  return rows.shares.flatMap((down, v) => columns.shares.map((across, u) => ({ index: (rows.first + v) * small[0] + columns.first + u, share: Math.fround(down * across) })));
}

/**
 * Rasterize hints as input planes of the network.
 * @returns {Planes}  a*, b* / AB_SCALE times coverage, and coverage, of the working size
 */
export function draw(hints, photo, small) {
  const found = planes(3, small[1], small[0]);
  const area = small[0] * small[1];
  for (const hint of hints) {
    const [a, b] = chromaOf(hint);
    for (const { index, share } of patch(hint, photo, small))
      [a / AB_SCALE, b / AB_SCALE, 1].forEach((value, plane) => {
        const i = plane * area + index;
        found.data[i] = found.data[i] * (1 - share) + value * share;
      });
  }
  return found;
}
