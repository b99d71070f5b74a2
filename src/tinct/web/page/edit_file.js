// An edit as a file, name.tinct.json: the JSON that `tinct colorize --edit` reads, too.

import { colorOfAb } from "./colors.js";
import { secondsOf } from "./film.js";

const NUMBERS = { variant: [1, 1000], seed: [0, Number.MAX_SAFE_INTEGER], vividness: [0, 1], strength: [0, 1], like_strength: [0, 1] };
const WHOLE = ["variant", "seed"];

/**
 * @param {object} edit  whose `like` is {name} or null; the file names the picture, which lies beside it. That of a film has `keyframes`
 *     in the place of `hints`.
 */
export function toJson({ hints, keyframes, like, ...rest }) {
  const list = (keyframes ?? hints).map((one) => `    ${JSON.stringify(one)}`).join(",\n");
  const fields = Object.entries({ ...rest, like: like?.name ?? null }).map(([key, value]) => `  "${key}": ${JSON.stringify(value)}`);
  return `{\n${[`  "${keyframes ? "keyframes" : "hints"}": [${list ? `\n${list}\n  ` : ""}]`, ...fields].join(",\n")}\n}\n`;
}

/** `#abc` -> `#aabbcc`, which the browser's color picker needs. */
export const long = (color) => (color.length === 4 ? color.replace(/[^#]/g, "$&$&") : color).toLowerCase();

const isHint = (h) => Number.isFinite(h?.x) && Number.isFinite(h?.y) && isColor(h) && (h.size ?? 0) >= 0;

/** Either a color or CIELAB a*, b*. */
const isColor = ({ color, ab }) => (ab ? Array.isArray(ab) && ab.length === 2 && ab.every(Number.isFinite) : /^(keep|#([0-9a-f]{3}|[0-9a-f]{6}))$/i.test(color));

/**
 * The edit in a file; a list of hints is one with only these.
 * @param {number} width  of the photograph, pixels
 * @param {number} height  of the photograph, pixels
 * @returns {{changes: object, like: string|null, leftOut: number}}  fields of the edit, except the reference, whose name is `like`;
 *     and the number of hints that lie outside the photograph
 * @throws {Error} with the reason: "unreadable" or "outside"
 */
export const fromJson = (text, width, height) => editOf(parsed(text), width, height);

/** What a JSON text holds; null for any other text. */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function editOf(found, width, height) {
  if (Array.isArray(found) && found.length) found = { hints: found };
  const { hints = [], like = null, ...rest } = found ?? {};
  if (!found || typeof found !== "object" || Array.isArray(found) || !Object.keys(found).length) throw new Error("unreadable");
  if (!Array.isArray(hints) || !hints.every(isHint) || !Object.entries(rest).every(isField)) throw new Error("unreadable");
  const inside = hints.filter(({ x, y }) => x >= 0 && y >= 0 && x <= width && y <= height);
  if (hints.length && !inside.length) throw new Error("outside");
  const name = typeof like === "string" ? baseName(like) : like ? like.name || "?" : null;
  return { changes: { ...rest, hints: inside.map(kept) }, like: name, leftOut: hints.length - inside.length };
}

/**
 * The edit of a film in a file.
 * @returns {{changes: object, like: string|null, keyframes: {time: number, hints: object[]}[], leftOut: number, pictures: string[]}|null}  null:
 *     the file holds that of a photograph, or none; `leftOut` is the number of hints that lie outside; `pictures` are the names of those that stand for a
 *     keyframe, which the page doesn't take
 * @throws {Error} with the reason: "unreadable" or "outside"
 */
export function filmFromJson(text, width, height) {
  const found = parsed(text);
  if (!Array.isArray(found?.keyframes)) return null;
  const { keyframes, ...rest } = found;
  const { changes, like } = editOf({ ...rest, hints: [] }, width, height);
  delete changes.hints;
  const read = keyframes.map(({ time, hints = [], picture = null }) => {
    const { changes: own, leftOut } = editOf({ hints }, width, height);
    return { time: secondsOf(time), hints: own.hints, leftOut, picture };
  });
  if (read.some(({ time }) => Number.isNaN(time))) throw new Error("unreadable");
  const leftOut = read.reduce((sum, one) => sum + one.leftOut, 0);
  const pictures = read.filter(({ picture }) => picture !== null).map(({ picture }) => baseName(picture));
  return { changes, like, keyframes: read.filter(({ hints }) => hints.length), leftOut, pictures };
}

const baseName = (path) => String(path).replace(/^.*[\\/]/, "");

/** A hint of a file as the page has it. */
const kept = ({ x, y, color, ab, size, reach, keep_rest }) => ({
  ...{ x, y, color: ab ? colorOfAb(...ab) : long(color) },
  ...(size ? { size } : {}),
  ...(reach ? { reach } : {}),
  ...(keep_rest ? { keep_rest } : {}),
});

function isField([key, value]) {
  if (key === "detail") return value === null || Number.isInteger(value);
  if (key === "ensemble") return typeof value === "boolean";
  const [low, high] = NUMBERS[key] ?? [1, 0];
  return Number.isFinite(value) && value >= low && value <= high && (!WHOLE.includes(key) || Number.isInteger(value));
}
