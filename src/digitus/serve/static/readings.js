// What was read of a picture, as a person corrects it: lines of signs and digits, of which digits can be
// changed, taken out, added, split and joined, while spaces and groups stay. Not inside: showing it.

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
  for (const old of before) {
    if (old.own) put(page, old);
    else if (old.corrected || old.gone) {
      const now = page.digits.find((d) => !d.own && same(d.box, old.box));
      if (now) Object.assign(now, { value: old.value, gone: old.gone, corrected: old.corrected });
    }
  }
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

/** A person's box takes the place of what was read there now; else of a digit of its line that the
 * pattern asks for and nobody found. */
function put(page, digit) {
  const [first] = page.digits.filter((d) => !d.own && over(d.box, digit.box));
  const line = first?.line ?? at(page, digit.box)?.line;
  const own = page.digits.filter((d) => d.line === line && !d.own);
  const unseen = own.find((d) => d.value === null && d.confidence === 0);
  if (first) replace(page, own.filter((d) => over(d.box, digit.box)), [digit]);
  else if (unseen && !digit.gone) {
    replace(page, [unseen], [digit]);
    sort(page, line);
  } else add(page, digit);
}

/** Digits of a line from left to right, in the places that it has for them. */
function sort(page, number) {
  const isDigit = (token) => typeof token !== "string";
  const ordered = page.lines[number].filter(isDigit).sort((a, b) => a.box[0] - b.box[0]);
  page.lines[number] = page.lines[number].map((token) => (isDigit(token) ? ordered.shift() : token));
  page.digits = page.lines.flat().filter(isDigit);
}

const sign = (token) => (typeof token === "string" ? token : token.gone ? "" : String(token.value ?? "?"));

/** The number of each line. */
export const texts = (page) => page.lines.map((line) => line.map(sign).join("").trim());

/** Whether a person should look at a digit that was read with less than so much confidence. */
export const doubtful = (digit, below) => !digit.gone && !digit.corrected && (digit.value === null || digit.confidence < below);

/** A digit at the height of a box. */
const at = (page, [, y, , height]) => page.digits.find((d) => d.box[1] <= y + height / 2 && y + height / 2 <= d.box[1] + d.box[3]);

/** The line that a box lies in: that of the digits at its height, or a new one. */
function lineOf(page, box) {
  const middle = box[1] + box[3] / 2;
  const there = at(page, box);
  if (there) return there.line;
  const above = page.digits.filter((d) => d.box[1] + d.box[3] / 2 < middle).map((d) => d.line);
  const line = above.length ? Math.max(...above) + 1 : 0;
  page.lines.splice(line, 0, []);
  for (const d of page.digits) if (d.line >= line) d.line += 1;
  return line;
}

/** Puts a digit where its box is, in its line from left to right. */
export function add(page, digit) {
  digit.line = lineOf(page, digit.box);
  const line = page.lines[digit.line];
  const next = line.findIndex((token) => typeof token !== "string" && token.box[0] > digit.box[0]);
  line.splice(next < 0 ? line.length : next, 0, digit);
  page.digits = page.lines.flat().filter((token) => typeof token !== "string");
}

/** Puts others in the place of some digits of one line. */
export function replace(page, old, fresh) {
  const line = page.lines[old[0].line];
  const first = line.indexOf(old[0]);
  for (const digit of old) line.splice(line.indexOf(digit), 1);
  for (const digit of fresh) digit.line = old[0].line;
  line.splice(first, 0, ...fresh);
  page.digits = page.lines.flat().filter((token) => typeof token !== "string");
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
