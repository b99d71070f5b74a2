// The engine: everything that the page asks of a server, and, with engine_*.js, the only module that knows that there is one. Pictures are named by
// their File: the engine sends one when it is needed first, and again where the server has forgotten it. An edit is the JSON form of
// `tinct.Edit`, whose `like` is a File or null. Another engine with the same interface may compute in the browser instead.
//
//   open(file, {progress, signal}) -> {width, height, notes, edit, gray, color, previewSide, maxPreviewSide}
//       progress(part): 0 to 1; notes: {code, text, values} each; edit: the one that `color` shows, all defaults; gray, color: Blobs of at
//       most `previewSide` pixels along the longer side; `maxPreviewSide`: the largest `side` below
//   preview(file, edit, side) -> Blob; a field that the edit lacks has its default
//   part(file, edit, {x, y, width, height}) -> Blob; of the picture at full size, in its pixels, at most 4096 a side
//   suggest(file, {x, y, hints, count}) -> {colors, families}
//       colors: {color, name, probability} each; families: {name, probability, colors} each; names in English
//   variants(file, edit, numbers, side) -> async iterator of [number, Blob]: those from the least number to the greatest, or the first of them
//       where the engine is busy
//   objectVariants(file, {x, y, reach, hints, count}) -> hints, each of which gives one object another color
//   recurring(file, hint, files) -> Map of File -> hints that give the object of a hint its color there; none where it isn't found
//   render(file, edit, format, output) -> {blob, name}
//       format: original, jpg, png, tif, webp or avif; output: color, layer or compare
//   close(file): let go of it, and of references that were sent for it; it may be asked for again
//   takesFilms() -> whether films can be opened
//   openFilm, keyframes, frame, colorizeFilm, filmState, filmResult, closeFilm; filmKey and resumeFilm, for a reload: see engine_films.js
//   locked() -> whether a password is needed; unlock(password) -> whether it is right
//
// They throw a `Problem` {code, fact, detail, values}; "aborted" where the picture was closed meanwhile. Addresses are relative to the page's
// own, which a reverse proxy may serve under a path prefix.

import * as films from "./engine_films.js";
import { aborted, ask, linesOf, retrying, sendFile } from "./engine_http.js";

export { closeFilm, filmKey, filmResult, filmState, frame, keyframes, openFilm, resumeFilm, takesFilms } from "./engine_films.js";
export { Problem } from "./engine_http.js";

const IDLE = 10 * 60_000; // milliseconds without a question after which the server may forget a picture; it is sent again when it is needed

const MAX_VARIANTS = 16; // in one answer of the server
const MAX_OTHERS = 50; // photographs in one question for an object; more urgent questions are answered between two of them

const ids = new Map(); // File -> promise of its id on the server
const uses = new Map(); // File -> number of requests with it, or about it, that aren't answered yet
const owners = new Map(); // File of a reference picture -> that of the photograph for which it was sent
const asked = new WeakMap(); // File -> time of the last question about it
const closings = new WeakMap(); // File -> how often the page has let go of it

// ---- pictures that the server holds ----

const post = (id, what, body) => retrying(() => ask("POST", `${at(id)}/${what}`, body));
const at = (id) => `v1/pictures/${encodeURIComponent(id)}`;

const begin = (file) => uses.set(file, (uses.get(file) ?? 0) + 1);

function end(file) {
  asked.set(file, Date.now());
  uses.get(file) > 1 ? uses.set(file, uses.get(file) - 1) : uses.delete(file);
}

/**
 * Send a file; where the server has no room, let go of this page's own idle pictures first.
 * @param {object} options  `progress` and `signal`; `owner`: of a reference picture, the photograph that it is for
 * @param {string} [ownerId]  of the owner, on the server, which forgets the reference together with it
 */
function send(file, options = {}, ownerId = undefined) {
  begin(file);
  const sendOnce = () => sendFile("v1/pictures", file, { photo: file, reference_of: ownerId }, options);
  const sending = sendOnce().catch(async (problem) => {
    const idle = [...ids.keys()].filter((other) => other !== file && other !== options.owner && !uses.get(other));
    if (problem.code !== "no-room" || !idle.length) throw problem;
    await Promise.all(idle.map(close));
    return sendOnce();
  }).finally(() => end(file));
  const id = sending.then((answer) => answer.id);
  ids.set(file, id);
  options.owner ? owners.set(file, options.owner) : owners.delete(file);
  id.catch(() => ids.get(file) === id && ids.delete(file));
  return sending;
}

setInterval(() => {
  for (const file of ids.keys()) if (!uses.get(file) && Date.now() - asked.get(file) > IDLE) close(file);
}, IDLE / 10);

/** The id of a picture on the server; it is sent first where the server doesn't have it. */
async function idOf(file, owner) {
  if (!ids.has(file)) await send(file, { owner }, owner && (await ids.get(owner)));
  return ids.get(file);
}

/** Ask about pictures, by their ids; where the server has forgotten one, send them all again first. Those after the first are its references. */
async function asking(files, question) {
  files.forEach(begin);
  const closed = closings.get(files[0]);
  try {
    for (let attempt = 1; ; attempt++) {
      const promises = [];
      try {
        for (const file of files) {
          await idOf(file, file === files[0] ? undefined : files[0]);
          promises.push(ids.get(file));
        }
        return await question(...(await Promise.all(promises)));
      } catch (problem) {
        if (problem.status !== 404 || attempt > 1) throw problem;
        if (closings.get(files[0]) !== closed) throw aborted(); // it was closed meanwhile, and isn't sent again
        files.forEach((file, i) => promises[i] && ids.get(file) === promises[i] && ids.delete(file));
      }
    }
  } finally {
    files.forEach(end);
  }
}

/** Ask about a picture with an edit, whose reference is a picture, too. */
const edited = (file, edit, what, more) =>
  asking(edit.like ? [file, edit.like] : [file], (id, like = null) => post(id, what, { ...edit, like, ...more }));

/** ``data:`` URL -> Blob. */
function blobOf(url) {
  const bytes = atob(url.slice(url.indexOf(",") + 1));
  return new Blob([Uint8Array.from(bytes, (one) => one.charCodeAt(0))], { type: "image/jpeg" });
}

// ---- the interface ----

export async function open(file, options) {
  const { width, height, notes, edit, gray, color, preview_size, max_preview_size } = await send(file, options);
  return { width, height, notes, edit, gray: blobOf(gray), color: blobOf(color), previewSide: preview_size, maxPreviewSide: max_preview_size };
}

export const preview = async (file, edit, side) => (await edited(file, edit, "preview", { size: side })).blob();

export async function part(file, edit, { x, y, width, height }) {
  return (await edited(file, edit, "preview", { part: [x, y, width, height] })).blob();
}

export const suggest = async (file, place) => (await asking([file], (id) => post(id, "suggest", place))).json();

/** In one request, or few; more urgent questions are answered between two of them. */
export async function* variants(file, edit, numbers, side) {
  const last = Math.max(...numbers);
  for (let variant = Math.min(...numbers); variant <= last; variant += MAX_VARIANTS) {
    const count = Math.min(MAX_VARIANTS, last - variant + 1);
    const answer = await edited(file, { ...edit, variant }, "variants", { variants: count, size: side });
    for await (const one of linesOf(answer)) yield [one.variant, blobOf(one.picture)];
  }
}

export const objectVariants = async (file, place) => (await (await asking([file], (id) => post(id, "object-variants", place))).json()).hints;

export async function recurring(file, hint, files) {
  const found = new Map();
  for (let at = 0; at < files.length; at += MAX_OTHERS) {
    for (const [one, hints] of await recurringOn(file, hint, files.slice(at, at + MAX_OTHERS))) found.set(one, hints);
  }
  return found;
}

async function recurringOn(file, hint, files) {
  const found = new Map();
  for (let attempt = 1, left = files; left.length && attempt <= 2; attempt++) {
    const others = await Promise.all(left.map((one) => idOf(one)));
    const { matches } = await (await asking([file], (id) => post(id, "recurring", { hint, others }))).json();
    left.forEach((one, i) => {
      asked.set(one, Date.now());
      if (matches[i].known) found.set(one, matches[i].hints);
      else ids.delete(one); // it is sent again
    });
    left = left.filter((one) => !found.has(one));
  }
  return found;
}

export async function render(file, edit, format, output) {
  const answer = await edited(file, edit, "render", { format, output });
  const name = /filename\*=UTF-8''([^;]+)/.exec(answer.headers.get("Content-Disposition") ?? "");
  return { blob: await answer.blob(), name: name ? decodeURIComponent(name[1]) : "photo.color" };
}

/** @param {object} edit  of a film, whose `like` is a File or null; for the rest see `films.colorizeFilm` */
export function colorizeFilm(file, edit, part, options) {
  const color = (like = null) => films.colorizeFilm(file, { ...edit, like }, part, options);
  return edit.like ? asking([edit.like], color) : color();
}

export async function close(file) {
  const id = ids.get(file);
  closings.set(file, (closings.get(file) ?? 0) + 1);
  ids.delete(file);
  for (const [reference, owner] of owners) if (owner === file) [owners, ids].forEach((map) => map.delete(reference)); // the server forgets it, too
  if (id) await id.then((found) => ask("DELETE", at(found), undefined, { keepalive: true })).catch(() => {});
}

export const locked = () =>
  ask("GET", "v1/models").then(
    () => false,
    (problem) => problem.code === "token",
  );

/** The server answers with a cookie, which the browser keeps. */
export const unlock = (password) =>
  ask("GET", `./?${new URLSearchParams({ token: password })}`).then(
    () => true,
    (problem) => {
      if (problem.code !== "token") throw problem;
      return false;
    },
  );
