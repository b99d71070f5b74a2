// Hints as a file: the JSON that `tinct colorize` reads, too.

export const toJson = (hints) => `[\n${hints.map((hint) => `  ${JSON.stringify(hint)}`).join(",\n")}\n]\n`;

/** `#abc` -> `#aabbcc`, which the browser's color picker needs. */
export const long = (color) => (color.length === 4 ? color.replace(/[^#]/g, "$&$&") : color).toLowerCase();

/**
 * The hints in a file.
 * @param {number} width  of the photograph, pixels
 * @param {number} height  of the photograph, pixels
 * @returns {{hints: object[], outside: number}}  the hints inside the photograph, and the number of those outside
 * @throws {Error} with a message for the screen
 */
export function fromJson(text, name, width, height) {
  let found = null;
  try {
    found = JSON.parse(text);
  } catch {
    // reported below
  }
  const fine = (h) => Number.isFinite(h?.x) && Number.isFinite(h?.y) && /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.test(h.color) && (h.size ?? 0) >= 0;
  if (!Array.isArray(found) || !found.length || !found.every(fine)) {
    throw new Error(`${name} holds no colors that this page can read. It should be a list such as [{"x": 120, "y": 80, "color": "#b58863"}].`);
  }
  const inside = found.filter(({ x, y }) => x >= 0 && y >= 0 && x <= width && y <= height);
  if (!inside.length) throw new Error(`All colors in ${name} lie outside this photograph. They may belong to another.`);
  const kept = ({ size, reach, keep_rest }) => ({ ...(size ? { size } : {}), ...(reach ? { reach } : {}), ...(keep_rest ? { keep_rest } : {}) });
  return { hints: inside.map((hint) => ({ x: hint.x, y: hint.y, color: long(hint.color), ...kept(hint) })), outside: found.length - inside.length };
}
