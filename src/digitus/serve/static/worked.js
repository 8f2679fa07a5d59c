// One step by hand: one digit from its pixels to a new weight, a line at a time, with a blank to fill in.
// How far somebody is stays in the browser. Printed, all lines stand there with their blanks, and the
// answers on a page of their own. Not inside: the numbers, which the server computes.

import { ask, bytes } from "./api.js";
import { complain, h, say } from "./dom.js";
import { fixed } from "./numbers.js";
import { picture } from "./pictures.js";
import { remember, remembered } from "./remember.js";
import { words } from "./words.js";

const NEAR = 0.0006; // the last place may differ

const written = (x) => fixed(x, 4);
const tenth = (x) => fixed(x, 1);
const shown = (text) => text.replaceAll("-", "−");

export function mount(section) {
  const digit = h("figure", { class: "worked-digit" });
  const list = h("ol", { class: "worked-lines" });
  const answers = h("section", { class: "answers" });
  const done = h("p", { class: "verdict-line", role: "status" });
  section.append(h("p", { class: "lead" }, words("worked.lead")),
    h("div", { class: "row screen" }, h("button", { type: "button", onclick: () => print() }, words("class.print")),
      h("button", { type: "button", onclick: again }, words("worked.again"))),
    digit, list, done, answers);
  let step;
  let at = Number(remembered("worked")) || 0; // lines that are worked out

  function item(line, k) {
    const title = h("b", {}, words(`worked.${line.name}`));
    const left = h("span", { class: "num left" }, `${shown(line.left)} =`);
    const see = h("small", {}, words("worked.see", { n: line.see }));
    if (k < at) return h("li", {}, title, h("p", {}, left, " ", h("span", { class: "num solved" }, written(line.answer)), " ", see));
    const blank = h("input", { type: "text", class: "blank", inputmode: "decimal", autocomplete: "off", "aria-label": words(`worked.${line.name}`) });
    const wrong = h("span", { class: "red", role: "alert" });
    const form = h("form", { onsubmit: (event) => {
      event.preventDefault();
      const value = Number(blank.value.trim().replace(",", ".").replace("−", "-"));
      if (blank.value.trim() && Math.abs(value - line.answer) <= NEAR) return onward(k);
      wrong.textContent = words("worked.wrong");
      blank.select();
      return undefined;
    } }, left, " ", blank, h("span", { class: "row screen" }, h("button", { class: "primary" }, words("worked.check")), h("button", { type: "button", class: "link", onclick: () => onward(k) }, words("worked.show")), wrong), see);
    return h("li", { class: k > at ? "later" : "" }, title, form);
  }

  function onward(k) {
    at = k + 1;
    remember("worked", at);
    say(written(step.lines[k].answer));
    draw();
    list.querySelector("li:not(.later) input")?.focus();
  }

  function again() {
    at = 0;
    remember("worked", at);
    draw();
  }

  function draw() {
    list.replaceChildren(...step.lines.map(item));
    done.textContent = at >= step.lines.length ? words("worked.done") : "";
    answers.replaceChildren(h("h2", {}, words("worked.answers")), h("ol", {}, step.lines.map((line) => h("li", { class: "num" }, `${shown(line.left)} = ${written(line.answer)}`))));
  }

  ask("/api/worked").then((found) => {
    step = found;
    digit.replaceChildren(picture(bytes(step.image), 28, 28, { label: words("digit.a", { digit: step.digit }) }),
      h("div", { class: "nine num", role: "img", "aria-label": step.numbers.map(tenth).join(" ") }, step.numbers.map((x) => h("span", {}, tenth(x)))),
      h("figcaption", {}, words("worked.digit", { digit: step.digit, read: step.read })));
    draw();
  }, (error) => complain(error.message));
  return {};
}
