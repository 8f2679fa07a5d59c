"""Texts that can be read beside the web page, without internet: derivations, lessons, source.

`mathematics` is docs/mathematics.md section by section, `code` the source of what it names, and
`markdown` makes HTML and MathML of the text; `handlers` answers with web pages of it.
"""
