// The hints of an edit as a list: later ones lie over earlier ones, and one that keeps a color keeps what those before it made.

export const KEEP = "keep"; // in the place of a hint's color: the color that is there
export const WAS = "was"; // a choice of the picker: the color that is there without any other hint, so `KEEP` before all others
const MAX_USED_COLORS = 10; // that the picker offers

/**
 * A list in which a hint has this color.
 * @param {number} at  its index; -1: it is new
 * @param {object} hint  the new one, without a color
 * @param {string} color  `#rrggbb`, `KEEP` or `WAS`
 * @returns {{hints: object[], at: number}}
 */
export function colored(hints, at, hint, color) {
  const old = hints[at];
  if (old && color !== WAS && old.color !== KEEP) return { hints: hints.map((one, i) => (i === at ? { ...old, color } : one)), at };
  const others = hints.filter((_, i) => i !== at);
  const { keep_rest, ...place } = old ?? hint;
  if (color === WAS) return { hints: [{ ...place, color: KEEP }, ...others], at: 0 };
  return { hints: [...others, { ...(old ?? hint), color }], at: others.length };
}

/** What the picker marks as chosen. */
export const choiceOf = (hints, at) => (at === 0 && hints.length > 1 && hints[0].color === KEEP ? WAS : hints[at]?.color ?? null);

/** Colors of other places: of this photograph the last first, then of those before it in the row, then of those after it. */
export function usedColors(photo, photos) {
  const at = photos.indexOf(photo);
  const all = [photo, ...photos.slice(0, at).reverse(), ...photos.slice(at + 1)];
  const colors = all.flatMap((one) => one.edit.hints.map(({ color }) => color).reverse());
  return [...new Set(colors)].filter((color) => color !== KEEP).slice(0, MAX_USED_COLORS);
}
