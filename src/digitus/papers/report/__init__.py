"""The report on both papers, made from the results file alone.

`document` is the whole; each other module writes a section as blocks (`blocks`), which `render`
turns into HTML and Markdown.
"""
