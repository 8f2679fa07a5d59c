"""Forms: from sheets of paper that people filled in to a table.

`form` is what a form is and `table` its file, `checks` and `choose` are what its values must
fulfil and how that decides between doubtful digits; `layout`, `pdf` and `raster` draw a blank
sheet, `straighten` finds it in a picture, `fields` reads it, `sheets` does so for whole files,
`progress` keeps what was read, `rows` and `output` make the table of it. Not inside: finding and
recognizing digits (`reading`).
"""
