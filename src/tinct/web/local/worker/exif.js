// EXIF for the upright picture in color: orientation 1, sRGB, no thumbnail in gray.

import { view } from "./segments.js";

const ORIENTATION = 274;
const EXIF_DIRECTORY = 34665;
const COLOR_SPACE = 40961;
const PIXEL_SIDES = [40962, 40963]; // width, height
const SUBJECT = [37396, 41492]; // places, as pixels of the picture before it was turned
const SHORT = 3;
const LONG = 4;
const MAX_ROWS = 1000; // of a directory

/** The orientation of EXIF data, 1..8. @param {Uint8Array | null} exif */
export function orientationOf(exif) {
  let found = 1;
  if (exif) visit(exif, (tag, kind, at, data, little) => tag === ORIENTATION && kind === SHORT && (found = data.getUint16(at, little)));
  return found >= 1 && found <= 8 ? found : 1;
}

/**
 * EXIF data for a picture that was turned upright; unchanged as far as it can't be read.
 * @param {Uint8Array} exif @param {number} width  of the upright picture
 */
export function uprightExif(exif, width, height) {
  const turned = orientationOf(exif) !== 1;
  const found = exif.slice();
  const next = visit(found, (tag, kind, at, data, little) => {
    if (tag === ORIENTATION && kind === SHORT) data.setUint16(at, 1, little);
    if (tag === COLOR_SPACE && kind === SHORT) data.setUint16(at, 1, little); // sRGB
    const side = PIXEL_SIDES.indexOf(tag);
    if (side >= 0 && kind === LONG) data.setUint32(at, [width, height][side], little);
    if (side >= 0 && kind === SHORT) data.setUint16(at, [width, height][side], little);
    if (turned && SUBJECT.includes(tag)) data.setUint16(at - 8, 0xfde8, little); // private: it would point elsewhere now
  });
  if (next) view(found).setUint32(next, 0); // no second directory: its thumbnail shows the picture in gray
  return found;
}

/** Call act(tag, kind, position of the value, data, little) for the first directory and EXIF's own; the position of the offset of the second one. */
function visit(exif, act) {
  const data = view(exif);
  try {
    const little = data.getUint16(0) === 0x4949;
    if (data.getUint16(2, little) !== 42) return 0;
    const directory = (start, nested) => {
      const count = Math.min(data.getUint16(start, little), MAX_ROWS);
      for (let row = start + 2; row < start + 2 + 12 * count; row += 12) {
        const tag = data.getUint16(row, little);
        if (tag === EXIF_DIRECTORY && !nested) directory(data.getUint32(row + 8, little), true);
        else act(tag, data.getUint16(row + 2, little), row + 8, data, little);
      }
      return start + 2 + 12 * count;
    };
    return directory(data.getUint32(4, little), false);
  } catch (error) {
    if (error instanceof RangeError) return 0;
    throw error;
  }
}
