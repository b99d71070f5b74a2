// A problem or a note of the engine as a text for the screen: the fact, and what to do about it with the controls of this page.

import { has, language, t } from "./i18n.js";

/** Codes of problems that people need not tell apart -> the code whose words they have. */
const SAME = {
  "bad-request": "unknown-request", "detail-too-large": "edit", "edit-field": "edit", "edit-value": "edit", "config-error": "edit",
  "film-busy": "film-running", "film-codec": "edit", "film-hints": "edit", "film-part": "edit", "film-preset": "edit", "film-quality": "edit",
  "hint": "edit", "hint-error": "edit", "hint-outside": "edit", "hints-needed": "edit", "invalid-request": "edit", "is-folder": "unreadable-file",
  "keyframe-twice": "edit", "mask": "edit", "mask-empty": "edit", "mask-file": "edit", "mask-size": "edit", "method-not-allowed": "unknown-request",
  "needs-heif": "unsupported", "no-such-keyframe": "edit", "not-found": "unknown-request", "outside-film": "edit", "part-outside": "edit",
  "reach": "edit", "region": "edit", "region-crosses": "edit", "region-empty": "edit", "region-outside": "edit", "region-points": "edit",
  "segments-differ": "film-error", "still-picture": "no-film", "no-video": "no-film", "time": "edit", "too-many-keyframes": "edit",
};
const GENERAL = ["photo-error", "edit", "film-error", "film-unreadable", "film-unwritable", "damaged", "unsupported", "unreadable-file"]; // the server's own sentence says more, in English

/** @param {{code: string, fact: string, detail: string, values: object|undefined}} problem */
export function words({ code, fact, detail, values }) {
  const known = has(`fact.${code}`) ? code : SAME[code];
  const ours = known && (language !== "en" || values) ? t(`fact.${known}`, values) : null;
  const told = ours && GENERAL.includes(known) ? `${ours} (${fact})` : ours ?? fact;
  const remedy = [code, known].find((one) => has(`remedy.${one}`));
  if (remedy) return `${told} ${t(`remedy.${remedy}`)}`;
  return ours ? told : detail;
}

/** @param {{code: string, text: string, values: object}} note  on a photograph; `text` is in English */
export function noteWords({ code, text, values }) {
  return language !== "en" && has(`note.${code}`) ? t(`note.${code}`, values) : text;
}
