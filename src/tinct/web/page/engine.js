// The engine: everything that the page asks of a server, and the only module that knows that there is one. Pictures are named by
// their File: the engine sends one when it is needed first, and again where the server has forgotten it. An edit is the JSON form of
// `tinct.Edit`, whose `like` is a File or null. Another engine with the same interface may compute in the browser instead.
//
//   open(file, {progress, signal}) -> {width, height, notes, edit, gray, color, previewSide, maxPreviewSide}; gray, color: Blob
//   preview(file, edit, side) -> Blob
//   part(file, edit, {x, y, width, height}) -> Blob; of the picture at full size
//   suggest(file, place) -> {colors, families}
//   variants(file, edit, numbers, side) -> async iterator of [number, Blob]
//   render(file, edit, format, output) -> {blob, name}
//   close(file): let go of it; it may be asked for again
//   locked() -> whether a password is needed; unlock(password) -> whether it is right
//
// They throw a `Problem`. Addresses are relative to the page's own, which a reverse proxy may serve under a path prefix.

/** Why the engine can't do what was asked. */
export class Problem extends Error {
  /**
   * @param {string} code  kind of problem, in kebab case
   * @param {string} fact  what is wrong, as a sentence
   * @param {string} [detail]  the fact with a remedy for programs
   * @param {object} [values]  by name, for the page's own words: those of the engine's own problems
   */
  constructor(code, fact, detail = fact, values = undefined) {
    super(detail);
    Object.assign(this, { code, fact, detail, values });
  }
}

const MAX_ATTEMPTS = 5; // requests to a busy server
const MAX_WAIT = 5; // seconds between them

const IDLE = 10 * 60_000; // milliseconds without a question after which the server may forget a picture; it is sent again when it is needed

const ids = new Map(); // File -> promise of its id on the server
const uses = new Map(); // File -> number of questions about it that aren't answered yet

const asked = new WeakMap(); // File -> time of the last question about it

// ---- HTTP ----

/** A refusal by the server, with its `status` and `retryAfter` in seconds. */
function refusal(status, document, header) {
  const { code = "", fact, detail } = document ?? {};
  const words = detail ?? fact ?? `The server answered with status ${status}.`;
  return Object.assign(new Problem(code, fact ?? words, words), { status, retryAfter: Number(header ?? Infinity) });
}

/** A problem that the engine itself found. */
const own = (code, fact, values = {}) => Object.assign(new Problem(code, fact, fact, values), { status: 0, retryAfter: Infinity });

const unreachable = () => own("unreachable", "The server doesn't answer.");
const aborted = () => own("aborted", "It was closed.");

/** Repeat a request that a busy server refuses (429), as long as it asks for a short wait. */
async function retrying(request) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await request();
    } catch (problem) {
      if (problem.status !== 429 || problem.retryAfter > MAX_WAIT || attempt === MAX_ATTEMPTS) throw problem;
      await new Promise((resolve) => setTimeout(resolve, 1000 * problem.retryAfter));
    }
  }
}

async function ask(method, path, body, options = {}) {
  const headers = body ? { "Content-Type": "application/json" } : undefined;
  const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body), ...options }).catch(() => {
    throw unreachable();
  });
  if (answer.ok) return answer;
  throw refusal(answer.status, await answer.json().catch(() => null), answer.headers.get("Retry-After"));
}

const post = (id, what, body) => retrying(() => ask("POST", `${at(id)}/${what}`, body));
const at = (id) => `v1/pictures/${encodeURIComponent(id)}`;

/** Send a file and report its progress, 0 to 1, which fetch() can't. */
function upload(file, progress, signal) {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    form.append("photo", file, file.name);
    const request = new XMLHttpRequest();
    request.open("POST", "v1/pictures");
    request.responseType = "json";
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.onload = () => {
      if (request.status === 201) return resolve(request.response);
      return reject(refusal(request.status, request.response, request.getResponseHeader("Retry-After")));
    };
    request.onerror = () => reject(unreachable());
    request.onabort = () => reject(aborted());
    signal?.addEventListener("abort", () => request.abort());
    if (signal?.aborted) return reject(aborted());
    request.send(form);
  });
}

/** Why a file could not be sent: a browser says no more than that the connection broke. */
async function whyBroken(file, problem) {
  if (problem.code !== "unreachable") return problem;
  const megabytes = (file.size / 1e6).toFixed(1);
  if (!(await readable(file))) return own("unreadable", `${file.name} can't be read.`, { name: file.name });
  const alive = await ask("GET", "healthz").catch(() => null);
  return alive ? own("broken-off", `The server broke off while ${file.name} was sent.`, { name: file.name, megabytes }) : problem;
}

const readable = (file) =>
  file.slice(0, 1).arrayBuffer().then(
    () => true,
    () => false,
  );

// ---- pictures that the server holds ----

async function sendOnce(file, { progress = () => {}, signal } = {}) {
  try {
    return await retrying(() => upload(file, progress, signal));
  } catch (problem) {
    throw await whyBroken(file, problem);
  }
}

/** Send a file; where the server has no room, let go of this page's own idle pictures first. */
function send(file, options) {
  const sending = sendOnce(file, options).catch(async (problem) => {
    const idle = [...ids.keys()].filter((other) => other !== file && !uses.get(other));
    if (problem.code !== "no-room" || !idle.length) throw problem;
    await Promise.all(idle.map(close));
    return sendOnce(file, options);
  });
  const id = sending.then((answer) => answer.id);
  asked.set(file, Date.now());
  ids.set(file, id);
  id.catch(() => ids.get(file) === id && ids.delete(file));
  return sending;
}

setInterval(() => {
  for (const file of ids.keys()) if (!uses.get(file) && Date.now() - asked.get(file) > IDLE) close(file);
}, IDLE / 10);

async function idOf(file) {
  if (!ids.has(file)) await send(file);
  return ids.get(file);
}

/** Ask about pictures, by their ids; where the server has forgotten one, send them all again first. */
async function asking(files, question) {
  files.forEach((file) => uses.set(file, (uses.get(file) ?? 0) + 1));
  try {
    for (let attempt = 1; ; attempt++) {
      const promises = [];
      for (const file of files) {
        await idOf(file);
        promises.push(ids.get(file));
      }
      try {
        return await question(...(await Promise.all(promises)));
      } catch (problem) {
        if (problem.status !== 404 || attempt > 1) throw problem;
        files.forEach((file, i) => ids.get(file) === promises[i] && ids.delete(file));
      }
    }
  } finally {
    files.forEach((file) => asked.set(file, Date.now()));
    files.forEach((file) => (uses.get(file) > 1 ? uses.set(file, uses.get(file) - 1) : uses.delete(file)));
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

/** One after the other, so that more urgent questions need not wait. */
export async function* variants(file, edit, numbers, side) {
  for (const variant of numbers) yield [variant, await preview(file, { ...edit, variant }, side)];
}

export async function render(file, edit, format, output) {
  const answer = await edited(file, edit, "render", { format, output });
  const name = /filename\*=UTF-8''([^;]+)/.exec(answer.headers.get("Content-Disposition") ?? "");
  return { blob: await answer.blob(), name: name ? decodeURIComponent(name[1]) : "photo.color" };
}

export async function close(file) {
  const id = ids.get(file);
  ids.delete(file);
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
    () => false,
  );
