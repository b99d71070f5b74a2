// An edit as a file, name.tinct.json: the JSON that `tinct colorize --edit` reads, too.

import { colorOfAb } from "./colors.js";

const NUMBERS = { variant: [1, 1000], seed: [0, Number.MAX_SAFE_INTEGER], vividness: [0, 1], strength: [0, 1] };
const WHOLE = ["variant", "seed"];

/** @param {object} edit  whose `like` is {name} or null; the file names the picture, which lies beside it */
export function toJson({ hints, like, ...rest }) {
  const list = hints.map((hint) => `    ${JSON.stringify(hint)}`).join(",\n");
  const fields = Object.entries({ ...rest, like: like?.name ?? null }).map(([key, value]) => `  "${key}": ${JSON.stringify(value)}`);
  return `{\n${[`  "hints": [${list ? `\n${list}\n  ` : ""}]`, ...fields].join(",\n")}\n}\n`;
}

/** `#abc` -> `#aabbcc`, which the browser's color picker needs. */
export const long = (color) => (color.length === 4 ? color.replace(/[^#]/g, "$&$&") : color).toLowerCase();

const isHint = (h) => Number.isFinite(h?.x) && Number.isFinite(h?.y) && isColor(h) && (h.size ?? 0) >= 0;

/** Either a color or CIELAB a*, b*. */
const isColor = ({ color, ab }) => (ab ? ab.length === 2 && ab.every(Number.isFinite) : /^(keep|#([0-9a-f]{3}|[0-9a-f]{6}))$/i.test(color));

/**
 * The edit in a file; a list of hints is one with only these.
 * @param {number} width  of the photograph, pixels
 * @param {number} height  of the photograph, pixels
 * @returns {{changes: object, like: string|null, leftOut: number}}  fields of the edit, except the reference, whose name is `like`;
 *     and the number of hints that lie outside the photograph
 * @throws {Error} with the reason: "unreadable" or "outside"
 */
export function fromJson(text, width, height) {
  let found = null;
  try {
    found = JSON.parse(text);
  } catch {
    // reported below
  }
  if (Array.isArray(found) && found.length) found = { hints: found };
  const { hints = [], like = null, ...rest } = found ?? {};
  if (!found || typeof found !== "object" || Array.isArray(found) || !Object.keys(found).length) throw new Error("unreadable");
  if (!Array.isArray(hints) || !hints.every(isHint) || !Object.entries(rest).every(isField)) throw new Error("unreadable");
  const inside = hints.filter(({ x, y }) => x >= 0 && y >= 0 && x <= width && y <= height);
  if (hints.length && !inside.length) throw new Error("outside");
  const kept = ({ x, y, color, ab, size, reach, keep_rest }) => ({
    ...{ x, y, color: ab ? colorOfAb(...ab) : long(color) },
    ...(size ? { size } : {}),
    ...(reach ? { reach } : {}),
    ...(keep_rest ? { keep_rest } : {}),
  });
  const name = typeof like === "string" ? like.replace(/^.*[\\/]/, "") : like ? like.name || "?" : null;
  return { changes: { ...rest, hints: inside.map(kept) }, like: name, leftOut: hints.length - inside.length };
}

function isField([key, value]) {
  if (key === "detail") return value === null || Number.isInteger(value);
  if (key === "ensemble") return typeof value === "boolean";
  const [low, high] = NUMBERS[key] ?? [1, 0];
  return Number.isFinite(value) && value >= low && value <= high && (!WHOLE.includes(key) || Number.isInteger(value));
}
