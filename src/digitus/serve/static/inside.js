// Inside: one digit's way through the network, block by block, and what speaks for each answer. Not
// inside: the network at a glance (networkmap.js), what a block is (blocks.js), how a number is worked out (lens.js).

import { here, keep } from "./address.js";
import { ask, bytes, latest } from "./api.js";
import { bars } from "./bars.js";
import { blocks, called, folding, sentence } from "./blocks.js";
import { complain, h, say, scrolls } from "./dom.js";
import { editor } from "./editor.js";
import { equation, softmaxEquation } from "./equations.js";
import { evidence } from "./evidence.js";
import { follow } from "./follow.js";
import { language } from "./language.js";
import { packedDigit, unpackedDigit } from "./ink.js";
import { working } from "./lens.js";
import { lights } from "./light.js";
import { maps, strongest } from "./maps.js";
import { SMALL, asked, choose, model } from "./model.js";
import { Edits, field, indices, unpack, window_ } from "./net.js";
import { networkMap } from "./networkmap.js";
import { chance, layerName, number, shape } from "./numbers.js";
import { chosen, onModel } from "./shared.js";
import { words } from "./words.js";

const TAUGHT = new Set(["Scale", "Dense", "Relu", "Sigmoid", "Softmax", "Conv", "MaxPool"]); // by a lesson (handbook/handlers.py)
const SETTLED = 300; // milliseconds after which a digit that is painted on is in the address
const UNSEEN = new Set(["Scale", "Flatten", "Dropout"]); // layers that show nothing new

const title = (layer) => layerName(layer.name);

/** Links to a layer's derivation, lesson and source; to a lesson only where one teaches it. */
const further = ({ kind }) => h("p", { class: "further" }, ["mathematics", "lesson", "code"].filter((to) => to !== "lesson" || TAUGHT.has(kind)).map((to) =>
  h("a", { href: to === "code" ? `/code/digitus.nn.${kind}` : `/${to}/${kind}${to === "lesson" ? `?language=${language}` : ""}`, "aria-label": `${words(`inside.to.${to}`)}: ${kind}` }, words(`inside.to.${to}`))));

export function mount(section) {
  const edits = new Edits();
  let net; // the last answer, unpacked
  let rows = []; // for each layer: its element and its maps
  let parts = []; // its blocks
  let folds = []; // for each block: its element
  let at; // what the lens is on: { index, position, pinned, found }; found: nobody chose it
  let backward = false; // which equations are shown

  const input = editor(() => request());
  const value = h("output", { class: "value", "aria-label": words("read.as") });
  const sure = h("p", { class: "sure" });
  const odds = bars({ choose: (digit) => proof.against(digit) });
  const from = h("p", { class: "note" });
  const samples = h("div", { class: "samples", role: "group", "aria-label": words("inside.samples") },
    [...Array(10).keys()].map((digit) => h("button", { type: "button", onclick: () => sample(digit), "aria-label": words("inside.sample", { digit }) }, digit)));
  const changed = h("button", { type: "button", hidden: true, onclick: () => { edits.clear(); request(); } });
  const proof = evidence();
  const map = networkMap(jump);
  const switched = (label, options) => h("div", { class: "row switch", role: "group", "aria-label": words(label) }, options);
  const sizes = [SMALL, ""].map((id) => h("button", { type: "button", onclick: () => choose(id).catch((error) => complain(error.message)) }, words(`inside.size.${id || "real"}`)));
  const ways = [false, true].map((back) => h("button", { type: "button", onclick: () => turnTo(back) }, words(back ? "step.backward" : "step.forward")));
  const layers = h("ol", { class: "layers" });
  const lensTitle = h("h2", { id: "lens-title" }, words("lens.title"));
  const lensRule = h("div");
  const lensBody = scrolls(h("div", { class: "lens-body" }), words("lens.title"));
  const lens = h("section", { class: "lens", "aria-labelledby": "lens-title", hidden: true },
    h("div", { class: "lens-head" }, lensTitle, lensRule), lensBody,
    h("button", { type: "button", class: "icon", "aria-label": words("lens.close"), onclick: close }, "×"));

  const waits = h("p", { class: "busy", role: "status", hidden: true }, words("inside.busy"));
  const again = h("button", { type: "button", hidden: true }, words("read.again"));
  map.element.prepend(h("div", { class: "awaited" }, waits, again));
  section.append(
    h("div", { class: "row spread" }, h("p", { class: "lead" }, words("inside.lead")), switched("inside.size", sizes)),
    map.element,
    h("div", { class: "bench" },
      h("div", { class: "side" }, input.element, h("div", { class: "verdict" }, value, h("div", {}, sure, from)), odds.element, samples, changed),
      h("div", { class: "through" }, proof.element,
        h("div", { class: "row spread ways" }, h("h2", {}, words("inside.layers")), switched("inside.ways", ways)), layers, lens)),
  );

  function failed(error, question) {
    waits.hidden = true;
    again.hidden = false;
    again.onclick = question;
    complain(error.message);
  }

  /** The address holds the digit that is looked at and what it is held against, so that it can be sent to somebody. */
  let keeping;
  const remember = () => here().view === "inside" && keep({ digit: packedDigit(input.pixels), against: proof.rival });

  const request = latest(async () => {
    const pixels = input.pixels;
    const { id } = model; // another may be chosen before the answer comes
    waits.hidden = net?.model === id; // a network that has answered answers at once
    try {
      const list = await edits.list();
      const answer = await ask(asked("/api/inside", id), list.length ? { pixels: [...pixels], edits: list } : pixels.slice());
      net = unpack(answer, pixels);
      net.pixels = pixels.slice();
      net.model = id;
      again.hidden = waits.hidden = true;
      clearTimeout(keeping);
      keeping = setTimeout(remember, SETTLED);
      show();
    } catch (error) {
      if (error.wait) setTimeout(request, 1000 * error.wait);
      failed(error, request);
    }
  });

  function show() {
    const { value: read, confidence, probabilities: p } = net;
    value.textContent = read ?? "?";
    section.classList.toggle("unsure", read === null);
    const best = p.indexOf(Math.max(...p));
    sure.textContent = read === null ? words("inside.unsure", { digit: best, chance: chance(confidence, 0) }) : words("inside.sure", { chance: chance(confidence) });
    odds.set(p, read ?? undefined);
    proof.set(net, input.pixels);
    changed.hidden = !edits.count;
    changed.textContent = words("inside.put-back", { n: edits.count });
    sizes.forEach((button, k) => button.setAttribute("aria-pressed", String(model.id === [SMALL, ""][k])));
    if (rows.length !== net.layers.length) build();
    net.layers.forEach((layer, i) => {
      const before = net.layers.slice(0, i).findLast((l) => l.kind !== "Dropout");
      if (layer.kind === "Dense" && before?.kind === "Flatten") layer.image = before.shape_in;
      rows[i].maps?.set(layer);
    });
    map.set(net, parts, parts.map((b) => title(net.layers[b.head])));
    if (at && !at.found) focus(at, false);
    else if (at || !matchMedia("(max-width: 48rem), (max-height: 60rem)").matches) {
      const first = net.layers.findIndex((l) => l.kind === "Conv" || l.kind === "Dense");
      if (first >= 0) focus({ index: first, position: strongest(net.layers[first].y), pinned: false, found: true }, false);
    }
    say(read === null ? sure.textContent : words("inside.say", { digit: read, sure: sure.textContent }));
  }

  /** Builds the list of layers in their blocks, once: later only the pictures in it change. */
  function build() {
    rows = net.layers.map((layer, index) => {
      const seen = !UNSEEN.has(layer.kind);
      const row = h("li", { class: seen ? "layer" : "layer slim" });
      const drawn = seen ? maps(row, (position, pinned) => point(index, position, pinned)) : undefined;
      const rule = scrolls(h("div", { class: "equation-box" }), words("equation.title", { layer: title(layer) }));
      row.append(
        h("div", { class: "about" },
          h("h4", {}, h("span", { class: "index" }, index), title(layer)),
          h("span", { class: "shapes", "aria-label": words("inside.shapes", { from: shape(layer.shape_in), to: shape(layer.shape_out) }) },
            shape(layer.shape_in), h("span", { class: "arrow" }, " → "), shape(layer.shape_out)), rule, further(layer)),
        drawn ? h("div", { class: "canvas" }, drawn.canvas) : "",
      );
      return { row, maps: drawn, rule };
    });
    parts = blocks(net.layers);
    folds = parts.map((block, k) => folding(block, block.layers.map((i) => rows[i]),
      h("h3", {}, called(block, net.layers, title)), sentence(net.layers[block.head], k === parts.length - 1)));
    folds.forEach(({ element }, k) => {
      element.dataset.block = k;
      sight.observe(element);
    });
    const end = h("li", { class: "block" }, h("div", { class: "block-head" }, h("h3", {}, words("inside.probabilities")), h("p", { class: "note" }, words("block.softmax", { t: number(net.temperature) }))),
      scrolls(h("div", { class: "equation-box" }, softmaxEquation()), words("equation.title", { layer: words("inside.probabilities") })));
    end.dataset.block = folds.length;
    sight.observe(end);
    layers.replaceChildren(...folds.map((f) => f.element), end);
    map.forget();
    turnTo(backward);
    // Whoever comes from an equation (#inside?layer=Conv) sees the first layer that it is about.
    const wanted = here().query.get("layer");
    const block = parts.findIndex((part) => part.layers.some((i) => net.layers[i].kind === wanted));
    if (block >= 0) jump(block);
  }

  // The block that is in view is lit on the map; above the first, the digit.
  const met = new Set();
  const sight = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) met[isIntersecting ? "add" : "delete"](target);
    map.mark(Math.max(-1, ...[...met].filter((e) => e.isConnected).map((e) => Number(e.dataset.block))));
  }, { rootMargin: "-35% 0px -60% 0px" });

  function jump(k) {
    const target = k < 0 ? input.element : k < folds.length ? folds[k].element : layers.lastElementChild;
    target.scrollIntoView({ block: "start" });
    map.mark(k);
  }

  /** Shows the layers' equations forward, or those by which they learn. */
  function turnTo(back) {
    backward = back;
    ways.forEach((button, k) => button.setAttribute("aria-pressed", String(Boolean(k) === back)));
    rows.forEach(({ rule }, i) => rule.replaceChildren(equation(net.layers[i], back) ?? h("span", { class: "note" }, words("equation.nothing"))));
  }

  // A letter stands for numbers of its own layer, so the lens moves to that layer unless it is held.
  lights(section, (target) => {
    const index = rows.findIndex(({ row }) => row.contains(target));
    if (index < 0) return [lens, rows[at?.index]?.row].filter(Boolean);
    if (index !== at?.index && rows[index].maps && target.closest(".equation")) point(index, strongest(net.layers[index].y), false);
    return index === at?.index ? [lens, rows[index].row] : [rows[index].row];
  });

  function point(index, position, pinned) {
    if (at?.pinned && !pinned) return; // a click holds the lens until the next click
    if (at && pinned && at.pinned && at.index === index && at.position === position) return focus({ ...at, pinned: false });
    focus({ index, position, pinned });
  }

  let turn = 0;
  let written = {}; // what the lens shows: of which number, and which terms of its sum
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
    const same = held && written.index === index && written.position === position;
    const body = await working(layer, position, edits, (name, place, v) => {
      at.found = false; // it stays where a weight is being changed
      edits.set(name, place, v);
      request();
    }, same ? written.shown : undefined).catch((error) => ({ element: h("p", { class: "note" }, error.message) }));
    if (mine !== turn) return;
    const where = image ? words("inside.place", { map: c, row: r, column: q }) : words("inside.unit", { unit: c });
    lensTitle.replaceChildren(h("span", {}, title(layer)), h("small", {}, where, at.pinned ? ` · ${words("lens.held")}` : ""));
    lens.hidden = false;
    lens.classList.toggle("held", at.pinned);
    // While a weight is being changed its cell must stay, with the hand on it; all around it moves.
    if (same) follow(lensBody.firstElementChild, body.element);
    else {
      lensRule.replaceChildren(equation(layer) ?? "");
      lensBody.replaceChildren(body.element);
    }
    written = { index, position, shown: body.shown };
    if (tell && at.pinned) say(`${title(layer)}, ${where}: ${number(layer.y[position])}`);
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
      from.textContent = words("inside.sample", { digit });
      again.hidden = true;
      input.set(bytes(image));
      await request();
    } catch (error) {
      failed(error, () => sample(digit));
    }
  }

  const check = onModel(section, () => {
    edits.clear();
    rows = [];
    close();
    if (input.pixels.some(Boolean)) request();
  });
  return {
    show(_, query) {
      check();
      const [sent, against] = [query.get("digit"), query.get("against")];
      if (/^\d$/.test(against)) proof.against(Number(against));
      else if (sent) proof.against(); // a link without a rival is held against the next probable
      const pixels = sent && sent !== packedDigit(input.pixels) && unpackedDigit(sent);
      if (chosen.fresh && chosen.pixels) {
        chosen.fresh = false;
        from.textContent = words("inside.from", { what: chosen.from });
        input.set(chosen.pixels);
        request();
      } else if (pixels) {
        from.textContent = "";
        input.set(pixels);
        request();
      } else if (net) remember();
      else if (input.pixels.some(Boolean)) request(); // the first answer failed
      else sample(5);
    },
  };
}
