"""Whole pages of handwritten digits with exact truth, as people photograph, scan and draw them.

`pages` says which kinds there are and makes one: `texts` says what is written, `layout` where it
stands, `words` and `stationery` add what else is on paper, `scene` colours it, `camera`
photographs it.
"""
