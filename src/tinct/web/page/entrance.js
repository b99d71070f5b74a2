// The password form, where the server needs a token.

import { $ } from "./dom.js";
import { locked, unlock } from "./engine.js";

/** @param {() => void} changed  whether the form is shown has changed  @param {() => void} entered  called once the page may be used */
export async function enter(changed, entered) {
  $("unlock").addEventListener("submit", async (event) => {
    event.preventDefault();
    const right = await unlock($("password").value);
    $("wrong-password").hidden = right;
    if (!right) return $("password").select();
    $("locked").hidden = true;
    changed();
    entered();
  });
  $("locked").hidden = !(await locked());
  changed();
  if ($("locked").hidden) return entered();
  $("password").focus();
  document.documentElement.dataset.locked = "";
}
