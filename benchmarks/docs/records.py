"""docs/records.md and README's line about it, from the results files."""

from __future__ import annotations

from collections import Counter
from statistics import mean
from typing import Any

from . import committees
from .results import interval, minutes, percent, processors, results

PERCEPTRON = "99.65 % (Cireşan et al. 2010, 12 million weights)"
PERCEPTRONS = "99.69 %"
CONVOLUTIONS = "99.91 % (the best of many)"
BEST_KNOWN = {  # in the order of the table
    "mlp": PERCEPTRON,
    "mlp committee": PERCEPTRONS,
    "mlp-deslant": PERCEPTRON,
    "mlp-deslant committee": PERCEPTRONS,
    "mlp-taught": PERCEPTRON,
    "mlp-taught committee": PERCEPTRONS,
    "mlp-deslant-taught": PERCEPTRON,
    "mlp-deslant-taught committee": PERCEPTRONS,
    "tiny": "99.5 %",
    "cnn": "99.83 %",
    "cnn committee": CONVOLUTIONS,
    "cnn-mnist": "99.83 %",
    "cnn-mnist committee": CONVOLUTIONS,
    "cnn-distorted": "99.83 %",
    "cnn-distorted committee": CONVOLUTIONS,
    "cnn-deslant": "99.83 %",
    "cnn-deslant committee": CONVOLUTIONS,
    "cnn-large": "99.83 %",
    "cnn-large committee": CONVOLUTIONS,
    "perceptrons of two kinds": PERCEPTRONS,
    "small convolutional networks": CONVOLUTIONS,
    "convolutional networks": CONVOLUTIONS,
    "convolutional networks of three kinds": CONVOLUTIONS,
    "convolutional networks, three of upright digits": CONVOLUTIONS,
}
SUMMED = ("parameters", "multiply_adds", "seconds", "bytes")


def page() -> str:
    """docs/records.md."""
    records = results("records")
    every = [run for runs in records["runs"].values() for run in runs.values()]
    lines = [
        "# How far networks written from their equations go",
        "",
        "Written from [results/records.json](../results/records.json), which",
        "`python benchmarks/records.py` wrote. Choices, except those named below, were made on",
        "a development split of the training set; the",
        f"{every[0]['n']:,} test images were looked at once for each network.",
        "Means are over seeds, with 95 % intervals; no best seed is singled out.",
        "",
        "The development images were written by the same hands as those learnt from, the test",
        "images by others (LeCun et al. 1998), and what helps with the ones need not help with the",
        "others: `mlp-deslant` is better than `mlp` on the development split, not on the test set.",
        "After that was seen, and by neither set, the distortions of `cnn-distorted` were chosen,",
        "and the committee of three kinds before any of its scores was known. `cnn-deslant` and",
        "the committee with it were chosen after single runs on training images that others wrote",
        "than those learnt from (among the trials below); neither more seeds of them",
        "([other hands](#what-other-hands-show)) nor the test set bore that out.",
        "",
        *_table(records),
        "",
        "*Corrected*: ten of the test labels were overruled by a majority of five judges each",
        "(Northcutt, Athalye & Mueller 2021), and the column counts against what they saw. About",
        "fifteen of the 10,000 labels are doubtful, so differences above 99.85 % mean little.",
        "Multiply-adds are those of one image; time is that of training, as one of several",
        "processes, each with one thread, on",
        f"{processors(every)}, by different versions of",
        "digitus and beside other work: `mlp` takes no longer than `mlp-deslant` now.",
        *_teachers(records),
        "",
        "## Every run",
        "",
        "What each epoch gave is in [results/records.json](../results/records.json).",
        "",
        "| recipe | seed | development | test | corrected | calibration error | epochs | time |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for recipe, runs in _runs(records).items():
        lines += [
            f"| {recipe} | {r['seed']} | {percent(r['development_accuracy'])}"
            f" | {percent(r['accuracy'])} | {percent(r['accuracy_corrected'])}"
            f" | {r['ece']:.4f} | {r['epochs']} | {minutes(r['seconds'])} |"
            for r in runs.values()
        ]
    return "\n".join(
        [*lines, "", *committees.section(records), *_hard(records), *_ingredients(), *_trials()]
    )


def summary() -> list[str]:
    """README's line about the records."""
    records = results("records")
    reached = [
        f"{recipe} {_spread(list(runs.values()), 'accuracy')} "
        f"({next(iter(runs.values()))['parameters']:,} parameters)"
        for recipe, runs in _runs(records).items()
    ]
    return [
        "- Recipes that go for accuracy, on MNIST's test set, means over seeds:",
        f"  {', '.join(reached)} ([docs/records.md](docs/records.md)).",
    ]


def _runs(records: dict[str, Any]) -> dict[str, dict[str, dict[str, Any]]]:
    """Each recipe's runs by seed, in the order of the table."""
    return {name: records["runs"][name] for name in BEST_KNOWN if name in records["runs"]}


def _table(records: dict[str, Any]) -> list[str]:
    lines = [
        "| recipe | networks | parameters | multiply-adds | test | corrected | time | file"
        " | best known |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for recipe, found in _runs(records).items():
        runs = list(found.values())
        r = runs[0]
        lines.append(
            f"| [{recipe}](../src/digitus/recipes/{recipe}.toml) | {len(runs)} seeds"
            f" | {r['parameters']:,} | {r['multiply_adds']:,} | {_spread(runs, 'accuracy')}"
            f" | {_spread(runs, 'accuracy_corrected')}"
            f" | {minutes(mean(run['seconds'] for run in runs))}"
            f" | {_size(r['bytes'])} | {BEST_KNOWN[recipe]} |"
        )
        for committee in _kinds(records.get("committees", {}).get(recipe, [])):
            many = len(committee[0]["seeds"])
            lines.append(
                f"| {recipe} committee of {many} | {len(committee)} "
                f"committee{'s' * (len(committee) > 1)}"
                f" | {many * r['parameters']:,} | {many * r['multiply_adds']:,}"
                f" | {_spread(committee, 'accuracy')} | {_spread(committee, 'accuracy_corrected')}"
                f" | {minutes(many * mean(run['seconds'] for run in runs))}"
                f" | {_size(many * r['bytes'])} | {BEST_KNOWN[f'{recipe} committee']} |"
            )
    for kind in [kind for kind in BEST_KNOWN if kind in records["mixed"]]:
        mixed = records["mixed"][kind]
        members = [run for name in mixed["recipes"] for run in records["runs"][name].values()]
        total = {key: sum(m[key] for m in members) for key in SUMMED}
        lines.append(
            f"| {mixed['networks']} {kind}: {', '.join(mixed['recipes'])} | 1 committee"
            f" | {total['parameters']:,} | {total['multiply_adds']:,}"
            f" | {percent(mixed['accuracy'])} | {percent(mixed['accuracy_corrected'])}"
            f" | {minutes(total['seconds'])} | {_size(total['bytes'])}"
            f" | {BEST_KNOWN[kind]} |"
        )
    return lines


def _teachers(records: dict[str, Any]) -> list[str]:
    """Who taught whom."""
    lines = []
    for name, runs in _runs(records).items():
        found = [run["teachers"] for run in runs.values() if "teachers" in run]
        if not found:
            continue
        kinds = Counter(one[0].rpartition("-")[0] for one in found)
        kind = next(iter(kinds))
        who = f"the {len(found[0])} networks of `{kind}` together answer to each picture."
        if len(found[0]) == 1:
            each = ", ".join(f"{many} from `{kind}`" for kind, many in kinds.items())
            who = f"a single network answers to each picture: {each}."
        lines += ["", f"`{name}` learnt, instead of labels,", f"what {who}"]
    return [
        *lines,
        "",
        "The time of a taught network is its own; its teachers' came before. It is a perceptron",
        "all the same, but did not find out by itself what it knows.",
    ]


def _kinds(committees: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Committees of the same size, together."""
    sizes = sorted({len(c["seeds"]) for c in committees})
    return [[c for c in committees if len(c["seeds"]) == size] for size in sizes]


def _spread(rows: list[dict[str, Any]], key: str) -> str:
    values = [row[key] for row in rows]
    return interval(values) if len(values) > 1 else percent(values[0])


def _size(count: int) -> str:
    return f"{count / 1e6:.2f} MB"


def misread(records: dict[str, Any]) -> tuple[dict[int, Counter[int]], int]:
    """What at least half of all networks read into test images, by index, and how many they are."""
    runs = [r for found in records["runs"].values() for r in found.values()]
    answers: dict[int, Counter[int]] = {}
    for r in runs:
        for index, answer in r["wrong"].items():
            answers.setdefault(int(index), Counter())[answer] += 1
    hardest = sorted(answers, key=lambda i: (-answers[i].total(), i))
    return {i: answers[i] for i in hardest if 2 * answers[i].total() >= len(runs)}, len(runs)


def _hard(records: dict[str, Any]) -> list[str]:
    """The test images that most networks misread."""
    found, networks = misread(records)
    every = sum(answers.total() == networks for answers in found.values())
    return [
        "## What most networks get wrong",
        "",
        f"{every} test images are misread by each of the {networks} networks, {len(found)} by at",
        "least half of them. Below each are its label, the most frequent answer, its index and how",
        "many misread it.",
        "",
        "![Digits of MNIST's test set that most networks misread](pictures/records-misread.png)",
        "",
        "The digits are MNIST's (LeCun, Cortes & Burges; CC BY-SA 3.0).",
        "",
    ]


def _ingredients() -> list[str]:
    """What each ingredient gave, on development data."""
    lines = [
        "## What each ingredient gave",
        "",
        "Recipes with fewer epochs and one ingredient left out, scored on development images. From",
        "[results/ingredients.json](../results/ingredients.json), which",
        "`python benchmarks/ingredients.py` wrote. A difference of 0.1 of a percentage point is",
        "five images, and means little. The loss is the one that was trained with, so with",
        "smoothed targets it is another one.",
        "",
    ]
    for recipe, found in results("ingredients").items():
        runs = found["runs"]
        seeds = len({r["seed"] for r in runs})
        lines += [
            f"`{recipe}` with {found['epochs']} epochs, {found['n']:,} images,"
            f" {seeds} seed{'s' * (seeds > 1)} each:",
            "",
            "| left out | accuracy | loss |",
            "|---|---|---|",
        ]
        for name in dict.fromkeys(r["without"] for r in runs):
            rows = [r for r in runs if r["without"] == name]
            loss = mean(r["loss"] for r in rows)
            lines.append(f"| {name} | {_spread(rows, 'accuracy')} | {loss:.4f} |")
        lines.append("")
    return lines


def _trials() -> list[str]:
    """What was tried on the way."""
    lines = [
        "## What was tried on the way",
        "",
        "One run each, on the 5,000 development images where nothing else is said, where 0.08 of a",
        "percentage point is four images: hints, not proofs. From",
        "[results/trials.json](../results/trials.json).",
        "",
        "| tried | epochs | accuracy | loss |",
        "|---|---|---|---|",
    ]
    for found in results("trials").values():
        accuracies, losses = found["development_accuracy"], found["development_loss"]
        epochs = found["recipe"]["epochs"]
        stopped = f" of {epochs}, stopped" if len(accuracies) < epochs else ""
        lines.append(
            f"| {found['note']} | {len(accuracies)}{stopped} | {percent(accuracies[-1])}"
            f" | {losses[-1]:.4f} |"
        )
    return [*lines, ""]
