// Draw: a pad for one digit or a whole number; the answer follows the pen.

import { drawing, keep } from "./address.js";
import { ask, bytes, latest } from "./api.js";
import { complain, css, h, say, svg } from "./dom.js";
import { padOn, takesKeys } from "./pad.js";
import { picture } from "./pictures.js";
import { asked } from "./model.js";
import { chosen, look, onModel } from "./shared.js";
import { bars } from "./bars.js";
import { packed, unpacked, unpackedDigit } from "./ink.js";
import { morph } from "./morph.js";
import { chance } from "./numbers.js";
import { pieces, words } from "./words.js";

const CERTAIN = 0.9995; // a confidence from which on a number would say nothing

export function mount(section) {
  const canvas = h("canvas", {
    class: "paper", tabindex: 0, role: "img", "aria-describedby": "draw-keys",
    "aria-label": words("draw.sheet"),
  });
  const marks = svg("svg", { class: "marks", "aria-hidden": "true", preserveAspectRatio: "none" });
  const hint = h("p", { class: "hint", "aria-hidden": "true" }, words("draw.hint"));
  const keys = h("p", { class: "keys", id: "draw-keys" },
    pieces("draw.type", { written: h("button", { type: "button", class: "link", onclick: () => type(Math.floor(Math.random() * 10)) }, words("draw.written")) }));
  const width = h("input", { type: "range", min: 4, max: 21, step: 0.5, value: 10.5, "aria-label": words("draw.width"),
    oninput: () => { pad.pen = Number(width.value); } });
  const undo = h("button", { type: "button", onclick: () => pad.undo() }, words("draw.undo"));
  const clear = h("button", { type: "button", onclick: () => { pad.clear(); canvas.focus(); } }, words("draw.clear"));
  const value = h("output", { class: "value", "aria-label": words("read.as") });
  const sure = h("p", { class: "sure" });
  const chips = h("div", { class: "chips", role: "group", "aria-label": words("draw.found") });
  const odds = bars();
  const into = h("button", { type: "button", class: "primary", onclick: () => look(chosen.pixels, words("from.drawing")) }, words("draw.inside"));
  const time = h("p", { class: "note time" });
  const posted = h("p", { class: "note", role: "status" }); // what was shown to a class
  const shows = document.body.dataset.role === "pupil" && h("button", { type: "button", onclick: () => showClass() }, words("class.show"));
  const steps = h("ol", { class: "steps" });
  const saw = h("section", { class: "saw", "aria-labelledby": "saw-title" },
    h("h2", { id: "saw-title" }, words("draw.saw")), steps);

  const side = h("div", { class: "answer", "aria-busy": "false" }, value, sure, chips, odds.element, h("div", { class: "row" }, into, shows, time), shows && posted);

  const bend = morph(() => remember());
  const ways = h("ul", { class: "ways-on" }, ["read", "inside", "learn"].map((view) =>
    h("li", {}, h("a", { href: `#${view}` }, h("b", {}, words(`start.${view}`)), h("span", {}, words(`start.${view}.about`))))));

  section.append(
    h("p", { class: "opening" }, words("start.lead")),
    h("div", { class: "desk" },
      h("div", { class: "left" },
        h("div", { class: "pad" }, canvas, marks, hint),
        h("div", { class: "tools" }, undo, clear, h("label", { class: "pen" }, words("draw.pen"), width), keys)),
      side),
    ways,
    saw,
    bend.element,
  );

  let found = []; // digits of the last answer
  let at = 0; // the one whose probabilities are shown

  let inks = 0; // counts what was added to the pad, so that an answer knows whether it is the last
  let told = 0; // ink up to which a request without waiting has been made
  let shown = 0; // ink whose answer is shown
  let link = {}; // what the address holds: { ink, digit, bend }, the last two from morph.js
  const pad = padOn(canvas, (done, same = false) => {
    if (!same) link = { ink: done && !pad.demo ? packed(pad.strokes) : undefined };
    hint.hidden = !pad.empty;
    if (same) marks.setAttribute("viewBox", pad.view.join(" ")); // the boxes are where they were on it
    inks += 1;
    side.setAttribute("aria-busy", "true");
    if (done) answered(true);
    else request();
  });

  // While the pen moves, one request at a time; when it is lifted, at once.
  const request = latest(async () => {
    if (told < inks) await answered(false);
  });

  /** Asks what the ink on the pad is, and says so unless newer ink has been answered. */
  async function answered(done) {
    const seen = inks;
    if (done) told = seen;
    const said = await reply(seen, done);
    if (seen !== inks) return;
    side.setAttribute("aria-busy", "false");
    if (done) remember();
    if (done && said) explain(seen);
    if (done && !said) bend.set();
  }

  /** Keeps the ink in the address, and how far its digit is bent; nothing where the ink is too long for it. */
  function remember() {
    const { ink, digit, bend: far } = link.ink ? link : {};
    if (drawing()) keep({ ink, digit, bend: far }); // another view's address is its own
  }

  // The steps are a hundred times as many bytes as the answer: they come after it.
  const explain = latest(async (seen) => {
    if (seen !== inks) return;
    const answer = await ask(`${path(pad.grey())}&steps=1`, pad.grey().values).catch(() => null);
    if (seen !== inks) return;
    if (answer) trail(answer);
    const one = found.length === 1 && !pad.demo ? found[0] : undefined;
    // On a screen of another form the same ink is prepared a little differently, so a link to a bent digit holds it.
    await bend.set(unpackedDigit(link.digit ?? "") ?? (one && bytes(one.image)), link);
  });
  const path = ({ width, height }) => asked(`/api/draw?width=${width}&height=${height}`);

  /** Asks for an answer and shows it; returns whether there was one. */
  async function reply(seen, done) {
    if (pad.empty) {
      show(null, 0, done);
      return false;
    }
    const grey = pad.grey();
    const begun = performance.now();
    try {
      const answer = await ask(path(grey), grey.values);
      complain();
      if (pad.empty || seen < shown) return false;
      shown = seen;
      show(answer, performance.now() - begun, done);
      return true;
    } catch (error) {
      if (error.wait) setTimeout(() => answered(done), 1000 * error.wait);
      else {
        show(null, 0, done); // what was said of other ink is not left beside this
        complain(error.message);
      }
      return false;
    }
  }

  function show(answer, ms, done) {
    found = answer?.reading.digits ?? [];
    at = Math.min(at, Math.max(found.length - 1, 0));
    const text = found.map((d) => d.value ?? "?").join("");
    value.textContent = text || (answer ? "–" : "");
    value.classList.toggle("none", !text);
    css(value, { "--n": Math.max(text.length, 1) });
    section.classList.toggle("unsure", found.some((d) => d.value === null));
    section.classList.toggle("several", found.length > 1);
    sure.textContent = sentence(answer);
    time.textContent = answer ? words("draw.time", { n: Math.max(1, Math.round(ms)) }) : "";
    marks.setAttribute("viewBox", pad.view.join(" "));
    marks.replaceChildren(...found.map((d, i) => mark(d, i)));
    chips.replaceChildren(...(found.length > 1 ? found.map(chip) : []));
    select(at);
    saw.hidden = !answer;
    if (!found.length) steps.replaceChildren();
    if (done && answer) say(text ? words("draw.say", { text: [...text].join(" ").replaceAll("?", words("read.not-sure")), sentence: sentence(answer) }) : words("draw.none"));
  }

  /** What is said below the answer. */
  function sentence(answer) {
    if (!answer) return "";
    if (!found.length) return words("draw.only-ink");
    const weakest = found.reduce((a, b) => (b.confidence < a.confidence ? b : a));
    const certain = weakest.confidence >= CERTAIN;
    if (found.length === 1) {
      const [first, second] = ranked(weakest.probabilities);
      if (weakest.value === null) return words("draw.unsure", { first, chance: chance(weakest.probabilities[first], 0) });
      return certain ? words("draw.certain") : words("draw.sure", { chance: chance(weakest.confidence), second, next: chance(weakest.probabilities[second]) });
    }
    const doubts = found.filter((d) => d.value === null).length;
    if (doubts) return words("draw.doubts", { n: doubts, all: found.length });
    return words(certain ? "draw.several-certain" : "draw.several", { n: found.length, value: weakest.value, chance: chance(weakest.confidence) });
  }

  function mark(digit, i) {
    const [x, y, w, hh] = digit.box;
    const m = 5;
    const [left, top] = pad.view;
    const above = y - m - 5 >= top + 12; // there is room for its value, which else stands beside it
    return svg("g", { class: digit.value === null ? "doubt" : "", "data-i": i },
      svg("rect", { x: x - m, y: y - m, width: w + 2 * m, height: hh + 2 * m, rx: 4 }),
      svg("text", { x: above ? x - m + 2 : Math.max(x - m - 11, left), y: above ? y - m - 5 : y + m }, digit.value ?? "?"));
  }

  function chip(digit, i) {
    return h("button", { type: "button", class: "chip", "aria-pressed": String(i === at), onclick: () => select(i) },
      picture(bytes(digit.image), 28, 28), h("b", {}, digit.value ?? "?"), h("small", {}, chance(digit.confidence, 0)));
  }

  /** Puts the digit whose probabilities are shown on the board of the class. */
  async function showClass() {
    try {
      await ask(asked("/api/class/drawing"), chosen.pixels.slice());
      posted.textContent = words("class.shown");
    } catch (error) {
      complain(error.message);
    }
  }

  /** Shows the probabilities of one of the digits found. */
  function select(i) {
    at = i;
    const digit = found[i];
    [...chips.children].forEach((c, k) => c.setAttribute("aria-pressed", String(k === i)));
    [...marks.children].forEach((m, k) => m.classList.toggle("now", found.length > 1 && k === i));
    odds.set(digit?.probabilities, digit?.value ?? undefined);
    into.disabled = !digit;
    if (shows) shows.disabled = !digit;
    posted.textContent = "";
    chosen.pixels = digit ? bytes(digit.image) : undefined;
  }

  /** The way from the pad to the 28 x 28, step by step. */
  function trail(answer) {
    const items = answer.steps.map((step) => {
      const title = words(`draw.step.${step.name}`);
      return h("li", {}, h("figure", {},
        picture(bytes(step.data), step.width, step.height, { kind: step.name === "ink" ? "ink" : "grey", label: title }),
        h("figcaption", {}, h("b", {}, title), words(`draw.step.${step.name}.about`))));
    });
    const last = found.map((d) => picture(bytes(d.image), 28, 28, { className: "seen", label: words("draw.pixels", { value: d.value ?? words("read.not-sure") }) }));
    items.push(h("li", { class: "last" }, h("figure", {}, h("div", { class: "seens" }, last.length ? last : h("span", { class: "seen none" }, words("draw.nothing"))),
      h("figcaption", {}, h("b", {}, "28 × 28"), words("draw.prepared")))));
    steps.replaceChildren(...items);
  }

  let seed = Math.floor(Math.random() * 1e6);
  let typing = Promise.resolve(); // one after the other, in the order of the keys
  function type(digit) {
    const coming = ask(`/api/pen/${digit}?seed=${seed++}`);
    typing = Promise.all([coming, typing]).then(([{ strokes }]) => pad.write(strokes), (error) => complain(error.message));
  }

  takesKeys(canvas, pad, type);
  // Typing works wherever the focus is on this view, unless it is on something that takes keys.
  document.addEventListener("keydown", (event) => {
    if (section.hidden || event.defaultPrevented || event.target.matches("input, textarea, select, canvas")) return;
    if (/^\d$/.test(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey) type(Number(event.key));
  });
  /** The first thing to be seen: a digit writes itself, and is read. */
  async function begin() {
    const { strokes } = await ask(`/api/pen/${Math.floor(Math.random() * 10)}?seed=${Math.floor(Math.random() * 1e6)}`);
    if (pad.empty) pad.write(strokes, true);
  }

  show(null, 0, false);
  const check = onModel(section, () => answered(true));
  let opened = false;
  return {
    show(_, query) {
      const sent = Object.fromEntries(["ink", "digit", "bend"].map((name) => [name, query.get(name) ?? undefined]));
      const strokes = unpacked(sent.ink ?? "");
      if (strokes.length && Object.keys(sent).some((name) => sent[name] !== link[name])) {
        pad.put(strokes);
        link = sent;
      } else if (!opened) begin().catch((error) => complain(error.message));
      else remember();
      opened = true;
      check();
    },
  };
}

/** The digits, most probable first. */
const ranked = (p) => [...p.keys()].sort((a, b) => p[b] - p[a]);
