// Films of the engine: each is named by its File, sent when it is needed first, and again where the server has forgotten it.

import { ask, formOf, own, Problem, retrying, sendFile } from "./engine_http.js";

const MAX_LOOKS = 60; // questions for keyframes, each as long as the server's time limit, while it looks through the film

const ids = new Map(); // File -> promise of the film's id on the server

const at = (id) => `v1/films/${encodeURIComponent(id)}`;

let taken = null; // promise of whether this server colors films

/** Whether this server colors films. The description of its API tells; another address would answer with an error. */
export function takesFilms() {
  taken ??= ask("GET", "v1/openapi.json").then(async (answer) => Object.keys((await answer.json()).paths).some((path) => path.endsWith("v1/films")));
  taken.catch(() => (taken = null)); // it is asked again
  return taken;
}

async function send(file, options) {
  if (!(await takesFilms())) throw own("no-films", "This server colors no films.");
  return sendFile("v1/films", file, { film: file, colorize: "false" }, options);
}

async function idOf(file, options = {}) {
  if (!ids.has(file)) {
    const id = send(file, options).then((answer) => answer.id);
    ids.set(file, id);
    id.catch(() => ids.get(file) === id && ids.delete(file));
  }
  return ids.get(file);
}

/** Ask about a film, by its id; where the server has forgotten it, send it again first. */
async function asking(file, question, options) {
  for (let attempt = 1; ; attempt++) {
    const id = await idOf(file, options);
    try {
      return await question(id);
    } catch (problem) {
      if (problem.code !== "no-such-film" || attempt > 1) throw problem;
      ids.delete(file);
    }
  }
}

/** The server's answer about a film, as the page takes it. */
function stateOf({ state, stage, done, total, seconds_left, error, code, notes, info, result }) {
  return {
    ...{ state, stage, done, total, secondsLeft: seconds_left, notes, result },
    ...{ width: info.width, height: info.height, duration: info.duration },
    problem: state === "failed" ? new Problem(code, error) : null,
  };
}

/** Send a film. @returns what it is: {width, height, duration in seconds or null, notes}, and how far its coloring is; see `filmState` */
export async function openFilm(file, options) {
  return stateOf(await (await asking(file, (id) => ask("GET", at(id)), options)).json());
}

/** The film's id, by which `resumeFilm` finds it again after a reload. */
export const filmKey = (file) => (ids.has(file) ? ids.get(file) : null);

export const resumeFilm = (file, key) => ids.set(file, Promise.resolve(key));

/** How far a film is: {state: open, queued, running, done or failed; stage, done, total, secondsLeft, problem, result}; null if it is not kept. */
export async function filmState(file) {
  if (!ids.has(file)) return null;
  try {
    return stateOf(await (await ask("GET", at(await ids.get(file)))).json());
  } catch (problem) {
    if (problem.code !== "no-such-film") throw problem;
    ids.delete(file);
    return null;
  }
}

/** The most telling frames, to be colored by hand: a list of {time in seconds, text}. */
export async function keyframes(file, count) {
  for (let look = 1; ; look++) {
    try {
      return (await (await asking(file, (id) => ask("GET", `${at(id)}/keyframes?count=${count}`))).json()).keyframes;
    } catch (problem) {
      if (problem.code !== "still-looking" || look === MAX_LOOKS) throw problem;
    }
  }
}

/** The gray frame nearest to a time in seconds, at full size, as a Blob. */
export async function frame(file, time) {
  return (await asking(file, (id) => retrying(() => ask("GET", `${at(id)}/frame?time=${time}`)))).blob();
}

/**
 * Color a film in the background.
 * @param {object} edit  JSON form of `tinct.film.FilmEdit`
 * @param {{start: string, end: string}} part  times, or empty for all of the film
 * @param {object} options  `progress` and `signal`, where the film must be sent again
 */
export async function colorizeFilm(file, edit, part, options) {
  const form = formOf({ edit: JSON.stringify(edit), ...part });
  return stateOf(await (await asking(file, (id) => ask("POST", `${at(id)}/colorize`, form), options)).json());
}

/** {url, name} of the colored film: it may be too large for the page's memory, so the browser downloads it itself. */
export async function filmResult(file) {
  const found = await filmState(file);
  if (found?.state !== "done") throw own("no-such-film", "The server has forgotten the film.");
  return { url: `${at(await ids.get(file))}/result`, name: found.result.name };
}

/** Stop its coloring, and let go of it; it may be asked for again. */
export async function closeFilm(file) {
  const id = ids.get(file);
  ids.delete(file);
  if (id) await id.then((found) => ask("DELETE", at(found), undefined, { keepalive: true })).catch(() => {});
}
