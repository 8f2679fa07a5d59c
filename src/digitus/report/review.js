// The table of lines is in the file. A key or a button changes one place of it; saving writes it
// as CSV. "" is the mark of what is no digit, and falls out of its line.
const { table, doubts } = JSON.parse(document.getElementById("data").textContent);
const cards = [...document.querySelectorAll(".doubt")];
const checked = new Set();
let unsaved = false;

function answer(k, value) {
  const [row, place] = doubts[k];
  table[row].text[place] = value;
  cards[k].querySelector(".now").textContent = value || "no digit";
  cards[k].querySelector(".text mark").textContent = value || "×";
  cards[k].classList.add("checked");
  checked.add(k);
  unsaved = true;
  document.getElementById("done").textContent = `${checked.size} of ${doubts.length} checked`;
  go(k + 1);
}

function go(k) {
  if (k >= cards.length) document.getElementById("save").focus();
  else cards[Math.max(k, 0)].focus();
}

function cell(value) {
  const text = String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function csv() {
  const open = new Set(doubts.flatMap(([row], k) => (checked.has(k) ? [] : [row])));
  const rows = table.map(({ file, line, text }, row) => {
    const read = text.join("").replace(/ +/g, " ").trim();
    return [file, line, read, open.has(row) ? "doubtful" : "checked"];
  });
  return [["file", "line", "text", "state"], ...rows].map((row) => row.map(cell).join(",") + "\r\n").join("");
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-answer]");
  if (!button) return;
  const { answer: value } = button.dataset;
  answer(cards.indexOf(button.closest(".doubt")), value === "x" ? "" : value);
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("button")) return;
  const here = cards.indexOf(document.activeElement);
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Backspace: -1 }[event.key];
  if (step) go(here + step);
  else if (here < 0) return;
  else if (/^[0-9]$/.test(event.key)) answer(here, event.key);
  else if (event.key === "Enter") answer(here, cards[here].dataset.guess);
  else if (event.key === "x" || event.key === "Delete") answer(here, "");
  else return;
  event.preventDefault();
});

document.getElementById("save").addEventListener("click", () => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(["\ufeff" + csv()], { type: "text/csv" }));
  link.download = "digits.csv";
  link.click();
  unsaved = false;
});

window.addEventListener("beforeunload", (event) => {
  if (unsaved) event.preventDefault();
});

if (cards.length) cards[0].focus({ preventScroll: true });
