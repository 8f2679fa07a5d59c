// Drawings and digits as short texts for the address, and back. Strokes are a byte for each coordinate, 255
// after each stroke, and before them 255 and the pen's mean width. A digit is its bytes, where zeros in a
// row are one 0 and their number.

const [STEP, PEN, END] = [2, 0.25, 255]; // pixels of the pad to one unit: of a coordinate, of a width
const SIZE = 28 * 28; // bytes of a digit
const MOST = 700; // points: longer drawings stay out of the address

const text = (numbers) => btoa(String.fromCharCode(...numbers)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

/** The bytes of a text; none where it is not one of ours. */
function bytesOf(said) {
  try {
    return [...atob(said.replaceAll("-", "+").replaceAll("_", "/"))].map((c) => c.charCodeAt(0));
  } catch {
    return [];
  }
}

/** Strokes as text; undefined where they are too long. */
export function packed(strokes) {
  const numbers = [];
  for (const stroke of strokes) {
    let last;
    stroke.forEach((p, i) => {
      const far = !last || Math.hypot(p.x - last.x, p.y - last.y) >= 7 || i === stroke.length - 1;
      if (!far) return;
      numbers.push(...[p.x, p.y].map((v) => Math.min(Math.max(Math.round(v / STEP), 0), END - 1)));
      last = p;
    });
    numbers.push(END);
  }
  if (!numbers.length || numbers.length > 2 * MOST) return undefined;
  const points = strokes.flat();
  const pen = points.reduce((sum, { w }) => sum + w, 0) / points.length;
  return text([END, Math.min(Math.round(pen / PEN), END - 1), ...numbers]);
}

/** The strokes of a text; none where it is not one of ours. */
export function unpacked(said) {
  const numbers = bytesOf(said);
  const told = numbers[0] === END; // older addresses do not tell the pen's width
  const w = (told && numbers[1] * PEN) || 10.5;
  const strokes = [[]];
  for (let i = told ? 2 : 0; i < numbers.length && i < 3 * MOST; ) {
    if (numbers[i] === END) {
      strokes.push([]);
      i += 1;
    } else {
      if (i + 1 < numbers.length) strokes.at(-1).push({ x: numbers[i] * STEP, y: numbers[i + 1] * STEP, w });
      i += 2;
    }
  }
  return strokes.filter((stroke) => stroke.length);
}

/** The bytes of a digit as text. */
export function packedDigit(pixels) {
  const out = [];
  for (let i = 0; i < pixels.length; ) {
    let zeros = 0;
    while (zeros < 255 && pixels[i + zeros] === 0) zeros++;
    out.push(...(zeros ? [0, zeros] : [pixels[i]]));
    i += zeros || 1;
  }
  return text(out);
}

/** The digit of a text; undefined where it is not one of ours. */
export function unpackedDigit(said) {
  const numbers = bytesOf(said);
  const out = [];
  for (let i = 0; i < numbers.length && out.length < SIZE; i++) {
    if (numbers[i]) out.push(numbers[i]);
    else out.push(...Array(numbers[++i] ?? 0).fill(0));
  }
  return out.length === SIZE ? Uint8Array.from(out) : undefined;
}
