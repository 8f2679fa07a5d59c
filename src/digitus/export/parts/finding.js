// Where the digits of a photo are: the page network at every scale, and what it says of each place.
// Names and numbers are those of detection/maps.py, detector.py and parts.py. Not inside: in which
// order digits are read (`lines.js`), and which digit a find is (`photo.js`).

const sigmoid = (z) => (1 + Math.tanh(z / 2)) / 2;

/** What may be digits in a grey picture, the best seen first: { heat, x, y, w, h, digits, follow, after };
 * not `whole` where fine copies have more than `pixels`, and the finest are not looked at. */
function finds(grey, answers, pixels = Infinity) {
  const found = [];
  const longest = Math.max(grey.w, grey.h);
  let calls, whole = true;
  for (let side = COARSEST; side === COARSEST || side <= Math.min(FINEST, longest * ENLARGED); side *= 2) {
    const { copy, zoom } = copyOf(grey, side);
    let maps;
    if (side <= ALWAYS) maps = answers(copy.at, copy.h, copy.w);
    else {
      const some = parts(wanted(calls, copy.w, copy.h));
      pixels -= sum(some.map(([top, bottom, left, right]) => CELL ** 2 * seenCells(bottom - top, right - left)));
      whole = pixels >= 0;
      if (!some.length || !whole) break;
      maps = called(copy, some, answers);
    }
    const [h, w] = [copy.h / STRIDE, copy.w / STRIDE];
    found.push(...inPicture(peaks(maps, h, w), grey, zoom));
    calls = { w, h, at: Float32Array.from({ length: w * h }, (_, i) => sigmoid(maps[CHANNELS * i + 20])) };
  }
  return { found: merged(found), whole };
}

/** The same in copies with these longer sides alone, wherever they are not bare. */
function findsIn(sides, grey, answers) {
  return merged(sides.flatMap((side) => {
    const { copy, zoom } = copyOf(grey, side);
    const maps = side <= ALWAYS ? answers(copy.at, copy.h, copy.w) : called(copy, parts(inked(copy)), answers);
    return inPicture(peaks(maps, copy.h / STRIDE, copy.w / STRIDE), grey, zoom);
  }));
}

/** The cells of a copy that are not bare, as rows of true and false; the margin is bare. */
function inked({ w, h, at }) {
  const cells = Array.from({ length: Math.ceil(h / CELL) }, () => new Array(Math.ceil(w / CELL)).fill(false));
  at.forEach((v, i) => { if (v !== at[0]) cells[Math.floor(Math.floor(i / w) / CELL)][Math.floor((i % w) / CELL)] = true; });
  return cells;
}

/** Peaks of a copy in pixels of the picture: those of the sizes to be found there, none in the margin. */
function inPicture(found, grey, zoom) {
  const at = ([x, y]) => [(x - MARGIN) / zoom, (y - MARGIN) / zoom];
  return found
    .filter((one) => longerSide(one) > SMALLEST / SLACK && longerSide(one) < LARGEST * SLACK)
    .map((one) => {
      const [x, y] = at([one.x, one.y]);
      return { ...one, x, y, w: one.w / zoom, h: one.h / zoom, after: at(one.after) };
    })
    .filter(({ x, y }) => x >= 0 && y >= 0 && x < grey.w && y < grey.h);
}

/** A copy with that longer side, a margin around it, its sides filled up to whole blocks. */
function copyOf(grey, side) {
  const zoom = side / Math.max(grey.w, grey.h);
  const [w, h] = [grey.w, grey.h].map((n) => Math.max(1, rint(n * zoom)));
  const small = bytesOf(grey, w, h);
  const [wide, high] = [w, h].map((n) => Math.ceil((n + 2 * MARGIN) / BLOCK) * BLOCK);
  const copy = { w: wide, h: high, at: new Uint8Array(wide * high).fill(edgeGrey(grey)) };
  for (let y = 0; y < h; y++) copy.at.set(small.at.subarray(y * w, (y + 1) * w), (y + MARGIN) * wide + MARGIN);
  return { copy, zoom };
}

/** Answers in some rectangles of a copy's cells; elsewhere they say that there is nothing. */
function called(copy, rectangles, answers) {
  const { w, h } = copy;
  const maps = new Float32Array((w / STRIDE) * (h / STRIDE) * CHANNELS);
  for (let i = 0; i < maps.length; i += CHANNELS) maps[i] = maps[i + 20] = -20;
  for (const [top, bottom, left, right] of rectangles) {
    const [y0, y1, x0, x1] = [top * CELL, Math.min(bottom * CELL, h), left * CELL, Math.min(right * CELL, w)];
    const [wide, high] = [x1 - x0 + 2 * HALO, y1 - y0 + 2 * HALO];
    const seen = new Uint8Array(wide * high);
    for (let y = 0, i = 0; y < high; y++)
      for (let x = x0 - HALO, from = clamp(y0 - HALO + y, 0, h - 1) * w; x < x1 + HALO; x++) seen[i++] = copy.at[from + clamp(x, 0, w - 1)];
    const own = answers(seen, high, wide);
    const row = ((x1 - x0) / STRIDE) * CHANNELS;
    for (let y = 0; y < (y1 - y0) / STRIDE; y++) {
      const from = ((y + HALO / STRIDE) * (wide / STRIDE) + HALO / STRIDE) * CHANNELS;
      maps.set(own.subarray(from, from + row), ((y0 / STRIDE + y) * (w / STRIDE) + x0 / STRIDE) * CHANNELS);
    }
  }
  return maps;
}

/** The cells of a copy that have a call of the coarser one near them, as rows of true and false. */
function wanted(calls, w, h) {
  const near = linear(spread(calls, CALLED >> 1), w / STRIDE, h / STRIDE);
  const cells = Array.from({ length: Math.ceil(h / CELL) }, () => new Array(Math.ceil(w / CELL)).fill(false));
  near.at.forEach((v, i) => {
    if (v > CALLS) cells[Math.floor((Math.floor(i / near.w) * STRIDE) / CELL)][Math.floor(((i % near.w) * STRIDE) / CELL)] = true;
  });
  return cells;
}

function linear(source, w, h) {
  const found = plane(w, h);
  const between = (k, size, n) => {
    const place = clamp(((k + 0.5) * n) / size - 0.5, 0, n - 1);
    const first = Math.min(Math.floor(place), Math.max(n - 2, 0));
    return [first, Math.min(first + 1, n - 1), place - first];
  };
  const [columns, rows] = [upTo(w).map((k) => between(k, w, source.w)), upTo(h).map((k) => between(k, h, source.h))];
  rows.forEach(([a, b, down], y) => columns.forEach(([c, d, aside], x) => {
    const [one, next] = [a, b].map((row) => source.at[row * source.w + c] * (1 - aside) + source.at[row * source.w + d] * aside);
    found.at[y * w + x] = one * (1 - down) + next * down;
  }));
  return found;
}

/** Rectangles of cells [top, bottom, left, right] that cover all that are wanted, each with its halo. */
function parts(cells, top = 0, left = 0) {
  const rows = upTo(cells.length).filter((y) => cells[y].some(Boolean));
  if (!rows.length) return [];
  const columns = upTo(cells[0].length).filter((x) => cells.some((row) => row[x]));
  const inner = cells.slice(rows[0], rows.at(-1) + 1).map((row) => row.slice(columns[0], columns.at(-1) + 1));
  [top, left] = [top + rows[0], left + columns[0]];
  const [h, w] = [inner.length, inner[0].length];
  const { down, cut } = bestCut(inner, h, w);
  if (!cut) return [[top, top + h, left, left + w]];
  return down
    ? [...parts(inner.slice(0, cut), top, left), ...parts(inner.slice(cut), top + cut, left)]
    : [...parts(inner.map((row) => row.slice(0, cut)), top, left), ...parts(inner.map((row) => row.slice(cut)), top, left + cut)];
}

const seenCells = (h, w) => (h + 1) * (w + 1); // cells that are looked at, half a cell of halo on each side

function bestCut(inner, h, w) {
  const columns = upTo(w).map((x) => inner.map((row) => row[x]));
  const best = [cheapest(inner, true), cheapest(columns, false)].reduce((a, b) => (b.cost < a.cost ? b : a));
  const down = h >= w, longer = Math.max(h, w);
  if (best.cost < seenCells(h, w)) return best;
  const pieces = Math.ceil(longer / 7);
  return { down, cut: Math.floor((longer * Math.floor(pieces / 2)) / pieces) };
}

/** Where lines of cells are best cut in two, and what both halves cost then. */
function cheapest(lines, down) {
  if (lines.length === 1) return { cost: seenCells(1, lines[0].length), down, cut: 0 };
  const before = costs(lines), after = costs([...lines].reverse());
  const all = upTo(lines.length - 1).map((i) => before[i] + after[lines.length - 2 - i]);
  const cost = Math.min(...all);
  return { cost, down, cut: all.indexOf(cost) + 1 };
}

/** What the first 1, 2, ... lines cost to be seen, without what is empty around them. */
function costs(lines) {
  let [first, last, high] = [Infinity, -1, 0];
  return lines.map((line, i) => {
    if (line.some(Boolean)) {
      [first, last, high] = [Math.min(first, line.indexOf(true)), Math.max(last, line.lastIndexOf(true)), i + 1];
    }
    return seenCells(high, last < 0 ? line.length : last + 1 - first);
  });
}

/** The peaks of a network's answers, hot enough, the hottest if there are too many. */
function peaks(maps, h, w) {
  const logit = (y, x) => maps[(y * w + x) * CHANNELS];
  const found = [];
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++) {
      const heat = logit(y, x);
      if (!(heat > Math.log(HEAT / (1 - HEAT)))) continue;
      let highest = true;
      for (let j = Math.max(y - 1, 0); j <= Math.min(y + 1, h - 1); j++)
        for (let i = Math.max(x - 1, 0); i <= Math.min(x + 1, w - 1); i++) highest &&= heat >= logit(j, i);
      if (highest) found.push([heat, y, x]);
    }
  if (found.length > FINDS) found.sort((a, b) => b[0] - a[0]).splice(FINDS);
  return found.map(([, y, x]) => {
    const row = maps.subarray((y * w + x) * CHANNELS, (y * w + x + 1) * CHANNELS);
    const [wide, high] = [3, 4].map((k) => Math.exp(clamp(row[k], -3, 3)) * 16);
    const longer = Math.max(wide, high), heat = sigmoid(row[0]);
    const [cx, cy] = [(x + 0.5 + row[1]) * STRIDE, (y + 0.5 + row[2]) * STRIDE];
    const well = Math.exp(-((Math.log(longer / SEEN_BEST) / BREADTH) ** 2) / 2);
    return {
      heat, rank: heat * (0.5 + 0.5 * well), x: cx, y: cy, w: wide, h: high,
      follow: softmax(row.subarray(7, 10)), digits: softmax(row.subarray(10, 20)),
      after: [cx + row[5] * longer, cy + row[6] * longer],
    };
  });
}

/** The area that two finds share, in pixels. */
function sharedArea(a, b) {
  const along = (p, n) => Math.max(Math.min(a[p] + a[n] / 2, b[p] + b[n] / 2) - Math.max(a[p] - a[n] / 2, b[p] - b[n] / 2), 0);
  return along("x", "w") * along("y", "h");
}

const areaOf = ({ w, h }) => w * h;

/** The same as a share of the smaller box. */
const overlap = (a, b) => sharedArea(a, b) / Math.min(areaOf(a), areaOf(b));

/** One find for each place, the best seen of those that overlap, with the mean answers of its like. */
function merged(found) {
  const kept = [];
  for (const a of [...found].sort((one, other) => other.rank - one.rank)) {
    const same = kept.find(([b]) => overlap(a, b) > SAME);
    if (!same && kept.length < FINDS) kept.push([a]);
    else if (same && sharedArea(a, same[0]) > AGREE * (areaOf(a) + areaOf(same[0]) - sharedArea(a, same[0]))) same.push(a);
  }
  return kept.map(meanOf);
}

/** The first of finds that are alike, with the mean of all, weighted by heat; probabilities by their logarithms. */
function meanOf(alike) {
  const weight = ({ heat }) => Math.max(heat, LEAST_WEIGHT);
  const total = alike.reduce((sum, find) => sum + weight(find), 0);
  const mean = (value) => alike.reduce((sum, find) => sum + weight(find) * value(find), 0) / total;
  const agreed = (name) => softmax(alike[0][name].map((_, k) => mean((find) => Math.log(Math.max(find[name][k], LEAST_WEIGHT)))));
  const [x, y, w, h] = ["x", "y", "w", "h"].map((name) => mean((find) => find[name]));
  const after = [0, 1].map((k) => mean((find) => find.after[k]));
  return { ...alike[0], x, y, w, h, after, follow: agreed("follow"), digits: agreed("digits") };
}

const longerSide = ({ w, h }) => Math.max(w, h);
const missedBy = (a, b) => Math.hypot(a.after[0] - b.x, a.after[1] - b.y);
