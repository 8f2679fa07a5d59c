"""Paper on the page: forms made and tried in the view Forms.

::

    tables        a form as JSON has it, with the names of its file
    handlers      /api/forms/...

Nothing is kept: the page holds the form, its blank pages and the sheets, and sends what is needed.
"""
