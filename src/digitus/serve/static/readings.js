// What was read of a picture, as a person corrects it: lines of signs and digits, of which digits can be
// changed, taken out, added, split and joined, while spaces and groups stay. Not inside: showing it.

/** A picture to be read: { name, blob, canvas, ... }, without an answer yet; `turn` counts how often it was asked for. */
export const picturePage = (name, blob, canvas) => ({ name, blob, canvas, digits: [], lines: [], busy: true, turn: 0 });

/** Takes the server's answer: every sign of a line that is a digit becomes the digit itself. */
export function take(page, reading) {
  page.reading = reading;
  page.digits = reading.digits.map((d) => ({ ...d, was: d.value }));
  page.lines = reading.lines.map((text, line) => {
    const own = page.digits.filter((d) => d.line === line);
    const figures = [...text].filter((sign) => /[\d?]/.test(sign)).length; // a pattern may have some of its own
    let k = 0;
    const isNext = (sign) => /[\d?]/.test(sign) && k < own.length && (figures === own.length || sign === String(own[k].value ?? "?"));
    return [...text].map((sign) => (isNext(sign) ? own[k++] : sign));
  });
}

const sign = (token) => (typeof token === "string" ? token : token.gone ? "" : String(token.value ?? "?"));

/** The number of each line. */
export const texts = (page) => page.lines.map((line) => line.map(sign).join("").trim());

/** Whether a person should look at a digit that was read with less than so much confidence. */
export const doubtful = (digit, below) => !digit.gone && !digit.corrected && (digit.value === null || digit.confidence < below);

/** The line that a box lies in: that of the digits at its height. */
function lineOf(page, [, y, , height]) {
  const middle = y + height / 2;
  const there = page.digits.find((d) => d.box[1] <= middle && middle <= d.box[1] + d.box[3]);
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
  digit.was = digit.value;
  const line = page.lines[digit.line];
  const at = line.findIndex((token) => typeof token !== "string" && token.box[0] > digit.box[0]);
  line.splice(at < 0 ? line.length : at, 0, digit);
  page.digits = page.lines.flat().filter((token) => typeof token !== "string");
}

/** Puts others in the place of some digits of one line. */
export function replace(page, old, fresh) {
  const line = page.lines[old[0].line];
  const at = line.indexOf(old[0]);
  for (const digit of old) line.splice(line.indexOf(digit), 1);
  for (const digit of fresh) Object.assign(digit, { line: old[0].line, was: digit.value });
  line.splice(at, 0, ...fresh);
  page.digits = page.lines.flat().filter((token) => typeof token !== "string");
}

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
