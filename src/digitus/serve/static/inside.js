// Inside: one digit's way through the network, layer by layer, and what speaks for each answer.

import { ask, bytes, latest } from "./api.js";
import { bars } from "./bars.js";
import { editor } from "./editor.js";
import { equation, softmaxEquation } from "./equations.js";
import { evidence } from "./evidence.js";
import { chance, complain, h, number, say, shape } from "./dom.js";
import { working } from "./lens.js";
import { maps, strongest } from "./maps.js";
import { Edits, field, indices, unpack, window_ } from "./net.js";
import { chosen } from "./shared.js";

const UNSEEN = new Set(["Scale", "Flatten", "Dropout"]); // layers that show nothing new

/** A layer's name, without what nobody chooses. */
const title = (layer) => (["BatchNorm", "Scale", "Standardize"].includes(layer.kind) ? layer.kind : layer.name.replace(/\(\)$/, ""));

export function mount(section) {
  const edits = new Edits();
  let net; // the last answer, unpacked
  let rows = []; // for each layer: its element and its maps
  let at; // what the lens is on: { index, position, pinned, found }, found if nobody chose it

  const input = editor(() => request());
  const value = h("output", { class: "value", "aria-label": "Read as" });
  const sure = h("p", { class: "sure" });
  const odds = bars({ choose: (digit) => proof.against(digit) });
  const from = h("p", { class: "note" });
  const samples = h("div", { class: "samples", role: "group", "aria-label": "Another digit" },
    [...Array(10).keys()].map((digit) => h("button", { type: "button", onclick: () => sample(digit), "aria-label": `A ${digit} by the simulated pen` }, digit)));
  const changed = h("button", { type: "button", hidden: true, onclick: () => { edits.clear(); request(); } });
  const proof = evidence();
  const layers = h("ol", { class: "layers" });
  const lensTitle = h("h2", { id: "lens-title" }, "The lens");
  const lensRule = h("div");
  const lensBody = h("div", { class: "lens-body" });
  const lens = h("section", { class: "lens", "aria-labelledby": "lens-title", hidden: true },
    h("div", { class: "lens-head" }, lensTitle, lensRule), lensBody,
    h("button", { type: "button", class: "icon", "aria-label": "Close the lens", onclick: close }, "×"));

  section.append(
    h("p", { class: "lead" }, "Point at any number to see it computed. Paint on the digit, drag a weight in the lens, and watch the answer change."),
    h("div", { class: "bench" },
      h("div", { class: "side" }, input.element, h("div", { class: "verdict" }, value, h("div", {}, sure, from)), odds.element, samples, changed),
      h("div", { class: "through" }, proof.element, layers)),
    lens,
  );

  const request = latest(async () => {
    const pixels = input.pixels;
    try {
      const list = await edits.list();
      const answer = await ask("/api/inside", list.length ? { pixels: [...pixels], edits: list } : pixels.slice());
      complain();
      net = unpack(answer, pixels);
      show();
    } catch (error) {
      if (error.wait) setTimeout(request, 1000 * error.wait);
      complain(error.message);
    }
  });

  function show() {
    const { value: read, confidence, probabilities: p } = net;
    value.textContent = read ?? "?";
    section.classList.toggle("unsure", read === null);
    const best = p.indexOf(Math.max(...p));
    sure.textContent = read === null ? `Not sure; perhaps ${best} (${chance(confidence, 0)})` : `${chance(confidence)} sure`;
    odds.set(p, read ?? undefined);
    proof.set(net, input.pixels);
    changed.hidden = !edits.count;
    changed.textContent = `Put back ${edits.count === 1 ? "the changed weight" : `${edits.count} changed weights`}`;
    if (rows.length !== net.layers.length) build();
    net.layers.forEach((layer, i) => {
      if (layer.kind === "Dense" && net.layers[i - 1]?.kind === "Flatten") layer.image = net.layers[i - 1].shape_in;
      rows[i].maps?.set(layer);
    });
    if (at && !at.found) focus(at, false);
    else if (at || !matchMedia("(max-width: 48rem)").matches) {
      const first = net.layers.findIndex((l) => l.kind === "Conv" || l.kind === "Dense");
      if (first >= 0) focus({ index: first, position: strongest(net.layers[first].y), pinned: false, found: true }, false);
    }
    say(sure.textContent.startsWith("Not") ? sure.textContent : `Read as ${read}, ${sure.textContent}`);
  }

  /** The list of layers, once: what changes later are the pictures in it. */
  function build() {
    rows = net.layers.map((layer, index) => {
      const seen = !UNSEEN.has(layer.kind);
      const row = h("li", { class: seen ? "layer" : "layer slim" });
      const drawn = seen ? maps(row, (position, pinned) => point(index, position, pinned)) : undefined;
      row.append(
        h("div", { class: "about" },
          h("h3", {}, h("span", { class: "index" }, index), title(layer)),
          h("span", { class: "shapes", "aria-label": `from ${layer.shape_in.join(" by ")} to ${layer.shape_out.join(" by ")}` },
            shape(layer.shape_in), h("span", { class: "arrow" }, " → "), shape(layer.shape_out)),
          equation(layer)),
        drawn ? h("div", { class: "canvas" }, drawn.canvas) : "",
      );
      return { row, maps: drawn };
    });
    layers.replaceChildren(...rows.map((r) => r.row), h("li", { class: "layer slim" },
      h("div", { class: "about" }, h("h3", {}, "Probabilities"), h("span", { class: "shapes" }, `T = ${number(net.temperature)}`), softmaxEquation())));
  }

  function point(index, position, pinned) {
    if (at?.pinned && !pinned) return; // a click holds the lens until the next click
    if (at && pinned && at.pinned && at.index === index && at.position === position) return focus({ ...at, pinned: false });
    focus({ index, position, pinned });
  }

  let turn = 0;
  async function focus(next, tell = true) {
    at = next;
    const { index, position } = at;
    const layer = net.layers[index];
    const image = layer.shape_out.length === 3;
    const [r, q, c] = image ? indices(position, layer.shape_out) : [0, 0, position];
    const view = image ? window_(layer, r, q) : undefined;
    rows.forEach(({ row, maps: drawn }, i) => {
      row.classList.toggle("now", i === index);
      const below = view && i === index - 1 && net.layers[i].shape_out.length === 3;
      const channel = layer.kind === "Conv" ? undefined : c;
      drawn?.mark(i === index ? position : undefined, below ? { window: view, channel } : undefined);
    });
    input.frame(image ? field(net.layers, index, r, q) : undefined);
    const mine = ++turn;
    const held = lens.contains(document.activeElement) || lens.matches(":active");
    const body = await working(layer, position, edits, (name, where, v) => {
      at.found = false; // it stays where a weight is being changed
      edits.set(name, where, v);
      request();
    }).catch((error) => h("p", { class: "note" }, error.message));
    if (mine !== turn) return;
    const where = image ? `map ${c}, row ${r}, column ${q}` : `unit ${c}`;
    lensTitle.replaceChildren(h("span", {}, title(layer)), h("small", {}, where, at.pinned ? " · held" : ""));
    lens.hidden = false;
    lens.classList.toggle("held", at.pinned);
    // While a weight is being changed its cell must stay; only the result moves.
    const [result, fresh] = [lensBody.querySelector(".result"), body.querySelector(".result")];
    if (held && result && fresh) result.textContent = fresh.textContent;
    else {
      lensRule.replaceChildren(equation(layer) ?? "");
      lensBody.replaceChildren(body);
    }
    if (tell && at.pinned) say(`${layer.name}, ${where}: ${number(layer.y[position])}`);
  }

  function close() {
    lens.hidden = true;
    at = undefined;
    rows.forEach((r) => r.maps?.mark());
    input.frame();
  }

  let seed = Math.floor(Math.random() * 1e6);
  async function sample(digit) {
    try {
      const { image } = await ask(`/api/pen/${digit}?seed=${seed++}`);
      from.textContent = `A ${digit}, written by the simulated pen`;
      input.set(bytes(image));
      await request();
    } catch (error) {
      complain(error.message);
    }
  }

  return {
    show() {
      if (chosen.fresh && chosen.pixels) {
        chosen.fresh = false;
        from.textContent = `This is ${chosen.from}`;
        input.set(chosen.pixels);
        request();
      } else if (!net) sample(5);
    },
  };
}
