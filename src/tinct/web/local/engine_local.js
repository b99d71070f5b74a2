// The engine of the static page: everything is computed in this browser, by a worker, and nothing is sent anywhere. It has the interface that
// the page's engine.js describes, and stands in its place. Films, painted layers and ensembles are left to the program.

import { packetOf } from "./provenance.js";

/** Why the engine can't do what was asked. */
export class Problem extends Error {
  /**
   * @param {string} code  kind of problem, in kebab case
   * @param {string} fact  what is wrong, as an English sentence, where the page has no words of its own
   * @param {object} [values]  for the page's words, by name
   */
  constructor(code, fact, values = {}) {
    super(fact);
    Object.assign(this, { code, fact, detail: fact, values });
  }
}

const base = new URL("../", import.meta.url); // the folder of the site

const started = prepared().then(() => new Worker(new URL("worker/main.js", import.meta.url), { type: "module" }));
started.then((worker) => (worker.onmessage = ({ data }) => heard(data)));

/** The service worker keeps the site for visits without a network, and adds the headers that threads of WASM need. */
async function prepared() {
  if (!("serviceWorker" in navigator) || !window.isSecureContext) return;
  try {
    await navigator.serviceWorker.register(new URL("service_worker.js", base), { scope: base.pathname });
  } catch {
    // the page works without it, but needs the network at each visit
  }
}

const waiting = new Map(); // number of a question -> {resolve, reject}
let questions = 0;

function heard({ id, result, problem }) {
  const { resolve, reject } = waiting.get(id);
  waiting.delete(id);
  if (problem) reject(new Problem(problem.code, problem.fact, problem.values));
  else resolve(result);
}

async function ask(action, ...args) {
  const worker = await started;
  return new Promise((resolve, reject) => {
    waiting.set(++questions, { resolve, reject });
    worker.postMessage({ id: questions, action, args });
  });
}

ask("warm").catch(() => {}); // the first photograph tells what is wrong

const keys = new WeakMap(); // File -> number by which the worker knows it
let files = 0;

function keyOf(file) {
  if (!keys.has(file)) keys.set(file, ++files);
  return keys.get(file);
}

const about = (action, file, ...args) => ask(action, keyOf(file), file, ...args);
const plain = (edit) => ({ ...edit, like: edit.like ? { key: keyOf(edit.like), file: edit.like } : null });

// ---- the interface ----

export async function open(file, { progress = () => {}, signal } = {}) {
  progress(1); // there is nothing to send
  const aborted = new Promise((_, reject) => signal?.addEventListener("abort", () => reject(new Problem("aborted", "It was closed."))));
  return Promise.race([about("open", file), aborted]);
}

export const preview = (file, edit, side) => about("preview", file, plain(edit), side);

export const part = (file, edit, area) => about("part", file, plain(edit), area);

export const suggest = (file, place) => about("suggest", file, place);

/** One after the other, so that more urgent questions need not wait. */
export async function* variants(file, edit, numbers, side) {
  for (const variant of numbers) yield [variant, await preview(file, { ...edit, variant }, side)];
}

export async function render(file, edit, format, output) {
  const mine = plain(edit);
  const { origin, like, model } = await about("origin", file, mine.like);
  return about("render", file, mine, format, output, await packetOf(origin, { ...edit, like }, format, output, model));
}

export async function close(file) {
  if (keys.has(file)) await ask("close", keyOf(file)).catch(() => {});
}

export const locked = async () => false;
export const unlock = async () => true;

// ---- films: what the program does ----

const noFilms = async () => {
  throw new Problem("no-films", "Films are colored by the program.");
};

export { noFilms as colorizeFilm, noFilms as frame, noFilms as keyframes, noFilms as openFilm, noFilms as filmResult };
export const filmKey = () => null;
export const filmState = async () => null;
export const resumeFilm = () => {};
export const closeFilm = async () => {};
