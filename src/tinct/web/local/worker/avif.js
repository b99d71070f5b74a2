// Metadata of AVIF: EXIF and XMP among the items of its container, and the orientation that its transformations amount to (ISO/IEC 14496-12, 23008-12).

import { text, view } from "./segments.js";

const MIRRORED = { 0: [4, 5, 2, 7], 1: [2, 7, 4, 5] }; // axis of `imir` -> orientation by the quarter turns of `irot`, counterclockwise
const TURNED = [1, 8, 3, 6];
const XMP = "application/rdf+xml";

/** The boxes of a part of a file: [kind, first byte of the content, end]. */
function* boxes(bytes, start, end) {
  for (let at = start; at + 8 <= end; ) {
    let size = view(bytes).getUint32(at);
    let head = 8;
    if (size === 1) [size, head] = [Number(view(bytes).getBigUint64(at + 8)), 16];
    if (size === 0) size = end - at;
    if (size < head) return;
    yield [text(bytes, at + 4, 4), at + head, Math.min(end, at + size)];
    at += size;
  }
}

const boxOf = (bytes, start, end, kind) => [...boxes(bytes, start, end)].find(([name]) => name === kind);

/** @param {Uint8Array} bytes @param {import("./segments.js").Metadata} found  is filled */
export function readAvif(bytes, found) {
  const meta = boxOf(bytes, 0, bytes.length, "meta");
  if (!meta) return;
  const [start, end] = [meta[1] + 4, meta[2]];
  readProperties(bytes, start, end, found);
  const places = placesOf(bytes, start, end);
  for (const [id, kind] of itemsOf(bytes, start, end)) {
    const place = places.get(id);
    if (!place) continue;
    const content = bytes.slice(place[0], place[0] + place[1]);
    if (kind === "Exif") found.exif ??= content.slice(4 + view(content).getUint32(0));
    if (kind === XMP) found.xmp ??= content;
  }
}

/** Orientation, depth and transparency; the first property of each kind is taken, as the pictures of a file share them. */
function readProperties(bytes, start, end, found) {
  const properties = boxOf(bytes, start, end, "iprp");
  const list = properties && boxOf(bytes, properties[1], properties[2], "ipco");
  let [angle, axis] = [0, null];
  for (const [kind, at] of list ? boxes(bytes, list[1], list[2]) : []) {
    if (kind === "irot") angle ||= bytes[at] & 3;
    if (kind === "imir") axis ??= bytes[at] & 1;
    if (kind === "av1C") found.deep ||= (bytes[at + 2] & 0x40) !== 0;
    if (kind === "auxC" && text(bytes, at + 4, 64).includes(":alpha")) found.alpha = true;
  }
  found.orientation = axis === null ? TURNED[angle] : MIRRORED[axis][angle];
}

/** [id, kind] of each item; of one with a media type, that. */
function* itemsOf(bytes, start, end) {
  const info = boxOf(bytes, start, end, "iinf");
  if (!info) return;
  const first = info[1] + (bytes[info[1]] === 0 ? 6 : 8);
  for (const [kind, at, last] of boxes(bytes, first, info[2])) {
    const version = bytes[at];
    if (kind !== "infe" || version < 2) continue;
    const id = version === 2 ? view(bytes).getUint16(at + 4) : view(bytes).getUint32(at + 4);
    const name = at + 4 + (version === 2 ? 2 : 4) + 2;
    const item = text(bytes, name, 4);
    yield [id, item === "mime" && text(bytes, name + 4, last - name - 4).includes(XMP) ? XMP : item];
  }
}

/** Id of an item -> [first byte, bytes]; items of several parts, or outside the file, are left out. */
function placesOf(bytes, start, end) {
  const found = new Map();
  const location = boxOf(bytes, start, end, "iloc");
  if (!location) return found;
  const data = view(bytes);
  let at = location[1];
  const version = bytes[at];
  at += 4;
  const sizes = [bytes[at] >> 4, bytes[at] & 15, bytes[at + 1] >> 4, version ? bytes[at + 1] & 15 : 0]; // of offset, length, base offset, index
  at += 2;
  const number = (size) => {
    at += size;
    return size === 8 ? Number(data.getBigUint64(at - 8)) : size === 4 ? data.getUint32(at - 4) : size === 2 ? data.getUint16(at - 2) : 0;
  };
  const stored = boxOf(bytes, start, end, "idat");
  for (let left = number(version < 2 ? 2 : 4); left > 0; left--) {
    const id = number(version < 2 ? 2 : 4);
    const method = version ? number(2) & 15 : 0;
    number(2); // index of another file
    const base = number(sizes[2]);
    const parts = Array.from({ length: number(2) }, () => {
      number(sizes[3]);
      return [number(sizes[0]), number(sizes[1])];
    });
    const origin = method === 0 ? 0 : method === 1 && stored ? stored[1] : NaN;
    if (parts.length === 1 && origin + base + parts[0][0] + parts[0][1] <= bytes.length) found.set(id, [origin + base + parts[0][0], parts[0][1]]);
  }
  return found;
}
