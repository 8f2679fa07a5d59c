"""Hostile inputs, found by coverage: what `benchmarks/fuzz.py` tries.

Inside: what a target is (`target`), sets of digits (`sets`), networks and checkpoints (`files`),
texts (`texts`), pictures (`pictures`, `reading`), the HTTP interface (`routes`), all of them by
name (`targets`), and the process in which atheris tries one (`child`). Not inside: how long, how
often, and what is written down (`fuzz`).
"""
