// What the buttons for files do to a photograph: load and save its edit, take a reference picture, download it.

import { $, keep } from "./dom.js";
import { filmFromJson, fromJson, toJson } from "./edit_file.js";
import { t } from "./i18n.js";
import { again, calm, note, say } from "./notice.js";
import { words } from "./remedies.js";

/** What a note on a missing reference concerns: not the photograph, whose next preview would hide it. */
export const missingOf = (photo) => `reference of ${photo.id}`;

/** Whether a file has this name; macOS writes letters with accents as two code points. */
const isCalled = (file, name) => file.name.normalize() === name?.normalize();

export const isEdit = (file) => file.name.toLowerCase().endsWith(".json");

/** Load the edit of a film: its keyframes are opened. @returns whether the file holds one */
async function loadFilm(desk, photo, file, files) {
  const { film, width, height } = photo;
  const found = filmFromJson(await file.text(), width, height);
  if (!found) return false;
  const picture = files.find((other) => isCalled(other, found.like));
  const like = picture ? await photo.reference(picture) : null;
  film.settings = { ...film.settings, ...found.changes, like };
  for (const { time, hints } of found.keyframes) (await desk.frameOf(film, time)).wish({ ...film.settings, hints });
  if (photo.opened) photo.wish(film.settings);
  return { like: found.like, picture, leftOut: found.leftOut, pictures: found.pictures };
}

/** Load an edit; the reference that it names may be among the files. */
export async function loadEdit(desk, photo, files) {
  const file = files.find(isEdit) ?? files[0];
  const { name } = file;
  try {
    const film = photo.film ? await loadFilm(desk, photo, file, files) : false;
    if (film) return tell(photo, name, film);
    const { changes, like, leftOut } = fromJson(await file.text(), photo.width, photo.height);
    const picture = files.find((other) => isCalled(other, like)) ?? [...photo.likes].find((known) => isCalled(known, like))?.file;
    photo.set({ ...changes, like: picture ? await photo.reference(picture) : null });
    if (!like || picture) photo.keep();
    tell(photo, name, { like, picture, leftOut });
  } catch (problem) {
    if (typeof problem.code === "string") note(words(problem)); // any other error is one of reading it
    else note(t(problem.message === "outside" ? "all-outside" : "no-edit", { name }));
  }
}

/** Say that an edit is loaded, and what of it is missing. */
function tell(photo, name, { like, picture, leftOut, pictures = [] }) {
  const missing = [
    ...(leftOut ? [t("left-out", { name, count: leftOut })] : []),
    ...(pictures.length ? [t("left-out-pictures", { name, count: pictures.length, pictures: pictures.join(", ") })] : []),
  ];
  if (missing.length) note(missing.join(" "));
  if (like && !picture) note(t("names-reference", { name, like }), { label: t("like-pick"), act: () => $("like-file").click() }, missingOf(photo));
  say(t("loaded", { name }));
}

/** Save the edit of a photograph, or of the film whose keyframe it is. */
export function saveEdit(desk, photo) {
  const { film } = photo;
  const edit = film ? film.editWith(desk.photos, photo.edit.like) : photo.edit;
  keep(new Blob([toJson(edit)], { type: "application/json" }), `${(film ?? photo).name.replace(/\.[^.]*$/, "")}.tinct.json`);
  for (const one of film ? desk.photos.filter((each) => each.film === film) : [photo]) one.keep();
}

/** @param {() => void} changed  redraw */
export async function setLike(photo, file, changed) {
  photo.liking = true;
  changed();
  try {
    photo.set({ like: await photo.reference(file) });
    calm(missingOf(photo));
    say(t("colored-like", { name: file.name }));
  } catch (problem) {
    const another = { label: t("like-another"), act: () => $("like-file").click() };
    note(words(problem), problem.code === "gray-reference" ? another : again(() => setLike(photo, file, changed))); // a gray picture stays gray
  }
  photo.liking = false;
  changed();
}

export async function download(photo) {
  try {
    const { blob, name, edit } = await photo.render($("format").value, $("output").value);
    keep(blob, name);
    photo.keep(edit);
    say(t("downloaded", { name }));
  } catch (problem) {
    note(words(problem), again(() => download(photo)));
  }
}
