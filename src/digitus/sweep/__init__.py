"""Many training runs: recipes by settings by seeds, each an ordinary run folder.

`runs` plans them and carries them out here, `on_ray` on a cluster, `search` draws settings by Ray
Tune, `table` compares them. Not inside: training (`training`), and the command (`cli.sweep`).
"""
