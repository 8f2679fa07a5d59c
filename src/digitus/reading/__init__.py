"""Reading: from a picture to the numbers in it.

`read` takes a picture and chooses how it is read, `photo` or `drawing` reads it, `groups` finds the
spaces of a line, `result` is the answer, `pool` reads many pictures on all cores. Not inside: what
is done to pixels (`vision`), the networks that find digits (`detection`), reports (`report`).
"""
