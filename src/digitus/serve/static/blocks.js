// The layers of a network folded into blocks: a convolution with what belongs to it is one step of the
// way, and each step is said in words. Not inside: the layers' pictures (maps.js), the lens.

import { h } from "./dom.js";
import { words } from "./words.js";

const HEADS = new Set(["Conv", "Dense", "Exemplars", "MaxPool", "AveragePool", "Residual", "Concat", "Upsample"]);
const PREPARE = new Set(["Scale", "Centre", "Standardize", "Deslant"]);
const WITH_NEXT = new Set(["Flatten", "Dropout"]); // belong to the layer after them

/** Blocks as { layers: indices, head: the layer that it is about, last: the layer that it ends with }. */
export function blocks(layers) {
  const out = [];
  let waiting = [];
  layers.forEach((layer, i) => {
    const last = out.at(-1);
    if (WITH_NEXT.has(layer.kind)) waiting.push(i);
    else if (PREPARE.has(layer.kind) && (!last || PREPARE.has(layers[last.head].kind))) {
      if (last) Object.assign(last, { layers: [...last.layers, i], head: i, last: i });
      else out.push({ layers: [i], head: i, last: i });
    } else if (HEADS.has(layer.kind) || !last || PREPARE.has(layers[last.head].kind)) {
      out.push({ layers: [...waiting, i], head: i, last: i });
      waiting = [];
    } else {
      last.layers.push(...waiting, i);
      last.last = i;
      waiting = [];
    }
  });
  if (waiting.length && out.length) out.at(-1).layers.push(...waiting);
  return out;
}

/** A block in one sentence; `last` says that it is the network's last. */
export function sentence(layer, last) {
  const { kind, settings, shape_in: from, shape_out: to } = layer;
  const first = from.at(-1) === 1;
  if (kind === "Conv") return words(first ? "block.Conv.first" : "block.Conv", { maps: to.at(-1), size: settings.kernel, from: from.at(-1) });
  if (kind === "Dense") return words(last ? "block.Dense.last" : "block.Dense", { units: to[0], from: from[0] });
  if (kind === "Exemplars") return words("block.Exemplars", { n: settings.examples });
  if (kind === "MaxPool" || kind === "AveragePool") return words(`block.${kind}`, { size: settings.size });
  return PREPARE.has(kind) ? words("block.prepare") : words("block.other");
}

/** What a block is called: its layers, without those that prepare or flatten. */
export const called = (block, layers, title) =>
  block.layers.filter((i) => !WITH_NEXT.has(layers[i].kind)).map((i) => title(layers[i])).join(" · ");

/** An element for a block around the rows of its layers: folded, all their equations are seen, and the
 * last one's pictures. */
export function folding(block, rows, head, say) {
  const inner = h("ol", { class: "steps-of" }, rows.map((r) => r.row));
  const others = rows.filter((_, k) => block.layers[k] !== block.last);
  const button = h("button", { type: "button", class: "link unfold", onclick: () => fold(button.getAttribute("aria-expanded") === "true") });
  const element = h("li", { class: "block" }, h("div", { class: "block-head" }, head, h("p", { class: "note" }, say), others.length ? button : ""), inner);
  function fold(away) {
    others.forEach(({ row }) => row.classList.toggle("told", away));
    element.classList.toggle("folded", away);
    button.setAttribute("aria-expanded", String(!away));
    button.textContent = words(away ? "block.unfold" : "block.fold", { n: rows.length });
  }
  fold(true);
  return { element, unfold: () => fold(false) };
}
