// The web page: which view is shown, the colours, the language, and what the views share.

import { here } from "./address.js";
import { complain, h } from "./dom.js";
import { LANGUAGES, language, speak } from "./language.js";
import { repaint } from "./pictures.js";
import { words } from "./words.js";
import { choose, model, offer, picker } from "./model.js";
import { remembered } from "./remember.js";

// A view is fetched when it is first opened: nobody waits for what is not looked at.
const views = {
  draw: () => import("./draw.js"), read: () => import("./read.js"), forms: () => import("./forms.js"), inside: () => import("./inside.js"),
  learn: () => import("./learn.js"), mistakes: () => import("./mistakes.js"), worked: () => import("./worked.js"),
};
const { role } = document.body.dataset; // in a class: teacher or pupil
if (role === "teacher") views.board = () => import("./board.js");
const mounted = {};
let turn = 0; // counts addresses: a view that comes late is not shown any more

/** Shows the view that the address names: #inside, or #learn/RUN, whose further parts go to the view. */
async function route() {
  const mine = ++turn;
  const { view: name, parts, query } = here();
  if (name === "main") return; // the skip link
  const chosen = name in views ? name : "draw";
  if (route.before !== chosen) complain();
  choose(query.get("model") ?? model.id).catch((error) => complain(error.message));
  for (const [other, view] of Object.entries(mounted)) if (other !== chosen) view.hide?.();
  for (const section of document.querySelectorAll("main > section")) {
    section.hidden = section.id !== `view-${chosen}`;
  }
  for (const link of document.querySelectorAll(".top nav a")) {
    if (link.hash === `#${chosen}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${words(`view.${chosen}`)} · digitus`;
  const section = document.getElementById(`view-${chosen}`);
  const view = await views[chosen]();
  if (mine !== turn) return;
  mounted[chosen] ??= view.mount(section);
  mounted[chosen].show?.(parts, query);
  if (route.before && route.before !== chosen) {
    section.querySelector("h1").focus({ preventScroll: true });
    scrollTo(0, 0);
  }
  route.before = chosen;
  offer().catch((error) => complain(error.message));
}

function theme() {
  const button = document.getElementById("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;
  const dark = () => (root.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
  const mark = () => button.setAttribute("aria-pressed", String(dark()));
  button.setAttribute("aria-label", words("page.dark"));
  mark();
  button.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    try {
      localStorage.setItem("theme", root.dataset.theme);
    } catch {
      // It holds until the web page is left.
    }
    mark();
    repaint();
  });
  system.addEventListener("change", () => {
    mark();
    repaint();
  });
}

function languages() {
  for (const element of document.querySelectorAll("[data-words]")) element.textContent = words(element.dataset.words);
  const select = document.getElementById("language");
  select.append(...Object.entries(LANGUAGES).map(([tag, name]) => h("option", { value: tag, lang: tag }, name)));
  select.value = language;
  select.addEventListener("change", () => speak(select.value));
}

function notices() {
  const button = document.getElementById("dismiss");
  button.setAttribute("aria-label", words("page.close"));
  button.addEventListener("click", () => complain());
  addEventListener("keydown", (event) => event.key === "Escape" && complain());
}

/** The guided tour, where it was left open or is wanted. */
function touring() {
  const begin = (wanted) => document.querySelector(".tour") ?? import("./tour.js").then(({ tour }) => tour(wanted));
  document.getElementById("tour").addEventListener("click", () => begin(true));
  if (remembered("touring")) begin();
}

/** What only a class has: the teacher's board, the pupil's name. */
function classroom() {
  if (role === "teacher") {
    const name = words("view.board");
    document.querySelector(".top nav").append(h("a", { href: "#board" }, name));
    document.getElementById("main").append(h("section", { id: "view-board", "aria-labelledby": "title-board", hidden: true }, h("h1", { id: "title-board", tabindex: -1 }, name)));
  } else if (role === "pupil") {
    import("./classroom.js").then(({ nameplate }) => nameplate()).then((me) => document.getElementById("theme").before(me), (error) => complain(error.message));
  }
}

// The token, once shown, is in a cookie. The address, which people copy, keeps neither it nor the join word.
if (["token", "join"].some((name) => new URLSearchParams(location.search).has(name))) history.replaceState(null, "", location.pathname + location.hash);
languages();
touring();
classroom();
theme();
notices();
document.getElementById("model-picker").append(picker());
const open = () => route().catch((error) => complain(error.message));
addEventListener("hashchange", open);
open();
