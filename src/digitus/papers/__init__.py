"""The two papers that digitus grew out of, carried out again and judged: `digitus papers`.

An *experiment* is a function with settings; what it returns is a *record* in one JSON file
(`store`, `laboratory`). Everything that is shown is made from that file alone (`page`), so a figure
in the report cannot differ from what was measured.

::

    columns                  Gopa 2024's network in the paper's own notation
    gopa, furthest           its experiments; how far its 7,960 parameters can go
    shao, rotation, ladder   Shao 2023's; the rotation hypothesis; the way to 99.1 %
    plan                     which experiments there are, in full and quick
    store, laboratory        the results file; running what is missing, on all cores
    bench, machine           what experiments share: digits, training, scores; where they ran
    page, page_...           the report and its sections, as paragraphs, tables and charts (notes)
    notebook, drawings       HTML and Markdown of them; charts
"""
