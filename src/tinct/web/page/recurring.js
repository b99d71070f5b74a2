// The same thing on the other photographs: where the color that it was given on one is offered.

import { recurring } from "./engine.js";
import { t } from "./i18n.js";
import { again, note } from "./notice.js";
import { words } from "./remedies.js";

/** Whether a hint can be carried over: one that keeps a color has none to give. */
export const canRecur = (hint, photos) => photos.length > 1 && Boolean(hint?.color.startsWith("#"));

const has = (photo, hint) => photo.edit.hints.some(({ x, y, color }) => x === hint.x && y === hint.y && color === hint.color);

/**
 * Look for the object of a hint on the other photographs, and offer its color where it is found.
 * @param {import("./photo.js").Photo[]} photos  all that are open; those that aren't in color yet are left out
 */
export async function offerElsewhere(photo, hint, photos) {
  const others = photos.filter((one) => one !== photo && one.state === "ready");
  note(t("elsewhere-busy", { count: others.length }), null, hint);
  try {
    const found = await recurring(photo.file, hint, others.map((one) => one.file));
    const places = others.map((one) => [one, found.get(one.file) ?? []]).filter(([one, hints]) => hints.length && !hints.every((each) => has(one, each)));
    if (!places.length) return note(t("elsewhere-none", { count: others.length }));
    const act = () => {
      const open = places.filter(([one]) => !one.closed);
      for (const [one, hints] of open) one.set({ hints: [...one.edit.hints, ...hints] });
      note(t("elsewhere-done", { count: open.length }));
    };
    note(t("elsewhere-found", { count: places.length, all: others.length, names: named(places) }), { label: t("elsewhere-use", { count: places.length }), act }, hint);
  } catch (problem) {
    note(words(problem), again(() => offerElsewhere(photo, hint, photos)));
  }
}

const MAX_NAMES = 4;

/** The names of the first few photographs. */
const named = (places) => places.slice(0, MAX_NAMES).map(([one]) => one.name).join(", ") + (places.length > MAX_NAMES ? ", …" : "");
