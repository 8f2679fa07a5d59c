// The 28 x 28 as a picture to paint on, pixel by pixel.

import { h } from "./dom.js";
import { colours, paint, rgb } from "./pictures.js";
import { words } from "./words.js";

const SIDE = 28;
const CELL = 11;

/** `changed()` is called as the pixels change. */
export function editor(changed) {
  let pixels = new Uint8Array(SIDE * SIDE);
  let original = pixels;
  let seen; // the part that the lens is on
  let cursor; // row and column
  let erasing = false;
  const canvas = h("canvas", {
    class: "pixels digit", tabindex: 0, role: "application", width: SIDE * CELL, height: SIDE * CELL,
    "aria-label": words("editor.title"),
  });
  const note = h("span", { class: "note num" });
  const rubber = h("button", { type: "button", "aria-pressed": "false", onclick: () => {
    erasing = !erasing;
    rubber.setAttribute("aria-pressed", String(erasing));
  } }, words("editor.erase"));
  const reset = h("button", { type: "button", disabled: true, onclick: () => {
    pixels = original.slice();
    draw();
    changed();
  } }, words("editor.reset"));
  const element = h("div", { class: "editor" }, canvas, h("div", { class: "row" }, rubber, reset, note));
  const tile = document.createElement("canvas");

  function draw() {
    const ratio = Math.max(1, Math.ceil(devicePixelRatio));
    canvas.width = canvas.height = SIDE * CELL * ratio;
    const context = canvas.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.scale(CELL * ratio, CELL * ratio);
    context.drawImage(paint(tile, pixels, SIDE, SIDE), 0, 0);
    context.strokeStyle = rgb(colours().line, 0.6);
    context.lineWidth = 0.06;
    context.beginPath();
    for (let i = 1; i < SIDE; i++) {
      context.moveTo(i, 0);
      context.lineTo(i, SIDE);
      context.moveTo(0, i);
      context.lineTo(SIDE, i);
    }
    context.stroke();
    context.strokeStyle = rgb(colours().accent);
    context.lineWidth = 0.2;
    if (seen) {
      const [top, left] = [Math.max(seen[0], 0), Math.max(seen[1], 0)];
      context.strokeRect(left, top, Math.min(seen[1] + seen[3], SIDE) - left, Math.min(seen[0] + seen[2], SIDE) - top);
    }
    if (cursor) {
      context.lineWidth = 0.14;
      context.strokeRect(cursor[1], cursor[0], 1, 1);
      note.textContent = words("editor.at", { row: cursor[0], column: cursor[1], value: pixels[cursor[0] * SIDE + cursor[1]] });
    } else note.textContent = "";
    reset.disabled = pixels.every((v, i) => v === original[i]);
  }

  function spot(event) {
    const box = canvas.getBoundingClientRect();
    const at = [event.clientY - box.top, event.clientX - box.left].map((v) => Math.floor((v / box.width) * SIDE));
    return at.map((v) => Math.min(Math.max(v, 0), SIDE - 1));
  }

  /** Ink, or its opposite: full at the place, two fifths beside it. */
  function touch([r, q], amount, around = true) {
    for (const [dr, dq, share] of [[0, 0, 1], [0, 1, 0.4], [1, 0, 0.4], [0, -1, 0.4], [-1, 0, 0.4]]) {
      const [y, x] = [r + dr, q + dq];
      if ((share < 1 && !around) || x < 0 || y < 0 || x >= SIDE || y >= SIDE) continue;
      pixels[y * SIDE + x] = Math.min(Math.max(pixels[y * SIDE + x] + amount * share, 0), 255);
    }
    draw();
    changed();
  }

  let painting = false;
  let erase = false;
  canvas.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    painting = true;
    erase = erasing || event.button === 2 || event.shiftKey;
    cursor = spot(event);
    touch(cursor, erase ? -255 : 255);
  });
  canvas.addEventListener("pointermove", (event) => {
    const now = spot(event);
    if (cursor && now[0] === cursor[0] && now[1] === cursor[1]) return;
    cursor = now;
    if (painting) touch(cursor, erase ? -255 : 255);
    else draw();
  });
  for (const kind of ["pointerup", "pointercancel"]) canvas.addEventListener(kind, () => (painting = false));
  canvas.addEventListener("pointerleave", () => {
    if (painting || document.activeElement === canvas) return;
    cursor = undefined;
    draw();
  });
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  canvas.addEventListener("blur", () => {
    cursor = undefined;
    draw();
  });
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
    const ink = { " ": 64, Backspace: -64, Delete: -64 }[event.key];
    if (!step && !ink) return;
    event.preventDefault();
    cursor ??= [14, 14];
    if (ink) return touch(cursor, ink, false);
    cursor = cursor.map((v, axis) => Math.min(Math.max(v + step[axis], 0), SIDE - 1));
    draw();
  });
  canvas.repaint = draw;
  draw();

  return {
    element,
    get pixels() {
      return pixels;
    },
    set(values) {
      pixels = Uint8Array.from(values);
      original = pixels.slice();
      draw();
    },
    frame(part) {
      seen = part;
      draw();
    },
  };
}
