// Parts of a photograph that a hint's color is limited to: polygons and brush strokes, as `tinct.coloring.regions`.

import { clamp, planes } from "./planes.js";
import { Refusal } from "./problem.js";

/** @typedef {import("./hints.js").Size} Size */

const SUBROWS = 4; // lines for each row of pixels on which a polygon is sampled

/**
 * The share of each pixel inside an area.
 * @param {{region: [number, number][]} | {brush: [number, number][], width: number}} area  in pixels of the photograph
 * @param {Size} photo @param {Size} small
 * @returns {import("./planes.js").Planes}
 */
export function coverage(area, photo, small) {
  const points = area.region ?? area.brush;
  for (const [x, y] of points)
    if (!(0 <= x && x <= photo[0] && 0 <= y && y <= photo[1])) throw new Refusal("region-outside", `The area has the point ${x},${y} outside the picture.`);
  const scale = [small[0] / photo[0], small[1] / photo[1]];
  const scaled = points.map(([x, y]) => [x * scale[0], y * scale[1]]);
  return area.region ? filled(scaled, small) : stroked(scaled, (area.width * (scale[0] + scale[1])) / 2, small);
}

function filled(points, [width, height]) {
  const found = planes(1, height, width);
  const ends = points.map((_, i) => points[(i + 1) % points.length]);
  const ys = points.map(([, y]) => y);
  const [first, last] = [Math.max(0, Math.floor(Math.min(...ys))), Math.min(height, Math.ceil(Math.max(...ys)))];
  for (let row = first; row < last; row++)
    for (let n = 0; n < SUBROWS; n++) {
      const line = row + (n + 0.5) / SUBROWS;
      const crossed = [];
      points.forEach(([x0, y0], i) => {
        const [x1, y1] = ends[i];
        if (y0 <= line !== y1 <= line) crossed.push(x0 + ((line - y0) / (y1 - y0)) * (x1 - x0));
      });
      crossed.sort((one, other) => one - other);
      for (let k = 0; k + 1 < crossed.length; k += 2)
        for (let x = Math.max(0, Math.floor(crossed[k])); x < Math.min(width, Math.ceil(crossed[k + 1])); x++)
          found.data[row * width + x] += clamp(Math.min(crossed[k + 1], x + 1) - Math.max(crossed[k], x), 0, 1) / SUBROWS;
    }
  return found;
}

function stroked(points, wide, [width, height]) {
  const radius = Math.max(wide / 2, 0.5);
  const found = planes(1, height, width);
  const apart = new Float64Array(width * height).fill(Infinity);
  const segments = points.length > 1 ? points.slice(1).map((end, i) => [points[i], end]) : [[points[0], points[0]]];
  for (const [start, end] of segments) {
    const [dx, dy] = [end[0] - start[0], end[1] - start[1]];
    const low = [0, 1].map((axis) => Math.max(0, Math.floor(Math.min(start[axis], end[axis]) - radius - 1)));
    const high = [0, 1].map((axis) => Math.min([width, height][axis], Math.ceil(Math.max(start[axis], end[axis]) + radius + 1)));
    for (let y = low[1]; y < high[1]; y++)
      for (let x = low[0]; x < high[0]; x++) {
        const along = clamp(((x + 0.5 - start[0]) * dx + (y + 0.5 - start[1]) * dy) / Math.max(dx * dx + dy * dy, 1e-12), 0, 1);
        const distance = Math.hypot(x + 0.5 - start[0] - along * dx, y + 0.5 - start[1] - along * dy);
        if (distance < apart[y * width + x]) apart[y * width + x] = distance;
      }
  }
  for (let i = 0; i < apart.length; i++) found.data[i] = clamp(radius - apart[i] + 0.5, 0, 1);
  return found;
}
