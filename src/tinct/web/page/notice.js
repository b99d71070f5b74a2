// What the page says: quietly, for screen readers, and in a note on the screen where something went wrong.

import { $ } from "./dom.js";

const LONG = 9000; // milliseconds that a note stays where nothing can be done about it
let about = null;
let later = 0;

export function say(text) {
  const status = $("status");
  status.textContent = status.textContent === text ? `${text}\u00a0` : text; // or a second "Undone" would go unheard
}

/**
 * @param {object} [cure]  label and act of a button
 * @param {unknown} [concerns]  what calm() has to name to take the note away
 */
export function note(text, cure = null, concerns = null) {
  if (!cure && !$("note").hidden && $("note-text").textContent === text) return; // it is said already, perhaps with a cure
  about = concerns;
  $("note-text").textContent = text;
  $("note-act").hidden = !cure;
  $("note-act").textContent = cure?.label ?? "";
  $("note-act").onclick = () => {
    hide();
    cure.act();
  };
  $("note").hidden = false;
  clearTimeout(later);
  if (!concerns) later = setTimeout(hide, LONG);
}

/** What the note was about is well again. */
export function calm(concerns) {
  if (concerns === about) hide();
}

function hide() {
  about = null;
  clearTimeout(later);
  $("note").hidden = true;
}

$("note-close").addEventListener("click", hide);
