// One picture with its digits framed: choosing one, correcting it, adding, splitting and joining boxes.
// Not inside: what a correction does to the numbers (readings.js), the list of pictures (read.js).

import { bytes } from "./api.js";
import { bars } from "./bars.js";
import { complain, css, h, say, svg } from "./dom.js";
import { chance } from "./numbers.js";
import { picture } from "./pictures.js";
import * as readings from "./readings.js";
import { look } from "./shared.js";
import { words } from "./words.js";

/** `changed()` is called after a correction; `reread(page, box)` reads a part of a picture as one digit. */
export function stage(changed, reread) {
  let page;
  let at; // the place of the digit that is looked at
  let below = 1; // confidence below which a digit is doubtful
  let adding = false;
  const frame = h("div", { class: "stage" });
  const odds = bars();
  const seen = h("div", { class: "glimpse" });
  const said = h("p", { class: "words" });
  const keypad = h("div", { class: "keypad", role: "group", "aria-label": words("read.really") },
    [...Array(10).keys()].map((d) => h("button", { type: "button", onclick: () => correct(d) }, d)));
  const action = (key, onclick) => h("button", { type: "button", onclick }, words(key));
  const join = action("read.join", () => remake([page.digits[at], readings.after(page, page.digits[at])], (boxes) => [readings.around(boxes)]));
  const split = action("read.split", () => remake([page.digits[at]], ([[x, y, w, hh]]) => [[x, y, w / 2, hh], [x + w / 2, y, w / 2, hh]]));
  const one = h("section", { class: "one card", hidden: true, "aria-label": words("read.chosen") },
    h("div", { class: "row" }, seen, said), keypad,
    h("div", { class: "actions" }, action("read.none", () => correct(undefined)), split, join,
      action("draw.inside", () => look(bytes(page.digits[at].image), words("from.picture", { name: page.name })))), odds.element);
  const more = h("button", { type: "button", "aria-pressed": "false", onclick: () => mode(!adding) }, words("read.add"));

  const isDoubtful = (d) => readings.doubtful(d, below);

  function mode(on) {
    adding = on;
    more.setAttribute("aria-pressed", String(on));
    frame.classList.toggle("adding", on);
    if (on) say(words("read.add-how"));
  }

  function draw() {
    const { reading, canvas, digits } = page;
    const [w, hh] = reading ? [reading.width, reading.height] : [canvas?.width ?? 16, canvas?.height ?? 5];
    const overlay = svg("svg", { class: "boxes", viewBox: `0 0 ${w} ${hh}`, role: "group", "aria-label": words("read.found") });
    overlay.append(...digits.map((d, i) => box(d, i, w)));
    if (reading) sketchable(overlay, w, hh);
    const blank = page.error ?? (canvas ? undefined : words("read.blank"));
    frame.replaceChildren(canvas ?? "", blank ? h("p", { class: "blank" }, blank) : "", overlay);
    css(frame, { "aspect-ratio": `${w} / ${hh}` });
    more.disabled = !reading;
    choose(at, false);
  }

  function box(d, i, width) {
    const [x, y, w, hh] = d.box;
    const size = Math.max(hh * 0.55, width / 60);
    const value = d.gone ? words("read.none") : d.value ?? words("read.not-sure");
    const g = svg("g", { class: `${isDoubtful(d) ? "doubt" : ""} ${d.gone ? "gone" : ""} ${d.corrected ? "corrected" : ""}`, tabindex: i === 0 ? 0 : -1, role: "button",
      "aria-label": words("read.box", { value, chance: chance(d.confidence, 0) }) },
    svg("rect", { x: x - 2, y: y - 2, width: w + 4, height: hh + 4, rx: Math.min(w, hh) / 8, "vector-effect": "non-scaling-stroke" }),
    svg("text", { x: x + w / 2, y: y - size * 0.22, "font-size": size }, d.gone ? "×" : d.value ?? "?"));
    g.addEventListener("click", () => choose(i));
    g.addEventListener("focus", () => choose(i, false));
    g.addEventListener("keydown", (event) => key(event, i));
    return g;
  }

  /** A box can be drawn around a digit that was not found. */
  function sketchable(overlay, width, height) {
    let from;
    let drawn;
    const place = (event) => {
      const { left, top, width: wide } = overlay.getBoundingClientRect();
      const zoom = width / wide;
      return [(event.clientX - left) * zoom, (event.clientY - top) * zoom].map((v, k) => Math.min(Math.max(v, 0), [width, height][k]));
    };
    const area = (a, b) => [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.abs(a[0] - b[0]), Math.abs(a[1] - b[1])];
    overlay.addEventListener("pointerdown", (event) => {
      if (!adding) return;
      event.preventDefault();
      from = place(event);
      overlay.setPointerCapture(event.pointerId);
      drawn = svg("rect", { class: "sketch", "vector-effect": "non-scaling-stroke" });
      overlay.append(drawn);
    });
    overlay.addEventListener("pointermove", (event) => {
      if (!from) return;
      const [x, y, w, hh] = area(from, place(event));
      for (const [name, value] of Object.entries({ x, y, width: w, height: hh })) drawn.setAttribute(name, value);
    });
    overlay.addEventListener("pointerup", async (event) => {
      if (!from) return;
      const found = area(from, place(event));
      from = undefined;
      drawn.remove();
      mode(false);
      if (found[2] < 4 || found[3] < 4) return;
      const mine = page;
      try {
        const digit = await reread(mine, found);
        readings.add(mine, digit);
        made(mine, digit, words("read.now", { value: digit.value ?? "?" }));
      } catch (error) {
        complain(error.message);
      }
    });
  }

  /** Reads the place of some digits again, in other boxes. */
  async function remake(old, boxes) {
    const mine = page;
    if (old.some((d) => !d)) return;
    try {
      const fresh = await Promise.all(boxes(old.map((d) => d.box)).map((b) => reread(mine, b)));
      if (!old.every((d) => mine.digits.includes(d))) return; // all was read again meanwhile
      readings.replace(mine, old, fresh);
      made(mine, fresh[0], fresh.map((d) => d.value ?? "?").join(" "));
    } catch (error) {
      complain(error.message);
    }
  }

  /** A new digit of a picture, which may not be looked at any more. */
  function made(of, digit, told) {
    if (of !== page) return changed();
    at = of.digits.indexOf(digit);
    return done(told);
  }

  function done(told) {
    const i = at;
    draw();
    choose(i);
    changed();
    say(told);
  }

  function key(event, i) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^\d$/.test(event.key)) correct(Number(event.key));
    else if (event.key === "Delete" || event.key === "Backspace") correct(undefined);
    else if (event.key === "ArrowRight" || event.key === "ArrowDown") choose(Math.min(i + 1, page.digits.length - 1));
    else if (event.key === "ArrowLeft" || event.key === "ArrowUp") choose(Math.max(i - 1, 0));
    else return;
    event.preventDefault();
  }

  function choose(i, focus = true) {
    at = i;
    const groups = [...frame.querySelectorAll("g")];
    groups.forEach((g, k) => {
      g.classList.toggle("now", k === i);
      g.setAttribute("tabindex", k === (i ?? 0) ? 0 : -1);
    });
    const d = page?.digits[i];
    one.hidden = !d;
    if (!d) return;
    seen.replaceChildren(picture(bytes(d.image), 28, 28, { label: words("draw.saw") }));
    said.textContent = d.gone ? words("read.taken-out") : d.corrected ? words("read.corrected", { value: d.value })
      : d.was === null ? words("read.what", { chance: chance(d.confidence, 0) }) : words("read.was", { value: d.was, chance: chance(d.confidence) });
    [...keypad.children].forEach((b, k) => b.setAttribute("aria-pressed", String(k === d.value && !d.gone)));
    join.disabled = d.gone || !readings.after(page, d);
    split.disabled = Boolean(d.gone);
    odds.set(d.probabilities, d.value ?? undefined);
    if (focus) groups[i].focus();
  }

  /** Sets the value of the chosen digit; undefined: it is none. */
  function correct(value) {
    const d = page.digits[at];
    const again = value === undefined && d.gone;
    Object.assign(d, value === undefined ? { gone: !again } : { value, gone: false, corrected: value !== d.was || d.confidence < below });
    done(d.gone ? words("read.taken-out") : words("read.now", { value: d.value }));
  }

  return {
    element: h("div", {}, frame, h("div", { class: "row under" }, more)),
    one,
    set(next, doubtfulBelow) {
      if (page !== next) at = undefined;
      page = next;
      below = doubtfulBelow;
      mode(false);
      draw();
    },
    nextDoubt() {
      const n = page.digits.length;
      for (let k = 1; k <= n; k++) {
        const i = ((at ?? -1) + k + n) % n;
        if (isDoubtful(page.digits[i])) return choose(i);
      }
      return undefined;
    },
  };
}
