// 3 x 3 convolutions by fewer products: Winograd's minimal filtering F(4 x 4, 3 x 3) (Lavin and Gray,
// 2016), Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A. A tile d of 6 x 6 pixels gives 4 x 4 of the output by 36
// products a channel instead of 144; answers differ by rounding. G g Gᵀ of each kernel g is made once;
// what comes between is 36 matrix products, tiles by channels, of the same kernel as any convolution.
// Not inside: which convolutions go this way (`network.js`), how functions are written (`kernel.js`).

const TILES = 48; // at a time: what belongs to them stays in a cache
const SIX = [0, 1, 2, 3, 4, 5];
const plus = (a, b) => [...a, ...b, ...PLUS];
const minus = (a, b) => [...a, ...b, ...MINUS];
const product = (a, b) => [...a, ...b, ...TIMES];
const constant = (number) => [0x43, ...new Uint8Array(Float32Array.of(number).buffer), ...EACH];

/** Bᵀ d B of the tiles of a line, which begin four pixels apart, to 36 places that are `next` bytes apart. */
function intoTiles() {
  const names = "x V tiles quads line next tile quad from at to step".split(" ");
  const { get, set, add, each, held, hold } = written(names);
  const [TWO, FOUR, FIVE, P, Q] = [42, 43, 44, 45, 46], [two, four, five, p, q] = [TWO, FOUR, FIVE, P, Q].map(held);
  const along = (d, put) => [
    ...put(0, plus(minus(product(four, d[0]), product(five, d[2])), d[4])),
    ...hold(P, ...minus(d[4], product(four, d[2]))), ...hold(Q, ...minus(d[3], product(four, d[1]))),
    ...put(1, plus(p, q)), ...put(2, minus(p, q)),
    ...hold(P, ...minus(d[4], d[2])), ...hold(Q, ...product(two, minus(d[3], d[1]))),
    ...put(3, plus(p, q)), ...put(4, minus(p, q)),
    ...put(5, plus(minus(product(four, d[1]), product(five, d[3])), d[5])),
  ];
  return routine(names, 6, 0, 47, [
    ...hold(TWO, ...constant(2)), ...hold(FOUR, ...constant(4)), ...hold(FIVE, ...constant(5)),
    ...set("step", get("quads"), [CONST, 16], MUL),
    ...each("tiles", "tile", [
      ...each("quads", "quad", [
        ...set("from", get("x")),
        ...SIX.flatMap((row) => [
          ...set("at", get("from")),
          ...SIX.flatMap((i) => [...hold(36 + i, ...get("at"), ...load(0)), ...add("at", get("step"))]),
          ...along(SIX.map((i) => held(36 + i)), (i, value) => hold(6 * row + i, ...value)),
          ...add("from", get("line")),
        ]),
        ...set("to", get("V")),
        ...SIX.flatMap((column) => along(SIX.map((row) => held(6 * row + column)), (_, value) => [
          ...get("to"), ...value, ...store(0), ...add("to", get("next")),
        ])),
        ...add("x", [CONST, 16]), ...add("V", [CONST, 16]),
      ]),
      ...add("x", get("step"), [CONST, 3], MUL),
    ]),
  ]);
}

/** AᵀmA + b of the tiles of a line, no value below `least`, to pixels that are a `step` apart. */
function outOfTiles() {
  const names = "M y bias tiles quads next line step least tile quad from to b".split(" ");
  const { get, set, add, each, held, hold } = written(names);
  const [TWO, FOUR, EIGHT, LEAST, BIAS, P, Q, U, V] = [30, 31, 32, 33, 34, 35, 36, 37, 38];
  const [two, four, eight, least, bias, p, q, u, v] = [TWO, FOUR, EIGHT, LEAST, BIAS, P, Q, U, V].map(held);
  const along = (m, put) => [
    ...hold(P, ...plus(m[1], m[2])), ...hold(Q, ...plus(m[3], m[4])),
    ...hold(U, ...minus(m[1], m[2])), ...hold(V, ...minus(m[3], m[4])),
    ...put(0, plus(m[0], plus(p, q))), ...put(1, plus(u, product(two, v))),
    ...put(2, plus(p, product(four, q))), ...put(3, plus(plus(u, product(eight, v)), m[5])),
  ];
  return routine(names, 8, 1, 39, [
    ...hold(TWO, ...constant(2)), ...hold(FOUR, ...constant(4)), ...hold(EIGHT, ...constant(8)),
    ...hold(LEAST, ...get("least"), ...EACH),
    ...each("tiles", "tile", [
      ...set("b", get("bias")),
      ...each("quads", "quad", [
        ...set("from", get("M")), ...hold(BIAS, ...get("b"), ...load(0)),
        ...SIX.flatMap((column) => [
          ...SIX.flatMap((row) => [...hold(24 + row, ...get("from"), ...load(0)), ...add("from", get("next"))]),
          ...along(SIX.map((row) => held(24 + row)), (row, value) => hold(4 * column + row, ...value)),
        ]),
        ...[0, 1, 2, 3].flatMap((row) => [
          ...set("to", get("y"), [CONST, row], get("line"), MUL, ADD),
          ...along(SIX.map((column) => held(4 * column + row)), (_, value) => [
            ...get("to"), ...plus(value, bias), ...least, ...AT_LEAST, ...store(0), ...add("to", get("step")),
          ]),
        ]),
        ...add("M", [CONST, 16]), ...add("y", [CONST, 16]), ...add("b", [CONST, 16]),
      ]),
      ...add("y", get("step"), [CONST, 3], MUL),
    ]),
  ]);
}

/** G g Gᵀ of kernels [3 3 c o]: 36 matrices as `inEights` has them, in the order of the columns. */
function kernelsOfTiles(W, c, o, engine) {
  const matrix = Math.ceil(o / 8) * 8 * c;
  const room = engine.room(36 * matrix);
  const found = engine.at(room).fill(0);
  const half = new Float64Array(18);
  // G [a b c], whose rows are 1/4 (1, 0, 0), 1/6 (-1, -1, -1), (-1, 1, -1), 1/24 (1, 2, 4), (1, -2, 4) and (0, 0, 1)
  const six = (a, b, c, to, at, step) => {
    const sum = (a + c) / 6, rest = (a + 4 * c) / 24;
    to[at] = a / 4;
    to[at + step] = -sum - b / 6;
    to[at + 2 * step] = b / 6 - sum;
    to[at + 3 * step] = rest + b / 12;
    to[at + 4 * step] = rest - b / 12;
    to[at + 5 * step] = c;
  };
  for (let l = 0; l < c; l++)
    for (let t = 0, at = l * o; t < o; t++, at++) {
      for (let j = 0; j < 3; j++) six(W[at + j * c * o], W[at + (3 + j) * c * o], W[at + (6 + j) * c * o], half, j, 3);
      const to = ((t >> 3) * c + l) * 8 + (t & 7);
      for (let i = 0; i < 6; i++) six(half[3 * i], half[3 * i + 1], half[3 * i + 2], found, i * matrix + to, 6 * matrix);
    }
  return room;
}

/** Maps [many h w c] to [many rows columns o], line of tiles by line of tiles. */
function convolvedInTiles({ settings: { border: edge = 0 } }, from, many, [h, w, c], [rows, columns, o], { tiled, bias, blocks, none }, least, engine) {
  const wide = 8 * blocks, matrix = wide * c;
  const [down, across] = [Math.ceil(rows / 4), Math.ceil(columns / 4)];
  const found = engine.room(many * rows * columns * o);
  const mark = engine.mark();
  const [high, line] = [4 * down + 2, (4 * across + 2) * c]; // with zeros around it, up to the end of the last tile
  const x = engine.room(many * high * line), y = engine.room(4 * across * wide * 4);
  const lines = Math.max(1, Math.floor(TILES / across));
  const places = Math.ceil((lines * across) / 4) * 4; // of tiles: the kernel takes four at a time
  const [v, m] = [places * c + 16, places * wide + 16]; // numbers of one of the 36; a little more keeps them apart in caches
  const V = engine.room(36 * v), M = engine.room(36 * m);
  const [source, framed, own, all] = [from, x, found, y].map(engine.at);
  framed.fill(0);
  for (let n = 0; n < many; n++)
    for (let r = 0; r < h; r++) {
      const at = (n * h + r) * w * c;
      framed.set(source.subarray(at, at + w * c), (n * high + r + edge) * line + edge * c);
    }
  for (let first = 0; first < many * down; first += lines) {
    const some = Math.min(lines, many * down - first);
    for (let i = 0; i < some; i++) {
      const [n, r] = [Math.floor((first + i) / down), (first + i) % down];
      engine.intoTiles(x.at + 4 * (n * high + 4 * r) * line, V.at + 4 * i * across * c, across, c / 4, 4 * line, 4 * v);
    }
    for (let i = 0; i < 36; i++)
      engine.convolve(V.at + 4 * i * v, tiled.at + 4 * i * matrix, none.at, M.at + 4 * i * m, 1, some * across, blocks, 4 * c, 0, 0, 1, 4 * c, 4 * wide, -Infinity);
    for (let i = 0; i < some; i++) {
      const [n, r] = [Math.floor((first + i) / down), (first + i) % down];
      engine.outOfTiles(M.at + 4 * i * across * wide, y.at, bias.at, across, wide / 4, 4 * m, 4 * 4 * across * wide, 4 * wide, least);
      for (let k = 0; k < Math.min(4, rows - 4 * r); k++) {
        const [to, at] = [(n * rows + 4 * r + k) * columns, k * 4 * across];
        if (wide === o) own.set(all.subarray(at * o, (at + columns) * o), to * o);
        else for (let s = 0; s < columns; s++) own.set(all.subarray((at + s) * wide, (at + s) * wide + o), (to + s) * o);
      }
    }
  }
  engine.free(mark);
  return found;
}
