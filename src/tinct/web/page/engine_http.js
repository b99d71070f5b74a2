// Requests of the engine: files sent with progress, busy servers asked again, and refusals as a `Problem`. Addresses are relative to the
// page's own, which a reverse proxy may serve under a path prefix.

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

/** A refusal by the server, with its `status` and `retryAfter` in seconds. */
function refusal(status, document, header) {
  const { code = "", fact, detail } = document ?? {};
  const words = detail ?? fact ?? `The server answered with status ${status}.`;
  return Object.assign(new Problem(code, fact ?? words, words), { status, retryAfter: Number(header ?? Infinity) });
}

/** A problem that the engine itself found. */
export const own = (code, fact, values = {}) => Object.assign(new Problem(code, fact, fact, values), { status: 0, retryAfter: Infinity });

const unreachable = () => own("unreachable", "The server doesn't answer.");
export const aborted = () => own("aborted", "It was closed.");

/** Repeat a request that a busy server refuses (429), as long as it asks for a short wait. */
export async function retrying(request) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await request();
    } catch (problem) {
      if (problem.status !== 429 || problem.retryAfter > MAX_WAIT || attempt === MAX_ATTEMPTS) throw problem;
      await new Promise((resolve) => setTimeout(resolve, 1000 * problem.retryAfter));
    }
  }
}

export async function ask(method, path, body, options = {}) {
  const form = body instanceof FormData;
  const headers = body && !form ? { "Content-Type": "application/json" } : undefined;
  const answer = await fetch(path, { method, headers, body: body && !form ? JSON.stringify(body) : body, ...options }).catch(() => {
    throw unreachable();
  });
  if (answer.ok) return answer;
  throw refusal(answer.status, await answer.json().catch(() => null), answer.headers.get("Retry-After"));
}

/** The values of an answer with a line of JSON each, as they arrive. Who reads no further ends the request. */
export async function* linesOf(answer) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (let rest = "", part; !(part = await reader.read()).done; ) {
      const lines = (rest + part.value).split("\n");
      rest = lines.pop();
      for (const line of lines) yield JSON.parse(line);
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/**
 * Send a form with a file and report its progress, 0 to 1, which fetch() can't.
 * @param {object} fields  of the form, by name; those without a value are left out
 * @returns the JSON of the answer
 */
function upload(path, fields, progress, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.responseType = "json";
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.onload = () => {
      if (request.status < 300) return resolve(request.response);
      return reject(refusal(request.status, request.response, request.getResponseHeader("Retry-After")));
    };
    request.onerror = () => reject(unreachable());
    request.onabort = () => reject(aborted());
    signal?.addEventListener("abort", () => request.abort());
    if (signal?.aborted) return reject(aborted());
    request.send(formOf(fields));
  });
}

/** A form of these fields; those without a value are left out. */
export function formOf(fields) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (value instanceof File) form.append(name, value, value.name);
    else if (value !== undefined && value !== null && value !== "") form.append(name, value);
  }
  return form;
}

/** Send a form with a file, again where the server is busy. Throws a `Problem` that tells why it could not be sent. */
export async function sendFile(path, file, fields, { progress = () => {}, signal } = {}) {
  try {
    return await retrying(() => upload(path, fields, progress, signal));
  } catch (problem) {
    throw await whyBroken(file, problem);
  }
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
