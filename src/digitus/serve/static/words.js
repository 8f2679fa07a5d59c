// Every sentence of the web page, in the reader's language: words("draw.clear"). The sentences stand in one
// table a language, words.LANGUAGE.js; what another language lacks is said in English. Not inside:
// which language that is (language.js), how it writes numbers (numbers.js).

import { language } from "./language.js";
import { figure } from "./numbers.js";
import english from "./words.en.js";

const own = language === "en" ? english : (await import(`./words.${language}.js`)).default;
const plural = new Intl.PluralRules(language);
/** In English 8 takes "an" and the other digits "a". */
const articled = language === "en" ? (text) => text.replace(/\b([Aa]) (?=8\b)/g, "$1n ") : (text) => text;

/** In French a no-break space stands before a sign of two parts, and inside quotation marks. */
const typeset = language === "fr" ? (text) => text.replace(/ (?=[?!;:»])|(?<=«) /g, "\u00a0") : (text) => text;

/** The sentence as it stands in the table. Where it has forms for one and for many, `n` decides. */
function sentence(key, n) {
  const found = own[key] ?? english[key];
  if (found === undefined) throw new Error(`no words for ${key}`);
  return typeset(typeof found === "string" ? found : (found[plural.select(n)] ?? found.other));
}

/** A value in a sentence: numbers are written as the language writes them. */
const said = (value) => (typeof value === "number" ? figure(value) : value);

/** A sentence, its {names} replaced by values. `n` is the number that decides between one and many. */
export function words(key, values = {}) {
  return articled(sentence(key, values.n).replace(/\{(\w+)\}/g, (_, name) => said(values[name]) ?? ""));
}

/** The same with elements among the values: an array of texts and elements. */
export function pieces(key, values = {}) {
  return sentence(key, values.n).split(/\{(\w+)\}/).map((part, i) => (i % 2 ? said(values[part]) : part)).filter((part) => part !== "");
}

/** Whether the table has this key. */
export const known = (key) => key in english;
