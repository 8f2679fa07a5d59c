// Board: the class on the projector: how to join, what everyone has drawn, how good everyone's network is,
// and what it misreads.

import { ask, bytes, latest } from "./api.js";
import { called } from "./classroom.js";
import { complain, css, h, svg } from "./dom.js";
import { percent } from "./numbers.js";
import { picture } from "./pictures.js";
import { words } from "./words.js";

const LOOK = 2000; // milliseconds between two looks at the class

export function mount(section) {
  let shown = false;
  let timer;
  let doubted; // the number of the pupil whose removal is to be confirmed; 0: everyone's
  let board;
  const heading = section.querySelector("h1");
  const invitation = h("div", { class: "invitation" });
  const figures = h("p", { class: "note num", role: "status" });
  const clear = h("span", { class: "row" });
  const pupils = h("ul", { class: "pupils" });
  section.append(h("div", { class: "head" }, figures, h("div", { class: "row" },
    h("a", { class: "button", href: "#worked" }, words("class.worksheet")),
    h("a", { class: "button", href: "/api/class/results", download: "" }, words("class.results")),
    h("button", { type: "button", onclick: () => print() }, words("class.print")), clear)), invitation, pupils);

  const remove = (number) => drop(number ? `/api/class/pupils/${number}` : "/api/class");

  async function drop(path) {
    doubted = undefined;
    draw(); // at once: a key that is held does not ask again
    try {
      await ask(path, undefined, { method: "DELETE" });
    } catch (error) {
      complain(error.message);
    }
    look();
  }

  /** The button that removes, or the two that ask once more: the focus is on "keep", so whoever goes on
   * pressing keeps. */
  function going(number, key) {
    const button = (what, onclick, kind = "link") => h("button", { type: "button", class: kind, "data-of": `${number}.${what}`, onclick }, words(what));
    const doubt = (who, next) => () => {
      doubted = who;
      draw(`${number}.${next}`);
    };
    return doubted === number
      ? [button(`${key}-really`, () => remove(number), "link red"), button("runs.keep", doubt(undefined, key))]
      : [button(key, doubt(number, "runs.keep"))];
  }

  function card(pupil) {
    const { accuracy, drawing, misread: wrong } = pupil;
    return h("li", { class: "card", tabindex: "-1", "data-of": pupil.number },
      h("h2", {}, called(pupil)),
      h("p", { class: "share-big num" }, accuracy === null ? "–" : percent(accuracy)),
      css(h("div", { class: "progress", "aria-hidden": "true" }), { "--v": accuracy ?? 0 }),
      h("p", { class: "note" }, pupil.layers ? `${pupil.layers} · ${words(`status.${pupil.status === "waiting" ? "queued" : pupil.status}`)}` : words("class.nothing")),
      drawing && h("figure", { class: "shown" }, picture(bytes(drawing.pixels), 28, 28, { label: words("class.written", { r: drawing.read ?? "?" }) }), h("figcaption", {}, words("class.written", { r: drawing.read ?? "?" }), " ",
        h("button", { type: "button", class: "icon", "data-of": `${pupil.number}.take-down`, "aria-label": words("class.take-down", { name: called(pupil) }), onclick: () => drop(`/api/class/pupils/${pupil.number}/drawing`) }, "×"))),
      wrong && h("figure", {}, picture(bytes(wrong.pixels), 28, 28, { label: words("digit.a", { digit: wrong.true }) }), h("figcaption", {}, words("class.misread", { t: wrong.true, r: wrong.read }))),
      h("p", { class: "row note" }, going(pupil.number, "class.remove")));
  }

  /** Draws it all anew. Buttons come and go between two looks: what has the focus keeps it by its key, or
   * gives it to its own card, never to another's button; without a card, to the heading. */
  function draw(held = document.activeElement?.dataset.of) {
    fill();
    if (held === undefined) return;
    const keyed = (key) => section.querySelector(`[data-of="${key}"]`);
    (keyed(held) ?? keyed(held.split(".")[0]) ?? heading).focus({ preventScroll: true });
  }

  function fill() {
    const { word, address, qr } = board;
    const dark = qr.flatMap((row, y) => [...row].flatMap((c, x) => (c === "1" ? `M${x} ${y}h1v1h-1z` : []))).join("");
    invitation.replaceChildren(
      svg("svg", { viewBox: `-2 -2 ${qr.length + 4} ${qr.length + 4}`, class: "qr", role: "img", "aria-label": words("class.qr") },
        svg("rect", { x: -2, y: -2, width: qr.length + 4, height: qr.length + 4, fill: "#fff" }), svg("path", { d: dark, fill: "#000" })),
      h("div", {}, h("p", { class: "lead" }, words("class.come")), h("p", { class: "address" }, address), h("p", { class: "lead" }, words("join.word")), h("p", { class: "join-word" }, word)));
    figures.textContent = Object.entries({ joined: board.pupils.length, training: board.training, waiting: board.waiting })
      .map(([what, n]) => words(`class.${what}`, { n })).join(" · ");
    clear.replaceChildren(...going(0, "class.clear"));
    pupils.replaceChildren(...board.pupils.map(card));
  }

  const look = latest(async () => {
    clearTimeout(timer);
    if (!shown) return;
    try {
      const now = await ask("/api/class");
      const same = JSON.stringify(now) === JSON.stringify(board); // a button that is pressed stays the same one
      board = now;
      if (!same) draw();
    } catch (error) {
      complain(error.message);
    }
    timer = setTimeout(look, LOOK);
  });

  return {
    show() {
      shown = true;
      look();
    },
    hide() {
      shown = false;
      clearTimeout(timer);
    },
  };
}
