// What was read of a picture, as a person corrects it: lines of signs and digits. Digits can be changed,
// taken out, added, split and joined, while spaces and groups stay. Not inside: showing it.

/** A picture to be read: { name, blob, canvas, ... }, without an answer yet; `turn` counts how often it was asked for. */
export const picturePage = (name, blob, canvas) => ({ name, blob, canvas, digits: [], lines: [], busy: true, turn: 0 });

/** Takes the server's answer: every sign of a line that is a digit becomes the digit itself. What a
 * person has said of an earlier answer stays where there is still a digit at its place. */
export function take(page, reading) {
  const before = page.digits;
  page.reading = reading;
  page.digits = reading.digits.map((d) => ({ ...d, was: d.value }));
  page.lines = reading.lines.map((text, line) => {
    const own = page.digits.filter((d) => d.line === line);
    const figures = [...text].filter((sign) => /[\d?]/.test(sign)).length; // a pattern may have some of its own
    let k = 0;
    const isNext = (sign) => /[\d?]/.test(sign) && k < own.length && (figures === own.length || sign === String(own[k].value ?? "?"));
    return [...text].map((sign) => (isNext(sign) ? own[k++] : sign));
  });
  for (const old of before.filter((d) => !d.own && (d.corrected || d.gone))) {
    const now = page.digits.find((d) => same(d.box, old.box));
    if (now) Object.assign(now, { gone: old.gone }, old.corrected ? { value: old.value, corrected: true } : {});
  }
  put(page, before.filter((d) => d.own));
}

const area = ([, , w, h]) => w * h;

/** The area that two boxes have in common. */
function common([x, y, w, h], [left, top, wide, high]) {
  const across = Math.min(x + w, left + wide) - Math.max(x, left);
  const down = Math.min(y + h, top + high) - Math.max(y, top);
  return Math.max(0, across) * Math.max(0, down);
}

/** Whether two boxes are around the same digit. */
const same = (a, b) => common(a, b) > (area(a) + area(b) - common(a, b)) / 2;

/** Whether most of one of two boxes lies in the other. */
const over = (a, b) => common(a, b) > Math.min(area(a), area(b)) / 2;

/** A person's boxes take the place of what was read there now, those that lie in one digit together and
 * in their order. A box beyond these stands for a digit that the line's pattern asks for and nobody found. */
function put(page, own) {
  const read = page.digits;
  const instead = new Map(); // for a digit that was read: the last box in its place
  const alone = [];
  for (const digit of own) {
    const there = read.filter((d) => over(d.box, digit.box)).sort((a, b) => common(b.box, digit.box) - common(a.box, digit.box));
    const covered = there.filter((d) => d.line === there[0].line);
    const old = [...new Set(covered.map((d) => instead.get(d) ?? d))];
    if (!old.length) alone.push(digit);
    else if (old.length > 1 || !old[0].own || !fill(page, old[0].line, digit, old[0])) replace(page, old, [...old.filter((d) => d.own), digit]);
    for (const d of covered) instead.set(d, digit);
  }
  for (const digit of alone) if (!fill(page, near(page, digit.box)?.line, digit)) add(page, digit);
}

const isDigit = (token) => typeof token !== "string";

/** Puts a digit in the place of one of its line that nobody found, if there is one: behind `after` or where
 * its box is, among the line's digits. Returns whether it did. */
function fill(page, line, digit, after) {
  const unseen = page.digits.find((d) => d.line === line && !d.own && d.value === null && d.confidence === 0);
  if (!unseen || digit.gone) return false;
  digit.line = line;
  const digits = page.lines[line].filter((token) => isDigit(token) && token !== unseen);
  digits.splice(after ? digits.indexOf(after) + 1 : place(page, digits, digit.box), 0, digit);
  page.lines[line] = page.lines[line].map((token) => (isDigit(token) ? digits.shift() : token));
  page.digits = page.lines.flat().filter(isDigit);
  return true;
}

const centre = ([x, y, w, h]) => [x + w / 2, y + h / 2];
const dot = (a, b) => a[0] * b[0] + a[1] * b[1];

/** The direction in which a page's lines run, of length 1: to the right, but in a picture that is tilted or lies on its side. */
function direction(page) {
  const sum = [0, 0];
  for (const line of page.lines) {
    const own = line.filter(isDigit);
    if (own.length) [0, 1].forEach((k) => { sum[k] += centre(own.at(-1).box)[k] - centre(own[0].box)[k]; });
  }
  const length = Math.hypot(...sum);
  return length ? sum.map((v) => v / length) : [1, 0];
}

/** How far down the page something lies, for lines that run in a direction. */
const down = (box, [x, y]) => dot(centre(box), [-y, x]);

/** The place among a line's digits that a box has. */
function place(page, digits, box) {
  const along = direction(page);
  const next = digits.findIndex((d) => dot(centre(d.box), along) > dot(centre(box), along));
  return next < 0 ? digits.length : next;
}

const sign = (token) => (typeof token === "string" ? token : token.gone ? "" : String(token.value ?? "?"));

/** The number of each line. */
export const texts = (page) => page.lines.map((line) => line.map(sign).join("").trim());

/** Whether a person should look at a digit that was read with less than so much confidence. */
export const doubtful = (digit, below) => !digit.gone && !digit.corrected && (digit.value === null || digit.confidence < below);

/** Of the digits whose line, as it runs, goes through a box, the nearest. */
function near(page, box) {
  const [x, y] = direction(page);
  const high = ([, , w, h]) => Math.abs(y) * w + Math.abs(x) * h;
  const far = (d) => Math.hypot(...[0, 1].map((k) => centre(d.box)[k] - centre(box)[k]));
  return page.digits.filter((d) => Math.abs(down(d.box, [x, y]) - down(box, [x, y])) <= high(d.box) / 2).sort((a, b) => far(a) - far(b))[0];
}

/** The line that a box lies in: that of the nearest digit which it is level with, or a new one. */
function lineOf(page, box) {
  const there = near(page, box);
  if (there) return there.line;
  const along = direction(page);
  const above = page.digits.filter((d) => down(d.box, along) < down(box, along)).map((d) => d.line);
  const line = above.length ? Math.max(...above) + 1 : 0;
  page.lines.splice(line, 0, []);
  for (const d of page.digits) if (d.line >= line) d.line += 1;
  return line;
}

/** Puts a digit where its box is, in its line; the others stay in the order in which they were read. */
export function add(page, digit) {
  digit.line = lineOf(page, digit.box);
  const line = page.lines[digit.line];
  const digits = line.filter(isDigit);
  const next = digits[place(page, digits, digit.box)];
  line.splice(next ? line.indexOf(next) : line.length, 0, digit);
  page.digits = page.lines.flat().filter(isDigit);
}

/** Puts others in the place of some digits of one line. */
export function replace(page, old, fresh) {
  const line = page.lines[old[0].line];
  const first = Math.min(...old.map((digit) => line.indexOf(digit)));
  for (const digit of old) line.splice(line.indexOf(digit), 1);
  for (const digit of fresh) digit.line = old[0].line;
  line.splice(first, 0, ...fresh);
  page.digits = page.lines.flat().filter(isDigit);
}

/** A person's box as it is read now. */
export const renew = (digit, now) => Object.assign(digit, now, digit.corrected ? { value: digit.value } : {});

/** The next digit of the same line, if there is one. */
export function after(page, digit) {
  const own = page.lines[digit.line].filter((token) => typeof token !== "string" && !token.gone);
  return own[own.indexOf(digit) + 1];
}

/** The box around several. */
export function around(boxes) {
  const [left, top] = [0, 1].map((k) => Math.min(...boxes.map((b) => b[k])));
  const [right, bottom] = [0, 1].map((k) => Math.max(...boxes.map((b) => b[k] + b[k + 2])));
  return [left, top, right - left, bottom - top];
}

/** All pictures as rows of a table: picture, line, number, how many of its digits are doubtful. */
export const rows = (pages, below) =>
  pages.flatMap((page) => texts(page).map((text, k) => [page.name, k + 1, text, page.digits.filter((d) => d.line === k && doubtful(d, below)).length]));

/** Rows as CSV, in which no cell can be a formula. */
export function csv(table) {
  const cell = (text) => `"${String(text).replace(/^[=+\-@]/, "'$&").replaceAll('"', '""')}"`;
  return `${table.map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
}
