// What is on the stage until a photograph is in color: its own file, in gray, and how far it is; or why it can't be colored.

import { $ } from "./dom.js";
import { Film } from "./film.js";
import { t } from "./i18n.js";

$("early").addEventListener("load", () => ($("early").hidden = false));

export function drawWaiting(photo) {
  const { state, progress, problem } = photo;
  $("busy").hidden = state === "ready" || state === "failed";
  const working = t(photo instanceof Film ? "film-looking" : "coloring");
  $("busy-text").textContent = state === "sending" && progress < 1 ? t("sending", { percent: Math.round(100 * progress) }) : working;
  $("trouble").hidden = state !== "failed";
  $("trouble-text").textContent = problem;
  drawEarly(photo);
}

/** Formats that the browser can't show stay hidden. */
function drawEarly(photo) {
  const image = $("early");
  const wanted = photo.state === "waiting" || photo.state === "sending" ? photo.early : "";
  if (wanted && image.src !== wanted) {
    image.hidden = true;
    image.src = wanted;
  } else if (!wanted) {
    image.hidden = true;
    image.removeAttribute("src");
  }
}
