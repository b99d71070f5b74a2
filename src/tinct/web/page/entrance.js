// The password form, where the server needs a token; and what the welcome says about films.

import { $ } from "./dom.js";
import { locked, takesFilms, unlock } from "./engine.js";
import { note } from "./notice.js";
import { words } from "./remedies.js";

/** @param {() => void} changed  whether the form is shown has changed  @param {() => void} entered  called once the page may be used */
export async function enter(changed, entered) {
  const inside = () => {
    entered();
    takesFilms().then(
      (yes) => ($("welcome-films").hidden = !yes),
      () => {}, // where the server doesn't answer, the first photograph tells
    );
  };
  $("unlock").addEventListener("submit", async (event) => {
    event.preventDefault();
    $("wrong-password").hidden = true;
    try {
      $("wrong-password").hidden = await unlock($("password").value);
    } catch (problem) {
      return note(words(problem));
    }
    if (!$("wrong-password").hidden) return $("password").select();
    $("locked").hidden = true;
    changed();
    inside();
  });
  $("locked").hidden = !(await locked());
  changed();
  if ($("locked").hidden) return inside();
  $("password").focus();
  document.documentElement.dataset.locked = "";
}
