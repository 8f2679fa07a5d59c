// Watch yourself be misread: a slider bends the digit that was drawn towards another one, and shows
// where the answer turns. The way between two shapes goes by their outlines: at each place the distance
// to the outline of one becomes that to the other's. Not inside: recognizing.

import { ask, bytes } from "./api.js";
import { chart } from "./charts.js";
import { copyButton, download } from "./copy.js";
import { complain, h } from "./dom.js";
import { asked } from "./model.js";
import { packedDigit } from "./ink.js";
import { chance, percent } from "./numbers.js";
import { paint } from "./pictures.js";
import { look } from "./shared.js";
import { words } from "./words.js";

const [SIDE, STEPS, HANDS] = [28, 32, 8];

/** For each pixel how far it is inside the ink (above zero) or outside it, in pixels. */
function distances(pixels) {
  const inside = Array.from(pixels, (v) => v >= 128);
  const out = new Float32Array(SIDE * SIDE);
  for (let i = 0; i < out.length; i++) {
    let nearest = SIDE * SIDE;
    for (let j = 0; j < out.length; j++) {
      if (inside[j] === inside[i]) continue;
      const [dy, dx] = [Math.floor(i / SIDE) - Math.floor(j / SIDE), (i % SIDE) - (j % SIDE)];
      nearest = Math.min(nearest, dy * dy + dx * dx);
    }
    // An outline runs through grey pixels: how dark they are says where.
    out[i] = (inside[i] ? 1 : -1) * (Math.sqrt(nearest) - 0.5) + (pixels[i] - 127.5) / 255 * (nearest <= 2 ? 0.5 : 0);
  }
  return out;
}

/** The picture at a share of the way from one to another. */
function between(a, b, share) {
  const out = new Uint8Array(SIDE * SIDE);
  for (let i = 0; i < out.length; i++) out[i] = 255 * Math.min(Math.max(0.5 + (1 - share) * a[i] + share * b[i], 0), 1);
  return out;
}

/** `moved()` is called when the slider has moved and so changed the `link` that was given with the digit:
 * { digit, bend }, the digit's bytes as text and how far it is bent. */
export function morph(moved) {
  let frames = []; // pictures from the drawn digit to the other
  let odds = []; // and the probabilities of each
  let ends = []; // the two digits
  let link = {};
  let turn = 0;
  const canvas = h("canvas", { class: "pixels", width: SIDE, height: SIDE, role: "img" });
  const slider = h("input", { type: "range", min: 0, max: STEPS, value: 0, "aria-label": words("morph.slider"), oninput: () => {
    const k = Number(slider.value);
    Object.assign(link, k ? { digit: packedDigit(frames[0]), bend: String(k) } : { digit: undefined, bend: undefined });
    show();
    moved();
  } });
  const said = h("p", { class: "verdict-line", role: "status" });
  const curve = chart(words("morph.chart"), { format: (v) => chance(v), low: () => 0, high: () => 1, tick: (v) => percent(v, 0), unit: "" });
  const title = h("h2", { id: "morph-title" });
  const inside = h("button", { type: "button", onclick: () => look(frames[slider.value], words("morph.from", { a: ends[0], b: ends[1] })) }, words("draw.inside"));
  const copy = copyButton(() => location.href, "morph.copy", "morph.no-copy");
  const send = h("button", { type: "button", onclick: () => save().catch((error) => error.name === "AbortError" || complain(error.message)) }, words("morph.send"));
  const element = h("section", { class: "morph", hidden: true, "aria-labelledby": "morph-title" }, title,
    h("div", { class: "bend" }, h("div", {}, canvas, slider), h("div", {}, said, curve.element, h("div", { class: "row" }, inside, copy, send))));

  function show() {
    const k = Number(slider.value);
    const p = odds[k];
    if (!p) return;
    const best = p.indexOf(Math.max(...p));
    canvas.repaint = () => paint(canvas, frames[k], SIDE, SIDE);
    canvas.repaint();
    canvas.setAttribute("aria-label", words("draw.pixels", { value: best }));
    slider.setAttribute("aria-valuetext", `${best}, ${chance(p[best])}`);
    const turned = turns();
    said.textContent = words(turned < 0 ? "morph.never" : k < turned ? "morph.before" : "morph.after",
      { a: ends[0], now: best, chance: chance(p[best]), share: percent(turned / STEPS, 0) });
    curve.set([
      ...ends.map((digit, n) => ({ kind: n ? "other held" : "held", label: String(digit), told: p[digit], points: odds.map((q, x) => [x / STEPS, q[digit]]) })),
      { kind: "train", label: words("morph.here"), points: [[k / STEPS, 0], [k / STEPS, p[best]]] },
    ], { to: 1 });
  }

  /** The number of the first picture that is read as another digit; -1 if none is. */
  const turns = () => odds.findIndex((q) => q.indexOf(Math.max(...q)) !== ends[0]);

  /** Sends the animation: a telephone asks to whom; elsewhere it is saved as a file. */
  async function save() {
    const { animation } = await import("./animation.js");
    const film = new File([animation(frames, odds, ends, turns())], `digitus-${ends[0]}-${ends[1]}.gif`, { type: "image/gif" });
    if (navigator.canShare?.({ files: [film] })) await navigator.share({ files: [film] });
    else download(film);
  }

  /** Bends the digit towards the second likeliest, as the hand writes it that makes it most alike. Ink that
   * is too long for an address has no link to copy. */
  async function set(pixels, place = {}) {
    const mine = ++turn;
    if (!pixels) {
      element.hidden = true;
      return;
    }
    try {
      const { answers: [{ probabilities }] } = await ask(asked("/api/recognize"), pixels.slice());
      const order = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
      const hands = await Promise.all([...Array(HANDS).keys()].map((seed) => ask(`/api/pen/${order[1]}?seed=${seed}`)));
      const others = hands.map((hand) => bytes(hand.image));
      const far = (other) => other.reduce((sum, v, i) => sum + (v - pixels[i]) ** 2, 0);
      const other = others.reduce((a, b) => (far(b) < far(a) ? b : a));
      const [from, to] = [distances(pixels), distances(other)];
      const pictures = Array.from({ length: STEPS + 1 }, (_, k) => (k ? (k < STEPS ? between(from, to, k / STEPS) : other) : pixels));
      const all = new Uint8Array(pictures.length * SIDE * SIDE);
      pictures.forEach((picture, k) => all.set(picture, k * SIDE * SIDE));
      const { answers } = await ask(asked("/api/recognize"), all);
      if (mine !== turn) return;
      [frames, odds, ends] = [pictures, answers.map((a) => a.probabilities), order.slice(0, 2)];
      link = place;
      slider.value = Number(link.bend) || 0;
      copy.hidden = !link.ink;
      title.textContent = words("morph.title", { a: ends[0], b: ends[1] });
      show();
      element.hidden = false; // pictures and curve have something to say only now
    } catch (error) {
      if (mine === turn && !error.wait) complain(error.message);
    }
  }

  return { element, set };
}
