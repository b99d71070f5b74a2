// Keeps the site in the browser, so that it works without a network after the first visit, and adds the headers that let WASM use threads.
// `tinct page` writes the list of files, and a version that changes with any of them, into the constant SITE.

const SITE = { version: "", files: [] };
const base = new URL("./", self.location.href);
const HEADERS = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp", "Cross-Origin-Resource-Policy": "same-origin" };
const PREFIX = `tinct ${base.pathname} `; // of the names of this site's caches

async function keep() {
  const name = PREFIX + SITE.version;
  const cache = await caches.open(name);
  try {
    await cache.addAll(SITE.files.map((file) => new Request(new URL(file, base), { cache: "no-cache" })));
  } catch (error) {
    await caches.delete(name);
    throw error;
  }
}

async function forgetOthers() {
  for (const other of await caches.keys()) if (other.startsWith(PREFIX) && other !== PREFIX + SITE.version) await caches.delete(other);
}

// A new version waits until all pages with the old one are closed: they may still load files of theirs.
self.addEventListener("install", (event) => event.waitUntil(keep().then(() => self.registration.active || self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(forgetOthers().then(() => self.clients.claim())));

self.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  if (method === "GET" && url.startsWith(base.href)) event.respondWith(answered(event.request));
});

async function answered(request) {
  const cache = await caches.open(PREFIX + SITE.version);
  const found = (await cache.match(request, { ignoreSearch: true })) ?? (await fetch(request));
  if (found.status !== 200) return found;
  const headers = new Headers(found.headers);
  for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value);
  return new Response(found.body, { status: 200, statusText: found.statusText, headers });
}
