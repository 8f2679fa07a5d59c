// What the other digits of a page say of one that may be this or that (detection/likeness.py and the end
// of confidence.py, from which names and numbers are). Not inside: what each is by itself (`photo.js`).

/** How alike two finds look to the close-up network: 1 for the same, less the less their descriptions agree. */
const alike = (a, b) => Math.exp((dot(a.described, b.described) / Math.max(a.long * b.long, 1e-12) - 1) / BY_ALIKE);

/** Which digit each of these finds is, with what all finds of the page say of it; `named` is what each is by itself. */
function amongOthers(some, all, named) {
  const { together } = PHOTO.confidence;
  const everything = all.map((b, i) => ({ ...b, long: Math.hypot(...b.described), shares: named[i].map((p) => p * b.likely) }));
  return some.map(({ place }) => {
    const a = everything.find((b) => b.place === place), others = everything.filter((b) => b !== a);
    const near = others.map((b) => alike(a, b)), evidence = evidenceOf(a);
    const like = sum(others.map((b, j) => near[j] * b.likely)), known = like / (LEAST_LIKE + like);
    return softmax(evidence.map((own, d) => {
      const there = sum(others.map((b) => b.shares[d]));
      const seen = sum(others.map((b, j) => near[j] * b.shares[d]));
      const ratio = Math.log((LEAST_LIKE + seen) / (LEAST_LIKE * (1 + there)));
      return dot(own, PHOTO.confidence.choice) + dot([...own.map((g) => known * g), ratio], together);
    }));
  });
}
