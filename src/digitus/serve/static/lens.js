// The lens: one number of one layer, computed before the reader's eyes from the numbers below it.
// Weights in it can be dragged up and down, or changed with the arrow keys.

import { css, h } from "./dom.js";
import { colours, peak, picture, rgb } from "./pictures.js";
import { window_ } from "./net.js";
import { fixed, term } from "./numbers.js";
import { addsUp, places } from "./sums.js";
import { words } from "./words.js";

const SHOWN = 2; // input channels of a convolution that are written out; the rest is summed up
const TERMS = 8; // terms of a dense unit that are written out

/** How position `at` of the layer's output is worked out: the element, and which terms of a long sum it
 * shows. Given `shown`, it shows the same terms again: a weight that is being dragged must not go.
 * `edit(name, position, value)` is called while a weight is changed. */
export async function working(layer, at, edits, edit, shown) {
  const make = { Conv: conv, Dense: dense, BatchNorm: batchNorm, MaxPool: pool, AveragePool: pool }[layer.kind] ?? simple;
  const out = await make(layer, at, edits, edit, shown);
  return { element: h("div", { class: "working" }, out), shown: out.shown };
}

const num = (text) => h("span", { class: "num" }, text);
const addend = (text) => h("span", { class: "num addend" }, text);
const op = (sign) => h("span", { class: "op", "aria-hidden": "true" }, sign);
const result = (text) => h("b", { class: "num result", "data-part": "y" }, text);
const alone = (x) => result(fixed(x, places([], x)));

/** A number in a cell: two places are enough beside its colour. */
const short = (x) => (x && Math.abs(x) < 9.995 ? fixed(x, 2) : term(x, 2));

/** A small table of numbers with their colours below; cells may be changed. */
function grid(values, columns, { top, label, change, mark, part = "x", missing = () => false }) {
  const { plus, minus } = colours();
  const cells = [...values].map((value, k) => {
    const cell = h("span", {
      class: `cell num${mark === k ? " won" : ""}${missing(k) ? " none" : ""}`, tabindex: change ? 0 : undefined,
      role: change ? "slider" : undefined, "aria-label": change ? words("lens.cell", { label, row: Math.floor(k / columns) + 1, column: (k % columns) + 1 }) : undefined,
      "aria-valuenow": change ? value.toFixed(3) : undefined,
    }, missing(k) ? "" : short(value));
    const strength = Math.min(Math.abs(value) / (top || 1), 1) ** 0.7;
    css(cell, { background: rgb(value < 0 ? minus : plus, 0.55 * strength) });
    if (change) turnable(cell, value, top || 1, (v) => change(k, v));
    return cell;
  });
  return h("figure", { class: "grid", "data-part": part }, css(h("div", { class: "cells" }, cells), { "--columns": columns }), h("figcaption", {}, label));
}

/** A number that follows a vertical drag, or the arrow keys. */
function turnable(cell, value, top, change) {
  cell.classList.add("turn");
  cell.title = words("lens.drag");
  let from;
  cell.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    from = { y: event.clientY, value };
    cell.setPointerCapture(event.pointerId);
  });
  cell.addEventListener("pointermove", (event) => {
    if (!from) return;
    value = from.value + ((from.y - event.clientY) / 80) * top;
    cell.textContent = short(value);
    change(value);
  });
  for (const kind of ["pointerup", "pointercancel"]) cell.addEventListener(kind, () => (from = undefined));
  cell.addEventListener("keydown", (event) => {
    const way = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!way) return;
    event.preventDefault();
    value += (way * top) / 10;
    cell.textContent = short(value);
    cell.setAttribute("aria-valuenow", value.toFixed(3));
    change(value);
  });
}

async function conv(layer, at, edits, edit, held) {
  const [, columns, channels] = layer.shape_out;
  const [rows_in, columns_in, channels_in] = layer.shape_in;
  const o = at % channels;
  const pixel = Math.floor(at / channels);
  const [top, left, side] = window_(layer, Math.floor(pixel / columns), pixel % columns);
  const W = await edits.of(`${layer.index}.W`);
  const b = (await edits.of(`${layer.index}.b`)).data[o];
  const parts = [];
  for (let c = 0; c < channels_in; c++) {
    const [x, w, outside, where] = [[], [], [], []];
    for (let i = 0; i < side; i++) for (let j = 0; j < side; j++) {
      const [r, q] = [top + i, left + j];
      const out = r < 0 || q < 0 || r >= rows_in || q >= columns_in;
      outside.push(out);
      x.push(out ? 0 : layer.x[(r * columns_in + q) * channels_in + c]);
      where.push(((i * side + j) * channels_in + c) * channels + o);
      w.push(W.data[where.at(-1)]);
    }
    parts.push({ c, x, w, outside, where, sum: x.reduce((s, v, n) => s + v * w[n], 0) });
  }
  parts.sort((p, q) => Math.abs(q.sum) - Math.abs(p.sum) || p.c - q.c);
  const chosen = held ? held.map((c) => parts.find((p) => p.c === c)) : parts.slice(0, SHOWN);
  const others = parts.filter((p) => !chosen.includes(p));
  const rest = others.reduce((s, p) => s + p.sum, 0);
  const [xTop, wTop] = [peak(layer.x), peak(W.data)];
  const sums = [...chosen.map((p) => p.sum), ...(others.length ? [rest] : []), b];
  const line = addsUp(sums, sums.reduce((s, v) => s + v, 0));
  const blocks = chosen.map((p, k) => h("div", { class: "term" },
    grid(p.x, side, { top: xTop, label: channels_in > 1 ? words("lens.map", { map: p.c }) : "x", missing: (n) => p.outside[n] }), op("·"),
    grid(p.w, side, { top: wTop, label: "W", part: "W", change: (n, v) => edit(`${layer.index}.W`, p.where[n], v) }), op("="), addend(line.terms[k])));
  const out = [
    ...blocks.flatMap((block, n) => (n ? [op("+"), block] : [block])),
    others.length > 0 && [op("+"), h("span", { class: "rest" }, addend(line.terms.at(-2)), h("small", {}, words("lens.maps", { n: others.length })))],
    op("+"), h("span", { class: "rest", "data-part": "b" }, addend(line.terms.at(-1)), h("small", {}, "b")),
    op("="), result(line.total),
  ];
  out.shown = chosen.map((p) => p.c);
  return out;
}

async function dense(layer, at, edits, edit, held) {
  const [units] = layer.shape_out;
  const W = await edits.of(`${layer.index}.W`);
  const b = (await edits.of(`${layer.index}.b`)).data[at];
  const n = layer.x.length;
  const terms = Array.from({ length: n }, (_, i) => ({ i, x: layer.x[i], w: W.data[i * units + at] }));
  for (const t of terms) t.sum = t.x * t.w;
  const image = layer.image ?? (n === 784 ? [28, 28, 1] : undefined);
  const best = held ? held.map((i) => terms[i]) : [...terms].sort((p, q) => Math.abs(q.sum) - Math.abs(p.sum)).slice(0, TERMS).filter((t) => t.sum);
  const top = peak(W.data);
  const total = terms.reduce((s, t) => s + t.sum, 0);
  const rest = total - best.reduce((s, t) => s + t.sum, 0);
  const others = n - best.length;
  const line = addsUp([...best.map((t) => t.sum), ...(others ? [rest] : []), b], total + b);
  const share = (k, v) => h("td", { class: `num addend ${v < 0 ? "against" : "for"}` }, line.terms[k]);
  const list = h("table", { class: "terms" },
    h("thead", {}, h("tr", {}, ["i", "xᵢ", "Wᵢ", "xᵢ Wᵢ"].map((t) => h("th", { scope: "col" }, t)))),
    h("tbody", {}, best.map((t, k) => {
      const cell = h("td", { class: "num", "data-part": "W", tabindex: 0, role: "slider", "aria-label": words("lens.weight", { i: t.i }), "aria-valuenow": t.w.toFixed(3) }, term(t.w, 2));
      turnable(cell, t.w, top, (v) => edit(`${layer.index}.W`, t.i * units + at, v));
      return h("tr", {}, h("th", { scope: "row" }, t.i), h("td", { class: "num", "data-part": "x" }, term(t.x, 2)), cell, share(k, t.sum));
    }), others > 0 && h("tr", {}, h("th", { scope: "row", colspan: 3 }, words(best.length ? "lens.terms" : "lens.all", { n: others })), share(best.length, rest)),
    h("tr", { "data-part": "b" }, h("th", { scope: "row", colspan: 3 }, "b"), share(line.terms.length - 1, b))),
    h("tfoot", {}, h("tr", {}, h("th", { scope: "row", colspan: 3 }, "y = Σ xᵢ Wᵢ + b"), h("td", {}, result(line.total)))));
  const out = [image && maps(terms, image), list];
  out.shown = best.map((t) => t.i);
  return out;
}

/** x, W and their product as pictures, for a dense unit whose inputs were an image. */
function maps(terms, [rows, columns, channels]) {
  const add = (key) => {
    const out = new Float32Array(rows * columns);
    for (const t of terms) out[Math.floor(t.i / channels)] += t[key];
    return out;
  };
  const one = (key, words) => h("figure", { class: "map", "data-part": { x: "x", w: "W" }[key] }, picture(add(key), columns, rows, { kind: "signed" }), h("figcaption", {}, words));
  return channels === 1
    ? h("div", { class: "term" }, one("x", "x"), op("⊙"), one("w", "W"), op("="), one("sum", words("lens.place")))
    : h("div", { class: "term" }, one("sum", words("lens.summed", { n: channels })));
}

async function batchNorm(layer, at, edits) {
  const channels = layer.shape_out.at(-1);
  const c = at % channels;
  const of = async (name) => (await edits.of(`${layer.index}.${name}`)).data[c];
  const [gamma, beta, mean, variance] = await Promise.all(["gamma", "beta", "mean", "var"].map(of));
  const x = layer.x[at];
  const y = layer.y[at];
  const line = addsUp([y - beta, beta], y);
  const part = (letter, text) => h("span", { "data-part": letter }, text);
  return [h("p", { class: "sum num" }, part("γ", term(gamma)), " · (", part("x", term(x)), ` − ${mean < 0 ? `(${term(mean)})` : term(mean)}) / √(${term(variance)} + ε) + `, part("β", "β"), " ≈ "),
    addend(line.terms[0]), op("+"), h("span", { "data-part": "β" }, addend(line.terms[1])), op("="), result(line.total)];
}

function pool(layer, at) {
  const [, columns, channels] = layer.shape_out;
  const c = at % channels;
  const pixel = Math.floor(at / channels);
  const [top, left, size] = window_(layer, Math.floor(pixel / columns), pixel % columns);
  const x = [];
  for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) x.push(layer.x[((top + i) * layer.shape_in[1] + left + j) * channels + c]);
  const won = layer.kind === "MaxPool" ? x.indexOf(Math.max(...x)) : undefined;
  return [grid(x, size, { top: peak(layer.x), label: words("lens.map", { map: c }), mark: won }), op("→"), alone(layer.y[at])];
}

function simple(layer, at) {
  const [x, y] = [layer.x[at], layer.y[at]];
  if (["Upsample", "Concat", "Exemplars"].includes(layer.kind)) return [h("p", { class: "sum" }, alone(y))]; // y comes from other places of x
  const said = {
    Relu: ["max(", h("span", { "data-part": "x" }, term(x)), ", 0) = "],
    Sigmoid: `1 / (1 + e^${term(-x)}) = `,
    Tanh: `tanh ${term(x)} = `,
    Scale: `${term(x)} / ${layer.settings.divisor} = `,
    Deslant: words("lens.deslant"),
  }[layer.kind] ?? `${term(x)} → `;
  return [h("p", { class: "sum" }, h("span", { class: "num" }, said), alone(y))];
}
