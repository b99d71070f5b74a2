// Files come to the page by a file dialog, by drag and drop, or by pasting.

import { $ } from "./dom.js";

/** A button opens the dialog of a hidden file input. */
export function chosen(button, input, act) {
  $(button).addEventListener("click", () => $(input).click());
  $(input).addEventListener("change", () => {
    const files = [...$(input).files];
    $(input).value = "";
    if (files.length) act(files);
  });
}

/** Files dropped anywhere on the page: act(files, element). */
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
