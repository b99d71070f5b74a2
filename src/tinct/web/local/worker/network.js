// The networks and the graphs of `tinct.graphs`: sessions of ONNX Runtime Web over the files of the site.
//
// The graph `prepare` isn't used: padding and shrinking are a few lines here, and take less time than a session.

import { AB_SCALE, L_SCALE } from "./color.js";
import { padded, planes, rounded } from "./planes.js";
import { Refusal } from "./problem.js";
import { areaResize } from "./resampling.js";

/** @typedef {import("./planes.js").Planes} Planes */
/** @typedef {any} Tensor  of ONNX Runtime */
/** @typedef {{features: Record<string, Planes>, priorMean: Float32Array, priorScale: Float32Array}} Encoded */

const MAX_THREADS = 4; // more don't make networks this small faster
const MAX_START = 20_000; // milliseconds for the runtime and its threads to start: in a few first visits to Firefox the worker never got ready

export class Network {
  /**
   * @param {any} ort  the module of ONNX Runtime Web
   * @param {object} spec  model.json of the site
   * @param {(name: string) => Promise<Uint8Array>} load  a file of the model; may be asked for the same one again
   */
  constructor(ort, spec, load) {
    Object.assign(this, { ort, spec, load });
    this.sessions = new Map(); // name of a graph -> promise of its session
    this.creating = Promise.resolve(); // of the session that is being made
    this.automatic = { hints: [], like: null, variant: 1, seed: 0, vividness: spec.edit.vividness, strength: spec.edit.strength };
  }

  /** Start the runtime: once a worker. */
  static async load(base) {
    const ort = await import(new URL("runtime/ort.wasm.min.js", base).href);
    const runtime = (name) => new URL(`runtime/ort-wasm-simd-threaded.${name}`, base).href;
    ort.env.wasm.wasmPaths = { mjs: runtime("js"), wasm: runtime("wasm") };
    ort.env.wasm.initTimeout = MAX_START;
    ort.env.wasm.numThreads = self.crossOriginIsolated ? Math.min(MAX_THREADS, navigator.hardwareConcurrency || 1) : 1;
    ort.env.logLevel = "error";
    const fetched = async (address) => {
      const answer = await fetch(address);
      if (!answer.ok) throw new Refusal("unreachable", `A part of this page could not be loaded: ${address}, status ${answer.status}.`);
      return new Uint8Array(await answer.arrayBuffer());
    };
    const load = (name) => fetched(new URL(`model/${encodeURIComponent(name)}`, base));
    const binary = fetched(ort.env.wasm.wasmPaths.wasm); // here, so that a slow network doesn't count as a slow start
    binary.catch(() => {}); // it is told below
    const spec = JSON.parse(new TextDecoder().decode(await load("model.json")));
    const held = new Map(); // name of a file -> promise of its content
    const once = (name) => {
      if (!held.has(name)) held.set(name, load(name));
      held.get(name).catch(() => held.delete(name));
      return held.get(name);
    };
    [...Object.values(spec.files), "graphs.bin"].forEach(once); // all at once, also what only a reference needs: nothing is requested later, when a photograph is there
    ort.env.wasm.wasmBinary = await binary;
    return new Network(ort, spec, once);
  }

  /** The session of a network or another graph, loaded at its first use. */
  session(name) {
    if (!this.sessions.has(name)) {
      const made = this.spec.files[name] ? this.networkSession(name) : this.graphSession(name);
      this.sessions.set(name, made);
      made.catch(() => this.sessions.delete(name));
    }
    return this.sessions.get(name);
  }

  async networkSession(name) {
    const [graph, data] = await Promise.all([this.load(this.spec.files[name]), this.load(this.spec.files.weights)]);
    return this.created(graph, { executionProviders: ["wasm"], externalData: [{ path: this.spec.location, data }] });
  }

  /** A graph without weights, all of which are in one file. Optimizing it would take longer than it ever saves. */
  async graphSession(name) {
    const { start, size } = this.spec.graphs[name];
    const graph = (await this.load("graphs.bin")).subarray(start, start + size);
    return this.created(graph, { executionProviders: ["wasm"], graphOptimizationLevel: "disabled" });
  }

  /** A session, made after those before it: when one is made, the runtime forgets the files of weights of all others that are being made. */
  created(graph, options) {
    const made = this.creating.then(() => this.ort.InferenceSession.create(graph, options));
    this.creating = made.catch(() => {});
    return made;
  }

  /** Run a graph: tensors by their names in and out. */
  async run(name, feeds) {
    const session = await this.session(name);
    return session.run(Object.fromEntries(session.inputNames.map((input) => [input, feeds[input]])));
  }

  tensor(all) {
    return new this.ort.Tensor("float32", all.data, [1, all.count, all.height, all.width]);
  }

  /** @param {ArrayLike<number>} values @param {number[]} [dims]  one axis by default @returns {Tensor} */
  floats(values, dims = [values.length]) {
    return new this.ort.Tensor("float32", values instanceof Float32Array ? values : Float32Array.from(values), dims);
  }

  /** @param {number} value @returns {Tensor} */
  scalar(value) {
    return this.floats([value], []);
  }

  /** @param {number[]} values @returns {Tensor} */
  integers(values) {
    return new this.ort.Tensor("int64", BigInt64Array.from(values, BigInt), [values.length]);
  }

  /** @param {Planes} light  L*, padded to whole multiples @returns {Promise<Encoded>} */
  async encode(light) {
    const gray = planes(1, light.height, light.width, light.data.map((value) => value / L_SCALE));
    const found = await this.run("encode", { gray: this.tensor(gray), recognizer_gray: this.tensor(this.forRecognizer(gray)) });
    const features = {};
    for (const [name, { dims, data }] of Object.entries(found)) if (name.startsWith("feature")) features[name] = planes(dims[1], dims[2], dims[3], data);
    return { features, priorMean: found.prior_mean.data, priorScale: found.prior_scale.data };
  }

  /** The input shrunk to the size of training pictures, whose scale the recognizer expects. */
  forRecognizer(gray) {
    const { side, multiple } = this.spec.preparation;
    const scale = Math.min(1, side / Math.min(gray.height, gray.width));
    const [rows, columns] = [gray.height, gray.width].map((n) => Math.max(1, rounded((n * scale) / multiple)) * multiple);
    return rows === gray.height && columns === gray.width ? gray : areaResize(gray, rows, columns);
  }

  /** Logits of the ab bins. @param {Encoded} encoded @param {Planes} hints  padded @param {Float32Array} code @returns {Promise<Planes>} */
  async decode(encoded, hints, code) {
    const features = Object.fromEntries(Object.entries(encoded.features).map(([name, all]) => [name, this.tensor(all)]));
    const { logits } = await this.run("decode", { ...features, hints: this.tensor(hints), code: this.floats(code, [1, code.length]) });
    return planes(logits.dims[1], logits.dims[2], logits.dims[3], logits.data);
  }

  /** The posterior mean of a picture whose colors are known. @param {Encoded} encoded @param {Planes} ab  of the working size @returns {Promise<Float32Array>} */
  async code(encoded, ab, whole) {
    const { feature0, feature3 } = encoded.features;
    const cells = areaResize(padded(ab, whole.height, whole.width, "symmetric"), feature0.height, feature0.width);
    const scaled = planes(2, cells.height, cells.width, cells.data.map((value) => value / AB_SCALE));
    const { code } = await this.run("like", { ab: this.tensor(scaled), feature0: this.tensor(feature0), feature3: this.tensor(feature3) });
    return code.data;
  }

  /**
   * Lines of a*, b* over L*, which are enlarged to full size.
   * @param {Planes} ab  of the working size @param {Planes} light  L* of the same pixels @param {number} strength  factor on the chroma
   * @returns {Promise<Planes>}  slopes of a*, b*, then their offsets
   */
  async lines(ab, light, strength) {
    const { height, width } = light;
    const inputs = { ab: this.floats(ab.data, [2, height, width]), lightness: this.floats(light.data, [height, width]), strength: this.scalar(strength) };
    const { slope, offset } = await this.run("lines", inputs);
    const found = planes(4, height, width);
    found.data.set(slope.data);
    found.data.set(offset.data, slope.data.length);
    return found;
  }

  /** Working width and height of a picture. @param {number} [side]  of the short side */
  workingSize(width, height, side = this.spec.preparation.side) {
    const long = Math.max(width, height);
    const scale = Math.min(1, side / Math.min(width, height), (this.spec.preparation.max_aspect * side) / long);
    return [width, height].map((n) => Math.max(1, rounded(n * scale)));
  }
}
