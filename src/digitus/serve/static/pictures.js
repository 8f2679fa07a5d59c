// Arrays as pictures, in the web page's own colours.
//
// Ink on paper for bytes; for numbers with a sign, blue above zero and red below, paper at zero.

let palette;

/** The web page's colours as [r, g, b], read from its style sheet, so that a canvas follows the theme. */
export function colours() {
  if (palette) return palette;
  const probe = document.createElement("span");
  document.body.append(probe);
  const read = (name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color.match(/[\d.]+/g).slice(0, 3).map(Number);
  };
  palette = Object.fromEntries(
    ["ground", "ink", "plus", "minus", "line", "soft", "accent", "red"].map((name) => [name, read(name)]),
  );
  probe.remove();
  return palette;
}

/** After a change of theme: everything that was drawn is drawn again. */
export function repaint() {
  palette = undefined;
  document.dispatchEvent(new CustomEvent("repaint"));
}

export const rgb = ([r, g, b], alpha = 1) => `rgb(${r} ${g} ${b} / ${alpha})`;

const mix = (a, b, t, out, at) => {
  for (let c = 0; c < 3; c++) out[at + c] = a[c] + (b[c] - a[c]) * t;
  out[at + 3] = 255;
};

/** Pixels of bytes, 0 paper and 255 ink. */
function inked(values) {
  const { ground, ink } = colours();
  const out = new Uint8ClampedArray(values.length * 4);
  for (let i = 0; i < values.length; i++) mix(ground, ink, values[i] / 255, out, i * 4);
  return out;
}

/** Pixels of numbers: `largest` and above are full blue, -`largest` and below full red. */
function signed(values, largest) {
  const { ground, plus, minus } = colours();
  const out = new Uint8ClampedArray(values.length * 4);
  for (let i = 0; i < values.length; i++) {
    const t = Math.min(Math.abs(values[i]) / largest, 1) ** 0.7; // small values stay visible
    mix(ground, values[i] < 0 ? minus : plus, t, out, i * 4);
  }
  return out;
}

/** Pixels of bytes as they are, grey; for pictures that came in or were made on the way. */
function grey(values) {
  const out = new Uint8ClampedArray(values.length * 4);
  for (let i = 0; i < values.length; i++) {
    out[i * 4] = out[i * 4 + 1] = out[i * 4 + 2] = values[i];
    out[i * 4 + 3] = 255;
  }
  return out;
}

const painters = { ink: inked, signed, grey };

/** The largest absolute value, at least `least`. */
export function peak(values, least = 1e-9) {
  let m = least;
  for (const v of values) if (v > m) m = v;
  else if (-v > m) m = -v;
  return m;
}

/** Puts an array on a canvas, one canvas pixel for each number; CSS makes it larger. */
export function paint(canvas, values, width, height, kind = "ink", largest = 1) {
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d").putImageData(new ImageData(painters[kind](values, largest), width, height), 0, 0);
  return canvas;
}

/** A canvas element with a picture that follows the theme. */
export function picture(values, width, height, { kind = "ink", largest, label, className = "" } = {}) {
  const canvas = document.createElement("canvas");
  canvas.className = `pixels ${className}`;
  if (label) {
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", label);
  } else canvas.setAttribute("aria-hidden", "true");
  const top = largest ?? (kind === "signed" ? peak(values) : 1);
  canvas.repaint = () => paint(canvas, values, width, height, kind, top);
  canvas.repaint();
  return canvas;
}

document.addEventListener("repaint", () => {
  for (const canvas of document.querySelectorAll("canvas.pixels")) canvas.repaint?.();
});
