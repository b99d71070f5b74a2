// Runs the coloring of the static page in Node.js on what a test wrote into a folder: `node local_parity.mjs WORKER FOLDER RUNTIME`. The network is
// the one that the test has in Python, too: logits that depend on hints and code in a simple way; but for a few edits it is the real one.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [worker, folder, runtime] = process.argv.slice(2);
const load = (name) => import(pathToFileURL(join(worker, name)).href);
const { Canvas } = await load("canvas.js");
const { planes } = await load("planes.js");
const { areaResize } = await load("resampling.js");
const { AB_BINS, gamutChroma, paint } = await load("color.js");
const { Merge } = await load("merge.js");
const { randoms } = await load("random.js");
const { families, suggestions } = await load("suggestions.js");
const { histogram } = await load("palette.js");
const { hasOwnColor } = await load("own_color.js");
const { Network } = await load("network.js");
const ort = await import(pathToFileURL(runtime).href);
ort.env.wasm.numThreads = 1;

const floats = (name) => {
  const bytes = readFileSync(join(folder, `${name}.f32`));
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};
const asked = JSON.parse(readFileSync(join(folder, "asked.json"), "utf8"));
const stored = (name) => planes(...asked.shapes[name], floats(name));
const answers = {};
const keep = (name, data) => writeFileSync(join(folder, `${name}.out`), Float32Array.from(data));

const base = stored("logits");
const weights = floats("weights"); // (bins, 3 + latent): what hints and code add to the logits
class SimpleNetwork extends Network {
  async encode() {
    return { features: { feature0: stored("feature0"), feature2: stored("feature2") }, priorMean: floats("prior_mean"), priorScale: floats("prior_scale") };
  }

  async decode(_, hints, code) {
    const cells = areaResize(hints, base.height, base.width);
    const size = base.height * base.width;
    const found = planes(base.count, base.height, base.width, base.data.slice());
    const inputs = 3 + code.length;
    for (let bin = 0; bin < base.count; bin++) {
      const shift = code.reduce((sum, value, i) => sum + value * weights[bin * inputs + 3 + i], 0);
      for (let p = 0; p < size; p++) found.data[bin * size + p] += shift + [0, 1, 2].reduce((sum, c) => sum + weights[bin * inputs + c] * cells.data[c * size + p], 0);
    }
    return found;
  }
}
const file = (name) => readFileSync(join(folder, "model", name));
const spec = JSON.parse(file("model.json").toString());
const network = new SimpleNetwork(ort, spec, async (name) => file(name));

const light = stored("light");
const canvas = await Canvas.of(network, light, asked.photo);
for (const [i, edit] of asked.edits.entries()) {
  const like = edit.like && { ...edit.like, code: Float32Array.from(edit.like.code), histogram: Float32Array.from(edit.like.histogram) };
  keep(`edit${i}`, (await canvas.colors({ ...spec.edit, ...edit, like })).data);
}
const real = await Canvas.of(new Network(ort, spec, async (name) => file(name)), stored("real_light"), asked.real.photo);
for (const [i, edit] of asked.real.edits.entries()) keep(`real${i}`, (await real.colors({ ...spec.edit, ...edit })).data);
answers.suggested = [];
for (const { x, y, hints } of asked.places) {
  const { likely, light: level } = await canvas.likely(x, y, hints);
  answers.suggested.push({ colors: suggestions(likely, level, 8, asked.table), families: families(likely, level, asked.table) });
}
answers.bins = AB_BINS;
answers.randoms = asked.seeds.map((seed) => randoms(seed, 4));
answers.own = asked.own.map((name) => hasOwnColor(stored(name)));
keep("gamut", gamutChroma());
keep("histogram", histogram(stored("ab")));

const lines = await network.lines(stored("ab"), stored("ab_light"), 1);
for (const [i, { width, height }] of asked.merges.entries()) {
  const full = floats(`full${i}`);
  const merge = new Merge(lines, width, height);
  const rows = Math.ceil(height / 3);
  const strip = (act) => {
    for (let top = 0; top < height; top += rows) act(full.subarray(top * width, Math.min(height, top + rows) * width), top);
  };
  const merged = (one) => {
    const rgba = new Uint8ClampedArray(4 * width * height);
    strip((some, top) => one.strip(some, { x: 0, y: top, width, height: some.length / width }, rgba.subarray(4 * top * width, 4 * (top * width + some.length))));
    return rgba;
  };
  const learns = merge.needsGuide;
  if (learns) strip((some, top) => merge.learn(some, top));
  const rgba = merged(merge);
  if (learns) {
    const other = new Merge(lines, width, height);
    other.adopt(merge.guide);
    answers.adopted = merged(other).every((level, k) => level === rgba[k]);
  }
  writeFileSync(join(folder, `merge${i}.rgba`), rgba);
}
writeFileSync(join(folder, "answers.json"), JSON.stringify(answers));
