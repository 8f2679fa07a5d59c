"""Training: from a recipe and a set of digits to a recognizer.

`loop` begins and ends a run, `session` takes its steps and tells what happens as `events`; `source`
is what it asks of a task, and `examples` that task for digits. `step` is one update, `processes`
the same by several processes that share memory (`shared_memory`). `device` says where arrays live,
`run_folder` what is kept on disk. Not inside: layers, losses and optimizers (`nn`).
"""
