"""Everything that can go wrong for a user, as one tree.

::

    DigitusError                 catch this one to catch them all
    ├── DataError                a data file is damaged, mislabelled or not what it claims to be
    │   └── DownloadError        a data set could not be fetched from any of its mirrors
    ├── RecipeError              an experiment file asks for something that does not exist
    ├── ShapeError               a network does not fit its input: which layer, which shapes
    ├── ModelError               a model file is damaged, hostile, or from a newer version
    ├── TrainingError            training cannot go on: a loss that is not finite, an interrupted
    │                            run that belongs to another recipe
    ├── FormError                a form's file asks for something that does not exist
    ├── ExportError              a network cannot be exported, or answers otherwise once it is
    ├── CourseError              there is no such lesson, or a learner's file does not run
    └── OutputError              a result cannot be written: no permission, no space

Every message is one line for a person: what happened, with the offending value, and what to do.
The commands print it and exit with 1. Programming mistakes stay ordinary Python exceptions.
"""


class DigitusError(Exception):
    """A failure that is the world's fault rather than the program's; its text is for a person.

    `code` names what happened, and `values` are the names and numbers in the text, where the web
    page says it in its reader's language (`serve.responses`). A code is given where something goes
    wrong, never to a whole class: its sentence has to be true of what happened.
    """

    def __init__(self, text: str = "", code: str = "", /, **values: str | float) -> None:
        super().__init__(text)
        self.code, self.values = code, values


class DataError(DigitusError):
    """A data file is damaged, mislabelled or not what it claims to be."""


class DownloadError(DataError):
    """A data set could not be fetched from any of its mirrors."""


class RecipeError(DigitusError):
    """An experiment file asks for something that does not exist."""


class FormError(DigitusError):
    """A form's file asks for something that does not exist."""


class ShapeError(DigitusError):
    """A network does not fit its input."""


class ModelError(DigitusError):
    """A model file is damaged, hostile, or from a newer version."""


class TrainingError(DigitusError):
    """Training cannot go on."""


class ExportError(DigitusError):
    """A network cannot be exported, or answers otherwise once it is."""


class CourseError(DigitusError):
    """There is no such lesson or exercise, or a learner's file cannot be read or run."""


class OutputError(DigitusError):
    """A result cannot be written."""
