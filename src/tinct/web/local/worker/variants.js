// Variants, as `tinct.coloring.variants`: a latent code for the light of the whole picture, and for each region another plausible color.

import { AB_BINS } from "./color.js";
import { peaks } from "./palette.js";
import { clamp } from "./planes.js";
import { randoms } from "./random.js";

// The constants of `tinct.coloring.variants`.
const TILT = 7; // natural logarithm of the factor by which a region's chosen color becomes more probable
const TILT_SCALE = 15; // standard deviation, in the ab plane, of the colors that become more probable with it
const PEAK_EXPONENT = 0.5;
const MAX_PEAKS = 6;
const MIN_PEAK = 0.03;

/** @typedef {{mean: number[], directions: number[][], temperature: number}} CodeDistribution */

/** One point of Roberts' R sequence with a random shift, 0..1. */
function evenly(seed, count, number) {
  let ratio = 2;
  for (let n = 0; n < 40; n++) ratio = (1 + ratio) ** (1 / (count + 1)); // fixed-point iteration for x ** (count + 1) === x + 1
  return randoms(seed, count).map((shift, i) => (shift + number * ratio ** -(i + 1)) % 1);
}

/**
 * The latent code of a variant, in standard deviations of the prior from its mean.
 * @param {CodeDistribution} codes  with at least one direction
 * @param {number | bigint} seed
 * @param {number} number  of the variant, from 1
 */
export function codeOffset(codes, seed, number) {
  const spread = evenly([seed], codes.directions.length, number).map((place) => normalQuantile(clamp(place, 1e-3, 1 - 1e-3)) * codes.temperature);
  return codes.mean.map((mean, i) => mean + spread.reduce((sum, value, k) => sum + value * codes.directions[k][i], 0));
}

/**
 * What makes one of the plausible colors of each region more probable than the others.
 * @param {Float32Array[]} likely  the mean distribution of each region
 * @returns {Float32Array[]}  for each region what is added to the logits of the bins
 */
export function regionTilts(likely, seed, number) {
  const draws = evenly([seed, likely.length], likely.length, number);
  return likely.map((mine, region) => {
    const all = peaks(mine, MAX_PEAKS).sort((one, other) => other.mass - one.mass);
    const plausible = all.filter(({ mass }) => mass >= MIN_PEAK);
    const found = plausible.length ? plausible : all.slice(0, 1);
    const total = found.reduce((sum, { mass }) => sum + mass ** PEAK_EXPONENT, 0);
    let share = 0;
    const past = found.findIndex(({ mass }) => (share += mass ** PEAK_EXPONENT / total) > draws[region]);
    const { color } = found[past < 0 ? found.length - 1 : past];
    return Float32Array.from(AB_BINS, ([a, b]) => TILT * Math.exp(-((a - color[0]) ** 2 + (b - color[1]) ** 2) / (2 * TILT_SCALE ** 2)));
  });
}

/** The quantile function of the standard normal distribution (Wichura, algorithm AS 241, 1988), as Python's `statistics.NormalDist` computes it. */
function normalQuantile(p) {
  const series = (terms, x) => terms.reduce((sum, term) => sum * x + term, 0);
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    return (q * series(CENTER[0], r)) / series(CENTER[1], r);
  }
  const r = Math.sqrt(-Math.log(q <= 0 ? p : 1 - p));
  const [top, bottom, shift] = r <= 5 ? [...MIDDLE, 1.6] : [...TAIL, 5];
  const found = series(top, r - shift) / series(bottom, r - shift);
  return q < 0 ? -found : found;
}

const CENTER = [
  [2.50908092873012267e3, 3.34305755835881281e4, 6.72657709270087009e4, 4.59219539315498714e4, 1.37316937655094611e4, 1.97159095030655144e3, 1.33141667891784377e2, 3.38713287279636661],
  [5.22649527885285456e3, 2.87290857357219427e4, 3.93078958000927107e4, 2.12137943015865959e4, 5.3941960214247511e3, 6.8718700749205790e2, 4.23133307016009113e1, 1],
];
const MIDDLE = [
  [7.7454501427834140764e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1, 1.27045825245236838258, 3.64784832476320460504, 5.76949722146069140550, 4.6303378461565452959, 1.42343711074968357734],
  [1.05075007164441684324e-9, 5.475938084995344946e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1, 6.89767334985100004550e-1, 1.67638483018380384940, 2.05319162663775882187, 1],
];
const TAIL = [
  [2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3, 2.65321895265761230930e-2, 2.96560571828504891230e-1, 1.78482653991729133580, 5.46378491116411436990, 6.65790464350110377720],
  [2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5, 7.86869131145613259100e-4, 1.48753612908506148525e-2, 1.36929880922735805310e-1, 5.99832206555887937690e-1, 1],
];
