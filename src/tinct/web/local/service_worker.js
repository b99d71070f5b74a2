// Keeps the site in the browser, so that it works without a network after the first visit, and adds the headers that let WASM use threads.
// `tinct page` writes the files with their checksums (SHA-256, hexadecimal), and a version that changes with any of them, into the constant SITE.
//
// On the first visit files come from the network, and those with the right checksum are kept. All files of a later version are loaded and checked before it
// is installed, and it waits until all pages of the old one are closed: they may still load files of theirs. A version that is just being put up, whose files
// don't belong together yet, is not installed. So a visit never gets files of two versions, unless the site is replaced during the very first one.

const SITE = { version: "", files: {} };
const base = new URL("./", self.location.href);
const PREFIX = `tinct ${base.pathname} `; // of the names of this site's caches
const NAME = PREFIX + SITE.version;
const addressOf = (name) => new URL(name.split("/").map(encodeURIComponent).join("/"), base);
const NAMES = new Map(Object.keys(SITE.files).map((name) => [addressOf(name).pathname, name]));
const HEADERS = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Content-Security-Policy": "connect-src 'self'", // for the worker, to which the policy in index.html doesn't apply
};
const TYPES = { js: "text/javascript", css: "text/css", json: "application/json", svg: "image/svg+xml", wasm: "application/wasm", webmanifest: "application/manifest+json" };

let replaced = false; // whether the host has another version, while this one isn't kept whole

self.addEventListener("install", (event) => event.waitUntil(self.registration.active ? keep() : self.skipWaiting()));
self.addEventListener("activate", (event) => event.waitUntil(forgetOthers().then(() => self.clients.claim())));
self.addEventListener("message", (event) => event.data === "keep" && event.waitUntil(keep().catch(() => {})));
self.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  if (method === "GET" && url.startsWith(base.href)) event.respondWith(answered(event.request));
});

/** Keep all files. Throws if one can't be loaded, or is of another version. */
async function keep() {
  const cache = await caches.open(NAME);
  await Promise.all(
    Object.keys(SITE.files).map(async (name) => {
      const address = addressOf(name);
      if (await cache.match(address)) return;
      const answer = await fetch(new Request(address, { cache: "no-cache" }));
      const bytes = answer.ok && (await answer.arrayBuffer());
      if (!bytes || !(await isOurs(name, bytes))) throw new Error(`${name} isn't of this version`);
      await cache.put(address, withHeaders(name, bytes, answer.headers));
    }),
  );
}

async function forgetOthers() {
  for (const other of await caches.keys()) if (other.startsWith(PREFIX) && other !== NAME) await caches.delete(other);
}

async function isOurs(name, bytes) {
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(sum, (byte) => byte.toString(16).padStart(2, "0")).join("") === SITE.files[name];
}

async function answered(request) {
  const name = NAMES.get(new URL(request.url).pathname);
  const cache = await caches.open(NAME).catch(() => null); // null where the browser keeps nothing
  if (request.mode === "navigate" && !replaced && cache && !(await isWhole(cache)) && (await isReplaced())) await giveUp();
  const kept = name && !replaced && (await cache?.match(addressOf(name)));
  if (kept) return kept;
  const answer = await fetch(request, { cache: "no-cache" }); // the browser's own cache may hold the file of another version
  if (answer.status !== 200) return answer;
  const bytes = await answer.arrayBuffer();
  const found = () => withHeaders(name, bytes, answer.headers);
  if (!name || replaced) return found();
  if (await isOurs(name, bytes)) await cache?.put(addressOf(name), found()).catch(() => {}); // where there is no room, the visit goes on
  else if (await isReplaced()) await giveUp();
  return found();
}

/** Whether all files of this version are kept. */
async function isWhole(cache) {
  return (await cache.keys()).length === NAMES.size;
}

/** What was kept of this version doesn't belong to what the host sends from now on. */
async function giveUp() {
  replaced = true;
  await caches.delete(NAME);
}

/** Whether the host has another version. */
async function isReplaced() {
  const answer = await fetch(self.location.href, { cache: "no-store" }).catch(() => null);
  const text = answer?.ok ? await answer.text() : "";
  return text.includes("const SITE = ") && !text.includes(SITE.version); // else it is no service worker of ours, such as a portal's form
}

/** An answer with the `HEADERS` and, for a file of the site, with the right type, which not every host sends. */
function withHeaders(name, bytes, own) {
  const headers = new Headers(own);
  for (const [key, value] of Object.entries(HEADERS)) headers.set(key, value);
  const type = name === "./" ? "text/html" : TYPES[name?.split(".").at(-1)];
  if (type) headers.set("Content-Type", `${type}${type.startsWith("text") ? "; charset=utf-8" : ""}`);
  headers.delete("Content-Encoding"); // the bytes are decoded
  headers.delete("Content-Length");
  headers.delete("Vary"); // no cache takes an answer with an asterisk here
  return new Response(bytes, { status: 200, headers });
}
