// The network that the settings describe, as a drawing: pixels, maps, units, digits, and how many
// parameters lie between them; and, as it learns, what runs through it. Not inside: which digit that
// is, and the numbers, which the server tells.

import { bytes } from "./api.js";
import { h, svg } from "./dom.js";
import { figure } from "./numbers.js";
import { colours, paint, rgb } from "./pictures.js";
import { words } from "./words.js";

const [WIDEST, HEIGHT, MIDDLE] = [800, 320, 135];
const DOTS = 14; // units that are drawn of a layer; of more, the first ones and the last
const MAPS = 5;

/** The drawing of layers such as "784-8c-p-32-10", `room` pixels wide, so that its letters are as large as
 * elsewhere on the web page; undefined where the text is no network. `set(sketch)` lets a digit run
 * through it, `set()` takes it out. */
export function diagram(layers, activation, room = WIDEST) {
  const stages = parse(layers);
  if (!stages) return undefined;
  const width = Math.min(Math.max(room, 280), WIDEST);
  const margin = width < 500 ? 42 : 75;
  const step = (width - 2 * margin) / (stages.length - 1);
  const most = Math.min(95, 0.6 * step, 2 * margin - 4);
  const columns = stages.map((stage, i) => ({ ...stage, x: margin + i * step, size: stage.units ? 0 : most * (0.3 + (0.7 * stage.side) / 28) }));
  const bundles = columns.slice(1).map((to, i) => links(columns[i], to));
  const bodies = columns.map((column, i) => (column.units ? dots(column, i === columns.length - 1) : maps(column)));
  const names = columns.flatMap((column, i) => named(column, i, columns, activation, step));
  const total = columns.reduce((sum, c) => sum + (c.parameters ?? 0), 0);
  const label = words("diagram.title", { layers, n: total });
  const element = svg("svg", { class: "diagram", viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": label },
    bundles.flat(2), bodies.map((b) => b.parts), names);
  let last;

  function set(sketch) {
    last = sketch;
    element.classList.toggle("live", Boolean(sketch));
    bodies[0].show?.(sketch && bytes(sketch.image), 28, "ink");
    sketch?.stages.slice(0, bodies.length - 1).forEach((stage, i) => {
      const body = bodies[i + 1];
      if (stage.side) body.show?.(new Int8Array(bytes(stage.maps).buffer), stage.side, "signed");
      else body.light?.(stage.units, i === bodies.length - 2 ? sketch.label : undefined);
      const before = i ? sketch.stages[i - 1].units : [1, 1, 1];
      stage.edges.forEach((row, a) => row.forEach((w, b) => colour(bundles[i][a]?.[b], w, before.length ? Math.abs(before[a]) : 1)));
    });
    if (sketch) element.setAttribute("aria-label", `${label}. ${words("diagram.running", { digit: sketch.label })}`);
  }

  const repaint = () => (element.isConnected ? set(last) : document.removeEventListener("repaint", repaint));
  document.addEventListener("repaint", repaint);
  return { element, set };
}

/** An edge: blue for a weight above zero, red for one below, the stronger the more there is to carry. */
function colour(path, w, x) {
  if (!path) return;
  const { plus, minus } = colours();
  const size = Math.abs(w);
  path.style.stroke = rgb(w < 0 ? minus : plus, 0.08 + 0.82 * size ** 1.5 * (0.25 + 0.75 * x));
  path.style.strokeWidth = 0.5 + 2 * size * (0.3 + 0.7 * x);
  path.classList.toggle("strong-flow", size * x > 0.35);
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

/** What stands below a column, and how many parameters lie before it. */
function named(column, i, columns, activation, step) {
  const [narrow, tight] = [step < 85, step < 40]; // narrow: every second name stands lower; tight: numbers alone
  const last = i === columns.length - 1;
  const [name, more] = !i ? ["28 × 28", words("diagram.pixels")] : column.pool ? [`${column.side} × ${column.side}`, words("diagram.pool")]
    : column.maps ? [words("diagram.maps", { n: column.maps }), `${column.side} × ${column.side}, ${activation}`]
    : last ? [words("diagram.digits"), "softmax"] : [words("diagram.units", { n: column.units }), activation];
  const text = tight && column.parameters ? column.units ?? column.maps : name;
  return [label(column.x, HEIGHT - (narrow && i % 2 ? 8 : 30), text, "name"),
    !narrow && label(column.x, HEIGHT - 11, more, "tick"),
    column.parameters && step > 60 && label(column.x - step / 2, HEIGHT - 54, figure(column.parameters), "tick")].filter(Boolean);
}

/** Where the units of a column are drawn; the place of the dots that stand for the others is left out. */
function places({ units }) {
  const drawn = Math.min(units, DOTS);
  const gap = Math.min(22, 240 / drawn);
  const all = Array.from({ length: drawn }, (_, k) => MIDDLE + (k - (drawn - 1) / 2) * gap);
  return units > DOTS ? { at: all.filter((_, k) => k !== DOTS - 2), more: all[DOTS - 2] } : { at: all };
}

function dots(column, digits) {
  const { at, more } = places(column);
  const circles = at.map((y) => svg("circle", { class: "unit", cx: column.x, cy: y, r: digits ? 9.5 : 6 }));
  const texts = digits ? at.map((y, k) => label(column.x, y + 4.5, k, "digit")) : [];
  return {
    parts: [circles, texts, more ? label(column.x, more + 4, "⋮", "tick") : []].flat(),
    light(values, right) {
      const { plus, minus, ground } = colours();
      circles.forEach((circle, k) => {
        const v = values[k] ?? 0;
        const t = Math.min(Math.abs(v), 1) ** 0.7;
        circle.style.fill = rgb(ground.map((c, i) => Math.round(c + ((v < 0 ? minus : plus)[i] - c) * t)));
        circle.classList.toggle("right", k === right);
        texts[k]?.classList.toggle("on", t > 0.55);
      });
    },
  };
}

function maps(column) {
  const side = column.size;
  const drawn = Math.min(column.maps, MAPS);
  const tile = document.createElement("canvas");
  const frames = Array.from({ length: drawn }, (_, k) => {
    const shift = drawn > 1 ? (k - (drawn - 1) / 2) * Math.min(8, 32 / drawn) : 0;
    const box = { x: column.x - side / 2 + shift, y: MIDDLE - side / 2 + shift, width: side, height: side };
    return { rect: svg("rect", { class: "map", ...box, rx: 3 }), image: svg("image", { class: "seen", ...box, preserveAspectRatio: "none" }) };
  });
  const ink = column.maps === 1 && svg("path", { class: "ink", d: "M-7 -9Q0 -11 7 -10Q3 -1 -1 11M-5 1L6 0", transform: `translate(${column.x} ${MIDDLE}) scale(${side / 32})` });
  return {
    parts: [frames.flatMap(({ rect, image }) => [rect, image]), ink || []].flat(),
    show(values, n, kind) {
      if (ink) ink.style.display = values ? "none" : "";
      frames.forEach(({ image }, k) => {
        if (!values) return image.removeAttribute("href");
        return image.setAttribute("href", paint(tile, values.subarray(k * n * n, (k + 1) * n * n), n, n, kind, 127).toDataURL());
      });
    },
  };
}

/** The lines between two columns: for each place of the first, one to each of the second. */
function links(from, to) {
  const ends = (c) => (c.units ? places(c).at : [MIDDLE - c.size / 3, MIDDLE, MIDDLE + c.size / 3]);
  const edge = (c) => (c.units ? 0 : c.size / 2 + (c.maps > 1 ? 12 : 0));
  if (to.maps) return [[svg("path", { class: "link strong", d: `M${from.x + edge(from)} ${MIDDLE}L${to.x - edge(to)} ${MIDDLE}` })]];
  return ends(from).map((a) => ends(to).map((b) => svg("path", { class: "link", d: `M${from.x + edge(from)} ${a}L${to.x} ${b}` })));
}

const label = (x, y, text, kind) => svg("text", { class: `${kind} middle`, x, y }, text);

/** A place for the drawing that keeps it as wide as there is room: `plan(settings)` draws another
 * network, `set(sketch)` lets a digit run through. */
export function plan() {
  const element = h("div", { class: "plan" });
  let settings;
  let drawn;
  let told;
  function draw() {
    if (!settings) return;
    drawn = diagram(settings.layers, settings.activation, element.clientWidth || undefined);
    element.replaceChildren(drawn?.element ?? h("p", { class: "note" }, words("refused.network")));
    drawn?.set(told);
  }
  let wide = 0;
  new ResizeObserver(() => {
    if (element.clientWidth === wide) return;
    wide = element.clientWidth;
    draw();
  }).observe(element);
  return {
    element,
    plan(next) {
      const same = settings && next.layers === settings.layers && next.activation === settings.activation;
      settings = { ...next };
      told = same ? told : undefined;
      if (!same) draw();
    },
    set(sketch) {
      if (told === sketch) return;
      told = sketch;
      drawn?.set(sketch);
    },
  };
}
