// One step of learning, equation by equation: forward, loss, backward, update, with real numbers.

import { ask, bytes } from "./api.js";
import { css, h, say, scrolls } from "./dom.js";
import { equation } from "./equations.js";
import { lights } from "./light.js";
import { fixed, layerName, number, shape } from "./numbers.js";
import { colours, peak, picture, rgb } from "./pictures.js";
import { pieces, words } from "./words.js";

const PHASES = ["forward", "loss", "backward", "update"];

/** What parameters are called in equations. */
const greek = (text) => text.replaceAll("gamma", "γ").replaceAll("beta", "β");
/** What an equation of a step is called. */
const called = ({ phase, name }) => words("step.part", { part: words(`step.${phase}`), layer: layerName(greek(name)) });

/** `post(id, what)` asks the server. */
export function stepper(post) {
  let id;
  let step;
  let at = 0;
  const ribbon = h("ol", { class: "ribbon", "aria-label": words("step.ribbon") });
  const title = h("h3", { tabindex: -1 });
  const rule = scrolls(h("div", { class: "rule" }), words("step.rule"));
  const arrays = h("div", { class: "arrays" });
  const worked = h("p", { class: "worked num" });
  const example = h("figure", { class: "example" });
  const back = h("button", { type: "button", onclick: () => go(at - 1) }, words("step.back"));
  const next = h("button", { type: "button", class: "primary", onclick: () => (at + 1 < step.equations.length ? go(at + 1) : take()) });
  const place = h("span", { class: "note" });
  const close = h("button", { type: "button", class: "icon", "aria-label": words("step.close"), onclick: () => (element.hidden = true) }, "×");
  const element = h("section", { class: "stepper card", hidden: true, "aria-label": words("step.title"), onkeydown: (event) => {
    const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (way && step?.equations[at + way]) go(at + way);
  } }, close, ribbon, h("div", { class: "row" }, back, next, place), h("div", { class: "plate" }, example, h("div", {}, title, rule)), arrays, worked);

  lights(element);

  async function open(run) {
    id = run;
    step = await post(id, "equation");
    at = 0;
    element.hidden = false;
    example.replaceChildren(picture(bytes(step.image), 28, 28, { label: words("digit.a", { digit: step.label }) }), h("figcaption", {}, words("step.example", { n: step.batch_size, digit: step.label })));
    const phases = PHASES.filter((p) => step.equations.some((e) => e.phase === p));
    ribbon.replaceChildren(...phases.map((phase) => h("li", {}, h("span", {}, words(`step.${phase}`)), h("span", { class: "dots" },
      step.equations.map((e, i) => e.phase === phase && h("button", { type: "button", onclick: () => go(i), "aria-label": called(e) }))))));
    go(0);
  }

  function go(i) {
    at = Math.min(Math.max(i, 0), step.equations.length - 1);
    const e = step.equations[at];
    const order = [...ribbon.querySelectorAll("button")];
    order.forEach((button, k) => {
      button.classList.toggle("past", k < at);
      if (k === at) button.setAttribute("aria-current", "step");
      else button.removeAttribute("aria-current");
    });
    title.textContent = called(e);
    const layer = { kind: e.kind, settings: e.settings ?? {}, flat: e.arrays[0].shape.length < 4 };
    rule.replaceChildren(equation(layer, e.phase === "backward"));
    arrays.replaceChildren(...e.arrays.map((array) => excerpt(array, e.phase)));
    worked.textContent = greek(e.worked).replace(/⋯×(\d+)/, (_, n) => words("step.others", { n: Number(n) }));
    worked.hidden = !e.worked;
    back.disabled = at === 0;
    next.textContent = words(at + 1 < step.equations.length ? "step.next" : "step.take");
    place.textContent = words("step.place", { at: at + 1, all: step.equations.length, step: step.step + 1, loss: number(step.loss) });
    say(`${title.textContent}. ${worked.textContent}`);
  }

  async function take() {
    next.disabled = true;
    try {
      await post(id, "step");
      await open(id);
    } finally {
      next.disabled = false;
    }
  }

  return { element, open, get run() {
    return element.hidden ? undefined : id;
  }, close: () => (element.hidden = true) };
}

/** A corner of an array, with its shape; small numbers as multiples of a power of ten. */
function excerpt(array, phase) {
  const name = greek(array.name).replace("step", "Δ");
  const letter = phase === "update" ? name.replace(/^d.*/, "g") : name; // as it is called in the equation
  const rows = Array.isArray(array.values[0]) ? array.values : [array.values];
  const won = place(array, rows[0].length);
  const top = peak(rows.flat());
  const power = top < 0.1 ? Math.floor(Math.log10(top)) : 0;
  const places = power ? 2 : Math.max(0, 2 - Math.max(0, Math.floor(Math.log10(top))));
  const { plus, minus } = colours();
  const cells = rows.flat().map((v, k) => css(h("span", { class: k === won ? "cell num won" : "cell num" }, v ? fixed(v / 10 ** power, places) : "0"),
    { background: rgb(v < 0 ? minus : plus, 0.5 * Math.min(Math.abs(v) / top, 1) ** 0.7) }));
  return scrolls(h("figure", { class: "grid array", "data-part": letter },
    h("figcaption", {}, h("b", {}, name), ` [${shape(array.shape)}]`,
      array.corner?.some((n) => n) && h("small", {}, words("step.corner", { corner: array.corner.join(", ") })), power ? h("small", {}, pieces("step.power", { power: h("sup", {}, `−${-power}`) })) : ""),
    css(h("div", { class: "cells" }, cells), { "--columns": rows[0].length })), name);
}

/** Where in the excerpt the number stands that is worked out below it. */
function place({ place: at, corner, shape: axes }, columns) {
  if (!at) return undefined;
  const [r, c] = axes.length === 4 ? [1, 2] : [axes.length - 2, axes.length - 1]; // of images: rows and columns
  return (r < 0 ? 0 : at[r] - corner[r]) * columns + at[c] - corner[c];
}
