// The worker: answers the page's questions one at a time, those about what is on the screen before thumbnails and searches.

import { Coloring } from "./coloring.js";
import { Network } from "./network.js";
import { Refusal } from "./problem.js";

const base = new URL("../../", import.meta.url); // the folder of the site
const THUMBNAIL = 256; // pixels of a preview up to which others go first

const queue = []; // questions that wait: {id, action, args}
let busy = false;
let coloring = null; // promise of the Coloring

async function load() {
  const network = await Network.load(base);
  return new Coloring(network, JSON.parse(new TextDecoder().decode(await network.load("colors.json"))));
}

const isPatient = ({ action, args }) => action === "describe" || action === "recurring" || (action === "preview" && args.at(-1) <= THUMBNAIL);

self.onmessage = ({ data }) => {
  if (data.cancel) {
    for (const id of data.cancel) {
      const at = queue.findIndex((one) => one.id === id);
      if (at >= 0) queue.splice(at, 1);
    }
    return;
  }
  queue.push(data);
  if (!busy) work();
};

async function work() {
  busy = true;
  while (queue.length) {
    const first = queue.findIndex((one) => !isPatient(one));
    const [{ id, action, args }] = queue.splice(Math.max(0, first), 1);
    try {
      coloring ??= load();
      coloring.catch(() => (coloring = null)); // the network may be back at the next question
      self.postMessage({ id, result: await (await coloring)[action](...args) });
    } catch (error) {
      self.postMessage({ id, problem: problemOf(error) });
    }
    await new Promise((resolve) => setTimeout(resolve)); // messages that came meanwhile join the queue
  }
  busy = false;
}

/** What crosses to the page. */
function problemOf(error) {
  if (error instanceof Refusal) return { code: error.code, fact: error.message, values: error.values };
  if (/alloc|out of memory/i.test(error?.message) || (error instanceof RangeError && /length|memory/i.test(error.message))) return { code: "no-memory", fact: "The browser has no memory left for this." };
  if (/fetch|imported module|module script|load failed|initializing failed due to timeout/i.test(error?.message)) return { code: "unreachable", fact: "A part of this page could not be loaded." };
  console.error(error);
  return { code: "internal-error", fact: "This is a bug of tinct." };
}
