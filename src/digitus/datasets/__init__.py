"""Sets of digits that exist: their file formats, the published ones, splits and distortion.

`digits` is what a set is; `named` finds one however it is named; `own` reads the user's files, by a
module for each format; `catalogue`, `sources` and `download` are the published sets; `batches`
splits and orders a set, `augment` distorts its images. Not inside: images that are generated
(`synthetic`).
"""
