// JPEG written in strips: baseline, chroma at full resolution (4:4:4), with the tables of ITU-T T.81 scaled as libjpeg does it. A browser's canvas would halve
// the resolution of chroma, which is all that a coloring adds, and would need the whole picture at once.

import { view } from "./segments.js";

const MAX_SIDE = 65_500; // pixels, as libjpeg
const CHUNK = 1 << 20; // bytes of output that are collected at a time
const BLOCK = 8; // pixels a side
const MAX_BLOCK_BYTES = 512; // of one block: 64 codes of at most 27 bits, each byte perhaps followed by a stuffed one

// T.81, tables K.1 and K.2, row by row
const LUMINANCE = [
  16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81,
  104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
];
const CHROMINANCE = [
  17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99, ...Array(32).fill(99),
];
// T.81, tables K.3 to K.6: number of codes of 1 to 16 bits, and their symbols
const DC_SYMBOLS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
const DC = [
  { counts: [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0], symbols: DC_SYMBOLS },
  { counts: [0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0], symbols: DC_SYMBOLS },
];
const hex = (digits) => digits.match(/../g).map((two) => parseInt(two, 16));
const AC = [
  {
    counts: [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125],
    symbols: hex(
      "01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a3435363738393a434445464748494a535455565758595a636465666768696a" +
        "737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa",
    ),
  },
  {
    counts: [0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 119],
    symbols: hex(
      "000102031104052131061241510761711322328108144291a1b1c109233352f0156272d10a162434e125f11718191a262728292a35363738393a434445464748494a535455565758595a636465666768696a" +
        "737475767778797a82838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9fa",
    ),
  },
];

/** Position, row by row, of each coefficient in the order of the file. */
const ZIGZAG = Uint8Array.from(zigzag());

function* zigzag() {
  for (let sum = 0; sum < 2 * BLOCK - 1; sum++)
    for (let i = Math.max(0, sum - BLOCK + 1); i <= Math.min(sum, BLOCK - 1); i++) {
      const row = sum % 2 ? i : sum - i; // odd diagonals run down, even ones up
      yield row * BLOCK + sum - row;
    }
}

/** libjpeg's quantization table for a quality of 1..100. */
function quantization(base, quality) {
  const scale = quality < 50 ? Math.floor(5000 / quality) : 200 - 2 * quality;
  return base.map((step) => Math.min(255, Math.max(1, Math.floor((step * scale + 50) / 100))));
}

/** Code and number of bits of each symbol. */
function huffman({ counts, symbols }) {
  const found = { code: new Uint16Array(256), bits: new Uint8Array(256) };
  let [code, i] = [0, 0];
  counts.forEach((count, length) => {
    for (let k = 0; k < count; k++, i++, code++) [found.code[symbols[i]], found.bits[symbols[i]]] = [code, length + 1];
    code <<= 1;
  });
  return found;
}

const TABLES = [0, 1].map((i) => ({ dc: huffman(DC[i]), ac: huffman(AC[i]) }));

// Scale factors of the transform of Arai, Agui and Nakajima (1988), which leaves them to the quantization.
const AAN = Array.from({ length: BLOCK }, (_, k) => (k ? Math.SQRT2 * Math.cos((k * Math.PI) / 16) : 1));

/** The reciprocal of each quantization step, with the scale of the transform. */
const divisors = (steps) => Float32Array.from(steps, (step, i) => 1 / (step * AAN[i >> 3] * AAN[i & 7] * BLOCK));

export class JpegWriter {
  /** @param {number} quality  1..100 */
  constructor(width, height, quality) {
    if (Math.max(width, height) > MAX_SIDE) throw new RangeError(`JPEG holds at most ${MAX_SIDE} pixels a side`);
    Object.assign(this, { width, height });
    this.wide = Math.ceil(width / BLOCK) * BLOCK;
    this.steps = [LUMINANCE, CHROMINANCE].map((base) => quantization(base, quality));
    this.divisors = this.steps.map(divisors);
    this.rows = [0, 1, 2].map(() => new Float32Array(this.wide * BLOCK)); // Y, Cb, Cr less 128, of the blocks that are being collected
    this.filled = 0; // rows in them
    this.bits = new Bits();
    this.before = [0, 0, 0]; // DC coefficients of the last block
    this.block = new Float32Array(BLOCK * BLOCK);
  }

  /** Take on the next rows. @param {Uint8ClampedArray} rgba  whole rows; the opacity is ignored */
  add(rgba) {
    const { width, wide, rows } = this;
    for (let k = 0; k < rgba.length; ) {
      const start = this.filled * wide;
      for (let i = start; i < start + width; i++, k += 4) {
        const [r, g, b] = [rgba[k], rgba[k + 1], rgba[k + 2]];
        rows[0][i] = ((19595 * r + 38470 * g + 7471 * b + 32768) >> 16) - 128; // JFIF's coefficients times 2^16, rounded as libjpeg does
        rows[1][i] = (-11059 * r - 21710 * g + 32768 * b + 32767) >> 16;
        rows[2][i] = (32768 * r - 27439 * g - 5329 * b + 32767) >> 16;
      }
      for (const row of rows) row.fill(row[start + width - 1], start + width, start + wide);
      if (++this.filled === BLOCK) this.flush();
    }
  }

  /** The bytes after the start marker and the metadata. @returns {Uint8Array[]} */
  finish() {
    if (this.filled) {
      const last = (this.filled - 1) * this.wide;
      for (const row of this.rows) for (let y = this.filled; y < BLOCK; y++) row.copyWithin(y * this.wide, last, last + this.wide);
      this.flush();
    }
    return [this.head(), ...this.bits.finish(), new Uint8Array([0xff, 0xd9])];
  }

  flush() {
    for (let x = 0; x < this.wide; x += BLOCK)
      for (let c = 0; c < 3; c++) {
        const row = this.rows[c];
        for (let y = 0, i = 0; y < BLOCK; y++) for (let at = y * this.wide + x, end = at + BLOCK; at < end; at++, i++) this.block[i] = row[at];
        this.before[c] = encodeBlock(this.block, this.divisors[c ? 1 : 0], TABLES[c ? 1 : 0], this.before[c], this.bits);
      }
    this.filled = 0;
  }

  head() {
    const parts = [];
    const segment = (kind, body) => parts.push(0xff, kind, (body.length + 2) >> 8, (body.length + 2) & 255, ...body);
    this.steps.forEach((steps, i) => segment(0xdb, [i, ...Array.from(ZIGZAG, (at) => steps[at])]));
    const size = new Uint8Array(4);
    view(size).setUint16(0, this.height);
    view(size).setUint16(2, this.width);
    segment(0xc0, [8, ...size, 3, ...[1, 2, 3].flatMap((id) => [id, 0x11, id > 1 ? 1 : 0])]);
    [DC, AC].forEach((tables, kind) => tables.forEach(({ counts, symbols }, i) => segment(0xc4, [(kind << 4) | i, ...counts, ...symbols])));
    segment(0xda, [3, ...[1, 2, 3].flatMap((id) => [id, id > 1 ? 0x11 : 0]), 0, 63, 0]);
    return Uint8Array.from(parts);
  }
}

/** Bits collected into bytes, each 255 followed by a 0. */
class Bits {
  constructor() {
    this.done = []; // full chunks
    this.bytes = new Uint8Array(CHUNK);
    this.at = 0;
    this.value = 0;
    this.count = 0; // bits of `value`, fewer than 8 between calls
  }

  /** @param {number} count  at most 16 */
  put(value, count) {
    this.value = (this.value << count) | value;
    this.count += count;
    while (this.count >= 8) {
      this.count -= 8;
      const byte = (this.value >> this.count) & 255;
      this.bytes[this.at++] = byte;
      if (byte === 255) this.bytes[this.at++] = 0;
    }
    this.value &= (1 << this.count) - 1;
  }

  /** Make room for one more block. */
  reserve() {
    if (this.at + MAX_BLOCK_BYTES < CHUNK) return;
    this.done.push(this.bytes.slice(0, this.at));
    this.at = 0;
  }

  finish() {
    this.put(127, 7); // the rest of the last byte is ones
    return [...this.done, this.bytes.slice(0, this.at)];
  }
}

/** Transform, quantize and write 8 × 8 samples; its DC coefficient. */
function encodeBlock(block, divisors, { dc, ac }, before, bits) {
  bits.reserve();
  transform(block);
  const first = nearest(block[0] * divisors[0]);
  putValue(first - before, 0, dc, bits);
  let zeros = 0;
  for (let k = 1; k < 64; k++) {
    const at = ZIGZAG[k];
    const level = nearest(block[at] * divisors[at]);
    if (!level) {
      zeros++;
      continue;
    }
    for (; zeros > 15; zeros -= 16) bits.put(ac.code[0xf0], ac.bits[0xf0]);
    putValue(level, zeros << 4, ac, bits);
    zeros = 0;
  }
  if (zeros) bits.put(ac.code[0], ac.bits[0]);
  return first;
}

const nearest = (value) => (value < 0 ? value - 0.5 : value + 0.5) | 0;

/** The code of a number of bits (and of the zeros before it), and these bits. */
function putValue(value, run, { code, bits: lengths }, bits) {
  const size = 32 - Math.clz32(value < 0 ? -value : value);
  bits.put(code[run | size], lengths[run | size]);
  if (size) bits.put(value < 0 ? value + (1 << size) - 1 : value, size);
}

const C4 = Math.SQRT1_2;
const C6 = Math.sin(Math.PI / 8); // cos(6 pi / 16)
const C2_C6 = Math.cos(Math.PI / 8) - C6;
const C2_PLUS_C6 = Math.cos(Math.PI / 8) + C6;

/** The cosine transform of the rows, then of the columns, in place; scaled as `divisors` expects it. */
function transform(d) {
  for (let i = 0; i < 64; i += 8) along(d, i, 1);
  for (let i = 0; i < 8; i++) along(d, i, 8);
}

/** Eight values, `step` apart. */
function along(d, i, step) {
  const [i1, i2, i3, i4, i5, i6, i7] = [i + step, i + 2 * step, i + 3 * step, i + 4 * step, i + 5 * step, i + 6 * step, i + 7 * step];
  const s0 = d[i] + d[i7];
  const s1 = d[i1] + d[i6];
  const s2 = d[i2] + d[i5];
  const s3 = d[i3] + d[i4];
  const m0 = d[i] - d[i7];
  const m1 = d[i1] - d[i6];
  const m2 = d[i2] - d[i5];
  const m3 = d[i3] - d[i4];
  const t0 = s0 + s3;
  const t1 = s1 + s2;
  const t3 = s0 - s3;
  const z1 = (s1 - s2 + t3) * C4;
  d[i] = t0 + t1;
  d[i4] = t0 - t1;
  d[i2] = t3 + z1;
  d[i6] = t3 - z1;
  const u0 = m3 + m2;
  const u1 = m2 + m1;
  const u2 = m1 + m0;
  const z5 = (u0 - u2) * C6;
  const z2 = u0 * C2_C6 + z5;
  const z4 = u2 * C2_PLUS_C6 + z5;
  const z3 = u1 * C4;
  const z11 = m0 + z3;
  const z13 = m0 - z3;
  d[i5] = z13 + z2;
  d[i3] = z13 - z2;
  d[i1] = z11 + z4;
  d[i7] = z11 - z4;
}
