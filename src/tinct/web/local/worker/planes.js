// Arrays of several planes of one size, float32, row by row: what (C, H, W) is in NumPy.

/** @typedef {{count: number, height: number, width: number, data: Float32Array}} Planes */

/**
 * @param {number} count  number of planes
 * @param {Float32Array} [data]  count · height · width values; zeros by default
 * @returns {Planes}
 */
export function planes(count, height, width, data = new Float32Array(count * height * width)) {
  if (data.length !== count * height * width) throw new RangeError(`${data.length} values aren't ${count} × ${height} × ${width}`);
  return { count, height, width, data };
}

/** One plane, sharing memory. @param {Planes} all @returns {Float32Array} */
export function plane(all, i) {
  const size = all.height * all.width;
  return all.data.subarray(i * size, (i + 1) * size);
}

/**
 * A copy that is larger at the right and the bottom.
 * @param {Planes} all
 * @param {"zero" | "edge" | "symmetric"} mode  what the new pixels hold: 0, the nearest pixel, or the mirrored picture
 * @returns {Planes}
 */
export function padded(all, height, width, mode) {
  const found = planes(all.count, height, width);
  const source = (i, n) => (i < n ? i : mode === "edge" ? n - 1 : mode === "zero" ? -1 : reflected(i, n));
  const columns = Array.from({ length: width }, (_, x) => source(x, all.width));
  for (let c = 0; c < all.count; c++)
    for (let y = 0; y < height; y++) {
      const row = source(y, all.height);
      if (row < 0) continue;
      const from = (c * all.height + row) * all.width;
      const to = (c * height + y) * width;
      for (let x = 0; x < width; x++) if (columns[x] >= 0) found.data[to + x] = all.data[from + columns[x]];
    }
  return found;
}

/** Index within 0..n-1 of a place beyond the end, mirrored with the edge repeated. */
function reflected(i, n) {
  const at = i % (2 * n);
  return at < n ? at : 2 * n - 1 - at;
}

export const clamp = (value, low, high) => (value < low ? low : value > high ? high : value);

/** A whole number as NumPy's rint and Python's round give it: halves to the even neighbor. */
export function rounded(value) {
  const down = Math.floor(value);
  const part = value - down;
  return part < 0.5 ? down : part > 0.5 ? down + 1 : down % 2 ? down + 1 : down;
}
