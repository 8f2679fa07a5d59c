// The one sum of products that takes the time of a page, as a function of WebAssembly with vectors:
// a convolution, four pixels and eight outputs of it at a time, so that its sums stay in registers.
// Its bytes are put together here, so that there is no file which nobody can read. Not inside: what
// is convolved (`photo.js`).

const [GET, SET, CONST, ADD, MUL, LESS] = [0x20, 0x21, 0x41, 0x6a, 0x6c, 0x49];
const [LOOP, END, AGAIN] = [[0x03, 0x40], 0x0b, [0x0d, 0]];
const [I32, F32, V128] = [0x7f, 0x7d, 0x7b];

/** A whole number as WebAssembly writes it: seven bits a byte, the last with its sign. */
function whole(n) {
  for (const bytes = []; ; n >>= 7) {
    const last = (n >> 7 === 0 && !(n & 64)) || (n >> 7 === -1 && n & 64);
    bytes.push((n & 127) | (last ? 0 : 128));
    if (last) return bytes;
  }
}

/** The same without a sign: sizes, and places in memory. */
function count(n) {
  return n < 128 ? [n] : [(n & 127) | 128, ...count(n >> 7)];
}

const section = (id, bytes) => [id, ...count(bytes.length), ...bytes];
const vector = (...code) => [0xfd, ...code];

/** The module's bytes; `fused` multiplies and adds in one step, where the machine can. */
function code(fused) {
  // x, W, b and y are places; a step is from pixel to pixel of x, a stride down and one line of it;
  // taps are the bytes of x under one line of the kernel, next those of a pixel of y. What is below
  // least becomes least: 0 is a Relu.
  const names = "x W b y rows columns blocks step down line lines taps next least block row column from to w i at0 at1 at2 at3 end".split(" ");
  const place = Object.fromEntries(names.map((name, i) => [name, i]));
  const get = (name) => [GET, place[name]];
  const set = (name, ...value) => [...value.flat(), SET, place[name]];
  const add = (name, ...by) => set(name, get(name), by.flat(), ADD);
  const sum = (pixel, half) => names.length + 2 * pixel + half;
  const four = [0, 1, 2, 3], two = [0, 1];
  const each = (times, name, body) => [
    ...set(name, [CONST, 0]), ...LOOP, ...body, ...add(name, [CONST, 1]), ...get(name), ...get(times), LESS, ...AGAIN, END,
  ];
  const load = (offset) => vector(0x00, 2, ...count(offset));
  const product = (pixel, half) => {
    const [x, w, y] = [[GET, names.length + 8 + pixel], [GET, names.length + 12 + half], [GET, sum(pixel, half)]];
    return fused
      ? [...x, ...w, ...y, ...vector(0x85, 0x02), SET, sum(pixel, half)]
      : [...y, ...x, ...w, ...vector(0xe6, 0x01), ...vector(0xe4, 0x01), SET, sum(pixel, half)];
  };
  const taps = [
    ...set("end", get("at0"), get("taps"), ADD), ...LOOP,
    ...two.flatMap((half) => [...get("w"), ...load(16 * half), SET, names.length + 12 + half]),
    ...four.flatMap((pixel) => [...get(`at${pixel}`), ...vector(0x09, 2, 0), SET, names.length + 8 + pixel]),
    ...four.flatMap((pixel) => two.flatMap((half) => product(pixel, half))),
    ...add("w", [CONST, ...whole(32)]), ...four.flatMap((pixel) => add(`at${pixel}`, [CONST, 4])),
    ...get("at0"), ...get("end"), LESS, ...AGAIN, END,
  ];
  const pixels = [
    ...set("w", get("W"), get("block"), get("lines"), get("taps"), MUL, [CONST, 8], MUL, MUL, ADD),
    ...four.flatMap((pixel) => two.flatMap((half) => [...get("b"), ...load(16 * half), SET, sum(pixel, half)])),
    ...each("lines", "i", [
      ...four.flatMap((pixel) =>
        set(`at${pixel}`, get("from"), get("i"), get("line"), MUL, ADD, [CONST, pixel], get("step"), MUL, ADD)),
      ...taps,
    ]),
    ...four.flatMap((pixel) => two.flatMap((half) => [
      ...get("to"), ...get("next"), CONST, pixel, MUL, ADD, GET, sum(pixel, half),
      ...get("least"), ...vector(0x13), ...vector(0xe9, 0x01), ...vector(0x0b, 2, ...count(16 * half)),
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
  const given = place.least + 1;
  const locals = [2, ...count(names.length - given), I32, 14, V128];
  const all = [...locals, ...body, END];
  const name = (text) => [text.length, ...new TextEncoder().encode(text)];
  return Uint8Array.from([
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, [1, 0x60, given, ...new Array(given - 1).fill(I32), F32, 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, ...count(64)]),
    ...section(7, [2, ...name("memory"), 2, 0, ...name("convolve"), 0, 0]),
    ...section(10, [1, ...count(all.length), ...all]),
  ]);
}

/** The function and its memory, which is given out in pieces and taken back at once. */
function kernel() {
  const bytes = [true, false].map(code).find((one) => WebAssembly.validate(one));
  if (!bytes) throw new Error("this browser has no vectors in WebAssembly");
  const { memory, convolve } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
  let used = 0;
  return {
    convolve,
    /** Room for so many numbers, and for those beyond that the four pixels at a time may touch. */
    room(numbers, beyond = 0) {
      const at = used;
      used += Math.ceil((numbers + beyond) / 4) * 16;
      const missing = used - memory.buffer.byteLength;
      if (missing > 0) memory.grow(Math.ceil(missing / 65536) + 256);
      return { at, numbers };
    },
    at: ({ at, numbers }) => new Float32Array(memory.buffer, at, numbers),
    mark: () => used,
    free: (mark) => { used = mark; },
  };
}
