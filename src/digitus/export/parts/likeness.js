// What the other digits of a page say of one that may be this or that. Names and numbers are those of
// detection/likeness.py and the end of confidence.py. Not inside: what each is by itself (`photo.js`).

/** How alike each two of all finds look to the close-up network [k k]: 1 for the same, 0 for one and itself. */
function likeness(all) {
  const n = all.length, each = all[0]?.described.length ?? 0;
  const directions = all.map(({ described }) => {
    const long = Math.max(Math.hypot(...described), 1e-6);
    return Float32Array.from(described, (v) => v / long);
  });
  const alike = new Float32Array(n * n);
  for (let i = 0; i < n; i++) {
    const a = directions[i];
    for (let j = 0; j < i; j++) {
      const b = directions[j];
      let cosine = 0;
      for (let k = 0; k < each; k++) cosine += a[k] * b[k];
      alike[i * n + j] = alike[j * n + i] = Math.exp((cosine - 1) / BY_ALIKE);
    }
  }
  return alike;
}

/** Which digit each find is, with what all others of the page say of it; `named` is what each is by itself. */
function amongOthers(all, named) {
  const n = all.length, alike = likeness(all), { together, choice } = PHOTO.confidence;
  const shares = named.map((own, i) => own.map((p) => p * all[i].likely));
  const every = named[0]?.map((_, d) => sum(shares.map((own) => own[d])));
  return all.map((one, i) => {
    const near = alike.subarray(i * n, (i + 1) * n);
    let like = 0;
    const seen = new Float64Array(10);
    for (let j = 0; j < n; j++) {
      like += near[j] * all[j].likely;
      for (let d = 0; d < 10; d++) seen[d] += near[j] * shares[j][d];
    }
    const known = like / (LEAST_LIKE + like);
    return softmax(evidenceOf(one).map((own, d) => {
      const ratio = (LEAST_LIKE + seen[d]) / (LEAST_LIKE * (1 + every[d] - shares[i][d]));
      const said = Math.log(1 - HABIT + HABIT * ratio);
      return dot(own, choice) + known * dot([...own, said], together);
    }));
  });
}
