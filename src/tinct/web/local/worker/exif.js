// EXIF for the upright picture in color: orientation 1, sRGB, no thumbnail in gray, subjects where they are now.

import { view } from "./segments.js";

const ORIENTATION = 274;
const RESOLUTION = [282, 283]; // across, down
const RESOLUTION_UNIT = 296;
const EXIF_DIRECTORY = 34665;
const COLOR_SPACE = 40961;
const PIXEL_SIDES = [40962, 40963]; // width, height
const SUBJECTS = [37396, 41492]; // SubjectArea, SubjectLocation
const THUMBNAIL = [513, 514]; // position, bytes
const SHORT = 3;
const LONG = 4;
const RATIONAL = 5;
const CENTIMETERS = 3;
const MAX_ROWS = 1000; // of a directory

/** The orientation of EXIF data, 1..8. @param {Uint8Array | null} exif */
export function orientationOf(exif) {
  let found = 1;
  if (exif) visit(exif, ({ tag, kind, at, data, little, level }) => level === 0 && tag === ORIENTATION && kind === SHORT && (found = data.getUint16(at, little)));
  return found >= 1 && found <= 8 ? found : 1;
}

/** Dots an inch, across and down; null where EXIF doesn't say. @param {Uint8Array | null} exif @returns {[number, number] | null} */
export function resolutionOf(exif) {
  const found = [0, 0];
  let unit = 1;
  if (exif)
    visit(exif, ({ tag, kind, at, data, little, level }) => {
      const i = RESOLUTION.indexOf(tag);
      if (level === 0 && i >= 0 && kind === RATIONAL) {
        const place = data.getUint32(at, little);
        found[i] = data.getUint32(place, little) / data.getUint32(place + 4, little);
      }
      if (level === 0 && tag === RESOLUTION_UNIT && kind === SHORT && data.getUint16(at, little) === CENTIMETERS) unit = 2.54;
    });
  return found.every((one) => one > 0 && Number.isFinite(one)) ? found.map((one) => one * unit) : null;
}

/**
 * EXIF data for a picture that was turned upright; unchanged as far as it can't be read.
 * @param {Uint8Array} exif @param {import("./turn.js").Turn} turn  that was applied to the pixels
 * @param {[number, number]} sides  width and height of the result
 */
export function uprightExif(exif, turn, sides) {
  const found = exif.slice();
  const thumbnail = [0, 0];
  const next = visit(found, ({ tag, kind, count, at, data, little, level }) => {
    const side = PIXEL_SIDES.indexOf(tag);
    if (tag === ORIENTATION && kind === SHORT) data.setUint16(at, 1, little);
    if (level === 1 && tag === COLOR_SPACE && kind === SHORT) data.setUint16(at, 1, little); // sRGB
    if (level === 1 && side >= 0 && kind === LONG) data.setUint32(at, sides[side], little);
    if (level === 1 && side >= 0 && kind === SHORT) data.setUint16(at, sides[side], little);
    if (SUBJECTS.includes(tag) && turn.orientation !== 1) turnSubject(kind, count, at, data, little, turn);
    if (level === 2 && THUMBNAIL.includes(tag) && kind === LONG) thumbnail[THUMBNAIL.indexOf(tag)] = data.getUint32(at, little);
  });
  if (!next) return found;
  view(found).setUint32(next, 0); // no second directory: its thumbnail shows the picture in gray
  const [start, size] = thumbnail;
  if (!start || start + size > found.length) return found;
  if (start + size === found.length) return found.slice(0, start);
  return found.fill(0, start, start + size);
}

function turnSubject(kind, count, at, data, little, turn) {
  if (![SHORT, LONG].includes(kind) || count < 2 || count > 4) return;
  const bytes = kind === SHORT ? 2 : 4;
  const place = bytes * count <= 4 ? at : data.getUint32(at, little);
  const places = Array.from({ length: count }, (_, i) => place + i * bytes);
  const values = turn.subject(places.map((one) => (kind === SHORT ? data.getUint16(one, little) : data.getUint32(one, little))));
  places.forEach((one, i) => (kind === SHORT ? data.setUint16(one, Math.min(values[i], 0xffff), little) : data.setUint32(one, values[i], little)));
}

/**
 * Call act({tag, kind, count, at, data, little, level}) for each row of the first directory (level 0), EXIF's own (1) and the thumbnail's (2); `at` is the
 * position of the value. Returns the position of the offset of the thumbnail's directory; 0 if it can't be read.
 */
function visit(exif, act) {
  const data = view(exif);
  try {
    const little = data.getUint16(0) === 0x4949;
    if (data.getUint16(2, little) !== 42) return 0;
    const directory = (start, level) => {
      const count = Math.min(data.getUint16(start, little), MAX_ROWS);
      for (let row = start + 2; row < start + 2 + 12 * count; row += 12) {
        const tag = data.getUint16(row, little);
        if (tag === EXIF_DIRECTORY && level === 0) inside(() => directory(data.getUint32(row + 8, little), 1));
        else inside(() => act({ tag, kind: data.getUint16(row + 2, little), count: data.getUint32(row + 4, little), at: row + 8, data, little, level }));
      }
      return start + 2 + 12 * count;
    };
    const next = directory(data.getUint32(4, little), 0);
    if (data.getUint32(next, little)) inside(() => directory(data.getUint32(next, little), 2));
    return next;
  } catch (error) {
    if (error instanceof RangeError) return 0;
    throw error;
  }
}

/** Do what may meet an offset beyond the end. */
function inside(act) {
  try {
    act();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
}
