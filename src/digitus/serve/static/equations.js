// The equations of the layers as MathML, each array with the letters of its axes below it, as in
// docs/mathematics.md: n examples, i inputs, o outputs, h w rows and columns, c channels, k kernel.

import { h, math } from "./dom.js";
import { words } from "./words.js";

// Several letters are an index each, so that each is set in italics.
const letters = (text) => math("mrow", { "data-part": text }, [...text].map((x) => math("mi", {}, x)));
// What a letter stands for lights up where its numbers are, and the other way round (light.js).
const i = (x) => math("mi", { "data-part": x }, x);
const index = (x) => math("mi", {}, x); // stands for no array, even where one has the same letter
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
const mean = (x) => row(word(words("equation.mean")), inside(x));
const deviation = () => root(row(word("var"), o("+"), i("ε")));
const by = (f) => frac(row(o("∂"), i(f)), row(o("∂"), i("x")));
const floor = (x, y) => row(o("⌊"), x, o("/"), y, o("⌋"));
const minus = "−";
const comma = () => row(o(","), math("mspace", { width: "0.8em" }));
const barred = (x) => math("mover", {}, i(x), o("¯"));
const inside = (...parts) => row(o("("), ...parts, o(")"));
const minusOne = (x) => inside(n(1), o(minus), x);
// For optimizers: α the rate, g the gradient, Δ what is added to a parameter w.
const beta = (k) => sub(i("β"), n(k));
const decays = (kept, share, fresh) => row(i(kept), o("←"), share, i(kept), o("+"), fresh);
const moments = () => [decays("m", beta(1), row(minusOne(beta(1)), i("g"))), decays("v", beta(2), row(minusOne(beta(2)), sup(i("g"), n(2))))];
const change = (...parts) => row(i("Δ"), o("="), o(minus), i("α"), ...parts);
const normed = () => frac(hat("m"), row(root(hat("v")), o("+"), i("ε")));
const velocity = () => decays("v", i("μ"), i("g"));

/** Forward and backward for each kind of layer and loss; the update for each kind of optimizer. */
const EQUATIONS = {
  Dense: () => [
    row(axes(i("y"), "n o"), o("="), axes(i("x"), "n i"), axes(i("W"), "i o"), o("+"), axes(i("b"), "o")),
    [row(axes(letters("dx"), "n i"), o("="), axes(letters("dy"), "n o"), axes(sup(i("W"), o("⊤")), "o i")),
      row(axes(letters("dW"), "i o"), o("="), axes(sup(i("x"), o("⊤")), "i n"), axes(letters("dy"), "n o")),
      row(axes(letters("db"), "o"), o("="), sum(i("n")), axes(letters("dy"), "n o"))],
  ],
  Exemplars: () => [
    [row(axes(i("y"), "n o"), o("="), word("log"), inside(i("p"), o("+"), i("k"), axes(i("V"), "e o"))),
      row(i("p"), o("="), word("softmax"), inside(i("x"), axes(i("W"), "i o"), o("+"), axes(i("b"), "o"))),
      row(axes(i("k"), "n e"), o("="), sup(index("e"), row(inside(hat("x"), sup(i("C"), o("⊤")), o(minus), n(1)), o("/"), i("s"))))],
    [row(axes(letters("dx"), "n i"), o("="), letters("dz"), sup(i("W"), o("⊤")), o("+"), inside(i("k"), inside(i("g"), sup(i("V"), o("⊤"))), o("/"), i("s")), i("C"), frac(row(o("∂"), hat("x")), row(o("∂"), i("x"))),
        comma(), letters("dz"), o("="), i("p"), inside(i("g"), o(minus), sum(i("o")), i("g"), i("p")), comma(), i("g"), o("="), frac(letters("dy"), row(i("p"), o("+"), i("k"), i("V")))),
      row(axes(letters("dW"), "i o"), o("="), axes(sup(i("x"), o("⊤")), "i n"), letters("dz")),
      row(axes(letters("db"), "o"), o("="), sum(i("n")), letters("dz"))],
  ],
  Conv: ({ stride = 1, padding, kernel = 3 } = {}) => {
    const border = padding === "same" ? Math.floor(kernel / 2) : 0;
    const at = (letter, shift) => row(...(stride > 1 ? [n(stride)] : []), index(letter), o("+"), index(shift));
    const seen = () => sub(border ? barred("x") : i("x"), row(index("n"), o(","), at("h", "i"), o(","), at("w", "j"), o(","), index("c")));
    const dx = () => (border ? math("mrow", { "data-part": "dx" }, index("d"), math("mover", {}, index("x"), o("¯"))) : letters("dx"));
    const dy = () => sub(letters("dy"), letters("nhwo"));
    const kernels = () => sub(i("W"), letters("ijco"));
    const met = row(at("h", "i"), o("="), index("a"), o(","), at("w", "j"), o("="), index("b"), o(","), index("o"));
    return [
      [row(axes(sub(i("y"), letters("nhwo")), "n h w o"), o("="), sum(letters("ijc")), seen(), axes(kernels(), "k k c o"), o("+"), sub(i("b"), index("o"))),
        ...(border ? [row(barred("x"), word(words("equation.border", { n: border })))] : [])],
      [row(sub(dx(), letters("nabc")), o("="), sum(met), dy(), kernels()), ...(border ? [row(letters("dx"), o("="), dx(), word(words("equation.borderless")))] : []),
        row(sub(letters("dW"), letters("ijco")), o("="), sum(letters("nhw")), seen(), dy()),
        row(sub(letters("db"), index("o")), o("="), sum(letters("nhw")), dy())],
    ];
  },
  BatchNorm: (_, flat) => [
    [row(i("y"), o("="), i("γ"), hat("x"), o("+"), i("β")), row(hat("x"), o("="), frac(row(i("x"), o(minus), mean(i("x"))), deviation()))],
    [row(letters("dx"), o("="), frac(i("γ"), deviation()), inside(letters("dy"), o(minus), mean(letters("dy")), o(minus), hat("x"), mean(row(letters("dy"), hat("x"))))),
      row(letters("dγ"), o("="), sum(letters(flat ? "n" : "nhw")), letters("dy"), hat("x")),
      row(letters("dβ"), o("="), sum(letters(flat ? "n" : "nhw")), letters("dy"))],
  ],
  Relu: () => [row(i("y"), o("="), word("max"), o("("), i("x"), o(","), n(0), o(")")),
    row(letters("dx"), o("="), letters("dy"), word(words("equation.where")), i("x"), o(">"), n(0), word(words("equation.else")), n(0))],
  Sigmoid: () => [row(i("y"), o("="), frac(n(1), row(n(1), o("+"), sup(i("e"), row(o(minus), i("x")))))),
    row(letters("dx"), o("="), letters("dy"), i("y"), o("("), n(1), o(minus), i("y"), o(")"))],
  Tanh: () => [row(i("y"), o("="), word("tanh "), i("x")), row(letters("dx"), o("="), letters("dy"), o("("), n(1), o(minus), sup(i("y"), n(2)), o(")"))],
  Softmax: () => [row(sub(i("y"), i("k")), o("="), frac(sup(i("e"), sub(i("x"), i("k"))), row(sum(i("j")), sup(i("e"), sub(i("x"), i("j")))))), 
    row(letters("dx"), o("="), i("y"), inside(letters("dy"), o(minus), sum(i("j")), sub(letters("dy"), i("j")), sub(i("y"), i("j"))))],
  MaxPool: ({ size = 2 } = {}) => [row(axes(i("y"), "n h′ w′ c"), o("="), word(words("equation.largest", { size })), i("x")),
    row(letters("dx"), o("="), letters("dy"), word(words("equation.at-largest")), n(0))],
  AveragePool: ({ size = 2 } = {}) => [row(axes(i("y"), "n h′ w′ c"), o("="), word(words("equation.mean-of", { size })), i("x")), 
    row(letters("dx"), o("="), frac(letters("dy"), n(size ** 2)))],
  Flatten: () => [row(axes(i("y"), "n i"), o("="), axes(i("x"), "n h w c"), word(words("equation.row"))), 
    row(axes(letters("dx"), "n h w c"), o("="), axes(letters("dy"), "n i"))],
  Dropout: ({ rate = 0.5 } = {}) => [
    [row(i("y"), o("="), frac(row(i("x"), index("m")), row(n(1), o(minus), i("r")))), row(index("m"), word(words("equation.dropout", { rate })))],
    row(letters("dx"), o("="), frac(row(letters("dy"), index("m")), row(n(1), o(minus), i("r"))))],
  Scale: ({ divisor = 255 } = {}) => [row(i("y"), o("="), frac(i("x"), n(divisor))),  row(letters("dx"), o("="), frac(letters("dy"), n(divisor)))],
  Centre: () => [row(i("y"), o("="), i("x"), o(minus), word(words("equation.mean"))),  row(letters("dx"), o("="), letters("dy"))],
  Deslant: () => [row(axes(i("y"), "n h w c"), o("="), axes(i("T"), "n h w w"), axes(i("x"), "n h w c"), comma(), i("T"), word(words("equation.deslant"))), 
    row(axes(letters("dx"), "n h w c"), o("="), axes(sup(i("T"), o("⊤")), "n h w w"), axes(letters("dy"), "n h w c"), o("+"), n(2), i("x"), letters("dm"))],
  Standardize: ({ floor: least = 1 } = {}) => {
    const spread = () => row(word("max"), inside(word(words("equation.deviation")), o(","), n(least)));
    return [row(i("y"), o("="), frac(row(i("x"), o(minus), word(words("equation.mean"))), spread())), row(letters("dx"), o("="), frac(letters("dy"), spread()))];
  },
  Upsample: ({ factor = 2 } = {}) => [
    row(sub(i("y"), letters("hwc")), o("="), sub(i("x"), row(floor(i("h"), n(factor)), o(","), floor(i("w"), n(factor)), o(","), i("c")))),
    row(sub(letters("dx"), letters("hwc")), o("="), sum(letters("ij")), sub(letters("dy"), row(n(factor), i("h"), o("+"), i("i"), o(","), n(factor), i("w"), o("+"), i("j"), o(","), i("c"))))],
  Residual: () => [row(i("y"), o("="), i("x"), o("+"), i("f"), inside(i("x"))),
    row(letters("dx"), o("="), letters("dy"), o("+"), letters("dy"), by("f"))],
  Concat: () => [row(axes(i("y"), "n h w c"), o("="), o("["), i("f"), inside(i("x")), o(","), i("g"), inside(i("x")), o("]")),
    row(letters("dx"), o("="), sub(letters("dy"), n(1)), by("f"), o("+"), sub(letters("dy"), n(2)), by("g"))],
  SoftmaxCrossEntropy: () => [row(i("L"), o("="), o(minus), frac(n(1), i("n")), sum(letters("no")), i("t"), word("log "), word("softmax"), inside(i("z"))),
    row(letters("dz"), o("="), frac(row(word("softmax"), inside(i("z")), o(minus), i("t")), i("n")))],
  SquaredError: () => [row(i("L"), o("="), frac(n(1), row(n(2), i("n"))), sum(letters("no")), sup(inside(i("z"), o(minus), i("t")), n(2))),
    row(letters("dz"), o("="), frac(row(i("z"), o(minus), i("t")), i("n")))],
  GradientDescent: () => [change(i("g"))],
  Momentum: () => [[velocity(), change(i("v"))]],
  Nesterov: () => [[velocity(), change(inside(i("g"), o("+"), i("μ"), i("v")))]],
  Adam: () => [[...moments(), change(normed())]],
  AdamW: () => [[...moments(), change(inside(normed(), o("+"), i("λ"), i("w")))]],
};

/** The equations of a layer, a loss or an optimizer; null where there are none. `flat` says that an example
 * is a vector. */
export function equation({ kind, settings, flat }, backward = false) {
  const known = EQUATIONS[kind]?.(settings, flat)[backward ? 1 : 0];
  return known ? written(known) : null;
}

/** The way from outputs to probabilities. */
export const softmaxEquation = () => written(
  row(sub(i("p"), i("k")), o("="), frac(sup(i("e"), row(sub(i("y"), i("k")), o("/"), i("T"))), row(sum(i("j")), sup(i("e"), row(sub(i("y"), i("j")), o("/"), i("T")))))));

/** Side by side where there is room, one below the other where there is none. */
function written(formulas) {
  return h("div", { class: "equation" }, [formulas].flat().map((formula) => math("math", { displaystyle: "true" }, formula)));
}
