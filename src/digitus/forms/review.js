// Each field has a box to type in. Enter keeps what stands there and goes on; saving writes what was
// kept as CSV. If all is typed twice, a field is settled when two entries agree.
const { fields, twice, part } = JSON.parse(document.getElementById("data").textContent);
const ofPart = part > 1 ? `-${part}` : ""; // each part of a review saves files of its own
const cards = [...document.querySelectorAll(".field")];
const boxes = cards.map((card) => card.querySelector("input"));
const entries = fields.map(() => []);
const settled = new Map(); // the number of a field: its value
let unsaved = false;
let first = 0;
let kept = 0;

// The comma or point of a number, which may be typed as either, and at its end for no decimals.
const pointOf = (signs) => /^#+([.,])#+$/.exec(signs)?.[1];

function withSigns(text, signs) {
  const point = pointOf(signs);
  const plain = point ? text.trim().replace(/[.,]/, point).replace(/[.,]$/, "") : text.trim();
  const places = [...signs].filter((sign) => sign === "#").length;
  if (!/^[0-9]*$/.test(plain) || plain.length !== places) return plain;
  let at = 0;
  return [...signs].map((sign) => (sign === "#" ? plain[at++] : sign)).join("");
}

// What to ask where fewer digits than boxes were typed: 1805 is 180,5 or, with an empty box, 1805.
function unclear(k) {
  const { signs, read } = fields[k], text = boxes[k].value.trim(), point = pointOf(signs);
  const after = point ? signs.length - signs.indexOf(point) - 1 : 0;
  if (!point || (!twice && text === read) || !/^[0-9]+$/.test(text) || text.length >= signs.length - 1) return "";
  const name = point === "," ? "comma" : "point";
  const decimal = text.length > after ? `${text.slice(0, -after)}${point}${text.slice(-after)} or ` : "";
  return `Where is the ${name}? ${decimal}${text}${point}`;
}

function keep(k) {
  const asked = unclear(k);
  if (asked) {
    cards[k].querySelector(".told").textContent = asked;
    return k;
  }
  cards[k].querySelector(".told").textContent = "";
  const value = withSigns(boxes[k].value, fields[k].signs);
  first ||= performance.now();
  kept += 1;
  unsaved = true;
  if (!twice) settle(k, value);
  else enter(k, value);
  tell();
  return next(k);
}

function enter(k, value) {
  const agrees = settled.has(k) ? settled.get(k) === value : entries[k].includes(value);
  entries[k].push(value);
  if (agrees) settle(k, value);
  else unsettle(k);
  if (!agrees && entries[k].length > 1) {
    cards[k].querySelector(".told").textContent = `${entries[k].slice(-2).join(" or ")}?`;
  }
}

function settle(k, value) {
  boxes[k].value = value;
  cards[k].classList.add("checked");
  cards[k].querySelector(".told").textContent = "";
  settled.set(k, value);
}

// Somebody came back to a field and typed something else: the field is asked once more.
function unsettle(k) {
  boxes[k].value = "";
  cards[k].classList.remove("checked");
  settled.delete(k);
}

// The next field to type: round by round, each round in order, until all are settled.
function next(k) {
  if (!twice) return k + 1;
  const open = entries.map((typed, i) => [typed.length, i]).filter(([, i]) => !settled.has(i));
  if (!open.length) return cards.length;
  const least = Math.min(...open.map(([count]) => count));
  const round = open.filter(([count]) => count === least).map(([, i]) => i);
  return round.find((i) => i > k) ?? round[0];
}

function go(k) {
  if (k >= cards.length) return document.getElementById("save").focus();
  const box = boxes[Math.max(k, 0)];
  box.focus({ preventScroll: true });
  box.select();
  box.scrollIntoView({ block: "center" });
}

function tell() {
  const minutes = (performance.now() - first) / 60000;
  const speed = kept > 5 ? `, ${Math.round((kept - 1) / minutes)} a minute` : "";
  document.getElementById("done").textContent = `${settled.size} of ${cards.length} checked${speed}`;
  document.getElementById("held").textContent = held();
}

// How many of the values that were looked at were wrong, and how many were expected to be.
function held() {
  const seen = [...settled].filter(([k]) => ["", "doubtful"].includes(fields[k].flag));
  if (!seen.length) return "";
  const expected = seen.reduce((sum, [k]) => sum + fields[k].chance, 0);
  const wrong = seen.filter(([k, value]) => value !== fields[k].read).length;
  return `of ${seen.length} without another flag ${wrong} were wrong, ${expected.toFixed(1)} were expected`;
}

function cell(value) {
  const text = String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function save(rows, name) {
  const text = rows.map((row) => row.map(cell).join(",") + "\r\n").join("");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = name;
  link.click();
}

function corrections() {
  const names = ["form", "file", "page", "field", "read", "value", "confidence", "certain"];
  const rows = [...settled].map(([k, value]) => {
    const { row, read, confidence, certain } = fields[k];
    return [...row, read, value, confidence, Number(certain)];
  });
  return [names, ...rows];
}

// The digits of a field are known where as many were seen in its cells as are in its value.
function digits() {
  const pixels = Array.from({ length: 784 }, (_, i) => `pixel${i}`);
  const rows = [...settled].flatMap(([k, value]) => {
    const typed = value.replace(/[^0-9]/g, "");
    const images = fields[k].digits;
    if (typed.length !== images.length) return [];
    return images.map((image, i) => [typed[i], ...Uint8Array.from(atob(image), (c) => c.charCodeAt(0))]);
  });
  return [["label", ...pixels], ...rows];
}

boxes.forEach((box, k) => {
  if (!twice) box.value = fields[k].read;
  box.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter") go(keep(k));
    else if (event.key === "ArrowDown") go(k + 1);
    else if (event.key === "ArrowUp") go(k - 1);
    else return;
    event.preventDefault();
  });
});

document.getElementById("save").addEventListener("click", () => {
  save(corrections(), `corrections${ofPart}.csv`);
  unsaved = false;
});
document.getElementById("digits").addEventListener("click", () => save(digits(), `digits${ofPart}.csv`));

window.addEventListener("beforeunload", (event) => {
  if (unsaved) event.preventDefault();
});

if (boxes.length) go(0);
