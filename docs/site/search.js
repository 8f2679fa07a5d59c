// What a search finds: pages in the language of this one come first, others say which they are in.
//
// Sphinx's own program searches, and asks here for the score of each thing found.

(() => {
  const FIRST = "en"; // of the pages that lie in no language's folder
  const OWN = 1000; // more than any score
  const FOLDER = /^(?:course\/)?(\w\w)\//;
  const language = document.documentElement.lang;

  Scorer.score = (found) => {
    const [name, title, , , score] = found;
    const its = FOLDER.exec(name)?.[1] ?? FIRST;
    if (its === language) return score + OWN;
    found[1] = `${title} (${its})`;
    return score;
  };
})();
