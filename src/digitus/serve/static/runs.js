// The list of training runs: which they are, how good, compared, removed.

import { ask } from "./api.js";
import { complain, h } from "./dom.js";
import { moment, percent } from "./numbers.js";
import { accuracy, named } from "./watch.js";
import { words } from "./words.js";

/** What tells a run from others with the same network: data, time, seed. */
export function details(state) {
  const { data, examples, seed } = state.settings;
  return [words("runs.data", { data: words(`data.${data}`), n: examples }), state.begun && moment(state.begun), words("runs.seed", { seed: String(seed) })].filter(Boolean).join(" · ");
}

/** `compare(id)` is called for the other run, `removed(id)` after one has gone. */
export function runs({ compare, removed }) {
  const list = h("ul", { class: "runs" });
  const element = h("section", { class: "history", "aria-labelledby": "runs-title", hidden: true }, h("h2", { id: "runs-title" }, words("runs.title")), list);
  let doubted; // the run whose removal is to be confirmed

  async function remove(id) {
    try {
      await ask(`/api/runs/${encodeURIComponent(id)}`, undefined, { method: "DELETE" });
      removed(id);
    } catch (error) {
      complain(error.message);
    }
  }

  function item(state, { run, other, many }, again) {
    const right = accuracy(state);
    const mine = state.id === run;
    const button = (key, onclick, props) => h("button", { type: "button", class: "link", onclick, ...props }, words(key));
    const asking = doubted === state.id;
    const doubt = (id) => () => {
      doubted = id;
      again();
      list.querySelector(`[data-id="${state.id}"] .removal`)?.focus();
    };
    return h("li", { class: mine ? "now" : "", "data-id": state.id },
      h("a", { href: `#learn/${state.id}`, "aria-current": mine ? "true" : undefined },
        h("span", { class: `dot ${state.status}` }), h("span", {}, named(state)), h("b", { class: "num" }, right === undefined ? "" : percent(right)),
        h("small", {}, details(state))),
      h("span", { class: "row" },
        asking ? [button("runs.really", () => remove(state.id), { class: "link red removal" }), button("runs.keep", doubt(undefined))] : [
          !mine && many && button(other === state.id ? "runs.alone" : "runs.compare", () => compare(state.id), { "aria-pressed": String(other === state.id) }),
          button("runs.remove", doubt(state.id), { class: "link removal" })],
        h("small", {}, words(`status.${state.status}`, { n: Math.ceil(state.wait ?? 0) }))));
  }

  return {
    element,
    /** Shows these; `run` is the one that is watched, `other` the one that it is compared with. */
    set(all, { run, other }) {
      const draw = () => list.replaceChildren(...all.map((state) => item(state, { run, other, many: all.length > 1 }, draw)));
      element.hidden = !all.length;
      draw();
    },
  };
}
