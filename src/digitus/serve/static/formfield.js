// The settings of a form and of its chosen field. Inputs are changed and never replaced, so that the focus
// stays where it is. Not inside: where a field lies (formpage.js).

import { h } from "./dom.js";
import { placed, signs } from "./formpage.js";
import { words } from "./words.js";

const KINDS = ["boxes", "comb", "line", "free"];
const DATES = ["DD.MM.YYYY", "DD/MM/YYYY", "MM/DD/YYYY", "YYYY-MM-DD", "DD.MM.YY", "MM/DD/YY"];
const CHECKS = ["luhn", "ean", "isbn", "mod11", "mod97", "time"]; // as files name them
const PAPERS = { A4: [210, 297], A5: [148, 210], letter: [215.9, 279.4] };
const SIDES = ["x", "y", "w", "h"];

const list = (text) => text.split(",").map((one) => one.trim()).filter(Boolean);

/** An input with its label: `set(text)` is called when it has changed. */
function entry(id, key, set, more = {}) {
  const input = h("input", { id: `forms-${id}`, type: "text", autocomplete: "off", spellcheck: "false", onchange: () => set(input.value.trim()), ...more });
  return { input, element: labelled(input, key) };
}

const labelled = (input, key) => h("div", { class: "field" }, h("label", { for: input.id }, words(key)), input);

function choice(id, key, set) {
  const select = h("select", { id: `forms-${id}`, onchange: () => set(select.value) });
  return {
    element: labelled(select, key),
    select,
    /** Shows a value among options; one that is not among them is added. */
    show(options, value) {
      const all = options.some(([one]) => one === value) ? options : [...options, [value, value]];
      select.replaceChildren(...all.map(([one, text]) => h("option", { value: one }, text)));
      select.value = value;
    },
  };
}

function tick(text, set) {
  const input = h("input", { type: "checkbox", onchange: () => set(input.checked) });
  return { input, element: h("label", { class: "choice" }, input, text) };
}

/** The settings of the form; `change(form)` is called with what it becomes. */
export function formSettings(change) {
  let form;
  const name = entry("name", "forms.name", (value) => change({ ...form, name: value }));
  const title = entry("title", "forms.title", (value) => change({ ...form, title: value }));
  const paper = choice("paper", "forms.paper", (sides) => change({ ...form, paper: sides.split(",").map(Number) }));
  return {
    element: h("div", { class: "settings-of" }, name.element, title.element, paper.element),
    show(next) {
      form = next;
      name.input.value = form.name;
      title.input.value = form.title;
      const papers = Object.entries(PAPERS).flatMap(([called, [w, hh]]) => [[`${w},${hh}`, called], [`${hh},${w}`, words("forms.lying", { paper: called })]]);
      const own = [String(form.paper), `${form.paper.join(" × ")} mm`];
      paper.show(papers.some(([sides]) => sides === own[0]) ? papers : [...papers, own], own[0]);
      paper.select.disabled = form.blank.length > 0;
    },
  };
}

/** The settings of a field; `change(form)` is called with the form that they make. */
export function fieldSettings(change) {
  let form, i, field;
  const replaced = (next) => change({ ...form, field: form.field.map((one, k) => (k === i ? next : one)) });
  const set = (more) => {
    const next = { ...field, ...more };
    const digits = [...signs(next)].filter((sign) => sign === "#").length;
    replaced(next.cells.length === digits ? next : { ...next, cells: [] });
  };
  const digits = () => "#".repeat(Math.max(1, Math.round(field.place[2] / field.place[3])));
  const name = entry("field", "forms.column", (value) => change(renamed(form, i, value)));
  const label = entry("label", "forms.label", (value) => set({ label: value }));
  const kind = choice("kind", "forms.kind", (value) => set({ kind: value, pattern: field.date ? "" : field.pattern || (value === "boxes" || value === "comb" ? digits() : "") }));
  const pattern = entry("pattern", "forms.pattern", (value) => set({ pattern: value, date: value ? "" : field.date }), { placeholder: "####-##" });
  const date = choice("date", "forms.date", (value) => set({ date: value, pattern: value ? "" : field.pattern || digits() }));
  const ends = ["least", "most"].map((end) => h("input", { id: `forms-${end}`, type: "number", step: "any", "aria-label": words(`forms.${end}`), placeholder: words(`forms.${end}`), onchange: () => {
    const [least, most] = ends.map((input) => input.value);
    if ((least === "") === (most === "")) set({ range: least === "" ? [] : [Number(least), Number(most)] });
  } }));
  const allowed = entry("allowed", "forms.allowed", (value) => set({ allowed: list(value) }), { placeholder: "1, 2, 3" });
  const sum = entry("sum", "forms.sum", (value) => change(summed(form, field.name, list(value))));
  const series = seriesSettings((next) => change(next));
  const checks = CHECKS.map((check) => tick(check, (on) => set({ checks: CHECKS.filter((one) => (one === check ? on : field.checks.includes(one))) })));
  const required = tick(words("forms.required"), (on) => set({ required: on }));
  const full = tick(words("forms.full"), (on) => set({ full: on }));
  const place = SIDES.map((side, k) => h("input", { id: `forms-${side}`, type: "number", step: 0.1, min: 0, "aria-label": words(`forms.${side}`), onchange: () =>
    replaced(placed(field, field.place.map((v, n) => (n === k ? Number(place[k].value) : v)), form.paper)) }));
  return {
    element: h("div", { class: "settings-of" }, name.element, label.element, kind.element, pattern.element, date.element,
      h("div", { class: "field" }, h("span", {}, words("forms.range")), h("div", { class: "ends" }, ends)), allowed.element, sum.element,
      h("fieldset", { class: "checks" }, h("legend", {}, words("forms.checks")), checks.map((one) => one.element)),
      h("div", { class: "row" }, required.element, full.element), series.element,
      h("fieldset", { class: "places" }, h("legend", {}, words("forms.place")), place)),
    focus: () => name.input.focus(),
    show(next, at) {
      [form, i, field] = [next, at, next.field[at]];
      name.input.value = field.name;
      label.input.value = field.label;
      kind.show(KINDS.map((one) => [one, words(`forms.kind.${one}`)]), field.kind);
      pattern.input.value = field.pattern;
      date.show([["", words("forms.no-date")], ...DATES.map((one) => [one, one])], field.date);
      ends.forEach((input, k) => (input.value = field.range[k] ?? ""));
      allowed.input.value = field.allowed.join(", ");
      sum.input.value = form.sum.find((one) => one.total === field.name)?.of.join(", ") ?? "";
      checks.forEach(({ input }, k) => (input.checked = field.checks.includes(CHECKS[k])));
      required.input.checked = field.required;
      full.input.checked = field.full;
      series.show(form, field);
      place.forEach((input, k) => (input.value = field.place[k]));
    },
  };
}

/** Whether a field's value never falls from sheet to sheet; a second rule of a field stays as it is. */
function seriesSettings(change) {
  let form, field, rule;
  const set = (next) => change({ ...form, rising: rule ? form.rising.flatMap((one) => (one === rule ? (next ?? []) : one)) : [...form.rising, next] });
  const rises = tick(words("forms.rises"), (on) => set(on ? { field: field.name, of: "", day: "", most: 0 } : undefined));
  const of = choice("rises-of", "forms.rises-of", (value) => set({ ...rule, of: value }));
  const day = choice("rises-day", "forms.rises-day", (value) => set({ ...rule, day: value, most: value ? rule.most : 0 }));
  const most = entry("rises-most", "forms.rises-most", (value) => set({ ...rule, most: Math.max(0, Number(value)) }), { type: "number", step: "any", min: 0 });
  const more = h("div", { class: "settings-of" }, of.element, day.element, most.element);
  return {
    element: h("fieldset", {}, h("legend", {}, words("forms.series")), rises.element, more),
    show(next, shown) {
      [form, field] = [next, shown];
      rule = form.rising.find((one) => one.field === field.name);
      rises.input.checked = rule !== undefined;
      more.hidden = rule === undefined;
      if (!rule) return;
      const others = form.field.filter((one) => one.name !== field.name);
      of.show([["", words("forms.rises-all")], ...others.map((one) => [one.name, one.name])], rule.of);
      day.show([["", words("forms.rises-sheets")], ...others.filter((one) => one.date).map((one) => [one.name, one.name])], rule.day);
      most.input.value = rule.most || "";
      most.element.hidden = !rule.day;
    },
  };
}

/** The form with a field renamed, in its sums and series too. */
function renamed(form, i, name) {
  const old = form.field[i].name;
  const now = (one) => (one === old ? name : one);
  return {
    ...form,
    field: form.field.map((field, k) => (k === i ? { ...field, name } : field)),
    sum: form.sum.map((sum) => ({ total: now(sum.total), of: sum.of.map(now) })),
    rising: form.rising.map((one) => ({ ...one, field: now(one.field), of: now(one.of), day: now(one.day) })),
  };
}

function summed(form, total, of) {
  const others = form.sum.filter((sum) => sum.total !== total);
  return { ...form, sum: of.length ? [...others, { total, of }] : others };
}

/** The form without a field, and without what needs it. */
export function without(form, i) {
  const { name } = form.field[i];
  return {
    ...form,
    field: form.field.filter((_, k) => k !== i),
    sum: form.sum.filter((sum) => sum.total !== name).map((sum) => ({ ...sum, of: sum.of.filter((one) => one !== name) })).filter((sum) => sum.of.length),
    rising: form.rising.filter((one) => ![one.field, one.of, one.day].includes(name)),
  };
}
