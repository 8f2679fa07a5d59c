"""Reading: from a picture to the numbers in it.

`read` takes a picture and chooses how to look at it, `page` looks, `groups` finds the spaces of a
line, `result` is what it answers, `pool` reads many pictures on all cores. Not inside: what is done
to pixels (`vision`), reports (`report`).
"""
