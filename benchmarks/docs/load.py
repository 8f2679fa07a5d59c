"""What docs/serve.md says in numbers, from results/load.json."""

from __future__ import annotations

from typing import Any

from .results import elsewhere, processor


def section(found: dict[str, Any]) -> str:
    """The figures of docs/serve.md."""
    parts = found["parts"]
    burst, slow, drawing, long = (parts[name] for name in ("burst", "slow", "drawing", "long"))
    pen = parts["pen"]
    memory, people = long["megabytes"], long["people"]
    cores = burst["cores"]
    shared = ", which its clients share" * (sum(cores.values()) > burst["machine"]["cores"])
    shared += " (before other work: chrt -r 1)" * (burst["priority"].startswith("real-time"))
    lines = [
        f"With the server on {cores['server']} cores of {processor(burst)}{shared},",
        f"and the recognizer that ships ({burst['parameters']:,} parameters), every answer",
        "compared with the recognizer's own (`python benchmarks/load.py`,",
        "[results/load.json](../results/load.json)):",
        "",
        "| load | answers a second | median | 99th percentile | wrong |",
        "|---|---:|---:|---:|---:|",
        _row(f"{burst['connections']} connections, one image at a time", burst),
        _row(f"the same beside {slow['slow']} slow clients{elsewhere(slow, burst)}", slow),
        f"| one drawing after the other, on the server{elsewhere(drawing, burst)} "
        f"| | {drawing['p50_ms']:.0f} ms | {drawing['p99_ms']:.0f} ms | |",
        "",
        f"In Chromium, which shares {pen['cores']} cores with the server and paints with them"
        f"{elsewhere(pen, burst)},",
        f"the answer is on the page {pen['p50_ms']:.0f} ms after a stroke has ended (median of",
        f"{pen['strokes']}; nine of ten within {pen['p90_ms']:.0f} ms, "
        f"99 of 100 within {pen['p99_ms']:.0f}; `python benchmarks/pen.py`).",
        "",
        f"{long['load']['seconds'] / 60:.0f} minutes of {long['load']['requests']:,} recognitions"
        f" beside {people['draw']:,} drawings, {people['inside']:,} looks",
        f"inside and {people['run']} training runs: "
        f"{long['load']['wrong'] + people['wrong']} wrong, {people['refused']} refused; memory "
        f"{memory['settled']:.0f} MB in the first minutes,",
        "with as many runs as it keeps, "
        f"{memory['at_the_end']:.0f} MB in the last, {memory['most']:.0f} MB at most"
        f"{elsewhere(long, burst)}.",
    ]
    if "visit" in parts:
        lines += ["", *_visit(parts["visit"], burst)]
    return "\n".join([*lines, "", *_class(parts["class"], burst)]) + "\n"


def _visit(found: dict[str, Any], first: dict[str, Any]) -> list[str]:
    views = found["views"]
    most = {key: max(view[key] for view in views.values()) for key in next(iter(views.values()))}
    return [
        f"A first visit, with nothing kept in the browser{elsewhere(found, first)}:",
        f"the page paints after {most['first_ms']:.0f} ms in the slowest of its",
        f"{len(views)} views (medians of {found['visits']}; the slowest visit of all "
        f"{most['first_ms_most']:.0f} ms), Inside shows the whole network",
        f"after {views['inside']['there_ms']:.0f} ms, scripts are {most['scripts'] / 1000:.0f} kB "
        f"at most, and the largest layout shift is {most['moved_most']:.3f}",
        f"(load of the machine {found['load_before'][0]:.0f}; `python benchmarks/visit.py`).",
    ]


def _class(found: dict[str, Any], first: dict[str, Any]) -> list[str]:
    alone, beside = found["alone"], found["beside_training"]
    return [
        f"A class: {found['pupils']} clients send a drawing a second to a server on "
        f"{found['cores']['server']} cores{elsewhere(found, first)},",
        f"while {found['training']} networks train and {found['waiting']} wait for their turn:",
        f"answers after {beside['p50_ms']:.0f} ms (median; 99 of 100 within "
        f"{beside['p99_ms']:.0f}, all {beside['drawings']:,} within "
        f"{beside['most_ms']:.0f}), {beside['wrong']} wrong, {beside['refused']} refused; "
        f"without training {alone['p50_ms']:.0f} ms, all within {alone['most_ms']:.0f}. "
        "Every run went on",
        "meanwhile (`python benchmarks/classroom.py`).",
    ]


def _row(what: str, part: dict[str, Any]) -> str:
    return (
        f"| {what} | {part['per_second']:,.0f} | {part['p50_ms']:.0f} ms "
        f"| {part['p99_ms']:.0f} ms | {part['wrong']} |"
    )
