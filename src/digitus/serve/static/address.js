// The web page's state as its address has it: #view/part?name=value. Whoever is sent an address sees
// the same. Not inside: what a view keeps there.

/** The view, what follows it, and its settings. */
export function here() {
  const [path, query = ""] = location.hash.slice(1).split("?");
  const [view, ...parts] = path.split("/");
  return { view, parts: parts.map(decodeURIComponent), query: new URLSearchParams(query) };
}

/** Whether the address is Draw's; an empty one is. */
export const drawing = () => ["", "draw"].includes(here().view);

/** Keeps settings in the address, without a step in the history; undefined takes one out. */
export function keep(settings) {
  const { query } = here();
  for (const [name, value] of Object.entries(settings)) {
    if (value === undefined || value === "") query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  const hash = `${location.hash.split("?")[0] || "#draw"}${text ? `?${text}` : ""}`;
  if (hash !== location.hash) history.replaceState(null, "", location.pathname + location.search + hash);
}
