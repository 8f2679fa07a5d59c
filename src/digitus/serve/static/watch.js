// One run on the server, followed: its state, kept up to date by the server's events.

import { ask } from "./api.js";
import { words } from "./words.js";

/** Follows a run. `changed(what, run)` is called with the name of each event, with "away" while the
 * server is away, and with "gone" where there is no such run; `close` ends it. The browser comes back by
 * itself when the server was away, and is then given the whole state. */
export function watch(id, changed) {
  const address = `/api/runs/${encodeURIComponent(id)}`;
  const run = { id, state: undefined, away: false, close };
  let source;
  let again;
  const take = {
    state: (state) => (run.state = state),
    stepped: (now) => {
      const s = run.state;
      if (now.step <= s.step) return; // the state held it already
      s.step = now.step;
      s.epoch = now.epoch;
      s.speed = now.images_per_second;
      s.curve.push([now.step, now.loss, now.accuracy, now.rate]);
      if (s.curve.length > 2000) s.curve = s.curve.filter((_, i) => i % 2 === 0);
    },
    epoch: ({ scores, ...record }) => {
      run.state.records = [...run.state.records.filter((r) => r.epoch < record.epoch), record];
      run.state.epoch = record.epoch;
      if (scores) run.state.scores = scores;
    },
    weights: (now) => (run.state.weights = now),
    status: (now) => Object.assign(run.state, { code: undefined, values: undefined }, now),
    finished: ({ scores }) => {
      run.state.step = run.state.steps;
      if (scores) run.state.scores = scores;
    },
  };
  function open() {
    source = new EventSource(`${address}/events`);
    for (const [name, put] of Object.entries(take)) {
      source.addEventListener(name, (event) => {
        if (name !== "state" && !run.state) return;
        run.away = false;
        put(JSON.parse(event.data));
        changed(name, run);
      });
    }
    source.addEventListener("error", () => {
      if (source.readyState !== EventSource.CLOSED) {
        run.away = true;
        return changed("away", run);
      }
      again = setTimeout(() => ask(address).then(open, ({ status }) => (status === 404 || status === 400 ? changed("gone", run) : open())), 1500);
    });
  }
  function close() {
    clearTimeout(again);
    source.close();
  }
  open();
  return run;
}

/** A run's network in a few words: "784-32-10 · relu · rate 0.003". */
export function named({ settings: s }) {
  const parts = [s.layers, s.activation, words("learn.rate", { rate: s.rate })];
  if (s.augment !== "none") parts.push(words(`augmented.${s.augment}`));
  if (s.optimizer && s.optimizer !== "Adam") parts.push(s.optimizer);
  return parts.join(" · ");
}

/** The last accuracy on the digits held back. */
export const accuracy = (state) => state.scores?.accuracy ?? state.records?.at(-1)?.development_accuracy ?? state.development_accuracy ?? undefined;
