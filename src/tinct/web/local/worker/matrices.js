// Matrix products and kernels of coherent decoding: float32, row by row.

/** (m, k) @ (k, n) -> (m, n), two rows and four terms at a time. */
export function product(a, b, m, k, n) {
  const found = new Float32Array(m * n);
  const [rows, terms] = [m - (m % 2), k - (k % 4)];
  for (let i = 0; i < rows; i += 2)
    for (let j = 0; j < terms; j += 4) {
      const at = i * k + j;
      const p0 = a[at], p1 = a[at + 1], p2 = a[at + 2], p3 = a[at + 3];
      const q0 = a[at + k], q1 = a[at + k + 1], q2 = a[at + k + 2], q3 = a[at + k + 3];
      for (let c = 0, x = j * n, to = i * n; c < n; c++, x++, to++) {
        const b0 = b[x], b1 = b[x + n], b2 = b[x + 2 * n], b3 = b[x + 3 * n];
        found[to] += p0 * b0 + p1 * b1 + p2 * b2 + p3 * b3;
        found[to + n] += q0 * b0 + q1 * b1 + q2 * b2 + q3 * b3;
      }
    }
  const rest = (i, j) => {
    const p = a[i * k + j];
    for (let c = 0; c < n; c++) found[i * n + c] += p * b[j * n + c];
  };
  for (let i = 0; i < rows; i++) for (let j = terms; j < k; j++) rest(i, j);
  for (let i = rows; i < m; i++) for (let j = 0; j < k; j++) rest(i, j);
  return found;
}

const TILE = 32; // rows and columns that are transposed together, so that both arrays stay in the processor's cache

/** (rows, columns) -> (columns, rows). */
export function transposed(values, rows, columns) {
  const found = new Float32Array(values.length);
  for (let top = 0; top < rows; top += TILE)
    for (let left = 0; left < columns; left += TILE)
      for (let i = top; i < Math.min(rows, top + TILE); i++) for (let j = left; j < Math.min(columns, left + TILE); j++) found[j * rows + i] = values[i * columns + j];
  return found;
}

/** (C, N) and (C, M) scaled coordinates -> (N, M) squared exponential kernel: 1 for equal ones, 0 for distant ones. */
export function gaussian(a, b, count) {
  const [n, m] = [a.length / count, b.length / count];
  const found = new Float32Array(n * m);
  const squares = (values, many) => Float64Array.from({ length: many }, (_, i) => sumOf(count, (c) => values[c * many + i] ** 2));
  const [left, right] = [squares(a, n), squares(b, m)];
  const crossed = product(transposed(a, count, n), b, n, count, m);
  for (let i = 0, k = 0; i < n; i++) for (let j = 0; j < m; j++, k++) found[k] = Math.exp(Math.min(0, crossed[k] - 0.5 * (left[i] + right[j])));
  return found;
}

export function sumOf(count, term) {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += term(i);
  return sum;
}

/** Solve A x = b for several right sides by Gaussian elimination with partial pivoting. @param {Float64Array} a (n, n), is overwritten @param {Float64Array} b (n, m), becomes x */
export function solveLinear(a, b, n, m) {
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(a[i * n + k]) > Math.abs(a[pivot * n + k])) pivot = i;
    if (pivot !== k) {
      for (let j = 0; j < n; j++) [a[k * n + j], a[pivot * n + j]] = [a[pivot * n + j], a[k * n + j]];
      for (let j = 0; j < m; j++) [b[k * m + j], b[pivot * m + j]] = [b[pivot * m + j], b[k * m + j]];
    }
    for (let i = k + 1; i < n; i++) {
      const factor = a[i * n + k] / a[k * n + k];
      if (!factor) continue;
      for (let j = k; j < n; j++) a[i * n + j] -= factor * a[k * n + j];
      for (let j = 0; j < m; j++) b[i * m + j] -= factor * b[k * m + j];
    }
  }
  for (let i = n - 1; i >= 0; i--)
    for (let j = 0; j < m; j++) {
      let value = b[i * m + j];
      for (let c = i + 1; c < n; c++) value -= a[i * n + c] * b[c * m + j];
      b[i * m + j] = value / a[i * n + i];
    }
  return b;
}
