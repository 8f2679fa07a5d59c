// One run on the server, followed: its state, kept up to date by the server's events.

/** Follows a run. `changed(what, run)` is called with the name of each event; `close` ends it. The
 * browser comes back by itself when the server was away, and is then given the whole state. */
export function watch(id, changed) {
  const run = { id, state: undefined, away: false, close };
  const source = new EventSource(`/api/runs/${encodeURIComponent(id)}/events`);
  const on = (name, take) => source.addEventListener(name, (event) => {
    run.away = false;
    take(JSON.parse(event.data));
    changed(name, run);
  });
  on("state", (state) => (run.state = state));
  on("stepped", (now) => {
    const s = run.state;
    if (!s || now.step <= s.step) return; // the state held it already
    s.step = now.step;
    s.epoch = now.epoch;
    s.speed = now.images_per_second;
    s.curve.push([now.step, now.loss, now.accuracy, now.rate]);
    if (s.curve.length > 2000) s.curve = s.curve.filter((_, i) => i % 2 === 0);
  });
  on("epoch", (now) => {
    if (!run.state) return;
    const { scores, ...record } = now;
    run.state.records.push(record);
    run.state.epoch = record.epoch;
    if (scores) run.state.scores = scores;
  });
  on("weights", (now) => run.state && (run.state.weights = now));
  on("status", ({ status, error }) => run.state && Object.assign(run.state, { status, error }));
  on("finished", ({ scores }) => {
    if (!run.state) return;
    run.state.step = run.state.steps;
    if (scores) run.state.scores = scores;
  });
  source.addEventListener("error", () => {
    run.away = true;
    changed("away", run);
  });
  function close() {
    source.close();
  }
  return run;
}

/** A run in a few words: "784-32-10 · relu · 0.003". */
export function named({ settings: s }) {
  const parts = [s.layers, s.activation, `rate ${s.rate}`];
  if (s.augment !== "none") parts.push(`${s.augment} distortion`);
  if (s.optimizer && s.optimizer !== "Adam") parts.push(s.optimizer);
  return parts.join(" · ");
}

/** The last accuracy on the digits held back. */
export const accuracy = (state) => state.scores?.accuracy ?? state.records?.at(-1)?.development_accuracy;
