// Runs what the static page computes about objects in Node.js on what a test wrote into a folder: `node local_objects.mjs WORKER FOLDER`.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [worker, folder] = process.argv.slice(2);
const load = (name) => import(pathToFileURL(join(worker, name)).href);
const { Standardization, cellsOf, match, spread } = await load("matching.js");
const { objectColors } = await load("object_variants.js");
const { planes } = await load("planes.js");
const { decidedBy, hintsOn } = await load("recurring.js");

const asked = JSON.parse(readFileSync(join(folder, "asked.json"), "utf8"));
const stored = (name) => {
  const bytes = readFileSync(join(folder, `${name}.f32`));
  return planes(...asked.shapes[name], new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)));
};

const described = asked.photos.map(({ photo, size }, i) => {
  const features = Object.fromEntries(["feature0", "feature1", "feature2"].map((name) => [name, stored(`${name}-${i}`)]));
  return { cells: cellsOf(stored(`light-${i}`), features, stored(`mount-${i}`)), photo, size };
});
const standardization = new Standardization(described.map(({ cells }) => cells));
const vectors = described.map(({ cells }) => standardization.vectors(cells));
writeFileSync(join(folder, "vectors.out"), vectors[0].data);

const decided = asked.hints.map((hint) => decidedBy(stored("before"), stored("after"), hint, described[0]));
const answers = {
  usable: described.map(({ cells }) => [...cells.usable]),
  matches: described.slice(1).map(({ cells }, i) => match(described[0].cells, cells, vectors[0], vectors[i + 1])),
  decided: decided.map((one) => [...one.keys()].filter((i) => one[i])),
  found: asked.hints.map((hint, k) => described.slice(1).map((other) => hintsOn(hint, described[0], decided[k], other, standardization))),
  spread: asked.spread.map((cells) => spread(cells, [20, 30], 5)),
  variants: asked.places.map(({ likely, light, count }) => objectColors(Float32Array.from(likely), light, count, asked.table)),
};
writeFileSync(join(folder, "answers.json"), JSON.stringify(answers));
