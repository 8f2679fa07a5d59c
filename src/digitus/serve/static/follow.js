// Makes one element like another of the same structure, without replacing it: what has the focus, or
// the pointer, keeps it. Not inside: what is to be shown.

/** Takes over texts, attributes and pictures; where the structure differs, that part is replaced. */
export function follow(old, fresh) {
  if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName) return old.replaceWith(fresh);
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return undefined;
  }
  if (old.nodeName === "CANVAS") return old.replaceWith(fresh);
  // Styles go through the CSSOM, as everywhere: the content security policy refuses the attribute.
  if (old.style.cssText !== fresh.style.cssText) old.style.cssText = fresh.style.cssText;
  for (const { name, value } of fresh.attributes) if (name !== "style" && old.getAttribute(name) !== value) old.setAttribute(name, value);
  const [mine, theirs] = [[...old.childNodes], [...fresh.childNodes]];
  if (mine.length !== theirs.length) return old.replaceChildren(...theirs);
  mine.forEach((child, k) => follow(child, theirs[k]));
  return undefined;
}
