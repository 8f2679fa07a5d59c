// Mistakes: the test digits that the network gets wrong, each of which opens in Inside.

import { ask } from "./api.js";
import { confusion, misread } from "./confusion.js";
import { complain, count, h, percent, say } from "./dom.js";

const PAGE = 60;

export function mount(section) {
  let wanted = [undefined, undefined]; // true and read value; undefined: any
  let offset = 0;
  const lead = h("p", { class: "lead" }, "Looking at the test digits …");
  const matrix = confusion((t, r) => filter(t === wanted[0] && r === wanted[1] ? [undefined, undefined] : [t, r]));
  const choice = (label, k) => {
    const select = h("select", { id: `mistakes-${k}`, onchange: () => filter(wanted.map((v, i) => (i === k ? (select.value === "" ? undefined : Number(select.value)) : v))) },
      h("option", { value: "" }, "any digit"), [...Array(10).keys()].map((d) => h("option", { value: d }, d)));
    return { select, element: h("label", { class: "choice", for: `mistakes-${k}` }, label, select) };
  };
  const [written, read] = [choice("Written", 0), choice("read as", 1)];
  const all = h("button", { type: "button", onclick: () => filter([undefined, undefined]) }, "Show all");
  const total = h("p", { class: "note", role: "status" });
  const pictures = h("div", { class: "misreads" });
  const more = h("button", { type: "button", hidden: true, onclick: () => load() }, "Show more");
  section.append(lead, h("div", { class: "wrongs" },
    h("div", { class: "left" }, matrix.element),
    h("div", {}, h("div", { class: "row filter" }, written.element, read.element, all, total), pictures, more)));

  async function load() {
    const query = new URLSearchParams({ offset, limit: PAGE });
    ["true", "read"].forEach((name, k) => wanted[k] !== undefined && query.set(name, wanted[k]));
    try {
      const answer = await ask(`/api/mistakes?${query}`);
      complain();
      if (!offset) pictures.replaceChildren();
      pictures.append(...answer.mistakes.map((m) => misread(m, `of the test set, read as ${m.read}`)));
      offset += answer.mistakes.length;
      more.hidden = offset >= answer.total;
      total.textContent = `${count(answer.total)} misread`;
      matrix.set(answer.confusion);
      matrix.mark(...wanted);
      const wrong = answer.confusion.flatMap((row, t) => row.filter((_, r) => r !== t)).reduce((a, b) => a + b, 0);
      const n = answer.count ?? answer.confusion.flat().reduce((a, b) => a + b, 0);
      lead.textContent = `${count(wrong)} of ${count(n)} digits are misread (${percent(wrong / n, 2)}). From ${answer.data}. Press one to see inside why.`;
      if (!answer.total) pictures.replaceChildren(h("p", { class: "note" }, "None."));
    } catch (error) {
      if (error.wait) return setTimeout(load, 1000 * error.wait);
      complain(error.message);
    }
  }

  function filter(next) {
    wanted = next;
    offset = 0;
    [written, read].forEach(({ select }, k) => (select.value = wanted[k] ?? ""));
    all.disabled = wanted.every((v) => v === undefined);
    load().then(() => say(total.textContent));
  }

  filter(wanted);
  return {};
}
