// Taking results along: a button that copies a text and says for a moment that it did; a file to save.

import { complain, h, say } from "./dom.js";
import { words } from "./words.js";

/** Saves a file where the browser keeps what was downloaded. */
export function download(file) {
  const link = h("a", { href: URL.createObjectURL(file), download: file.name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/** `text()` is what is copied; `label` and `failed` are keys of words, `kind` is its class. */
export function copyButton(text, label, failed, kind) {
  const button = h("button", { type: "button", class: kind, onclick: async () => {
    try {
      await navigator.clipboard.writeText(text());
      say(words("read.copied"));
      button.textContent = words("read.copied");
      setTimeout(() => (button.textContent = words(label)), 1500);
    } catch {
      complain(words(failed));
    }
  } }, words(label));
  return button;
}
