// Keeps the site in the browser, so that it works without a network after the first visit, and adds the headers that let WASM use threads.
// `tinct page` writes the files with their checksums (SHA-256, hexadecimal), and a version that changes with any of them, into the constant SITE.
//
// All files of a visit are of one version. On the first visit they come from the network, and those with the right checksum are kept. Of a later version
// all files are kept, checked, before it is installed, and it waits until all pages of the old one are closed: they may still load files of theirs. A site
// that is just being put up, whose files don't belong together yet, is not installed.

const SITE = { version: "", files: {} };
const base = new URL("./", self.location.href);
const PREFIX = `tinct ${base.pathname} `; // of the names of this site's caches
const NAME = PREFIX + SITE.version;
const HEADERS = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp", "Cross-Origin-Resource-Policy": "same-origin" };
const TYPES = { js: "text/javascript", css: "text/css", json: "application/json", svg: "image/svg+xml", wasm: "application/wasm", webmanifest: "application/manifest+json" };

let replaced = false; // whether the host has another version, while this one isn't complete

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
      if (await cache.match(new URL(name, base))) return;
      const answer = await fetch(new Request(new URL(name, base), { cache: "no-cache" }));
      const bytes = answer.ok && (await answer.arrayBuffer());
      if (!bytes || !(await isOurs(name, bytes))) throw new Error(`${name} isn't of this version`);
      await cache.put(new URL(name, base), withHeaders(name, bytes, answer.headers));
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
  const address = new URL(request.url);
  const name = address.pathname.slice(base.pathname.length) || "./";
  const kept = name in SITE.files && !replaced && (await (await caches.open(NAME)).match(new URL(name, base)));
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.status !== 200) return answer;
  const bytes = await answer.arrayBuffer(); // whole: Firefox may never end a stream that is cloned here
  const found = () => withHeaders(name, bytes, answer.headers);
  if (!(name in SITE.files) || replaced) return found();
  if (await isOurs(name, bytes)) await (await caches.open(NAME)).put(new URL(name, base), found());
  else if (await isReplaced()) {
    replaced = true; // what was kept of this version doesn't belong to what comes from now on
    await caches.delete(NAME);
  }
  return found();
}

/** Whether the host has another version. */
async function isReplaced() {
  const answer = await fetch(self.location.href, { cache: "no-store" }).catch(() => null);
  return Boolean(answer?.ok) && !(await answer.text()).includes(SITE.version);
}

/** An answer with the headers for threads, and with the right type, which not every host sends. */
function withHeaders(name, bytes, own) {
  const headers = new Headers(own);
  for (const [key, value] of Object.entries(HEADERS)) headers.set(key, value);
  const type = name === "./" ? "text/html" : TYPES[name.split(".").at(-1)];
  if (type && name in SITE.files) headers.set("Content-Type", `${type}${type.startsWith("text") ? "; charset=utf-8" : ""}`);
  headers.delete("Content-Encoding"); // the bytes are decoded
  headers.delete("Content-Length");
  return new Response(bytes, { status: 200, headers });
}
