"""All targets by name. A target's module is loaded only when needed, since that takes seconds."""

from __future__ import annotations

from importlib import import_module

from fuzzing.target import Target

ROOMS = ("sets", "files", "texts", "reading", "documents")


def names() -> list[str]:
    """The names of all targets."""
    from fuzzing import routes

    return [*(name for room in ROOMS for name in _targets(room)), *routes.ADDRESSES]


def target(name: str) -> Target:
    """The target of a name. Raises `KeyError` where there is none."""
    if " " in name:
        from fuzzing import routes

        return routes.target(name)
    for room in ROOMS:
        if name in _targets(room):
            return _targets(room)[name]
    raise KeyError(name)


def _targets(room: str) -> dict[str, Target]:
    found: dict[str, Target] = import_module(f"fuzzing.{room}").TARGETS
    return found
