// The HTTP API of this server, and nothing else: whatever this page does, a program can do, too.

/** What the server says went wrong; `message` is fit to be shown. */
export class Problem extends Error {
  constructor(status, detail, retryAfter) {
    super(detail);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, 1000 * seconds));

async function ask(method, path, body, { signal, patience = 4 } = {}) {
  const json = body !== undefined && !(body instanceof FormData);
  for (let attempt = 0; ; attempt++) {
    let answer;
    try {
      answer = await fetch(path, {
        method,
        body: json ? JSON.stringify(body) : body,
        headers: json ? { "Content-Type": "application/json" } : undefined,
        signal,
      });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Problem(0, "The server doesn't answer. Is it still running?");
    }
    if (answer.ok) return answer;
    const retryAfter = Number(answer.headers.get("Retry-After") ?? 1);
    if (answer.status === 429 && attempt < patience) {
      await pause(Math.min(retryAfter, 5));
      continue;
    }
    const problem = await answer.json().catch(() => ({}));
    throw new Problem(answer.status, problem.detail ?? `The server answered ${answer.status}.`, retryAfter);
  }
}

/** Send a file with its progress, 0 to 1; fetch() doesn't tell how much of an upload is done. */
export function send(file, progress = () => {}) {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    form.append("photo", file, file.name || "pasted.png");
    const request = new XMLHttpRequest();
    request.open("POST", "/v1/pictures");
    request.responseType = "json";
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.onload = () =>
      request.status === 201
        ? resolve(request.response)
        : reject(new Problem(request.status, request.response?.detail ?? `The server answered ${request.status}.`));
    request.onerror = () => reject(new Problem(0, "The server doesn't answer. Is it still running?"));
    request.send(form);
  });
}

const at = (id, what) => `/v1/pictures/${encodeURIComponent(id)}/${what}`;

export const preview = async (id, edit, options) => (await ask("POST", at(id, "preview"), edit, options)).blob();
export const suggest = async (id, place, options) => (await ask("POST", at(id, "suggest"), place, options)).json();
export const forget = (id) => ask("DELETE", `/v1/pictures/${encodeURIComponent(id)}`);

export async function render(id, edit) {
  const answer = await ask("POST", at(id, "render"), edit);
  const name = /filename\*=UTF-8''([^;]+)/.exec(answer.headers.get("Content-Disposition") ?? "");
  return { blob: await answer.blob(), name: name ? decodeURIComponent(name[1]) : "photo.color" };
}
