// Reads drawings: `readDrawing({ values, width, height })` for grey bytes, ink on one plain ground, as
// digitus reads what is drawn on its web page; names and numbers are those of vision/ink.py, share.py
// and reading/drawing.py. Networks say where digits are, the recognizer says which, by the ink of each
// alone. Not inside: finding (`finding.js`), a closer look (`photo.js`), the form of a digit (`ink.js`).

/** How strong the ink of a drawing is at each pixel, 0 to 255. */
function strengthOf(values) {
  const counts = new Array(256).fill(0);
  for (const v of values) counts[v]++;
  const ground = counts.indexOf(Math.max(...counts));
  const inked = (side) => sum(side.map((d, v) => d * counts[v]));
  const [darker, lighter] = [-1, 1].map((sign) => counts.map((_, v) => Math.max(sign * (v - ground), 0)));
  const side = inked(lighter) > inked(darker) ? lighter : darker;
  const mass = (v) => (side[v] > FAINTEST ? counts[v] : 0);
  const order = upTo(256).sort((a, b) => side[a] - side[b]);
  const all = sum(order.map(mass));
  if (!all) return new Uint8Array(values.length);
  let soFar = 0;
  const full = side[order.find((v) => (soFar += mass(v)) >= FULL * all)];
  const table = side.map((d) => rint(Math.min((255 * d) / full, 255)));
  return Uint8Array.from(values, (v) => table[v]);
}

/** The part of a drawing that has ink: { w, h, at, labels, pieces, left, top }; no pieces if it is a texture. */
function inkOfDrawing(values, width, height) {
  const strength = { w: width, h: height, at: strengthOf(values) };
  let [x0, y0, x1, y1] = [width, height, 0, 0];
  strength.at.forEach((v, i) => {
    if (!(v > 255 * EDGE)) return;
    const [x, y] = [i % width, Math.floor(i / width)];
    [x0, y0, x1, y1] = [Math.min(x0, x), Math.min(y0, y), Math.max(x1, x + 1), Math.max(y1, y + 1)];
  });
  if (!x1) return { pieces: [] };
  const [left, top] = [Math.max(0, x0 - 1), Math.max(0, y0 - 1)]; // an edge is soft
  const own = part(strength, left, top, Math.min(x1 + 1, width), Math.min(y1 + 1, height));
  const { labels, count } = components(own, 255 * EDGE);
  const all = boxesOf(labels, own.w, count);
  const kept = upTo(count).filter((i) => all[i].mass >= SMALLEST_MASS);
  const place = new Int32Array(count + 1);
  kept.forEach((i, k) => { place[i + 1] = k + 1; });
  const pieces = kept.length > MOST ? [] : kept.map((i) => all[i]);
  return { ...own, labels: labels.map((label) => place[label]), pieces, left, top };
}

/** The boxes and masses of what is labelled from 1 to `count` in a picture w pixels wide. */
function boxesOf(labels, w, count) {
  const found = Array.from({ length: count }, () => ({ x0: Infinity, y0: Infinity, x1: 0, y1: 0, mass: 0 }));
  labels.forEach((label, i) => {
    if (!label) return;
    const box = found[label - 1], x = i % w, y = Math.floor(i / w);
    box.mass++;
    [box.x0, box.y0, box.x1, box.y1] = [Math.min(box.x0, x), Math.min(box.y0, y), Math.max(box.x1, x + 1), Math.max(box.y1, y + 1)];
  });
  return found;
}

const highOf = (p) => p.y1 - p.y0;
const longerOf = (p) => Math.max(p.x1 - p.x0, p.y1 - p.y0);

/** The median height of pieces, each as often as it has pixels. */
function typicalHeight(pieces) {
  const sorted = [...pieces].sort((a, b) => highOf(a) - highOf(b));
  const half = sum(sorted.map((p) => p.mass)) / 2;
  let mass = 0;
  return highOf(sorted.find((p) => (mass += p.mass) >= half));
}

/** The width of the strokes: twice the area, over the length of the outline. */
function penOf({ w, h, labels, pieces }) {
  const is = (x, y) => x >= 0 && y >= 0 && x < w && y < h && labels[y * w + x] > 0;
  let crossed = 0;
  for (let y = 0; y <= h; y++)
    for (let x = 0; x <= w; x++) crossed += (is(x, y) !== is(x - 1, y)) + (is(x, y) !== is(x, y - 1));
  return (2 * sum(pieces.map((p) => p.mass))) / Math.max((crossed * Math.PI) / 4, 1);
}

/** Ink as the networks see it, black on white; the edge around it, and how many of its pixels make one of the ink's. */
function viewOf(ink) {
  const zoom = Math.min(SEEN / ink.height, MOST_ZOOM, MOST_SEEN / Math.max(ink.w, ink.h)), edge = rint(LEAST_PEN), wide = ink.pen * zoom;
  const [w, h] = [ink.w, ink.h].map((n) => Math.max(1, rint(n * zoom)));
  let seen = framed(bytesOf(ink, w, h), edge);
  if (wide < LEAST_PEN) {
    const gain = 1 / Math.min(Math.max(wide, 0.1), 1);
    seen = grown({ ...seen, at: seen.at.map((v) => rint(Math.min(v * gain, 255))) }, rint(LEAST_PEN - wide) + 1, true);
  }
  return { grey: { w: seen.w, h: seen.h, at: Uint8Array.from(seen.at, (v) => 255 - v) }, edge, zoom };
}

/** What may be digits in a drawing: finds of the page network, and ink that none of them has. */
function lookedAt(ink) {
  const { grey, edge, zoom } = viewOf(ink);
  const longest = Math.max(grey.w, grey.h) / SEEN;
  const tall = ink.pieces.some((p) => highOf(p) > TALL * ink.height);
  const sides = (tall ? [FOUND / 2, FOUND] : [FOUND]).map((pixels) => Math.max(1, rint(longest * pixels)));
  const seen = seenCloser(grey, findsIn(sides, grey, threeNetworks().page));
  const all = there(seen, which(seen));
  const found = seen.map((one, i) => ({
    ...one, x: (one.x - edge) / zoom, y: (one.y - edge) / zoom, w: one.w / zoom, h: one.h / zoom,
    after: one.after.map((v) => (v - edge) / zoom), likely: sigmoid(logOdds(all[i]) + PRIOR),
  }));
  const likely = found.filter((d) => d.likely >= LIKELY);
  const { several, left } = shared(ink, likely, SPECK);
  for (const place of several) likely[place].likely = 0;
  const more = left.map(([x, y, w, h]) => ({ x: x + w / 2, y: y + h / 2, w, h, follow: [1, 0, 0], after: [x + w / 2, y + h / 2] }));
  const closer = seenCloser(grey, more.map((d) => ({ x: d.x * zoom + edge, y: d.y * zoom + edge, w: d.w * zoom, h: d.h * zoom })));
  closer.forEach(({ close }, i) => {
    found.push({ ...more[i], likely: sigmoid(ALONE - logOdds(close[NONE])) });
  });
  return { digits: found, likely: found.filter((d) => d.likely >= LIKELY) };
}

/** The number of the place that each pixel is nearest to, from 1; 0 where it is beyond all. */
function nearestOf({ w, h }, places) {
  const nearest = new Int32Array(w * h), best = new Float32Array(w * h).fill(BEYOND);
  places.forEach((place, k) => {
    const [wide, high] = [place.w, place.h].map((n) => Math.max(n, NARROWEST * longerSide(place)) / 2);
    const from = (at, r) => Math.max(0, Math.trunc(at - BEYOND * r)), to = (at, r, n) => Math.min(n, Math.trunc(at + BEYOND * r) + 2);
    for (let y = from(place.y, high); y < to(place.y, high, h); y++)
      for (let x = from(place.x, wide); x < to(place.x, wide, w); x++) {
        const away = Math.max(Math.abs(y + 0.5 - place.y) / high, Math.abs(x + 0.5 - place.x) / wide);
        if (away < best[y * w + x]) [best[y * w + x], nearest[y * w + x]] = [away, k + 1];
      }
  });
  return nearest;
}

/** Which ink belongs to which place: `whose`, `has`, `loose`, `several` and `left` of vision/share.py. */
function shared(ink, places, smaller) {
  const { w, labels, pieces, height } = ink;
  const nearest = nearestOf(ink, places);
  const mass = pieces.map(() => new Array(places.length + 1).fill(0));
  labels.forEach((label, i) => { if (label) mass[label - 1][nearest[i]]++; });
  const totals = upTo(places.length + 1).map((k) => Math.max(sum(mass.map((row) => row[k])), 1));
  const goes = mass.map((row, n) => {
    const best = row.indexOf(Math.max(...row));
    const stake = row.map((m, k) => m >= STAKE * pieces[n].mass || (k > 0 && m >= OWN * totals[k]));
    return row.map((_, k) => (stake[k] && stake.filter(Boolean).length > 1 ? k : best));
  });
  attach(ink, goes, smaller);
  const left = [];
  goes.forEach((row, n) => {
    if (!row.includes(0)) return;
    const beyond = labels.map((label, i) => +(label === n + 1 && row[nearest[i]] === 0));
    const [box] = boxesOf(beyond, w, 1);
    if (longerOf(box) >= SPECK * height) left.push([box.x0, box.y0, box.x1 - box.x0, box.y1 - box.y0]);
  });
  const several = [];
  places.forEach((_, k) => {
    const own = upTo(pieces.length).filter((n) => goes[n].every((to) => to === k + 1));
    const groups = apart(ink, own);
    if (groups.length < 2) return;
    several.push(k);
    for (const group of groups) {
      const end = (side, f) => f(...group.map((n) => pieces[n][side]));
      const [x, y] = [end("x0", Math.min), end("y0", Math.min)];
      left.push([x, y, end("x1", Math.max) - x, end("y1", Math.max) - y]);
    }
    const seen = groups.map((group) => sum(group.map((n) => mass[n][k + 1])));
    const most = groups[seen.indexOf(Math.max(...seen))];
    for (const n of own) if (!most.includes(n)) goes[n].fill(0);
  });
  const whose = labels.map((label, i) => (label ? goes[label - 1][nearest[i]] : 0));
  return { whose, has: places.map((_, k) => goes.map((row) => row.includes(k + 1))), loose: goes.map((row) => row.includes(0)), several, left };
}

/** Pieces that no place has go to the nearest one, if it is near and they are not too large. */
function attach({ pieces, height }, goes, smaller) {
  const homes = upTo(pieces.length).filter((n) => Math.max(...goes[n]) > 0);
  pieces.forEach((p, n) => {
    if (!(longerOf(p) < smaller * height) || goes[n].some(Boolean)) return;
    let best = [REACH * height];
    for (const i of homes) {
      const q = pieces[i];
      const away = Math.hypot(Math.max(q.x0 - p.x1, p.x0 - q.x1, 0), Math.max(q.y0 - p.y1, p.y0 - q.y1, 0));
      if (away < best[0] || (best.length === 1 && away <= best[0])) best = [away, i];
    }
    if (best.length > 1) goes[n] = goes[n].fill(Math.max(...goes[best[1]]));
  });
}

/** The pieces of a place in groups, each of which may be one digit. */
function apart({ pieces, pen: wide, height }, own) {
  if (own.length < 2) return [own];
  const tallest = Math.max(...own.map((n) => highOf(pieces[n])));
  const isHigh = (n) => highOf(pieces[n]) >= AS_HIGH * tallest;
  const groups = [];
  for (const n of own.filter(isHigh).sort((a, b) => pieces[a].x0 - pieces[b].x0)) {
    const { x0, x1 } = pieces[n], last = groups.at(-1);
    if (last && x0 - last.x1 <= Math.max(wide, APART * height)) {
      last.has.push(n);
      last.x1 = Math.max(last.x1, x1);
    } else groups.push({ has: [n], x0, x1 });
  }
  for (const n of own.filter((one) => !isHigh(one))) { // a low stroke belongs to what is nearest
    const away = groups.map(({ x0, x1 }) => Math.max(pieces[n].x0 - x1, x0 - pieces[n].x1));
    groups[away.indexOf(Math.min(...away))].has.push(n);
  }
  return groups.map(({ has }) => has);
}

/** The ink of a place alone, and its box. */
function ownInk({ w, h, at, labels }, whose, place) {
  const [{ x0, y0, x1, y1 }] = boxesOf(whose.map((k) => +(k === place)), w, 1);
  const [left, top] = [Math.max(0, x0 - 1), Math.max(0, y0 - 1)];
  const own = plane(Math.min(x1 + 1, w) - left, Math.min(y1 + 1, h) - top);
  for (let y = top; y < top + own.h; y++)
    for (let x = left; x < left + own.w; x++) {
      let near = false; // an edge is soft: a pixel around belongs to it
      for (let j = Math.max(y - 1, top); j <= Math.min(y + 1, top + own.h - 1); j++)
        for (let i = Math.max(x - 1, left); i <= Math.min(x + 1, left + own.w - 1); i++) near ||= whose[j * w + i] === place;
      if (near && (!labels[y * w + x] || whose[y * w + x] === place)) own.at[(y - top) * own.w + x - left] = at[y * w + x] / 255;
    }
  return { own, box: [x0, y0, x1 - x0, y1 - y0] };
}

/** The digits of a drawing, its lines as text, "?" for what is refused, spaces between groups. */
export function readDrawing({ values, width: w, height: h }) {
  const ink = inkOfDrawing(values, w, h);
  if (!ink.pieces.length) return { lines: [], digits: [] };
  [ink.height, ink.pen] = [typicalHeight(ink.pieces), penOf(ink)];
  const lines = linesOf(kept(lookedAt(ink)));
  const places = lines.flat();
  const { whose, has, loose } = shared(ink, places, Infinity);
  places.forEach((place, k) => {
    if (!has[k].some(Boolean)) return;
    const { own, box } = ownInk(ink, whose, k + 1);
    const [p] = threeNetworks().recognizer([normalise(own)]), confidence = Math.max(...p);
    const value = confidence >= threshold ? p.indexOf(confidence) : null;
    place.digit = { value, confidence, box: [box[0] + ink.left, box[1] + ink.top, box[2], box[3]] };
    place.shown = confidence >= threshold / 2 || place.likely >= SURELY;
  });
  // Where some of connected ink is no digit, none of it is.
  const spoilt = ink.pieces.map((_, n) => loose[n] || places.some((place, k) => has[k][n] && !place.shown));
  const shown = new Set(places.filter((place, k) => place.shown && !has[k].some((mine, n) => mine && spoilt[n])));
  const digits = [];
  const texts = lines.map((line) => line.filter((place) => shown.has(place))).filter((line) => line.length).map((line, number) =>
    grouped(line, DRAWN_SAYS).map((group) => group.map(({ digit }) => {
      digits.push({ ...digit, line: number });
      return digit.value ?? "?";
    }).join("")).join(" "));
  return { lines: texts, digits };
}
