// Read: numbers out of photos and scans; doubtful digits marked, to be corrected, copied and saved.

import { ask, bytes } from "./api.js";
import { bars } from "./bars.js";
import { chance, complain, count, css, h, say, svg } from "./dom.js";
import { picture } from "./pictures.js";
import { sample } from "./sample.js";
import { look } from "./shared.js";

const LARGEST = 20e6; // bytes, as the server has it
const DOUBT = 0.8; // below, a digit is marked although it was read
const SHOWN = 2000; // pixels: larger pictures are shown smaller

export function mount(section) {
  const pages = []; // { name, blob, canvas, reading, digits }
  let page;
  let at; // the digit that is looked at

  const file = h("input", { type: "file", accept: "image/*", multiple: true, hidden: true, onchange: () => take(file) });
  const camera = h("input", { type: "file", accept: "image/*", capture: "environment", hidden: true, onchange: () => take(camera) });
  const drop = h("div", { class: "drop" },
    h("p", { class: "big" }, "Drop a picture with handwritten numbers here"),
    h("div", { class: "row" },
      h("button", { type: "button", class: "primary", onclick: () => file.click() }, "Choose pictures"),
      h("button", { type: "button", class: "camera", onclick: () => camera.click() }, "Take a photo"),
      h("button", { type: "button", onclick: written }, "Have one written")),
    h("p", { class: "note" }, "Photos, scans, screenshots; or paste one. Nothing leaves your machine."), file, camera);

  const thumbs = h("div", { class: "thumbs", role: "group", "aria-label": "Pictures" });
  const stage = h("div", { class: "stage" });
  const busy = h("p", { class: "busy", role: "status", hidden: true }, "Reading …");
  const lines = h("ol", { class: "lines", "aria-label": "The numbers, line by line" });
  const sum = h("p", { class: "note" });
  const doubts = h("button", { type: "button", onclick: nextDoubt });
  const copy = h("button", { type: "button", class: "primary", onclick: async () => {
    try {
      await navigator.clipboard.writeText(texts(page).join("\n"));
      say("Copied");
      copy.textContent = "Copied";
      setTimeout(() => (copy.textContent = "Copy"), 1500);
    } catch {
      complain("The browser does not let this page copy; select the numbers instead.");
    }
  } }, "Copy");
  const save = h("button", { type: "button", onclick: csv }, "Save as CSV");
  const pattern = h("input", { type: "text", id: "read-pattern", placeholder: "####-##", autocomplete: "off", spellcheck: "false", onchange: () => pages.forEach(read) });
  const odds = bars();
  const seen = h("div", { class: "glimpse" });
  const keypad = h("div", { class: "keypad", role: "group", "aria-label": "It is really a" },
    [...Array(10).keys()].map((d) => h("button", { type: "button", onclick: () => correct(d) }, d)));
  const digit = h("section", { class: "one card", hidden: true, "aria-label": "The chosen digit" },
    h("div", { class: "row" }, seen, h("p", { class: "words" })), keypad,
    h("div", { class: "row" }, h("button", { type: "button", onclick: () => correct(undefined) }, "Not a digit"),
      h("button", { type: "button", onclick: () => look(bytes(page.digits[at].image), `from ${page.name}`) }, "Look inside")), odds.element);
  const result = h("div", { class: "result-side" }, h("h2", {}, "Numbers"), sum, lines,
    h("div", { class: "row" }, copy, save, doubts), h("div", { class: "field" }, h("label", { for: "read-pattern" }, "Expected form"), pattern), digit);
  const table = h("div", { class: "table", hidden: true }, h("div", {}, thumbs, stage, busy), result);
  section.append(h("p", { class: "lead" }, "A photo, a scan or a form with handwritten digits; out come the numbers, with what is doubtful marked."), drop, table);

  async function take(input) {
    await add([...input.files]);
    input.value = "";
  }

  async function add(files) {
    const images = files.filter((f) => f.type.startsWith("image/") || /\.(heic|heif|tiff?)$/i.test(f.name));
    if (files.length && !images.length) return complain("That is not a picture.");
    for (const blob of images) {
      if (blob.size > LARGEST) {
        complain(`${blob.name} has ${(blob.size / 1e6).toFixed(0)} MB; at most 20 can be read.`);
        continue;
      }
      const next = { name: blob.name || "pasted picture", blob, canvas: await shown(blob), digits: [] };
      pages.push(next);
      await read(next);
    }
  }

  async function read(next) {
    complain();
    open(next);
    busy.hidden = false;
    const query = new URLSearchParams({ images: 1 });
    if (pattern.value.trim()) query.set("pattern", pattern.value.trim());
    try {
      next.reading = await ask(`/api/read?${query}`, next.blob);
      next.digits = next.reading.digits.map((d) => ({ ...d, was: d.value }));
      say(`${texts(next).length} lines read: ${texts(next).join("; ")}`);
    } catch (error) {
      next.error = error.message;
      complain(error.message);
    }
    busy.hidden = true;
    open(next);
  }

  function open(next) {
    page = next;
    at = undefined;
    table.hidden = false;
    drop.classList.add("small");
    thumbs.replaceChildren(...(pages.length > 1 ? pages.map((p) => h("button", { type: "button", class: "thumb", "aria-pressed": String(p === page), onclick: () => open(p) }, p.name)) : []));
    draw();
  }

  /** The number of each line, with what was corrected. */
  function texts(p) {
    return (p.reading?.lines ?? []).map((text, line) => {
      const own = p.digits.filter((d) => d.line === line);
      let k = 0;
      return text.replace(/[\d?]/g, () => {
        const d = own[k++];
        return d?.gone ? "" : String(d?.value ?? "?");
      }).trim();
    });
  }

  const doubtful = (d) => !d.gone && !d.corrected && (d.value === null || d.confidence < DOUBT);

  function draw() {
    const { reading, canvas, digits } = page;
    const [w, hh] = reading ? [reading.width, reading.height] : [canvas?.width ?? 4, canvas?.height ?? 3];
    const overlay = svg("svg", { class: "boxes", viewBox: `0 0 ${w} ${hh}`, role: "group", "aria-label": "Digits found on the picture" });
    overlay.append(...digits.map((d, i) => box(d, i, w)));
    stage.replaceChildren(canvas ?? h("div", { class: "blank" }, "This browser cannot show the picture; the numbers are beside it."), overlay);
    css(stage, { "aspect-ratio": `${w} / ${hh}` });
    const all = texts(page);
    lines.replaceChildren(...all.map((text, k) => {
      const own = digits.filter((d) => d.line === k && !d.gone);
      let n = 0;
      return h("li", {}, text ? [...text].map((c) => (/[\d?]/.test(c) && doubtful(own[n++]) ? h("mark", {}, c) : c)) : "–");
    }));
    const open = digits.filter(doubtful).length;
    sum.textContent = !reading ? "" : digits.length ? `${count(digits.length)} digits in ${all.length === 1 ? "one line" : `${all.length} lines`}` : "No digits found on this picture.";
    doubts.hidden = !open;
    doubts.textContent = `${open} doubtful: check`;
    copy.disabled = save.disabled = !digits.length;
    choose(at, false);
  }

  function box(d, i, width) {
    const [x, y, w, hh] = d.box;
    const size = Math.max(hh * 0.55, width / 60);
    const g = svg("g", { class: `${doubtful(d) ? "doubt" : ""} ${d.gone ? "gone" : ""} ${d.corrected ? "corrected" : ""}`, tabindex: i === 0 ? 0 : -1, role: "button",
      "aria-label": `${d.gone ? "not a digit" : d.value ?? "not sure"}, ${chance(d.confidence, 0)}. Type the right digit to correct it` },
    svg("rect", { x: x - 2, y: y - 2, width: w + 4, height: hh + 4, rx: Math.min(w, hh) / 8, "vector-effect": "non-scaling-stroke" }),
    svg("text", { x: x + w / 2, y: y - size * 0.22, "font-size": size }, d.gone ? "×" : d.value ?? "?"));
    g.addEventListener("click", () => choose(i));
    g.addEventListener("focus", () => choose(i, false));
    g.addEventListener("keydown", (event) => key(event, i));
    return g;
  }

  function key(event, i) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^\d$/.test(event.key)) correct(Number(event.key));
    else if (event.key === "Delete" || event.key === "Backspace") correct(undefined);
    else if (event.key === "ArrowRight" || event.key === "ArrowDown") choose(Math.min(i + 1, page.digits.length - 1));
    else if (event.key === "ArrowLeft" || event.key === "ArrowUp") choose(Math.max(i - 1, 0));
    else return;
    event.preventDefault();
  }

  function choose(i, focus = true) {
    at = i;
    const groups = [...stage.querySelectorAll("g")];
    groups.forEach((g, k) => {
      g.classList.toggle("now", k === i);
      g.setAttribute("tabindex", k === (i ?? 0) ? 0 : -1);
    });
    const d = page?.digits[i];
    digit.hidden = !d;
    if (!d) return;
    seen.replaceChildren(picture(bytes(d.image), 28, 28, { label: "What the network saw" }));
    digit.querySelector(".words").textContent = d.gone ? "Taken out: not a digit." : d.corrected ? `Corrected to ${d.value}.`
      : d.was === null ? `Not sure enough (${chance(d.confidence, 0)}). What is it?` : `Read as ${d.was}, ${chance(d.confidence)} sure.`;
    [...keypad.children].forEach((b, k) => b.setAttribute("aria-pressed", String(k === d.value && !d.gone)));
    odds.set(d.probabilities, d.value ?? undefined);
    if (focus) groups[i].focus();
  }

  /** Sets the value of the chosen digit; undefined: it is none. */
  function correct(value) {
    const d = page.digits[at];
    const again = value === undefined && d.gone;
    Object.assign(d, value === undefined ? { gone: !again } : { value, gone: false, corrected: value !== d.was || d.confidence < DOUBT });
    const i = at;
    draw();
    choose(i);
    say(d.gone ? "Taken out" : `Now ${d.value}`);
  }

  function nextDoubt() {
    const n = page.digits.length;
    const from = at ?? -1;
    for (let k = 1; k <= n; k++) if (doubtful(page.digits[(from + k + n) % n])) return choose((from + k + n) % n);
  }

  function csv() {
    const cell = (text) => `"${String(text).replace(/^[=+\-@]/, "'$&").replaceAll('"', '""')}"`;
    const rows = [["picture", "line", "number", "doubtful"]];
    for (const p of pages) {
      texts(p).forEach((text, k) => rows.push([p.name, k + 1, text, p.digits.filter((d) => d.line === k && doubtful(d)).length]));
    }
    const link = h("a", { href: URL.createObjectURL(new Blob([`${rows.map((r) => r.map(cell).join(",")).join("\r\n")}\r\n`], { type: "text/csv" })), download: "numbers.csv" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
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
  return {};
}

/** The picture as the browser shows it, upright; undefined where it cannot. */
async function shown(blob) {
  try {
    const bitmap = await createImageBitmap(blob);
    const zoom = Math.min(1, SHOWN / Math.max(bitmap.width, bitmap.height));
    const canvas = h("canvas", { width: Math.round(bitmap.width * zoom), height: Math.round(bitmap.height * zoom), role: "img", "aria-label": "The picture" });
    canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    return canvas;
  } catch {
    return undefined;
  }
}
