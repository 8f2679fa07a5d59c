"""Very many pictures to a table: in parts, each done exactly once, here or on a cluster.

`sources` says which pictures are meant (each an `item`), `containers` takes them out of archives
and tables, `store` is where results go. `rows` makes rows of readings, `formats` files of rows.
`parts` is the work of whoever reads, `job` the whole: its plan, its manifest, what is left to do;
`on_ray` hands the same work to Ray. Not inside: how a picture is read (`reading`), what is shown
(`cli`).
"""
