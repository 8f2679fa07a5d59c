// The page: which view is shown, the colours, and what the views share.

import { ask } from "./api.js";
import { complain, count } from "./dom.js";
import { repaint } from "./pictures.js";
import * as draw from "./draw.js";
import * as read from "./read.js";
import * as inside from "./inside.js";
import * as learn from "./learn.js";
import * as mistakes from "./mistakes.js";

const views = { draw, read, inside, learn, mistakes };
const mounted = {};

/** Shows the view that the address names: #inside, or #learn/RUN with what comes after for it. */
function route() {
  const [name, ...rest] = location.hash.slice(1).split("/");
  if (name === "main") return; // the skip link
  const chosen = name in views ? name : "draw";
  complain();
  for (const [other, view] of Object.entries(mounted)) if (other !== chosen) view.hide?.();
  for (const section of document.querySelectorAll("main > section")) {
    section.hidden = section.id !== `view-${chosen}`;
  }
  for (const link of document.querySelectorAll(".top nav a")) {
    if (link.hash === `#${chosen}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${chosen[0].toUpperCase()}${chosen.slice(1)} · digitus`;
  const section = document.getElementById(`view-${chosen}`);
  mounted[chosen] ??= views[chosen].mount(section);
  mounted[chosen].show?.(rest.map(decodeURIComponent));
  if (route.before && route.before !== chosen) {
    section.querySelector("h1").focus({ preventScroll: true });
    scrollTo(0, 0);
  }
  route.before = chosen;
}

function theme() {
  const button = document.getElementById("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;
  const dark = () => (root.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
  const mark = () => button.setAttribute("aria-pressed", String(dark()));
  mark();
  button.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    try {
      localStorage.setItem("theme", root.dataset.theme);
    } catch {
      // It holds until the page is left.
    }
    mark();
    repaint();
  });
  system.addEventListener("change", () => {
    mark();
    repaint();
  });
}

async function model() {
  try {
    const { model: about, version } = await ask("/api/health");
    const parts = [`digitus ${version}`, about.name, `${count(about.parameters)} parameters`];
    if (about.data) parts.push(`trained on ${about.data}`);
    document.getElementById("model").textContent = parts.join(" · ");
  } catch (error) {
    complain(error.message);
  }
}

// The token, once shown, is in a cookie; the address that people copy goes without.
if (new URLSearchParams(location.search).has("token")) history.replaceState(null, "", location.pathname + location.hash);
theme();
addEventListener("hashchange", route);
route();
model();
