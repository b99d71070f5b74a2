// What the buttons for files do to a photograph: load and save its edit, take a reference picture, download it.

import { $, keep } from "./dom.js";
import { fromJson, toJson } from "./edit_file.js";
import { t } from "./i18n.js";
import { note, say } from "./notice.js";
import { words } from "./remedies.js";

const again = (act) => ({ label: t("try-again"), act });

export const isEdit = (file) => file.name.toLowerCase().endsWith(".json");

/** Load an edit; the reference that it names may be among the files. */
export async function loadEdit(photo, files) {
  const file = files.find(isEdit) ?? files[0];
  const { name } = file;
  try {
    const { changes, like, leftOut } = fromJson(await file.text(), photo.width, photo.height);
    const picture = files.find((other) => other.name === like) ?? [...photo.likes].find((known) => known.name === like)?.file;
    photo.set({ ...changes, like: picture ? await photo.reference(picture) : null });
    if (!like || picture) photo.keep();
    if (leftOut) note(t("left-out", { name, count: leftOut }));
    if (like && !picture) note(t("names-reference", { name, like }), { label: t("like-pick"), act: () => $("like-file").click() }, photo);
    say(t("loaded", { name }));
  } catch (problem) {
    note({ unreadable: t("no-edit", { name }), outside: t("all-outside", { name }) }[problem.message] ?? words(problem));
  }
}

export function saveEdit(photo) {
  keep(new Blob([toJson(photo.edit)], { type: "application/json" }), `${photo.name.replace(/\.[^.]*$/, "")}.tinct.json`);
  photo.keep();
}

/** @param {() => void} changed  redraw */
export async function setLike(photo, file, changed) {
  photo.liking = true;
  changed();
  try {
    photo.set({ like: await photo.reference(file) });
    say(t("colored-like", { name: file.name }));
  } catch (problem) {
    note(words(problem), again(() => setLike(photo, file, changed)));
  }
  photo.liking = false;
  changed();
}

export async function download(photo) {
  try {
    const { blob, name } = await photo.render($("format").value, $("output").value);
    keep(blob, name);
    say(t("downloaded", { name }));
  } catch (problem) {
    note(words(problem), again(() => download(photo)));
  }
}
