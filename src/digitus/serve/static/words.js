// Every sentence of the page, in the reader's language: words("draw.clear"). The sentences stand in one
// table a language, words.LANGUAGE.js; what another language lacks is said in English. Not inside:
// numbers (dom.js).

import english from "./words.en.js";

export const LANGUAGES = { en: "English", de: "Deutsch", es: "Español", fr: "Français", zh: "中文" };

/** The language chosen on an earlier visit, else the first of the browser's that there is. */
function chosen() {
  let kept;
  try {
    kept = localStorage.getItem("language");
  } catch {
    // Without storage the browser's languages hold.
  }
  const wanted = [kept, ...navigator.languages].filter(Boolean).map((tag) => tag.slice(0, 2).toLowerCase());
  return wanted.find((tag) => tag in LANGUAGES) ?? "en";
}

export const language = chosen();
const own = language === "en" ? english : (await import(`./words.${language}.js`)).default;
const plural = new Intl.PluralRules(language);
document.documentElement.lang = language;

/** The page again, in another language. */
export function speak(tag) {
  try {
    localStorage.setItem("language", tag);
  } catch {
    return;
  }
  location.reload();
}

/** The sentence as it stands in the table. Where it has forms for one and for many, `n` decides. */
function sentence(key, n) {
  const found = own[key] ?? english[key];
  if (found === undefined) throw new Error(`no words for ${key}`);
  return typeof found === "string" ? found : (found[plural.select(n)] ?? found.other);
}

/** A sentence, its {names} replaced by values. `n` is the number that decides between one and many;
 * where {n} shall look otherwise, give `n` and another name. */
export function words(key, values = {}) {
  return sentence(key, values.n).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** The same with elements among the values: an array of texts and elements. */
export function pieces(key, values = {}) {
  return sentence(key, values.n).split(/\{(\w+)\}/).map((part, i) => (i % 2 ? values[part] : part)).filter((part) => part !== "");
}

/** Whether the table has this. */
export const known = (key) => key in english;
