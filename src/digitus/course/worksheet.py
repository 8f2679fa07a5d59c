"""A worksheet: one step of learning by pencil, forward, backward and downhill, with its answers.

The network is 2-2-2 with relu and squared error. Its numbers are whole and small, the step is
computed by digitus's own layers, and a page with blanks and one with answers are made of the same
lines. Inside: the numbers and the lines. Not inside: the drawing (`worksheet_pdf`), the words
(`messages`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from digitus.nn import Chain, Dense, Relu, SquaredError, stream
from digitus.types import Floats64, Params

NETWORK = Chain([Dense(2), Relu(), Dense(2)])
RATE = 0.1
LARGEST = 9  # magnitude of any number that is computed
NAMES = {"0.W": "w", "0.b": "b", "2.W": "v", "2.b": "c"}  # of parameters on the worksheet
STEPPED = ("v11", "v12", "c1", "w11", "w22", "b1")  # whose step is asked for


@dataclass(frozen=True)
class Line:
    """What is computed: "z1", as a formula, its terms with numbers put in, and what it comes to."""

    name: str
    formula: str
    terms: tuple[str, ...]
    value: float


@dataclass(frozen=True)
class Part:
    """Lines under one heading, by the heading's key in `messages`."""

    key: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Worksheet:
    """The numbers that are given, by name ("x1", "w11", "t2"), and what is to be computed."""

    seed: int
    given: dict[str, float]
    parts: tuple[Part, ...]
    loss_after: float  # when all parameters have taken their step

    @property
    def values(self) -> dict[str, float]:
        """All numbers by their names."""
        return self.given | {line.name: line.value for part in self.parts for line in part.lines}


def worksheet(seed: int = 0) -> Worksheet:
    """The worksheet of a seed: the first draw whose numbers are fit for a pencil."""
    rng = stream(seed, "worksheet")
    while True:
        p = {
            "0.W": rng.integers(-3, 4, (2, 2)).astype(float),
            "0.b": rng.integers(-2, 3, 2).astype(float),
            "2.W": rng.integers(-2, 3, (2, 2)).astype(float),
            "2.b": rng.integers(-1, 2, 2).astype(float),
        }
        x, t = rng.integers(1, 4, (1, 2)).astype(float), np.eye(2)[rng.integers(2)][None]
        given = _named({"x": x[0], "t": t[0]} | {NAMES[name]: w for name, w in p.items()})
        values = _values(p, x, t)
        if _fit(given, values):
            return Worksheet(seed, given, _parts(given | values), values["L'"])


def _values(p: Params, x: Floats64, t: Floats64) -> dict[str, float]:
    """All that is computed, by digitus's layers; w11' is w11 after the step."""
    z, back_1 = Dense(2).forward(_own(p, "0"), x)
    h, back_2 = Relu().forward({}, z)
    y, back_3 = Dense(2).forward(_own(p, "2"), h)
    loss, dy = SquaredError()(y, t)
    dh, second = back_3(dy)
    dz, _ = back_2(dh)
    _, first = back_1(dz)
    d = {f"0.{name}": a for name, a in first.items()} | {f"2.{k}": a for k, a in second.items()}
    after = {name: a - RATE * d[name] for name, a in p.items()}
    found = _named({"z": z[0], "h": h[0], "y": y[0], "dy": dy[0], "dh": dh[0], "dz": dz[0]})
    found |= _named({f"d{NAMES[name]}": a for name, a in d.items()})
    found |= {f"{name}'": v for name, v in _named({NAMES[n]: a for n, a in after.items()}).items()}
    loss_after = SquaredError()(NETWORK.forward(after, x)[0], t)[0]
    return found | {"L": float(loss), "L'": float(loss_after)}


def _fit(given: dict[str, float], found: dict[str, float]) -> bool:
    """Whether the numbers teach something, and are small.

    One unit is closed and one open, both outputs are wrong, something comes back to both units, no
    weight of the second layer is missing, and the step makes the loss smaller.
    """
    open_units = [found["z1"] > 0, found["z2"] > 0]
    there = [found[name] for name in ("z1", "z2", "dy1", "dy2", "dh1", "dh2")]
    there += [value for name, value in given.items() if name[0] == "v"]
    small = max(map(abs, found.values())) <= LARGEST
    differ = given["x1"] != given["x2"]
    return sum(open_units) == 1 and all(there) and small and differ and found["L'"] < found["L"]


def _own(p: Params, stage: str) -> Params:
    return {name: p[f"{stage}.{name}"] for name in ("W", "b")}


def _named(arrays: Params) -> dict[str, float]:
    """Each number by its name: x1 of unit 1, w12 from unit 1 to unit 2."""
    return {
        name + "".join(str(i + 1) for i in place): float(value)
        for name, a in arrays.items()
        for place, value in np.ndenumerate(a)
    }


def _parts(v: dict[str, float]) -> tuple[Part, ...]:
    """The lines in the order in which they are computed."""

    def line(name: str, formula: str, *terms: str) -> Line:
        return Line(name, formula, terms, v[name])

    def product(*names: str) -> str:
        return "·".join(bracketed(v[name]) for name in names)

    def weighted(name: str, of: str, by: str, bias: str, o: int) -> Line:
        weights = [(f"{of}{i}", f"{by}{i}{o}") for i in (1, 2)]
        formula = " + ".join(f"{a}·{w}" for a, w in weights) + f" + {bias}{o}"
        return line(
            f"{name}{o}", formula, *(product(*w) for w in weights), bracketed(v[f"{bias}{o}"])
        )

    def back(o: int) -> Line:
        pairs = [(f"v{o}{i}", f"dy{i}") for i in (1, 2)]
        formula = " + ".join(f"{w}·{d}" for w, d in pairs)
        return line(f"dh{o}", formula, *(product(*pair) for pair in pairs))

    both = (1, 2)
    halves = [f"½ ({bracketed(v[f'y{o}'])} - {bracketed(v[f't{o}'])})²" for o in both]
    slopes = [
        line(f"d{w}{i}{o}", f"{a}{i}·{d}{o}", product(f"{a}{i}", f"{d}{o}"))
        for w, a, d in (("v", "h", "dy"), ("w", "x", "dz"))
        for i in both
        for o in both
    ]
    return (
        Part("sums", tuple(weighted("z", "x", "w", "b", o) for o in both)),
        Part("relu", tuple(line(f"h{o}", f"max(z{o}, 0)") for o in both)),
        Part("outputs", tuple(weighted("y", "h", "v", "c", o) for o in both)),
        Part("loss", (line("L", "½ (y1 - t1)² + ½ (y2 - t2)²", *halves),)),
        Part("error", tuple(line(f"dy{o}", f"y{o} - t{o}") for o in both)),
        Part("second", (*slopes[:4], *(line(f"dc{o}", f"dy{o}") for o in both))),
        Part("handed", tuple(back(o) for o in both)),
        Part("gate", tuple(line(f"dz{o}", f"dh{o} · [z{o} > 0]") for o in both)),
        Part("first", (*slopes[4:], *(line(f"db{o}", f"dz{o}") for o in both))),
        Part("step", tuple(line(f"{w}'", f"{w} - {RATE:g}·d{w}") for w in STEPPED)),
    )


def bracketed(value: float) -> str:
    """A number as it stands in a sum, in brackets below zero: (-2)."""
    return f"{value:g}" if value >= 0 else f"({value:g})"
