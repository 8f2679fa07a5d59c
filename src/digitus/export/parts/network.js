// A network at work by the kernel of WebAssembly: what it answers for pictures of any size. What is no
// convolution is done as in `digitus.js`. Not inside: the kernel (`kernel.js`), which pictures it sees.

/** A function from `many` pictures of h * w bytes, one after the other, to answers [many, places, channels]; `before` gets
 * what the last layer sees. */
function atWork({ size: [rows, columns], operations }, engine) {
  const uses = new Array(operations.length + 1).fill(0);
  for (const { inputs } of operations) for (const i of inputs) uses[i]++;
  // A convolution that only a Relu uses is carried out with it.
  const bent = operations.map(({ kind }, i) => kind === "conv" && uses[i + 1] === 1 && operations.find((o) => o.inputs[0] === i + 1)?.kind === "relu");
  const shapeOf = (value) => (value ? operations[value - 1].shape : [rows, columns, 1]);
  const held = operations.map(({ kind, shape, inputs, settings, weights: given }) => {
    const arrays = Object.fromEntries(Object.entries(given).map(([name, w]) => [name, weights(w)]));
    return kind === "conv" || kind === "dense" ? inEights(arrays, settings, image(shapeOf(inputs[0])).at(-1), shape.at(-1), engine) : arrays;
  });
  return (bytes, h, w, many = 1, before = null) => {
    const mark = engine.mark();
    const grown = (shape) => (shape.length === 3 ? [(shape[0] * h) / rows, (shape[1] * w) / columns, shape[2]] : shape);
    const shapes = [[h, w, 1], ...operations.map((o) => grown(o.shape))];
    const places = [engine.room(many * h * w)];
    engine.at(places[0]).set(bytes);
    operations.forEach((o, i) => {
      const [inputs, shape] = [o.inputs.map((v) => shapes[v]), shapes[i + 1]];
      const from = places[o.inputs[0]];
      if (o.kind === "conv" || o.kind === "dense") {
        const convolve = held[i].tiled ? convolvedInTiles : convolved;
        places.push(convolve(o, from, many, image(inputs[0]), image(shape), held[i], bent[i] ? 0 : -Infinity, engine));
        return;
      }
      if (o.kind === "flatten" || bent[o.inputs[0] - 1]) {
        places.push(from);
        return;
      }
      const to = engine.room(many * size(shape));
      const each = (place, of) => (n) => engine.at(place).subarray(n * size(of), (n + 1) * size(of));
      const [put, taken] = [each(to, shape), o.inputs.map((v) => each(places[v], shapes[v]))];
      for (let n = 0; n < many; n++) KINDS[o.kind]({ ...o, shape }, taken.map((take) => take(n)), put(n), held[i], inputs);
      places.push(to);
    });
    const answers = engine.at(places.at(-1)).slice();
    if (before) before.push(engine.at(places[operations.at(-1).inputs[0]]).slice());
    engine.free(mark);
    return answers;
  };
}

/** Weights [taps o] as the kernel reads them: eight outputs side by side, then the taps; in tiles where they can be. */
function inEights({ W, b }, { kernel: k = 1, stride = 1 }, c, o, engine) {
  const blocks = Math.ceil(o / 8), taps = W.length / o;
  const [bias, none] = [engine.room(blocks * 8), engine.room(blocks * 8)];
  engine.at(none).fill(0);
  engine.at(bias).fill(0).set(b);
  if (k === 3 && stride === 1 && c % 4 === 0) return { tiled: kernelsOfTiles(W, c, o, engine), bias, none, blocks };
  const at = engine.room(blocks * taps * 8);
  const sorted = engine.at(at).fill(0);
  W.forEach((v, i) => { sorted[(((i % o) >> 3) * taps + Math.floor(i / o)) * 8 + ((i % o) & 7)] = v; });
  return { at, bias, blocks };
}

/** Maps [many h w c] to [many rows columns o]. */
function convolved({ settings }, from, many, [h, w, c], [rows, columns, o], { at, bias, blocks }, least, engine) {
  const { stride = 1, border: edge = 0, kernel: k = 1 } = settings;
  const wide = 8 * blocks, places = many * rows * columns, found = engine.room(places * o, 3 * o);
  const mark = engine.mark();
  const to = wide === o ? found : engine.room(places * wide, 3 * wide);
  const high = h + 2 * edge, line = (w + 2 * edge) * c;
  const x = engine.room(many * high * line, (3 * stride + k) * c); // with zeros around it, and what is read in fours
  const [source, framed] = [engine.at(from), engine.at(x)];
  if (edge) framed.fill(0);
  for (let n = 0; n < many; n++)
    for (let r = 0; r < h; r++) framed.set(source.subarray((n * h + r) * w * c, (n * h + r + 1) * w * c), (n * high + r + edge) * line + edge * c);
  const sizes = [blocks, 4 * stride * c, 4 * stride * line, 4 * line, k, 4 * k * c, 4 * wide, least];
  if (k * stride === 1 && !edge) engine.convolve(x.at, at.at, bias.at, to.at, 1, places, ...sizes);
  else
    for (let n = 0; n < many; n++)
      engine.convolve(x.at + 4 * n * high * line, at.at, bias.at, to.at + 4 * n * rows * columns * wide, rows, columns, ...sizes);
  if (to !== found) {
    const [all, own] = [engine.at(to), engine.at(found)];
    for (let i = 0; i < places; i++) for (let t = 0; t < o; t++) own[i * o + t] = all[i * wide + t];
  }
  engine.free(mark);
  return found;
}
