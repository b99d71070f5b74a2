// Names of colors, for people.

import { KEEP, WAS } from "./hint_list.js";
import { has, language, t } from "./i18n.js";

const NAMED = {
  black: "#1a1a1a", "dark-gray": "#555555", gray: "#808080", "light-gray": "#bbbbbb", white: "#f2f2f2",
  "dark-red": "#7a1a1a", red: "#d02a24", pink: "#eea0b4", orange: "#ee8a2b", "dark-brown": "#46301f", brown: "#7b4a26",
  "light-brown": "#b08a5c", beige: "#dcc9a8", yellow: "#ecd642", olive: "#77762f", "light-green": "#9ccf86", green: "#3f9640",
  "dark-green": "#1f4a26", turquoise: "#3fb6ae", "light-blue": "#9cc6e8", blue: "#2a5fd0", "dark-blue": "#1c2d63",
  "gray-blue": "#6f8397", purple: "#7a3a93", lilac: "#b9a0d4", magenta: "#c2338b",
}; // chosen by eye: names that people of all five languages use

const WHITE = [0.9505, 1, 1.089]; // XYZ of D65
const learned = new Map(); // color -> the engine's own name, in English

/** `#rrggbb` -> L*, a*, b*. */
function lab(color) {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16) / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  const xyz = [0.4124 * r + 0.3576 * g + 0.1805 * b, 0.2126 * r + 0.7152 * g + 0.0722 * b, 0.0193 * r + 0.1192 * g + 0.9505 * b];
  const [x, y, z] = xyz.map((v, i) => v / WHITE[i]).map((v) => (v > 0.008856 ? Math.cbrt(v) : 7.787 * v + 16 / 116));
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

/** The color of a*, b* at a middle lightness, as `#rrggbb`: a hint says nothing about lightness. */
export function colorOfAb(a, b) {
  const y = (60 + 16) / 116;
  const [fx, fy, fz] = [y + a / 500, y, y - b / 200].map((v) => (v ** 3 > 0.008856 ? v ** 3 : (v - 16 / 116) / 7.787));
  const [x, , z] = [fx * WHITE[0], fy, fz * WHITE[2]];
  const linear = [3.2406 * x - 1.5372 * fy - 0.4986 * z, -0.9689 * x + 1.8758 * fy + 0.0415 * z, 0.0557 * x - 0.204 * fy + 1.057 * z];
  const levels = linear.map((v) => Math.max(0, Math.min(1, v))).map((v) => (v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055));
  return `#${levels.map((v) => Math.round(255 * v).toString(16).padStart(2, "0")).join("")}`;
}

const known = Object.entries(NAMED).map(([name, color]) => [name, lab(color)]);

/** The engine named a color. */
export const learn = (color, name) => learned.set(color, name);

/** The name of a color of a hint, or of a choice of the picker: `#rrggbb`, `KEEP` or `WAS`. */
export function colorName(color) {
  if (color === KEEP || color === WAS) return t("color.keep");
  if (language === "en" && learned.has(color)) return learned.get(color);
  const mine = lab(color);
  const gap = (other) => Math.hypot(...other.map((one, i) => one - mine[i]));
  return t(`color.${known.reduce((best, one) => (gap(one[1]) < gap(best[1]) ? one : best))[0]}`);
}

/** The name of a family of colors. */
export const familyName = (name) => (has(`family.${name}`) ? t(`family.${name}`) : name);
