// The lens: one number of one layer, computed before the reader's eyes from the numbers below it.
// Weights in it can be dragged up and down, or changed with the arrow keys.

import { css, h, number } from "./dom.js";
import { colours, peak, picture, rgb } from "./pictures.js";
import { window_ } from "./net.js";

const SHOWN = 2; // input channels of a convolution that are written out; the rest is summed up
const TERMS = 8; // terms of a dense unit that are written out

/** The working of position `at` of the layer's output, as an element. `edit(name, position, value)`
 * is called while a weight is changed. */
export async function working(layer, at, edits, edit) {
  const make = { Conv: conv, Dense: dense, BatchNorm: batchNorm, MaxPool: pool, AveragePool: pool }[layer.kind] ?? simple;
  return h("div", { class: "working" }, await make(layer, at, edits, edit));
}

const num = (x, digits) => h("span", { class: "num" }, number(x, digits));
const op = (sign) => h("span", { class: "op", "aria-hidden": "true" }, sign);
const signed = (x) => (x < 0 ? "− " : "+ ") + number(Math.abs(x));
const result = (x) => h("b", { class: "num result" }, number(x, 4));

/** A number in a cell: two places are enough beside its colour. */
const short = (x) => (x && Math.abs(x) < 9.995 ? x.toFixed(2).replace("-", "−") : number(x, 2));

/** A small table of numbers with their colours below; cells may be changed. */
function grid(values, columns, { top, label, change, mark, missing = () => false }) {
  const { plus, minus } = colours();
  const cells = [...values].map((value, k) => {
    const cell = h("span", {
      class: `cell num${mark === k ? " won" : ""}${missing(k) ? " none" : ""}`, tabindex: change ? 0 : undefined,
      role: change ? "slider" : undefined, "aria-label": change ? `${label}, ${Math.floor(k / columns) + 1} by ${(k % columns) + 1}` : undefined,
      "aria-valuenow": change ? value.toFixed(3) : undefined,
    }, missing(k) ? "" : short(value));
    const strength = Math.min(Math.abs(value) / (top || 1), 1) ** 0.7;
    css(cell, { background: rgb(value < 0 ? minus : plus, 0.55 * strength) });
    if (change) turnable(cell, value, top || 1, (v) => change(k, v));
    return cell;
  });
  return h("figure", { class: "grid" }, css(h("div", { class: "cells" }, cells), { "--columns": columns }), h("figcaption", {}, label));
}

/** A number that follows a vertical drag, or the arrow keys. */
function turnable(cell, value, top, change) {
  cell.classList.add("turn");
  cell.title = "Drag up or down to change this weight";
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

async function conv(layer, at, edits, edit) {
  const [, columns, channels] = layer.shape_out;
  const [rows_in, columns_in, channels_in] = layer.shape_in;
  const o = at % channels;
  const pixel = Math.floor(at / channels);
  const [top, left, k] = window_(layer, Math.floor(pixel / columns), pixel % columns);
  const W = await edits.of(`${layer.index}.W`);
  const b = (await edits.of(`${layer.index}.b`)).data[o];
  const parts = [];
  for (let c = 0; c < channels_in; c++) {
    const [x, w, outside, where] = [[], [], [], []];
    for (let i = 0; i < k; i++) for (let j = 0; j < k; j++) {
      const [r, q] = [top + i, left + j];
      const out = r < 0 || q < 0 || r >= rows_in || q >= columns_in;
      outside.push(out);
      x.push(out ? 0 : layer.x[(r * columns_in + q) * channels_in + c]);
      where.push(((i * k + j) * channels_in + c) * channels + o);
      w.push(W.data[where.at(-1)]);
    }
    parts.push({ c, x, w, outside, where, sum: x.reduce((s, v, n) => s + v * w[n], 0) });
  }
  parts.sort((p, q) => Math.abs(q.sum) - Math.abs(p.sum) || p.c - q.c);
  const shown = parts.slice(0, SHOWN);
  const rest = parts.slice(SHOWN).reduce((s, p) => s + p.sum, 0);
  const [xTop, wTop] = [peak(layer.x), peak(W.data)];
  const total = parts.reduce((s, p) => s + p.sum, 0) + b;
  const blocks = shown.map((p) => h("div", { class: "term" },
    grid(p.x, k, { top: xTop, label: channels_in > 1 ? `x of map ${p.c}` : "x", missing: (n) => p.outside[n] }), op("·"),
    grid(p.w, k, { top: wTop, label: "W", change: (n, v) => edit(`${layer.index}.W`, p.where[n], v) }), op("="), num(p.sum)));
  return [
    ...blocks.flatMap((block, n) => (n ? [op("+"), block] : [block])),
    parts.length > SHOWN && [op("+"), h("span", { class: "rest" }, num(rest), h("small", {}, `the other ${parts.length - SHOWN} maps`))],
    op(b < 0 ? "−" : "+"), h("span", { class: "rest" }, num(Math.abs(b)), h("small", {}, "b")),
    op("="), result(total),
  ];
}

async function dense(layer, at, edits, edit) {
  const [units] = layer.shape_out;
  const W = await edits.of(`${layer.index}.W`);
  const b = (await edits.of(`${layer.index}.b`)).data[at];
  const n = layer.x.length;
  const terms = Array.from({ length: n }, (_, i) => ({ i, x: layer.x[i], w: W.data[i * units + at] }));
  for (const t of terms) t.sum = t.x * t.w;
  const total = terms.reduce((s, t) => s + t.sum, 0);
  const out = [];
  const image = layer.image ?? (n === 784 ? [28, 28, 1] : undefined);
  if (image) out.push(maps(terms, image));
  const best = [...terms].sort((p, q) => Math.abs(q.sum) - Math.abs(p.sum)).slice(0, TERMS).filter((t) => t.sum);
  const top = peak(W.data);
  const list = h("table", { class: "terms" }, h("caption", {}, `The largest of ${n} terms`),
    h("thead", {}, h("tr", {}, ["i", "xᵢ", "Wᵢ", "xᵢ Wᵢ"].map((t) => h("th", { scope: "col" }, t)))),
    h("tbody", {}, best.map((t) => {
      const cell = h("td", { class: "num", tabindex: 0, role: "slider", "aria-label": `Weight of input ${t.i}`, "aria-valuenow": t.w.toFixed(3) }, number(t.w, 2));
      turnable(cell, t.w, top, (v) => edit(`${layer.index}.W`, t.i * units + at, v));
      return h("tr", {}, h("th", { scope: "row" }, t.i), h("td", { class: "num" }, number(t.x, 2)), cell, h("td", { class: `num ${t.sum < 0 ? "against" : "for"}` }, number(t.sum, 2)));
    })));
  out.push(best.length ? list : h("p", { class: "note" }, "All inputs are 0 here, or their weights are."));
  out.push(h("p", { class: "sum" }, h("span", { class: "num" }, `Σ ${number(total)} ${signed(b)} = `), result(total + b)));
  return out;
}

/** x, W and their product as pictures, for a dense unit whose inputs were an image. */
function maps(terms, [rows, columns, channels]) {
  const add = (key) => {
    const out = new Float32Array(rows * columns);
    for (const t of terms) out[Math.floor(t.i / channels)] += t[key];
    return out;
  };
  const one = (key, words) => h("figure", { class: "map" }, picture(add(key), columns, rows, { kind: "signed" }), h("figcaption", {}, words));
  return channels === 1
    ? h("div", { class: "term" }, one("x", "x"), op("⊙"), one("w", "W"), op("="), one("sum", "x W, place by place"))
    : h("div", { class: "term" }, one("sum", `x W by place, summed over ${channels} maps`));
}

async function batchNorm(layer, at, edits) {
  const channels = layer.shape_out.at(-1);
  const c = at % channels;
  const of = async (name) => (await edits.of(`${layer.index}.${name}`)).data[c];
  const [gamma, beta, mean, variance] = await Promise.all(["gamma", "beta", "mean", "var"].map(of));
  const x = layer.x[at];
  return [h("p", { class: "sum" }, h("span", { class: "num" },
    `${number(gamma)} · (${number(x)} ${signed(-mean)}) / √(${number(variance)} + ε) ${signed(beta)} = `), result(layer.y[at]))];
}

function pool(layer, at) {
  const [, columns, channels] = layer.shape_out;
  const c = at % channels;
  const pixel = Math.floor(at / channels);
  const [top, left, size] = window_(layer, Math.floor(pixel / columns), pixel % columns);
  const x = [];
  for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) x.push(layer.x[((top + i) * layer.shape_in[1] + left + j) * channels + c]);
  const won = layer.kind === "MaxPool" ? x.indexOf(Math.max(...x)) : undefined;
  return [grid(x, size, { top: peak(layer.x), label: `x of map ${c}`, mark: won }), op("→"), result(layer.y[at])];
}

function simple(layer, at) {
  const [x, y] = [layer.x[at], layer.y[at]];
  if (["Upsample", "Concat"].includes(layer.kind)) return [h("p", { class: "sum" }, result(y))]; // of another place of x
  const words = {
    Relu: `max(${number(x)}, 0) = `,
    Sigmoid: `1 / (1 + e^${number(-x)}) = `,
    Tanh: `tanh ${number(x)} = `,
    Scale: `${number(x)} / ${layer.settings.divisor} = `,
    Deslant: "read at another place of the same row of x: ",
  }[layer.kind] ?? `${number(x)} → `;
  return [h("p", { class: "sum" }, h("span", { class: "num" }, words), result(y))];
}
