// A page of a form on the screen: its fields are drawn, moved and resized, by pointer and by keys. Not
// inside: what a field may hold (formfield.js), undoing and files (forms.js).

import { css, h, say, scrolls, svg } from "./dom.js";
import { words } from "./words.js";

const MARK = 9, MARGIN = 6; // mm: the marks that are printed, as digitus.forms.layout has them
const SIGN = 0.5; // of a cell: the room of a sign between boxes
const COMB = 0.45; // of a comb's height: its inner walls
const LEAST = 3; // mm: no side of a field is shorter
const STEP = 1; // mm for a key
const GRIP = 4; // mm: the corner by which a field is made larger

/** Millimetres to a tenth, as files have them. */
export const tenth = (v) => Math.round(v * 10) / 10;

/** The signs of a field, "#" for a digit; a date's letters are digits. */
export const signs = (field) => (field.date ? field.date.replace(/[DMY]/g, "#") : field.pattern);

const within = (v, least, most) => Math.min(Math.max(v, least), Math.max(least, most));

/** A field moved to another place, with its cells. */
export function placed(field, [x, y, w, hh], paper) {
  const wide = tenth(within(w, LEAST, paper[0])), high = tenth(within(hh, LEAST, paper[1]));
  const place = [tenth(within(x, 0, paper[0] - wide)), tenth(within(y, 0, paper[1] - high)), wide, high];
  const [left, top, width, height] = field.place;
  const moved = ([cx, cy, cw, ch]) => [place[0] + ((cx - left) * wide) / width, place[1] + ((cy - top) * high) / height, (cw * wide) / width, (ch * high) / height].map(tenth);
  return { ...field, place, cells: field.cells.map(moved) };
}

/** The places of a field's digits. */
function cells({ cells: own, kind, place: [x, y, w, hh], ...field }) {
  if (own.length) return own;
  if (kind !== "boxes" && kind !== "comb") return [];
  const all = [...signs(field)].map((sign) => [sign, sign === "#" ? 1 : SIGN]);
  const unit = w / all.reduce((sum, [, wide]) => sum + wide, 0);
  let left = x;
  return all.flatMap(([sign, wide]) => {
    const place = [left, y, wide * unit, hh];
    left += wide * unit;
    return sign === "#" ? [place] : [];
  });
}

/** What is printed of a field: boxes, the teeth of a comb, a line. */
function lines(field) {
  const [x, y, w, hh] = field.place;
  const inner = cells(field);
  if (field.kind === "line") return `M${x} ${y + hh}h${w}`;
  if (field.kind === "boxes" && inner.length) return inner.map(([l, t, wide, high]) => `M${l} ${t}h${wide}v${high}h${-wide}z`).join("");
  const teeth = field.kind === "comb" ? inner.slice(1).map(([l, t, , high]) => `M${l} ${t + high}v${-COMB * high}`) : [];
  return `M${x} ${y}h${w}v${hh}h${-w}z${teeth.join("")}`;
}

/** Calls `on.select(i, focus)`, `on.change(i, field, how)`, `on.add(place)`, `on.remove(i)`; changes with
 * the same `how` are undone together. */
export function pageEditor(on) {
  const page = svg("svg", { class: "form-page", role: "group", "aria-label": words("forms.sheet") });
  const frame = scrolls(h("div", { class: "paper-frame" }, page), words("forms.sheet"));
  let form, number, at, groups;
  let drag; // what is moved: its field, from where, and whether by its corner

  const point = (event) => {
    const { left, top, width } = page.getBoundingClientRect();
    return [(event.clientX - left), (event.clientY - top)].map((v) => (v * form.paper[0]) / width);
  };

  function group(field, i) {
    const [x, y, w, hh] = field.place;
    const name = words("forms.at", { name: field.name, kind: words(`forms.kind.${field.kind}`), x, y, w, h: hh });
    const own = svg("g", { class: i === at ? "now" : "", tabindex: 0, role: "button", "aria-pressed": String(i === at), "aria-label": name },
      svg("rect", { class: "area", x, y, width: w, height: hh }),
      svg("path", { class: "printed", d: lines(field) }),
      svg("text", { x, y: y - 0.8 }, field.label || field.name),
      i === at && svg("rect", { class: "grip", x: x + w - GRIP / 2, y: y + hh - GRIP / 2, width: GRIP, height: GRIP, rx: 0.6 }));
    own.addEventListener("focus", () => i !== at && on.select(i, false));
    own.addEventListener("keydown", (event) => key(event, i));
    own.addEventListener("pointerdown", (event) => begin(event, i));
    return own;
  }

  function key(event, i) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (event.key === "Delete" || event.key === "Backspace") on.remove(i);
    else if (event.key === "Enter" || event.key === " ") on.select(i, true);
    else if (way) {
      const [x, y, w, hh] = form.field[i].place;
      const [dx, dy] = way.map((v) => v * STEP);
      change(i, event.shiftKey ? [x, y, w + dx, hh + dy] : [x + dx, y + dy, w, hh], `key ${i}`);
      groups.get(i).focus();
    } else return;
    event.preventDefault();
  }

  function change(i, place, how) {
    const next = placed(form.field[i], place, form.paper);
    on.change(i, next, how);
    const [x, y, w, hh] = next.place;
    say(words("forms.at", { name: next.name, kind: words(`forms.kind.${next.kind}`), x, y, w, h: hh }));
  }

  function begin(event, i) {
    if (event.button) return;
    event.preventDefault();
    event.stopPropagation();
    const corner = event.target.classList.contains("grip");
    document.activeElement?.blur(); // what was typed belongs to the field that was chosen before
    if (i !== at) on.select(i, false);
    groups.get(i).focus({ preventScroll: true });
    drag = { i, corner, from: point(event), place: form.field[i].place, how: `drag ${event.timeStamp}` };
    page.setPointerCapture(event.pointerId);
  }

  page.addEventListener("pointerdown", (event) => {
    // A finger on free paper scrolls it.
    if (event.button || event.pointerType === "touch" || !form) return;
    event.preventDefault();
    const sketch = svg("rect", { class: "sketch" });
    page.append(sketch);
    drag = { from: point(event), sketch };
    page.setPointerCapture(event.pointerId);
  });
  page.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const [x, y] = point(event);
    const [dx, dy] = [x - drag.from[0], y - drag.from[1]];
    if (drag.sketch) {
      drag.area = [Math.min(x, drag.from[0]), Math.min(y, drag.from[1]), Math.abs(dx), Math.abs(dy)];
      ["x", "y", "width", "height"].forEach((name, k) => drag.sketch.setAttribute(name, drag.area[k]));
      return;
    }
    const [left, top, w, hh] = drag.place;
    change(drag.i, drag.corner ? [left, top, w + dx, hh + dy] : [left + dx, top + dy, w, hh], drag.how);
  });
  const end = () => {
    const { sketch, area } = drag ?? {};
    drag = undefined;
    sketch?.remove();
    if (area && area[2] >= LEAST && area[3] >= LEAST) on.add(area);
  };
  page.addEventListener("pointerup", end);
  page.addEventListener("pointercancel", end);

  return {
    element: frame,
    focus: (i) => groups?.get(i)?.focus(),
    /** Draws a page: `blank` is its picture where others printed it. */
    draw(next, shown, chosen, blank) {
      [form, number, at] = [next, shown, chosen];
      const [w, hh] = form.paper;
      const focused = [...(groups ?? [])].find(([, g]) => g === document.activeElement)?.[0];
      page.setAttribute("viewBox", `0 0 ${w} ${hh}`);
      css(page, { "--wide": w });
      groups = new Map(form.field.flatMap((field, i) => (field.page === number ? [[i, group(field, i)]] : [])));
      const under = blank ? svg("image", { href: `data:image/jpeg;base64,${blank.data}`, width: w, height: hh, preserveAspectRatio: "none" })
        : form.blank.length ? undefined : svg("path", { class: "printed-marks", d: marks(w, hh) });
      page.replaceChildren(...[under, ...groups.values(), drag?.sketch].filter(Boolean));
      page.classList.toggle("on-picture", Boolean(blank));
      if (focused !== undefined) groups.get(focused)?.focus({ preventScroll: true });
    },
  };
}

/** The marks that are printed, by which a sheet is found. */
function marks(w, hh) {
  const xs = [MARGIN, (w - MARK) / 2, w - MARGIN - MARK], ys = [MARGIN, (hh - MARK) / 2, hh - MARGIN - MARK];
  return xs.flatMap((x, i) => ys.map((y, k) => (i === 1 && k === 1 ? "" : `M${x} ${y}h${MARK}v${MARK}h${-MARK}z`))).join("");
}
