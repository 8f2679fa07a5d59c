// Learn: train a small network on the server and watch everything that moves. Not inside: the form
// (lesson.js), the list of runs (runs.js), what is drawn of one (progress.js).

import { here, keep } from "./address.js";
import { ask, latest, told } from "./api.js";
import { plan } from "./diagram.js";
import { calm, complain, h, say } from "./dom.js";
import { lesson } from "./lesson.js";
import { offer } from "./model.js";
import { percent } from "./numbers.js";
import { progress } from "./progress.js";
import { details, runs } from "./runs.js";
import { stepper } from "./stepper.js";
import { tryout } from "./tryout.js";
import { accuracy, named, watch } from "./watch.js";
import { words } from "./words.js";

const PACES = [4, 40, 200, 0]; // steps a second; 0: as fast as it can
const WAIT = 1000; // milliseconds between two looks at how long a run has to wait
const ENDED = ["finished", "stopped"];

export function mount(section) {
  let run; // the one that is watched
  let other; // the one that it is compared with
  let wanted; // the settings in the form
  let draft = false; // whether somebody has changed them since the run was opened
  let waits; // looks again how long the run has to wait for others
  let waiting = []; // who wants to know when the run has paused: { done, failed }
  let fresh = false; // whether the run was begun just now, in this window
  let known = false; // whether it is known if there is a run to show: only then is the rest arranged

  const settings = h("div", { class: "settings" });
  const list = runs({ compare, removed });
  const sketch = plan();
  const empty = h("p", { class: "lead", hidden: true }, words("learn.lead"));
  const asked = h("p", { class: "note asked", role: "status" }, words("learn.asked"));

  const title = h("h2");
  const status = h("p", { class: "status", role: "status" });
  const about = h("p", { class: "note" });
  const act = (what, props) => h("button", { type: "button", ...props, onclick: () => control(what) }, words(`learn.${what}`));
  const buttons = { pause: act("pause"), resume: act("resume", { class: "primary" }), step: act("step"),
    equation: h("button", { type: "button", onclick: equations }, words("learn.equation")), stop: act("stop") };
  const pace = h("select", { id: "pace", onchange: () => control("pace", { pace: Number(pace.value) }) },
    PACES.map((value) => h("option", { value }, words(`learn.pace.${value}`))));
  const paced = h("label", { class: "choice", for: "pace" }, words("learn.pace"), pace);
  const controls = h("div", { class: "row" }, paced, Object.values(buttons));
  const equation = stepper(post);
  const stand = progress();
  const trial = tryout(onward);
  const watching = h("div", { class: "watching", hidden: true },
    h("div", { class: "head" }, h("div", {}, title, status, about), controls), trial.element, equation.element, stand.element);
  const school = h("div", { class: "school unknown" }, h("div", { class: "left" }, settings, list.element), h("div", {}, asked, empty, watching));
  section.append(sketch.element, school);

  async function post(id, what, body = {}) {
    return ask(`/api/runs/${encodeURIComponent(id)}/${what}`, body);
  }

  async function control(what, body) {
    try {
      complain();
      if (what === "resume") equation.close();
      // The status comes with the events alone: this answer may be older than the last of them.
      run.state.pace = (await post(run.id, what, body)).pace;
      refresh();
    } catch (error) {
      complain(error.message);
    }
  }

  /** Waits until the run has come to rest: it first ends the step that it is in. */
  function rest() {
    if (run.state.status === "paused") return Promise.resolve();
    return new Promise((done, failed) => waiting.push({ done, failed }));
  }

  function rested() {
    const now = run?.state?.status;
    if (["running", "starting", "waiting"].includes(now)) return;
    for (const { done, failed } of waiting) now === "paused" ? done() : failed(new Error(words("learn.over")));
    waiting = [];
  }

  async function equations() {
    try {
      complain();
      if (run.state.status !== "paused") {
        const resting = rest();
        await Promise.all([post(run.id, "pause"), resting]);
      }
      await equation.open(run.id);
      equation.element.scrollIntoView({ block: "nearest" });
      update();
    } catch (error) {
      complain(error.message);
    }
  }

  async function start(chosen) {
    try {
      const state = await ask("/api/runs", { pace: 40, ...chosen });
      complain();
      location.hash = `#learn/${state.id}`;
      fresh = true;
      if (chosen.paused) say(words("learn.ready"));
    } catch (error) {
      complain(error.message);
    }
  }

  /** Trains a run's network further, with the same settings. */
  function onward(id) {
    if (run?.id === id) start({ ...run.state.settings, start_from: id });
  }

  /** Draws the network that would be trained, unless that of a run is shown. */
  function planned(next) {
    wanted = next;
    draft = settings.contains(document.activeElement); // not what the form begins with
    if (!run || drafting()) sketch.plan(next);
  }

  const drafting = () => draft && ENDED.includes(run?.state?.status);

  const refresh = latest(async () => {
    try {
      const { runs: all } = await ask("/api/runs");
      const mine = all.find(({ id }) => id === run?.id);
      if (mine && run.state) run.state.wait = mine.wait;
      if (mine?.status === "waiting") later();
      offer(all);
      list.set(all, { run: run?.id, other: other?.id });
      const { view, parts: [named] } = here();
      if (!run && all.length && view === "learn" && !named) location.replace(`#learn/${all.at(-1).id}`);
      else known ||= !run;
    } catch (error) {
      complain(error.message);
      known = true;
    }
    arrange();
  });

  /** One of three stands beside the form: the run; what to do where there is none; or, until one of
   * these is known, that it is asked for. On a telephone the form is below, and waits until then. */
  function arrange() {
    watching.hidden = !run?.state;
    known ||= !watching.hidden || Boolean(run?.away);
    empty.hidden = !known || Boolean(run);
    asked.hidden = !watching.hidden || !empty.hidden;
    school.classList.toggle("unknown", !known);
  }

  function removed(id) {
    if (other?.id === id) compare(id);
    if (run?.id === id) {
      leave();
      location.hash = "#learn";
    }
    refresh();
  }

  function compare(id) {
    const same = other?.id === id;
    other?.close();
    other = same ? undefined : watch(id, (what) => (what === "gone" ? compare(id) : later()));
    keep({ with: other?.id });
    later();
    refresh();
  }

  function leave() {
    run?.close();
    run = undefined;
    draft = false;
    rested();
    equation.close();
    arrange();
    if (wanted) sketch.plan(wanted);
    sketch.set();
  }

  /** A run that is not there, perhaps removed in another browser. */
  function away(id) {
    if (run?.id === id) leave();
    if (here().parts[0] === id) location.hash = "#learn";
    complain(words("refused.no-run"));
    refresh();
  }

  function follow(id) {
    if (run?.id === id) return;
    leave();
    if (other?.id === id) compare(id);
    run = watch(id, (what) => {
      if (what === "gone") return away(id);
      if (what === "status" || what === "finished" || what === "epoch") refresh();
      if (what === "epoch") stand.again();
      if (what === "finished") say(words("learn.finished", { share: percent(accuracy(run.state)) }));
      rested();
      later();
    });
    arrange();
    refresh();
  }

  let frame;
  function later() {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(update);
  }

  /** Brings a run that was just begun into sight, and its network where there is room for both: on a
   * telephone they are above the form. */
  function bring() {
    fresh = false;
    const top = (element) => element.getBoundingClientRect().top;
    const first = top(watching) - top(sketch.element) < 0.6 * innerHeight ? sketch.element : watching;
    if (top(first) < 0 || top(watching) > 0.8 * innerHeight) first.scrollIntoView({ block: "start", behavior: calm() ? "auto" : "smooth" });
  }

  function update() {
    arrange();
    const state = run?.state;
    if (!state) return;
    if (fresh) bring();
    const { status: now } = state;
    title.textContent = named(state);
    about.textContent = details(state);
    status.textContent = run.away ? words("learn.away") : now === "failed" ? words("learn.failed", { why: told(state) }) : words(`status.${now}`, { n: Math.ceil(state.wait ?? 0) });
    clearTimeout(waits);
    if (now === "waiting") waits = setTimeout(refresh, WAIT);
    status.className = `status ${run.away ? "away" : now}`;
    const learns = now === "running" || now === "waiting";
    const starts = now === "starting"; // what will be there has its room already
    paced.hidden = !learns && !starts && now !== "paused";
    if (document.activeElement !== pace) pace.value = PACES.includes(state.pace) ? state.pace : 40;
    buttons.pause.hidden = !learns && !starts;
    buttons.pause.disabled = starts;
    buttons.resume.hidden = now !== "paused" && now !== "failed"; // for want of room on the disk, for example
    buttons.step.disabled = now !== "paused";
    buttons.equation.disabled = now !== "paused" && !learns;
    buttons.stop.disabled = now !== "paused" && !learns;
    for (const name of ["step", "equation", "stop"]) buttons[name].hidden = now === "failed";
    controls.hidden = ENDED.includes(now);
    stand.update(run, other?.state);
    trial.set(state);
    if (drafting()) return;
    sketch.plan(state.settings);
    sketch.set(state.weights?.sketch ?? undefined);
  }

  ask("/api/recipes").then((offers) => settings.append(lesson(offers, start, planned)), (error) => complain(error.message));

  return {
    show([id], query) {
      const beside = query.get("with");
      if (id) follow(id);
      else refresh();
      if (id && beside && ![id, other?.id].includes(beside)) compare(beside);
      else keep({ with: other?.id });
    },
    hide() {
      other?.close();
      other = undefined;
      leave();
    },
  };
}
