"""The source of a piece of code, by its name in the mathematics: `digitus.nn.Conv.forward`.

Inside: finding it. Not inside: which names may be asked for (`mathematics.named`), the web page
around it (`handlers`).
"""

from __future__ import annotations

import inspect
from functools import cache
from importlib import import_module
from types import ModuleType


@cache
def written(name: str) -> str | None:
    """A class or a function as it is written; None for what has no source of its own.

    Call it with known names alone, since it imports modules on the way.
    """
    found = _found(name)
    return inspect.getsource(found) if inspect.isclass(found) or inspect.isfunction(found) else None


def _found(name: str) -> object:
    thing: object = None
    path = ""
    for part in name.split("."):
        path = f"{path}.{part}".lstrip(".")
        if hasattr(thing, part):
            thing = getattr(thing, part)
        elif thing is None or isinstance(thing, ModuleType):
            try:
                thing = import_module(path)
            except ModuleNotFoundError:
                return None
        else:
            return None
    return thing
