// "Write one: what does yours say?" A pad for the reader's own digit, read by the network that has
// just been trained, beside the one that ships; and what can be done with the network now.

import { ask, bytes, latest } from "./api.js";
import { bars } from "./bars.js";
import { complain, h, say } from "./dom.js";
import { asked } from "./model.js";
import { chance } from "./numbers.js";
import { padOn, takesKeys } from "./pad.js";
import { look } from "./shared.js";
import { words } from "./words.js";

/** `more(id)` trains the network on. */
export function tryout(more) {
  let run; // its id
  let seen; // what the network saw of the last drawing
  const canvas = h("canvas", { class: "paper", tabindex: 0, role: "img", "aria-label": words("draw.sheet") });
  const hint = h("p", { class: "hint", "aria-hidden": "true" }, words("try.hint"));
  const sides = ["mine", "shipped"].map((whose) => {
    const value = h("output", { class: "value", "aria-label": words(`try.${whose}`) });
    const odds = bars();
    return { value, odds, element: h("section", { class: `says ${whose}`, "aria-label": words(`try.${whose}`) }, h("h4", {}, words(`try.${whose}`)), value, odds.element) };
  });
  const verdict = h("p", { class: "verdict-line", role: "status" }, words("try.lead"));
  const inside = h("button", { type: "button", class: "primary", disabled: true, onclick: () => look(seen, words("from.drawing"), run) }, words("draw.inside"));
  const link = (what) => h("a", { class: "button", "data-to": what }, words(`try.${what}`));
  const links = [link("mistakes"), link("model"), link("report")];
  const onward = h("button", { type: "button", onclick: () => more(run) }, words("try.continue"));
  const element = h("section", { class: "tryout card", hidden: true, "aria-labelledby": "try-title" },
    h("h3", { id: "try-title" }, words("try.title")),
    h("div", { class: "trial" },
      h("div", {}, h("div", { class: "pad square" }, canvas, hint), h("div", { class: "tools" },
        h("button", { type: "button", onclick: () => pad.undo() }, words("draw.undo")), h("button", { type: "button", onclick: () => pad.clear() }, words("draw.clear")),
        h("button", { type: "button", class: "link", onclick: () => write(Math.floor(Math.random() * 10)) }, words("draw.written")))),
      sides.map((side) => side.element)),
    verdict, h("div", { class: "row" }, inside, links, onward));

  const pad = padOn(canvas, (done) => {
    hint.hidden = !pad.empty;
    request(done);
  });

  const request = latest(async (done) => {
    const grey = pad.grey();
    if (pad.empty) return show([], done);
    const path = `/api/draw?width=${grey.width}&height=${grey.height}&digits=1`;
    try {
      const answers = await Promise.all([run, ""].map((id) => ask(asked(path, id), grey.values)));
      show(answers.map((answer) => answer.reading.digits), done);
    } catch (error) {
      if (error.wait) setTimeout(() => request(done), 1000 * error.wait);
      else complain(error.message);
    }
    return undefined;
  });

  /** What each of the two networks says; of several digits, the probabilities of the first. */
  function show(answers, done) {
    const [mine, shipped] = sides.map(({ value, odds }, k) => {
      const digit = answers[k]?.[0];
      const text = answers[k]?.map((d) => d.value ?? "?").join("") ?? "";
      value.textContent = text;
      odds.set(digit?.probabilities, digit?.value ?? undefined);
      return { text, digit };
    });
    seen = mine.digit && bytes(mine.digit.image);
    inside.disabled = !seen;
    verdict.textContent = !mine.digit ? words("try.lead")
      : mine.text === shipped.text ? words("try.agree", { value: mine.text, chance: chance(mine.digit.confidence), other: chance(shipped.digit?.confidence ?? 0) })
      : words("try.differ", { mine: mine.text || "–", shipped: shipped.text || "–" });
    if (done && mine.digit) say(verdict.textContent);
  }

  let seed = Math.floor(Math.random() * 1e6);
  async function write(digit) {
    try {
      const { strokes } = await ask(`/api/pen/${digit}?seed=${seed++}`);
      pad.clear();
      pad.write(strokes);
    } catch (error) {
      complain(error.message);
    }
  }
  takesKeys(canvas, pad, write);

  return {
    element,
    /** Shows it for a run that has a network and does not learn any more. */
    set(state) {
      const there = ["finished", "stopped"].includes(state?.status);
      element.hidden = !there;
      if (!there || run === state.id) return;
      run = state.id;
      const targets = { mistakes: `#mistakes?model=${run}`, model: `/api/runs/${run}/model`, report: `/api/runs/${run}/report` };
      for (const a of links) a.setAttribute("href", targets[a.dataset.to]);
      for (const a of links.slice(1)) a.setAttribute("download", "");
      show([], false);
      pad.clear();
    },
  };
}
