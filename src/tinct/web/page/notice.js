// Messages: a status line for screen readers, and a note on the screen where something went wrong.

import { $ } from "./dom.js";
import { t } from "./i18n.js";

const NOTE_MILLISECONDS = 9000; // a note without a subject disappears then; one with a subject stays until calm()
let about = null;
let later = 0;

/** The remedy of a note that tries it again. */
export const again = (act) => ({ label: t("try-again"), act });

export function say(text) {
  const status = $("status");
  status.textContent = status.textContent === text ? `${text}\u00a0` : text; // else a second "Undone" is not read out
}

/**
 * Show a note.
 * @param {object} [remedy]  label and act of a button
 * @param {unknown} [concerns]  argument of the calm() that hides the note
 */
export function note(text, remedy = null, concerns = null) {
  if (!remedy && !$("note").hidden && $("note-text").textContent === text) return; // it is shown already, perhaps with a remedy
  about = concerns;
  $("note-text").textContent = text;
  $("note-act").hidden = !remedy;
  $("note-act").textContent = remedy?.label ?? "";
  $("note-act").onclick = () => {
    hide();
    remedy.act();
  };
  $("note").hidden = false;
  clearTimeout(later);
  if (!concerns) later = setTimeout(hide, NOTE_MILLISECONDS);
}

/** Hide the note about this, if it is shown. */
export function calm(concerns) {
  if (concerns === about) hide();
}

function hide() {
  about = null;
  clearTimeout(later);
  $("note").hidden = true;
}

$("note-close").addEventListener("click", hide);
