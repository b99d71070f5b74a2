// The engine of the static page: everything is computed in this browser, by a worker, and nothing is sent anywhere. It has the interface that
// the page's engine.js describes, and stands in its place. Films, painted layers, masks and ensembles are left to the program.

import { keepAll, registered } from "./keeping.js";
import { packetOf } from "./provenance.js";

/** Why the engine can't do what was asked. */
export class Problem extends Error {
  /**
   * @param {string} code  kind of problem, in kebab case
   * @param {string} fact  what is wrong, as an English sentence
   * @param {string} [detail]  what is shown where the page has no words of its own
   * @param {object} [values]  for the page's words, by name
   */
  constructor(code, fact, detail = fact, values = undefined) {
    super(detail);
    Object.assign(this, { code, fact, detail, values });
  }
}

const MAX_OTHERS = 50; // photographs that are compared with one another when an object is looked for

await registered(new URL("../", import.meta.url)); // the folder of the site

const aborted = () => new Problem("aborted", "It was closed.");

// ---- the worker ----

const MAX_STARTS = 2; // of the worker, in a row: a module may fail to load where a page is left and opened again quickly

let started = null; // promise of the worker
let current = null; // the worker
let starts = 0;

async function start() {
  starts++;
  const worker = (current = new Worker(new URL("worker/main.js", import.meta.url), { type: "module" }));
  worker.onmessage = ({ data }) => heard(data, worker);
  worker.onerror = () => broken(worker, { code: "unreachable", fact: "A part of this page could not be loaded." });
  worker.postMessage({ id: WARM, action: "warm", args: [] });
  return worker;
}

const WARM = 0; // number of the first question to a worker, which loads the networks
const waiting = new Map(); // number of a question -> {action, args, resolve, reject, about: key of the file that it is about}
let questions = WARM;

function heard({ id, result, problem }, worker) {
  if (id === WARM) return problem ? broken(worker, problem) : ready();
  const question = waiting.get(id);
  if (!question) return; // nobody waits for it any more
  waiting.delete(id);
  if (problem) question.reject(problemOf(problem));
  else question.resolve(result);
}

/** The networks are loaded. */
function ready() {
  starts = 0;
  keepAll();
}

const problemOf = ({ code, fact, values }) => new Problem(code, fact, fact, values);

/** The worker could not load everything: another one is started, at the next question where that doesn't help, either. */
function broken(worker, problem) {
  if (worker !== current) return; // it was told already
  worker.terminate();
  started = current = null;
  if (starts < MAX_STARTS) {
    for (const id of waiting.keys()) post(id);
    return;
  }
  starts = 0;
  for (const { reject } of waiting.values()) reject(problemOf(problem));
  waiting.clear();
}

function post(id) {
  started ??= start();
  started.then((worker) => {
    const question = waiting.get(id);
    if (question) worker.postMessage({ id, action: question.action, args: question.args });
  });
}

/** @param {number | null} about  key of a file @param {AbortSignal} [signal]  which ends the question */
function ask(action, about, args, signal) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(aborted());
    const id = ++questions;
    waiting.set(id, { action, args, resolve, reject, about });
    signal?.addEventListener("abort", () => leave([id]));
    post(id);
  });
}

/** End questions, which the worker doesn't answer if it hasn't begun. */
function leave(ids) {
  const open = ids.filter((id) => waiting.has(id));
  for (const id of open) {
    waiting.get(id).reject(aborted());
    waiting.delete(id);
  }
  if (open.length) started?.then((worker) => worker.postMessage({ cancel: open }));
}

started = start(); // the networks are there when the first photograph is

const keys = new WeakMap(); // File -> number by which the worker knows it
let files = 0;

function keyOf(file) {
  if (!keys.has(file)) keys.set(file, ++files);
  return keys.get(file);
}

const named = (file) => ({ key: keyOf(file), file });
const about = (action, file, ...args) => ask(action, keyOf(file), [named(file), ...args]);
const plain = (edit) => ({ ...edit, like: edit.like ? named(edit.like) : null });

// ---- the interface ----

export function open(file, { progress = () => {}, signal } = {}) {
  progress(1); // there is nothing to send
  return ask("open", keyOf(file), [named(file)], signal);
}

export const preview = (file, edit, side) => about("preview", file, plain(edit), side);

export const part = (file, edit, area) => about("part", file, plain(edit), area);

export const suggest = (file, place) => about("suggest", file, place);

/** One question for each, so that more urgent ones come between two of them. */
export async function* variants(file, edit, numbers, side) {
  const last = Math.max(...numbers);
  for (let variant = Math.min(...numbers); variant <= last; variant++) yield [variant, await preview(file, { ...edit, variant }, side)];
}

export const objectVariants = (file, place) => about("objectVariants", file, place);

export async function recurring(file, hint, others) {
  const found = new Map();
  for (let at = 0; at < others.length; at += MAX_OTHERS) {
    const group = others.slice(at, at + MAX_OTHERS).map(named);
    for (const one of group) await about("describe", file, one);
    for (const [i, one] of group.entries()) found.set(one.file, await about("recurring", file, hint, group, i));
  }
  return found;
}

export async function render(file, edit, format, output) {
  const mine = plain(edit);
  const { origin, like, model } = await about("origin", file, mine.like);
  return about("render", file, mine, format, output, await packetOf(origin, { ...edit, like }, format, output, model));
}

export async function close(file) {
  if (!keys.has(file)) return;
  const key = keyOf(file);
  leave([...waiting].filter(([, question]) => question.about === key).map(([id]) => id));
  await ask("close", null, [key]).catch(() => {});
}

export const locked = async () => false;
export const unlock = async () => true;

// ---- films: what the program does ----

const noFilms = async () => {
  throw new Problem("no-films", "This page colors no films.");
};

export const takesFilms = async () => false;
export { noFilms as colorizeFilm, noFilms as frame, noFilms as keyframes, noFilms as openFilm, noFilms as filmResult };
export const filmKey = () => null;
export const filmState = async () => null;
export const resumeFilm = () => {};
export const closeFilm = async () => {};
