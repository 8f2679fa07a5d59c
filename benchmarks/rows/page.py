"""docs/benchmarks.md from the figures alone."""

from __future__ import annotations

from typing import Any

from rows import ABOUT, GOALS

HEAD = """# digitus beside its peers

`python -m benchmarks --page` wrote this from
[results/benchmarks.json](../results/benchmarks.json), which `python -m benchmarks --json
results/benchmarks.json` wrote. Everyone does the same work, in turns, in the same session, on the
same cores with the same number of threads; figures are medians. Before anyone is timed, loss and
gradients (or probabilities) at the same weights have to equal digitus's. Peers that learn have
their pixels in memory as numbers from 0 to 1 before the clock starts; digitus starts from bytes.
All is in single precision. A peer's memory includes the modules of digitus that describe the work.
"""
UNITS = ((1.0, "s"), (1e-3, "ms"), (0.0, "µs"))
FACTORS = {"s": 1.0, "ms": 1e3, "µs": 1e6}


def amount(value: float, unit: str) -> str:
    """A figure with its unit, for people."""
    if unit == "s":
        unit = next(name for least, name in UNITS if value >= least)
        value *= FACTORS[unit]
    if unit == "packages":
        return f"{value:.0f}"
    digits = max(0, 2 - len(str(int(value)))) + (1 if value < 100 else 0)
    return f"{value:.{digits}f} {unit}"


def line(name: str, row: dict[str, Any]) -> str:
    """A row as it is printed: digitus, then everyone with how many times as long it takes."""
    unit, mine = row["unit"], row["digitus"]
    others = everyone(row) | row.get("bfloat16", {}) | row.get("gpu", {})
    if mine is None:
        return f"{name:<14} digitus: {row['skipped'].get('digitus', 'not measured')}"
    told = [f"{who} {amount(v, unit)} ({v / mine:.2f}x)" for who, v in others.items()]
    if least := row.get("machine_limit"):
        told.append(f"{100 * least / mine:.0f} % of what the machine can do")
    return f"{name:<14} digitus {amount(mine, unit)} | " + ", ".join(told)


def everyone(row: dict[str, Any]) -> dict[str, float]:
    """Everyone's figures except those of digitus on NumPy."""
    torch = row.get("digitus_on_pytorch")
    return ({"digitus on PyTorch": torch} if torch else {}) | row["peers"]


def verdict(row: dict[str, Any]) -> str:
    """How digitus compares with the best of its peers, in words."""
    if row["digitus"] is None:
        return f"**{row['skipped'].get('digitus', 'not measured')}**"
    if not row["peers"]:
        return "alone"
    who = min(row["peers"], key=row["peers"].get)
    ratio = row["digitus"] / row["peers"][who]
    more, less = ("slower", "faster") if row["unit"] == "s" else ("larger", "smaller")
    if row["unit"] == "packages":
        more, less = "more", "fewer"
    if 0.95 < ratio < 1.05:
        return f"as {who}"
    if ratio > 1:
        return f"**{ratio:.2g} times {more} than {who}**"
    return f"{1 / ratio:.2g} times {less} than {who}"


def page(record: dict[str, Any]) -> str:
    """The whole page."""
    rows, size, top = record["rows"], record["size"], record["limits"]
    lines = [HEAD]
    if record["run"] != "full":
        lines += [
            f"**This is a {record['run']} session**, with less of everything, to show the form:",
            "its figures are no claim.",
            "",
        ]
    lines += [
        "| row | work | digitus | best peer | digitus is | aimed at |",
        "|---|---|---|---|---|---|",
    ]
    for name, row in rows.items():
        best = min(row["peers"], key=row["peers"].get, default="")
        shown = f"{best} {amount(row['peers'][best], row['unit'])}" if best else "none"
        mine = "" if row["digitus"] is None else amount(row["digitus"], row["unit"])
        lines.append(
            f"| {name} | {ABOUT[name].format(**size)} | {mine} "
            f"| {shown} | {verdict(row)} | {GOALS.get(name, '')} |"
        )
    lines += ["", "## Everyone", "", *table(rows), "", *slower(rows), *skipped(rows)]
    lines += reading_shares(rows)
    lines += ["## In bfloat16", "", *in_bfloat16(rows)]
    lines += ["## On a GPU", "", *on_a_gpu(rows)]
    lines += ["## How close to the machine", "", *closeness(rows, top)]
    lines += ["## Where", "", *where(record)]
    return "\n".join(lines) + "\n"


def table(rows: dict[str, Any]) -> list[str]:
    """Everyone's figures, and in brackets their ratio to digitus's on NumPy."""
    names = list(dict.fromkeys(who for row in rows.values() for who in everyone(row)))
    lines = [f"| row | digitus | {' | '.join(names)} |", "|---" * (len(names) + 2) + "|"]
    for name, row in rows.items():
        if row["digitus"] is None:
            continue
        cells, others = [], everyone(row)
        for who in names:
            value = others.get(who)
            times = "" if value is None else f" ({value / row['digitus']:.2f})"
            cells.append("" if value is None else amount(value, row["unit"]) + times)
        low, high = row["spread"]["digitus"]
        span = "" if low == high else f" [{amount(low, row['unit'])}, {amount(high, row['unit'])}]"
        mine = amount(row["digitus"], row["unit"]) + span
        lines.append(f"| {name} | {mine} | {' | '.join(cells)} |")
    return [
        *lines,
        "",
        "Round brackets: the ratio to digitus's figure; square ones: its smallest and largest.",
    ]


def slower(rows: dict[str, Any]) -> list[str]:
    """Where digitus is behind, in words."""
    behind = []
    for name, row in rows.items():
        if row["digitus"] is None:
            continue
        ahead = [w for w, v in row["peers"].items() if v < 0.95 * row["digitus"]]
        if ahead:
            behind.append(f"- {name}: behind {' and '.join(sorted(ahead))}.")
    return ["Where digitus on NumPy is not the best:", "", *behind, ""] if behind else []


def skipped(rows: dict[str, Any]) -> list[str]:
    """Who did not take part, and why."""
    why: dict[tuple[str, str], list[str]] = {}
    for name, row in rows.items():
        for who, word in row["skipped"].items():
            why.setdefault((who, word), []).append(name)
    lines = [f"- {who}: {word} ({', '.join(names)})." for (who, word), names in why.items()]
    return ["Not taking part:", "", *lines, ""] if lines else []


def reading_shares(rows: dict[str, Any]) -> list[str]:
    """The steps of the rows that read, each with its share of one process's time."""
    found = {name: row["shares"] for name, row in rows.items() if row.get("shares")}
    if not found:
        return []
    lines = ["## Where reading's time goes", "", "| row | steps |", "|---|---|"]
    for name, shares in found.items():
        ordered = sorted(shares.items(), key=lambda item: -item[1])
        told = ", ".join(f"{step} {100 * share:.0f} %" for step, share in ordered)
        lines.append(f"| {name} | {told} |")
    return [*lines, ""]


def on_a_gpu(rows: dict[str, Any]) -> list[str]:
    """The same rows there, or a word that there was none."""
    found = {name: row["gpu"] for name, row in rows.items() if row.get("gpu")}
    if not found:
        return ["Not measured: there was no GPU.", ""]
    return times_of(found)


def in_bfloat16(rows: dict[str, Any]) -> list[str]:
    """The rows whose products have eight bits, on PyTorch's arrays; PyTorch's own by `autocast`."""
    found = {name: row["bfloat16"] for name, row in rows.items() if row.get("bfloat16")}
    return times_of(found) if found else ["Not measured.", ""]


def times_of(found: dict[str, dict[str, float]]) -> list[str]:
    """Who took how long, row by row."""
    lines = ["| row | who | time |", "|---|---|---|"]
    for name, times in found.items():
        lines += [f"| {name} | {who} | {amount(t, 's')} |" for who, t in times.items()]
    return [*lines, ""]


def closeness(rows: dict[str, Any], top: dict[str, float]) -> list[str]:
    """The share of the machine's speed that each row reaches."""
    lines = [
        f"Measured in the same session: {top['gflops']:.0f} GFLOP/s in a large matrix product,",
        f"{top['gb_per_s']:.0f} GB/s of memory read and written. The limit is the longer of the",
        "time for a row's products and that for its pixels (as bytes) and parameters. More than",
        "100 % is possible where less is done or moved than is counted: pixels without ink in a",
        "few pictures are left out of the first product, convolutions of 3 x 3 with many channels",
        "go by Winograd's blocks, with fewer products, and what lies in the cache is not read from",
        "memory.",
        "",
        "| row | limit | digitus reaches | best peer reaches |",
        "|---|---|---|---|",
    ]
    for name, row in rows.items():
        if (least := row.get("machine_limit")) and row["digitus"]:
            best = min(row["peers"].values(), default=0)
            reach = f"{100 * least / best:.0f} %" if best else ""
            share = f"{100 * least / row['digitus']:.0f} %"
            lines.append(f"| {name} | {amount(least, 's')} | {share} | {reach} |")
    return [*lines, ""]


def where(record: dict[str, Any]) -> list[str]:
    """Machine, versions, threads."""
    about = record["machine"]
    known = {"digitus": about["versions"]["digitus"], **record["versions"]}
    most = max(row.get("load", record.get("load", [0])[0]) for row in record["rows"].values())
    return [
        f"{record['threads']} threads on {about['processor']}, {about['system']}; the load of the",
        f"machine before it measured was at most {most}.",
        ", ".join(f"{name} {version}" for name, version in known.items()) + ".",
    ]
