"""Which experiments there are: of each paper, in full and `--quick`.

The numbers that decide how long it all takes are here and nowhere else. Inside: lists of
`Experiment`. Not inside: what an experiment does.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

from digitus.papers.experiments import gopa_improved, shao, shao_improved, shao_rotation
from digitus.papers.runner import Experiment
from digitus.recipe import to_table

GOPA, SHAO = "gopa-2024", "shao-2023"
PAPERS = (GOPA, SHAO)
ALPHAS = (0.05, 0.1, 0.2, 0.5, 1.0)
RATES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
LARGER_RANGES = ("upright", "0 to 90")
WIDER_RANGES = ("upright", "±15", "0 to 90")


@dataclass(frozen=True)
class Size:
    """How much of everything an experiment does."""

    count: int | None  # training images; None: all
    seeds: tuple[int, ...]  # of what is repeated most: curves and baseline
    few: tuple[int, ...]  # of everything else
    iterations: int  # of gradient descent on the whole set
    at: tuple[int, ...]  # iterations at which the test set is scored
    larger_epochs: int
    angle_step: int
    means: dict[str, int]  # what is smaller in every way of training 784-10-10
    teacher_epochs: int


FULL = Size(
    count=None,
    seeds=(0, 1, 2, 3, 4),
    few=(0, 1, 2),
    iterations=3000,
    at=(100, 500, 1000, 3000),
    larger_epochs=24,
    angle_step=15,
    means={},
    teacher_epochs=24,
)
QUICK = Size(
    count=6000,
    seeds=(0, 1),
    few=(0,),
    iterations=500,
    at=(100, 500),
    larger_epochs=12,
    angle_step=45,
    means={"epochs": 20, "candidates": 4},
    teacher_epochs=6,
)


def experiments(papers: tuple[str, ...], size: Size) -> list[Experiment]:
    """What is to be done for these papers, the longest first, so that no core waits at the end."""
    found: list[Experiment] = []
    if GOPA in papers:
        found += gopa(size)
    if SHAO in papers:
        found += shao_2023(size)
    return found


def gopa(size: Size) -> list[Experiment]:
    """Gopa 2024."""
    curves = [
        Experiment(
            f"gopa/curves/{alpha}",
            "gopa.curves",
            {
                "alpha": alpha,
                "seeds": size.seeds,
                "iterations": size.iterations,
                "every": 20,
                "at": size.at,
                "count": size.count,
                "development": 1000 if size.count is None else size.count // 6,
            },
        )
        for alpha in ALPHAS
    ]
    return [
        *curves,
        *_gopa_improved(size),
        Experiment("gopa/notations", "gopa.notations", {"seed": 0, "examples": 500}),
        Experiment("gopa/setup", "gopa.setup", {"development": 1000}),
    ]


def _gopa_improved(size: Size) -> list[Experiment]:
    found = []
    large = ""  # the variant that trains the large network; others wait for its file
    for name, means in gopa_improved.VARIANTS.items():
        settings = {
            "means": _smaller(means, size),
            "seeds": size.seeds,
            "count": size.count,
            "teacher_epochs": size.teacher_epochs,
        }
        after = (large,) if means.temperature and large else ()
        found.append(Experiment(f"gopa/variant/{name}", "gopa_improved.variant", settings, after))
        large = large or (found[-1].name if means.temperature else "")
    for number, (_, _, means) in reversed(list(enumerate(gopa_improved.STEPS))):  # longest first
        teaching = {"teacher_epochs": size.teacher_epochs} if means.temperature else {}
        for seed in size.seeds:
            settings = {"means": _smaller(means, size), "seed": seed, "count": size.count}
            name = f"gopa/furthest/{number}/{seed}"
            after = (large,) if means.temperature else ()
            found.append(Experiment(name, "gopa_improved.step", settings | teaching, after))
    return found


def _smaller(means: gopa_improved.Means, size: Size) -> dict[str, object]:
    """The means, no longer than the size allows."""
    smaller = {k: min(v, getattr(means, k)) for k, v in size.means.items()}
    return asdict(replace(means, **smaller))


def shao_2023(size: Size) -> list[Experiment]:
    """Shao 2023."""
    return [
        *_shao_rotation(size),
        *_shao_improved(size),
        *(
            Experiment(
                f"shao/baseline/{seed}",
                "shao.baseline",
                {
                    "seed": seed,
                    "count": size.count,
                    "epochs": 10,
                    "recipe": to_table(shao.recipe(seed, size.count, epochs=10)),
                },
            )
            for seed in size.seeds
        ),
        *_shao_preprocessing(size),
        Experiment("shao/spectrum", "shao.spectrum", {"count": size.count, "rank": 100}),
        Experiment(
            "shao/setup", "shao.setup", {"picture": 7, "points": 600, "pixels": shao.WATCHED}
        ),
    ]


def _shao_rotation(size: Size) -> list[Experiment]:
    rows: list[tuple[str, tuple[str, ...], int | None]] = [
        (shao_rotation.LARGER, LARGER_RANGES, size.larger_epochs),
        (shao_rotation.PAPER, tuple(shao_rotation.RANGES), None),
        (shao_rotation.RELU, tuple(shao_rotation.RANGES), None),
        (shao_rotation.WIDER, WIDER_RANGES, None),
    ]
    found = []
    for network, ranges, epochs in rows:
        for degrees in ranges:
            for seed in size.few:
                settings: dict[str, object] = {
                    "network": network,
                    "range": degrees,
                    "seed": seed,
                    "epochs": epochs,
                    "count": size.count,
                    "angles": shao_rotation.angles(size.angle_step),
                    "recipe": to_table(shao_rotation.recipe(network, epochs, seed, size.count)),
                }
                name = f"shao/rotation/{network}/{degrees}/{seed}"
                found.append(Experiment(name, "shao_rotation.trained_on", settings))
    return found


def _shao_improved(size: Size) -> list[Experiment]:
    found = []
    for number in range(len(shao_improved.STEPS)):
        for seed in size.few:
            table = to_table(shao_improved.step_recipe(number, seed, size.count, None))
            settings = {
                "number": number,
                "seed": seed,
                "count": size.count,
                "epochs": None,
                "recipe": table,
            }
            found.append(Experiment(f"shao/ladder/{number}/{seed}", "shao_improved.step", settings))
    for name in shao_improved.WITHOUT:
        for seed in size.few:
            table = to_table(shao_improved.without_recipe(name, seed, size.count))
            left_out = {"name": name, "seed": seed, "count": size.count, "recipe": table}
            found.append(
                Experiment(f"shao/without/{name}/{seed}", "shao_improved.without", left_out)
            )
    return found


def _shao_preprocessing(size: Size) -> list[Experiment]:
    found = []
    for name in shao.PREPARATIONS:
        base = {"preparation": name, "count": size.count}
        found += [
            Experiment(
                f"shao/learning/{name}/{seed}",
                "shao.learning",
                {**base, "rate": 0.1, "seed": seed, "epochs": 10},
            )
            for seed in size.few
        ]
        found += [
            Experiment(
                f"shao/rates/{name}/{rate}",
                "shao.learning",
                {**base, "rate": rate, "seed": 0, "epochs": 5},
            )
            for rate in RATES
        ]
    return found
