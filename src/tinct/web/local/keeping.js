// The service worker keeps the site for visits without a network, and adds the headers that threads of WASM need.

const RELOADED = "tinct-reloaded"; // in the tab's storage, with the site's path: that the first visit was begun again
const WAIT = 3000; // milliseconds for the service worker to start

/**
 * Start the service worker. Where the host doesn't send the headers for threads, the first visit begins once more under the service worker, which adds
 * them; await this before anything can be opened, so that nothing is lost.
 * @param {URL} base  the folder of the site
 */
export async function registered(base) {
  const { serviceWorker } = navigator;
  if (!serviceWorker || !window.isSecureContext) return;
  const reloaded = `${RELOADED} ${base.pathname}`;
  try {
    await serviceWorker.register(new URL("service_worker.js", base), { scope: base.pathname });
    if (window.crossOriginIsolated || serviceWorker.controller || sessionStorage.getItem(reloaded)) return;
    sessionStorage.setItem(reloaded, "yes"); // never twice, whatever happens
    const active = await Promise.race([serviceWorker.ready, new Promise((resolve) => setTimeout(resolve, WAIT, null))]);
    if (!active) return;
    location.reload();
    await new Promise(() => {}); // nothing begins before
  } catch {
    // the page works without it, but needs the network at each visit
  }
}

/** Have the service worker load the files that it doesn't have yet: when the networks are loaded, and the page waits for nothing more urgent. */
export async function keepAll() {
  const { serviceWorker } = navigator;
  try {
    if (await serviceWorker?.getRegistration()) (await serviceWorker.ready).active.postMessage("keep");
  } catch {
    // likewise
  }
}
