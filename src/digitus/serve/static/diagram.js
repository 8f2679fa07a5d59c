// The network that the settings describe, as a drawing: pixels, maps, units, digits, and how many
// parameters lie between them.

import { count, svg } from "./dom.js";

const [WIDTH, HEIGHT, MIDDLE] = [800, 340, 150];
const DOTS = 14; // units that are drawn of a layer; of more, the first and the last

/** The drawing of layers such as "784-8c-p-32-10"; undefined where the text is no network. */
export function diagram(layers, activation) {
  const stages = parse(layers);
  if (!stages) return undefined;
  const step = (WIDTH - 150) / (stages.length - 1);
  const most = Math.min(95, 0.6 * step);
  const columns = stages.map((stage, i) => ({ ...stage, x: 75 + i * step, size: stage.units ? 0 : most * (0.3 + (0.7 * stage.side) / 28) }));
  const parts = [];
  columns.slice(1).forEach((to, i) => parts.push(...links(columns[i], to)));
  columns.forEach((column, i) => parts.push(...(column.units ? dots(column, i === columns.length - 1) : maps(column))));
  columns.forEach((column, i) => {
    const last = i === columns.length - 1;
    const words = !i ? ["28 × 28", "pixels"] : column.pool ? [`${column.side} × ${column.side}`, "largest of 2 × 2"]
      : column.maps ? [`${column.maps} maps`, `${column.side} × ${column.side}, ${activation}`] : last ? ["10 digits", "softmax"] : [`${column.units} units`, activation];
    parts.push(label(column.x, HEIGHT - 34, words[0], "name"), label(column.x, HEIGHT - 15, words[1], "tick"));
    if (column.parameters) parts.push(label(column.x - step / 2, HEIGHT - 56, count(column.parameters), "tick"));
  });
  const total = columns.reduce((sum, c) => sum + (c.parameters ?? 0), 0);
  return svg("svg", { class: "diagram", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `The network ${layers}: ${count(total)} parameters` }, parts);
}

/** "784-8c-p-10" as stages with maps or units, their side, and the parameters before them. */
function parse(text) {
  const [first, ...rest] = text.split("-");
  if (first !== "784" || rest.at(-1) !== "10" || rest.length > 8) return undefined;
  const stages = [{ maps: 1, side: 28 }];
  for (const part of rest) {
    const before = stages.at(-1);
    const [, number, kind] = /^(\d{1,4})(c?)$/.exec(part) ?? [];
    if (part === "p" && before.maps) stages.push({ maps: before.maps, side: Math.floor(before.side / 2), pool: true });
    else if (kind === "c" && before.maps && +number) stages.push({ maps: +number, side: before.side, parameters: 9 * before.maps * number + +number });
    else if (kind === "" && +number) stages.push({ units: +number, parameters: (before.units ?? before.maps * before.side ** 2) * number + +number });
    else return undefined;
  }
  return stages;
}

/** Where the units of a column are drawn. */
function places({ units }) {
  const drawn = Math.min(units, DOTS);
  const gap = Math.min(24, 250 / drawn);
  return Array.from({ length: drawn }, (_, k) => MIDDLE + (k - (drawn - 1) / 2) * gap);
}

function dots(column, digits) {
  const all = places(column);
  return all.flatMap((y, k) => {
    if (column.units > DOTS && k === DOTS - 2) return [label(column.x, y + 4, "⋮", "tick")];
    const dot = svg("circle", { class: "unit", cx: column.x, cy: y, r: digits ? 9.5 : 6 });
    return digits ? [dot, label(column.x, y + 4.5, k, "digit")] : [dot];
  });
}

function maps(column) {
  const side = column.size;
  const drawn = Math.min(column.maps, 5);
  const squares = Array.from({ length: drawn }, (_, k) => {
    const shift = (k - (drawn - 1) / 2) * 6;
    return svg("rect", { class: "map", x: column.x - side / 2 + shift, y: MIDDLE - side / 2 + shift, width: side, height: side, rx: 3 });
  });
  if (column.maps > 1) return squares;
  return [...squares, svg("path", { class: "ink", d: "M-7 -9Q0 -11 7 -10Q3 -1 -1 11M-5 1L6 0", transform: `translate(${column.x} ${MIDDLE}) scale(${side / 32})` })];
}

function links(from, to) {
  const ends = (c) => (c.units ? places(c).filter((_, k) => c.units <= DOTS || k !== DOTS - 2) : [MIDDLE - c.size / 3, MIDDLE, MIDDLE + c.size / 3]);
  const edge = (c) => (c.units ? 0 : c.size / 2 + (c.maps > 1 ? 12 : 0));
  if (to.maps) return [svg("path", { class: "link strong", d: `M${from.x + edge(from)} ${MIDDLE}L${to.x - edge(to)} ${MIDDLE}` })];
  return ends(from).flatMap((a) => ends(to).map((b) => svg("path", { class: "link", d: `M${from.x + edge(from)} ${a}L${to.x} ${b}` })));
}

const label = (x, y, words, kind) => svg("text", { class: `${kind} middle`, x, y }, words);
