"""The settings of the documentation site.

    python -m sphinx -W --keep-going docs docs/_build/html

Everything that a page needs comes with it, the fonts of formulas included: no other host is asked.
What is done to pages beyond Sphinx's own work is in `site_pages.py`; the chapters of the course are
in `site_course.py`, what runs in a browser in `site_browser.py`, search in `site_search.py`.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import digitus
from site_browser import package_digest

project = "digitus"
author = "the digitus authors"
project_copyright = author
version = release = digitus.__version__
language = "en"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.viewcode",
    "sphinx.ext.mathjax",
    "sphinx-mathjax-offline",  # MathJax and its fonts
    "sphinx_copybutton",
    "site_course",
    "site_browser",
    "site_search",
    "site_pages",
]
exclude_patterns = ["_build", "site"]
suppress_warnings = ["mystnb.unknown_mime_type"]

# The pages are written for a code host too, so they are in its dialect of Markdown.
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_fence_as_directive = ["math"]
myst_heading_anchors = 4
nb_execution_mode = "cache"
# A lesson's output is kept as long as the code that it runs is the same, digitus's own included.
nb_execution_cache_path = str(Path(__file__).parent / "_build" / "notebooks" / package_digest())
nb_execution_timeout = 60
nb_execution_raise_on_error = True
nb_merge_streams = True

autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "show-inheritance": False}
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
add_module_names = False
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_title = f"digitus {version}"
html_static_path = ["site"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
