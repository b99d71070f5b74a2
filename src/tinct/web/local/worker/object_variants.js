// Variants of one object: other plausible colors of that object, as `tinct.coloring.alternatives`.

import { families, suggestions } from "./suggestions.js";

// The constants of `tinct.coloring.alternatives`.
const MIN_DISTANCE = 12; // in the ab plane, between two variants
const MAX_PEAKS = 6; // of the distribution, which come first

/**
 * Colors of an object: peaks of the model's distribution, then those of families in turns, the most probable first.
 * @param {Float32Array} likely  probabilities of the ab bins @param {number} light  L* of the place
 * @param {number} count  of colors, at most @param {import("./suggestions.js").Table} table
 * @returns {string[]}
 */
export function objectColors(likely, light, count, table) {
  const found = [];
  for (const one of [...suggestions(likely, light, MAX_PEAKS, table), ...inTurns(families(likely, light, table))]) {
    if (found.length === count) break;
    if (found.every(({ ab }) => Math.hypot(ab[0] - one.ab[0], ab[1] - one.ab[1]) >= MIN_DISTANCE)) found.push(one);
  }
  return found.map(({ color }) => color);
}

/** The first color of each family, then the second of each, and so on. */
function inTurns(all) {
  const longest = Math.max(0, ...all.map(({ colors }) => colors.length));
  return Array.from({ length: longest }, (_, i) => all.flatMap(({ colors }) => colors.slice(i, i + 1))).flat();
}
