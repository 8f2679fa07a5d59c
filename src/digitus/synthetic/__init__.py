"""Images that are generated: digits by a simulated pen, pictures of no digit, whole pages.

`hands`, `pen`, `strokes` and `glyphs` write digits; `marks`, `surfaces` and `not_digits` make
pictures of anything else; `degrade` and `photograph` make images look as a bad photo leaves them;
`pages` are whole pages with exact truth. Not inside: sets that exist (`datasets`).
"""
