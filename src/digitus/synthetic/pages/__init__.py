"""Whole pages of handwritten digits with exact truth, as people photograph, scan and draw them.

`pages` makes one: `kinds` says of which kinds, `texts` what is written, `layout` where it stands
(`rows`, `cells`), `words`, `stationery`, `security` and `grounds` add what else is on the paper,
`scene` colours it, `camera` photographs it; `bare` makes the smallest, which show no paper.
"""
