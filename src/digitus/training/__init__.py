"""Training: from a recipe and a set of digits to a recognizer.

`loop` is the stream of events, `step` one update, `processes` the same by several processes that
share memory, `examples` what a batch holds, `device` where arrays live, `run_folder` what is kept
on disk. Not inside: layers, losses and update rules (`nn`).
"""
