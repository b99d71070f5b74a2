// Edge-aware smoothing of chroma on a small pixel grid, as `tinct.coloring.flow` and `tinct.coloring.upsampling`.

import { L_SCALE } from "./color.js";
import { plane, planes } from "./planes.js";
import { areaResize, bilinearResize } from "./resampling.js";

/** @typedef {import("./planes.js").Planes} Planes */

// The constants of `tinct.coloring.flow` and `tinct.coloring.upsampling`.
const EDGE_STEP = 1.2; // difference of L* that divides an edge weight by e, where the picture is flat
const NOISE_SIGMAS = 2; // its minimum beside grain, in standard deviations of the grain
const TEXTURE_SIGMAS = 0.25; // its minimum in texture, in standard deviations of L* in the surrounding 5 × 5 pixels
const MIN_EDGE_WEIGHT = 0.005;
const CELL_WEIGHT = 2; // of the data term
const ITERATIONS = 14; // of conjugate gradients
const OVERSHOOT = 0.25; // share of the range of the surrounding cells by which a color may leave it
const GUIDED_EPSILON = 3e-4; // variance of L* / L_SCALE below which the guided filter averages
const SLOPE_EPSILON = 3e-2; // variance of L* / L_SCALE at which full-size chroma follows lightness by half
const BACK_PROJECTIONS = 2;
const GUESSED_FIDELITY = 0.1;
const GUESSED_FROM = 0.25; // vividness
const TINY = 1e-20;

/** How far pixels keep the means of the cells: 1 at vividness 0, `GUESSED_FIDELITY` from `GUESSED_FROM` on. */
export const fidelity = (vividness) => 1 - (1 - GUESSED_FIDELITY) * Math.min(1, vividness / GUESSED_FROM);

/**
 * Enlarge the chroma of cells: smooth where lightness is smooth, with an edge where lightness has one.
 * @param {Planes} cells  a*, b*
 * @param {Planes} light  L* of the same area; its sides are multiples of those of the cells
 * @param {number} keep  0..1, see `fidelity`
 * @returns {Planes}  a*, b* of the size of `light`
 */
export function sharpen(cells, light, keep) {
  const { height, width } = light;
  if (height % cells.height || width % cells.width) throw new RangeError("the picture isn't divided into whole cells");
  let ab = bilinearResize(cells, height, width);
  if (height === cells.height && width === cells.width) return ab;
  ab = guidedFilter(solve(ab, cells, light, CELL_WEIGHT * keep), light);
  for (let n = 0; keep === 1 && n < BACK_PROJECTIONS; n++) {
    const means = areaResize(ab, cells.height, cells.width);
    const missing = bilinearResize(planes(2, cells.height, cells.width, means.data.map((value, i) => cells.data[i] - value)), height, width);
    for (let i = 0; i < ab.data.length; i++) ab.data[i] += missing.data[i];
  }
  return limited(ab, cells);
}

/** Minimize the differences between alike neighbors and those from the cells' means, by conjugate gradients. */
function solve(ab, cells, light, cellWeight) {
  const { height, width } = light;
  const size = height * width;
  const { edges, degree } = graph(light);
  const diagonal = degree.map((value) => 1 / (value + (cellWeight * cells.height * cells.width) / size));
  const [tall, wide] = [height / cells.height, width / cells.width];
  const spread = (means, found) => {
    for (let y = 0; y < height; y++) {
      const row = Math.floor(y / tall) * cells.width;
      for (let x = 0, i = y * width; x < width; x++, i++) found[i] = cellWeight * means[row + Math.floor(x / wide)];
    }
    return found;
  };
  const apply = (x, found) => {
    spread(areaResize(planes(1, height, width, x), cells.height, cells.width).data, found);
    for (const { weight, step, rows, first, last } of edges)
      for (let y = 0; y < rows; y++)
        for (let i = y * width + first; i < y * width + last; i++) {
          const change = weight[i] * (x[i] - x[i + step]);
          found[i] += change;
          found[i + step] -= change;
        }
    return found;
  };
  const result = planes(2, height, width, ab.data.slice());
  for (let c = 0; c < 2; c++) {
    const x = plane(result, c);
    const applied = new Float32Array(size);
    const residual = spread(plane(cells, c), new Float32Array(size));
    apply(x, applied);
    for (let i = 0; i < size; i++) residual[i] -= applied[i];
    const direction = residual.map((value, i) => value * diagonal[i]);
    let rho = dot(residual, direction);
    for (let n = 0; n < ITERATIONS; n++) {
      apply(direction, applied);
      const alpha = rho / (dot(direction, applied) + TINY);
      let next = 0;
      for (let i = 0; i < size; i++) {
        x[i] += alpha * direction[i];
        residual[i] -= alpha * applied[i];
        next += residual[i] * diagonal[i] * residual[i];
      }
      const beta = next / (rho + TINY);
      rho = next;
      for (let i = 0; i < size; i++) direction[i] = diagonal[i] * residual[i] + beta * direction[i];
    }
  }
  return result;
}

function dot(one, other) {
  let sum = 0;
  for (let i = 0; i < one.length; i++) sum += one[i] * other[i];
  return sum;
}

/** Edges between all 8-neighbors, each family with its weights at the first pixel of an edge; and their sum at each pixel. */
function graph(light) {
  const { height, width, data } = light;
  const flat = Math.hypot(EDGE_STEP, NOISE_SIGMAS * grain(light));
  const texture = variance(light, 2).data;
  const step = texture.map((value) => Math.max(flat, TEXTURE_SIGMAS * Math.sqrt(value)));
  const degree = new Float32Array(data.length);
  const edges = [[0, 1], [1, 0], [1, 1], [1, -1]].map(([dy, dx]) => {
    const weight = new Float32Array(data.length);
    const found = { weight, step: dy * width + dx, rows: height - dy, first: Math.max(0, -dx), last: width - Math.max(0, dx) };
    for (let y = 0; y < found.rows; y++)
      for (let i = y * width + found.first; i < y * width + found.last; i++) {
        const j = i + found.step;
        weight[i] = (Math.exp(-Math.abs(data[i] - data[j]) / Math.min(step[i], step[j])) + MIN_EDGE_WEIGHT) / Math.hypot(dy, dx);
        degree[i] += weight[i];
        degree[j] += weight[i];
      }
    return found;
  });
  return { edges, degree };
}

/** Standard deviation of the noise in L* (Immerkær 1996, with the median). */
function grain({ height, width, data }) {
  if (Math.min(height, width) < 3) return 0;
  const found = new Float32Array((height - 2) * (width - 2));
  const row = (i) => data[i - width] - 2 * data[i] + data[i + width];
  for (let y = 1, k = 0; y < height - 1; y++)
    for (let x = 1; x < width - 1; x++, k++) {
      const i = y * width + x;
      found[k] = Math.abs(row(i - 1) - 2 * row(i) + row(i + 1));
    }
  found.sort();
  const middle = found.length >> 1;
  return (found.length % 2 ? found[middle] : (found[middle - 1] + found[middle]) / 2) / (6 * 0.6745);
}

/** A guided filter of radius 1 (He et al. 2010). */
function guidedFilter(ab, light) {
  const { height, width } = light;
  const size = height * width;
  const guide = planes(1, height, width, light.data.map((value) => value / L_SCALE));
  const middle = box(guide, 1).data;
  const spread = variance(guide, 1).data;
  const found = planes(2, height, width);
  for (let c = 0; c < 2; c++) {
    const values = plane(ab, c);
    const mean = box(planes(1, height, width, values), 1).data;
    const joint = box(planes(1, height, width, values.map((value, i) => value * guide.data[i])), 1).data;
    const steep = joint.map((value, i) => (value - mean[i] * middle[i]) / (spread[i] + GUIDED_EPSILON));
    const level = mean.map((value, i) => value - steep[i] * middle[i]);
    const [slopes, levels] = [box(planes(1, height, width, steep), 1).data, box(planes(1, height, width, level), 1).data];
    for (let i = 0; i < size; i++) found.data[c * size + i] = slopes[i] * guide.data[i] + levels[i];
  }
  return found;
}

/** Each color within the range of the 3 × 3 cells around it, and a bit more. */
function limited(ab, cells) {
  const { height, width } = ab;
  for (let c = 0; c < 2; c++) {
    const values = plane(cells, c);
    const low = new Float32Array(values.length).fill(Infinity);
    const high = new Float32Array(values.length).fill(-Infinity);
    for (let y = 0; y < cells.height; y++)
      for (let x = 0; x < cells.width; x++) {
        const at = y * cells.width + x;
        for (let v = Math.max(0, y - 1); v <= Math.min(cells.height - 1, y + 1); v++)
          for (let u = Math.max(0, x - 1); u <= Math.min(cells.width - 1, x + 1); u++) {
            const value = values[v * cells.width + u];
            low[at] = Math.min(low[at], value);
            high[at] = Math.max(high[at], value);
          }
      }
    const mine = plane(ab, c);
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const at = Math.floor(((y + 0.5) * cells.height) / height) * cells.width + Math.floor(((x + 0.5) * cells.width) / width);
        const more = OVERSHOOT * (high[at] - low[at]);
        const i = y * width + x;
        mine[i] = Math.min(high[at] + more, Math.max(low[at] - more, mine[i]));
      }
  }
  return ab;
}

/** Slope of ab over L* around each pixel, reduced by the share of variance that L* doesn't explain; see `tinct.coloring.upsampling.slope`. */
export function slope(ab, light) {
  const { height, width } = light;
  const size = height * width;
  const guide = planes(1, height, width, light.data.map((value) => value / L_SCALE));
  const spread = variance(guide, 1).data;
  const middle = box(guide, 1).data;
  const mean = box(ab, 1);
  const both = box(planes(2, height, width, ab.data.map((value, i) => value * guide.data[i % size])), 1);
  const joint = both.data.map((value, i) => value - mean.data[i] * middle[i % size]);
  const varied = variance(ab, 1).data;
  const steep = planes(2, height, width);
  for (let i = 0; i < size; i++) {
    const explained = (joint[i] ** 2 + joint[size + i] ** 2) / ((spread[i] + 1e-6) * (varied[i] + varied[size + i] + 1));
    for (const k of [i, size + i]) steep.data[k] = (joint[k] / (spread[i] + SLOPE_EPSILON)) * explained ** 2;
  }
  const found = box(steep, 1);
  for (let i = 0; i < found.data.length; i++) found.data[i] /= L_SCALE;
  return found;
}

/** Mean of the (2 · radius + 1)² pixels around each pixel, edges replicated. @param {Planes} all @returns {Planes} */
export function box(all, radius) {
  const { count, height, width } = all;
  const tall = planes(count, height, width);
  const found = planes(count, height, width);
  const share = 1 / (2 * radius + 1) ** 2;
  for (let c = 0; c < count; c++)
    for (let y = 0; y < height; y++)
      for (let k = -radius; k <= radius; k++) {
        const from = (c * height + Math.min(height - 1, Math.max(0, y + k))) * width;
        const to = (c * height + y) * width;
        for (let x = 0; x < width; x++) tall.data[to + x] += all.data[from + x];
      }
  for (let row = 0; row < count * height; row++)
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let k = -radius; k <= radius; k++) sum += tall.data[row * width + Math.min(width - 1, Math.max(0, x + k))];
      found.data[row * width + x] = sum * share;
    }
  return found;
}

/** Variance of the (2 · radius + 1)² pixels around each pixel. @param {Planes} all @returns {Planes} */
export function variance(all, radius) {
  const mean = box(all, radius).data;
  const found = box(planes(all.count, all.height, all.width, all.data.map((value) => value * value)), radius);
  for (let i = 0; i < mean.length; i++) found.data[i] = Math.max(0, found.data[i] - mean[i] ** 2);
  return found;
}
