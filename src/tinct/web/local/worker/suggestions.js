// Colors to choose from at one place, as `tinct.coloring.suggestions`; names and families come from the file colors.json.

import { AB_BINS, hexOf, intoGamut, labOfHex } from "./color.js";
import { SAME_COLOR_RADIUS, peaks } from "./palette.js";

// The constants of `tinct.coloring.suggestions` and `tinct.coloring.color_names`.
const SKIN_HUES = [20, 75]; // degrees
const SKIN_CHROMAS = [10, 35];
const LIKELY_SKIN = 0.2;
const FAMILY_RADIUS = 10;
const FAMILY_MIN_CHROMA = 10.5;
const LIGHT_RANGE = [0.45, 1.7];
const MAX_CHROMA_GAIN = 1.4;
const MIN_CHROMA_KEPT = 0.5;
const SAME_TONE = 3;
const SAME_NAME = 2.5; // CIEDE2000

/** @typedef {{names: Record<string, string>, families: {name: string, colors: Record<string, string>}[]}} Table  colors.json */

/** @typedef {{color: string, ab: [number, number], name: string, probability: number}} Suggestion */

/** The most probable colors of a place. @param {Float32Array} likely  probabilities of the ab bins @param {number} light @param {Table} table @returns {Suggestion[]} */
export function suggestions(likely, light, count, table) {
  const found = peaks(likely, count).sort((one, other) => other.mass - one.mass);
  const total = found.reduce((sum, { mass }) => sum + mass, 0);
  const colors = new Map();
  for (const { mass, color: wanted } of found) {
    const ab = intoGamut(light, wanted);
    const color = hexOf(light, ...ab);
    const known = colors.get(color);
    if (known) known.probability += mass / total; // at this lightness two peaks may be the same sRGB color
    else colors.set(color, { color, ab, name: colorName([light, ...ab], [...colors.values()].map(({ name }) => name), table), probability: mass / total });
  }
  return [...colors.values()].sort((one, other) => other.probability - one.probability);
}

/**
 * Families of ready colors at a place's own lightness, the most probable first, but skin before all others where a face is likely.
 * @returns {{name: string, probability: number, colors: Suggestion[]}[]}
 */
export function families(likely, light, table) {
  const all = table.families.flatMap(({ name, colors }) => {
    const possible = atLightness(colors, light);
    if (!possible.length) return [];
    const probability = name === "skin" ? skinMass(likely) : massNear(likely, possible.map(({ ab }) => ab).filter((ab) => Math.hypot(...ab) >= FAMILY_MIN_CHROMA), FAMILY_RADIUS);
    return [{ name, probability, colors: possible.map((one) => ({ color: hexOf(light, ...one.ab), ab: one.ab, name: one.name, probability: massNear(likely, [one.ab], SAME_COLOR_RADIUS) })) }];
  });
  const first = (family) => (family.name === "skin" && family.probability >= LIKELY_SKIN ? 0 : 1);
  return all.sort((one, other) => first(one) - first(other) || other.probability - one.probability);
}

function atLightness(colors, light) {
  const all = Object.entries(colors).map(([name, color], place) => {
    const [own, ...ab] = labOfHex(color);
    const brighter = (light + 16) / (own + 16);
    const wanted = ab.map((value) => value * Math.min(brighter, MAX_CHROMA_GAIN));
    const inside = intoGamut(light, wanted);
    const possible = LIGHT_RANGE[0] <= brighter && brighter <= LIGHT_RANGE[1] && Math.hypot(...inside) >= MIN_CHROMA_KEPT * Math.hypot(...wanted);
    return { name, place, ab: inside, possible, apart: Math.abs(own - light) };
  });
  const found = [];
  for (const one of [...all].sort((left, right) => left.apart - right.apart)) // of two that look the same, the one of nearer lightness stays
    if (one.possible && found.every(({ ab }) => Math.hypot(ab[0] - one.ab[0], ab[1] - one.ab[1]) >= SAME_TONE)) found.push(one);
  return found.sort((one, other) => one.place - other.place);
}

function massNear(likely, colors, radius) {
  return AB_BINS.reduce((sum, [a, b], i) => (colors.some(([c, d]) => (a - c) ** 2 + (b - d) ** 2 <= radius ** 2) ? sum + likely[i] : sum), 0);
}

function skinMass(likely) {
  return AB_BINS.reduce((sum, [a, b], i) => {
    const [hue, chroma] = [((Math.atan2(b, a) * 180) / Math.PI + 360) % 360, Math.hypot(a, b)];
    return hue >= SKIN_HUES[0] && hue <= SKIN_HUES[1] && chroma >= SKIN_CHROMAS[0] && chroma <= SKIN_CHROMAS[1] ? sum + likely[i] : sum;
  }, 0);
}

const labs = new WeakMap(); // table -> [name, lab] of each name

function colorName(lab, taken, table) {
  if (!labs.has(table)) labs.set(table, Object.entries(table.names).map(([name, color]) => [name, labOfHex(color)]));
  const gaps = labs.get(table).map(([name, other]) => [name, taken.includes(name) ? Infinity : deltaE2000(lab, other)]);
  const least = Math.min(...gaps.map(([, gap]) => gap));
  return gaps.find(([, gap]) => gap <= least + SAME_NAME)[0];
}

/** CIEDE2000 color difference (Sharma, Wu and Dalal, 2005) with unit weights. */
export function deltaE2000([l1, a1, b1], [l2, a2, b2]) {
  const radians = (degrees) => (degrees * Math.PI) / 180;
  const c7 = ((Math.hypot(a1, b1) + Math.hypot(a2, b2)) / 2) ** 7;
  const stretch = 1 + 0.5 * (1 - Math.sqrt(c7 / (c7 + 25 ** 7)));
  const [c1, c2] = [Math.hypot(stretch * a1, b1), Math.hypot(stretch * a2, b2)];
  const [h1, h2] = [Math.atan2(b1, stretch * a1), Math.atan2(b2, stretch * a2)];
  const wrapped = (((h2 - h1 + Math.PI) % (2 * Math.PI)) + 2 * Math.PI) % (2 * Math.PI);
  const turn = c1 * c2 > 0 ? wrapped - Math.PI : 0;
  const [light, chroma, hue] = [l2 - l1, c2 - c1, 2 * Math.sqrt(c1 * c2) * Math.sin(turn / 2)];
  const [meanL, meanC, meanH] = [(l1 + l2) / 2, (c1 + c2) / 2, h1 + turn / 2];
  const t = 1 - 0.17 * Math.cos(meanH - radians(30)) + 0.24 * Math.cos(2 * meanH) + 0.32 * Math.cos(3 * meanH + radians(6)) - 0.2 * Math.cos(4 * meanH - radians(63));
  const sL = 1 + (0.015 * (meanL - 50) ** 2) / Math.sqrt(20 + (meanL - 50) ** 2);
  const [sC, sH] = [1 + 0.045 * meanC, 1 + 0.015 * meanC * t];
  const degrees = (((meanH * 180) / Math.PI) % 360 + 360) % 360;
  const angle = radians(60) * Math.exp(-(((degrees - 275) / 25) ** 2));
  const rotation = -2 * Math.sqrt(meanC ** 7 / (meanC ** 7 + 25 ** 7)) * Math.sin(angle);
  return Math.sqrt(Math.max(0, (light / sL) ** 2 + (chroma / sC) ** 2 + (hue / sH) ** 2 + rotation * (chroma / sC) * (hue / sH)));
}
