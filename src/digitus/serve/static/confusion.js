// Which digit was read as which: a table whose cells open, and the misread pictures behind a cell.

import { bytes } from "./api.js";
import { css, h, scrolls } from "./dom.js";
import { chance, figure } from "./numbers.js";
import { picture } from "./pictures.js";
import { look } from "./shared.js";
import { words } from "./words.js";

/** `choose(true, read)` is called for a cell with mistakes; both undefined: all. */
export function confusion(choose) {
  const cells = [];
  const body = h("tbody");
  const element = scrolls(h("div", { class: "scroll" }, h("table", { class: "confusion" },
    h("caption", {}, words("confusion.caption")),
    h("thead", {}, h("tr", {}, h("td"), [...Array(10).keys()].map((d) => h("th", { scope: "col" }, d)))), body)), words("confusion.caption"));
  for (let t = 0; t < 10; t++) {
    const row = h("tr", {}, h("th", { scope: "row" }, t));
    cells.push([]);
    for (let r = 0; r < 10; r++) {
      const cell = h("td");
      cells[t].push(cell);
      row.append(cell);
    }
    body.append(row);
  }
  element.addEventListener("keydown", (event) => {
    const step = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
    const at = cells.flat().findIndex((cell) => cell.contains(event.target));
    if (!step || at < 0) return;
    event.preventDefault();
    let [t, r] = [Math.floor(at / 10) + step[0], (at % 10) + step[1]];
    for (; t >= 0 && t < 10 && r >= 0 && r < 10; t += step[0], r += step[1]) {
      const button = cells[t][r].firstElementChild;
      if (button) return button.focus();
    }
  });
  let marked = [];
  const mark = () => cells.forEach((row, t) => row.forEach((cell, r) =>
    cell.firstElementChild?.setAttribute("aria-pressed", String(t === marked[0] && r === marked[1]))));

  return {
    element,
    set(counts) {
      const wrong = Math.max(1, ...counts.flatMap((row, t) => row.filter((_, r) => r !== t)));
      counts.forEach((row, t) => {
        const all = Math.max(1, row.reduce((a, b) => a + b, 0));
        row.forEach((n, r) => {
          const cell = cells[t][r];
          cell.className = t === r ? "right" : n ? "wrong" : "none";
          css(cell, { "--a": t === r ? 0.06 + 0.3 * (n / all) ** 4 : n ? 0.1 + 0.38 * Math.sqrt(n / wrong) : 0 });
          if (t === r || !n) cell.replaceChildren(t === r ? figure(n) : "·");
          else if (cell.firstElementChild?.tagName === "BUTTON") cell.firstElementChild.textContent = figure(n);
          else cell.replaceChildren(h("button", { type: "button", onclick: () => choose(t, r) }, figure(n)));
          if (t !== r && n) cell.firstElementChild.setAttribute("aria-label", words("confusion.cell", { t, r, count: n }));
        });
      });
      mark();
    },
    mark(t, r) {
      marked = [t, r];
      mark();
    },
  };
}

/** A misread digit; pressing it opens it in Inside, in the network that misread it. `from` is the key
 * of the words that say where it comes from. */
export function misread(digit, from, id) {
  const pixels = bytes(digit.pixels);
  return h("button", { type: "button", class: "misread", onclick: () => look(pixels, words(from, { digit: digit.true, read: digit.read }), id),
    "aria-label": words("confusion.misread", { digit: digit.true, read: digit.read, chance: chance(digit.confidence, 0) }) },
  picture(pixels, 28, 28), h("span", {}, h("b", {}, digit.true), " → ", h("b", { class: "as" }, digit.read)), h("small", {}, chance(digit.confidence, 0)));
}
