// The equations of the layers as MathML, each array with the letters of its axes below it, as in
// docs/mathematics.md: n examples, i inputs, o outputs, h w rows and columns, c channels, k kernel.

import { math } from "./dom.js";
import { words } from "./words.js";

// Several letters are an index each, so that each is set in italics.
const letters = (text) => math("mrow", { "data-part": text.replace(/^d/, "") }, [...text].map((x) => math("mi", {}, x)));
// What a letter stands for lights up where its numbers are, and the other way round (lens.js).
const i = (x) => math("mi", { "data-part": x }, x);
const o = (x) => math("mo", {}, x);
const n = (x) => math("mn", {}, x);
const row = (...parts) => math("mrow", {}, parts);
const sub = (x, y) => math("msub", {}, x, y);
const sup = (x, y) => math("msup", {}, x, y);
const frac = (x, y) => math("mfrac", {}, x, y);
const root = (x) => math("msqrt", {}, x);
// A browser drops spaces at the ends of MathML's texts, but no hard ones.
const word = (x) => math("mtext", {}, x.replace(/^ | $/g, "\u00a0"));
const sum = (below) => math("munder", {}, o("∑"), below);
const axes = (x, names) => math("munder", {}, x, math("mrow", { class: "axes" }, word(`[${names}]`)));
const hat = (x) => math("mover", {}, i(x), o("^"));
const minus = "−";
const comma = () => row(o(","), math("mspace", { width: "0.8em" }));

/** Forward and backward for each kind of layer. */
const EQUATIONS = {
  Dense: () => [
    row(axes(i("y"), "n o"), o("="), axes(i("x"), "n i"), axes(i("W"), "i o"), o("+"), axes(i("b"), "o")),
    row(axes(letters("dx"), "n i"), o("="), axes(letters("dy"), "n o"), axes(sup(i("W"), o("⊤")), "o i"), comma(),
      axes(letters("dW"), "i o"), o("="), axes(sup(i("x"), o("⊤")), "i n"), axes(letters("dy"), "n o"), comma(), axes(letters("db"), "o"), o("="), sum(i("n")), axes(letters("dy"), "n o")),
  ],
  Conv: ({ stride = 1 } = {}) => {
    const at = (letter, shift) => row(...(stride > 1 ? [n(stride)] : []), i(letter), o("+"), i(shift));
    return [
      row(axes(sub(i("y"), letters("hwo")), "n h w o"), o("="), sum(letters("ijc")),
        sub(i("x"), row(at("h", "i"), o(","), at("w", "j"), o(","), i("c"))), axes(sub(i("W"), letters("ijco")), "k k c o"), o("+"), sub(i("b"), i("o"))),
      row(sub(letters("dW"), letters("ijco")), o("="), sum(letters("nhw")), sub(i("x"), row(at("h", "i"), o(","), at("w", "j"), o(","), i("c"))), sub(letters("dy"), letters("hwo"))),
    ];
  },
  BatchNorm: () => [
    row(i("y"), o("="), i("γ"), frac(row(i("x"), o(minus), word(words("equation.mean"))), root(row(word("var"), o("+"), i("ε")))), o("+"), i("β")),
    row(letters("dγ"), o("="), sum(letters("nhw")), letters("dy"), hat("x"), comma(), letters("dβ"), o("="), sum(letters("nhw")), letters("dy")),
  ],
  Relu: () => [row(i("y"), o("="), word("max"), o("("), i("x"), o(","), n(0), o(")")),
    row(letters("dx"), o("="), letters("dy"), word(words("equation.where")), i("x"), o(">"), n(0), word(words("equation.else")), n(0))],
  Sigmoid: () => [row(i("y"), o("="), frac(n(1), row(n(1), o("+"), sup(i("e"), row(o(minus), i("x")))))),
    row(letters("dx"), o("="), letters("dy"), i("y"), o("("), n(1), o(minus), i("y"), o(")"))],
  Tanh: () => [row(i("y"), o("="), word("tanh"), i("x")), row(letters("dx"), o("="), letters("dy"), o("("), n(1), o(minus), sup(i("y"), n(2)), o(")"))],
  Softmax: () => [row(sub(i("y"), i("k")), o("="), frac(sup(i("e"), sub(i("x"), i("k"))), row(sum(i("j")), sup(i("e"), sub(i("x"), i("j")))))), null],
  MaxPool: ({ size = 2 } = {}) => [row(axes(i("y"), "n h′ w′ c"), o("="), word(words("equation.largest", { size })), i("x")),
    row(letters("dx"), o("="), letters("dy"), word(words("equation.at-largest")), n(0))],
  AveragePool: ({ size = 2 } = {}) => [row(axes(i("y"), "n h′ w′ c"), o("="), word(words("equation.mean-of", { size })), i("x")), null],
  Flatten: () => [row(axes(i("y"), "n i"), o("="), axes(i("x"), "n h w c"), word(words("equation.row"))), null],
  Dropout: () => [row(i("y"), o("="), i("x"), word(words("equation.dropout"))), null],
  Scale: ({ divisor = 255 } = {}) => [row(i("y"), o("="), frac(i("x"), n(divisor))), null],
  Centre: () => [row(i("y"), o("="), i("x"), o(minus), word(words("equation.mean"))), null],
  Deslant: () => [row(axes(i("y"), "n h w c"), o("="), axes(i("T"), "n h w w"), axes(i("x"), "n h w c"), comma(), i("T"), word(words("equation.deslant"))), null],
  Standardize: () => [row(i("y"), o("="), frac(row(i("x"), o(minus), word(words("equation.mean"))), word(words("equation.deviation")))), null],
};

/** A layer's equation; where there is none here, the words of its docstring. */
export function equation(layer, backward = false) {
  const known = EQUATIONS[layer.kind]?.(layer.settings)[backward ? 1 : 0];
  const words = backward ? layer.gradient : layer.equation;
  if (!known) return words ? math("math", { class: "equation", displaystyle: "true" }, math("mtext", {}, words)) : null;
  return math("math", { class: "equation", displaystyle: "true" }, known);
}

/** The way from outputs to probabilities. */
export const softmaxEquation = () => math("math", { class: "equation", displaystyle: "true" },
  row(sub(i("p"), i("k")), o("="), frac(sup(i("e"), row(sub(i("y"), i("k")), o("/"), i("T"))), row(sum(i("j")), sup(i("e"), row(sub(i("y"), i("j")), o("/"), i("T")))))));
