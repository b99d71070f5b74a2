// Whether a photograph has color of its own or only a tone, as `tinct.photo.own_color`.

import { labOf } from "./color.js";
import { clamp } from "./planes.js";
import { areaResize } from "./resampling.js";

// The constants of `tinct.photo.own_color`.
const LONG_SIDE = 64;
const TONE_KNOTS = 6;
const YELLOW_HUE = (80 * Math.PI) / 180;
const YELLOW_WEIGHT = 0.3;
const BLUE = 5;
const COLOR_DISTANCE = 8;
const COLORED_SHARE = 0.005;

/** @param {import("./planes.js").Planes} rgb  red, green and blue, 0..255 */
export function hasOwnColor(rgb) {
  const scale = Math.min(1, LONG_SIDE / Math.max(rgb.height, rgb.width));
  const small = areaResize(rgb, Math.max(1, Math.round(rgb.height * scale)), Math.max(1, Math.round(rgb.width * scale)));
  const count = small.height * small.width;
  const lab = Array.from({ length: count }, (_, i) => labOf(...[0, 1, 2].map((c) => Math.round(small.data[c * count + i]))));
  const model = lab.map(([light], i) => toneTerms(light, Math.floor(i / small.width), i % small.width, small));
  let distance = new Float64Array(count);
  for (let n = 0; n < 3; n++) {
    const tone = fitted(model, lab, distance);
    distance = Float64Array.from(lab, ([, a, b], i) => colorDistance([a, b], tone(model[i])));
  }
  return distance.reduce((sum, one) => sum + (one > COLOR_DISTANCE ? 1 : 0), 0) / count > COLORED_SHARE;
}

/** Hat functions of L*, and a surface of second degree over the picture that grows with L*. */
function toneTerms(light, row, column, { height, width }) {
  const step = 100 / (TONE_KNOTS - 1);
  const hats = Array.from({ length: TONE_KNOTS }, (_, k) => clamp(1 - Math.abs(light - k * step) / step, 0, 1));
  const x = width > 1 ? (2 * column) / (width - 1) - 1 : -1;
  const y = height > 1 ? (2 * row) / (height - 1) - 1 : -1;
  const surface = [x, y, x * y, x * x, y * y];
  return [...hats, ...surface, ...surface.map((term) => (term * light) / 100)];
}

/** Weighted least squares: a function from a place's terms to the a*, b* of the tone. */
function fitted(model, lab, distance) {
  const n = model[0].length;
  const matrix = new Float64Array(n * n);
  const right = new Float64Array(2 * n);
  model.forEach((terms, i) => {
    const weight = 1 / (1 + (distance[i] / 3) ** 2);
    for (let j = 0; j < n; j++) {
      for (let k = 0; k < n; k++) matrix[j * n + k] += weight * terms[j] * terms[k];
      for (const c of [0, 1]) right[2 * j + c] += weight * terms[j] * lab[i][c + 1];
    }
  });
  for (let j = 0; j < n; j++) matrix[j * n + j] += 1e-3;
  solveLinear(matrix, right, n, 2);
  return (terms) => [0, 1].map((c) => terms.reduce((sum, term, j) => sum + term * right[2 * j + c], 0));
}

/** Distance from the tone; a warm color beside a warm tone may be yellowed paper, and counts less. */
function colorDistance([a, b], tone) {
  const [da, db] = [a - tone[0], b - tone[1]];
  const weight = Math.min(b, tone[1]) > -BLUE ? YELLOW_WEIGHT : 1;
  return Math.hypot(weight * (da * Math.cos(YELLOW_HUE) + db * Math.sin(YELLOW_HUE)), db * Math.cos(YELLOW_HUE) - da * Math.sin(YELLOW_HUE));
}

/** Solve A x = b for several right sides by Gaussian elimination with partial pivoting. @param {Float64Array} a (n, n), is overwritten @param {Float64Array} b (n, m), becomes x */
function solveLinear(a, b, n, m) {
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(a[i * n + k]) > Math.abs(a[pivot * n + k])) pivot = i;
    if (pivot !== k) {
      for (let j = 0; j < n; j++) [a[k * n + j], a[pivot * n + j]] = [a[pivot * n + j], a[k * n + j]];
      for (let j = 0; j < m; j++) [b[k * m + j], b[pivot * m + j]] = [b[pivot * m + j], b[k * m + j]];
    }
    for (let i = k + 1; i < n; i++) {
      const factor = a[i * n + k] / a[k * n + k];
      if (!factor) continue;
      for (let j = k; j < n; j++) a[i * n + j] -= factor * a[k * n + j];
      for (let j = 0; j < m; j++) b[i * m + j] -= factor * b[k * m + j];
    }
  }
  for (let i = n - 1; i >= 0; i--)
    for (let j = 0; j < m; j++) {
      let value = b[i * m + j];
      for (let c = i + 1; c < n; c++) value -= a[i * n + c] * b[c * m + j];
      b[i * m + j] = value / a[i * n + i];
    }
  return b;
}
