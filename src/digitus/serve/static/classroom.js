// In a class: the pupil's own name, shown in the header and changed there. Not inside: the board (board.js).

import { ask } from "./api.js";
import { complain, h } from "./dom.js";
import { words } from "./words.js";

export const LONGEST_NAME = 24;

/** "Ada", or "Pupil 7" where there is no name. */
export const called = ({ name, number }) => name || words("class.pupil", { number });

/** The pupil's own name, to be changed. */
export async function nameplate() {
  const button = h("button", { type: "button", class: "link me" });
  let me = await ask("/api/class/me");
  const show = () => {
    button.textContent = called(me);
    button.setAttribute("aria-label", words("class.rename", { name: called(me) }));
  };
  button.addEventListener("click", () => {
    const input = h("input", { type: "text", maxlength: LONGEST_NAME, value: me.name, "aria-label": words("join.name"), autocomplete: "off" });
    const form = h("form", { class: "me", onsubmit: async (event) => {
      event.preventDefault();
      try {
        me = await ask("/api/class/me", { name: input.value });
      } catch (error) {
        complain(error.message);
      }
      show();
      form.replaceWith(button);
      button.focus();
    } }, input);
    input.addEventListener("keydown", (event) => event.key === "Escape" && form.requestSubmit());
    input.addEventListener("blur", () => form.isConnected && form.requestSubmit());
    button.replaceWith(form);
    input.select();
  });
  show();
  return button;
}
