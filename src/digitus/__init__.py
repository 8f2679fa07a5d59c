"""digitus reads handwritten digits with a neural network whose every equation is in plain sight.

What a program needs is here::

    import digitus
    print(digitus.read("photo.jpg"))     # a path, a file, bytes, a Pillow image, an array

    recognizer = digitus.train("quick", data="my-digits/")
    print(recognizer.report)             # how good it is, digit by digit
    recognizer.save("mine.safetensors")

    recognizer = digitus.load("mine.safetensors")     # or, without a name, the one that ships
    recognizer.probabilities(images)     # bytes [n 28 28] to [n 10]
    digitus.evaluate(recognizer, "mnist").record()

`digitus.sklearn` offers a recognizer as a classifier of scikit-learn, `digitus.export` writes one
for other languages. What goes wrong for a user is a `DigitusError`; what happens is logged under
"digitus".
Nothing is imported until it is asked for, so that the commands start quickly.
"""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from digitus.datasets.digits import Digits
    from digitus.errors import DigitusError
    from digitus.evaluation import evaluate
    from digitus.reading.read import read
    from digitus.recipe import Recipe, load_recipe
    from digitus.recognizer import Recognizer, load
    from digitus.training.simple import train

_HOMES = {
    "Digits": "digitus.datasets.digits",
    "DigitusError": "digitus.errors",
    "Recipe": "digitus.recipe",
    "Recognizer": "digitus.recognizer",
    "evaluate": "digitus.evaluation",
    "load": "digitus.recognizer",
    "load_recipe": "digitus.recipe",
    "read": "digitus.reading.read",
    "train": "digitus.training.simple",
}

__all__ = [
    "Digits",
    "DigitusError",
    "Recipe",
    "Recognizer",
    "__version__",
    "evaluate",
    "load",
    "load_recipe",
    "read",
    "train",
]


def __dir__() -> list[str]:
    return sorted(__all__)


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'digitus' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
