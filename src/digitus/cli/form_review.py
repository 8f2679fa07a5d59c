"""The review of forms: the file to look at doubtful fields, and `digitus form correct`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digitus.cli.common import PATH, json_option, output, print_json

if TYPE_CHECKING:
    from digitus.forms.correct import Correction
    from digitus.forms.doubts import Plan
    from digitus.forms.pages import PageReader
    from digitus.forms.rows import Row


def counted(number: int, thing: str) -> str:
    """A count in words: 1 row, 3 rows."""
    return f"{number} {thing}{'s' * (number != 1)}"


def write_review(
    path: Path,
    rows: Sequence[Row],
    reader: PageReader,
    processes: int,
    wanted: float,
    by_lot: int,
    *,
    twice: bool,
) -> Plan:
    """Writes the review, to several files where one would be too large; returns what is in it.

    Raises `OutputError`, before the first is written, where one would replace a file that is not
    ours. Surplus files of a longer, earlier review are removed: they are about other rows.
    """
    from digitus.files import check_replaceable, write_marked
    from digitus.forms.doubts import plan
    from digitus.forms.review import cuts_of, review
    from digitus.reading.pool import read_many

    found = plan(rows, reader.forms, wanted, by_lot)
    for part in range(len(found.parts)):
        check_replaceable(part_of(path, part))
    read = partial(read_many, processes=processes)
    for part, doubts in enumerate(found.parts):
        cuts = cuts_of(rows, doubts, reader, read)
        write_marked(part_of(path, part), review(rows, found, cuts, wanted, twice=twice, part=part))
    _remove_surplus(path, len(found.parts))
    return found


def _remove_surplus(path: Path, parts: int) -> None:
    """Removes the files of an earlier review after its first `parts`."""
    from digitus.errors import OutputError
    from digitus.files import check_replaceable

    for part in count(max(1, parts)):
        old = part_of(path, part)
        try:
            check_replaceable(old)
            # A separate review may have such a name, but only parts say which page they are.
            if f"page {part + 1} of ".encode() not in old.read_bytes():
                return
            old.unlink()
        except (OSError, OutputError):
            return


def part_of(path: Path, part: int) -> Path:
    """The file of a part of a review: check.html, check-2.html ..."""
    return path.with_stem(f"{path.stem}-{part + 1}") if part else path


@click.command
@click.argument("forms", nargs=-1, required=True, type=PATH, metavar="FORM.toml... TABLE")
@click.argument("corrections", type=PATH, metavar="CORRECTIONS.csv")
@click.option("--to", type=PATH, help="The table with the corrections.  [default: TABLE itself]")
@click.option(
    "--earlier", type=PATH, metavar="TABLE", help="An earlier table, for values that never fall."
)
@json_option
def correct(
    forms: tuple[Path, ...], corrections: Path, to: Path | None, earlier: Path | None, json: bool
) -> None:
    """Put what a person typed in the review into the table that was read.

    A corrected value has the confidence 1, and a flag if it still does not fulfil what the form
    demands. Everything else in the table stays: rows of other forms, columns that people added.
    Tells how many values were wrong, and how many were expected to be by their confidences.
    """
    from digitus.forms.correct import corrected, load_corrections
    from digitus.forms.output import check_writable, read_table, write_table
    from digitus.forms.rows import columns
    from digitus.forms.table import load_form

    *names, table = forms
    if not names:
        raise click.UsageError("name the form, FORM.toml, the table, and the corrections")
    known = tuple(map(load_form, names))
    path = to or table
    check_writable(path, replace=to is None)
    before = read_table(earlier) if earlier else []
    made, checked = corrected(read_table(table), known, load_corrections(corrections), before)
    there = list(dict.fromkeys(name for row in made for name in row))
    write_table(path, there or columns(known), made)
    _tell(path, checked, json)


def _tell(path: Path, checked: Sequence[tuple[Correction, str]], json: bool) -> None:
    """Prints how many values were wrong, and how many were expected to be."""
    from digitus.forms.doubts import held
    from digitus.forms.rows import DOUBTFUL_FLAG
    from digitus.forms.trust import chance_wrong

    changed = sum(one.value != one.read for one, _ in checked)
    plain = [one for one, flag in checked if flag in ("", DOUBTFUL_FLAG)]
    certain = [one for one in plain if one.certain]
    if json:
        record = {
            "table": str(path),
            "looked_at": len(checked),
            "changed": changed,
            "expected_wrong": round(sum(chance_wrong(one.confidence) for one in plain), 3),
            "found_wrong": sum(one.value != one.read for one in plain),
            "certain_looked_at": len(certain),
            "certain_wrong": sum(one.value != one.read for one in certain),
        }
        print_json(record)
        return
    output().print(f"{path}: {counted(len(checked), 'field')} looked at, {changed} changed")
    for words, some in (("without a flag of their own", plain), ("taken by lot", certain)):
        if some:
            wrong = [one.value != one.read for one in some]
            output().print(f"{words}: {held([one.confidence for one in some], wrong)}")
