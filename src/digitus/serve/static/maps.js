// A layer's activations on one canvas: feature maps side by side, or the units of a vector; with a
// place that can be pointed at, also by keyboard.

import { h } from "./dom.js";
import { layerName, number } from "./numbers.js";
import { colours, paint, peak, rgb } from "./pictures.js";
import { words } from "./words.js";

const GAP = 6;

/** How many pixels a number of a map gets, so that maps of all sizes are about equally large. */
const zoomed = (columns, phone) => (columns >= 20 ? 3 - phone : Math.min(9 - 2 * phone, Math.round((phone ? 42 : 56) / columns)) || 1);

/** Draws the layer that `set` is given, as wide as there is room in `box`; `choose(position, pinned)` is told
 * a position in the layer's output. */
export function maps(box, choose) {
  const canvas = h("canvas", { class: "maps pixels", tabindex: 0, role: "img" });
  let layer;
  let geometry;
  let marked;
  let frame; // the window of this layer that the chosen place of the next one sees

  function measure() {
    const room = canvas.parentElement.clientWidth || 800;
    const [rows, columns, channels] = layer.shape_out.length === 3 ? layer.shape_out : [1, 1, layer.shape_out[0]];
    const flat = layer.shape_out.length === 1;
    const zoom = flat ? (channels <= 16 ? 44 : channels <= 160 ? 22 : 13) : zoomed(columns, room < 500);
    const gap = flat ? (channels > 160 ? 1 : 2) : GAP;
    const fit = Math.max(1, Math.floor((room + gap) / (columns * zoom + gap)));
    const lines = Math.ceil(channels / fit);
    const across = Math.ceil(channels / lines);
    geometry = { rows, columns, channels, zoom, gap, across, lines, flat };
  }

  function draw() {
    if (!layer) return;
    measure();
    const { rows, columns, channels, zoom, gap, across, lines, flat } = geometry;
    const ratio = Math.max(1, Math.round(devicePixelRatio));
    const width = across * (columns * zoom + gap) - gap;
    const height = lines * (rows * zoom + gap) - gap;
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    canvas.style.width = `${width}px`;
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    context.imageSmoothingEnabled = false;
    const top = peak(layer.y);
    const values = new Float32Array(rows * columns);
    const tile = document.createElement("canvas");
    for (let c = 0; c < channels; c++) {
      for (let i = 0; i < values.length; i++) values[i] = layer.y[i * channels + c];
      const [x, y] = corner(c);
      context.drawImage(paint(tile, values, columns, rows, "signed", top), x, y, columns * zoom, rows * zoom);
      context.strokeStyle = rgb(colours().line);
      context.strokeRect(x - 0.5, y - 0.5, columns * zoom + 1, rows * zoom + 1);
      if (flat && zoom >= 40) {
        context.fillStyle = rgb(Math.abs(values[0]) > top * 0.55 ? colours().ground : colours().ink);
        context.font = `12px ${getComputedStyle(canvas).fontFamily}`;
        context.textAlign = "center";
        context.fillText(number(values[0], 2), x + zoom / 2, y + zoom / 2 + 4);
      }
    }
    context.strokeStyle = rgb(colours().accent);
    context.lineWidth = 2;
    if (frame) {
      const [t, l, hh, ww] = frame.window;
      for (let c = 0; c < channels; c++) {
        if (frame.channel !== undefined && c !== frame.channel) continue;
        const [x, y] = corner(c);
        context.strokeRect(x + l * zoom - 1, y + t * zoom - 1, ww * zoom + 2, hh * zoom + 2);
      }
    }
    if (marked !== undefined) {
      const [r, q, c] = place(marked);
      const [x, y] = corner(c);
      context.lineWidth = 2;
      context.strokeRect(x + q * zoom - 1, y + r * zoom - 1, zoom + 2, zoom + 2);
      if (!flat) {
        context.lineWidth = 1;
        context.strokeRect(x - 1.5, y - 1.5, columns * zoom + 3, rows * zoom + 3);
      }
    }
  }

  const corner = (c) => [
    (c % geometry.across) * (geometry.columns * geometry.zoom + geometry.gap),
    Math.floor(c / geometry.across) * (geometry.rows * geometry.zoom + geometry.gap),
  ];

  function place(position) {
    const { columns, channels } = geometry;
    const c = position % channels;
    const pixel = Math.floor(position / channels);
    return [Math.floor(pixel / columns), pixel % columns, c];
  }

  const position = (r, q, c) => (r * geometry.columns + q) * geometry.channels + c;

  function under(event) {
    const { left, top, width } = canvas.getBoundingClientRect();
    const scale = canvas.clientWidth / width;
    const [x, y] = [(event.clientX - left) * scale, (event.clientY - top) * scale];
    const { rows, columns, channels, zoom, gap, across } = geometry;
    const c = Math.floor(y / (rows * zoom + gap)) * across + Math.floor(x / (columns * zoom + gap));
    const q = Math.floor((x % (columns * zoom + gap)) / zoom);
    const r = Math.floor((y % (rows * zoom + gap)) / zoom);
    if (c >= channels || c < 0 || q < 0 || r < 0 || q >= columns || r >= rows) return undefined;
    return position(r, q, c);
  }

  canvas.addEventListener("pointermove", (event) => {
    const at = under(event);
    if (at !== undefined && event.pointerType === "mouse") choose(at, false);
  });
  canvas.addEventListener("click", (event) => {
    const at = under(event);
    if (at !== undefined) choose(at, true);
  });
  canvas.addEventListener("focus", () => {
    if (marked === undefined && layer) choose(strongest(layer.y), true);
  });
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowRight: [0, 1, 0], ArrowLeft: [0, -1, 0], ArrowDown: [1, 0, 0], ArrowUp: [-1, 0, 0], PageDown: [0, 0, 1], PageUp: [0, 0, -1] }[event.key];
    if (!step || marked === undefined) return;
    event.preventDefault();
    let [r, q, c] = place(marked);
    const { rows, columns, channels, flat, across } = geometry;
    if (flat) c += step[1] + step[2] + step[0] * across;
    else [r, q, c] = [r + step[0], q + step[1], c + step[2]];
    if (c < 0 || c >= channels || r < 0 || q < 0 || r >= rows || q >= columns) return;
    choose(position(r, q, c), true);
  });
  canvas.repaint = draw;
  new ResizeObserver(draw).observe(box);

  return {
    canvas,
    set(next) {
      layer = next;
      const kind = next.shape_out.length === 3 ? words("maps.maps", { n: next.shape_out[2], rows: next.shape_out[0], columns: next.shape_out[1] }) : words("diagram.units", { n: next.shape_out[0] });
      canvas.setAttribute("aria-label", words("maps.keys", { layer: layerName(next.name), kind }));
      draw();
    },
    mark(at, seen) {
      if (at === marked && seen === frame) return;
      marked = at;
      frame = seen;
      draw();
    },
    place,
  };
}

/** Where the largest value is. */
export function strongest(values) {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}
