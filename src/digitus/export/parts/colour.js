// One grey out of the colours of a photo: the one in which ink stands out from paper (vision/colour.py).

/** One grey out of colours, bytes of red, green, blue and a fourth: that in which ink stands out. */
function asGrey(w, h, pixels) {
  const luminance = plane(w, h), colours = [0, 1, 2].map(() => plane(w, h));
  for (let i = 0; i < w * h; i++) {
    for (const c of [0, 1, 2]) colours[c].at[i] = pixels[4 * i + c];
    luminance.at[i] = rint(0.299 * pixels[4 * i] + 0.587 * pixels[4 * i + 1] + 0.114 * pixels[4 * i + 2]);
  }
  const all = [luminance, ...colours].map((one) => ({ w, h, at: Uint8Array.from(one.at) }));
  const [plain, ...each] = all.map((one) => contrast(atMost(300, one)));
  const best = each.indexOf(largest(each));
  return each[best] > 1.5 * plain ? all[best + 1] : all[0];
}

/** How far strokes are from what is around them, in deviations of what is none. */
function contrast(grey) {
  const around = medianAround(grey, Math.max(Math.min(61, grey.w, grey.h) | 1, 3));
  const off = grey.at.map((v, i) => Math.abs(v - around[i]));
  const grain = median(off) + 1;
  const clear = off.filter((v) => v > Math.max(6 * grain, 8));
  return clear.length > 1e-4 * off.length ? sum(clear) / clear.length / grain : 0;
}

/** The median of the window around each pixel, from counts of greys that move along with it. */
function medianAround({ w, h, at }, window) {
  const found = new Uint8Array(w * h), reach = window >> 1, half = (window * window) >> 1;
  const counts = new Int32Array(256);
  for (let y = 0; y < h; y++) {
    counts.fill(0);
    const rows = Int32Array.from({ length: window }, (_, j) => clamp(y + j - reach, 0, h - 1) * w);
    for (let x = -reach; x < reach; x++) for (let j = 0; j < window; j++) counts[at[rows[j] + (x < 0 ? 0 : x < w ? x : w - 1)]]++;
    let grey = 0, below = 0; // of the window's pixels, so many are darker than this grey
    for (let x = 0; x < w; x++) {
      const [next, last] = [Math.min(x + reach, w - 1), Math.max(x - reach, 0)];
      for (let j = 0; j < window; j++) {
        const value = at[rows[j] + next];
        counts[value]++;
        if (value < grey) below++;
      }
      while (below > half) below -= counts[--grey];
      while (below + counts[grey] <= half) below += counts[grey++];
      found[y * w + x] = grey;
      for (let j = 0; j < window; j++) {
        const value = at[rows[j] + last];
        counts[value]--;
        if (value < grey) below--;
      }
    }
  }
  return found;
}
