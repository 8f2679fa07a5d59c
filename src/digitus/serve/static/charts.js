// Curves as SVG: one panel, lines of points, in the web page's colours.

import { h, svg } from "./dom.js";
import { figure } from "./numbers.js";
import { words } from "./words.js";

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT] = [420, 200, 44, 24, 10, 10];

/** `set(lines)` draws; a line is { points: [[x, y], ...], kind, label, dots, told };
 * `told` is said of it, the last value where nothing is. */
export function chart(title, { format, low, high, tick = format, unit = words("learn.epochs") }) {
  const plot = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
  const legend = h("ul", { class: "legend" });
  const element = h("figure", { class: "chart" }, h("figcaption", {}, title), plot, legend);
  return {
    element,
    set(lines, { to = 1 } = {}) {
      const all = lines.flatMap((line) => line.points);
      const right = Math.max(to, ...all.map(([x]) => x), 1e-9);
      const bottom = low(all.map(([, y]) => y));
      const top = Math.max(high(all.map(([, y]) => y)), bottom + 1e-6);
      const x = (v) => LEFT + ((WIDTH - LEFT - RIGHT) * v) / right;
      const y = (v) => HEIGHT - BOTTOM - ((HEIGHT - BOTTOM - TOP) * (Math.min(Math.max(v, bottom), top) - bottom)) / (top - bottom);
      const rows = ticks(bottom, top, 5);
      plot.setAttribute("aria-label", `${title}: ${lines.filter((l) => l.points.length).map((l) => `${l.label} ${format(told(l))}`).join(", ") || words("learn.nothing")}`);
      plot.replaceChildren(
        ...rows.map((v) => svg("g", {}, svg("path", { class: "rule", d: `M${LEFT} ${y(v)}H${WIDTH - RIGHT}` }),
          svg("text", { class: "tick end", x: LEFT - 7, y: y(v) + 4 }, tick(v)))),
        ...ticks(0, right, 5).filter((v) => v <= right * 0.86).map((v) => svg("text", { class: "tick middle", x: x(v), y: HEIGHT - 6 }, figure(v))),
        svg("text", { class: "tick end", x: WIDTH - RIGHT, y: HEIGHT - 6 }, unit),
        ...lines.flatMap((line) => [
          svg("path", { class: `line ${line.kind}`, d: path(line.points, x, y) }),
          ...(line.dots ? line.points.map(([a, b]) => svg("circle", { class: `dot ${line.kind}`, cx: x(a), cy: y(b), r: 2.75 })) : []),
        ]),
      );
      legend.replaceChildren(...lines.filter((l) => l.points.length).map((line) =>
        h("li", { class: line.kind }, line.label, h("b", { class: "num" }, format(told(line))))));
    },
  };
}

/** What is said of a line. */
const told = (line) => line.told ?? line.points.at(-1)[1];

const path = (points, x, y) => points.map(([a, b], i) => `${i ? "L" : "M"}${x(a).toFixed(1)} ${y(b).toFixed(1)}`).join("");

/** About so many round numbers between two. */
function ticks(from, to, about) {
  const rough = (to - from) / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough * 0.999);
  const out = [];
  for (let k = Math.ceil(from / step - 1e-9); k * step <= to + 1e-9; k++) out.push(Number((k * step).toPrecision(6)));
  return out;
}
