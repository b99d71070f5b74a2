// A problem of the engine as a text for the screen: the fact, and what to do about it with the controls of this page.

import { has, language, t } from "./i18n.js";

/** @param {{code: string, fact: string, detail: string, values: object|undefined}} problem */
export function words({ code, fact, detail, values }) {
  const ours = has(`fact.${code}`) && (language !== "en" || values) ? t(`fact.${code}`, values) : null;
  const known = ours && code === "photo-error" ? `${ours} (${fact})` : ours ?? fact; // the server says in English what is wrong with the file
  if (has(`remedy.${code}`)) return `${known} ${t(`remedy.${code}`)}`;
  return ours ? known : detail;
}
