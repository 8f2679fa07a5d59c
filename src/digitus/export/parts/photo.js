// Reads photos: `readPhoto({ pixels, width, height })` for bytes of red, green, blue and a fourth, as
// digitus reads pictures of paper. Names and numbers are those of reading/look.py, photo.py, read.py,
// detection/closeups.py and confidence.py. It needs the page network and the close-up network, PHOTO,
// beside the recognizer, MODEL. Not inside: forms of numbers, grids, the way to an answer.

/** The three networks at work, made when first wanted. */
let loaded;
function threeNetworks() {
  if (loaded) return loaded;
  const engine = machine();
  const recognizers = MODEL.networks.map((one) => ({ run: atWork({ ...one, size: MODEL.size }, engine), temperature: one.temperature }));
  loaded = {
    page: atWork(PHOTO.page, engine),
    closeup: atWork(PHOTO.closeup, engine),
    /** How probable each digit is, for each of some images: the mean of all networks. */
    recognizer(images) {
      const all = recognizers.map(({ run, temperature }) => inParts(run, images, height, width).map((z) => softmax(z.map((v) => v / temperature))));
      return images.map((_, i) => all[0][i].map((_, d) => sum(all.map((p) => p[i][d])) / all.length));
    },
  };
  return loaded;
}

const AT_ONCE = 16; // small pictures that a network sees together: it bounds the memory for their maps

/** What a network answers for each of many pictures; `before` gets what its last layer sees of each. */
function inParts(network, pictures, h, w, before = null) {
  const found = [];
  for (let start = 0; start < pictures.length; start += AT_ONCE) {
    const some = pictures.slice(start, start + AT_ONCE), bytes = new Uint8Array(some.length * h * w);
    some.forEach((picture, i) => bytes.set(picture, i * h * w));
    const seen = before && [], answers = network(bytes, h, w, some.length, seen);
    const parted = (numbers) => some.map((_, i) => numbers.subarray((i * numbers.length) / some.length, ((i + 1) * numbers.length) / some.length));
    found.push(...parted(answers).map((z) => Array.from(z)));
    before?.push(...parted(seen[0]));
  }
  return found;
}

/** What stands around a find, its contrast stretched from 0 to 255: SIDE x SIDE bytes. */
const closeupOf = (grey, one, beyond) => stretched(aroundOf(grey, one, beyond, SIDE).at);

/** The same as it would look turned or slanted, of what stands around it in WIDER x WIDER pixels: [[xx, xy], [yx, yy]] lead
 * from a place to what is seen there, from the middle. */
function leaningOf({ at }, [[xx, xy], [yx, yy]]) {
  const seen = new Uint8Array(SIDE * SIDE), middle = (WIDER - 1) / 2;
  for (let i = 0; i < seen.length; i++) {
    const [x, y] = [(i % SIDE) - (SIDE - 1) / 2, Math.floor(i / SIDE) - (SIDE - 1) / 2];
    const [u, v] = [middle + xx * x + xy * y, middle + yx * x + yy * y];
    const left = Math.floor(u), top = Math.floor(v), right = u - left, down = v - top, from = top * WIDER + left;
    seen[i] = rint((1 - down) * ((1 - right) * at[from] + right * at[from + 1])
      + down * ((1 - right) * at[from + WIDER] + right * at[from + WIDER + 1]));
  }
  return stretched(seen);
}

/** What stands around a find in pixels x pixels; the find is as large in any. */
function aroundOf(grey, { x, y, w, h }, beyond, pixels) {
  const side = Math.max(2, rint((Math.max(w, h, 1) * pixels) / WITHIN));
  return bytesOf(cut(grey, rint(x - side / 2), rint(y - side / 2), side, side, beyond), pixels, pixels);
}

function stretched(seen) {
  const low = seen.reduce((a, b) => Math.min(a, b));
  const gain = 255 / Math.max(largest(seen) - low, FLAT);
  return seen.map((v) => rint(Math.min((v - low) * gain, 255)));
}

/** A part of a picture, and a plain grey where it goes beyond. */
function cut(grey, left, top, w, h, beyond) {
  const found = { w, h, at: new Uint8Array(w * h).fill(beyond) };
  const first = Math.max(0, -left), end = Math.min(w, grey.w - left);
  for (let y = Math.max(0, -top); y < Math.min(h, grey.h - top) && first < end; y++) {
    const from = (top + y) * grey.w + left;
    found.at.set(grey.at.subarray(from + first, from + end), y * w + first);
  }
  return found;
}

/** What the recognizer makes of a find's ink: its box and a little more. */
function inkOf(grey, { x, y, w, h }) {
  const more = AROUND * Math.max(w, h);
  const [left, top] = [Math.max(0, Math.trunc(x - w / 2 - more)), Math.max(0, Math.trunc(y - h / 2 - more))];
  const right = Math.min(grey.w, Math.trunc(x + w / 2 + more)), bottom = Math.min(grey.h, Math.trunc(y + h / 2 + more));
  if (Math.min(right - left, bottom - top) < 4) return null;
  return prepared(cut(grey, left, top, right - left, bottom - top, 0))?.image ?? null;
}

const shareOf = (p) => Math.max(p, 1e-4);
const logOdds = (p) => { const q = clamp(p, 1e-4, 1 - 1e-4); return Math.log(q / (1 - q)); };

/** How well links speak for each find: of those that come to it, and of the one that leaves it, the best. */
function agreements(found) {
  const near = (a, b) => Math.exp(-((missedBy(a, b) / (0.5 * longerSide(a))) ** 2)) * (1 - a.follow[0]) * Math.exp(-(Math.log(longerSide(a) / longerSide(b)) ** 2));
  const into = new Float64Array(found.length), out = new Float64Array(found.length);
  found.forEach((a, i) => found.forEach((b, j) => {
    if (i === j) return;
    const link = near(a, b);
    into[j] = Math.max(into[j], link * a.heat);
    out[i] = Math.max(out[i], link * b.heat);
  }));
  return [into, out];
}

/** What each answer says of each digit: the page network's, the close-up network's, the recognizer's where it looked. */
const evidenceOf = (a) => a.digits.map((p, d) =>
  [p, a.close[d] / shareOf(1 - a.close[NONE]), a.ink ? a.ink[d] : 1].map((share) => Math.log(shareOf(share))));

/** Which digit each find is, if it is one, by itself. */
const which = (found) => found.map((a) => softmax(evidenceOf(a).map((own) => dot(own, PHOTO.confidence.choice))));

/** The probability of each find to be a digit, by logistic regression: by itself, and then beside the others. */
function there(found, named) {
  const [into, out] = agreements(found);
  const hidden = (a) => Math.max(0, ...found.filter((b) => b.heat > a.heat).map((b) => overlap(a, b)));
  const own = found.map((a, i) => [
    1, logOdds(a.heat), Math.log(shareOf(Math.max(...a.digits))), Math.log(Math.max(longerSide(a), 1)) - 3.4,
    Math.max(...named[i]), into[i], out[i], -logOdds(a.close[NONE]), hidden(a),
  ]);
  const beside = company(found, own.map((features) => sigmoid(dot(PHOTO.confidence.alone, features))));
  return own.map((features, i) => sigmoid(dot(PHOTO.confidence.presence, [...features, ...beside[i]])));
}

/** What stands around each find, where `alone` is the probability of each by itself. */
function company(found, alone) {
  const tall = found.map((a) => Math.max(longerSide(a), 1));
  return found.map((a, i) => {
    let neighbour = 0, alike = 0;
    found.forEach((b, j) => {
      if (i === j) return;
      const s = Math.sqrt(tall[i] * tall[j]);
      const says = alone[j] * Math.exp(-((Math.log(tall[i] / tall[j]) / AS_TALL) ** 2));
      alike += says;
      neighbour = Math.max(neighbour, says * Math.exp(-(((a.y - b.y) / (LEVEL * s)) ** 2) - Math.abs(a.x - b.x) / (BY_THE_SIDE * s)));
    });
    return [neighbour, Math.log1p(alike), -neighbour * logOdds(a.close[NONE])];
  });
}

/** The log odds that a find stands upright, of what the close-up network's last layer sees of it (detection/uprightness.py). */
function uprightness(described) {
  const { W, scale, b } = PHOTO.wayUp.layer;
  return scale * dot(W, described) + b;
}

/** What the close-up network says of each find: in each of LOOKED_AT sizes, and leaning in LEANS ways where that is in doubt. */
function seenCloser(grey, found) {
  const { closeup } = threeNetworks(), beyond = edgeGrey(grey);
  const grown = (one, size) => ({ ...one, w: one.w * size, h: one.h * size });
  const described = LOOKED_AT.map(() => []);
  const looks = LOOKED_AT.map((size, n) => inParts(closeup, found.map((one) => closeupOf(grey, grown(one, size), beyond)), SIDE, SIDE, described[n]));
  const said = found.map((_, i) => looks.map((each) => each[i]));
  const doubtful = upTo(found.length).filter((i) => Math.max(...softmax(mean(said[i]))) < CLEAR);
  const wide = doubtful.map((i) => aroundOf(grey, grown(found[i], LEANING), beyond, WIDER));
  for (const lean of LEANS)
    inParts(closeup, wide.map((one) => leaningOf(one, lean)), SIDE, SIDE).forEach((z, k) => said[doubtful[k]].push(z));
  return found.map((one, place) => {
    const seen = mean(described.map((each) => each[place]));
    return { ...one, place, close: softmax(mean(said[place])), described: seen, upright: uprightness(seen) };
  });
}

/** The mean of vectors. */
const mean = (vectors) => vectors[0].map((_, k) => sum(vectors.map((one) => one[k])) / vectors.length);

/** How upright digits stand, by how sure each is. */
const standing = (digits) => sum(digits.map((d) => d.best * d.upright));

/** A picture, turned by `turns` quarters, with what may be digits in it and how probable each is. */
function looked(grey, found, turns) {
  const seen = seenCloser(grey, found);
  const named = which(seen), all = there(seen, named);
  const digits = seen.map((one, i) => ({ ...one, likely: all[i], best: all[i] * Math.max(...named[i]) }));
  const likely = digits.filter((d) => d.likely >= LIKELY);
  const read = sum(likely.map((d) => d.best));
  const doubt = likely.length - read + sum(digits.map((d) => (d.likely < LIKELY ? d.likely : 0)));
  const certain = likely.length >= ENOUGH && doubt <= DOUBTFUL * likely.length && standing(likely) >= 0;
  return { grey, turns, digits, likely, certain };
}

/** These finds of a look after the recognizer has looked at their ink, and each digit at the others. */
function recognized({ grey, digits: all }, some) {
  const inks = some.map((one) => inkOf(grey, one));
  const answers = threeNetworks().recognizer(inks.filter(Boolean))[Symbol.iterator]();
  const again = some.map((one, i) => ({ ...one, ink: inks[i] && answers.next().value }));
  const every = [...all];
  for (const one of again) every[one.place] = one;
  const named = amongOthers(every, which(every));
  return again.map((one) => {
    const p = named[one.place].map((share) => share * one.likely);
    return { ...one, p, best: Math.max(...p) };
  });
}

/** What speaks for the way up of a look, in logarithms, by Bayes' rule (reading/way_up.py). */
function evidence(look) {
  const { upright, weights } = PHOTO.wayUp;
  const digits = kept(look), read = sum(digits.map((d) => d.best));
  const agreement = sum(agreements(digits).map((part) => sum(part)));
  const prior = Math.log(look.turns ? (1 - upright) / 3 : upright);
  const said = [
    Math.log1p(read), -Math.sqrt(Math.max(0, digits.length - read)), Math.log1p(linesOf(digits).length), agreement,
    standing(digits) / Math.sqrt(Math.max(1, digits.length)),
  ];
  return prior + dot(weights, said);
}

/** Turned against the clock by quarters. */
function quarters(grey, turns) {
  if (!turns) return grey;
  const { w, h, at } = quarters(grey, turns - 1);
  const found = { w: h, h: w, at: new Uint8Array(w * h) };
  for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) found.at[(w - 1 - x) * h + y] = at[y * w + x];
  return found;
}

/** A picture, turned by `turns` quarters, and where digits may be in it: { grey, turns, found, whole }. */
function findsOf(grey, turns, pixels) {
  const turned = quarters(grey, turns);
  return { grey: turned, turns, ...finds(turned, threeNetworks().page, pixels) };
}
const look = ({ grey, turns, found }, most = FINDS) => looked(grey, found.slice(0, most), turns);

/** The picture the way up that is likeliest; as it lies where it is full of finds. */
function bestLook(grey) {
  const upright = findsOf(grey, 0);
  if (upright.found.length === FINDS) return look(upright);
  if (upright.found.length > MANY) {
    const [{ turns }, seen] = bestTurned(partOf(upright), PART);
    return look(turns && kept(seen).length >= ENOUGH ? findsOf(grey, turns) : upright);
  }
  const [way, seen] = bestTurned(upright, MANY);
  if (way.whole && seen.digits.length === way.found.length) return seen;
  return look(way.whole ? way : findsOf(grey, way.turns));
}

/** The finds of the likeliest way up, and what `most` of them are; what has few as it lies may have very many turned. */
function bestTurned(upright, most) {
  const ways = [[upright, look(upright, most)]];
  const [[, first]] = ways;
  if (first.certain || first.digits.length < FEWEST) return ways[0];
  for (const turns of [1, 2, 3]) {
    const turned = findsOf(upright.grey, turns, TURNED_PIXELS);
    ways.push([turned, look(turned, most)]);
  }
  if (ways.every(([, seen]) => kept(seen).length < FEWEST)) return ways[0];  // a digit alone tells nothing
  return ways.map((way) => [evidence(way[1]), way]).reduce((a, b) => (b[0] > a[0] ? b : a))[1];
}

/** The part of a picture that has PART of its finds, in the midst of them, and these; half of its sides at most. */
function partOf({ grey, found }) {
  const [cx, cy] = ["x", "y"].map((k) => median(found.map((one) => one[k])));
  const afar = (one) => Math.max(Math.abs(one.x - cx), Math.abs(one.y - cy));
  const nearest = [...found].sort((a, b) => afar(a) - afar(b)).slice(0, PART);
  const within = nearest.filter((one) => afar(one) + 1.5 * longerSide(one) <= Math.max(grey.w, grey.h) / 4);
  const near = within.length < ENOUGH ? nearest : within;
  const end = (k, n, sign) => Math.max(...near.map((one) => sign * one[k] + one[n] / 2 + longerSide(one)));
  const [left, top] = [Math.max(0, Math.trunc(-end("x", "w", -1))), Math.max(0, Math.trunc(-end("y", "h", -1)))];
  const right = Math.min(grey.w, Math.trunc(end("x", "w", 1)) + 1), bottom = Math.min(grey.h, Math.trunc(end("y", "h", 1)) + 1);
  const moved = (one) => ({ ...one, x: one.x - left, y: one.y - top, after: [one.after[0] - left, one.after[1] - top] });
  const part = cut(grey, left, top, right - left, bottom - top, 0);
  return { grey: part, turns: 0, found: found.filter((one) => near.includes(one)).map(moved), whole: true };
}

/** A find's box [x, y, w, h] in the picture as it was before it was turned. */
function boxOf({ x, y, w, h }, { grey, turns }, { w: width, h: height }) {
  let [high, wide] = [grey.h, grey.w];
  for (let i = 0; i < turns; i++) {
    [x, y, w, h] = [high - y, x, h, w];
    [high, wide] = [wide, high];
  }
  const left = clamp(rint(x - w / 2), 0, width - 1), top = clamp(rint(y - h / 2), 0, height - 1);
  return [left, top, Math.max(1, Math.min(width, rint(x + w / 2)) - left), Math.max(1, Math.min(height, rint(y + h / 2)) - top)];
}

/** The finds that are digits, without those much smaller or larger than the others. */
function kept({ digits, likely }) {
  const most = Math.max(0, ...digits.map((d) => d.likely));
  const usual = median(digits.filter((d) => d.likely >= 0.6 * most).map(longerSide));
  return likely.filter((d) => longerSide(d) < ALIKE * usual && longerSide(d) > usual / ALIKE);
}

/** The lines of a look, as groups of finds, without those of which too few are read. */
function readable(look) {
  const lines = linesOf(kept(look));
  const read = lines.filter((line) => line.filter((d) => d.best >= READ).length >= SHARE * line.length);
  return (read.length ? read : sum(lines.map((line) => line.length)) <= 3 ? lines : []).map((line) => grouped(line, NETWORK_SAYS));
}

/** A picture as one digit that fills it, null where there is no ink. */
function single(grey) {
  const one = prepared(grey);
  if (!one) return null;
  const [p] = threeNetworks().recognizer([one.image]), confidence = Math.max(...p);
  return { value: confidence >= threshold ? p.indexOf(confidence) : null, confidence, box: one.box, line: 0 };
}

/** Whether a picture is better read as one digit than as these, parts of it. */
function fills(one, found, small) {
  if (!found.length) return one.confidence >= (small ? threshold / 2 : SURE);
  if (found.length > 3 || one.value === null) return false;
  const [x, y, w, h] = one.box;
  const inside = found.every(({ box: [left, top, wide, high] }) => {
    const [dx, dy] = [left + wide / 2 - x, top + high / 2 - y];
    return dx >= -0.1 * w && dx <= 1.1 * w && dy >= -0.1 * h && dy <= 1.1 * h;
  });
  const slack = Math.max(w, h) <= LITTLE ? SLACK_OF_SMALL : SLACK_OF_ONE;
  return inside && one.confidence >= found.reduce((product, d) => product * d.confidence, 1) - slack;
}

/** The digits of a picture in reading order, its lines as text, "?" for what is refused. */
export function readPhoto({ pixels, width: w, height: h }) {
  const grey = asGrey(w, h, pixels);
  const one = single(grey), small = Math.max(w, h) <= LITTLE;
  const alone = () => ({ lines: [String(one.value ?? "?")], digits: [one] });
  if (one && small && one.confidence >= SURE) return alone();
  const best = bestLook(grey);
  const lines = readable(best);
  const digits = recognized(best, lines.flat(2)).map((d) =>
    ({ value: d.best >= READ ? d.p.indexOf(d.best) : null, confidence: d.best, box: boxOf(d, best, grey) }));
  let next = 0;
  const texts = lines.map((groups, line) => groups.map((group) => group.map(() => {
    digits[next].line = line;
    return digits[next++].value ?? "?";
  }).join("")).join(" "));
  return one && fills(one, digits, small) ? alone() : { lines: texts, digits };
}
