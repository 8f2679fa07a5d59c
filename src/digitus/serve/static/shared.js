// What one view hands to another: the digit that is looked at.

import { model } from "./model.js";

export const chosen = { pixels: undefined, from: "" };

/** Opens a digit, bytes [784], in Inside, in the network that read it; `from` says in words where it
 * comes from. */
export function look(pixels, from, id = model.id) {
  chosen.pixels = pixels;
  chosen.from = from;
  chosen.fresh = true;
  location.hash = `#inside${id ? `?model=${id}` : ""}`;
}

/** Calls `changed` when another network is chosen: at once where the view is open, else when it is
 * opened next. Returns the function that the view calls as it opens. */
export function onModel(section, changed) {
  let seen = model.id;
  const check = () => {
    if (seen === model.id) return;
    seen = model.id;
    changed();
  };
  document.addEventListener("model", () => section.hidden || check());
  return check;
}
