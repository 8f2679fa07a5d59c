// One run as it learns: figures, curves, the first layer, the table by digit.

import { ask, bytes } from "./api.js";
import { chart } from "./charts.js";
import { confusion, misread } from "./confusion.js";
import { complain, css, h } from "./dom.js";
import { figure, layerName, number, percent, shape } from "./numbers.js";
import { paint, picture } from "./pictures.js";
import { accuracy } from "./watch.js";
import { words } from "./words.js";

/** `element` is shown; `update(run, other)` draws what is new of it, and of the run that it is
 * compared with. */
export function progress() {
  let run;
  let cell; // of the confusion matrix: [true, read]
  let drawn = {};
  const bar = h("div", { class: "progress", "aria-hidden": "true" });
  const figures = h("dl", { class: "figures" });
  const loss = chart(words("learn.loss"), { format: (v) => number(v, 2), tick: figure, low: () => 0, high: (ys) => Math.min(Math.max(...ys, 0.1), 2.6) });
  const hits = chart(words("learn.right"), { format: (v) => percent(v, 1), low: (ys) => Math.min(0.9, Math.floor(Math.max(0, Math.min(...ys, 1)) * 10) / 10), high: () => 1, tick: (v) => percent(v, 0) });
  const charts = h("div", { class: "charts" }, hits.element, loss.element);
  const W = h("div", { class: "tiles" });
  const dW = h("div", { class: "tiles" });
  const note = h("p", { class: "note" });
  const weights = h("section", { class: "weights", "aria-labelledby": "weights-title" }, h("h3", { id: "weights-title" }, words("learn.first")), note,
    h("div", { class: "both" }, h("figure", {}, h("figcaption", {}, words("learn.weights")), W), h("figure", {}, h("figcaption", {}, words("learn.gradients")), dW)));
  const byDigit = h("tbody");
  const matrix = confusion((t, r) => open(t, r));
  const pictures = h("div", { class: "misreads", role: "group", "aria-label": words("learn.misread") });
  const scores = h("section", { class: "scores", "aria-labelledby": "scores-title" }, h("h3", { id: "scores-title" }, words("learn.by-digit")),
    h("div", { class: "both" }, h("div", {}, h("table", { class: "digits" }, h("caption", {}, words("learn.held-back")),
      h("thead", {}, h("tr", {}, ["digit", "count", "wrong", "share"].map((key) => h("th", { scope: "col" }, words(`learn.column.${key}`))))), byDigit)),
    h("div", {}, matrix.element, pictures)));

  function facts(state, other) {
    const right = accuracy(state);
    const rival = other && accuracy(other);
    const pairs = [
      ["learn.figure.right", right === undefined ? "–" : percent(right), rival === undefined ? "" : words("learn.other", { share: percent(rival) })],
      ["learn.figure.epoch", words("learn.of", { n: state.records.length, all: state.epochs }), words("learn.steps", { n: state.step, all: state.steps })],
      ["learn.loss", number(state.curve.at(-1)?.[1] ?? NaN), state.curve.length ? words("learn.rate", { rate: Number(state.curve.at(-1)[3].toPrecision(2)) }) : ""],
      ["learn.figure.parameters", figure(state.parameters), state.speed ? words("learn.speed", { n: Math.round(state.speed) }) : words("learn.examples", { n: state.examples })],
    ];
    figures.replaceChildren(...pairs.map(([key, value, more]) => h("div", {}, h("dt", {}, words(key)), h("dd", {}, h("b", {}, value), h("small", {}, more)))));
  }

  function curves(state, other) {
    const lines = (s, which, kind, prefix) => {
      const at = (step) => step / s.batches;
      const key = which === 1 ? "development_loss" : "development_accuracy";
      return [
        { kind: `${kind} train`, label: words(`${prefix}learning`), points: smooth(s.curve.map((c) => [at(c[0]), c[which]])) },
        { kind: `${kind} held`, label: words(`${prefix}held`), dots: true, points: s.records.map((r) => [r.epoch, r[key]]) },
      ];
    };
    for (const [panel, which] of [[loss, 1], [hits, 2]]) {
      panel.set([...lines(state, which, "", "learn.line."), ...(other ? lines(other, which, "other", "learn.other-line.") : [])],
        { to: Math.max(1, Math.min(state.epochs, Math.ceil(state.step / state.batches) + 1)) });
    }
  }

  function firstLayer(now) {
    weights.hidden = !now;
    if (!now || drawn.weights === now) return;
    drawn.weights = now;
    const [units, rows, columns] = now.shape;
    note.textContent = words("learn.weights-note", { layer: layerName(now.name), shape: shape(now.shape), step: now.step });
    for (const [box, key] of [[W, "weights"], [dW, "gradients"]]) {
      const values = new Int8Array(bytes(now[key]).buffer);
      if (box.children.length !== units) box.replaceChildren(...Array.from({ length: units }, () => picture(new Float32Array(rows * columns), columns, rows, { kind: "signed" })));
      [...box.children].forEach((canvas, u) => {
        const part = values.subarray(u * rows * columns, (u + 1) * rows * columns);
        canvas.repaint = () => paint(canvas, part, columns, rows, "signed", 127);
        canvas.repaint();
      });
    }
    weights.classList.toggle("few", units <= 16);
  }

  function table(now) {
    scores.hidden = !now;
    if (!now || drawn.scores === now) return;
    drawn.scores = now;
    byDigit.replaceChildren(...now.by_digit.map((d) => h("tr", {}, h("th", { scope: "row" }, d.digit), h("td", {}, figure(d.count)), h("td", {}, figure(d.wrong)),
      h("td", {}, css(h("span", { class: "bar", "aria-hidden": "true" }), { "--v": d.accuracy ?? 0 }), percent(d.accuracy)))));
    matrix.set(now.confusion);
  }

  async function open(t, r) {
    cell = [t, r];
    matrix.mark(t, r);
    const { id } = run;
    try {
      const answer = await ask(`/api/runs/${encodeURIComponent(id)}/mistakes?true=${t}&read=${r}&limit=40`);
      if (run?.id !== id) return;
      pictures.replaceChildren(...(answer.mistakes.length ? answer.mistakes.map((m) => misread(m, "from.run", id)) : [h("p", { class: "note" }, words("learn.none-misread", { t, r }))]));
    } catch (error) {
      complain(error.message);
    }
  }

  return {
    element: h("div", { class: "stand" }, bar, figures, charts, weights, scores),
    /** The pictures behind the chosen cell again, after an epoch. */
    again: () => cell && open(...cell),
    update(next, other) {
      if (run?.id !== next.id) {
        drawn = {};
        cell = undefined;
        pictures.replaceChildren();
      }
      run = next;
      const { state } = run;
      css(bar, { "--v": state.steps ? state.step / state.steps : 0 });
      facts(state, other);
      charts.hidden = !state.curve.length;
      if (state.curve.length) curves(state, other);
      firstLayer(state.weights);
      table(state.scores);
    },
  };
}

/** Losses of single batches jump; the mean of a few in a row does not. */
function smooth(points) {
  const span = Math.max(1, Math.round(points.length / 60));
  const out = [];
  for (let i = 0; i < points.length; i += span) {
    const part = points.slice(i, i + span);
    out.push([part.at(-1)[0], part.reduce((s, p) => s + p[1], 0) / part.length]);
  }
  return out;
}
