"""Sets of digits that exist: their file formats, the published ones, splits and distortion.

`digits` is what a set is; `idx`, `mapped` and `own` read files; `catalogue`, `sources` and
`download` are the published sets; `batches` splits and orders a set, `augment` distorts its images.
Not inside: images that are generated (`synthetic`).
"""
