// How files come to the page: chosen, dropped, pasted.

import { $ } from "./dom.js";

/** Chosen with a hidden file input, which a button opens. */
export function chosen(button, input, act) {
  $(button).addEventListener("click", () => $(input).click());
  $(input).addEventListener("change", () => {
    const files = [...$(input).files];
    $(input).value = "";
    if (files.length) act(files);
  });
}

/** Dropped anywhere: act(files, where). */
export function dropped(act) {
  const over = (yes) => document.body.classList.toggle("dropping", yes);
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    over(event.dataTransfer.types.includes("Files"));
  });
  document.addEventListener("dragleave", (event) => event.relatedTarget ?? over(false));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    over(false);
    act([...event.dataTransfer.files], event.target);
  });
}

export function pasted(act) {
  document.addEventListener("paste", (event) => act([...event.clipboardData.files]));
}
