// Read: numbers out of photos and scans, several at a time: an overview, one picture to look at, one
// table to copy and save. Not inside: the picture with its boxes (stage.js), corrections (readings.js).

import { ask, patient } from "./api.js";
import { copyButton, download } from "./copy.js";
import { complain, h, say } from "./dom.js";
import { about, asked } from "./model.js";
import * as readings from "./readings.js";
import { sample } from "./sample.js";
import { onModel } from "./shared.js";
import { stage } from "./stage.js";
import { words } from "./words.js";

const LARGEST = 20e6; // bytes, as the server has it
const SHOWN = 2000; // pixels: larger pictures are shown smaller
const MARGIN = 0.25; // around a box that is read again, of its size: ink needs paper around it

// A part in which nothing can be read is a digit too: a person says which.
const UNREAD = { value: null, confidence: 0.1, probabilities: Array(10).fill(0.1), image: btoa("\0".repeat(784)) };

export function mount(section) {
  const pages = [];
  let page; // the one that is looked at
  let carded = []; // those that have a card in the overview, in its order
  let doubtfulBelow = 1; // as the server has it: a digit with less is marked although it was read

  const file = h("input", { type: "file", accept: "image/*", multiple: true, hidden: true, onchange: () => take(file) });
  const camera = h("input", { type: "file", accept: "image/*", capture: "environment", hidden: true, onchange: () => take(camera) });
  const drop = h("div", { class: "drop" },
    h("p", { class: "big" }, words("read.drop")),
    h("div", { class: "row" },
      h("button", { type: "button", class: "primary", onclick: () => file.click() }, words("read.choose")),
      h("button", { type: "button", class: "camera", onclick: () => camera.click() }, words("read.photo")),
      h("button", { type: "button", onclick: written }, words("read.written"))),
    h("p", { class: "note" }, words("read.kinds")), file, camera);

  const thumbs = h("ul", { class: "thumbs", "aria-label": words("read.pictures") });
  const busy = h("p", { class: "busy", role: "status", hidden: true }, words("read.busy"));
  const lines = h("ol", { class: "lines", "aria-label": words("read.lines") });
  const sum = h("p", { class: "note" });
  const doubts = h("button", { type: "button", onclick: () => stageView.nextDoubt() });
  const copy = copyButton(() => readings.texts(page).join("\n"), "read.copy", "read.no-copy", "primary");
  const save = h("button", { type: "button", onclick: saved }, words("read.save"));
  const again = h("button", { type: "button", onclick: () => read(page) }, words("read.again"));
  const pattern = h("input", { type: "text", id: "read-pattern", placeholder: "####-##", autocomplete: "off", spellcheck: "false", onchange: readAll });
  const stageView = stage(update, reread);
  const result = h("div", { class: "result-side" }, h("h2", {}, words("read.numbers")), sum, lines,
    h("div", { class: "row" }, again, copy, save, doubts), h("div", { class: "field" }, h("label", { for: "read-pattern" }, words("read.form")), pattern), stageView.one);
  const all = h("tbody");
  const whole = h("section", { class: "whole", hidden: true, "aria-labelledby": "whole-title" }, h("h2", { id: "whole-title" }, words("read.table")),
    h("table", {}, h("thead", {}, h("tr", {}, ["picture", "line", "number", "doubtful"].map((key) => h("th", { scope: "col" }, words(`read.column.${key}`))))), all));
  const table = h("div", { class: "table", hidden: true }, h("div", { class: "seen-side" }, busy, stageView.element), result);
  section.append(h("p", { class: "lead" }, words("read.lead")), drop, thumbs, table, whole);

  async function take(input) {
    await add([...input.files]);
    input.value = "";
  }

  async function add(files) {
    complain();
    const images = files.filter((f) => f.type.startsWith("image/") || /\.(heic|heif|tiff?)$/i.test(f.name));
    if (files.length && !images.length) return complain(words("read.no-picture"));
    const fresh = [];
    for (const blob of images) {
      const next = readings.picturePage(blob.name || words("read.pasted"), blob, await shown(blob));
      fresh.push(next);
      pages.push(next);
      if (fresh.length === 1) open(next);
      else update();
    }
    for (const next of fresh) {
      if (next.blob.size > LARGEST) fail(next, words("read.large", { name: next.name, n: Math.round(next.blob.size / 1e6) }));
      else if (pages.includes(next) && !next.turn) await read(next); // unless all were read meanwhile
    }
  }

  /** Reads every picture, where the pattern or the network is another. */
  function readAll() {
    for (const one of pages) if (one.blob.size <= LARGEST) read(one);
  }

  /** Shows what has become of a picture; the one that is looked at stays. */
  const refresh = (of) => (of === page ? open(of) : update());

  function fail(failed, why) {
    failed.busy = false;
    failed.error = why;
    if (pages.length === 1) complain(why); // among several it is marked, and says why when it is looked at
    refresh(failed);
  }

  const query = (own) => {
    const form = pattern.value.trim();
    return new URLSearchParams({ images: 1, ...(form && !own ? { pattern: form } : {}), ...own });
  };

  async function read(next) {
    const mine = ++next.turn;
    const wanted = () => pages.includes(next) && mine === next.turn; // not removed, nor read again since
    next.busy = true;
    refresh(next);
    try {
      doubtfulBelow = (await about()).doubtful_below;
      const reading = await patient(() => ask(asked(`/api/read?${query()}`), next.blob), wanted);
      const own = next.digits.filter((d) => d.own);
      const now = await Promise.all(own.map((d) => reread(next, d.box, wanted)));
      if (!wanted()) return;
      own.forEach((d, k) => readings.renew(d, now[k]));
      readings.take(next, reading);
      next.error = undefined;
      next.busy = false;
      if (page === next) say(words("read.say", { n: next.lines.length, text: readings.texts(next).join("; ") }));
      refresh(next);
    } catch (error) {
      // The server knows no name of the file, and says "picture" where it says it in English.
      if (wanted()) fail(next, words("read.why", { name: next.name, why: error.message.replace(/^picture: /, "") }));
    }
  }

  /** A part of a picture, in a person's box, read as one digit. */
  async function reread(of, box, wanted) {
    const [x, y, w, hh] = box;
    const zoom = of.canvas.width / of.reading.width;
    const [mx, my] = [w * MARGIN, hh * MARGIN];
    const part = h("canvas", { width: Math.max(8, Math.round((w + 2 * mx) * zoom)), height: Math.max(8, Math.round((hh + 2 * my) * zoom)) });
    part.getContext("2d").drawImage(of.canvas, (x - mx) * zoom, (y - my) * zoom, part.width, part.height, 0, 0, part.width, part.height);
    const blob = await new Promise((done) => part.toBlob(done, "image/png"));
    const { digits } = await patient(() => ask(asked(`/api/read?${query({ digits: 1 })}`), blob), wanted);
    const [digit] = digits.sort((a, b) => b.confidence - a.confidence);
    const found = digit?.image ? digit : UNREAD;
    return { ...found, was: found.value, box, own: true };
  }

  function open(next) {
    page = next;
    table.hidden = !page;
    drop.classList.toggle("small", pages.length > 0);
    busy.hidden = !page?.busy;
    if (page) stageView.set(page, doubtfulBelow);
    update();
  }

  function remove(gone) {
    pages.splice(pages.indexOf(gone), 1);
    open(page === gone ? pages[0] : page);
    if (!pages.length) file.parentElement.querySelector("button").focus();
  }

  /** The overview, the numbers of the picture, and the table of all. */
  function update() {
    const buttons = () => [...thumbs.querySelectorAll("button")]; // two a picture
    const held = buttons().indexOf(document.activeElement);
    const whose = carded[held >> 1];
    carded = pages.length > 1 ? [...pages] : [];
    thumbs.replaceChildren(...carded.map(card));
    // Of a picture that is gone the focus goes to the one that is shown: pressing on removes no other.
    const at = carded.includes(whose) ? 2 * carded.indexOf(whose) + (held % 2) : 2 * carded.indexOf(page);
    if (held >= 0) (buttons()[at] ?? section.querySelector("h1")).focus({ preventScroll: true });
    whole.hidden = pages.length < 2;
    all.replaceChildren(...readings.rows(pages, doubtfulBelow).map((row) => h("tr", {}, row.map((cell, k) => h(k ? "td" : "th", k ? {} : { scope: "row" }, cell)))));
    if (!page) return;
    const { digits } = page;
    lines.replaceChildren(...page.lines.map((line) => {
      const signs = line.map((token) => (typeof token === "string" ? token : token.gone ? "" : readings.doubtful(token, doubtfulBelow) ? h("mark", {}, token.value ?? "?") : token.value ?? "?"));
      return h("li", {}, signs.some((s) => s !== "") ? signs : "–");
    }));
    const doubted = digits.filter((d) => readings.doubtful(d, doubtfulBelow)).length;
    sum.textContent = !page.reading ? "" : digits.length ? words("read.sum", { digits: words("read.digits", { n: digits.length }), n: page.lines.length }) : words("read.empty");
    again.hidden = !page.error || page.blob.size > LARGEST;
    doubts.hidden = !doubted;
    doubts.textContent = words("read.doubtful", { n: doubted });
    copy.disabled = !digits.length;
    save.disabled = !pages.some((p) => p.digits.length);
  }

  function card(of) {
    const doubted = of.digits.filter((d) => readings.doubtful(d, doubtfulBelow)).length;
    const badge = of.error ? ["failed", "!"] : of.busy ? ["", "…"] : doubted ? ["doubt", doubted] : of.digits.length ? ["sure", "✓"] : ["", "–"];
    const small = h("canvas", { width: 176, height: 120, "aria-hidden": "true" });
    if (of.canvas) {
      const zoom = Math.max(176 / of.canvas.width, 120 / of.canvas.height);
      small.getContext("2d").drawImage(of.canvas, 0, 0, of.canvas.width * zoom, of.canvas.height * zoom);
    }
    const told = of.error ? words("read.failed") : of.busy ? words("read.busy") : readings.texts(of).join(" · ") || words("read.empty");
    return h("li", { class: of.error ? "thumb failed" : "thumb" },
      h("button", { type: "button", "aria-pressed": String(of === page), onclick: () => open(of) }, small, h("span", { class: "of" }, of.name), h("small", {}, told)),
      h("span", { class: `badge ${badge[0]}`, "aria-hidden": "true" }, badge[1]),
      h("button", { type: "button", class: "icon", "aria-label": words("read.remove", { name: of.name }), onclick: () => remove(of) }, "×"));
  }

  function saved() {
    // Programs read the names of the columns: they are the same in every language.
    const text = readings.csv([["picture", "line", "number", "doubtful"], ...readings.rows(pages, doubtfulBelow)]);
    download(new File([text], "numbers.csv", { type: "text/csv" }));
  }

  async function written() {
    try {
      await add([await sample()]);
    } catch (error) {
      complain(error.message);
    }
  }

  for (const kind of ["dragover", "dragenter"]) {
    section.addEventListener(kind, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  section.addEventListener("dragleave", () => drop.classList.remove("over"));
  section.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    add([...event.dataTransfer.files]);
  });
  document.addEventListener("paste", (event) => {
    if (!section.hidden && event.clipboardData.files.length) add([...event.clipboardData.files]);
  });
  return { show: onModel(section, readAll) };
}

/** The picture as the browser shows it, upright; undefined where it cannot. */
async function shown(blob) {
  try {
    const bitmap = await createImageBitmap(blob);
    const zoom = Math.min(1, SHOWN / Math.max(bitmap.width, bitmap.height));
    const canvas = h("canvas", { width: Math.round(bitmap.width * zoom), height: Math.round(bitmap.height * zoom), role: "img", "aria-label": words("read.picture") });
    canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    return canvas;
  } catch {
    return undefined;
  }
}
