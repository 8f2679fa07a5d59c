// Which pixels speak for and against each digit: the gradient of each output by each pixel, from
// digitus's own backward pass, times the ink that is there.

import { keep } from "./address.js";
import { h } from "./dom.js";
import { chance, number } from "./numbers.js";
import { colours, peak, rgb } from "./pictures.js";
import { pieces, words } from "./words.js";

const SIDE = 28;

export function evidence() {
  let net;
  let pixels;
  let rival; // the digit that the answer is held against; undefined: the next probable
  let there = true; // ink that is there, or ink that could be
  const said = h("p", { class: "note unsaid" }); // its room is kept until there is something to say
  const title = h("h2", { id: "evidence-title" }, words("evidence.start"));
  const large = h("canvas", { class: "pixels large", role: "img" });
  const tiles = [...Array(10).keys()].map((digit) => {
    const canvas = h("canvas", { class: "pixels" });
    const score = h("small", { class: "num" });
    const button = h("button", { type: "button", class: "proof", onclick: () => against(digit) }, canvas, h("b", {}, digit), score);
    return { canvas, score, button };
  });
  const modes = [true, false].map((mode) => h("button", { type: "button", "aria-pressed": String(mode === there), onclick: () => {
    there = mode;
    draw();
  } }, words(mode ? "evidence.there" : "evidence.could")));
  const element = h("section", { class: "evidence", "aria-labelledby": "evidence-title" },
    large, h("div", { class: "case" }, h("div", { class: "row spread" }, title, h("div", { class: "row switch", role: "group", "aria-label": words("evidence.which") }, modes)), said,
      h("div", { class: "proofs", role: "group", "aria-label": words("evidence.against") }, tiles.map((t) => t.button))));

  function against(digit) {
    rival = digit;
    keep({ against: digit });
    draw();
  }

  /** The map of one digit, or of the difference between two. */
  const map = (digit, other) => {
    const from = there ? net.evidence : net.gradient;
    return Float32Array.from({ length: 784 }, (_, i) => {
      const v = from[digit * 784 + i] - (other === undefined ? 0 : from[other * 784 + i]);
      return there ? v : v * (1 - pixels[i] / 255);
    });
  };

  function put(canvas, values, top) {
    const { ground, ink, plus, minus } = colours();
    const out = new ImageData(SIDE, SIDE);
    for (let i = 0; i < 784; i++) {
      const faint = (pixels[i] / 255) * 0.22;
      const t = Math.min(Math.abs(values[i]) / top, 1) ** 0.8;
      const colour = values[i] < 0 ? minus : plus;
      for (let c = 0; c < 3; c++) {
        const below = ground[c] + (ink[c] - ground[c]) * faint;
        out.data[4 * i + c] = below + (colour[c] - below) * t;
      }
      out.data[4 * i + 3] = 255;
    }
    canvas.width = canvas.height = SIDE;
    canvas.getContext("2d").putImageData(out, 0, 0);
  }

  function tell(answer, other) {
    said.replaceChildren(
      ...pieces(there ? "evidence.ink" : "evidence.more", { answer, other, blue: h("span", { class: "for" }, words("evidence.blue")), red: h("span", { class: "against" }, words("evidence.red")) }),
      " ", words("evidence.how"));
  }
  tell(0, 0);

  function draw() {
    if (!net) return;
    const p = net.probabilities;
    const order = [...p.keys()].sort((a, b) => net.outputs[b] - net.outputs[a]);
    const answer = order[0];
    const other = rival === undefined || rival === answer ? order[1] : rival;
    const all = map(answer, other);
    put(large, all, peak(all) * 0.75);
    const alone = tiles.map((_, digit) => map(digit));
    const top = Math.max(...alone.map((values) => peak(values))) * 0.75;
    tiles.forEach(({ canvas, score, button }, digit) => {
      put(canvas, alone[digit], top);
      score.textContent = number(net.outputs[digit], 2);
      button.setAttribute("aria-pressed", String(digit === other));
      button.classList.toggle("first", digit === answer);
      button.setAttribute("aria-label", words("evidence.case", { answer, digit, output: number(net.outputs[digit], 2), chance: chance(p[digit]) }));
    });
    modes.forEach((m, k) => m.setAttribute("aria-pressed", String((k === 0) === there)));
    title.textContent = words("evidence.title", { answer, other });
    tell(answer, other);
    said.classList.remove("unsaid");
    large.setAttribute("aria-label", title.textContent);
  }
  large.repaint = draw;

  return {
    element,
    against,
    get rival() {
      return rival;
    },
    set(answer, image) {
      net = answer;
      pixels = image;
      draw();
    },
  };
}
