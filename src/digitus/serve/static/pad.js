// The pad to write on: strokes of a pen, finger, mouse, or of the simulated pen; drawn for the eye, and as
// the grey bytes that the recognizer gets.

import { calm } from "./dom.js";
import { colours, rgb } from "./pictures.js";

// The pad's own pixels, which are sent; its height follows from its form. A digit of a long number still has
// twice the pixels that it needs.
const WIDTH = 420;
const EDGE = 12; // pixels that stay free above and below ink from a higher pad
const DESK = 816; // the pad's width on a desktop screen, in the window's pixels

/** A pad written on by keys: a digit is `typed`, other keys take strokes away. */
export function takesKeys(canvas, pad, typed) {
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^\d$/.test(event.key)) typed(Number(event.key));
    else if (event.key === "Backspace") pad.undo();
    else if (event.key === "Escape" || event.key === "Delete") pad.clear();
    else return;
    event.preventDefault();
  });
}

/** Makes a canvas a pad. `changed(done, same)` is called as ink comes; done says that the pen was lifted,
 * same that only the pad has another form now. */
export function padOn(canvas, changed) {
  let strokes = []; // rows of { x, y, w } in the pixels of a pad that is WIDTH wide
  let form = 1; // height by width
  // Where ink needs a higher pad: how many pixels of bare paper are seen on either side of it, and how many
  // of its own lie above what is seen.
  let [side, above] = [0, 0];
  let pen = 10.5;
  let active; // pointer that writes
  let typed = []; // digits of the simulated pen, where nothing else is on the pad
  let writing = 0; // the animation that is going on
  let demo = false; // what is on the pad was written to show how: it goes when anybody writes
  const sent = document.createElement("canvas"); // black on white, as sent
  const ink = sent.getContext("2d", { willReadFrequently: true });
  const screen = canvas.getContext("2d");

  /** Takes the form that the canvas has, and makes room for the ink where it had another, or
   * where the ink is `fresh`. */
  function size(fresh = false) {
    const { width, height } = canvas.getBoundingClientRect();
    if (!width) return;
    canvas.width = Math.round(width * devicePixelRatio);
    canvas.height = Math.round(height * devicePixelRatio);
    const other = Math.round(above + (WIDTH + 2 * side) * (height / width)) !== sent.height;
    const cut = other && writing > 0;
    if (cut) finish(); // it was being written on the old form
    form = height / width;
    if (fresh || (other && active === undefined)) [side, above] = around();
    shape();
    if (other && !fresh && strokes.length && active === undefined) changed(true, !cut);
  }

  function shape() {
    sent.width = WIDTH;
    sent.height = Math.round(above + (WIDTH + 2 * side) * form);
    redraw();
  }

  /** The room for ink from a higher pad, as when a telephone is turned. The ink keeps its size, so that the
   * same is read: the pad becomes as high and looks smaller, the ink in its middle. Returns how much paper
   * is seen on each side, and how far below the pad's top the view begins. */
  function around() {
    const points = strokes.flat();
    const [lowest, highest] = [Math.max(0, ...points.map(({ y, w }) => y + w / 2)), Math.min(...points.map(({ y, w }) => y - w / 2))];
    if (lowest <= WIDTH * form) return [0, 0];
    const paper = Math.max(0, Math.ceil(((lowest - highest + 2 * EDGE) / form - WIDTH) / 2));
    return [paper, Math.max(0, Math.floor((lowest + highest - (WIDTH + 2 * paper) * form) / 2))];
  }

  /** Makes the ink as small as it looks, when somebody goes on writing. */
  function settle() {
    const zoom = WIDTH / (WIDTH + 2 * side);
    strokes = strokes.map((stroke) => stroke.map((p) => ({ ...p, x: (p.x + side) * zoom, y: (p.y - above) * zoom, w: p.w * zoom })));
    plain();
  }

  /** Makes it a pad without paper on either side. */
  function plain() {
    [side, above] = [0, 0];
    shape();
  }

  function redraw() {
    ink.fillStyle = "#fff";
    ink.fillRect(0, 0, sent.width, sent.height);
    screen.clearRect(0, 0, canvas.width, canvas.height);
    for (const stroke of strokes) for (let i = 0; i < stroke.length; i++) segment(stroke, i);
  }

  /** The piece of ink that ends with point i, on both canvases: a curve between two midpoints. */
  function segment(stroke, i) {
    const zoom = canvas.width / (WIDTH + 2 * side);
    const [a, b, c] = [stroke[Math.max(i - 2, 0)], stroke[Math.max(i - 1, 0)], stroke[i]];
    for (const [context, scale, left, top, colour] of [[ink, 1, 0, 0, "#000"], [screen, zoom, side, -above, rgb(colours().ink)]]) {
      context.strokeStyle = colour;
      context.lineCap = context.lineJoin = "round";
      context.lineWidth = c.w;
      context.setTransform(scale, 0, 0, scale, left * scale, top * scale);
      context.beginPath();
      if (i === 0) context.moveTo(c.x, c.y);
      else if (i === 1) context.moveTo(b.x, b.y);
      else context.moveTo((a.x + b.x) / 2, (a.y + b.y) / 2);
      if (i < 2) context.lineTo((b.x + c.x) / 2, (b.y + c.y) / 2);
      else context.quadraticCurveTo(b.x, b.y, (b.x + c.x) / 2, (b.y + c.y) / 2);
      context.stroke();
      context.resetTransform();
    }
  }

  function point(event) {
    const { left, top, width } = canvas.getBoundingClientRect();
    const zoom = WIDTH / width;
    const press = event.pointerType === "pen" && event.pressure ? 0.6 + 0.8 * event.pressure : 1;
    // On a small pad people write smaller, but not with a pen as much finer.
    const small = Math.max(1, Math.sqrt(DESK / width));
    return { x: (event.clientX - left) * zoom, y: (event.clientY - top) * zoom, w: pen * press * small };
  }

  function extend(stroke, p) {
    stroke.push(p);
    segment(stroke, stroke.length - 1);
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (active !== undefined || event.button) return;
    event.preventDefault();
    canvas.focus({ preventScroll: true });
    active = event.pointerId;
    canvas.setPointerCapture(active);
    finish();
    typed = [];
    away();
    if (side || above) settle();
    strokes.push([]);
    extend(strokes.at(-1), point(event));
    changed(false);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== active) return;
    const moves = event.getCoalescedEvents?.() ?? [];
    for (const move of moves.length ? moves : [event]) extend(strokes.at(-1), point(move));
    changed(false);
  });
  for (const kind of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(kind, (event) => {
      if (event.pointerId !== active) return;
      active = undefined;
      // The curve stops at the last midpoint: the stroke ends where the pen was lifted.
      extend(strokes.at(-1), { ...strokes.at(-1).at(-1) });
      changed(true);
    });
  }
  // Some browsers scroll for touch although touch-action says no.
  canvas.addEventListener("touchmove", (event) => event.preventDefault(), { passive: false });
  new ResizeObserver(() => size()).observe(canvas);
  document.addEventListener("repaint", redraw);

  /** The simulated pen's digits, side by side in the middle of the pad. */
  function layout() {
    const pitch = 0.92; // of a digit's side: from one to the next
    const side = Math.min(sent.height * 0.62, (WIDTH * 0.84) / typed.length / pitch);
    const left = (WIDTH - side * pitch * typed.length) / 2 - (side * (1 - pitch)) / 2;
    return typed.map((digit, k) =>
      digit.map((path) =>
        path.map(([x, y, t, w]) => ({
          x: left + (k * pitch + x) * side,
          y: (sent.height - side) / 2 + y * side,
          w: Math.max(w * side, 0.02 * side),
          t,
        })),
      ),
    );
  }

  /** Takes away what only showed how. */
  function away() {
    if (demo) [strokes, typed] = [[], []];
    demo = false;
    redraw();
  }

  function finish() {
    cancelAnimationFrame(writing);
    if (writing && typed.length) strokes = layout().flat();
    writing = 0;
    redraw();
  }

  /** Writes one more digit with the simulated pen, as fast as it would. */
  function write(digit, shows = false) {
    finish();
    away();
    demo = shows;
    if (!typed.length) strokes = [];
    plain();
    typed.push(digit);
    const placed = layout();
    const coming = placed.pop();
    strokes = placed.flat();
    redraw();
    if (calm()) {
      strokes.push(...coming);
      redraw();
      changed(true);
      return;
    }
    const begun = performance.now();
    let [s, i] = [0, 0];
    const step = () => {
      const now = (performance.now() - begun) / 1000;
      while (s < coming.length) {
        if (i === 0 && coming[s][0].t <= now) strokes.push([]);
        while (i < coming[s].length && coming[s][i].t <= now) extend(strokes.at(-1), coming[s][i++]);
        if (i < coming[s].length) break;
        [s, i] = [s + 1, 0];
      }
      const done = s === coming.length;
      writing = done ? 0 : requestAnimationFrame(step);
      changed(done);
    };
    writing = requestAnimationFrame(step);
  }

  return {
    write,
    clear() {
      finish();
      demo = false;
      strokes = [];
      typed = [];
      plain();
      changed(true);
    },
    undo() {
      finish();
      demo = false;
      if (side || above) settle();
      if (typed.length) {
        typed.pop();
        strokes = typed.length ? layout().flat() : [];
      } else strokes.pop();
      redraw();
      changed(true);
    },
    /** Shows strokes that came from an address. */
    put(ink) {
      finish();
      [strokes, typed, demo] = [ink, [], false];
      size(true); // it may come from a pad of another form
      changed(true);
    },
    get strokes() {
      return strokes;
    },
    /** What is seen of the pad: left, top, width and height, in its pixels. */
    get view() {
      return [-side, above, WIDTH + 2 * side, sent.height - above];
    },
    get demo() {
      return demo;
    },
    get empty() {
      return !strokes.length;
    },
    set pen(width) {
      pen = width;
    },
    /** What is sent: grey bytes, 255 paper, with width and height. */
    grey() {
      const { width, height } = sent;
      const { data } = ink.getImageData(0, 0, width, height);
      const values = new Uint8Array(width * height);
      for (let i = 0; i < values.length; i++) values[i] = data[4 * i];
      return { values, width, height };
    },
  };
}
