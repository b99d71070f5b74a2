// Matrix products and kernels of coherent decoding: float32, row by row.

/** (m, k) @ (k, n) -> (m, n). */
export function product(a, b, m, k, n) {
  const found = new Float32Array(m * n);
  for (let i = 0; i < m; i++) {
    const to = i * n;
    let j = 0;
    for (; j + 3 < k; j += 4) {
      const [p, q, r, s] = [a[i * k + j], a[i * k + j + 1], a[i * k + j + 2], a[i * k + j + 3]];
      const [w, x, y, z] = [j * n, (j + 1) * n, (j + 2) * n, (j + 3) * n];
      for (let c = 0; c < n; c++) found[to + c] += p * b[w + c] + q * b[x + c] + r * b[y + c] + s * b[z + c];
    }
    for (; j < k; j++) {
      const p = a[i * k + j];
      for (let c = 0; c < n; c++) found[to + c] += p * b[j * n + c];
    }
  }
  return found;
}

/** (rows, columns) -> (columns, rows). */
export function transposed(values, rows, columns) {
  const found = new Float32Array(values.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) found[j * rows + i] = values[i * columns + j];
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
