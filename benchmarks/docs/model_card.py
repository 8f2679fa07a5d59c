"""The card of the recognizer that ships, from its results file."""

from __future__ import annotations

from .results import minutes, percent, results


def page() -> str:
    """The card of the recognizer that ships."""
    found = results("recognizer")
    lines = [
        "# The recognizer that ships",
        "",
        "Reads a digit from 28 x 28 bytes, made for other people's pictures. Written from",
        "results/recognizer.json, which `python benchmarks/recognizer.py` wrote.",
        "",
        f"- Made by `digitus train {found['recipe']} --seed {found['seed']}`:",
        f"  {found['parameters']:,} parameters,",
        f"  {found['epochs']} epochs over {found['examples']:,} digits",
        f"  ({found['data']['name']}), {minutes(found['seconds'])}.",
        f"- Answers below a confidence of {found['threshold']:.3f} are refused.",
        "- For digits 0 to 9, one at a time. Not for letters, for print, for decisions about",
        "  people, or where a misread digit does harm and nobody looks at the doubtful ones.",
        "- MIT licence, like the code; no picture of the training sets is in it.",
        "",
        "Digits. None of these sets was trained on; all but the first went through the preparation",
        "that reading uses.",
        "",
        "| set | images | accuracy (95 % interval) | calibration error | refused"
        " | accuracy of the rest |",
        "|---|---|---|---|---|---|",
    ]
    for name, row in found["digits"].items():
        low, high = row["interval95"]
        lines.append(
            f"| {name} | {row['n']:,} | {percent(row['accuracy'])}"
            f" ({100 * low:.2f} to {100 * high:.2f}) | {row['ece']:.4f}"
            f" | {percent(row['refused'])} | {percent(row['accuracy_accepted'])} |"
        )
    lines += [
        "",
        "Not digits. AUROC is the probability that a digit of MNIST's test set is read with more",
        "confidence than such a picture.",
        "",
        "| set | images | refused | AUROC | mean confidence |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {row['n']:,} | {percent(row['refused'])} | {row['auroc']:.4f}"
        f" | {row['mean_confidence']:.3f} |"
        for name, row in found["not_digits"].items()
    ]
    machine = found["machine"]
    return "\n".join([*lines, "", f"Measured on {machine['processor']}.", ""])
