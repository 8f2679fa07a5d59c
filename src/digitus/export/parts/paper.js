// The paper of a picture: its grey, however it is lit, whether ink is darker, its ruled lines; and
// pictures made smaller. Names and numbers are those of vision/paper.py. Not inside: which ink is a
// digit's (`preparing.js`).

const rint = (v) => (v - Math.floor(v) === 0.5 ? 2 * Math.round(v / 2) : Math.round(v)); // halves to even
const upTo = (n) => Array.from({ length: n }, (_, i) => i);
const largest = (numbers) => numbers.reduce((a, b) => Math.max(a, b), -Infinity);

/** A picture of bytes in another size. */
function bytesOf(source, w, h) {
  const { at } = w <= source.w && h <= source.h ? shrunk(source, w, h) : scaled(source, w, h, 255);
  const found = { w, h, at: new Uint8Array(w * h) };
  for (let i = 0; i < found.at.length; i++) {
    const v = Math.floor(at[i] + 0.5);
    found.at[i] = v - at[i] === 0.5 && v & 1 ? v - 1 : v; // halves to even
  }
  return found;
}

/** As `scaled`, for bytes and to no more pixels: row by row first, so that a picture is gone through as it lies. */
function shrunk({ w: wide, h: high, at }, w, h) {
  const [columns, rows] = [[wide, w], [high, h]].map(([n, size]) => upTo(size).map((k) => area((k * n) / size, ((k + 1) * n) / size, n)));
  const engine = machine(), mark = engine.mark();
  const bytes = engine.room(Math.ceil(at.length / 4), 2), place = engine.room(wide, 8); // eight pixels at a time
  engine.bytesAt(bytes, at.length).set(at);
  const found = plane(w, h), row = engine.at(place);
  for (let y = 0; y < h; y++) {
    const { first, shares } = rows[y];
    row.fill(0);
    for (let i = 0; i < shares.length; i++) engine.addRow(place.at, bytes.at + (first + i) * wide, wide, shares[i]);
    joinRow(row, columns, found.at, y * w);
  }
  engine.free(mark);
  return found;
}

function joinRow(row, columns, found, to) {
  for (let x = 0; x < columns.length; x++) {
    const { first, shares } = columns[x];
    let value = 0;
    for (let i = 0; i < shares.length; i++) value += shares[i] * row[first + i];
    found[to + x] = value;
  }
}

/** A picture made smaller, if its longer side has more pixels. */
function atMost(side, grey) {
  const zoom = side / Math.max(grey.w, grey.h);
  if (zoom >= 1) return grey;
  const [w, h] = [grey.w, grey.h].map((n) => Math.max(1, rint(n * zoom)));
  return grey.at instanceof Uint8Array ? bytesOf(grey, w, h) : scaled(grey, w, h, Infinity);
}

/** The grey that goes on beyond a picture's edges. */
function edgeGrey({ w, h, at }) {
  const column = (x) => upTo(h).map((y) => at[y * w + x]);
  return Math.floor(median([...at.subarray(0, w), ...at.subarray((h - 1) * w), ...column(0), ...column(w - 1)]));
}

/** 1, x, y, x², xy, y² of a pixel, x and y from -1 to 1. */
function terms(i, w, h) {
  const x = w > 1 ? (2 * (i % w)) / (w - 1) - 1 : -1;
  const y = h > 1 ? (2 * Math.floor(i / w)) / (h - 1) - 1 : -1;
  return [1, x, y, x * x, x * y, y * y];
}
/** The surface at every pixel. */
function surface({ found: [a, b, c, d, e, f], base }, w, h) {
  const whole = plane(w, h);
  for (let j = 0, i = 0; j < h; j++) {
    const y = h > 1 ? (2 * j) / (h - 1) - 1 : -1;
    for (let k = 0; k < w; k++, i++) {
      const x = w > 1 ? (2 * k) / (w - 1) - 1 : -1;
      whole.at[i] = base + a + b * x + c * y + d * x * x + e * x * y + f * y * y;
    }
  }
  return whole;
}
const dot = (a, b) => a.reduce((total, v, i) => total + v * b[i], 0);

/** The solution of a x = b, a symmetric and positive. */
function solved(a, b) {
  const rows = a.map((row, i) => [...row, b[i]]);
  for (let i = 0; i < b.length; i++)
    for (let j = i + 1; j < b.length; j++) {
      const times = rows[j][i] / rows[i][i];
      for (let k = i; k <= b.length; k++) rows[j][k] -= times * rows[i][k];
    }
  const x = [];
  for (let i = b.length - 1; i >= 0; i--)
    x[i] = (rows[i][b.length] - rows[i].slice(i + 1, -1).reduce((total, v, k) => total + v * x[i + 1 + k], 0)) / rows[i][i];
  return x;
}

/** The surface under the points, [6] and its base, which does not climb onto what rises above it. */
function surfaceUnder(points, greys) {
  const base = [...greys].sort((a, b) => a - b)[Math.floor(greys.length / 5)];
  const z = greys.map((v) => v - base);
  const mean = sum(z) / z.length;
  let scale = Math.max(Math.sqrt(sum(z.map((v) => (v - mean) ** 2)) / z.length), 2), above = z, found;
  for (let fit = 0; fit < FITS; fit++) {
    if (fit) {
      const below = above.filter((v) => v < 0);
      scale = Math.max(0.55 * scale, Math.sqrt(sum(below.map((v) => v * v)) / Math.max(below.length, 1)), 2);
    }
    const a = upTo(6).map(() => new Array(6).fill(0)), b = new Array(6).fill(0);
    points.forEach((x, n) => {
      const weight = 1 / (1 + (Math.max(above[n], 0) / scale) ** 2) ** 2;
      for (let i = 0; i < 6; i++) {
        b[i] += weight * z[n] * x[i];
        for (let j = 0; j < 6; j++) a[i][j] += weight * (x[i] * x[j] + (i === j ? (i ? 0.02 : 1e-8) : 0));
      }
    });
    found = solved(a, b);
    above = z.map((v, n) => v - dot(points[n], found));
  }
  return { found, base };
}

/** How much of the ink lies at a picture's corners, at its edges and everywhere. */
function border(ink, w, h) {
  const mean = (x0, x1, y0, y1) => {
    let total = 0;
    for (let y = y0; y < y1; y++) for (let x = x0; x < x1; x++) total += ink[y * w + x];
    return total / ((x1 - x0) * (y1 - y0));
  };
  const [a, b] = [Math.ceil(w / 8), Math.ceil(h / 8)];
  const corners = [[0, a], [w - a, w]].flatMap((xs) => [[0, b], [h - b, h]].map((ys) => mean(...xs, ...ys)));
  const edges = [mean(0, w, 0, 1), mean(0, w, h - 1, h), mean(0, 1, 0, h), mean(w - 1, w, 0, h)];
  return (sum(corners) + sum(edges)) / 4 + 4 * mean(0, w, 0, h);
}

/** The grey of paper everywhere, and whether ink is darker. */
function paperOf(work) {
  const coarse = atMost(40, work);
  const count = coarse.w * coarse.h;
  const at = upTo(Math.min(count, 200)).map((i) => Math.floor((((i * (Math.sqrt(5) - 1)) / 2) % 1) * count));
  const points = at.map((i) => terms(i, coarse.w, coarse.h));
  const [light, dark] = [1, -1].map((sign) => {
    const fit = surfaceUnder(points, at.map((i) => sign * coarse.at[i]));
    const fitted = surface(fit, coarse.w, coarse.h).at;
    const ink = coarse.at.map((v, i) => Math.max(sign * v - fitted[i], 0));
    return { fit, share: border(ink, coarse.w, coarse.h) / Math.max(largest(ink), 1) };
  });
  const darkInk = dark.share < light.share;
  const paper = surface((darkInk ? dark : light).fit, work.w, work.h);
  if (darkInk) for (let i = 0; i < paper.at.length; i++) paper.at[i] = -paper.at[i];
  return { paper, darkInk };
}

/** The grey of strokes, however few they are. */
function typical(ink) {
  let square = 0, cube = 0;
  for (let i = 0; i < ink.length; i++) {
    const v = ink[i];
    square += v * v;
    cube += v * v * v;
  }
  return cube / Math.max(square, 1e-6);
}

function turned({ w, h, at }) {
  const found = plane(h, w);
  for (let y = 0, i = 0; y < h; y++) for (let x = 0; x < w; x++) found.at[x * h + y] = at[i++];
  return found;
}

/** The number that would stand at that place if they were sorted (Hoare's selection); changes their order. */
function nth(values, at) {
  for (let low = 0, high = values.length - 1; low < high;) {
    const pivot = values[at];
    let [i, j] = [low, high];
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i > j) break;
      const value = values[i];
      values[i++] = values[j];
      values[j--] = value;
    }
    if (j < at) low = i;
    if (at < i) high = j;
  }
  return values[at];
}
const middleOf = (values) => {
  const half = values.length >> 1, upper = nth(values, half);
  return values.length % 2 ? upper : (upper + values.subarray(0, half).reduce((a, b) => Math.max(a, b))) / 2;
};

/** Ink without rows that are inked from side to side, thin, and pale or several. */
function withoutRows(ink) {
  const { w, h, at } = ink;
  if (Math.min(w, h) < 20) return ink;
  const row = (y) => at.subarray(y * w, (y + 1) * w);
  const tenth = upTo(h).map((y) => nth(row(y).slice(), Math.floor(w / 10)));
  const full = typical(at);
  if (largest(tenth) < 0.15 * full) return ink;
  const reach = (Math.max(3, Math.floor(h / 10)) | 1) >> 1;
  const over = (line, f, beyond) => line.map((_, y) => {
    let value = line[y];
    for (let i = y - reach; i <= y + reach; i++) value = f(value, line[i] ?? beyond);
    return value;
  });
  const wide = over(over(tenth, Math.min, 0), Math.max, 0); // beyond a picture there are no rules
  const found = tenth.map((v, y) => v - wide[y] > 0.15 * full);
  const several = found.filter((v, y) => v && !found[y - 1]).length > 1;
  const [rows, good] = [true, false].map((which) => upTo(h).filter((y) => found[y] === which));
  if (!rows.length || !good.length || !(several || largest(rows.map((y) => tenth[y])) < 0.75 * full)) return ink;
  const cleared = { w, h, at: at.slice() };
  for (const y of rows) {
    const after = good.findIndex((other) => other > y);
    const above = row(good[after < 0 ? good.length - 1 : Math.max(after - 1, 0)]);
    const below = row(good[after < 0 ? good.length - 1 : after]);
    const most = median(row(y)) + 0.2 * full;
    for (let x = 0; x < w; x++) {
      const i = y * w + x;
      if (at[i] < most) cleared.at[i] = Math.min(at[i], (above[x] + below[x]) / 2);
    }
  }
  return cleared;
}
