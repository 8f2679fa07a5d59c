"""Training: from a recipe and a set of digits to a recognizer.

`loop` begins and ends a run, `session` takes its steps and tells what happens as `events`; `source`
is what a session asks of a task, and `examples` the task of reading digits. `step` is one update,
`processes` the same by several processes that share memory (`shared_memory`). `device` says where
arrays live, `run_folder` what is kept on disk. `adapt` fits a recognizer to one hand. Not inside:
layers, losses and optimizers (`nn`).
"""
