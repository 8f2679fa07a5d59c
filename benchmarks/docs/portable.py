"""What docs/portable.md says of each place: its answers, sizes and times."""

from __future__ import annotations

from typing import Any

from .results import percent, processor


def section(found: dict[str, Any]) -> str:
    """The tables."""
    lines = [
        "Written from [results/portable.json](../results/portable.json), which `python",
        "benchmarks/portable.py` wrote, one thread.",
        "C by gcc -O3; flash is code and constants by gcc -Os on this machine; times of C and Node",
        "are of all images, with the start of the program.",
    ]
    for name, model in found["models"].items():
        lines += ["", *_model(name, model)]
    if "page" in found:
        lines += ["", *_page(found["page"])]
    return "\n".join(lines) + "\n"


def _page(page: dict[str, Any]) -> list[str]:
    photo = page["photo"]
    width, height = photo["pixels"]
    where = f" on {processor(page)}" if "machine" in page else ""  # a file may not tell it
    telephone, digit = photo["telephone"], page["digit"]
    return [
        f"### The page: {page['bytes']:,} bytes",
        "",
        f"Of {page['pages']} made pages, all kinds mixed, the page's code reads {page['exact']} "
        f"with all digits right and in order,",
        f"Python {page['exact_in_python']}. Both read {page['same']} pages alike, and "
        f"{page['same_digits']:,} of {page['digits']:,} digits. Half of the pages take Node "
        f"{page['processor_seconds']:.1f} s of processor time or less, the slowest "
        f"{page['most_processor_seconds']:.1f}.",
        f"A photo of {width:,} x {height:,} pixels with "
        f"{photo['digits']} digits takes Chromium {photo['seconds']:.1f} s, from its file to the "
        f"answer, and {photo['first_seconds']:.1f} s the first time",
        f"({photo['processor_seconds']:.1f} s of processor time; "
        f"`python benchmarks/portable_page.py`{where};",
        f"load of the machine {page['load']}). Slowed to the speed of a mid-range phone",
        f"({telephone['slowed']} times, a loop {telephone['loop_slowed']:.1f}), it takes "
        f"{telephone['seconds']:.1f} s, and {telephone['first_seconds']:.1f} s the first time.",
        f"One image of 28 x 28 takes the page in Chromium {digit['milliseconds']:.1f} ms, the "
        f"slowest of {digit['images']} {digit['most_milliseconds']:.1f} and the",
        f"first, which is compiled, {digit['first_milliseconds']:.0f}; {digit['same']} have the "
        "digit that Python has.",
    ]


def _model(name: str, model: dict[str, Any]) -> list[str]:
    what = "the recognizer that ships" if name == "default" else f"the recipe `{name}`"
    n = model["images"]
    return [
        f"### {what[0].upper()}{what[1:]}: {model['parameters']:,} parameters",
        "",
        f"On {processor(model)}:",
        "",
        f"| place | right of {n:,} | same digit as Python | largest difference of a probability "
        f"| file | flash | RAM | one image | all |",
        "|---|---|---|---|---|---|---|---|---|",
        *(_row(place, row, n) for place, row in model["places"].items()),
    ]


def _row(place: str, row: dict[str, Any], n: int) -> str:
    sizes = " | ".join(f"{row[k]:,}" if k in row else "" for k in ("bytes", "flash", "ram"))
    return (
        f"| {place} | {percent(row['right'] / n)} | {row['same']:,} "
        f"| {row['largest_difference']:.1g} | {sizes} "
        f"| {row['milliseconds']:.2f} ms | {row['seconds']:.1f} s |"
    )
