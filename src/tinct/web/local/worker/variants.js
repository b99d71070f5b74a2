// Variants, as `tinct.coloring.variants`: the points from which the graphs `code` and `tilt` make them.

import { randoms } from "./random.js";

/**
 * One point of Roberts' R sequence with a random shift.
 * @param {(number | bigint)[]} seed @param {number} count  of dimensions @param {number} number  of the point, from 1
 * @returns {number[]}  0..1
 */
export function evenly(seed, count, number) {
  let ratio = 2;
  for (let n = 0; n < 40; n++) ratio = (1 + ratio) ** (1 / (count + 1)); // fixed-point iteration for x ** (count + 1) === x + 1
  return randoms(seed, count).map((shift, i) => (shift + number * ratio ** -(i + 1)) % 1);
}
