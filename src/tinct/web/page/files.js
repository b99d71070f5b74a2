// Files come to the page by a file dialog, by drag and drop, or by pasting.

import { $ } from "./dom.js";

const PICTURE = /\.(jpe?g|png|tiff?|webp|avif|hei[cf]|bmp)$/i; // what is taken of a folder
const FILM = /\.(3gp|asf|avi|divx|dv|f4v|flv|m2ts|m2v|m4v|mkv|mov|mp4|mpe?g|mts|mxf|nut|ogv|ts|vob|webm|wmv)$/i;

export const isFilm = (file) => file.type?.startsWith("video/") || FILM.test(file.name);

/** A button opens the dialog of a hidden file input. */
export function chosen(button, input, act) {
  $(button).addEventListener("click", () => $(input).click());
  const take = () => {
    const files = [...$(input).files];
    $(input).value = "";
    if (files.length) act(files);
  };
  $(input).addEventListener("change", take);
  setTimeout(take); // what was chosen before the page was ready
}

const called = (object, method) => new Promise((resolve, reject) => object[method](resolve, reject));

/** The photographs of a folder and its folders, by name, and with `films` the films. */
async function within(folder, films) {
  const reader = folder.createReader();
  const entries = [];
  for (let some; (some = await called(reader, "readEntries")).length; ) entries.push(...some); // Chromium gives 100 at a time
  entries.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
  const found = [];
  for (const entry of entries) {
    if (entry.isDirectory) found.push(...(await within(entry, films)));
    else if ((PICTURE.test(entry.name) || (films && FILM.test(entry.name))) && !entry.name.startsWith(".")) found.push(await called(entry, "file"));
  }
  return found;
}

/**
 * The files of a drop, those in folders included.
 * @param {DataTransferItem[]} items
 * @param {() => Promise<boolean>} [films]  whether films are taken of folders
 * @returns {Promise<{files: File[], folders: string[]}>}  `folders`: names of those without a picture
 */
export async function filesOf(items, films = async () => false) {
  const sources = items.filter(({ kind }) => kind === "file").map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile()); // before any await
  const files = items.map((item) => (item.kind === "file" ? item.getAsFile() : null)).filter((_, i) => items[i].kind === "file");
  const found = { files: [], folders: [] };
  for (const [i, source] of sources.entries()) {
    if (!source?.isDirectory) {
      if (files[i]) found.files.push(files[i]);
      continue;
    }
    const inside = await within(source, await films()).catch(() => []);
    found.files.push(...inside);
    if (!inside.length) found.folders.push(source.name);
  }
  return found;
}

/** Files and folders dropped anywhere on the page: act({files, folders}, element). `films` as for `filesOf`. */
export function dropped(act, films) {
  const over = (yes) => document.body.classList.toggle("dropping", yes);
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    over(event.dataTransfer.types.includes("Files"));
  });
  document.addEventListener("dragleave", (event) => event.relatedTarget ?? over(false));
  document.addEventListener("drop", async (event) => {
    event.preventDefault();
    over(false);
    const { target } = event;
    act(await filesOf([...event.dataTransfer.items], films), target);
  });
}

export function pasted(act) {
  document.addEventListener("paste", (event) => event.clipboardData.files.length && act([...event.clipboardData.files]));
}
