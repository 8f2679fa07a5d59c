// A guided tour of about twenty minutes: at the foot of the web page a step at a time, each with something
// to do in one of the views, a question, and its answer. How far somebody is stays in the browser.

import { h, say } from "./dom.js";
import { remember, remembered } from "./remember.js";
import { words } from "./words.js";

// Where each step is done, and by which network: an empty name is the one that ships.
const STEPS = [["why", "draw"], ["neuron", "inside?model=small"], ["loss", "learn"], ["downhill", "learn"], ["chain", "worked"], ["layers", "inside?model="], ["step", "learn"], ["cannot", "mistakes?model="]];

/** `begun`: somebody has just asked for it, and is led to where its step is done. */
export function tour(begun) {
  let at = Number(remembered("tour")) || 0;
  const title = h("h2", { tabindex: -1 });
  const task = h("p");
  const question = h("p");
  const answer = h("p");
  const hidden = h("details", {}, h("summary", {}, words("tour.answer")), answer);
  const there = h("a", { class: "button", onclick: () => scrollTo(0, 0) }, words("tour.there"));
  const back = h("button", { type: "button", onclick: () => go(at - 1) }, words("step.back"));
  const next = h("button", { type: "button", class: "primary", onclick: () => (at + 1 < STEPS.length ? go(at + 1) : end()) });
  const close = h("button", { type: "button", class: "icon", "aria-label": words("tour.leave"), onclick: leave }, "×");
  const element = h("aside", { class: "tour", "aria-label": words("tour.title") }, close, title, task, question, hidden, h("div", { class: "row" }, back, there, next));

  function show() {
    const [name, view] = STEPS[at];
    title.textContent = `${at + 1}/${STEPS.length} · ${words(`tour.${name}`)}`;
    task.textContent = words(`tour.${name}.do`, { pace: words("learn.pace.40"), equation: words("learn.equation") });
    question.textContent = words(`tour.${name}.ask`);
    answer.textContent = words(`tour.${name}.answer`);
    hidden.open = false;
    there.href = `#${view}`;
    back.disabled = at === 0;
    next.textContent = words(at + 1 < STEPS.length ? "tour.next" : "tour.end");
  }

  function go(k) {
    at = k;
    remember("tour", at);
    show();
    location.hash = `#${STEPS[at][1]}`;
    scrollTo(0, 0);
    say(title.textContent);
  }

  /** Closes the tour, which will go on where it was left. */
  function leave() {
    remember("touring", "");
    element.remove();
  }

  function end() {
    remember("tour", 0);
    leave();
  }

  remember("touring", "yes");
  if (begun) go(at);
  else show();
  document.body.append(element);
  title.focus({ preventScroll: true });
}
