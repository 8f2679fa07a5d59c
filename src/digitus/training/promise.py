"""What an adaptation promises of old digits, unless somebody asks for another promise.

Two numbers, apart from what keeps them (`adapt`), so that the command can name them before anything
else is loaded.
"""

WORSE = 2e-3  # by so much the accuracy may fall, ...
CONFIDENCE = 0.95  # ... which is promised with this one
