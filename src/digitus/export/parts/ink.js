// Ink: its connected pieces, other sizes of it, and one digit in MNIST's form. Names and numbers are
// those of vision/normalise.py, from the last part of which this is. Not inside: which ink is a digit
// (`drawing.js`), paper and its light (`paper.js`).

const clamp = (v, a, b) => Math.min(Math.max(v, a), b);
const sum = (values) => values.reduce((a, b) => a + b, 0);

/** Ink from 0 to 1 in rows: { w, h, at }. */
const plane = (w, h) => ({ w, h, at: new Float32Array(w * h) });

/** Labels of connected ink from 1, where a pixel has eight neighbours, and how many there are. */
function components({ w, h, at }, least) {
  const labels = new Int32Array(w * h);
  let count = 0;
  const todo = [];
  for (let start = 0; start < at.length; start++) {
    if (labels[start] || at[start] <= least) continue;
    labels[start] = ++count;
    todo.push(start);
    while (todo.length) {
      const here = todo.pop();
      const [x, y] = [here % w, Math.floor(here / w)];
      for (let j = Math.max(y - 1, 0); j <= Math.min(y + 1, h - 1); j++)
        for (let i = Math.max(x - 1, 0); i <= Math.min(x + 1, w - 1); i++) {
          const next = j * w + i;
          if (labels[next] || at[next] <= least) continue;
          labels[next] = count;
          todo.push(next);
        }
    }
  }
  return { labels, count };
}

// A picture in another size: the mean of the pixels that each new one covers, or cubic between them.
function scaled(source, w, h, most = 1) {
  const found = along(along(source, w, true), h, false);
  for (let i = 0; i < found.at.length; i++) found.at[i] = clamp(found.at[i], 0, most);
  return found;
}

function along({ w, h, at }, size, across) {
  const n = across ? w : h;
  const found = across ? plane(size, h) : plane(w, size);
  const zoom = n / size;
  const parts = Array.from({ length: size }, (_, k) => (zoom > 1 ? area(k * zoom, (k + 1) * zoom, n) : cubic((k + 0.5) * zoom - 0.5, n)));
  // Line by line as they lie in memory: each number of the result, or each of its rows.
  for (let y = 0; y < found.h; y++)
    if (across)
      for (let k = 0; k < size; k++) {
        const { first, shares } = parts[k];
        let value = 0;
        for (let i = 0, from = y * w + first; i < shares.length; i++) value += shares[i] * at[from + i];
        found.at[y * size + k] = value;
      }
    else {
      const { first, shares } = parts[y];
      for (let i = 0; i < shares.length; i++) {
        const share = shares[i];
        for (let x = 0, to = y * w, from = (first + i) * w; x < w; x++) found.at[to++] += share * at[from++];
      }
    }
  return found;
}

function area(from, to, n) {
  const first = Math.floor(from + 1e-9), shares = [];
  for (let i = first; i < Math.min(to - 1e-9, n); i++) shares.push((Math.min(i + 1, to) - Math.max(i, from)) / (to - from));
  return { first, shares };
}

function cubic(place, n) {
  const a = -0.75;
  const start = Math.floor(place) - 1;
  const t = place - start - 1;
  const near = (x) => ((a + 2) * x - (a + 3)) * x * x + 1;
  const far = (x) => ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
  const first = clamp(start, 0, n - 1);
  const shares = new Array(clamp(start + 3, 0, n - 1) - first + 1).fill(0); // what is beyond an end is its own
  [far(1 + t), near(t), near(1 - t), far(2 - t)].forEach((share, i) => { shares[clamp(start + i, 0, n - 1) - first] += share; });
  return { first, shares };
}

function framed({ w, h, at }, by) {
  const found = plane(w + 2 * by, h + 2 * by);
  for (let y = 0; y < h; y++) found.at.set(at.subarray(y * w, (y + 1) * w), (y + by) * found.w + by);
  return found;
}

/** The width of the strokes: twice the area, over the length of the outline. */
function pen(ink) {
  const { w, h, at } = framed(ink, 1);
  let outline = 0;
  for (let y = 0; y < h - 1; y++)
    for (let x = 0; x < w - 1; x++) {
      const i = y * w + x;
      outline += Math.hypot(at[i + 1] - at[i], at[i + w] - at[i]);
    }
  return (2 * sum(ink.at)) / Math.max(outline, 1e-6);
}

/** Strokes grown or shrunk by a disc of that many pixels across. */
function grown({ w, h, at }, size, grow) {
  const r = Math.floor(size / 2);
  const reach = [];
  for (let j = 0; j < size; j++) {
    const dy = j - r;
    const dx = r ? Math.round(r * Math.sqrt(Math.max((r * r - dy * dy) / (r * r), 0))) : 0;
    if (Math.abs(dy) <= r) for (let i = Math.max(r - dx, 0); i < Math.min(r + dx + 1, size); i++) reach.push([i - r, dy]);
  }
  const found = { w, h, at: at.slice() };
  for (const [dx, dy] of reach)
    for (let y = Math.max(0, -dy); y < Math.min(h, h - dy); y++)
      for (let x = Math.max(0, -dx), to = y * w + x, from = to + dy * w + dx; x < Math.min(w, w - dx); x++, to++, from++)
        if (grow ? at[from] > found.at[to] : at[from] < found.at[to]) found.at[to] = at[from];
  return found;
}

/** Ink put on black, 28 x 28 of `fine` pixels each, by its centre of mass. */
function centred(ink, fine) {
  const side = 28 * fine;
  const total = sum(ink.at) || 1;
  let [cx, cy] = [0, 0];
  ink.at.forEach((v, i) => { cx += v * (i % ink.w); cy += v * Math.floor(i / ink.w); });
  const corner = (c, n) => clamp(Math.round(14.5 * fine - 0.5 - c / total), 0, side - n);
  const [left, top] = [corner(cx, ink.w), corner(cy, ink.h)];
  let canvas = plane(side, side);
  for (let y = 0; y < ink.h; y++) canvas.at.set(ink.at.subarray(y * ink.w, (y + 1) * ink.w), (top + y) * side + left);
  let full = 1;
  if (fine > 1) {
    canvas = scaled(canvas, 28, 28);
    const least = EDGE * Math.max(...canvas.at);
    const inked = canvas.at.filter((v) => v > least).sort();
    full = Math.max(inked[Math.floor(0.8 * inked.length)] ?? 1, 1e-6);
  }
  return Uint8Array.from(canvas.at, (v) => Math.round(255 * Math.min(v / full, 1)));
}

/** Where ink is: left, top, right and bottom; all 0 where there is none. */
function extent(ink) {
  const rows = new Float32Array(ink.h), columns = new Float32Array(ink.w);
  ink.at.forEach((v, i) => {
    const [x, y] = [i % ink.w, Math.floor(i / ink.w)];
    rows[y] = Math.max(rows[y], v);
    columns[x] = Math.max(columns[x], v);
  });
  const ends = (profile) => {
    const least = Math.min(EDGE, Math.max(...profile) / 2);
    const seen = [...profile.keys()].filter((i) => profile[i] > least);
    return seen.length ? [seen[0], seen.at(-1) + 1] : [0, 0];
  };
  const [[top, bottom], [left, right]] = [ends(rows), ends(columns)];
  return [left, top, right, bottom];
}

/** Ink in MNIST's form: 20 pixels on the longer side, a usual pen, the mass in the middle. */
function normalise(ink) {
  const [left, top, right, bottom] = extent(ink);
  const side = Math.max(bottom - top, right - left);
  if (!side) return new Uint8Array(784);
  if (side >= 18 && side <= 22)
    return centred(part(ink, Math.max(left - 1, 0), Math.max(top - 1, 0), Math.min(right + 1, ink.w), Math.min(bottom + 1, ink.h)), 1);
  const digit = part(ink, left, top, right, bottom);
  const by = (zoom) => scaled(digit, Math.max(1, Math.round(digit.w * zoom)), Math.max(1, Math.round(digit.h * zoom)));
  let fine = by((BOX * FINE) / side);
  const wide = pen(fine) / FINE;
  const grow = (clamp(wide, ...PEN) - wide) / Math.max(1 - wide / BOX, 0.5);
  const steps = Math.round(clamp(grow, -BOX / 4, BOX / 4) * FINE);
  if (steps) {
    fine = framed(by((BOX * FINE - steps) / side), Math.floor(Math.max(steps, 0) / 2) + 1);
    fine = grown(fine, Math.abs(steps) + 1, steps > 0);
  }
  return centred(fine, FINE);
}

function part({ w, at }, left, top, right, bottom) {
  const found = plane(right - left, bottom - top);
  for (let y = top; y < bottom; y++) found.at.set(at.subarray(y * w + left, y * w + right), (y - top) * found.w);
  return found;
}
