// Mistakes: the test digits that the network gets wrong, each of which opens in Inside.

import { keep } from "./address.js";
import { ask } from "./api.js";
import { confusion, misread } from "./confusion.js";
import { complain, css, h, say } from "./dom.js";
import { asked, learnt, model } from "./model.js";
import { percent } from "./numbers.js";
import { onModel } from "./shared.js";
import { words } from "./words.js";

const AT_ONCE = 60; // mistakes that one request asks for
const LOOK = 250; // milliseconds between two looks at how far the server is

export function mount(section) {
  let wanted = [undefined, undefined]; // true and read value; undefined: any
  let offset = 0;
  let turn = 0; // counts what was asked for: only the last is shown
  const lead = h("p", { class: "lead" });
  const bar = h("div", { class: "progress", role: "progressbar", "aria-label": words("mistakes.looking"), "aria-valuemin": 0, "aria-valuemax": 100 });
  const waiting = h("div", { class: "waiting" }, h("p", { role: "status" }), bar);
  const again = h("button", { type: "button", hidden: true, onclick: () => load() }, words("read.again"));
  const matrix = confusion((t, r) => filter(t === wanted[0] && r === wanted[1] ? [undefined, undefined] : [t, r]));
  const choice = (key, k) => {
    const select = h("select", { id: `mistakes-${k}`, onchange: () => filter(wanted.map((v, i) => (i === k ? (select.value === "" ? undefined : Number(select.value)) : v))) },
      h("option", { value: "" }, words("mistakes.any")), [...Array(10).keys()].map((d) => h("option", { value: d }, d)));
    return { select, element: h("label", { class: "choice", for: `mistakes-${k}` }, words(key), select) };
  };
  const [written, read] = [choice("mistakes.written", 0), choice("mistakes.read", 1)];
  const all = h("button", { type: "button", onclick: () => filter([undefined, undefined]) }, words("mistakes.all"));
  const total = h("p", { class: "note", role: "status" });
  const pictures = h("div", { class: "misreads" });
  const more = h("button", { type: "button", hidden: true, onclick: () => load() }, words("mistakes.more"));
  const found = h("div", { class: "wrongs", hidden: true },
    h("div", { class: "left" }, matrix.element),
    h("div", {}, h("div", { class: "row filter" }, written.element, read.element, all, total), pictures, more));
  section.append(lead, waiting, again, found);

  /** Shows how many digits the server has looked at, until it has looked at all. */
  async function wait(mine) {
    waiting.hidden = false;
    while (mine === turn && !waiting.hidden) {
      const { done, count: n } = await ask(asked("/api/mistakes/progress"));
      css(bar, { "--v": n ? done / n : 0 });
      bar.setAttribute("aria-valuenow", n ? Math.round((100 * done) / n) : 0);
      waiting.firstElementChild.textContent = words("mistakes.progress", { done, all: n || "…" });
      await new Promise((again) => setTimeout(again, LOOK));
    }
  }

  async function load() {
    const mine = ++turn;
    const id = model.id;
    const query = new URLSearchParams({ offset, limit: AT_ONCE });
    ["true", "read"].forEach((name, k) => wanted[k] !== undefined && query.set(name, wanted[k]));
    again.hidden = true;
    if (found.hidden) wait(mine).catch(() => {}); // the answer itself says what is wrong
    try {
      const answer = await ask(asked(`/api/mistakes?${query}`, id));
      if (mine !== turn) return;
      complain();
      waiting.hidden = true;
      found.hidden = false;
      if (!offset) pictures.replaceChildren();
      pictures.append(...answer.mistakes.map((m) => misread(m, "from.test", id)));
      offset += answer.mistakes.length;
      more.hidden = offset >= answer.total;
      total.textContent = words("mistakes.total", { n: answer.total });
      matrix.set(answer.confusion);
      matrix.mark(...wanted);
      const wrong = answer.confusion.flatMap((row, t) => row.filter((_, r) => r !== t)).reduce((a, b) => a + b, 0);
      lead.textContent = words("mistakes.lead", { wrong, all: answer.count, share: percent(wrong / answer.count, 2), data: learnt(answer.data) });
      if (!answer.total) pictures.replaceChildren(h("p", { class: "note" }, words("mistakes.none")));
    } catch (error) {
      if (mine !== turn) return;
      if (error.wait) return setTimeout(load, 1000 * error.wait);
      waiting.hidden = true;
      again.hidden = !found.hidden;
      complain(error.message);
    }
  }

  function filter(next) {
    wanted = next;
    offset = 0;
    keep({ true: wanted[0], read: wanted[1] });
    [written, read].forEach(({ select }, k) => (select.value = wanted[k] ?? ""));
    all.disabled = wanted.every((v) => v === undefined);
    load().then(() => say(total.textContent));
  }

  const anew = () => {
    found.hidden = true;
    lead.textContent = "";
    filter(wanted);
  };
  const check = onModel(section, anew);
  let shown = false;
  return {
    show(_, query) {
      const digit = (name) => (/^\d$/.test(query.get(name) ?? "") ? Number(query.get(name)) : undefined);
      const next = [digit("true"), digit("read")];
      const other = next.some((v) => v !== undefined) && String(next) !== String(wanted);
      if (other) wanted = next;
      if (!shown) anew();
      else if (other) filter(wanted);
      else check();
      shown = true;
      keep({ true: wanted[0], read: wanted[1] });
    },
  };
}
