// The page around the network: a sheet to write on, and what a worker reads there. The worker is made
// of the text in #engine, so that the page needs no other file, wherever it is opened from.
(() => {
  "use strict";
  const WIDTH = 420, HEIGHT = 240, PEN = 10.5; // pixels of the sheet as it is read
  const DOUBTFUL = 0.9; // less certain digits are shown in red
  const [canvas, answer, told] = ["sheet", "answer", "told"].map((id) => document.getElementById(id));
  const screen = canvas.getContext("2d");
  const sheet = Object.assign(document.createElement("canvas"), { width: WIDTH, height: HEIGHT });
  const ink = sheet.getContext("2d", { willReadFrequently: true });
  // A page from a file may not start a module as its worker; without its exports it is a script.
  const engine = document.getElementById("engine").textContent.replace(/^export /gm, "");
  const serve = "\nself.onmessage = ({ data }) => self.postMessage({ ...readDrawing(data), number: data.number });";
  const worker = new Worker(URL.createObjectURL(new Blob([engine, serve], { type: "text/javascript" })));
  let strokes = [], active, asked = 0, busy = false, waiting = false;

  function segment(stroke, i) {
    const [a, b, c] = [stroke[Math.max(i - 2, 0)], stroke[Math.max(i - 1, 0)], stroke[i]];
    const mid = (p, q) => [(p.x + q.x) / 2, (p.y + q.y) / 2];
    for (const [context, zoom, colour] of [[ink, 1, "#000"], [screen, canvas.width / WIDTH, getComputedStyle(canvas).color]]) {
      context.setTransform(zoom, 0, 0, zoom, 0, 0);
      Object.assign(context, { strokeStyle: colour, lineCap: "round", lineJoin: "round", lineWidth: c.w });
      context.beginPath();
      context.moveTo(...(i < 2 ? [b.x, b.y] : mid(a, b)));
      if (i < 2) context.lineTo(...mid(b, c));
      else context.quadraticCurveTo(b.x, b.y, ...mid(b, c));
      context.stroke();
    }
  }

  function redraw() {
    canvas.width = Math.round(canvas.clientWidth * devicePixelRatio);
    canvas.height = Math.round((canvas.width * HEIGHT) / WIDTH);
    ink.setTransform(1, 0, 0, 1, 0, 0);
    ink.fillStyle = "#fff";
    ink.fillRect(0, 0, WIDTH, HEIGHT);
    for (const stroke of strokes) stroke.forEach((_, i) => segment(stroke, i));
  }

  /** Asks the worker, one question at a time; the last one counts. */
  function ask() {
    if (busy) { waiting = true; return; }
    [busy, waiting] = [true, false];
    const { data } = ink.getImageData(0, 0, WIDTH, HEIGHT);
    worker.postMessage({ values: Uint8Array.from({ length: WIDTH * HEIGHT }, (_, i) => data[4 * i]), width: WIDTH, height: HEIGHT, number: ++asked });
  }
  worker.onmessage = ({ data: { lines, digits } }) => {
    busy = false;
    const each = digits[Symbol.iterator]();
    answer.replaceChildren(...[...lines.join("\n")].map((sign) => {
      const span = Object.assign(document.createElement("span"), { textContent: sign });
      if (sign !== " " && sign !== "\n") {
        const { confidence } = each.next().value;
        span.title = `${(100 * confidence).toFixed(1)} %`;
        if (sign === "?" || confidence < DOUBTFUL) span.className = "doubtful";
      }
      return span;
    }));
    if (waiting) ask();
    else document.body.dataset.read = asked;
  };
  worker.onerror = () => { told.textContent = "This browser cannot run the network."; };

  function point(event) {
    const { left, top, width } = canvas.getBoundingClientRect();
    const zoom = WIDTH / width;
    const press = event.pointerType === "pen" && event.pressure ? 0.6 + 0.8 * event.pressure : 1;
    return { x: (event.clientX - left) * zoom, y: (event.clientY - top) * zoom, w: PEN * press * Math.max(1, Math.sqrt(816 / width)) };
  }
  function extend(p) {
    strokes.at(-1).push(p);
    segment(strokes.at(-1), strokes.at(-1).length - 1);
  }
  canvas.addEventListener("pointerdown", (event) => {
    if (active !== undefined || event.button) return;
    event.preventDefault();
    active = event.pointerId;
    canvas.setPointerCapture(active);
    strokes.push([]);
    extend(point(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== active) return;
    const moves = event.getCoalescedEvents?.() ?? [];
    for (const move of moves.length ? moves : [event]) extend(point(move));
  });
  for (const kind of ["pointerup", "pointercancel"])
    canvas.addEventListener(kind, (event) => {
      if (event.pointerId !== active) return;
      active = undefined;
      extend({ ...strokes.at(-1).at(-1) }); // the stroke ends where the pen was lifted
      ask();
    });
  canvas.addEventListener("touchmove", (event) => event.preventDefault(), { passive: false });
  const change = (to) => { strokes = to; redraw(); ask(); };
  document.getElementById("undo").addEventListener("click", () => change(strokes.slice(0, -1)));
  document.getElementById("clear").addEventListener("click", () => change([]));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Backspace") change(strokes.slice(0, -1));
    else if (event.key === "Escape") change([]);
  });
  new ResizeObserver(redraw).observe(canvas);
})();
