// The network at a glance, at the top of Inside: a small picture for each block, joined by lines; the block
// that is looked at is lit, a click leads to one. Not inside: which layers make a block (blocks.js).

import { h } from "./dom.js";
import { chance, shape } from "./numbers.js";
import { paint, peak } from "./pictures.js";
import { words } from "./words.js";

const SIDE = 56; // pixels of a picture

/** Contact sheet of a block's output: as many maps as fill a square, or the units of a vector. */
function thumbnail(canvas, layer) {
  const [rows, columns, channels] = layer.shape_out.length === 3 ? layer.shape_out : [1, 1, layer.shape_out[0]];
  const across = Math.ceil(Math.sqrt(Math.min(channels, 9)));
  const shown = Math.min(channels, across * across);
  const gap = rows > 1 ? 1 : 0;
  const [width, height] = [across * (columns + gap) - gap, Math.ceil(shown / across) * (rows + gap) - gap];
  const values = new Float32Array(width * height);
  for (let c = 0; c < shown; c++) {
    const [top, left] = [Math.floor(c / across) * (rows + gap), (c % across) * (columns + gap)];
    for (let r = 0; r < rows; r++) for (let q = 0; q < columns; q++) values[(top + r) * width + left + q] = layer.y[(r * columns + q) * channels + c];
  }
  canvas.repaint = () => paint(canvas, values, width, height, "signed", peak(layer.y));
  canvas.repaint();
}

/** `jump(k)` is called for a block that is chosen. */
export function networkMap(jump) {
  const list = h("ol", { class: "way" });
  const element = h("nav", { class: "network-map", "aria-label": words("map.title") }, list,
    h("p", { class: "legend-line note" }, h("span", { class: "scale", "aria-hidden": "true" }), words("map.legend")));
  let items = [];
  return {
    element,
    /** Shows these blocks of a network; `names` are what they are called. */
    set(net, blocks, names) {
      if (items.length !== blocks.length + 2) {
        const item = (k, name, small) => {
          const canvas = h("canvas", { class: "pixels", width: SIDE, height: SIDE, "aria-hidden": "true" });
          const note = h("small", {}, small);
          const button = h("button", { type: "button", onclick: () => jump(k) }, canvas, h("span", {}, name), note);
          return { row: h("li", {}, button), canvas, button, note };
        };
        items = [item(-1, words("map.input"), "28\u2009×\u200928"), ...blocks.map((b, k) => item(k, names[k], shape(net.layers[b.last].shape_out))),
          item(blocks.length, words("map.answer"), "")];
        list.replaceChildren(...items.map((i) => i.row));
      }
      const [first, last] = [items[0], items.at(-1)];
      first.canvas.repaint = () => paint(first.canvas, net.pixels, 28, 28);
      first.canvas.repaint();
      blocks.forEach((block, k) => thumbnail(items[k + 1].canvas, net.layers[block.last]));
      const p = Float32Array.from(net.probabilities);
      last.canvas.repaint = () => paint(last.canvas, p, 1, 10, "signed", 1);
      last.canvas.repaint();
      last.note.textContent = `${net.value ?? "?"}: ${chance(net.confidence, 0)}`;
    },
    /** Lights the block that is looked at. */
    mark(k) {
      items.forEach(({ button }, n) => (n === k + 1 ? button.setAttribute("aria-current", "true") : button.removeAttribute("aria-current")));
    },
    forget: () => (items = []),
  };
}
