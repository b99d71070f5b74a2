// sRGB and CIELAB, as `tinct.color`: CIE 1976 L*a*b* under D65. Values of RGB are 0..1 unless said otherwise.

export const AB_SCALE = 110; // networks give a*, b* / AB_SCALE
export const L_SCALE = 100; // networks see L* / L_SCALE
export const BIN_STEP = 10; // distance of neighboring ab bins

const RGB_TO_XYZ = [
  [0.412453, 0.35758, 0.180423],
  [0.212671, 0.71516, 0.072169],
  [0.019334, 0.119193, 0.950227],
];
const WHITE = [0.95047, 1, 1.08883]; // D65, 2 degrees
const EPSILON = 0.008856; // below (6/29)^3 the cube root gives way to a line
const KAPPA = 7.787;
export const GREEN_FOR_RED = RGB_TO_XYZ[1][0] / RGB_TO_XYZ[1][1]; // linear green with the luminance of one unit of linear red

const TO_XYZ = RGB_TO_XYZ.map((row, i) => row.map((value) => value / WHITE[i])); // linear RGB -> XYZ / white
const FROM_XYZ = inverse(TO_XYZ);

/** The inverse of a 3 × 3 matrix. */
function inverse([[a, b, c], [d, e, f], [g, h, i]]) {
  const determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  return [
    [e * i - f * h, c * h - b * i, b * f - c * e],
    [f * g - d * i, a * i - c * g, c * d - a * f],
    [d * h - e * g, b * g - a * h, a * e - b * d],
  ].map((row) => row.map((value) => value / determinant));
}

const linear = (encoded) => (encoded > 0.04045 ? ((encoded + 0.055) / 1.055) ** 2.4 : encoded / 12.92);
const encoded = (light) => (light > 0.0031308 ? 1.055 * light ** (1 / 2.4) - 0.055 : 12.92 * light);
const compress = (t) => (t > EPSILON ? Math.cbrt(t) : KAPPA * t + 16 / 116);
const expand = (f) => (f > 0.2068966 ? f * f * f : (f - 16 / 116) / KAPPA);

const LINEAR_8BIT = Float32Array.from({ length: 256 }, (_, i) => linear(i / 255));

/** sRGB 0..255 -> [L*, a*, b*]. */
export function labOf(red, green, blue) {
  const rgb = [LINEAR_8BIT[red], LINEAR_8BIT[green], LINEAR_8BIT[blue]];
  const [x, y, z] = TO_XYZ.map((row) => compress(row[0] * rgb[0] + row[1] * rgb[1] + row[2] * rgb[2]));
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

/** CIELAB -> sRGB 0..255 as real numbers, clipped per channel. */
export function rgbOf(light, a, b) {
  const level = (light + 16) / 116;
  const xyz = [expand(level + a / 500), expand(level), expand(level - b / 200)];
  return FROM_XYZ.map((row) => 255 * encoded(Math.min(1, Math.max(0, row[0] * xyz[0] + row[1] * xyz[1] + row[2] * xyz[2]))));
}

const LEVELS = 4096; // steps of the tables over luminance and over linear light
const LIGHT_OF = Float32Array.from({ length: LEVELS + 1 }, (_, i) => 116 * compress((i / LEVELS) ** 2) - 16); // by the root of Y
const ENCODED = Float32Array.from({ length: LEVELS + 1 }, (_, i) => 255 * encoded((i / LEVELS) ** 2)); // by the root of linear light
const GRAY_LIGHT = Float32Array.from({ length: 256 }, (_, i) => 116 * compress(LINEAR_8BIT[i] * (TO_XYZ[1][0] + TO_XYZ[1][1] + TO_XYZ[1][2])) - 16);

/** Linear interpolation in a table over the root of a value 0..1. */
function looked(table, value) {
  const place = LEVELS * Math.sqrt(value < 0 ? 0 : value > 1 ? 1 : value);
  const low = place | 0;
  return low >= LEVELS ? table[LEVELS] : table[low] + (place - low) * (table[low + 1] - table[low]);
}

/**
 * L* of pixels.
 * @param {Uint8ClampedArray} rgba  4 values a pixel, of sRGB
 * @param {Float32Array} found  L* 0..100 of each pixel
 */
export function lightness(rgba, found) {
  const [red, green, blue] = TO_XYZ[1];
  for (let i = 0, k = 0; i < found.length; i++, k += 4) {
    const r = rgba[k];
    const g = rgba[k + 1];
    const b = rgba[k + 2];
    found[i] = r === g && g === b ? GRAY_LIGHT[r] : looked(LIGHT_OF, red * LINEAR_8BIT[r] + green * LINEAR_8BIT[g] + blue * LINEAR_8BIT[b]);
  }
}

/**
 * Pixels of these colors; those outside sRGB lose chroma, not lightness or hue.
 * @param {Float32Array} light  L* of each pixel
 * @param {Float32Array} a
 * @param {Float32Array} b
 * @param {Uint8ClampedArray} rgba  is written, but for the opacity
 */
export function paint(light, a, b, rgba) {
  const table = gamutChroma();
  const safe = safeChroma();
  const [[rx, ry, rz], [gx, gy, gz], [bx, by, bz]] = FROM_XYZ;
  for (let i = 0, k = 0; i < light.length; i++, k += 4) {
    const chroma = Math.sqrt(a[i] * a[i] + b[i] * b[i]);
    const level100 = light[i] < 0 ? 0 : light[i] > 100 ? 100 : light[i];
    const part = chroma <= safe[Math.floor(level100)] ? 1 : Math.min(1, bound(table, level100, a[i], b[i]) / chroma);
    const level = (light[i] + 16) / 116;
    const x = expand(level + (part * a[i]) / 500);
    const y = expand(level);
    const z = expand(level - (part * b[i]) / 200);
    const red = rx * x + ry * y + rz * z;
    const excess = red > 1 ? red - 1 : 0; // that `gamutChroma` allows in light yellows; green takes over its luminance
    rgba[k] = looked(ENCODED, red);
    rgba[k + 1] = looked(ENCODED, gx * x + gy * y + gz * z + excess * GREEN_FOR_RED);
    rgba[k + 2] = looked(ENCODED, bx * x + by * y + bz * z);
  }
}

const STEPS_L = 201; // rows of the gamut table, over L* 0..100
const STEPS_H = 721; // columns, over hue 0..360 degrees, ends included

/** The largest chroma that sRGB can show at a lightness and the hue of a*, b*. */
function bound(table, light, a, b) {
  const hue = ((Math.atan2(b, a) + 2 * Math.PI) % (2 * Math.PI)) * ((STEPS_H - 1) / (2 * Math.PI));
  const level = Math.min(100, Math.max(0, light)) * ((STEPS_L - 1) / 100);
  const row = Math.min(level | 0, STEPS_L - 2);
  const column = Math.min(hue | 0, STEPS_H - 2);
  const at = row * STEPS_H + column;
  const u = hue - column;
  const v = level - row;
  return (1 - v) * ((1 - u) * table[at] + u * table[at + 1]) + v * ((1 - u) * table[at + STEPS_H] + u * table[at + STEPS_H + 1]);
}

let gamut = null;

/** The largest chroma that sRGB can show: STEPS_L rows over L*, STEPS_H columns over hue. @returns {Float32Array} */
export function gamutChroma() {
  gamut ??= Float32Array.from({ length: STEPS_L * STEPS_H }, (_, i) => largestChroma((100 * Math.floor(i / STEPS_H)) / (STEPS_L - 1), ((i % STEPS_H) * 2 * Math.PI) / (STEPS_H - 1)));
  return gamut;
}

let safest = null;

/** The chroma that sRGB can show at every hue, for L* from each whole number up to the next. @returns {Float32Array} */
function safeChroma() {
  const least = (row) => gamutChroma().subarray(row * STEPS_H, (row + 1) * STEPS_H).reduce((low, one) => Math.min(low, one), Infinity);
  const step = (STEPS_L - 1) / 100;
  safest ??= Float32Array.from({ length: 101 }, (_, i) => Math.min(...[0, 1, 2].map((k) => least(Math.min(STEPS_L - 1, i * step + k)))));
  return safest;
}

function largestChroma(light, hue) {
  if (light <= 0 || light >= 100) return 0; // black and white have no color
  const [a, b] = [Math.cos(hue) / 500, Math.sin(hue) / 200];
  const level = (light + 16) / 116;
  const y = expand(level);
  const mostRed = (light > 94 ? 1.031 : 1) + 1e-4; // see `tinct.color.gamut_chroma`
  let low = 0;
  let high = 140;
  for (let i = 0; i < 12; i++) {
    const middle = (low + high) / 2;
    const xyz = [expand(level + middle * a), y, expand(level - middle * b)];
    const [red, green, blue] = FROM_XYZ.map((row) => row[0] * xyz[0] + row[1] * xyz[1] + row[2] * xyz[2]);
    const inside = Math.min(red, green, blue) > -1e-5 && red < mostRed && Math.max(green + Math.max(red - 1, 0) * GREEN_FOR_RED, blue) < 1 + 1e-4;
    if (inside) low = middle;
    else high = middle;
  }
  return low;
}

/** a*, b* with chroma reduced to what sRGB can show at this L*, in the row of the table nearest to it. */
export function intoGamut(light, [a, b]) {
  const row = Math.min(STEPS_L - 1, Math.max(0, Math.round((light / 100) * (STEPS_L - 1))));
  const chroma = Math.hypot(a, b);
  const limit = bound(gamutChroma(), (row * 100) / (STEPS_L - 1), a, b);
  const part = Math.min(1, limit / Math.max(chroma, 1e-9));
  return [a, b].map((value) => Math.min(AB_SCALE, Math.max(-AB_SCALE, value * part)));
}

// a* -> lowest and highest b* of the bins, in steps; as in `tinct.color`, which a test compares.
const BINS = {
  "-9": [5, 9], "-8": [2, 9], "-7": [0, 9], "-6": [-2, 9], "-5": [-3, 10], "-4": [-4, 10], "-3": [-4, 10], "-2": [-5, 10], "-1": [-6, 10], 0: [-7, 10],
  1: [-8, 9], 2: [-8, 9], 3: [-9, 8], 4: [-10, 8], 5: [-10, 8], 6: [-11, 8], 7: [-11, 8], 8: [-11, 7], 9: [-11, 7], 10: [-8, -2],
};

/** [a*, b*] of each ab bin. @type {[number, number][]} */
export const AB_BINS = Object.keys(BINS)
  .map(Number)
  .sort((one, other) => one - other)
  .flatMap((a) => Array.from({ length: BINS[a][1] - BINS[a][0] + 1 }, (_, i) => [a * BIN_STEP, (BINS[a][0] + i) * BIN_STEP]));

/** `#rrggbb` or `#rgb` -> [L*, a*, b*]. */
export function labOfHex(color) {
  const digits = color.slice(1).length === 3 ? [...color.slice(1)].map((digit) => digit + digit).join("") : color.slice(1);
  return labOf(...[0, 2, 4].map((i) => parseInt(digits.slice(i, i + 2), 16)));
}

/** CIELAB -> `#rrggbb`. */
export const hexOf = (light, a, b) => `#${rgbOf(light, a, b).map((value) => Math.round(value).toString(16).padStart(2, "0")).join("")}`;
