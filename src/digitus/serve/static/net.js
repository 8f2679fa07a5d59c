// The network as the server tells it: activations, weights, edits of these, and what each place sees.

import { ask, floats } from "./api.js";
import { asked } from "./model.js";

const weights = new Map(); // address -> promise of { shape, data }, as they were trained

document.addEventListener("model", () => weights.clear());

/** A parameter's array of the chosen network, asked for once. */
export function parameter(name) {
  const address = asked(`/api/weights/${encodeURIComponent(name)}`);
  if (!weights.has(address)) {
    const answer = ask(address).then(({ shape, data }) => ({ shape, data: floats(data) }));
    answer.catch(() => weights.delete(address));
    weights.set(address, answer);
  }
  return weights.get(address);
}

/** The weights that were changed by hand: "1.W" -> position in the array -> value. */
export class Edits {
  values = new Map();

  set(name, position, value) {
    if (!this.values.has(name)) this.values.set(name, new Map());
    this.values.get(name).set(position, value);
  }

  get count() {
    return [...this.values.values()].reduce((n, own) => n + own.size, 0);
  }

  clear() {
    this.values.clear();
  }

  /** The array with its edits. */
  async of(name) {
    const { shape, data } = await parameter(name);
    const own = this.values.get(name);
    if (!own) return { shape, data };
    const copy = data.slice();
    for (const [position, value] of own) copy[position] = value;
    return { shape, data: copy };
  }

  /** As /api/inside wants them. */
  async list() {
    const out = [];
    for (const [name, own] of this.values) {
      const { shape } = await parameter(name);
      for (const [position, value] of own) out.push({ name, index: indices(position, shape), value });
    }
    return out;
  }
}

/** A position in a flat array as indices by its axes. */
export function indices(position, shape) {
  const out = [];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    out.unshift(position % shape[axis]);
    position = Math.floor(position / shape[axis]);
  }
  return out;
}

/** What /api/inside answered, with each layer's numbers as arrays: `x` in, `y` out. */
export function unpack(answer, pixels) {
  let x = Float32Array.from(pixels);
  for (const layer of answer.layers) {
    layer.x = x;
    layer.flat = layer.shape_in.length === 1;
    layer.y = floats(layer.activation.data);
    x = layer.y;
  }
  answer.evidence = floats(answer.evidence.data);
  answer.gradient = floats(answer.gradient.data);
  return answer;
}

/** The rows and columns of a layer's input that one place of its output sees: [top, left, height,
 * width], perhaps beyond the border; undefined where it sees everything. */
export function window_(layer, h, w) {
  const { kernel, stride = 1, size } = layer.settings;
  if (layer.kind === "Conv") {
    const border = layer.settings.padding === "same" ? Math.floor(kernel / 2) : 0;
    return [h * stride - border, w * stride - border, kernel, kernel];
  }
  if (layer.kind.endsWith("Pool")) return [h * size, w * size, size, size];
  if (layer.shape_in.length === 3 && layer.shape_out.length === 3) return [h, w, 1, 1];
  return undefined;
}

/** The part of the 28 x 28 that one place of a layer's output sees, through all layers before it. */
export function field(layers, index, h, w) {
  let [top, left, bottom, right] = [h, w, h, w];
  for (let i = index; i >= 0; i--) {
    const first = window_(layers[i], top, left);
    if (!first) return [0, 0, 28, 28];
    const last = window_(layers[i], bottom, right);
    [top, left, bottom, right] = [first[0], first[1], last[0] + last[2] - 1, last[1] + last[3] - 1];
  }
  return [top, left, bottom - top + 1, right - left + 1];
}
