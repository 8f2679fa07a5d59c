"""Forms: from sheets of paper that people filled in to a table.

`form` says what a form is, and `table` is its file. `checks` and `choose` hold what values must
fulfil and how that settles doubtful digits. `layout`, `pdf` and `raster` draw a blank sheet.
`straighten` finds a page in a picture, `fields` reads it, and `pages` reads whole files of pages.
`progress` keeps what was read; `rows` and `output` make a table of it. Not inside: finding and
recognizing digits (`reading`).
"""
