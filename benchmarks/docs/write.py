"""Brings README, docs and the recognizer's card up to date with the files in results/.

    python -m benchmarks.docs.write [--check]

With `--check`, writes nothing and fails where a page is not what it would write. Inside: README's
figures, docs/results.md, and which pages there are. Not inside: what the other pages say.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from statistics import mean
from typing import Any

from . import (
    bulk,
    drawings,
    few_units,
    forms,
    load,
    model_card,
    portable,
    precision,
    reading,
    records,
    unlearnt,
)
from .results import ROOT, interval, percent, processors, results, source

RECIPES = ("quick", "gopa-2024", "shao-2023", "quick on strokes")
START, END = "<!-- results -->\n", "<!-- /results -->"


def pages() -> dict[Path, str]:
    """Every page with numbers, as it should be."""
    docs = ROOT / "docs"
    sections = {
        ROOT / "README.md": readme_section(),
        docs / "reading.md": reading.section(
            results("reading"), results("hardening")["fuzz"]["targets"], results("legibility")
        ),
        docs / "serve.md": load.section(results("load")) + drawings.section(results("drawings")),
        docs / "portable.md": portable.section(results("portable")),
        docs / "forms.md": forms.section(
            results("forms"),
            results("forms_trust"),
            results("adapting"),
            results("forms_strangers"),
            results("forms_speed"),
            results("forms_kills") if (ROOT / "results" / "forms_kills.json").exists() else None,
        ),
        docs / "train.md": unlearnt.section(results("unlearnt")),
        docs / "strokes.md": few_units.section(results("few_units")),
    }
    if (ROOT / "results" / "bulk.json").exists():  # its run takes hours
        sections[docs / "bulk.md"] = bulk.section(results("bulk"))
    if (ROOT / "results" / "precision.json").exists():  # as does this
        sections[docs / "speed.md"] = precision.section(
            results("precision"), results("recipes"), results("records")
        )
    return {
        **{page: with_section(page, section) for page, section in sections.items()},
        docs / "results.md": results_page(),
        docs / "records.md": records.page(),
        ROOT / "src" / "digitus" / "weights" / "default.md": model_card.page(),
    }


def with_section(page: Path, section: str) -> str:
    """A page with that section between its two marks."""
    before, _, rest = page.read_text("utf-8").partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}{section}{END}{after}"


def readme_section() -> str:
    """The figures of README."""
    kills, augment, start = results("kills"), results("augment"), results("start")
    checks = results("gradients")
    slowest = max(c["median_ms"] for name, c in start["commands"].items() if "--help" in name)
    lines = [
        *recognizer_lines(),
        "",
        *recipe_table(),
        "",
        *records.summary(),
        *unlearnt.summary(results("unlearnt")),
        f"- Gradients: {checks['passed']} of {checks['checked']} agree with finite differences,",
        f"  and {checks['caught']} of {checks['mutations']} deliberately wrong ones are caught",
        f"  ({source('gradients')}).",
        f"- {kills['kills']} kills at random moments of training and saving:",
        f"  {kills['lost_checkpoints']} checkpoints lost, {kills['differing_runs']} resumed runs",
        f"  that differ from an unbroken one ({source('kills')}).",
        "- Distorting a batch of 256 images (affine, elastic, stroke width) on one core:",
        f"  {augment['results']['all']['median_ms']:.1f} ms ({source('augment')}).",
        f"- `--help` of any verb: at most {slowest:.0f} ms ({source('start')}).",
    ]
    return "\n".join(lines) + "\n"


def recognizer_lines() -> list[str]:
    """The recognizer that ships, in figures."""
    found, reading = results("recognizer"), results("reading")
    photos, others = reading["photos"], reading["others"]
    digits, nothing = found["digits"], found["not_digits"]
    corrupted = [row["accuracy"] for name, row in digits.items() if name.startswith("MNIST, ")]
    return [
        "The recognizer that ships ([its card](src/digitus/weights/default.md)), on sets that it",
        "never learnt from:",
        "",
        "| read | right |",
        "|---|---|",
        f"| MNIST's test set | {percent(digits['MNIST test']['accuracy'])} |",
        f"| USPS's test set | {percent(digits['USPS test']['accuracy'])} |",
        f"| 310 scans of digits by about 30 people | {percent(digits['scans']['accuracy'])} |",
        f"| MNIST blurred, noisy, pale, inverted, turned ... ({len(corrupted)} ways) "
        f"| {percent(mean(corrupted))} |",
        f"| {photos['single']['pages']} photos and drawings of one digit "
        f"| {percent(photos['single']['exact'], 1)} |",
        f"| {photos['multi']['pages']} of several digits, all right and in order "
        f"| {percent(photos['multi']['exact'], 1)} |",
        f"| {others['numbers']['pages']} photos and scans of numbers, ledgers, marks, likewise "
        f"| {percent(others['numbers']['exact'], 1)} |",
        f"| {others['cheques']['pages']} amounts of real cheques, likewise "
        f"| {percent(others['cheques']['exact'], 1)} |",
        "",
        f"It refuses {percent(nothing['Fashion-MNIST (900)']['refused'], 1)} of 900 pictures of",
        f"clothes, {percent(nothing['notMNIST']['refused'], 1)} of 10,000 letters in print,",
        f"{percent(nothing['uniform noise']['refused'], 1)} of noise, and",
        f"{percent(digits['MNIST test']['refused'], 1)} of MNIST's digits. By kind of difficulty:",
        "[docs/reading.md](docs/reading.md).",
    ]


def results_page() -> str:
    """docs/results.md: every recipe digit by digit."""
    lines = [
        "# Results of the shipped recipes",
        "",
        "Written from [results/recipes.json](../results/recipes.json), which",
        "`python benchmarks/recipes.py` wrote.",
        "",
        *recipe_table(up="../"),
        "",
    ]
    for name, runs in recipe_runs().items():
        test = runs[0]["test"]
        wrong = sum(row["wrong"] for row in test["by_digit"])
        low, high = (100 * x for x in test["interval95"])
        lines += [
            f"## {name}, seed {runs[0]['seed']}",
            "",
            f"{test['n'] - wrong:,} of {test['n']:,} right, {100 * test['accuracy']:.2f} % "
            f"(95 % interval {low:.2f} to {high:.2f} %); calibration error {test['ece']:.4f}.",
            "",
            "| digit | count | wrong | % wrong | % correct |",
            "|---|---|---|---|---|",
        ]
        lines += [
            f"| {row['digit']} | {row['count']:,} | {row['wrong']} "
            f"| {100 - 100 * row['accuracy']:.2f} | {100 * row['accuracy']:.2f} |"
            for row in test["by_digit"]
        ]
        pairs = [
            f"{c['digit']} read as {c['read_as']}: {c['times']} times"
            for c in test["frequent_confusions"][:5]
        ]
        lines += ["", f"Most frequent: {', '.join(pairs)}.", ""]
    return "\n".join(lines)


def recipe_runs() -> dict[str, list[dict[str, Any]]]:
    """The runs of each recipe, seed by seed."""
    found = results("recipes")
    return {name: list(found[name].values()) for name in RECIPES if name in found}


def recipe_table(up: str = "") -> list[str]:
    """A row for each recipe; `up` leads from the page to the root."""
    every = recipe_runs()
    lines = [
        "| recipe | parameters | seeds | MNIST test accuracy | lowest, highest | time | memory |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, runs in every.items():
        accuracies = [r["test"]["accuracy"] for r in runs]
        file = f"{up}src/digitus/recipes/{name.partition(' on ')[0]}.toml"
        lines.append(
            f"| [{name}]({file}) | {runs[0]['training']['parameters']:,} | {len(runs)}"
            f" | {interval(accuracies)}"
            f" | {100 * min(accuracies):.2f}, {100 * max(accuracies):.2f} %"
            f" | {mean(r['seconds'] for r in runs):.0f} s"
            f" | {max(r['peak_megabytes'] for r in runs)} MB |"
        )
    some = next(iter(every.values()))[0]
    return [
        *lines,
        "",
        "Accuracy is the mean over seeds with its 95 % interval. Every run learns from the",
        "training part less a development split and looks at the 10,000 test images once; time",
        "(mean) and memory (peak) are those of `digitus train` with all its processes, on",
        f"{some['threads']} cores of {processors(run for runs in every.values() for run in runs)}.",
    ]


def write() -> None:
    """Brings every page up to date."""
    for path, text in pages().items():
        path.write_text(text, "utf-8")


def main() -> None:
    """Writes or checks."""
    parser = argparse.ArgumentParser(description="Write the pages with numbers.")
    parser.add_argument("--check", action="store_true")
    if not parser.parse_args().check:
        write()
        return
    stale = [str(p) for p, text in pages().items() if p.read_text("utf-8") != text]
    if stale:
        sys.exit(f"not what python -m benchmarks.docs.write writes: {', '.join(stale)}")


if __name__ == "__main__":
    main()
