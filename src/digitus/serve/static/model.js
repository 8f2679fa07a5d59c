// Which network answers: the one that ships, the small one, or one of the reader's own runs. It is
// chosen in the header, and holds for Draw, Read, Inside and Mistakes. Not inside: what they show.

import { ask } from "./api.js";
import { keep } from "./address.js";
import { h } from "./dom.js";
import { percent } from "./numbers.js";
import { details } from "./runs.js";
import { accuracy, named } from "./watch.js";
import { known, words } from "./words.js";

export const SMALL = "small";

/** `id` is "" for the network that ships; `about` is what the server tells of it. */
export const model = { id: "", about: undefined };

/** An address of the interface, asked of the chosen network. */
export const asked = (path, id = model.id) => (id ? `${path}${path.includes("?") ? "&" : "?"}model=${id}` : path);

/** What a network learnt from, in words: sets of digits have our names, or those of their owner. */
export const learnt = (data) => data.split("+").map((one) => (known(`data.${one}`) ? words(`data.${one}`) : one)).join(" + ");

/** A run whose network can be used. */
const usable = (run) => run.development_accuracy !== null;

let select;
let told = Promise.resolve();

/** What the server tells of the chosen network, once it has. */
export const about = () => told.then(() => model.about);

/** Chooses a network; all views hear of it. */
export function choose(id) {
  const fresh = id !== model.id || !model.about;
  model.id = id;
  keep({ model: id });
  if (!fresh) return told;
  if (select) select.value = id;
  told = ask(asked("/api/health")).then(({ version, model: is }) => {
    if (model.id !== id) return;
    model.about = is;
    const parts = [`digitus ${version}`, is.name, words("model.parameters", { n: is.parameters })];
    if (is.data) parts.push(words("model.data", { data: learnt(is.data) }));
    document.getElementById("model").textContent = parts.join(" · ");
  }).catch((error) => {
    if (error.status !== 404 || model.id !== id) throw error;
    model.id = ""; // the run is gone, and its network with it
    return choose("");
  });
  document.dispatchEvent(new CustomEvent("model"));
  return told;
}

const option = (value, text) => h("option", { value }, text);
const always = () => [option("", words("model.shipped")), option(SMALL, words("model.small"))];

/** Fills the picker in the header with the networks that there are now; `runs` as the server tells
 * them, if it has just been asked. */
export async function offer(runs) {
  const all = runs ?? (await ask("/api/runs")).runs;
  const mine = all.filter(usable).reverse();
  const list = h("select", {}, always(),
    ...(mine.length ? [h("optgroup", { label: words("model.mine") }, mine.map((run) =>
      option(run.id, `${named(run)} · ${percent(accuracy(run))} · ${details(run)}`)))] : []));
  // Whoever has it open just now keeps it, unless there is something new.
  if (list.textContent !== select.textContent) select.replaceChildren(...list.children);
  select.value = model.id;
  if (select.value !== model.id) select.append(h("option", { value: model.id, selected: true }, model.about?.name ?? model.id));
}

/** The picker. */
export function picker() {
  select = h("select", { id: "which", "aria-label": words("model.which"), onchange: () => choose(select.value) }, always());
  return select;
}
