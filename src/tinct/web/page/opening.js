// What files that come to the page do: photographs and films are opened, an edit is loaded, a color picture is taken as the reference.

import { takesFilms } from "./engine.js";
import { isEdit, loadEdit, setLike } from "./file_actions.js";
import { chosen, dropped, pasted } from "./files.js";

/**
 * @param {import("./desk.js").Desk} desk
 * @param {import("./picker.js").Picker} picker  which is closed when an edit is loaded
 * @param {() => void} update  redraw
 */
export function listenToFiles(desk, picker, update) {
  const load = (files) => {
    picker.close();
    loadEdit(desk, desk.photo, files);
  };
  chosen("open", "files", (files) => desk.take(files));
  chosen("load-edit", "edit-file", load);
  chosen("like-pick", "like-file", ([file]) => setLike(desk.photo, file, update));
  pasted((files) => desk.take(files));
  dropped(({ files, folders }, where) => {
    const ready = desk.photo?.state === "ready";
    if (ready && files.some(isEdit)) load(files);
    else if (ready && files.length && where.closest?.("#like")) setLike(desk.photo, files[0], update);
    else desk.take(files, folders);
  }, takesFilms);
}
