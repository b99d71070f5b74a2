// Color a photograph's lightness with tinct's graph automatic.onnx, in Node.js or, with the same calls, in a browser.
//
// usage: node color.mjs FOLDER LIGHTNESS HEIGHT WIDTH VIVIDNESS OUTPUT
//
// FOLDER holds the graphs that `tinct graphs` writes. LIGHTNESS is a file of HEIGHT × WIDTH 32-bit floats, L* 0..100, row by row. OUTPUT
// gets 2 × HEIGHT × WIDTH floats: a* of all pixels, then b*. Needs `npm install onnxruntime-web`.

import { readFileSync, writeFileSync } from "node:fs";
import * as ort from "onnxruntime-web";

const [folder, lightness, height, width, vividness, output] = process.argv.slice(2);
const graph = JSON.parse(readFileSync(`${folder}/graphs.json`, "utf8"));
ort.env.wasm.numThreads = 1; // in a browser, more need the headers of cross-origin isolation

const session = await ort.InferenceSession.create(readFileSync(`${folder}/${graph.graphs.automatic.file}`), {
  executionProviders: ["wasm"],
  externalData: [{ path: graph.weights, data: readFileSync(`${folder}/${graph.weights}`) }],
});
const bytes = readFileSync(lightness);
const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
const { ab } = await session.run({
  lightness: new ort.Tensor("float32", values, [Number(height), Number(width)]),
  vividness: new ort.Tensor("float32", [Number(vividness)], []),
});
writeFileSync(output, new Uint8Array(ab.data.buffer, ab.data.byteOffset, ab.data.byteLength));
