// Numbers, times and dates as the reader's language writes them; and those of equations, which look
// the same in every language. Not inside: the languages (language.js).

import { language } from "./language.js";

const kept = {};
/** How the language writes numbers with these settings: making a formatter is slow, using it is not. */
const format = (settings) => (kept[JSON.stringify(settings)] ??= new Intl.NumberFormat(language, settings));
const minus = (text) => text.replace("-", "−");

/** A number with all that it has: 10000 as "10,000", 0.003 as "0.003"; in German "10.000", "0,003". */
export const figure = (x) => minus(format({ maximumSignificantDigits: 15 }).format(x));

/** A number with so many decimals. */
const rounded = (x, places) => minus(format({ minimumFractionDigits: places, maximumFractionDigits: places }).format(x));

/** What stands between a number and %: in English a space, as in all that digitus writes. */
const space = language === "en" ? "\u00a0" : format({ style: "percent" }).formatToParts(1).find(({ type }) => type === "literal")?.value ?? "";

/** 0.98412 as "98.4 %". Only what is whole is 100 %, and only nothing is 0 %. */
export function percent(share, places = 1) {
  if (!Number.isFinite(share)) return "–";
  const least = 10 ** -places;
  const value = 100 * share;
  const said = (x) => `${rounded(x, places)}${space}%`;
  if (share > 0 && value < least / 2) return `<${said(least)}`;
  if (share < 1 && value > 100 - least / 2) return `>${said(100 - least)}`;
  return said(value);
}

/** A probability, which is never quite 0 nor 100 %, however it was rounded on its way here. */
export const chance = (p, places = 1) => percent(Math.min(Math.max(p, 1e-9), 1 - 1e-9), places);

/** A number in the fewest characters that still say something: 12,345, 3.14, −0.002, 1.2e−7. */
export const number = (x, digits = 3) => short(x, digits, figure, rounded);

/** The same in an equation. Equations have the point in every language: they are the lines that are
 * carried out, as they stand in the code, and a comma stands between the arguments of max(x, 0). */
export const term = (x, digits = 3) => short(x, digits, String, (v, places) => v.toFixed(places));

/** A number of an equation with so many decimals. */
export const fixed = (x, places) => minus((Number(x.toFixed(places)) === 0 ? 0 : x).toFixed(places));

function short(x, digits, whole, broken) {
  if (!Number.isFinite(x)) return "–";
  const size = Math.abs(x);
  if (x === 0) return "0";
  if (size >= 1e5 || size < 1e-4) {
    const [mantissa, power] = x.toExponential(Math.max(digits - 2, 0)).split("e");
    return minus(`${broken(Number(mantissa), Math.max(digits - 2, 0))}e${minus(power.replace("+", ""))}`);
  }
  if (Number.isInteger(x)) return minus(whole(x));
  return minus(broken(x, Math.min(Math.max(digits - 1 - Math.floor(Math.log10(size)), 0), 5)));
}

/** What a layer is called: "Dropout(0.3)", in German "Dropout(0,3)"; without settings that nobody chooses.
 * The points in "AdamW: 5.1.0.W" separate places of layers and stay. */
export const layerName = (name) =>
  name.replace(/^(BatchNorm|Scale|Standardize)\(.*\)$/, "$1").replace(/\((\d+\.\d+)\)/g, (_, text) => `(${figure(Number(text))})`);

/** [28, 28, 16] as "28 × 28 × 16". */
export const shape = (axes) => axes.join("\u2009×\u2009");

const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" });
const date = new Intl.DateTimeFormat(language, { day: "numeric", month: "short" });

/** When something was, in seconds since 1970: the time of today, the date of other days. */
export function moment(seconds) {
  const then = new Date(1000 * seconds);
  return (then.toDateString() === new Date().toDateString() ? clock : date).format(then);
}
