// Reads handwritten digits: `read(image)` for bytes of one picture, 0 paper, 255 ink, row by row.
// An ES module without dependencies, for browsers, Node and Deno. Values are float32, in the order in
// which they are made, and value 0 is the picture; sums are of doubles, the numbers that JavaScript
// has: rounding each step to float32 would be less exact, and slower.

const round = Math.fround;

/** The array of a network from the text that it is kept as, or its place among a web page's WEIGHTS. */
function stored(data, kind) {
  const bytes = typeof data === "string" ? Uint8Array.from(atob(data), (c) => c.charCodeAt(0)) : WEIGHTS.slice(...data);
  if (kind === "float32") return new Float32Array(bytes.buffer);
  if (kind === "int8") return new Int8Array(bytes.buffer);
  return Float32Array.from(new Uint16Array(bytes.buffer), half);
}

/** A number of sixteen bits: sign, five bits of exponent, ten of fraction. */
function half(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -14 * (fraction / 1024));
}

/** Weights [... o] as float32; int8 with a scale for each output. */
function weights(w) {
  const numbers = stored(w.data, w.kind);
  if (w.kind !== "int8") return numbers;
  const scale = stored(w.scale, "float32"); // of each output, and these are the last axis
  const found = new Float32Array(numbers.length);
  for (let i = 0, o = 0; i < found.length; i++, o = o + 1 === scale.length ? 0 : o + 1) found[i] = numbers[i] * scale[o];
  return found;
}

const size = (shape) => shape.reduce((a, b) => a * b, 1);
const image = (shape) => (shape.length === 3 ? shape : [1, 1, ...shape]);

/** y = x * W + b; a dense layer is a convolution of one pixel. Four outputs at a time: what is
 * beyond the last of them is 0, so that no index leaves an array. */
function conv({ settings, shape }, [x], y, { W, b }, [before]) {
  const [h, w, c] = image(before);
  const [rows, columns, o] = image(shape);
  const { stride = 1, border = 0, kernel: k = 1 } = settings;
  const wide = b.length;
  for (let r = 0, to = 0; r < rows; r++) {
    for (let s = 0; s < columns; s++, to += o) {
      for (let t = 0; t < o; t += 4) {
        let p = b[t];
        let q = b[t + 1];
        let u = b[t + 2];
        let v = b[t + 3];
        for (let i = 0; i < k; i++) {
          const row = r * stride + i - border;
          if (row < 0 || row >= h) continue;
          for (let j = 0; j < k; j++) {
            const column = s * stride + j - border;
            if (column < 0 || column >= w) continue;
            const at = (row * w + column) * c;
            let n = (i * k + j) * c * wide + t;
            for (let l = at; l < at + c; l++, n += wide) {
              const value = x[l];
              if (value === 0) continue; // half of them, after a Relu
              p = p + value * W[n];
              q = q + value * W[n + 1];
              u = u + value * W[n + 2];
              v = v + value * W[n + 3];
            }
          }
        }
        y[to + t] = p;
        if (t + 1 < o) y[to + t + 1] = q;
        if (t + 2 < o) y[to + t + 2] = u;
        if (t + 3 < o) y[to + t + 3] = v;
      }
    }
  }
}

/** Rows of o numbers, each with zeros up to a multiple of four. */
function padded(numbers, o) {
  const wide = Math.ceil(o / 4) * 4;
  const rows = numbers.length / o;
  const found = new Float32Array(rows * wide);
  for (let r = 0; r < rows; r++) found.set(numbers.subarray(r * o, (r + 1) * o), r * wide);
  return found;
}

/** Windows that do not overlap: `first`, then `next` of what there is and one more value. */
function pool({ settings, shape }, [x], y, [before], next, share) {
  const [rows, columns, c] = shape;
  const n = settings.size;
  const w = before[1];
  for (let r = 0, to = 0; r < rows; r++)
    for (let s = 0; s < columns; s++)
      for (let t = 0; t < c; t++, to++) {
        const at = (r * n * w + s * n) * c + t;
        let value = x[at];
        for (let i = 0; i < n; i++)
          for (let j = i ? 0 : 1; j < n; j++) value = next(value, x[at + (i * w + j) * c]);
        y[to] = value * share;
      }
}

/** The ink set upright by its moments; rows are read between two pixels. */
function deslant({ settings: { width, most } }, [x], y, _, [[h, w, c]]) {
  const [top, left] = [(h - 1) / 2, (w - 1) / 2];
  const mass = new Float64Array(h * w);
  let total = 0;
  for (let i = 0; i < mass.length; i++) {
    for (let t = 0; t < c; t++) mass[i] += x[i * c + t] ** 2;
    total += mass[i];
  }
  total = Math.max(total, 1e-30);
  const mean = (f) => mass.reduce((sum, m, i) => sum + m * f(Math.floor(i / w) - top, (i % w) - left), 0) / total;
  const [mi, mj] = [mean((a) => a), mean((_, b) => b)];
  const ii = mean((a) => (a - mi) ** 2) + 1e-3;
  const ij = mean((a, b) => (a - mi) * (b - mj));
  const jj = mean((_, b) => (b - mj) ** 2) + 1e-3;
  const slant = ij / ii;
  const stretch = width ? Math.min(Math.max(Math.sqrt(jj - slant * ij + 1e-3) / width, 1 / most), most) : 1;
  for (let r = 0, to = 0; r < h; r++)
    for (let s = 0; s < w; s++) {
      const at = Math.min(Math.max(mj + stretch * (s - left) + slant * (r - top - mi) + left + 1, 0), w + 1);
      const before = Math.min(Math.floor(at), w);
      for (let t = 0; t < c; t++, to++) {
        const one = before > 0 ? x[(r * w + before - 1) * c + t] : 0;
        const next = before < w ? x[(r * w + before) * c + t] : 0;
        y[to] = one + (at - before) * (next - one);
      }
    }
}

/** The softmax of z, to which examples near the features x add their votes; and its logarithm. */
function exemplars(_, [x, z], y, { centres, spread, votes }) {
  const voted = new Float64Array(y.length);
  const length = Math.sqrt(x.reduce((sum, v) => sum + v * v, 1e-6));
  for (let e = 0, at = 0; e < spread.length; e++) {
    let across = 0;
    for (let i = 0; i < x.length; i++, at++) across += x[i] * centres[at];
    const near = Math.exp((across / length - 1) / spread[e]);
    for (let t = 0; t < y.length; t++) voted[t] += near * votes[e * y.length + t];
  }
  const top = Math.max(...z);
  const sum = z.reduce((sum, v) => sum + Math.exp(v - top), 0);
  for (let t = 0; t < y.length; t++) {
    const p = z[t] - top - Math.log(sum); // and votes, as logarithms
    const v = Math.log(Math.max(voted[t], 1e-30));
    const larger = Math.max(p, v);
    y[t] = voted[t] <= 1e-30 ? p : larger + Math.log(Math.exp(p - larger) + Math.exp(v - larger));
  }
}

const each = (f) => (_, [x], y) => { for (let i = 0; i < y.length; i++) y[i] = f(x[i]); };

// What each kind of operation does: (operation, inputs, output, weights, shapes of the inputs).
const KINDS = {
  affine: (_, [x], y, { a, b }) => {
    if (a.length * b.length === 1) for (let i = 0; i < y.length; i++) y[i] = round(a[0] * x[i]) + b[0];
    else for (let i = 0; i < y.length; i++) y[i] = round(a[i % a.length] * x[i]) + b[i % b.length];
  },
  conv,
  dense: conv,
  max_pool: (o, x, y, _, shapes) => pool(o, x, y, shapes, (a, b) => (b > a ? b : a), 1),
  average_pool: (o, x, y, _, shapes) => pool(o, x, y, shapes, (a, b) => a + b, 1 / o.settings.size ** 2),
  upsample: ({ settings: { factor }, shape: [rows, columns, c] }, [x], y) => {
    for (let r = 0, to = 0; r < rows; r++)
      for (let s = 0; s < columns; s++)
        for (let t = 0; t < c; t++) y[to++] = x[(Math.floor(r / factor) * (columns / factor) + Math.floor(s / factor)) * c + t];
  },
  relu: (_, [x], y) => { for (let i = 0; i < y.length; i++) y[i] = x[i] > 0 ? x[i] : 0; },
  sigmoid: each((x) => 0.5 + 0.5 * Math.tanh(0.5 * x)),
  tanh: each(Math.tanh),
  flatten: each((x) => x),
  softmax: ({ shape }, [x], y) => {
    const c = shape.at(-1);
    for (let i = 0; i < y.length; i += c) y.set(softmax(x.subarray(i, i + c)), i);
  },
  add: (_, [x, z], y) => { for (let i = 0; i < y.length; i++) y[i] = x[i] + z[i]; },
  concat: ({ shape }, [x, z], y, _, [one, other]) => {
    const [c, d] = [one.at(-1), other.at(-1)];
    for (let i = 0; i < y.length / shape.at(-1); i++) {
      y.set(x.subarray(i * c, (i + 1) * c), i * (c + d));
      y.set(z.subarray(i * d, (i + 1) * d), i * (c + d) + c);
    }
  },
  deslant,
  exemplars,
};

function softmax(z) {
  const largest = Math.max(...z);
  const e = Array.from(z, (v) => Math.exp(v - largest));
  const sum = e.reduce((a, b) => a + b, 0);
  return e.map((v) => v / sum);
}

/** A function from a picture's bytes to a network's outputs [10]; its arrays are made once. */
function network({ operations }, [height, width]) {
  const shapes = [[height, width, 1], ...operations.map((o) => o.shape)];
  const values = shapes.map((shape) => new Float32Array(size(shape)));
  const arrays = operations.map(({ kind, shape, weights: given }) =>
    Object.fromEntries(Object.entries(given).map(([name, w]) => {
      const numbers = weights(w);
      return [name, kind === "conv" || kind === "dense" ? padded(numbers, shape.at(-1)) : numbers];
    })));
  return (bytes) => {
    values[0].set(bytes);
    operations.forEach((o, i) =>
      KINDS[o.kind](o, o.inputs.map((v) => values[v]), values[i + 1], arrays[i], o.inputs.map((v) => shapes[v])));
    return values.at(-1);
  };
}

const networks = MODEL.networks.map((one) => ({ run: network(one, MODEL.size), temperature: one.temperature }));

/** What the model is, for people; height and width of its pictures; the probability below which it refuses. */
export const card = MODEL.card;
export const [height, width] = MODEL.size;
export const threshold = MODEL.threshold;
/** The signs that it tells apart: "0123456789", or as a recipe says. */
export const classes = MODEL.classes;

/** How probable each class is, for height * width bytes. */
export function probabilities(bytes) {
  if (bytes.length !== height * width) throw new RangeError(`an image is ${height} x ${width} bytes, not ${bytes.length}`);
  const sum = new Array(classes.length).fill(0);
  for (const { run, temperature } of networks)
    softmax(Array.from(run(bytes), (z) => z / temperature)).forEach((p, i) => { sum[i] += p / networks.length; });
  return sum;
}

/** The digit of an image, by its place in `classes`, null where the answer is refused, and how probable it is. */
export function read(bytes) {
  const p = probabilities(bytes);
  const confidence = Math.max(...p);
  return { digit: confidence >= threshold ? p.indexOf(confidence) : null, confidence, probabilities: p };
}
