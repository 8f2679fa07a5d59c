// Elements, and saying things to the reader.

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
