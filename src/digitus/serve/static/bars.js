// The probabilities of the ten digits as bars that move.

import { css, h } from "./dom.js";
import { chance } from "./numbers.js";
import { words } from "./words.js";

/** `set(probabilities, value)` shows them; the digit that was read, if any, stands out. */
export function bars({ choose } = {}) {
  const rows = [...Array(10).keys()].map((digit) => {
    const share = h("span", { class: "share" });
    const name = choose
      ? h("button", { type: "button", class: "name", onclick: () => choose(digit), "aria-label": words("bars.case", { digit }) }, digit)
      : h("b", { class: "name" }, digit);
    const row = h("li", {}, name, h("span", { class: "bar", "aria-hidden": "true" }), share);
    return { row, share };
  });
  const element = h("ol", { class: "bars", "aria-label": words("bars.title") }, rows.map((r) => r.row));
  return {
    element,
    set(probabilities, value, marked) {
      element.classList.toggle("idle", !probabilities);
      const best = probabilities ? Math.max(...probabilities) : 0;
      rows.forEach(({ row, share }, digit) => {
        const p = probabilities?.[digit];
        css(row, { "--v": p ?? 0 });
        share.textContent = p === undefined ? "" : chance(p);
        row.classList.toggle("read", digit === value);
        row.classList.toggle("best", p !== undefined && p === best && value === undefined);
        row.classList.toggle("marked", digit === marked);
      });
    },
  };
}
