// Forms: a form is laid out page by page, or found on pages that others printed, saved as a file, printed,
// and tried on a sheet. Not inside: the page on the screen (formpage.js), the settings of a field
// (formfield.js), reading (formread.js).

import { ask, file as fileOf, patient, told } from "./api.js";
import { download } from "./copy.js";
import { complain, h, say } from "./dom.js";
import { fieldSettings, formSettings, without } from "./formfield.js";
import { trial } from "./formread.js";
import { pageEditor, placed } from "./formpage.js";
import { remember, remembered } from "./remember.js";
import { words } from "./words.js";

const KEPT = 200; // changes that can be undone
const TOGETHER = 1000; // milliseconds: changes of one kind within them are undone together
const FIELD = { page: 1, label: "", kind: "boxes", pattern: "####", date: "", range: [], allowed: [], checks: [], required: false, full: false, cells: [] };
const FIRST = [20, 35, 36, 9]; // mm: where a form begins
const BELOW = 11; // mm between a field and the next, which needs room for its name

const fresh = () => ({ name: "form", title: "", paper: [210, 297], blank: [], field: [{ ...FIELD, name: "field1", place: FIRST }], sum: [], rising: [] });

export function mount(section) {
  let form;
  let blank = []; // pictures of its pages, where others printed it
  let at; // the field that is looked at
  let page = 1;
  let before = []; // forms, the latest last
  let latest = { how: undefined, when: 0 };
  let toml = "";
  let judged; // a promise, settled when `toml` is that of the form
  let turn = 0;

  const file = h("input", { type: "file", accept: ".toml,image/*,application/pdf,.heic,.tif,.tiff", hidden: true, onchange: async () => {
    const [one] = file.files;
    file.value = "";
    if (one) await open(one);
  } });
  const begin = h("button", { type: "button", class: "primary", onclick: () => start(fresh(), []) }, words("forms.new"));
  const drop = h("div", { class: "drop" },
    h("p", { class: "big" }, words("forms.drop")),
    h("div", { class: "row" }, begin, h("button", { type: "button", onclick: () => file.click() }, words("forms.open"))),
    h("p", { class: "note" }, words("forms.kinds")), file);
  const busy = h("p", { class: "busy", role: "status", hidden: true }, words("forms.busy"));
  const paper = pageEditor({ select, change: (i, field, how) => commit({ ...form, field: form.field.map((one, k) => (k === i ? field : one)) }, how), add, remove });
  const undo = h("button", { type: "button", onclick: back }, words("draw.undo"));
  const gone = h("button", { type: "button", onclick: () => remove(at) }, words("forms.remove"));
  const pages = h("select", { id: "forms-page", onchange: () => turned(Number(pages.value)) });
  const paging = h("label", { class: "choice", for: "forms-page" }, words("forms.page"), pages);
  const problem = h("p", { class: "note", role: "status" });
  const about = formSettings((next) => commit(next));
  const fields = h("ol", { class: "field-list" });
  const one = fieldSettings((next) => commit(next));
  const none = h("p", { class: "note" }, words("forms.none"));
  const save = h("button", { type: "button", class: "primary", onclick: saved }, words("forms.save"));
  const print = h("button", { type: "button", onclick: printed }, words("forms.print"));
  const tried = trial(() => ({ form, blank: blank.map((picture) => picture.data) }));
  const work = h("div", { class: "table forms", hidden: true },
    h("div", {},
      h("div", { class: "row over" }, h("button", { type: "button", onclick: () => add() }, words("forms.add")), gone, undo, paging),
      paper.element, h("p", { class: "note" }, words("forms.hint"))),
    h("div", { class: "result-side" },
      h("div", { class: "row" }, save, print, tried.button, tried.file), problem,
      h("details", { open: true }, h("summary", {}, h("h2", {}, words("forms.of-form"))), about.element),
      h("h2", {}, words("forms.fields")), fields, one.element, none));
  section.append(h("p", { class: "lead" }, words("forms.lead")), drop, busy, work, tried.element);

  function start(next, pictures) {
    complain();
    if (form) keep();
    [form, blank, page, at] = [next, pictures, 1, next.field.length ? 0 : undefined];
    work.hidden = false;
    drop.classList.add("small");
    tried.clear();
    draw();
  }

  /** Opens what was dropped: a form's file, or the blank pages of a form. */
  async function open(given) {
    complain();
    busy.hidden = false;
    const name = given.name.replace(/\.[^.]*$/, "").replace(/[^ -~]/g, "_").slice(0, 60) || "form";
    try {
      if (/\.toml$/i.test(given.name)) {
        const next = await patient(() => ask(`/api/forms/open?${new URLSearchParams({ name })}`, given));
        start(next, []);
        if (next.blank.length) complain(words("forms.blank-missing", { name: next.blank.join(", ") }));
      } else if (form?.blank.length && !blank.length) {
        const { pages: pictures } = await patient(() => ask("/api/forms/pages", given));
        keep();
        blank = pictures;
        draw();
        say(words("forms.blank-taken", { name: given.name }));
      } else {
        const found = await patient(() => ask(`/api/forms/propose?${new URLSearchParams({ name })}`, given));
        start({ ...found.form, blank: [given.name] }, found.pages);
        say(words("forms.found", { n: found.form.field.length }));
      }
    } catch (error) {
      complain(error.message);
    } finally {
      busy.hidden = true;
    }
  }

  /** Replaces the form; changes with the same `how` are undone together. */
  function commit(next, how) {
    const joined = how && how === latest.how && (how.startsWith("drag") || Date.now() - latest.when < TOGETHER);
    if (!joined) keep();
    latest = { how, when: Date.now() };
    form = next;
    draw();
  }

  /** Keeps the form as it is, for undoing. */
  function keep() {
    before = [...before.slice(1 - KEPT), { form, at, page, blank }];
    latest = { how: undefined, when: 0 };
  }

  function back() {
    const last = before.pop();
    if (!last) return;
    if (last.blank !== blank) tried.clear(); // what was read was another form, or another sheet
    ({ form, at, page, blank } = last);
    latest = { how: undefined, when: 0 };
    draw();
    say(words("forms.undone"));
  }

  function select(i, focus) {
    at = i;
    draw();
    if (focus) one.focus();
  }

  function turned(next) {
    page = next;
    const first = form.field.findIndex((field) => field.page === page);
    at = first < 0 ? undefined : first;
    draw();
  }

  /** A field at a place, or below the one that is looked at. */
  function add(place) {
    const [x, y, , hh] = form.field[at]?.place ?? [FIRST[0], FIRST[1] - FIRST[3] - BELOW, 0, FIRST[3]];
    const [, , wide, high] = place ?? FIRST;
    const names = form.field.map((field) => field.name);
    let n = form.field.length + 1;
    while (names.includes(`field${n}`)) n++;
    const field = placed({ ...FIELD, name: `field${n}`, page, place: FIRST, pattern: "#".repeat(Math.max(1, Math.round(wide / high))) }, place ?? [x, y + hh + BELOW, wide, high], form.paper);
    const next = { ...form, field: [...form.field, field] };
    commit(next);
    select(next.field.length - 1, false);
    paper.focus(at);
    say(words("forms.added", { name: field.name }));
  }

  function remove(i) {
    if (form.field[i] === undefined) return;
    const { name } = form.field[i];
    const next = without(form, i);
    at = next.field.length ? Math.min(i, next.field.length - 1) : undefined;
    commit(next);
    if (at === undefined) undo.focus();
    else paper.focus(at);
    say(words("forms.removed", { name }));
  }

  function draw() {
    const count = Math.max(blank.length, 1, ...form.field.map((field) => field.page)) + (form.blank.length ? 0 : 1);
    pages.replaceChildren(...[...Array(count).keys()].map((k) => h("option", { value: k + 1 }, k + 1)));
    pages.value = page;
    paper.draw(form, page, at, blank[page - 1]);
    about.show(form);
    listed();
    none.hidden = at !== undefined;
    one.element.hidden = at === undefined;
    if (at !== undefined) one.show(form, at);
    undo.disabled = !before.length;
    gone.disabled = at === undefined;
    print.hidden = form.blank.length > 0;
    remember("form", JSON.stringify(form));
    judged = judge();
  }

  /** Updates the list of fields, whose buttons stay as long as there are as many. */
  function listed() {
    if (fields.childElementCount !== form.field.length) {
      fields.replaceChildren(...form.field.map((_, i) => h("li", {}, h("button", { type: "button", onclick: () => {
        page = form.field[i].page;
        select(i, true);
      } }))));
    }
    form.field.forEach((field, i) => {
      const [button] = fields.children[i].children;
      button.textContent = field.name;
      button.setAttribute("aria-pressed", String(i === at));
    });
  }

  /** Says whether the form is in order, as soon as the server has looked at it. */
  async function judge() {
    const mine = ++turn;
    toml = "";
    await new Promise((later) => setTimeout(later, 150));
    if (mine !== turn) return;
    let said = words("forms.empty");
    try {
      if (form.field.length) {
        const found = await ask("/api/forms/check", form);
        if (mine !== turn) return;
        toml = found.toml;
        said = found.problem ? told({ ...found, error: found.problem }) : words("forms.right");
      }
    } catch (error) {
      said = error.message;
    }
    problem.textContent = said;
    problem.classList.toggle("wrong-form", said !== words("forms.right"));
  }

  async function saved() {
    await judged;
    if (!toml) return complain(problem.textContent);
    const name = `${form.name.replace(/[^\p{L}\p{N} ._-]/gu, "_")}.toml`;
    download(new File([toml], name, { type: "application/toml" }));
    say(words("forms.saved", { name }));
  }

  async function printed() {
    try {
      await judged;
      const pdf = await patient(() => fileOf("/api/forms/print", form));
      download(new File([pdf], `${form.name}.pdf`, { type: "application/pdf" }));
    } catch (error) {
      complain(error.message);
    }
  }

  section.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && !event.target.matches("input")) {
      event.preventDefault();
      back();
    }
  });
  for (const kind of ["dragover", "dragenter"]) {
    section.addEventListener(kind, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  section.addEventListener("dragleave", () => drop.classList.remove("over"));
  section.addEventListener("drop", async (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    const [given] = event.dataTransfer.files;
    if (given) await open(given);
  });

  const kept = remembered("form");
  try {
    if (kept) start(JSON.parse(kept), []);
  } catch {
    remember("form", ""); // it was of another version
  }
  return {};
}
