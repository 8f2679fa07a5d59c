// The web page around the networks: a place to write on or to drop a photo onto, and what a worker
// reads there. The worker is made of the text in #engine, so that the web page needs no other file,
// wherever it is opened from.
(() => {
  "use strict";
  const WIDTH = 420, HEIGHT = 240, PEN = 10.5; // pixels of a drawing as it is read
  // The language of the address (page.html#de) or else of the browser, if the page speaks it.
  const words = JSON.parse(document.getElementById("words").textContent);
  const wanted = [location.hash.slice(1), ...navigator.languages].map((tag) => tag.split("-")[0].toLowerCase());
  const language = wanted.find((tag) => Object.hasOwn(words, tag)) ?? document.documentElement.lang;
  const say = (key, name) => words[language][key].replace("{name}", () => name);
  const percent = new Intl.NumberFormat(language, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const [canvas, answer, told] = ["sheet", "answer", "told"].map((id) => document.getElementById(id));
  const DOUBTFUL = Number(answer.dataset.doubtful); // less certain digits are shown in red
  const screen = canvas.getContext("2d");
  const drawing = Object.assign(document.createElement("canvas"), { width: WIDTH, height: HEIGHT });
  const ink = drawing.getContext("2d", { willReadFrequently: true });
  const PHOTO = 2000; // pixels of a photo's longer side as it is read
  // A page from a file may not start a module as its worker, nor load one into it; without its exports
  // the code is a script, and begins when it has the weights.
  const work = (code) => `self.onmessage = ({ data }) => {
    self.WEIGHTS = data;
    ${code.replace(/^export /gm, "")}
    self.onmessage = ({ data }) => self.postMessage({ ...(data.pixels ? readPhoto(data) : readDrawing(data)), number: data.number });
  };`;
  const broken = () => { told.textContent = say("broken"); };
  const engine = document.getElementById("engine");
  const ready = unpack(engine.textContent.trim(), JSON.parse(engine.dataset.size)).then(({ code, weights }) => {
    const worker = new Worker(URL.createObjectURL(new Blob([work(code)], { type: "text/javascript" })));
    worker.onmessage = show;
    worker.onerror = broken;
    worker.postMessage(weights, [weights.buffer]);
    return worker;
  });
  ready.catch(broken);
  let strokes = [], photo, active, asked = 0, busy = false, waiting = false;

  Object.assign(document.documentElement, { lang: language });
  document.title = say("title");
  canvas.setAttribute("aria-label", say("sheet"));
  for (const element of document.querySelectorAll("[data-say]")) element.textContent = say(element.dataset.say);

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
    if (photo) showPhoto();
  }

  /** The photo as large as there is room for, with a box around each digit. */
  function showPhoto() {
    const { image, digits = [] } = photo;
    const zoom = Math.min(canvas.width / image.width, canvas.height / image.height);
    screen.setTransform(zoom, 0, 0, zoom, (canvas.width - zoom * image.width) / 2, (canvas.height - zoom * image.height) / 2);
    screen.drawImage(image, 0, 0);
    const style = getComputedStyle(document.documentElement);
    screen.lineWidth = (2 * devicePixelRatio) / zoom;
    for (const { box, value, confidence } of digits) {
      screen.strokeStyle = style.getPropertyValue(value === null || confidence < DOUBTFUL ? "--red" : "--blue");
      screen.strokeRect(...box);
    }
  }

  /** A picture's file, upright, and small enough to be read. */
  async function take(file) {
    try {
      const bitmap = await createImageBitmap(file);
      const zoom = Math.min(1, PHOTO / Math.max(bitmap.width, bitmap.height));
      const image = Object.assign(document.createElement("canvas"), { width: Math.max(1, Math.round(bitmap.width * zoom)), height: Math.max(1, Math.round(bitmap.height * zoom)) });
      const context = image.getContext("2d", { willReadFrequently: true });
      Object.assign(context, { imageSmoothingQuality: "high", fillStyle: "#fff" });
      context.fillRect(0, 0, image.width, image.height);
      context.drawImage(bitmap, 0, 0, image.width, image.height);
      change([], { image });
    } catch {
      told.textContent = say("unknown", file.name);
    }
  }

  /** Asks the worker, one question at a time; the last one counts. */
  async function ask() {
    if (busy) { waiting = true; return; }
    [busy, waiting] = [true, false];
    const worker = await ready;
    const { width, height } = photo?.image ?? { width: WIDTH, height: HEIGHT };
    const { data } = (photo?.image.getContext("2d") ?? ink).getImageData(0, 0, width, height);
    const seen = photo ? { pixels: data } : { values: Uint8Array.from({ length: WIDTH * HEIGHT }, (_, i) => data[4 * i]) };
    if (photo) told.textContent = say("reading");
    worker.postMessage({ ...seen, width, height, number: ++asked });
    if (photo) photo.asked = asked;
  }
  function show({ data: { lines, digits, number } }) {
    busy = false;
    if (photo?.asked === number) {
      photo.digits = digits;
      told.textContent = digits.length ? "" : say("nothing");
      redraw();
    }
    const each = digits[Symbol.iterator]();
    answer.replaceChildren(...[...lines.join("\n")].map((sign) => {
      const span = Object.assign(document.createElement("span"), { textContent: sign });
      if (sign !== " " && sign !== "\n") {
        const { confidence } = each.next().value;
        span.title = percent.format(confidence);
        if (sign === "?" || confidence < DOUBTFUL) span.className = "doubtful";
      }
      return span;
    }));
    if (waiting) ask();
    else document.body.dataset.read = asked;
  }

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
    if (photo) [photo, told.textContent] = [undefined, ""];
    if (!strokes.length) redraw();
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
  const change = (to, picture) => { [strokes, photo] = [to, picture]; redraw(); ask(); };
  document.getElementById("undo").addEventListener("click", () => change(strokes.slice(0, -1)));
  document.getElementById("clear").addEventListener("click", () => change([]));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Backspace") change(strokes.slice(0, -1));
    else if (event.key === "Escape") change([]);
  });
  const chosen = document.getElementById("photo");
  chosen.addEventListener("change", () => { if (chosen.files.length) take(chosen.files[0]); chosen.value = ""; });
  for (const kind of ["dragover", "dragleave", "drop"])
    addEventListener(kind, (event) => {
      event.preventDefault();
      document.body.classList.toggle("over", kind === "dragover");
      if (kind === "drop" && event.dataTransfer.files.length) take(event.dataTransfer.files[0]);
    });
  addEventListener("paste", ({ clipboardData: { files } }) => { if (files.length) take(files[0]); });
  new ResizeObserver(redraw).observe(canvas);
})();
