// Which language the web page speaks. Not inside: its words (words.js) and its numbers (numbers.js).

export const LANGUAGES = { en: "English", de: "Deutsch", es: "Español", fr: "Français", zh: "中文" };

/** The language chosen on an earlier visit, else the first of the browser's languages that we have. */
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
document.documentElement.lang = language;

/** Loads the web page again, in another language. */
export function speak(tag) {
  try {
    localStorage.setItem("language", tag);
  } catch {
    return;
  }
  location.reload();
}
