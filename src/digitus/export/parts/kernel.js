// The sums that take most of the time, as functions of WebAssembly with vectors. Their bytes are put
// together here, so that there is no binary file. A convolution takes four pixels and eight outputs
// at a time, so that its sums stay in registers. Not inside: what is convolved
// (`network.js`), and how 3 x 3 kernels need fewer products (`tiles.js`).

const [GET, SET, CONST, ADD, MUL, LESS] = [0x20, 0x21, 0x41, 0x6a, 0x6c, 0x49];
const [LOOP, END, AGAIN] = [[0x03, 0x40], 0x0b, [0x0d, 0]];
const [I32, F32, V128] = [0x7f, 0x7d, 0x7b];

/** A whole number as WebAssembly writes it (signed LEB128): seven bits a byte, the last with its sign. */
function whole(n) {
  for (const bytes = []; ; n >>= 7) {
    const last = (n >> 7 === 0 && !(n & 64)) || (n >> 7 === -1 && n & 64);
    bytes.push((n & 127) | (last ? 0 : 128));
    if (last) return bytes;
  }
}

/** The same without a sign (unsigned LEB128): sizes, and places in memory. */
function count(n) {
  return n < 128 ? [n] : [(n & 127) | 128, ...count(n >> 7)];
}

const section = (id, bytes) => [id, ...count(bytes.length), ...bytes];
const vector = (...code) => [0xfd, ...code];

const load = (offset) => vector(0x00, 2, ...count(offset));
const store = (offset) => vector(0x0b, 2, ...count(offset));
const [EACH, PLUS, MINUS, TIMES, AT_LEAST] = [[0x13], [0xe4, 1], [0xe5, 1], [0xe6, 1], [0xe9, 1]].map((code) => vector(...code));

/** What writes the code of a function whose variables have these names; its vectors are numbered after them. */
function written(names) {
  const place = Object.fromEntries(names.map((name, i) => [name, i]));
  const get = (name) => [GET, place[name]];
  const set = (name, ...value) => [...value.flat(), SET, place[name]];
  const add = (name, ...by) => set(name, get(name), by.flat(), ADD);
  const each = (times, name, body) => [
    ...set(name, [CONST, 0]), ...LOOP, ...body, ...add(name, [CONST, 1]), ...get(name), ...get(times), LESS, ...AGAIN, END,
  ];
  const held = (i) => [GET, names.length + i];
  const hold = (i, ...code) => [...code, SET, names.length + i];
  return { get, set, add, each, held, hold };
}

/** A function: of its names the first `given` are arguments, then `real` (0 or 1) that is a float32; the
 * others and `vectors` are its own. */
function routine(names, given, real, vectors, body) {
  const code = [2, ...count(names.length - given - real), I32, vectors, V128, ...body, END];
  const type = [0x60, given + real, ...new Array(given).fill(I32), ...new Array(real).fill(F32), 0];
  return { type, code: [...count(code.length), ...code] };
}

/** The convolution; `fused` multiplies and adds in one step, where the machine can. */
function convolution(fused) {
  // x, W, b and y are places in memory. In bytes: step goes from window to window of x, down to the next
  // row of them, line to the next line of x; taps are what lies under one line of the kernel, next is a
  // pixel of y. What is below least becomes least: 0 is a Relu.
  const names = "x W b y rows columns blocks step down line lines taps next least block row column from to w i at0 at1 at2 at3 end".split(" ");
  const { get, set, add, each, held, hold } = written(names);
  const four = [0, 1, 2, 3], two = [0, 1];
  const sum = (pixel, half) => 2 * pixel + half;
  const product = (pixel, half) => {
    const [x, w, y] = [held(8 + pixel), held(12 + half), held(sum(pixel, half))];
    return hold(sum(pixel, half), ...(fused ? [...x, ...w, ...y, ...vector(0x85, 0x02)] : [...y, ...x, ...w, ...TIMES, ...PLUS]));
  };
  const taps = [
    ...set("end", get("at0"), get("taps"), ADD), ...LOOP,
    ...two.flatMap((half) => hold(12 + half, ...get("w"), ...load(16 * half))),
    ...four.flatMap((pixel) => hold(8 + pixel, ...get(`at${pixel}`), ...vector(0x09, 2, 0))),
    ...four.flatMap((pixel) => two.flatMap((half) => product(pixel, half))),
    ...add("w", [CONST, ...whole(32)]), ...four.flatMap((pixel) => add(`at${pixel}`, [CONST, 4])),
    ...get("at0"), ...get("end"), LESS, ...AGAIN, END,
  ];
  const pixels = [
    ...set("w", get("W"), get("block"), get("lines"), get("taps"), MUL, [CONST, 8], MUL, MUL, ADD),
    ...four.flatMap((pixel) => two.flatMap((half) => hold(sum(pixel, half), ...get("b"), ...load(16 * half)))),
    ...each("lines", "i", [
      ...four.flatMap((pixel) =>
        set(`at${pixel}`, get("from"), get("i"), get("line"), MUL, ADD, [CONST, pixel], get("step"), MUL, ADD)),
      ...taps,
    ]),
    ...four.flatMap((pixel) => two.flatMap((half) => [
      ...get("to"), ...get("next"), CONST, pixel, MUL, ADD, ...held(sum(pixel, half)),
      ...get("least"), ...EACH, ...AT_LEAST, ...store(16 * half),
    ])),
    ...add("from", get("step"), [CONST, 4], MUL), ...add("to", get("next"), [CONST, 4], MUL),
  ];
  const body = each("blocks", "block", [
    ...each("rows", "row", [
      ...set("from", get("x"), get("row"), get("down"), MUL, ADD),
      ...set("to", get("y"), get("row"), get("columns"), MUL, get("next"), MUL, ADD, get("block"), [CONST, ...whole(32)], MUL, ADD),
      ...set("column", [CONST, 0]), ...LOOP, ...pixels,
      ...add("column", [CONST, 4]), ...get("column"), ...get("columns"), LESS, ...AGAIN, END,
    ]),
    ...add("b", [CONST, ...whole(32)]),
  ]);
  return routine(names, 13, 1, 14, body);
}

/** row += share * bytes, n of them, eight at a time. */
function addition() {
  const names = "row bytes n share end".split(" ");
  const { get, set, add, held, hold } = written(names);
  const sum = (at, half, offset) => [
    ...get(at), ...get(at), ...load(offset), ...held(0), ...vector(half, 1), ...vector(0xfa, 1), ...held(1), ...TIMES, ...PLUS, ...store(offset),
  ];
  return routine(names, 3, 1, 2, [
    ...hold(1, ...get("share"), ...EACH), ...set("end", get("bytes"), get("n"), ADD), ...LOOP,
    ...hold(0, ...get("bytes"), ...vector(0x02, 3, 0)), ...sum("row", 0xa9, 0), ...sum("row", 0xaa, 16),
    ...add("row", [CONST, ...whole(32)]), ...add("bytes", [CONST, 8]), ...get("bytes"), ...get("end"), LESS, ...AGAIN, END,
  ]);
}

/** The bytes of a module of functions, by their names, and of the memory that they share. */
function wasm(functions) {
  const name = (text) => [text.length, ...new TextEncoder().encode(text)];
  const [names, all] = [Object.keys(functions), Object.values(functions)];
  const n = all.length;
  return Uint8Array.from([
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, [n, ...all.flatMap(({ type }) => type)]),
    ...section(3, [n, ...all.keys()]),
    ...section(5, [1, 0, ...count(64)]),
    ...section(7, [n + 1, ...name("memory"), 2, 0, ...names.flatMap((one, i) => [...name(one), 0, i])]),
    ...section(10, [n, ...all.flatMap(({ code }) => code)]),
  ]);
}

let engine;
/** The functions and their memory, which is given out piece by piece and taken back all at once; made when first wanted. */
const machine = () => (engine ??= kernel());

function kernel() {
  const bytes = [true, false]
    .map((fused) => wasm({ convolve: convolution(fused), intoTiles: intoTiles(), outOfTiles: outOfTiles(), addRow: addition() }))
    .find((one) => WebAssembly.validate(one));
  if (!bytes) throw new Error("this browser has no vectors in WebAssembly");
  const { memory, ...functions } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
  let used = 0;
  return {
    ...functions,
    /** Room for `numbers`, and for those `beyond` that four pixels at a time may touch. */
    room(numbers, beyond = 0) {
      const at = used;
      used += Math.ceil((numbers + beyond) / 4) * 16;
      const missing = used - memory.buffer.byteLength;
      if (missing > 0) memory.grow(Math.ceil(missing / 65536) + 256);
      return { at, numbers };
    },
    bytesAt: ({ at }, bytes) => new Uint8Array(memory.buffer, at, bytes),
    at: ({ at, numbers }) => new Float32Array(memory.buffer, at, numbers),
    mark: () => used,
    free: (mark) => { used = mark; },
  };
}
