// A sheet that was filled in, read on the spot: its picture with the fields, and its row of the table.
// Not inside: the form (forms.js).

import { ask, patient } from "./api.js";
import { complain, css, h, say, svg } from "./dom.js";
import { asked } from "./model.js";
import { chance } from "./numbers.js";
import { known, words } from "./words.js";

const MOST = 4e6; // bytes of a request in JSON: JSON_BYTES of limits.py
const SIDE = 2000; // pixels of the longer side of a page that is made smaller
const QUALITY = 0.85; // of its JPEG

/** `current()` gives the form and its blank pages, as the server takes them. */
export function trial(current) {
  const told = h("p", { class: "busy", role: "status", hidden: true }, words("forms.reading"));
  const found = h("div");
  const file = h("input", { type: "file", accept: "image/*,application/pdf,.heic,.tif,.tiff", hidden: true, onchange: async () => {
    const [sheet] = file.files;
    file.value = "";
    if (sheet) await read(sheet);
  } });
  const button = h("button", { type: "button", onclick: () => file.click() }, words("forms.try"));

  async function read(sheet) {
    complain();
    told.hidden = false;
    found.replaceChildren();
    try {
      const { pages } = await patient(() => ask("/api/forms/pages", sheet));
      const body = await fitting({ ...current(), pages });
      const { rows } = await patient(() => ask(asked("/api/forms/read"), packed(body)));
      found.replaceChildren(...rows.flatMap((row) => shown(row, body.pages)));
      say(rows.map((row) => wrong(row) || row.fields.map((field) => `${field.name} ${field.value}`).join(", ")).join("; "));
    } catch (error) {
      complain(error.message);
    } finally {
      told.hidden = true;
    }
  }

  return { button, file, element: h("section", { class: "trials", "aria-label": words("forms.row") }, told, found), read, clear: () => found.replaceChildren() };
}

const packed = ({ pages, ...rest }) => ({ ...rest, pages: pages.map((page) => page.data) });
const fits = (body) => new Blob([JSON.stringify(packed(body))]).size <= MOST;

/** The request, its pictures made smaller where it is too large. */
async function fitting(body) {
  if (fits(body)) return body;
  const pages = await Promise.all(body.pages.map((page) => smaller(page.data)));
  const blank = await Promise.all(body.blank.map(smaller));
  const less = { ...body, pages, blank: blank.map((page) => page.data) };
  if (!fits(less)) throw new Error(words("forms.too-much"));
  return less;
}

async function smaller(data) {
  const image = new Image();
  image.src = `data:image/jpeg;base64,${data}`;
  await image.decode();
  const zoom = Math.min(1, SIDE / Math.max(image.naturalWidth, image.naturalHeight));
  const [width, height] = [image.naturalWidth, image.naturalHeight].map((side) => Math.max(1, Math.round(side * zoom)));
  const canvas = h("canvas", { width, height });
  canvas.getContext("2d").drawImage(image, 0, 0, width, height);
  return { width, height, data: canvas.toDataURL("image/jpeg", QUALITY).split(",")[1] };
}

/** A flag in the reader's language, but for the name of a check. */
const reasons = (flag) => flag.split(", ").map((word) => (known(`forms.flag.${word}`) ? words(`forms.flag.${word}`) : word)).join(", ");

/** What is wrong with a sheet as a whole. */
const wrong = ({ problems }) => problems.map(({ code, values }) => (code ? words(`forms.problem.${code}`, values) : values.text)).join(" ");

/** A row of the table: what is wrong with the sheet, its fields, and where they were read. */
function shown(row, pages) {
  const { fields, page: first } = row;
  const cells = ({ name, value, confidence, flag }) => h("tr", { class: flag ? "doubt" : "" },
    h("th", { scope: "row" }, name), h("td", {}, flag ? h("mark", {}, value || "–") : value || "–"), h("td", {}, chance(confidence)), h("td", {}, reasons(flag)));
  const table = h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, ["field", "value", "sure", "flag"].map((key) => h("th", { scope: "col" }, words(`forms.row.${key}`))))), h("tbody", {}, fields.map(cells))));
  const numbers = fields.length ? [...new Set(fields.map((field) => field.page))] : [Math.max(0, first - 1)];
  return [
    h("h2", {}, words("forms.row")),
    row.problem ? h("p", { class: "problem" }, wrong(row)) : undefined,
    h("div", { class: "table" }, h("div", {}, numbers.map((number) => picture(pages[number], fields.filter((field) => field.page === number)))), fields.length ? table : ""),
  ].filter(Boolean);
}

function picture({ width, height, data }, fields) {
  const overlay = svg("svg", { class: "boxes", viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" }, fields.map(({ place: [x, y, w, hh], value, flag }) =>
    svg("g", { class: flag ? "doubt" : "" },
      svg("rect", { x, y, width: w, height: hh, "vector-effect": "non-scaling-stroke" }),
      svg("text", { x: x + w / 2, y: y - hh * 0.12, "font-size": Math.max(Math.min(hh * 0.6, width / 30), width / 60) }, value))));
  return css(h("div", { class: "stage" }, h("img", { src: `data:image/jpeg;base64,${data}`, alt: words("forms.read-sheet") }), overlay), { "aspect-ratio": `${width} / ${height}` });
}
