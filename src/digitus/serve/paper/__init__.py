"""Forms on paper: made and tried in the web page's view Forms.

::

    tables        a form as JSON has it, with the names of its file
    handlers      /api/forms/...

Nothing is kept here: the web page holds the form, its blank pages and those of sheets, and sends
what is needed.
"""
