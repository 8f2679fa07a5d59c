// One digit of a photo made like MNIST's: its paper taken away (`paper.js`), its ink without specks, as
// in the first half of vision/normalise.py, whose names and numbers these are. The rest of the way is
// `normalise` of `ink.js`. Not inside: finding digits.

/** Blurred by a Gaussian of that deviation; beyond its edges a picture is mirrored. */
function blurred({ w, h, at }, deviation) {
  const reach = (rint(8 * deviation + 1) | 1) >> 1;
  const bell = upTo(2 * reach + 1).map((i) => Math.exp(-((i - reach) ** 2) / (2 * deviation ** 2)));
  const total = sum(bell);
  const mirror = (i, n) => { for (; n > 1 && (i < 0 || i >= n);) i = i < 0 ? -i : 2 * (n - 1) - i; return n > 1 ? i : 0; };
  const across = plane(w, h), found = plane(w, h);
  for (let k = -reach; k <= reach; k++) {
    const share = bell[k + reach] / total;
    const places = Int32Array.from(upTo(w), (x) => mirror(x + k, w));
    for (let y = 0, i = 0; y < h; y++) for (let x = 0; x < w; x++, i++) across.at[i] += share * at[y * w + places[x]];
  }
  for (let k = -reach; k <= reach; k++) {
    const share = bell[k + reach] / total;
    for (let y = 0, i = 0; y < h; y++) for (let from = mirror(y + k, h) * w, end = i + w; i < end; i++, from++) found.at[i] += share * across.at[from];
  }
  return found;
}

/** The largest around each pixel, a square of 2 reach + 1. */
function spread({ w, h, at }, reach) {
  if (!reach) return { w, h, at };
  const across = at.slice(), found = plane(w, h), to = found.at;
  for (let k = -reach; k <= reach; k++)
    for (let y = 0; y < h; y++)
      for (let i = y * w + Math.max(-k, 0), end = (y + 1) * w - Math.max(k, 0); i < end; i++) if (at[i + k] > across[i]) across[i] = at[i + k];
  for (let y = 0; y < h; y++)
    for (let k = Math.max(y - reach, 0); k <= Math.min(y + reach, h - 1); k++)
      for (let i = y * w, from = k * w, end = i + w; i < end; i++, from++) if (across[from] > to[i]) to[i] = across[from];
  return found;
}

const quantile = (values, q) => (values.length ? nth(values, Math.floor(q * values.length)) : 0);

/** Ink from 0 to 1 without what is not the digit's, null where there is none. */
function digitOf(ink, raised) {
  const { w, h } = ink;
  const half = typical(ink.at) / 2, n = w * h;
  const strong = new Float32Array(n), weak = new Float32Array(n);
  let [strongs, weaks] = [0, 0];
  for (let i = 0; i < n; i++) {
    if (ink.at[i] >= half) strong[strongs++] = ink.at[i];
    if (ink.at[i] <= half) weak[weaks++] = Math.abs(raised[i]);
  }
  const full = quantile(strong.subarray(0, strongs), 0.9);
  let noise = quantile(weak.subarray(0, weaks), 0.75);
  if (full < 10 || noise > GRAIN * full) return null;
  let strength = { w, h, at: new Float32Array(n) };
  for (let i = 0; i < n; i++) strength.at[i] = Math.min(ink.at[i] / full, 1);
  noise = Math.min(noise / full, 0.2);
  const seen = noise > 0.02 ? blurred(strength, Math.min(1, 3 * noise)) : strength;
  const faint = plane(w, h), least = Math.max(0.12, 2.5 * noise);
  for (let i = 0; i < n; i++) faint.at[i] = seen.at[i] > least ? 1 : 0;
  const { labels, count } = components(spread(faint, Math.floor(Math.min(w, h) / 80)), 0.5);
  const pieces = Array.from({ length: count + 1 }, () => ({ mass: 0, clear: false, low: [w, h], high: [0, 0] }));
  for (let y = 0, i = 0; y < h; y++)
    for (let x = 0; x < w; x++, i++) {
      if (!labels[i]) continue;
      const p = pieces[labels[i]], { low, high } = p;
      p.mass += strength.at[i];
      if (seen.at[i] > 0.5) p.clear = true;
      if (x < low[0]) low[0] = x;
      if (y < low[1]) low[1] = y;
      if (x >= high[0]) high[0] = x + 1;
      high[1] = y + 1;
    }
  const mass = pieces.map((p, i) => (i && p.clear ? p.mass : 0));
  const main = mass.indexOf(largest(mass));
  if (mass[main] <= 0.12 * sum(strength.at)) return null;
  const { low, high } = pieces[main];
  const sides = (p) => sum([0, 1].map((k) => (p.low[k] === 0) + (p.high[k] === [w, h][k])));
  const keep = pieces.map((p, i) => {
    const apart = Math.max(...[0, 1].map((k) => Math.max(p.low[k] - high[k], low[k] - p.high[k])), 0);
    const gap = apart / Math.max(high[0] - low[0], high[1] - low[1]);
    if (i === main) return true;
    if (!(mass[i] > mass[main] * (0.02 + 0.3 * gap))) return false;
    return sides(pieces[main]) > 0 || sides(p) === 0 || (sides(p) === 1 && gap < 0.1);
  });
  if (noise > 0.1) strength = { w, h, at: blurred(strength, 0.5).at.map((v) => Math.min(1.15 * v, 1)) };
  const own = plane(w, h);
  for (let i = 0; i < n; i++) own.at[i] = keep[labels[i]] ? 1 : 0;
  const found = spread(own, 1);
  for (let i = 0; i < n; i++) found.at[i] *= strength.at[i];
  return found;
}

/** A grey picture of one digit in MNIST's form, and its ink's box in the picture; null if it is blank. */
function prepared(grey) {
  const small = atMost(WORK, grey);
  const work = { ...small, at: Float32Array.from(small.at) };
  const { paper, darkInk } = paperOf(work);
  const light = sum(paper.at) / paper.at.length;
  const raised = new Float32Array(work.at.length), above = plane(work.w, work.h);
  for (let i = 0; i < raised.length; i++) {
    const v = work.at[i] - paper.at[i];
    raised[i] = darkInk ? (-v * light) / Math.max(paper.at[i], light / 4, 1) : v; // it takes a share of the light
    above.at[i] = Math.max(raised[i], 0);
  }
  const ink = turned(withoutRows(turned(withoutRows(above))));
  const digit = digitOf(ink, raised);
  if (!digit) return null;
  const [left, top, right, bottom] = extent(digit);
  const [across, down] = [grey.w / small.w, grey.h / small.h];
  const box = [Math.floor(left * across), Math.floor(top * down)];
  const size = [Math.min(Math.ceil((right - left) * across), grey.w - box[0]), Math.min(Math.ceil((bottom - top) * down), grey.h - box[1])];
  return { image: normalise(digit), box: [...box, ...size] };
}
