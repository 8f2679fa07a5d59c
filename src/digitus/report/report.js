// The report works without this. With it, the pictures of a cell appear as soon as the cell is
// chosen or focused, the page does not jump, and the arrow keys walk through the table.
const panels = document.querySelector(".panels");
const cells = [...document.querySelectorAll(".confusion a")];

function show(hash) {
  const panel = panels && hash.startsWith("#read-") && document.getElementById(hash.slice(1));
  if (!panel) return false;
  panels.classList.add("chosen");
  for (const p of panels.children) p.classList.toggle("shown", p === panel);
  for (const a of cells) a.hash === hash ? a.setAttribute("aria-current", "true") : a.removeAttribute("aria-current");
  return true;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#read-"]');
  if (!link || !show(link.hash)) return;
  event.preventDefault();
  if (!cells.includes(link)) document.getElementById("confusion").scrollIntoView();
});

document.addEventListener("focusin", (event) => {
  if (cells.includes(event.target)) show(event.target.hash);
});

document.addEventListener("keydown", (event) => {
  const step = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
  if (!step || !cells.includes(event.target)) return;
  event.preventDefault();
  const size = document.querySelectorAll(".confusion tbody tr").length;
  let [row, column] = event.target.hash.match(/\d+/g).map(Number);
  while ((row += step[0]) >= 0 && row < size && (column += step[1]) >= 0 && column < size) {
    const next = cells.find((a) => a.hash === `#read-${row}-${column}`);
    if (next) return next.focus({ preventScroll: true });
  }
});

if (panels && !show(location.hash)) show("#" + panels.firstElementChild.id);
