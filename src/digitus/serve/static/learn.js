// Learn: train a small network on the server and watch everything that moves.

import { ask, bytes, latest } from "./api.js";
import { chart } from "./charts.js";
import { confusion, misread } from "./confusion.js";
import { diagram } from "./diagram.js";
import { complain, count, css, h, number, percent, say, shape } from "./dom.js";
import { lesson } from "./lesson.js";
import { paint, picture } from "./pictures.js";
import { stepper } from "./stepper.js";
import { accuracy, named, watch } from "./watch.js";

const PACES = { 4: "slow", 40: "to watch", 200: "brisk", 0: "full speed" }; // steps a second
const STATUS = { starting: "starting", running: "learning", paused: "paused", finished: "finished", stopped: "stopped", failed: "failed" };

export function mount(section) {
  let run; // the one that is watched
  let other; // the one that it is compared with
  let cell; // of the confusion matrix: [true, read]
  let shown = false;

  const settings = h("div", { class: "settings" });
  const list = h("ul", { class: "runs" });
  const runs = h("section", { class: "history", "aria-labelledby": "runs-title", hidden: true }, h("h2", { id: "runs-title" }, "Runs"), list);
  const plan = h("div", { class: "plan" });
  const empty = h("div", { class: "empty" }, h("p", { class: "lead" }, "Choose what to train, and press Train. Everything runs on your own machine; small networks learn in seconds."), plan);

  const title = h("h2");
  const status = h("p", { class: "status", role: "status" });
  const act = (what, words, props) => h("button", { type: "button", ...props, onclick: () => control(what) }, words);
  const buttons = { pause: act("pause", "Pause"), resume: act("resume", "Go on", { class: "primary" }), step: act("step", "Step a batch"),
    equation: h("button", { type: "button", onclick: () => equations() }, "Step an equation"), stop: act("stop", "Stop") };
  const pace = h("select", { id: "pace", onchange: () => control("pace", { pace: Number(pace.value) }) },
    Object.entries(PACES).map(([value, words]) => h("option", { value }, words)));
  const paced = h("label", { class: "choice", for: "pace" }, "Pace", pace);
  const controls = h("div", { class: "row" }, paced, Object.values(buttons));
  const progress = h("div", { class: "progress", "aria-hidden": "true" });
  const figures = h("dl", { class: "figures" });
  const loss = chart("Loss", { format: (v) => number(v, 2), low: () => 0, high: (ys) => Math.min(Math.max(...ys, 0.1), 2.6) });
  const hits = chart("Right answers", { format: (v) => percent(v, 1), low: (ys) => Math.min(0.9, Math.floor(Math.max(0, Math.min(...ys, 1)) * 10) / 10), high: () => 1, tick: (v) => `${Math.round(100 * v)} %` });
  const charts = h("div", { class: "charts" }, hits.element, loss.element);
  const W = h("div", { class: "tiles" });
  const dW = h("div", { class: "tiles" });
  const weightsNote = h("p", { class: "note" });
  const weights = h("section", { class: "weights", "aria-labelledby": "weights-title" }, h("h3", { id: "weights-title" }, "First layer"), weightsNote,
    h("div", { class: "both" }, h("figure", {}, h("figcaption", {}, "Weights"), W), h("figure", {}, h("figcaption", {}, "Gradients"), dW)));
  const byDigit = h("tbody");
  const matrix = confusion((t, r) => open(t, r));
  const pictures = h("div", { class: "misreads", role: "group", "aria-label": "Misread digits" });
  const scores = h("section", { class: "scores", "aria-labelledby": "scores-title" }, h("h3", { id: "scores-title" }, "Digit by digit"),
    h("div", { class: "both" }, h("div", {}, h("table", { class: "digits" }, h("caption", {}, "On digits that were held back"),
      h("thead", {}, h("tr", {}, ["digit", "count", "wrong", "right"].map((t) => h("th", { scope: "col" }, t)))), byDigit)),
    h("div", {}, matrix.element, pictures)));
  const equation = stepper(post);
  const watching = h("div", { class: "watching", hidden: true },
    h("div", { class: "head" }, h("div", {}, title, status), controls),
    progress, equation.element, figures, charts, weights, scores);
  section.append(h("div", { class: "school" }, h("div", { class: "left" }, settings, runs), h("div", {}, empty, watching)));

  async function post(id, what, body = {}) {
    return ask(`/api/runs/${encodeURIComponent(id)}/${what}`, body);
  }

  async function control(what, body) {
    try {
      if (what === "resume") equation.close();
      // The status comes with the events alone: this answer may be older than the last of them.
      run.state.pace = (await post(run.id, what, body)).pace;
      refresh();
    } catch (error) {
      complain(error.message);
    }
  }

  async function equations() {
    try {
      if (run.state.status === "running") await post(run.id, "pause");
      await equation.open(run.id);
      equation.element.scrollIntoView({ block: "nearest" });
      update();
    } catch (error) {
      complain(error.message);
    }
  }

  async function start(wanted) {
    try {
      const state = await ask("/api/runs", { pace: 40, ...wanted });
      complain();
      location.hash = `#learn/${state.id}`;
      if (wanted.paused) say("Ready: step a batch, or an equation.");
    } catch (error) {
      complain(error.message);
    }
  }

  /** Draws the network that would be trained. */
  function sketch({ layers, activation }) {
    const drawn = diagram(layers, activation);
    plan.replaceChildren(drawn ?? h("p", { class: "note" }, "A network begins with 784 pixels and ends with 10 digits: 784-32-10, or with convolutions 784-8c-p-10."));
  }

  const refresh = latest(async () => {
    try {
      const { runs: all } = await ask("/api/runs");
      runs.hidden = !all.length;
      list.replaceChildren(...all.map((state) => item(state, all.length)));
      if (!run && all.length && shown) location.replace(`#learn/${all.at(-1).id}`);
    } catch (error) {
      complain(error.message);
    }
  });

  function item(state, all) {
    const right = accuracy(state);
    const mine = state.id === run?.id;
    return h("li", { class: mine ? "now" : "" },
      h("a", { href: `#learn/${state.id}`, "aria-current": mine ? "true" : undefined }, h("span", { class: `dot ${state.status}` }), h("span", {}, named(state)),
        h("b", { class: "num" }, right === undefined ? "" : percent(right))),
      h("span", { class: "row" },
        !mine && all > 1 && h("button", { type: "button", class: "link", "aria-pressed": String(other?.id === state.id), onclick: () => compare(state.id) }, other?.id === state.id ? "do not compare" : "compare"),
        h("button", { type: "button", class: "link", onclick: () => remove(state) }, "remove"), h("small", {}, STATUS[state.status])));
  }

  async function remove(state) {
    try {
      await ask(`/api/runs/${encodeURIComponent(state.id)}`, undefined, { method: "DELETE" });
      if (other?.id === state.id) compare(state.id);
      if (run?.id === state.id) {
        leave();
        location.hash = "#learn";
      }
      refresh();
    } catch (error) {
      complain(error.message);
    }
  }

  function compare(id) {
    const same = other?.id === id;
    other?.close();
    other = same ? undefined : watch(id, (what) => (what === "gone" ? compare(id) : later()));
    later();
    refresh();
  }

  function leave() {
    run?.close();
    run = undefined;
    equation.close();
    cell = undefined;
    watching.hidden = true;
    empty.hidden = false;
  }

  /** A run that is no longer there, perhaps removed in another browser. */
  function away(id) {
    if (run?.id === id) leave();
    if (location.hash === `#learn/${id}`) location.hash = "#learn";
    refresh();
  }

  function follow(id) {
    if (run?.id === id) return;
    leave();
    if (other?.id === id) compare(id);
    run = watch(id, (what) => {
      if (what === "gone") return away(id);
      if (what === "status" || what === "finished" || what === "epoch") refresh();
      if (what === "status" && run.state.status === "finished") settle(run);
      if (what === "epoch" && cell) open(...cell);
      if (what === "finished") say(`Finished: ${percent(accuracy(run.state))} right.`);
      later();
    });
    refresh();
  }

  /** The last weights, which may have come too fast to be told. */
  async function settle(done) {
    try {
      done.state.weights = (await ask(`/api/runs/${encodeURIComponent(done.id)}`)).weights;
      later();
    } catch (error) {
      complain(error.message);
    }
  }

  let frame;
  function later() {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(update);
  }

  function update() {
    const state = run?.state;
    if (!state) return;
    empty.hidden = true;
    watching.hidden = false;
    const { status: now } = state;
    title.textContent = named(state);
    status.textContent = run.away ? "The server is away; waiting for it" : now === "failed" ? `failed: ${state.error}` : STATUS[now];
    status.className = `status ${run.away ? "away" : now}`;
    paced.hidden = now !== "running" && now !== "paused";
    if (document.activeElement !== pace) pace.value = Object.keys(PACES).includes(String(state.pace)) ? state.pace : 40;
    buttons.pause.hidden = now !== "running";
    buttons.resume.hidden = now !== "paused" && now !== "failed"; // for want of room on the disk, for example
    buttons.step.disabled = now !== "paused";
    buttons.equation.disabled = now !== "paused" && now !== "running";
    buttons.stop.disabled = now !== "paused" && now !== "running";
    for (const name of ["step", "equation", "stop"]) buttons[name].hidden = now === "failed";
    controls.hidden = ["finished", "stopped"].includes(now);
    css(progress, { "--v": state.steps ? state.step / state.steps : 0 });
    facts(state);
    charts.hidden = !state.curve.length;
    if (state.curve.length) curves(state);
    firstLayer(state.weights);
    table(state.scores);
  }

  function facts(state) {
    const right = accuracy(state);
    const rival = other?.state && accuracy(other.state);
    const pairs = [
      ["Right on held-back digits", right === undefined ? "–" : percent(right), rival === undefined ? "" : `${percent(rival)} the other`],
      ["Epoch", `${state.records.length} of ${state.epochs}`, `step ${count(state.step)} of ${count(state.steps)}`],
      ["Loss", number(state.curve.at(-1)?.[1] ?? NaN), state.curve.length ? `rate ${number(state.curve.at(-1)[3], 2)}` : ""],
      ["Parameters", count(state.parameters), state.speed ? `${count(state.speed)} digits a second` : `${count(state.examples)} digits to learn from`],
    ];
    figures.replaceChildren(...pairs.map(([name, value, more]) => h("div", {}, h("dt", {}, name), h("dd", {}, value), h("small", {}, more))));
  }

  function curves(state) {
    const lines = (s, which, kind, label) => {
      const at = (step) => step / s.batches;
      const key = which === 1 ? "development_loss" : "development_accuracy";
      return [
        { kind: `${kind} train`, label: `${label}learning`, points: smooth(s.curve.map((c) => [at(c[0]), c[which]])) },
        { kind: `${kind} held`, label: `${label}held back`, dots: true, points: s.records.map((r) => [r.epoch, r[key]]) },
      ];
    };
    for (const [panel, which] of [[loss, 1], [hits, 2]]) {
      panel.set([...lines(state, which, "", ""), ...(other?.state ? lines(other.state, which, "other", "other, ") : [])], { to: Math.max(1, Math.min(state.epochs, Math.ceil(state.step / state.batches) + 1)) });
    }
  }

  function firstLayer(now) {
    weights.hidden = !now;
    if (!now || firstLayer.drawn === now) return;
    firstLayer.drawn = now;
    const [units, rows, columns] = now.shape;
    weightsNote.textContent = `${now.name}, ${shape(now.shape)}: blue pulls a unit up, red pushes it down. After step ${count(now.step)}.`;
    for (const [box, key] of [[W, "weights"], [dW, "gradients"]]) {
      const values = new Int8Array(bytes(now[key]).buffer);
      if (box.children.length !== units) box.replaceChildren(...Array.from({ length: units }, () => picture(new Float32Array(rows * columns), columns, rows, { kind: "signed" })));
      [...box.children].forEach((canvas, u) => {
        const own = values.subarray(u * rows * columns, (u + 1) * rows * columns);
        canvas.repaint = () => paint(canvas, own, columns, rows, "signed", 127);
        canvas.repaint();
      });
    }
    weights.classList.toggle("few", units <= 16);
  }

  function table(now) {
    scores.hidden = !now;
    if (!now || table.drawn === now) return;
    table.drawn = now;
    byDigit.replaceChildren(...now.by_digit.map((d) => h("tr", {}, h("th", { scope: "row" }, d.digit), h("td", {}, d.count), h("td", {}, d.wrong),
      h("td", {}, css(h("span", { class: "bar", "aria-hidden": "true" }), { "--v": d.accuracy ?? 0 }), percent(d.accuracy)))));
    matrix.set(now.confusion);
  }

  async function open(t, r) {
    cell = [t, r];
    matrix.mark(t, r);
    try {
      const answer = await ask(`/api/runs/${encodeURIComponent(run.id)}/mistakes?true=${t}&read=${r}&limit=40`);
      pictures.replaceChildren(...(answer.mistakes.length ? answer.mistakes.map((m) => misread(m, "that a run misread")) : [h("p", { class: "note" }, `No ${t} is read as ${r} any more.`)]));
    } catch (error) {
      complain(error.message);
    }
  }

  ask("/api/recipes").then((offers) => settings.append(lesson(offers, start, sketch)), (error) => complain(error.message));

  return {
    show([id]) {
      shown = true;
      if (id) follow(id);
      else refresh();
    },
    hide() {
      shown = false;
      other?.close();
      other = undefined;
      leave();
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
