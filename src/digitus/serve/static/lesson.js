// What to train: the settings of a run.

import { h } from "./dom.js";
import { figure } from "./numbers.js";
import { known, words } from "./words.js";

/** `start(settings)` is called with what /api/runs wants, `changed(settings)` as they are chosen. */
export function lesson(offers, start, changed) {
  // Digits that people wrote, where there are some: from the pen's a network learns less about people's.
  const data = offers.data.includes("mnist") ? { data: "mnist", examples: Math.min(12_000, offers.limits.examples[1]) } : {};
  let settings = { ...offers.recipes[0].settings, ...data };
  const about = h("p", { class: "note" });
  const fields = {};

  const recipe = h("select", { id: "lesson-recipe", onchange: () => {
    settings = { ...offers.recipes.find((r) => r.name === recipe.value).settings, data: settings.data, examples: settings.examples };
    put();
  } }, offers.recipes.map((r) => h("option", { value: r.name }, known(`recipe.name.${r.name}`) ? words(`recipe.name.${r.name}`) : r.name)));
  const field = (key, label, control) => {
    fields[key] = control;
    return h("div", { class: "field" }, h("label", { for: control.id }, label), control);
  };
  const text = (key) => h("input", { type: "text", id: `lesson-${key}`, autocomplete: "off", spellcheck: "false", oninput: (e) => (settings[key] = e.target.value.trim()) });
  const digits = (key, props) => h("input", { type: "number", id: `lesson-${key}`, ...props, oninput: (e) => (settings[key] = Number(e.target.value)) });
  const list = (key, values, named = (v) => v) => h("select", { id: `lesson-${key}`, onchange: (e) => (settings[key] = e.target.value) },
    values.map((v) => h("option", { value: v }, named(v))));
  const [low, high] = offers.limits.rate;
  const rateValue = h("output", { class: "num", for: "lesson-rate" });
  const rate = h("input", { type: "range", id: "lesson-rate", min: Math.max(-5, Math.log10(low)), max: Math.min(1, Math.log10(high)), step: 0.25,
    oninput: () => {
      settings.rate = Number((10 ** Number(rate.value)).toPrecision(1)); // 0.001, 0.002, 0.003, 0.006, 0.01
      told();
    } });
  /** Says the rate as a number, beside the slider and to screen readers. */
  function told() {
    rateValue.textContent = figure(settings.rate);
    rate.setAttribute("aria-valuetext", figure(settings.rate));
  }
  const limit = (key) => ({ min: offers.limits[key][0], max: offers.limits[key][1] });

  const form = h("form", { class: "lesson card", oninput: () => changed(settings), onsubmit: (event) => {
    event.preventDefault();
    start({ ...settings, paused: event.submitter?.value === "paused" });
  } },
  h("h2", {}, words("lesson.title")),
  h("div", { class: "field" }, h("label", { for: "lesson-recipe" }, words("lesson.recipe")), recipe), about,
  field("layers", words("lesson.layers"), text("layers")),
  field("activation", words("lesson.activation"), list("activation", offers.activations)),
  h("div", { class: "field" }, h("label", { for: "lesson-rate" }, words("lesson.rate")), h("span", { class: "pair" }, rate, rateValue)),
  field("optimizer", words("lesson.optimizer"), list("optimizer", offers.optimizers ?? ["Adam"])),
  field("batch_size", words("lesson.batch_size"), digits("batch_size", { ...limit("batch_size"), step: 1 })),
  field("epochs", words("lesson.epochs"), digits("epochs", { ...limit("epochs"), step: 1 })),
  field("augment", words("lesson.augment"), list("augment", [...new Set([...offers.augments, settings.augment])], (v) => words(`augment.${v}`))),
  field("data", words("lesson.data"), list("data", offers.data, (v) => words(`data.${v}`))),
  field("examples", words("lesson.examples"), digits("examples", { ...limit("examples"), step: 100 })),
  h("div", { class: "row" }, h("button", { type: "submit", class: "primary", value: "run" }, words("lesson.train")),
    h("button", { type: "submit", value: "paused" }, words("lesson.step"))));

  function put() {
    const chosen = offers.recipes.find((r) => r.name === settings.recipe) ?? offers.recipes[0];
    recipe.value = chosen.name;
    about.textContent = words("lesson.about", { about: words(`recipe.${chosen.name}`), n: chosen.parameters });
    if (settings.augment === "recipe" && ![...fields.augment.options].some((o) => o.value === "recipe")) {
      fields.augment.append(h("option", { value: "recipe" }, words("augment.recipe")));
    }
    for (const [key, control] of Object.entries(fields)) control.value = settings[key];
    rate.value = Math.log10(settings.rate);
    told();
    changed(settings);
  }
  put();
  return form;
}
