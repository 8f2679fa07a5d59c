// Numbers of one line that add up as they are shown: one precision for all, and what rounding leaves
// over goes to those that it changes least. Not inside: the lines themselves (lens.js).

import { fixed } from "./numbers.js";

const [DIGITS, MOST] = [4, 5]; // significant digits of the sum and of its largest term; decimals at most

/** How many places after the point a line needs. */
export function places(values, total) {
  const need = (v) => DIGITS - 1 - Math.floor(Math.log10(Math.abs(v) || 1));
  const largest = Math.max(...values.map(Math.abs), Math.abs(total));
  return Math.min(Math.max(need(largest), need(total), 0), MOST);
}

/** The terms and their sum as texts. Every term is less than one unit of the last place from what it
 * is, the sum half of one, and the texts add up exactly. */
export function addsUp(terms, total, digits = places(terms, total)) {
  const unit = 10 ** digits;
  const whole = terms.map((v) => Math.round(v * unit));
  let over = Math.round(total * unit) - whole.reduce((a, b) => a + b, 0);
  // Those whose rounding went furthest the other way are moved first, each by one unit at most.
  const order = [...whole.keys()].sort((a, b) => Math.sign(over) * (terms[b] * unit - whole[b] - (terms[a] * unit - whole[a])));
  for (const k of order) {
    if (!over) break;
    whole[k] += Math.sign(over);
    over -= Math.sign(over);
  }
  const text = (n) => fixed(n / unit, digits);
  return { terms: whole.map(text), total: text(whole.reduce((a, b) => a + b, 0)), digits };
}
