// A lesson's code runs where it is read: a button below each cell, and the cell can be changed.
//
// What a cell needs is carried out first, from the top. `lesson-worker.js` does that, in a thread of
// its own, which is started by the first click. What was changed and solved stays in the browser until
// the reader starts over. The words are those of the page's language.

(() => {
  const words = JSON.parse(document.getElementById("lesson-words").textContent);
  const source = document.currentScript.src;
  if (!location.protocol.startsWith("http")) return; // a file cannot start a thread

  // What this browser keeps: of each lesson, in whatever language it is read, the code that was changed,
  // by the code that it was, and the exercises that were right, with their days.
  const STORE = "digitus-course";
  const LESSON = /([^/]*?)(?:\.html)?$/.exec(location.pathname)[1];
  const kept = all()[LESSON];
  const mine = { changed: entries(kept?.changed), right: entries(kept?.right) };

  /** What may be what this page has kept; others may have kept anything. */
  function entries(found) {
    return found && typeof found === "object" ? found : {};
  }

  function all() {
    try {
      return JSON.parse(localStorage.getItem(STORE)) ?? {};
    } catch {
      return {};
    }
  }

  function keep(now) {
    try {
      localStorage.setItem(STORE, JSON.stringify({ ...all(), [LESSON]: now }));
    } catch {
      // Without storage it holds until the page is left.
    }
    told();
  }

  const cells = [...document.querySelectorAll("div.cell")].map((element, cell) => {
    const code = element.querySelector(".cell_input pre");
    const first = code.innerText.trimEnd();
    if (first in mine.changed) code.textContent = mine.changed[first];
    code.setAttribute("contenteditable", "plaintext-only");
    if (!code.isContentEditable) code.setAttribute("contenteditable", "true"); // older browsers
    code.spellcheck = false;
    code.setAttribute("role", "textbox");
    code.setAttribute("aria-multiline", "true");
    code.setAttribute("aria-label", words.code.replace("{number}", cell + 1));
    const button = document.createElement("button");
    button.type = "button";
    button.className = "run";
    named(button, words.run, words.run_cell.replace("{number}", cell + 1));
    const mark = document.createElement("span");
    mark.className = "solved";
    mark.setAttribute("role", "status");
    element.querySelector(".cell_input").after(button, mark);
    code.addEventListener("input", () => {
      const now = code.innerText.trimEnd();
      if (now === first) delete mine.changed[first];
      else mine.changed[first] = now;
      keep(mine);
    });
    button.addEventListener("click", () => (running === cell ? drop(words.stopped) : run(cell)));
    code.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.shiftKey || event.ctrlKey)) return;
      event.preventDefault();
      run(cell);
    });
    return { element, code, button, mark, exercise: /^check\("(\w+)"/m.exec(first)?.[1], tried: false };
  });
  const progress = document.createElement("p");
  progress.className = "lesson-progress";
  const solved = document.createElement("span");
  const over = document.createElement("button");
  over.type = "button";
  over.textContent = words.over;
  over.addEventListener("click", () => {
    if (over.textContent === words.over) {
      over.textContent = words.really;
      return;
    }
    keep(undefined);
    location.reload();
  });
  over.addEventListener("blur", () => (over.textContent = words.over));
  progress.append(solved, " ", over);
  document.querySelector("h1").after(progress);
  told();

  /** Says at the top, and below each exercise, what was right so far. */
  function told() {
    for (const { exercise, mark } of cells) mark.textContent = exercise in mine.right ? `✓ ${words.solved.replace("{name}", exercise)}` : "";
    const names = cells.map(({ exercise }) => exercise).filter(Boolean);
    solved.textContent = words.kept.replace("{right}", names.filter((name) => name in mine.right).length).replace("{all}", names.length);
    over.hidden = !Object.keys(mine.changed).length && !Object.keys(mine.right).length;
  }
  const state = document.createElement("p");
  state.className = "run-state";
  state.setAttribute("role", "status");
  document.body.append(state);

  let worker = null;
  let running; // the cell that was asked for

  function run(last) {
    const first = cells.findIndex(({ tried }) => !tried);
    const from = cells[last].tried || first < 0 ? last : Math.min(first, last);
    const wanted = cells.slice(from, last + 1).map((cell, i) => ({
      cell: from + i, source: cell.code.innerText,
    }));
    if (running !== undefined) return;
    running = last;
    for (const { button } of cells) button.disabled = button !== cells[last].button;
    named(cells[last].button, words.stop, words.stop);
    state.textContent = worker ? words.working : words.starting;
    worker ??= started();
    worker.postMessage({ cells: wanted, language: words.language, right: mine.right });
  }

  function started() {
    const made = new Worker(new URL("lesson-worker.js", source), { type: "module" });
    const failed = (why) => drop(`${words.failed} ${why ?? ""}`);
    made.onmessage = ({ data }) => {
      if (data.failed !== undefined) failed(data.failed);
      else if (data.ended) rest();
      else show(data);
    };
    made.onerror = (event) => failed(event.message);
    return made;
  }

  /** Ends the thread, and with it all names: what is run next begins at the top, in a new one. */
  function drop(why) {
    worker.terminate();
    worker = null;
    for (const cell of cells) cell.tried = false;
    rest();
    state.textContent = why;
  }

  function named(button, text, label) {
    button.textContent = text;
    button.setAttribute("aria-label", label);
  }

  function rest() {
    if (running !== undefined) named(cells[running].button, words.run, words.run_cell.replace("{number}", running + 1));
    running = undefined;
    for (const { button } of cells) button.disabled = false;
    state.textContent = "";
  }

  function show({ cell, printed, html, text, right, error }) {
    const { element, mark } = cells[cell];
    if (right) {
      mine.right = right;
      keep(mine);
    }
    let output = element.querySelector(".cell_output");
    if (!output) {
      output = document.createElement("div");
      output.className = "cell_output docutils container";
      mark.after(output);
    }
    output.replaceChildren();
    const said = error ?? `${printed}${text}`;
    if (said) {
      const lines = document.createElement("pre");
      lines.tabIndex = 0;
      if (error) lines.className = "run-error";
      lines.textContent = said;
      output.append(lines);
    }
    if (html) {
      const drawn = document.createElement("div");
      drawn.innerHTML = html; // made by the reader's own code
      output.append(drawn);
    }
    cells[cell].tried = true; // also in vain: an answer that is not finished holds up nothing below
    if (error) element.scrollIntoView({ block: "nearest" });
  }
})();
