// Areas that are drawn on the photograph: strokes and lassos. All places are in pixels of the photograph.

const MAX_POINTS = 400; // of a stroke or lasso, after simplification; the engine takes 10,000
const MAX_LOOPS = 200; // crossings of a lasso with itself that are cut off

const cross = (o, a, b) => (a.x - o.x) * (b.y - o.y) - (a.y - o.y) * (b.x - o.x);
const area = (points) => points.reduce((sum, p, i) => sum + cross({ x: 0, y: 0 }, p, points[(i + 1) % points.length]), 0) / 2;

/** The distance of a point from a segment. */
function distance(p, a, b) {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const along = Math.max(0, Math.min(1, ((p.x - a.x) * dx + (p.y - a.y) * dy) / (dx * dx + dy * dy || 1)));
  return Math.hypot(p.x - a.x - along * dx, p.y - a.y - along * dy);
}

/** A line of fewer points that is nowhere further from the original than `tolerance` (Douglas and Peucker, 1973). */
export function simplified(points, tolerance) {
  const keep = new Set([0, points.length - 1]);
  for (const stack = [[0, points.length - 1]]; stack.length; ) {
    const [from, to] = stack.pop();
    let [far, at] = [tolerance, -1];
    for (let i = from + 1; i < to; i++) {
      const gap = distance(points[i], points[from], points[to]);
      if (gap > far) [far, at] = [gap, i];
    }
    if (at < 0) continue;
    keep.add(at);
    stack.push([from, at], [at, to]);
  }
  const found = points.filter((_, i) => keep.has(i));
  return found.length > MAX_POINTS ? simplified(points, 2 * tolerance) : found;
}

/** Where two segments cross; null where they don't. */
function crossing(a, b, c, d) {
  const [p, q] = [cross(a, b, c), cross(a, b, d)];
  const [r, s] = [cross(c, d, a), cross(c, d, b)];
  if (p * q > 0 || r * s > 0 || p === q || r === s) return null;
  const part = p / (p - q);
  return { x: c.x + part * (d.x - c.x), y: c.y + part * (d.y - c.y) };
}

/** A polygon without crossings: where a lasso crosses itself, the smaller of the two loops is cut off. Null where no area is left. */
export function untangled(points) {
  for (let loops = 0; loops < MAX_LOOPS; loops++) {
    const n = points.length;
    if (n < 3 || Math.abs(area(points)) < 1) return null;
    const found = firstCrossing(points);
    if (!found) return points;
    const { i, j, place } = found;
    const inner = [place, ...points.slice(i + 1, j + 1)];
    const outer = [...points.slice(0, i + 1), place, ...points.slice(j + 1)];
    points = Math.abs(area(inner)) > Math.abs(area(outer)) ? inner : outer;
    points = points.filter((p, k) => Math.hypot(p.x - points[(k + 1) % points.length].x, p.y - points[(k + 1) % points.length].y) > 1e-6);
  }
  return null;
}

function firstCrossing(points) {
  const n = points.length;
  for (let i = 0; i < n; i++) {
    for (let j = i + 2; j < n; j++) {
      if (i === 0 && j === n - 1) continue; // neighbors
      const place = crossing(points[i], points[i + 1], points[j], points[(j + 1) % n]);
      if (place) return { i, j, place };
    }
  }
  return null;
}

/** A place well inside a polygon: the middle of the longest run on the line at half its height. */
export function insideOf(points) {
  const ys = points.map(({ y }) => y);
  const y = (Math.min(...ys) + Math.max(...ys)) / 2 + 1e-3;
  const hits = [];
  points.forEach((a, i) => {
    const b = points[(i + 1) % points.length];
    if (a.y > y !== b.y > y) hits.push(a.x + ((y - a.y) / (b.y - a.y)) * (b.x - a.x));
  });
  hits.sort((a, b) => a - b);
  let [from, to] = [hits[0], hits[1]];
  for (let i = 2; i + 1 < hits.length; i += 2) if (hits[i + 1] - hits[i] > to - from) [from, to] = [hits[i], hits[i + 1]];
  return { x: (from + to) / 2, y };
}

/** The place at half the length of a line. */
export const middleOf = (points) => points[Math.floor(points.length / 2)];

const tenth = (v) => Math.round(v * 10) / 10;
const pairs = (points) => points.map(({ x, y }) => [tenth(x), tenth(y)]);

/**
 * What was drawn, as the reach of a hint, and the place that stands for it.
 * @param {string} tool  "stroke" or "lasso"
 * @param {number} width  of a stroke
 * @param {number} tolerance  within which the line may be simplified
 * @returns {{place: object, reach: object}|null}  null for a lasso without an area
 */
export function drawnArea(tool, points, width, tolerance) {
  if (tool === "stroke") {
    const line = points.length > 1 ? simplified(points, tolerance) : points;
    return { place: middleOf(points), reach: { brush: pairs(line), width: tenth(Math.max(width, 0.1)) } };
  }
  const polygon = untangled(simplified(points, tolerance).map(({ x, y }) => ({ x: tenth(x), y: tenth(y) })));
  if (!polygon) return null;
  return { place: insideOf(polygon), reach: { region: pairs(polygon) } };
}

/** The reach moved with its dot. */
export function moved(reach, dx, dy) {
  const shift = (list) => list.map(([x, y]) => [tenth(x + dx), tenth(y + dy)]);
  if (reach?.brush) return { ...reach, brush: shift(reach.brush) };
  if (reach?.region) return { ...reach, region: shift(reach.region) };
  return reach;
}
