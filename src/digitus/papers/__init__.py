"""The two papers that digitus grew out of, carried out again and judged: `digitus papers`.

An *experiment* is a function with settings; what it returns is a *record* in one JSON file
(`store`, `runner`). Everything that is shown is made from that file alone (`report`), so a figure
in the report cannot differ from what was measured.

::

    experiments    what is measured: each paper as it is stated (gopa, shao), how far its network
                   can go (*_improved), a hypothesis (shao_rotation); which there are (plan)
    store, runner  the results file; running what is missing, on all cores
    images         pictures in the results file
    machine        where the experiments ran
    report         what is shown: a module and a template for each section, HTML and Markdown
"""
