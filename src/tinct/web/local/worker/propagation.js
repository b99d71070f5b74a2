// The remaining error at hints, propagated to similar places by simple kriging, as `tinct.coloring.propagation`.

import { AB_SCALE } from "./color.js";
import { solveLinear } from "./matrices.js";
import { clamp, padded, plane, planes } from "./planes.js";
import { areaResize } from "./resampling.js";

/** @typedef {import("./planes.js").Planes} Planes */

// The constants of `tinct.coloring.propagation`.
const POSITION_SCALE = 0.5; // length scale for position, as a share of the short side
const LIGHTNESS_SCALE = 12; // for L*
const AB_LENGTH_SCALE = 8; // for the network's a*, b*
const NOISE_VARIANCE = 0.2; // of one hinted cell
const MAX_HINTED_CELLS = 500;

/**
 * Correct the colors of cells by the errors at hints.
 * @param {Planes} cells  a*, b* that the network gave with these hints
 * @param {Planes} light  L* of the same area
 * @param {Planes} hints  as `draw` gives them
 * @returns {Planes}  `cells` itself where there are no hints
 */
export function krige(cells, light, hints) {
  if (!plane(hints, 2).some(Boolean)) return cells;
  const { height, width } = cells;
  const size = height * width;
  const drawn = areaResize(padded(hints, light.height, light.width, "zero"), height, width).data;
  const hinted = [];
  for (let i = 0; i < size; i++) if (drawn[2 * size + i]) hinted.push(i);
  const step = Math.ceil(hinted.length / MAX_HINTED_CELLS);
  const used = hinted.filter((_, k) => k % step === 0);
  const position = POSITION_SCALE * Math.min(height, width);
  const small = areaResize(light, height, width).data;
  const place = (i) => [Math.floor(i / width) / position, (i % width) / position, small[i] / LIGHTNESS_SCALE, cells.data[i] / AB_LENGTH_SCALE, cells.data[size + i] / AB_LENGTH_SCALE];
  const places = used.map(place);
  const kernel = (one, other) => Math.exp(-0.5 * one.reduce((sum, value, k) => sum + (value - other[k]) ** 2, 0));
  const count = used.length;
  const matrix = new Float64Array(count * count);
  const weights = new Float64Array(count * 2);
  used.forEach((i, k) => {
    for (let j = 0; j < count; j++) matrix[k * count + j] = kernel(places[k], places[j]);
    matrix[k * count + k] += NOISE_VARIANCE / Math.min(1, drawn[2 * size + i]);
    for (const c of [0, 1]) weights[2 * k + c] = (drawn[c * size + i] / drawn[2 * size + i]) * AB_SCALE - cells.data[c * size + i];
  });
  solveLinear(matrix, weights, count, 2);
  const found = planes(2, height, width, cells.data.slice());
  for (let i = 0; i < size; i++) {
    const here = place(i);
    for (let k = 0; k < count; k++) {
      const near = kernel(here, places[k]);
      found.data[i] += near * weights[2 * k];
      found.data[size + i] += near * weights[2 * k + 1];
    }
  }
  return found;
}

/**
 * Correct the colors under hints, which are smaller than the network's cells; the correction fades out within a few pixels.
 * @param {Planes} ab  of the working size
 * @param {Planes} hints  as `draw` gives them, of the same size
 */
export function applyHints(ab, hints) {
  const size = ab.height * ab.width;
  const covered = plane(hints, 2);
  if (!covered.some(Boolean)) return ab;
  const spread = planes(3, ab.height, ab.width);
  for (let i = 0; i < size; i++) {
    for (const c of [0, 1]) spread.data[c * size + i] = hints.data[c * size + i] * AB_SCALE - ab.data[c * size + i] * covered[i];
    spread.data[2 * size + i] = covered[i];
  }
  const error = spread.data;
  const near = blurred(spread).data;
  const found = planes(2, ab.height, ab.width);
  for (let i = 0; i < size; i++) {
    const share = clamp(3 * near[2 * size + i], 0, 1) / Math.max(near[2 * size + i], 1e-6);
    for (const k of [i, size + i]) {
      const around = near[k] * share;
      found.data[k] = ab.data[k] + (covered[i] > 0 ? error[k] + (1 - covered[i]) * around : around);
    }
  }
  return found;
}

/** 5 × 5 binomial filter, edges replicated. */
function blurred(all) {
  const weights = [1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16];
  const pass = (values, down) => {
    const found = planes(all.count, all.height, all.width);
    for (let c = 0, i = 0; c < all.count; c++)
      for (let y = 0; y < all.height; y++)
        for (let x = 0; x < all.width; x++, i++)
          for (let k = -2; k <= 2; k++) {
            const v = down ? clamp(y + k, 0, all.height - 1) : y;
            const u = down ? x : clamp(x + k, 0, all.width - 1);
            found.data[i] += weights[k + 2] * values.data[(c * all.height + v) * all.width + u];
          }
    return found;
  };
  return pass(pass(all, true), false);
}
