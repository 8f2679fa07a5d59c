// In which order finds are read: by the links that the page network sees between digits; and where a
// line has spaces: by its gaps, and what the network says of them. Names and numbers are those of
// detection/lines.py, reading/groups.py and photo.py.

/** Finds in lines from top to bottom, each from left to right, by the links that lead to a digit. */
function linesOf(found) {
  const links = [];
  found.forEach((a, i) => {
    if (a.follow[0] > ENDED) return;
    const length = Math.hypot(a.after[0] - a.x, a.after[1] - a.y) / longerSide(a);
    found.forEach((b, j) => {
      const away = missedBy(a, b) / longerSide(a);
      if (i !== j && away < NEAR + NEARER * length) links.push([away, i, j]);
    });
  });
  const after = new Map(), before = new Map();
  for (const [, i, j] of links.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2])) {
    let first = i;
    while (before.has(first)) first = before.get(first);
    if (after.has(i) || before.has(j) || first === j) continue;
    after.set(i, j);
    before.set(j, i);
  }
  const chains = [];
  for (let i = 0; i < found.length; i++) {
    if (before.has(i)) continue;
    const chain = [];
    for (let at = i; at !== undefined; at = after.get(at)) chain.push(found[at]);
    chains.push(chain);
  }
  const rows = [];
  for (const chain of chains.sort((a, b) => b.length - a.length || a[0].x - b[0].x)) {
    let best = [BESIDE];
    rows.forEach((row, r) => {
      const apart = apartFrom(row, chain);
      if (apart < best[0]) best = [apart, r];
    });
    if (best.length > 1) rows[best[1]] = [...rows[best[1]], ...chain].sort((a, b) => a.x - b.x);
    else rows.push(chain);
  }
  const level = (row) => sum(row.map((d) => d.y)) / row.length;
  return rows.sort((a, b) => level(a) - level(b));
}

/** How far a chain lies above or below a row, in heights; infinite for digits of another size. */
function apartFrom(row, chain) {
  const [one, other] = [row, chain].map((some) => median(some.map((d) => d.h)));
  if (!(one / other > 1 / UNLIKE && one / other < UNLIKE)) return Infinity;
  const sorted = [...row].sort((a, b) => a.x - b.x);
  const level = (x) => {
    const next = sorted.findIndex((d) => d.x > x);
    if (next === 0) return sorted[0].y;
    if (next < 0) return sorted.at(-1).y;
    const [a, b] = [sorted[next - 1], sorted[next]];
    return a.y + ((b.y - a.y) * (x - a.x)) / (b.x - a.x);
  };
  return Math.max(...chain.map((d) => Math.abs(d.y - level(d.x)))) / Math.max(one, other);
}

/** What the network says of the gaps of a line: log odds that each is a space. */
function parting(line) {
  return line.slice(1).map((b, i) => {
    const a = line[i];
    const [joins, apart] = [a.follow[1], a.follow[2]].map((p) => Math.max(p, 1e-3));
    return missedBy(a, b) / longerSide(a) < 0.7 ? Math.log(apart / joins) : 0;
  });
}

/** The median of numbers. */
function median(numbers) {
  const sorted = Float64Array.from(numbers).sort();
  const mid = sorted.length / 2;
  return sorted.length % 2 ? sorted[Math.floor(mid)] : (sorted[mid - 1] + sorted[mid]) / 2;
}

/** The first digit of each group: where gaps are spaces, by Bayes' rule over the usual gap, and by the
 * log odds of a space that the network gives. */
function groupStarts(boxes, sizes, odds) {
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
    return Math.log(p / (1 - p)) + odds[i] > 0;
  };
  return [0, ...told.flatMap((row, i) => (isSpace(row, i) ? [i + 1] : []))];
}

/** A line in groups of digits; `weight` is that of what the network says of each gap. */
function grouped(line, weight) {
  const edges = line.map((d) => [d.x - d.w / 2, 0, d.w, d.h]);
  const starts = groupStarts(edges, line.map(longerSide), parting(line).map((odds) => weight * odds));
  return starts.map((a, k) => line.slice(a, starts[k + 1]));
}
