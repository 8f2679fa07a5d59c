"""What docs/serve.md says of how drawings are read, from results/drawings.json."""

from __future__ import annotations

from typing import Any

from .results import percent

ABOUT = {
    "one": "one digit",
    "apart": "two to eight digits in a row",
    "close": "the same, closer to one another than a stroke is wide",
    "touching": "two to four that touch",
    "lines": "two lines",
    "thin": "a pen of a fourth of the usual width",
    "thick": "a pen of twice the usual width",
    "strokes": "digits of several strokes, which miss one another",
    "uneven": "digits of 0.6 to 1.2 times the height",
    "mnist": "digits of MNIST's training part",
    "mnist touching": "the same, touching",
    "all digits": "all of these",
    "blank": "nothing, or a dot",
    "scribble": "zigzags, knots, waves, stars, faces, lines",
}


def section(found: dict[str, Any]) -> str:
    """The figures, as a table by kind."""
    shipped, weak = (found["found"][model] for model in ("shipped", "weak"))
    kinds = [kind for kind in ABOUT if kind in shipped["after"]]
    each = shipped["after"][kinds[0]]["sheets"]
    lines = [
        "",
        f"How drawings are read, {each} of each kind that nothing was chosen on, by the",
        "recognizer that ships and by a weak one, which names digits worse but must find as many",
        "(`python benchmarks/drawings.py`, [results/drawings.json](../results/drawings.json)):",
        "",
        "| drawings | all right | wrong number of digits | by the weak one | median | 9 of 10 |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for kind in kinds:
        row, other = shipped["after"][kind], weak["after"][kind]
        lines.append(
            f"| {ABOUT[kind]} | {percent(row['exact'], 1)} | {percent(row['wrong_count'], 1)} "
            f"| {percent(other['wrong_count'], 1)} | {row['median_ms']:.0f} ms "
            f"| {row['p90_ms']:.0f} ms |"
        )
    if "before" in shipped:
        row, other = shipped["before"]["all digits"], weak["before"]["all digits"]
        now = shipped["after"]["all digits"]
        more = [
            f"{ABOUT[kind]} from {percent(old, 1)} to {percent(new, 1)}"
            for kind in kinds
            if (new := shipped["after"][kind]["wrong_count"])
            > (old := shipped["before"].get(kind, {}).get("wrong_count", new))
        ]
        lines += [
            "",
            "When ink was cut and joined by rules, without the page network, "
            f"{percent(row['exact'], 1)} of all were right,",
            f"the number of digits was wrong in {percent(row['wrong_count'], 1)} (by the weak one "
            f"{percent(other['wrong_count'], 1)}), in {row['median_ms']:.0f} ms and "
            f"{row['p90_ms']:.0f} ms; now {now['median_ms']:.0f} and {now['p90_ms']:.0f}.",
            "Both read each drawing in turn, on two cores that had",
            "much other work, so only compare these times with one another.",
        ]
        if more:
            lines.append(
                f"The number of digits is wrong more often than by rules for {'; '.join(more)}."
            )
    return "\n".join(lines) + "\n"
