// Strokes as a short text for the address, and back: a byte for each coordinate, 255 between strokes.

const [STEP, END] = [2, 255]; // pixels of the sheet to one number
const MOST = 700; // points: longer drawings stay out of the address

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
  return btoa(String.fromCharCode(...numbers)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** The strokes of a text, with a pen so wide; none for a text that is none of ours. */
export function unpacked(text, w) {
  let numbers;
  try {
    numbers = [...atob(text.replaceAll("-", "+").replaceAll("_", "/"))].map((c) => c.charCodeAt(0));
  } catch {
    return [];
  }
  const strokes = [[]];
  for (let i = 0; i < numbers.length && i < 3 * MOST; ) {
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
