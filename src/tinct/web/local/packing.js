// Edits as texts in a record, as `tinct.coloring.packing`: long texts are compressed, hints that are too long are replaced by checksums.

const COMPRESS_FROM = 1000; // characters of a text
const MAX_HINT_CHARACTERS = 40_000; // of the hints in a record, packed

/** A text, compressed if it is long. */
export async function pack(text) {
  if (text.length <= COMPRESS_FROM) return text;
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("deflate"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  return `zlib:${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))}`;
}

/**
 * Up to three forms of hints, each short enough when packed: complete; hints with an area as checksums; one checksum.
 * @param {object[]} hints  as an edit's JSON form has them
 * @returns {Promise<object[][]>}
 */
export async function fitting(hints) {
  if (!hints.length) return [hints];
  const forms = [hints];
  const packable = globalThis.crypto?.subtle; // a page that came without TLS computes no checksums
  if (packable && hints.some(isLong)) forms.push(await Promise.all(hints.map(async (hint) => (isLong(hint) ? { sha256: await digest([hint]), count: 1 } : hint))));
  if (packable) forms.push([{ sha256: await digest(hints), count: hints.length }]);
  const short = await Promise.all(forms.map(async (form) => (await pack(listed(form))).length <= MAX_HINT_CHARACTERS));
  const found = forms.filter((_, i) => short[i]);
  return found.length ? found : [[]];
}

const isLong = ({ reach }) => Boolean(reach) && typeof reach !== "string";

const listed = (hints) => `[${hints.map(written).join(", ")}]`;

/** Hexadecimal SHA-256 of hints; equal for equal hints, whatever program computes it. */
export async function digest(hints) {
  const lines = hints.map((hint) => `${written(hint)}\n`).join("");
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(lines)));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A hint as Python's `json.dumps` writes it: its fields in their order, coordinates as real numbers. */
function written(hint) {
  if ("sha256" in hint) return `{"sha256": ${quoted(hint.sha256)}, "count": ${hint.count}}`;
  const { x, y, color, ab, size, reach, keep_rest: keepRest } = hint;
  const fields = [`"x": ${real(x)}`, `"y": ${real(y)}`, ab ? `"ab": [${ab.map(real).join(", ")}]` : `"color": ${quoted(color)}`];
  if (size) fields.push(`"size": ${real(size)}`);
  if (reach && reach !== "object") fields.push(`"reach": ${reachText(reach)}`);
  if (keepRest) fields.push('"keep_rest": true');
  return `{${fields.join(", ")}}`;
}

function reachText(reach) {
  if (typeof reach === "string") return quoted(reach);
  const points = (all) => `[${all.map(([x, y]) => `[${real(x)}, ${real(y)}]`).join(", ")}]`;
  return reach.region ? `{"region": ${points(reach.region)}}` : `{"brush": ${points(reach.brush)}, "width": ${real(reach.width)}}`;
}

/** A text in ASCII, as JSON. */
const quoted = (text) => JSON.stringify(text).replace(/[\x7f-\uffff]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** A number as Python's `repr` writes a float: the shortest digits, with an exponent below 1e-4 and from 1e16 on. */
export function real(value) {
  const [digits, exponent] = Math.abs(value).toExponential().split("e"); // the shortest digits that give the value back
  const power = Number(exponent);
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  if (value && (power < -4 || power >= 16)) return `${sign}${digits}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
  const figures = digits.replace(".", "");
  if (power < 0) return `${sign}0.${"0".repeat(-power - 1)}${figures}`;
  return `${sign}${figures.slice(0, power + 1).padEnd(power + 1, "0")}.${figures.slice(power + 1) || "0"}`;
}
