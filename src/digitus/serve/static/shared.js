// What one view hands to another: the digit that is looked at.

export const chosen = { pixels: undefined, from: "" };

/** Opens a digit, bytes [784], in Inside; `from` says in words where it comes from. */
export function look(pixels, from) {
  chosen.pixels = pixels;
  chosen.from = from;
  chosen.fresh = true;
  location.hash = "#inside";
}
