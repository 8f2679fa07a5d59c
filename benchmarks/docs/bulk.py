"""What docs/bulk.md says in numbers, from results/bulk.json.

Inside: the section. A row that has not been measured is left out. Not inside: what is measured
(`bulk`).
"""

from __future__ import annotations

from typing import Any

CORES = 1000
STORE_BYTES = 1.25e9  # a second: a line of ten gigabits to a store
BY = (("processes", "processes"), ("ray", "Ray"))
Rows = dict[str, dict[str, Any]]
OTHERS = {
    "processes_2": "`digitus bulk`",
    "torch": "`multiprocessing` and PyTorch",
    "ray-onnx": "Ray Data and ONNX Runtime",
}


def section(found: dict[str, Any]) -> str:
    """The figures of docs/bulk.md."""
    rows, machine = found["rows"], found["machine"]
    lines = [
        f"On {machine['cores']} cores of {machine['processor']} (`python benchmarks/bulk.py`,",
        "[results/bulk.json](../results/bulk.json)). A core-second is one of processor time, of",
        "all processes of a job from their start. Load is how many other processes wanted a core",
        "when the job began; where it is not near 0, the rate by the clock is lower than it would",
        "be.",
        "",
        "| pictures | by | cores | a second | a core-second | load | MB at most | MB a minute |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for kind in ("digits", "pages", "few_digits", "few_pages"):
        lines += [
            _row(rows[kind][key], kind.removeprefix("few_"), by)
            for way, by in BY
            for cores in (1, 2)
            if (key := f"{way}_{cores}") in rows.get(kind, {})
        ]
    lines += ["", *_shares(rows), *_kills(rows)]
    if "beside" in rows:
        lines += ["", *_beside(rows["beside"])]
    if killed := rows.get("cluster", {}).get("killed"):
        lines += ["", *_killed(killed)]
    if "stages" in rows:
        lines += ["", *_stages(rows["stages"])]
    return "\n".join([*lines, "", *_growth(rows)]) + "\n"


def _row(job: dict[str, Any], what: str, by: str) -> str:
    return (
        f"| {job['pictures']:,} {what} | {by} | {job['cores']} | {job['per_second']:,.1f} "
        f"| {job['pictures'] / job['processor_seconds']:,.1f} | {job['load_before']:.1f} "
        f"| {job['megabytes']:,.0f} | {job['megabytes_a_minute']:+.1f} |"
    )


def _shares(rows: Rows) -> list[str]:
    """Two cores beside one, and Ray beside processes: in turns, else one after the other."""
    lines = []
    if "turns" in rows:
        lines += [
            "These rates are of programs that take turns, each reading for four seconds while the",
            "others stand still, so that other work on the machine meets all of them alike.",
        ]
    for what in ("digits", "pages"):
        turns, few = rows.get("turns", {}).get(what, {}), rows.get(f"few_{what}", {})
        some = turns or few
        if {"processes_1", "processes_2"} <= some.keys():
            one, two = (some[f"processes_{cores}"]["per_second"] for cores in (1, 2))
            lines.append(f"Two cores read {what} {two / one:.2f} times as fast as one.")
        if {"processes_2", "ray_2"} <= some.keys():
            own, ray = (some[f"{by}_2"]["per_second"] for by in ("processes", "ray"))
            less = 1 - ray / own
            lines.append(
                f"Ray's rate on both is {abs(100 * less):.1f} % {'less' if less > 0 else 'more'} "
                "once it reads."
            )
        if {"processes_2", "ray_2"} <= few.keys():
            longer = few["ray_2"]["seconds"] - few["processes_2"]["seconds"]
            lines.append(f"A whole job takes {longer:+.0f} s with Ray, its start included.")
    return lines


def _kills(rows: Rows) -> list[str]:
    """Long jobs that were done in parts."""
    long = [row for kind in ("digits", "pages") for row in rows.get(kind, {}).values()]
    kills, lost, twice = (sum(row[name] for row in long) for name in ("kills", "lost", "twice"))
    if not kills:
        return []
    return [
        f"The long jobs were killed {kills} times in all, with all that they had started, and "
        f"resumed: {lost} pictures are lost, {twice} rows are there twice."
    ]


def _beside(rows: dict[str, Any]) -> list[str]:
    lines = [
        "What a user would otherwise write, on the same digits, one after the other on two cores,",
        "from the start of each program to its end. The two scripts",
        "(`benchmarks/bulk_others.py`) decode and keep the likeliest digit; they prepare nothing,",
        "look for no digits, refuse none, write no table and start anew when they are killed.",
        "",
        "| by | a second | a core-second | load | MB at most |",
        "|---|---:|---:|---:|---:|",
    ]
    return lines + [
        f"| {OTHERS[name]} | {row['pictures'] / row['seconds']:,.0f} "
        f"| {row['pictures'] / row['processor_seconds']:,.0f} | {row['load_before']:.1f} "
        f"| {row['megabytes']:,.0f} |"
        for name, row in rows.items()
    ]


def _killed(row: dict[str, Any]) -> list[str]:
    lost = row["seconds_node_killed"] - row["seconds_unbroken"]
    return [
        f"**A node is killed.** One node of a cluster of {row['nodes']} on this machine is killed",
        f"when half of {row['pictures']:,} pages are read: {row['lost']} rows are lost,",
        f"{row['twice']} are there twice, {row['differing']} differ. The job takes",
        f"{row['seconds_node_killed']:.0f} s, an unbroken one {row['seconds_unbroken']:.0f} s: "
        f"{lost:+.0f} s.",
    ]


def _stages(rows: dict[str, Any]) -> list[str]:
    lines = [
        "Milliseconds of a core for each picture, in one process:",
        "",
        "| | decoding | networks | rest of reading | rows | writing |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    names = ("decoding_ms", "networks_ms", "rest_ms", "rows_ms", "writing_ms")
    return lines + [
        f"| {kind} | " + " | ".join(f"{row[name]:.2f}" for name in names) + " |"
        for kind, row in rows.items()
    ]


def _growth(rows: Rows) -> list[str]:
    """An estimate for a thousand cores."""
    one = {**rows.get("few_pages", {}), **rows.get("pages", {})}["processes_1"]
    each = one["pictures"] / one["processor_seconds"]
    rate = CORES * each
    into, out = rate * one["picture_bytes"] / 1e6, rate * one["row_bytes"] / 1e6
    breaks = CORES * STORE_BYTES / (rate * one["picture_bytes"])
    plan = 100e6 * one["plan_bytes"] / 1e9
    return [
        f"**{CORES:,} cores, estimated.** At the rate of a core here they read {rate:,.0f} pages a",
        f"second: {into:,.1f} MB a second out of the store, {out:,.1f} MB of rows into it. The",
        "process that starts the job gets a few numbers for each part and keeps the plan in",
        f"memory, {one['plan_bytes']:,} bytes a page",
        f"({plan:,.1f} GB for 100 million pages). As pictures are added, that is what fails first:",
        "split a job of that size yourself. As cores are added, the store fails first: one that",
        f"gives {STORE_BYTES / 1e9:g} GB a second, as over a line of ten gigabits, is saturated by "
        f"{breaks:,.0f} cores on such",
        f"pages, and by {breaks * one['picture_bytes'] / 3e6:,.0f} on photographs of 3 MB that "
        "take as long to read.",
    ]
