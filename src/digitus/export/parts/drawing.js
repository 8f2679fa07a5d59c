// Reads drawings: `readDrawing({ values, width, height })` for grey bytes, 255 paper, 0 ink, as
// digitus reads what is drawn on its page (vision/find.py, split.py, choose.py, normalise.py and
// reading/groups.py, from which the names are). It follows the network's own code in the same file,
// which knows single digits. Not inside: light, rules and print, which a drawing has not got.

const clamp = (v, a, b) => Math.min(Math.max(v, a), b);
const sum = (values) => values.reduce((a, b) => a + b, 0);

/** Ink from 0 to 1 in rows: { w, h, at }. */
const plane = (w, h) => ({ w, h, at: new Float32Array(w * h) });

/** Numbers of connected ink from 1, eight neighbours each, and how many there are. */
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
  let sheet = plane(side, side);
  for (let y = 0; y < ink.h; y++) sheet.at.set(ink.at.subarray(y * ink.w, (y + 1) * ink.w), (top + y) * side + left);
  let full = 1;
  if (fine > 1) {
    sheet = scaled(sheet, 28, 28);
    const least = EDGE * Math.max(...sheet.at);
    const inked = sheet.at.filter((v) => v > least).sort();
    full = Math.max(inked[Math.floor(0.8 * inked.length)] ?? 1, 1e-6);
  }
  return Uint8Array.from(sheet.at, (v) => Math.round(255 * Math.min(v / full, 1)));
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

const joined = (a, b) => ({
  labels: [...a.labels, ...b.labels], mass: a.mass + b.mass,
  x0: Math.min(a.x0, b.x0), y0: Math.min(a.y0, b.y0), x1: Math.max(a.x1, b.x1), y1: Math.max(a.y1, b.y1),
});
const middle = (p) => [(p.x0 + p.x1) / 2, (p.y0 + p.y1) / 2];
const tall = (p) => p.y1 - p.y0;

/** The median height of pieces, each as often as it has pixels. */
function typicalHeight(pieces) {
  const sorted = [...pieces].sort((a, b) => tall(a) - tall(b));
  const half = sum(sorted.map((p) => p.mass)) / 2;
  let mass = 0;
  return tall(sorted.find((p) => (mass += p.mass) >= half));
}

/** Pieces of ink in lines from top to bottom, each from left to right. */
function layout({ labels, count }, w) {
  const pieces = Array.from({ length: count }, (_, i) => ({ labels: [i + 1], mass: 0, x0: Infinity, y0: Infinity, x1: 0, y1: 0 }));
  labels.forEach((label, i) => {
    if (!label) return;
    const p = pieces[label - 1];
    const [x, y] = [i % w, Math.floor(i / w)];
    p.mass++;
    [p.x0, p.y0] = [Math.min(p.x0, x), Math.min(p.y0, y)];
    [p.x1, p.y1] = [Math.max(p.x1, x + 1), Math.max(p.y1, y + 1)];
  });
  const kept = pieces.filter((p) => p.mass >= 6);
  if (!kept.length || kept.length > MOST) return [];
  const height = typicalHeight(kept);
  const isSmall = (p) => Math.max(p.x1 - p.x0, tall(p)) < 0.3 * height;
  const stacked = [];
  for (const p of kept.filter((one) => !isSmall(one)).sort((a, b) => a.y0 - b.y0)) {
    const at = stacked.findIndex((q) =>
      Math.min(p.x1, q.x1) - Math.max(p.x0, q.x0) > 0.5 * Math.min(p.x1 - p.x0, q.x1 - q.x0) &&
      p.y0 - q.y1 < 0.15 * height && Math.max(p.y1, q.y1) - q.y0 < 1.25 * height);
    if (at < 0) stacked.push(p);
    else stacked[at] = joined(stacked[at], p);
  }
  const lines = chained(stacked, height);
  for (const p of kept.filter(isSmall)) attach(p, lines, height);
  const level = (line) => sum(line.map((p) => middle(p)[1])) / line.length;
  return lines.map((line) => line.sort((a, b) => middle(a)[0] - middle(b)[0])).sort((a, b) => level(a) - level(b));
}

/** Follows each piece with another one to its right, the nearest of all pairs first. */
function chained(pieces, height) {
  const pairs = [];
  pieces.forEach((a, i) => pieces.forEach((b, j) => {
    const gap = (b.x0 - a.x1) / height;
    const off = Math.max(Math.abs(middle(b)[1] - middle(a)[1]) - Math.abs(tall(b) - tall(a)) / 2, 0) / height;
    if (middle(b)[0] > middle(a)[0] && gap > -0.8 && off < 1) pairs.push([Math.max(gap, 0) + 2 * off, i, j]);
  }));
  const follows = new Map(), followed = new Set();
  for (const [, i, j] of pairs.sort((a, b) => a[0] - b[0])) {
    if (follows.has(i) || followed.has(j)) continue;
    follows.set(i, j);
    followed.add(j);
  }
  const lines = [];
  for (let first = 0; first < pieces.length; first++) {
    if (followed.has(first)) continue;
    const line = [];
    for (let i = first; i !== undefined; i = follows.get(i)) line.push(pieces[i]);
    lines.push(line);
  }
  return lines;
}

/** Joins a small piece to the nearest digit, if one is near. */
function attach(p, lines, height) {
  let best = [0.25 * height];
  for (const line of lines)
    line.forEach((q, i) => {
      const dx = Math.max(p.x0 - q.x1, q.x0 - p.x1, 0), dy = Math.max(p.y0 - q.y1, q.y0 - p.y1, 0);
      if (Math.hypot(dx, dy) <= best[0]) best = [Math.hypot(dx, dy), line, i];
    });
  if (best[1]) best[1][best[2]] = joined(best[1][best[2]], p);
}

/** Where ink may be cut from top to bottom: [column of each row, ink that is cut in heights]. */
function seams(mask, height) {
  const zoom = Math.min(1, 40 / mask.h);
  const small = scaled(mask, Math.max(4, Math.round(mask.w * zoom)), Math.max(4, Math.round(mask.h * zoom)));
  const { w, h, at } = small;
  const unit = height * zoom;
  const half = Math.floor(h / 2);
  const rows = (from, to) => Array.from({ length: Math.abs(to - from) }, (_, i) => (to > from ? from + i : from - 1 - i));
  const up = ways(small, rows(0, half + 1)), down = ways(small, rows(h, half));
  const before = Array.from({ length: h }, (_, y) => {
    const sums = [0];
    for (let x = 0; x < w; x++) sums.push(sums[x] + at[y * w + x]);
    return sums;
  });
  const all = [];
  for (let k = 0; k < w; k += Math.max(1, Math.round(0.05 * unit))) {
    const path = [...up(k).reverse(), ...down(k).slice(1)];
    all.push({ path, cost: sum(path.map((x, y) => at[y * w + x])), left: path.map((x, y) => before[y][x]) });
  }
  const whole = sum(before.map((row) => row[w]));
  const taken = [];
  for (const one of [...all].sort((a, b) => a.cost - b.cost)) {
    if (one.cost > 0.4 * unit) break;
    const left = sum(one.left);
    const between = [left, whole - left, ...taken.map((o) => sum(o.left.map((v, y) => Math.abs(v - one.left[y]))))];
    if (Math.min(...between) >= 0.02 * unit ** 2) taken.push(one);
  }
  return taken.map(({ path, cost }) => {
    const seam = Array.from({ length: mask.h }, (_, y) => {
      const place = clamp(((y + 0.5) * h) / mask.h - 0.5, 0, h - 1);
      const i = Math.min(Math.floor(place), h - 2);
      return Math.round(((path[i] + (place - i) * (path[i + 1] - path[i])) + 0.5) / (w / mask.w));
    });
    return [seam, cost / unit];
  }).sort((a, b) => sum(a[0]) - sum(b[0]));
}

/** The cheapest way over those rows to a place in the last: a function from it to columns, last first. */
function ways({ w, at }, rows) {
  let total = Array.from({ length: w }, (_, x) => at[rows[0] * w + x]);
  const came = [new Int8Array(w)];
  for (const y of rows.slice(1)) {
    const step = new Int8Array(w);
    total = total.map((straight, x) => {
      let best = straight;
      for (const aside of [-1, 1]) {
        const value = (total[x + aside] ?? Infinity) + 0.2;
        if (value < best) [best, step[x]] = [value, aside];
      }
      return best + at[y * w + x];
    });
    came.push(step);
  }
  return (place) => {
    const path = [place];
    for (let i = came.length - 1; i > 0; i--) path.push(path.at(-1) + came[i][path.at(-1)]);
    return path;
  };
}

/** A line in the smallest parts of which digits are made; the pieces in `cut` are cut up. */
function atomsOf(ink, labels, line, height, cut) {
  const x0 = Math.min(...line.map((p) => p.x0)), y0 = Math.min(...line.map((p) => p.y0));
  const w = Math.max(...line.map((p) => p.x1)) - x0, h = Math.max(...line.map((p) => p.y1)) - y0;
  const atoms = { x0, y0, w, labels: new Int32Array(w * h), ink: plane(w, h), height };
  const costs = [];
  line.forEach((p, number) => {
    const own = new Set(p.labels);
    const mask = plane(p.x1 - p.x0, tall(p));
    const strengths = [];
    for (let y = 0; y < mask.h; y++)
      for (let x = 0; x < mask.w; x++) {
        const i = (p.y0 + y) * ink.w + p.x0 + x;
        if (own.has(labels[i])) {
          mask.at[y * mask.w + x] = 1;
          strengths.push(ink.at[i]);
        }
      }
    const full = Math.max(strengths.sort((a, b) => a - b)[Math.floor(0.85 * (strengths.length - 1))] ?? 1, 1e-3);
    costs.push(0);
    const part = Int32Array.from(mask.at, (v) => v * costs.length);
    if (cut.has(number))
      for (const [seam, cost] of seams(mask, height)) {
        costs.push(cost);
        part.forEach((v, i) => { if (v && i % mask.w >= seam[Math.floor(i / mask.w)]) part[i] = costs.length; });
      }
    for (let y = 0; y < mask.h; y++)
      for (let x = 0; x < mask.w; x++) {
        let label = part[y * mask.w + x];
        if (!label) // an edge is soft: a pixel around the ink belongs to it too
          for (let j = Math.max(y - 1, 0); j <= Math.min(y + 1, mask.h - 1); j++)
            for (let i = Math.max(x - 1, 0); i <= Math.min(x + 1, mask.w - 1); i++) label = Math.max(label, part[j * mask.w + i]);
        const to = (p.y0 - y0 + y) * w + p.x0 - x0 + x;
        if (!label || (!mask.at[y * mask.w + x] && atoms.labels[to])) continue;
        atoms.labels[to] = label;
        atoms.ink.at[to] = clamp(ink.at[(p.y0 + y) * ink.w + p.x0 + x] / full, 0, 1);
      }
  });
  const boxes = costs.map(() => ({ x0: Infinity, y0: Infinity, x1: 0, y1: 0 }));
  atoms.labels.forEach((label, i) => {
    if (!label) return;
    const box = boxes[label - 1], x = i % w, y = Math.floor(i / w);
    boxes[label - 1] = { x0: Math.min(box.x0, x), y0: Math.min(box.y0, y), x1: Math.max(box.x1, x + 1), y1: Math.max(box.y1, y + 1) };
  });
  const kept = boxes.flatMap((box, i) => (box.x1 ? [i] : []));
  const place = new Int32Array(costs.length + 1);
  kept.forEach((i, k) => { place[i + 1] = k + 1; });
  return { ...atoms, labels: atoms.labels.map((v) => place[v]), boxes: kept.map((i) => boxes[i]), cost: kept.map((i) => costs[i]) };
}

/** All runs of neighbouring atoms that could be one digit. */
function stretches(atoms, parts = PARTS) {
  const { boxes, cost, height } = atoms;
  const n = boxes.length, found = [];
  const uncut = [...cost.map((c) => c === 0), true];
  for (let first = 0; first < n; first++) {
    let { x0, y0, x1, y1 } = boxes[first];
    for (let last = first + 1; last <= n; last++) {
      const a = boxes[last - 1];
      if (last - 1 > first) {
        if (a.x0 - x1 > GAP * height) break;
        [x0, y0, x1, y1] = [Math.min(x0, a.x0), Math.min(y0, a.y0), Math.max(x1, a.x1), Math.max(y1, a.y1)];
        if (x1 - x0 > WIDEST * Math.max(height, y1 - y0)) break;
      }
      const pieces = uncut[first] && uncut[last] ? uncut.slice(first, last).filter(Boolean).length : n;
      if (Math.min(last - first, pieces) > parts) continue;
      const own = part(atoms.ink, x0, y0, x1, y1);
      own.at.forEach((_, i) => {
        const label = atoms.labels[(y0 + Math.floor(i / own.w)) * atoms.w + x0 + (i % own.w)];
        if (label <= first || label > last) own.at[i] = 0;
      });
      const ends = [cost[first], cost[last] ?? 0];
      found.push({
        first, last, box: [atoms.x0 + x0, atoms.y0 + y0, x1 - x0, y1 - y0], image: normalise(own),
        crossed: sum(ends), cuts: ends.filter((c) => c > 0).length,
      });
    }
  }
  return found;
}

/** The logarithm of how likely ink is one digit: by its looks, its size, and its cuts. */
function score({ box: [, , w, h], cuts, crossed }, height, confidence) {
  const wide = Math.max(0, w / Math.max(h, 1) - 1), low = Math.max(0, 0.7 - h / height);
  return Math.log(Math.max(confidence, 1e-4)) - (confidence < 0.5) - 2 * wide - 5 * low - 0.2 * cuts - 1.5 * crossed;
}

/** The stretches that cover a line with the largest sum of scores. */
function bestPath(tried, height) {
  const atoms = Math.max(0, ...tried.map((s) => s.last));
  const best = [{ value: 0 }];
  for (let here = 0; here < atoms; here++)
    for (const s of tried)
      if (s.first === here && best[here]) {
        const value = best[here].value + score(s, height, Math.max(...s.p));
        if (!best[s.last] || value > best[s.last].value) best[s.last] = { value, s };
      }
  const path = [];
  for (let at = best[atoms]; at?.s; at = best[at.s.first]) path.unshift(at.s);
  return path;
}

/** The one in the middle of numbers, or half of the two. */
function median(numbers) {
  const sorted = Float64Array.from(numbers).sort();
  const mid = sorted.length / 2;
  return sorted.length % 2 ? sorted[Math.floor(mid)] : (sorted[mid - 1] + sorted[mid]) / 2;
}

/** The first digit of each group: where gaps are spaces, by Bayes' rule over a usual distance. Sizes
 * are heights, unless others are given; so may be log odds of a space, that another judge has. */
function groupStarts(boxes, sizes = boxes.map((b) => b[3]), odds = []) {
  const unit = Math.max(median(sizes), 1);
  const gaps = boxes.slice(1).map((b, i) => Math.max(b[0] - boxes[i][0] - boxes[i][2], 0) / unit);
  // Gamma(x; shape, scale), with the logarithm of its shape's Gamma function.
  const gamma = (x, shape, scale, known) => (x > 0 ? (shape - 1) * Math.log(x) - x / scale - shape * Math.log(scale) - known : -Infinity);
  const grid = Array.from({ length: 60 }, (_, i) => 0.025 + 0.05 * i).filter((u) => u < 3);
  const told = gaps.map((g) => grid.map((u) => {
    const spread = Math.hypot(0.094, 0.18 * u);
    const within = -0.5 * (((g - u) / spread) ** 2 + Math.log(2 * Math.PI)) - Math.log(spread) + Math.log(1 - SPACES);
    const between = gamma(g - u, 16, 0.08, 27.89927138384089) + Math.log(SPACES);
    const most = Math.max(within, between);
    return { between, either: most + Math.log(Math.exp(within - most) + Math.exp(between - most)) };
  }));
  const posterior = grid.map((u, k) => gamma(u, 3.4, 0.098, 1.0923280598027416) + sum(told.map((row) => row[k].either)));
  const most = Math.max(...posterior);
  const weights = posterior.map((p) => Math.exp(p - most));
  const total = sum(weights);
  const isSpace = (row, i) => {
    const [a, b] = [sizes[i], sizes[i + 1]];
    if (Math.max(a, b) > 2 * Math.min(a, b)) return true;
    const p = clamp(sum(row.map(({ between, either }, k) => (Math.exp(between - either) * weights[k]) / total)), 1e-3, 1 - 1e-3);
    return Math.log(p / (1 - p)) + (odds[i] ?? 0) > 0;
  };
  return [0, ...told.flatMap((row, i) => (isSpace(row, i) ? [i + 1] : []))];
}

/** Whether a group is digits, some refused perhaps, rather than something else. */
function reads(group) {
  const refused = group.filter((d) => d.value === null).length;
  const streaks = refused > 0 && group.some((d) => d.value === 1) && group.every((d) => d.value === null || d.value === 1);
  const strokes = group.filter((d) => d.value === 1 && (d.cuts || streaks)).length;
  return group.length > 2 * refused && group.length >= 2 * (refused + strokes);
}

/** The digits of a drawing, its lines as text, "?" for what is refused, spaces between groups. */
export function readDrawing({ values, width: w, height: h }) {
  const ink = { w, h, at: Float32Array.from(values, (v) => 1 - v / 255) };
  const { labels, count } = components(ink, 0.28);
  const known = new Map(); // what was looked at already: the whole pieces are, twice
  const look = (s) => {
    const key = String.fromCharCode(...s.image);
    if (!known.has(key)) known.set(key, probabilities(s.image));
    s.p = known.get(key);
    return s;
  };
  const lines = layout({ labels, count }, w).map((line) => ({ line, height: typicalHeight(line) }));
  const unsure = lines.map(({ line, height }) => {
    const alone = stretches(atomsOf(ink, labels, line, height, new Set()), 1).map(look);
    const sure = (s) => Math.max(...s.p) >= SURE && s.box[2] <= WIDEST_UNCUT * Math.max(s.box[3], height);
    return new Set(alone.filter((s) => !sure(s)).map((s) => s.first));
  });
  const many = sum(unsure.map((cut) => cut.size)) > MOST_CUT;
  const found = [], texts = [];
  lines.forEach(({ line, height }, i) => {
    const tried = stretches(atomsOf(ink, labels, line, height, many ? new Set() : unsure[i])).map(look);
    const path = bestPath(tried, height).map((s) => {
      const confidence = Math.max(...s.p);
      return { value: confidence >= threshold ? s.p.indexOf(confidence) : null, confidence, box: s.box, cuts: s.cuts };
    });
    if (!path.length) return;
    const starts = groupStarts(path.map((d) => d.box));
    const groups = starts.map((a, k) => path.slice(a, starts[k + 1])).filter(reads);
    if (!groups.length) return;
    texts.push(groups.map((group) => group.map((d) => d.value ?? "?").join("")).join(" "));
    found.push(...groups.flat().map(({ value, confidence, box }) => ({ value, confidence, box, line: texts.length - 1 })));
  });
  return { lines: texts, digits: found };
}
