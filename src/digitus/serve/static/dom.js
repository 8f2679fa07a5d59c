// Elements, numbers as people write them, and saying things to the reader.

const SVG = "http://www.w3.org/2000/svg";
const MATH = "http://www.w3.org/1998/Math/MathML";

/** An element: h("button", { class: "quiet", onclick }, "Undo"). Styles go through the CSSOM, which
 * the content security policy allows, where a style attribute would be refused. */
export function h(tag, props, ...children) {
  return fill(document.createElement(tag), props, children);
}

/** The same for SVG. */
export function svg(tag, props, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

/** The same for MathML. */
export function math(tag, props, ...children) {
  return fill(document.createElementNS(MATH, tag), props, children);
}

function fill(element, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") css(element, value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((c) => c !== undefined && c !== null && c !== false));
  return element;
}

/** Sets styles and custom properties: css(bar, { "--v": 0.3 }). */
export function css(element, styles) {
  for (const [name, value] of Object.entries(styles)) element.style.setProperty(name, value);
  return element;
}

/** 0.98412 as "98.4 %". Only what is whole is 100 %, and only nothing is 0 %. */
export function percent(share, places = 1) {
  if (!Number.isFinite(share)) return "–";
  const least = 10 ** -places;
  const value = 100 * share;
  if (share > 0 && value < least / 2) return `<${least.toFixed(places)}\u00a0%`;
  if (share < 1 && value > 100 - least / 2) return `>${(100 - least).toFixed(places)}\u00a0%`;
  return `${value.toFixed(places)}\u00a0%`;
}

/** A probability, which is never quite 0 nor 100 %, however it was rounded on its way here. */
export const chance = (p, places = 1) => percent(Math.min(Math.max(p, 1e-9), 1 - 1e-9), places);

/** A number in the fewest characters that still say something: 12345, 3.14, −0.002, 1.2e−7. */
export function number(x, digits = 3) {
  if (!Number.isFinite(x)) return "–";
  const size = Math.abs(x);
  let text;
  if (x === 0) text = "0";
  else if (size >= 1e5 || size < 1e-4) text = x.toExponential(Math.max(digits - 2, 0));
  else if (Number.isInteger(x)) text = String(x);
  else text = x.toFixed(Math.min(Math.max(digits - 1 - Math.floor(Math.log10(size)), 0), 5));
  return text.replace("-", "−").replace("e-", "e−").replace("e+", "e");
}

/** 10000 as "10,000". */
export const count = (n) => Math.round(n).toLocaleString("en");

/** [28, 28, 16] as "28 × 28 × 16". */
export const shape = (axes) => axes.join("\u2009×\u2009");

/** Tells a screen reader, once the words have stood still for a moment. */
export function say(words) {
  clearTimeout(say.timer);
  say.timer = setTimeout(() => {
    document.getElementById("live").textContent = words;
  }, 400);
}

/** Shows a failure in one line; without words, takes it away. */
export function complain(words) {
  const line = document.getElementById("alert");
  line.textContent = words ?? "";
  line.hidden = line.parentElement.hidden = !words;
}

/** Lets an element that scrolls be reached by keyboard, as long as there is more in it than is seen. */
export function scrolls(element, name) {
  const mark = () => {
    const more = element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 1;
    for (const [key, value] of [["tabindex", "0"], ["role", "group"], ["aria-label", name]]) {
      if (more) element.setAttribute(key, value);
      else element.removeAttribute(key);
    }
  };
  new ResizeObserver(mark).observe(element);
  new MutationObserver(mark).observe(element, { childList: true, subtree: true });
  return element;
}

export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
