// The HTTP API of this server, and nothing else: whatever this page does, a program can do, too.

/** What the server says went wrong; `message` is fit to be shown. */
export class Problem extends Error {
  constructor(status, detail, retryAfter = Infinity) {
    super(detail ?? `The server answered ${status}.`);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

const GONE = "The server doesn't answer. Is it still running?";
const PATIENCE = 5; // times that a busy server is asked
const LONGEST = 5; // seconds to wait in between

/** Ask again where the server is busy and says that it won't be for long. */
async function patiently(question) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await question();
    } catch (problem) {
      if (problem.status !== 429 || problem.retryAfter > LONGEST || attempt === PATIENCE) throw problem;
      await new Promise((resolve) => setTimeout(resolve, 1000 * problem.retryAfter));
    }
  }
}

async function ask(method, path, body, options = {}) {
  const headers = body ? { "Content-Type": "application/json" } : undefined;
  const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body), ...options }).catch(() => {
    throw new Problem(0, GONE);
  });
  if (answer.ok) return answer;
  const problem = await answer.json().catch(() => ({}));
  throw new Problem(answer.status, problem.detail, Number(answer.headers.get("Retry-After") ?? Infinity));
}

/** Send a file, and tell how much of it is there, 0 to 1; fetch() doesn't say that. */
function sendOnce(file, progress) {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    form.append("photo", file, file.name);
    const request = new XMLHttpRequest();
    request.open("POST", "/v1/pictures");
    request.responseType = "json";
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.onload = () => {
      if (request.status === 201) return resolve(request.response);
      return reject(new Problem(request.status, request.response?.detail, Number(request.getResponseHeader("Retry-After") ?? Infinity)));
    };
    request.onerror = () => reject(new Problem(0, GONE));
    request.send(form);
  });
}

const at = (id, what = "") => `/v1/pictures/${encodeURIComponent(id)}${what}`;

export const send = (file, progress = () => {}) => patiently(() => sendOnce(file, progress));
export const preview = (id, edit) => patiently(async () => (await ask("POST", at(id, "/preview"), edit)).blob());
export const suggest = (id, place) => patiently(async () => (await ask("POST", at(id, "/suggest"), place)).json());
export const forget = (id) => ask("DELETE", at(id), undefined, { keepalive: true });

export const render = (id, edit) =>
  patiently(async () => {
    const answer = await ask("POST", at(id, "/render"), edit);
    const name = /filename\*=UTF-8''([^;]+)/.exec(answer.headers.get("Content-Disposition") ?? "");
    return { blob: await answer.blob(), name: name ? decodeURIComponent(name[1]) : "photo.color" };
  });
