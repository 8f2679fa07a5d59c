// The table of lines is in the file. A key or a button changes one place of it; saving writes it
// as CSV. "" is the mark of what is no digit, and falls out of its line.
const { table, doubts, images } = JSON.parse(document.getElementById("data").textContent);
const cards = [...document.querySelectorAll(".doubt")];
const checked = new Set();
const answers = new Map(); // the number of a doubt: the digit that it is
let unsaved = false;

function answer(k, value) {
  const [row, place] = doubts[k];
  table[row].text[place] = value;
  cards[k].querySelector(".now").textContent = value || "no digit";
  cards[k].querySelector(".text mark").textContent = value || "×";
  cards[k].classList.add("checked");
  checked.add(k);
  answers.set(k, value);
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

// The digits with the pictures that the network saw, as `digitus adapt` learns from them.
function digits() {
  const names = ["label", ...Array.from({ length: 784 }, (_, i) => `pixel${i}`)];
  const rows = [...answers].filter(([, value]) => value !== "").map(([k, value]) => {
    return [value, ...Uint8Array.from(atob(images[k]), (c) => c.charCodeAt(0))];
  });
  return [names, ...rows].map((row) => row.join(",") + "\r\n").join("");
}

function save(text, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = name;
  link.click();
}

document.getElementById("save").addEventListener("click", () => {
  save("\ufeff" + csv(), "lines.csv");
  unsaved = false;
});
document.getElementById("digits").addEventListener("click", () => save(digits(), "digits.csv"));

window.addEventListener("beforeunload", (event) => {
  if (unsaved) event.preventDefault();
});

if (cards.length) cards[0].focus({ preventScroll: true });
