// In which order finds are read: by the links that the page network sees between digits, and what it
// says of the gaps between them (detection/lines.py, from which names and numbers are).

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
