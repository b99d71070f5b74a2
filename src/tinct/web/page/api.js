// The client of the HTTP API: whatever this page does, a program can do, too. Addresses are relative to the page's own,
// which a reverse proxy may serve under a path prefix.

import { words } from "./remedies.js";

/** An error whose `message` is fit to be shown. */
export class Problem extends Error {
  /**
   * @param {number} status  of HTTP; 0 where the server doesn't answer
   * @param {object} [document]  the problem document
   * @param {number} [retryAfter]  seconds
   */
  constructor(status, document, retryAfter = Infinity) {
    super(words(document ?? undefined) ?? `The server answered with status ${status}.`);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

const UNREACHABLE = { detail: "The server doesn't answer. Is it still running?" };
const MAX_ATTEMPTS = 5; // requests to a busy server
const MAX_WAIT = 5; // seconds between them

const retryAfter = (header) => Number(header ?? Infinity);

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
    throw new Problem(0, UNREACHABLE);
  });
  if (answer.ok) return answer;
  throw new Problem(answer.status, await answer.json().catch(() => null), retryAfter(answer.headers.get("Retry-After")));
}

/** Send a file and report its progress, 0 to 1, which fetch() can't. */
function sendOnce(file, progress) {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    form.append("photo", file, file.name);
    const request = new XMLHttpRequest();
    request.open("POST", "v1/pictures");
    request.responseType = "json";
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.onload = () => {
      if (request.status === 201) return resolve(request.response);
      return reject(new Problem(request.status, request.response, retryAfter(request.getResponseHeader("Retry-After"))));
    };
    request.onerror = () => reject(new Problem(0, UNREACHABLE));
    request.send(form);
  });
}

const at = (id, what = "") => `v1/pictures/${encodeURIComponent(id)}${what}`;

export const send = (file, progress = () => {}) => retrying(() => sendOnce(file, progress));
export const preview = (id, edit) => retrying(async () => (await ask("POST", at(id, "/preview"), edit)).blob());
export const suggest = (id, place) => retrying(async () => (await ask("POST", at(id, "/suggest"), place)).json());
export const forget = (id) => ask("DELETE", at(id), undefined, { keepalive: true });

export const render = (id, edit) =>
  retrying(async () => {
    const answer = await ask("POST", at(id, "/render"), edit);
    const name = /filename\*=UTF-8''([^;]+)/.exec(answer.headers.get("Content-Disposition") ?? "");
    return { blob: await answer.blob(), name: name ? decodeURIComponent(name[1]) : "photo.color" };
  });
