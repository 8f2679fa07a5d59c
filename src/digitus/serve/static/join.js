// Joining a class: its word, and a name if one likes. The address in the QR code has the word already.

import { ask } from "./api.js";
import { h } from "./dom.js";
import { words } from "./words.js";

const given = new URLSearchParams(location.search).get("join") ?? "";
const field = (id, props) => h("input", { id, type: "text", autocomplete: "off", autocapitalize: "none", spellcheck: "false", ...props });
const word = field("word", { value: given, maxlength: 100, required: true });
const name = field("name", { maxlength: 24 });
const wrong = h("p", { role: "alert", class: "red" });
const labelled = (input, text) => h("label", { for: input.id }, text, input);
const form = h("form", { class: "join-form", onsubmit: join },
  labelled(word, words("join.word")), labelled(name, words("join.name")), h("button", { class: "primary" }, words("join.come-in")), wrong);
document.querySelector("main").append(h("p", { class: "lead" }, words("join.lead")), form);
document.title = `${words("join.title")} · digitus`;
(given ? name : word).focus();

async function join(event) {
  event.preventDefault();
  try {
    await ask("/api/class/join", { word: word.value, name: name.value });
    location.replace(`/${location.hash}`);
  } catch (error) {
    wrong.textContent = error.message;
    word.select();
  }
}
