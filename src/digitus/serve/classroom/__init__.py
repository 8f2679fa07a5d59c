"""A class: `digitus serve --class`, one server for a teacher and thirty pupils on their telephones.

::

    invitation   the join word, the address that telephones can reach, both as a QR code
    roster       who is in the class; kept beside the runs, so that it outlives the server
    door         every request: the teacher by the token, pupils by their cookie, others may join
    handlers     /api/class and what lies below it
    board        what the projector shows, and the same as a table

Who may use which run is decided where runs are found (`live.runs`). How long runs give way to
others is decided in `live.places`.
"""
