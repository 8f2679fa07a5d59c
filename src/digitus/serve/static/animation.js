// The way from one digit to another as a small animation, a GIF, which can be sent to anybody. Inside:
// its pictures, and the file made of them. Not inside: what is on the way (morph.js).

import { chance } from "./numbers.js";
import { colours } from "./pictures.js";

const [WIDTH, HEIGHT, SIDE, EDGE] = [240, 312, 28, 8]; // pixels of a picture; cells of the digit in it; pixels of a cell
const BITS = 6; // of a colour: so many steps from paper to ink
const PACE = { first: 120, step: 9, turn: 60, last: 180 }; // hundredths of a second
const serif = (size) => `600 ${size}px ${getComputedStyle(document.documentElement).getPropertyValue("--serif")}`;

/** The file. `frames` are 28 x 28 bytes, `odds` their probabilities, `ends` the digits that are
 * compared; from the picture numbered `turned` on, -1 for none, the answer is another. */
export function animation(frames, odds, ends, turned) {
  const canvas = new OffscreenCanvas(WIDTH, HEIGHT);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const { ground, ink, red } = colours();
  const pictures = frames.map((pixels, k) => {
    draw(context, pixels, odds[k], ends, k / (frames.length - 1));
    const rgba = context.getImageData(0, 0, WIDTH, HEIGHT).data;
    const indices = Uint8Array.from({ length: WIDTH * HEIGHT }, (_, i) => rgba[4 * i] >> (8 - BITS));
    const pace = k === 0 ? "first" : k === frames.length - 1 ? "last" : k === turned ? "turn" : "step";
    return { indices, ramp: ramp(ground, turned >= 0 && k >= turned ? red : ink), delay: PACE[pace] };
  });
  return new Blob([gif(pictures)], { type: "image/gif" });
}

/** A picture in greys, 0 paper: the digit, what it is read as, and how likely both digits are. */
function draw(context, pixels, p, ends, share) {
  const grey = (v) => `rgb(${v} ${v} ${v})`;
  context.fillStyle = grey(0);
  context.fillRect(0, 0, WIDTH, HEIGHT);
  pixels.forEach((v, i) => {
    context.fillStyle = grey(v);
    context.fillRect(EDGE * (1 + (i % SIDE)), EDGE * (1 + Math.floor(i / SIDE)), EDGE, EDGE);
  });
  context.fillStyle = grey(60);
  context.fillRect(EDGE, 240, SIDE * EDGE, 2);
  context.fillStyle = grey(255);
  context.fillRect(EDGE + share * (SIDE * EDGE - 6), 237, 6, 8);
  const best = p.indexOf(Math.max(...p));
  context.font = serif(44);
  context.textBaseline = "middle";
  context.fillText(String(best), 14, 279);
  context.font = serif(15);
  ends.forEach((digit, n) => {
    const y = 266 + 24 * n;
    context.fillStyle = grey(255);
    context.fillText(`${digit}`, 58, y);
    context.fillText(chance(p[digit]), 178, y);
    context.fillStyle = grey(40);
    context.fillRect(74, y - 5, 96, 10);
    context.fillStyle = grey(255);
    context.fillRect(74, y - 5, 96 * p[digit], 10);
  });
}

/** The colours from paper to ink. */
const ramp = (paper, ink) => Array.from({ length: 1 << BITS }, (_, i) =>
  paper.map((c, k) => Math.round(c + ((ink[k] - c) * i) / ((1 << BITS) - 1)))).flat();

const short = (n) => [n & 255, n >> 8];

/** GIF89a that repeats for ever; each picture has a table of colours of its own. */
function gif(pictures) {
  const head = [..."GIF89a"].map((sign) => sign.charCodeAt(0));
  const again = [0x21, 0xff, 11, ...[..."NETSCAPE2.0"].map((sign) => sign.charCodeAt(0)), 3, 1, 0, 0, 0];
  const parts = [[...head, ...short(WIDTH), ...short(HEIGHT), 0, 0, 0, ...again]];
  for (const { indices, ramp: table, delay } of pictures) {
    parts.push([0x21, 0xf9, 4, 0, ...short(delay), 0, 0, 0x2c, 0, 0, 0, 0, ...short(WIDTH), ...short(HEIGHT),
      0x80 | (BITS - 1), ...table, BITS], blocks(packed(indices)));
  }
  parts.push([0x3b]);
  return Uint8Array.from(parts.flat());
}

/** Bytes in blocks of at most 255, each after its length, and an empty one. */
function blocks(all) {
  const out = [];
  for (let i = 0; i < all.length; i += 255) {
    const block = all.slice(i, i + 255);
    out.push(block.length, ...block);
  }
  return [...out, 0];
}

/** LZW: a code for each sequence that has come before; the table begins anew when it is full. */
function packed(indices) {
  const [CLEAR, END, MOST] = [1 << BITS, (1 << BITS) + 1, 4096];
  const out = [];
  let [held, room, size, next, known] = [0, 0, 0, 0, undefined];
  const begin = () => [size, next, known] = [BITS + 1, END + 1, new Map()];
  const put = (code) => {
    held |= code << room;
    for (room += size; room >= 8; room -= 8) {
      out.push(held & 255);
      held >>>= 8;
    }
    if (next === 1 << size && size < 12) size += 1; // a decoder's table is one entry behind
  };
  begin();
  put(CLEAR);
  let sequence = indices[0];
  for (const index of indices.subarray(1)) {
    const longer = (sequence << 8) | index;
    if (known.has(longer)) {
      sequence = known.get(longer);
      continue;
    }
    put(sequence);
    if (next < MOST) known.set(longer, next++);
    else {
      put(CLEAR);
      begin();
    }
    sequence = index;
  }
  put(sequence);
  put(END);
  if (room) out.push(held & 255);
  return out;
}
