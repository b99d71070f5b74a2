// IPTC records, and how JPEG and PNG store them, as `tinct.photo.metadata.iptc`.

import { ascii, joined, text, view } from "./segments.js";

const RECORD = 0x0404; // number of the resource that is the IPTC record
const STALE = [0x0409, 0x040c, 0x040f, 0x0422, 0x0423, 0x0424]; // gray previews; profile, EXIF and XMP, which formats store elsewhere
const isPlace = (number) => [0x0408, 0x041a, 0x0bb7].includes(number) || (number >= 2000 && number < 2999); // guides, slices, paths
const MAX_JPEG_BYTES = 65_500; // of the list
const DIGITS = 72; // in a line

/**
 * Photoshop's resources: those that are still true of a colored copy, and the bare IPTC record. Either may be empty.
 * @param {Uint8Array} data @param {boolean} turned  whether the copy was turned, so that paths, guides and slices are no longer true
 */
export function fromResources(data, turned) {
  const kept = [];
  let record = new Uint8Array(0);
  for (let at = 0; text(data, at, 4) === "8BIM" && data.length >= at + 12; ) {
    const start = at;
    const number = view(data).getUint16(at + 4);
    const name = 1 + data[at + 6];
    at += 6 + name + (name % 2);
    if (data.length < at + 4) break;
    const size = view(data).getUint32(at);
    const value = data.slice(at + 4, at + 4 + size);
    if (value.length < size) break;
    at += 4 + size + (size % 2);
    if (number === RECORD) record = record.length ? record : value;
    else if (!STALE.includes(number) && !(turned && isPlace(number))) kept.push(data.slice(start, at), new Uint8Array(Math.max(0, at - data.length)));
  }
  return { kept: joined(kept), record };
}

/** Resources and record as JPEG holds them, without their prefix; if that is too long, the record alone, or nothing. */
export function asResources(kept, record) {
  const head = new Uint8Array(12);
  head.set(ascii("8BIM"));
  view(head).setUint16(4, RECORD);
  view(head).setUint32(8, record.length);
  const own = record.length ? joined([head, record, new Uint8Array(record.length % 2)]) : record;
  return [joined([kept, own]), own].find((data) => data.length <= MAX_JPEG_BYTES) ?? new Uint8Array(0);
}

/** The bare record in the text `Raw profile type iptc` of a PNG; empty if it is malformed. */
export function fromText(letters) {
  const digits = /^\s*iptc\s+\d+\s+([0-9a-fA-F\s]+)$/.exec(letters)?.[1].replace(/\s/g, "") ?? "";
  const data = Uint8Array.from(digits.match(/../g) ?? [], (two) => parseInt(two, 16));
  return data[0] === 0x1c ? data : fromResources(data, false).record;
}

/** A record as the text that `fromText` reads. */
export function asText(record) {
  const data = asResources(new Uint8Array(0), record);
  const digits = Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return ["", "iptc", String(data.length).padStart(8), ...(digits.match(new RegExp(`.{1,${DIGITS}}`, "g")) ?? []), ""].join("\n");
}
