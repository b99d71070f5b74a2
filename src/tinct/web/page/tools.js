// The tools: what a click colors; and the buttons for zooming.

import { $ } from "./dom.js";
import { t } from "./i18n.js";
import { say } from "./notice.js";

const BUTTONS = [...$("tools").querySelectorAll("[data-tool]")];

/** Show which tool is used, and tell how. */
export function showTool(tool, isNew) {
  if (isNew) say(t(`tool-${tool}`));
  for (const button of BUTTONS) button.setAttribute("aria-pressed", String(button.dataset.tool === tool));
  $("brush").hidden = tool !== "stroke";
  $("tool-help").textContent = t(`tool-${tool}-help`);
  $("stage-help").textContent = t(tool === "object" ? "stage-help" : "stage-help-area");
}

/** @param {(tool: string) => void} use  @param {import("./stage.js").Stage} stage */
export function listen(use, stage) {
  for (const button of BUTTONS) button.addEventListener("click", () => use(button.dataset.tool));
  const zooms = { "zoom-in": () => stage.zoom(1.4), "zoom-out": () => stage.zoom(1 / 1.4), "zoom-fit": () => stage.fit(), "zoom-full": () => stage.full() };
  for (const [id, act] of Object.entries(zooms)) $(id).addEventListener("click", act);
}
