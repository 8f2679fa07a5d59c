// One grey out of the colours of a photo: the one in which ink stands out from paper (vision/colour.py).

/** One grey out of colours, bytes of red, green, blue and a fourth: that in which ink stands out. */
function asGrey(w, h, pixels) {
  const colours = [0, 1, 2].map((c) => {
    const at = new Uint8Array(w * h);
    for (let i = 0, from = c; i < at.length; i++, from += 4) at[i] = pixels[from];
    return { w, h, at };
  });
  const coarse = colours.map((one) => atMost(300, one));
  const plain = contrast(luminance(coarse)), each = coarse.map(contrast);
  const best = each.indexOf(largest(each));
  return each[best] > 1.5 * plain ? colours[best] : luminance(colours);
}

function luminance([{ w, h, at: red }, { at: green }, { at: blue }]) {
  const at = new Uint8Array(w * h);
  for (let i = 0; i < at.length; i++) at[i] = 0.299 * red[i] + 0.587 * green[i] + 0.114 * blue[i] + 0.5;
  return { w, h, at };
}

/** How far strokes stand out from what is around them, in units of the grain. */
function contrast(grey) {
  const around = medianAround(grey, Math.max(Math.min(61, grey.w, grey.h) | 1, 3));
  const off = new Float32Array(around.length);
  for (let i = 0; i < off.length; i++) off[i] = Math.abs(grey.at[i] - around[i]);
  const grain = middleOf(off.slice()) + 1, least = Math.max(6 * grain, 8);
  let [clear, total] = [0, 0];
  for (let i = 0; i < off.length; i++)
    if (off[i] > least) {
      clear++;
      total += off[i];
    }
  return clear > 1e-4 * off.length ? total / clear / grain : 0;
}

/** The median of the window around each pixel, from counts of greys: those of each column move down with the
 * rows, those of the window along them, by sixteens; single greys are counted where the median is (Perreault
 * and Hébert, 2007). */
function medianAround({ w, h, at }, window) {
  const found = new Uint8Array(w * h), reach = window >> 1, half = (window * window) >> 1;
  const columns = new Uint8Array(256 * w), sixteens = new Uint8Array(16 * w); // a window has 61 rows at most
  const change = (y, by) => {
    for (let x = 0, from = clamp(y, 0, h - 1) * w; x < w; x++, from++) {
      columns[256 * x + at[from]] += by;
      sixteens[16 * x + (at[from] >> 4)] += by;
    }
  };
  const fine = new Int32Array(256), coarse = new Int32Array(16), upToDate = new Int32Array(16);
  const countSixteens = (x, by) => { for (let k = 0, from = 16 * clamp(x, 0, w - 1); k < 16; k++) coarse[k] += by * sixteens[from + k]; };
  const countGreys = (first, x, by) => { for (let k = first, from = 256 * clamp(x, 0, w - 1); k < first + 16; k++) fine[k] += by * columns[from + k]; };
  for (let y = -reach; y < reach; y++) change(y, 1);
  for (let y = 0; y < h; y++) {
    change(y + reach, 1);
    coarse.fill(0);
    upToDate.fill(-window);
    for (let x = -reach; x < reach; x++) countSixteens(x, 1);
    for (let x = 0; x < w; x++) {
      countSixteens(x + reach, 1);
      let below = 0, sixteen = 0;
      while (below + coarse[sixteen] <= half) below += coarse[sixteen++];
      let grey = 16 * sixteen;
      if (2 * (x - upToDate[sixteen]) > window) {
        fine.fill(0, grey, grey + 16);
        for (let i = x - reach; i <= x + reach; i++) countGreys(grey, i, 1);
      } else
        for (let i = upToDate[sixteen] + 1; i <= x; i++) {
          countGreys(grey, i + reach, 1);
          countGreys(grey, i - 1 - reach, -1);
        }
      upToDate[sixteen] = x;
      while (below + fine[grey] <= half) below += fine[grey++];
      found[y * w + x] = grey;
      countSixteens(x - reach, -1);
    }
    change(y - reach, -1);
  }
  return found;
}
