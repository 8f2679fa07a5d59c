// Pointing at a letter of an equation lights its numbers, and the other way round. Not inside: which
// colour they get (inside.css).

/** `scopes(target)` are the parts of the element that speak of the same numbers as what is pointed at. */
export function lights(element, scopes = () => [element]) {
  const light = ({ target }) => {
    for (const lit of [element, ...element.querySelectorAll("[data-lit]")]) delete lit.dataset.lit;
    const part = target.closest?.("[data-part]")?.dataset.part;
    if (part) for (const scope of scopes(target)) scope.dataset.lit = part;
  };
  for (const kind of ["pointerover", "pointerleave", "focusin"]) element.addEventListener(kind, light);
}
