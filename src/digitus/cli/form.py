"""`digitus form`: blank forms to print, and sheets that people filled in as a table."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digitus.cli.common import (
    CONFIDENCE,
    PATH,
    json_option,
    output,
    percent,
    print_json,
    recognizer_of,
    threads_option,
    with_progress,
)
from digitus.cli.form_review import correct, counted, part_of, write_review
from digitus.cli.streams import mute_libraries
from digitus.cli.terminal import complain
from digitus.threads import cores

if TYPE_CHECKING:
    from digitus.errors import DataError
    from digitus.forms.doubts import Plan
    from digitus.forms.pages import PageReader, Record
    from digitus.forms.progress import Progress
    from digitus.forms.rows import Row


@click.group
def form() -> None:
    """Print forms, and read those that were filled in into a table.

    A form is a file in TOML that says where its fields are and what may stand in them.
    """


@form.command("new")
@click.argument("blank", type=PATH)
@click.option("--out", type=PATH, required=True, help="The form's file, FORM.toml.")
def new(blank: Path, out: Path) -> None:
    """Propose the file of a form that others printed, from a picture or PDF of its blank pages.

    Boxes, combs, cells of tables and underlines become fields; names and patterns are left to you.
    The picture shows the whole sheet, upright, and nothing else.
    """
    import os

    from digitus.errors import FormError
    from digitus.files import write_text
    from digitus.forms.pages import PAGE_SIDE_PIXELS
    from digitus.forms.propose import propose
    from digitus.forms.settings import as_text
    from digitus.forms.table import to_toml
    from digitus.vision.colour import as_grey
    from digitus.vision.decode import decode_pages

    if not _is_form(out):
        raise FormError(f"{out}: the name of a form's file ends in .toml")
    if out.exists():
        raise FormError(f"{out} is there already; name another file")
    name = os.path.relpath(blank, out.parent)
    for what, text in (("name", out.stem), ("blank", name)):  # the file must be able to hold them
        as_text(text, f"form {out}: {what}")
    pages = [as_grey(page.pixels) for page in decode_pages(blank, side=PAGE_SIDE_PIXELS)]
    found = propose(out.stem, pages, [name])
    write_text(out, to_toml(found))
    output().print(f"{out}: {len(found.fields)} fields found; name them, and say what they hold")


@form.command("print")
@click.argument("form_file", metavar="FORM.toml", type=PATH)
@click.option("--out", type=PATH, help="The PDF.  [default: FORM.pdf]")
@click.option("--font", type=PATH, help="A TrueType font, for names that are not in Latin letters.")
def print_(form_file: Path, out: Path | None, font: Path | None) -> None:
    """Write a blank form as PDF: print it at its real size, 100 %.

    It replaces nothing but an older one.
    """
    from digitus.files import check_replaceable, write_bytes
    from digitus.forms.pdf import CREATOR_WITHIN, MARK_OF_OURS, as_pdf
    from digitus.forms.table import load_form

    found = load_form(form_file)
    path = out or form_file.with_suffix(".pdf")
    check_replaceable(path, [MARK_OF_OURS], CREATOR_WITHIN)
    write_bytes(path, as_pdf(found, font))
    count = f"{found.pages} page{'s' * (found.pages > 1)}"
    output().print(f"{path}: {len(found.fields)} fields on {count}")


@form.command("read")
@click.argument("names", nargs=-1, required=True, type=PATH, metavar="FORM.toml... SCAN...")
@click.option(
    "--to", "table", type=PATH, required=True, help="The table: FILE.csv, .parquet or .sqlite."
)
@click.option(
    "--doubtful",
    type=CONFIDENCE,
    help="Flag values below this confidence.  [default: 0.95]",
)
@click.option(
    "--earlier", type=PATH, metavar="TABLE", help="An earlier table, for values that never fall."
)
@click.option(
    "--review", type=PATH, metavar="FILE.html", help="A web page to check doubtful fields on."
)
@click.option(
    "--wanted",
    type=CONFIDENCE,
    default=0.001,
    show_default=True,
    help="The share of values that may stay wrong after the review.",
)
@click.option("--twice", is_flag=True, help="In the review every value is typed twice, unseen.")
@click.option(
    "--by-lot",
    type=click.IntRange(min=0),
    default=0,
    help="How many certain values are in the review too, to see how many of them are wrong.",
)
@click.option("--replace", is_flag=True, help="Write over a table that is there already.")
@click.option("--model", help="Model file, or the folder of a run.  [default: the one that ships]")
@click.option("--recursive", is_flag=True, help="Of a folder, also the pictures in its folders.")
@json_option
@threads_option
def read(
    names: tuple[Path, ...],
    table: Path,
    doubtful: float | None,
    earlier: Path | None,
    review: Path | None,
    wanted: float,
    twice: bool,
    by_lot: int,
    replace: bool,
    model: str | None,
    recursive: bool,
    json: bool,
    threads: int,
) -> None:
    """Read sheets that were filled in: one row each, with confidence, flag and place of each field.

    SCAN is a photo, a scan, a PDF or a TIFF of many pages, or a folder of them. With several forms,
    each sheet is read as the form that it is. A page of none of them is a row that says why, and
    the exit code is 1. The same command resumes a job that was ended.
    """
    import os

    from digitus.files import check_replaceable
    from digitus.forms import output as tables
    from digitus.forms.pages import PageReader, blanks, problem
    from digitus.forms.progress import progress as kept
    from digitus.forms.rows import DOUBTFUL, columns, rows
    from digitus.forms.table import load_form
    from digitus.reading.networks import fingerprints
    from digitus.reading.options import ReadingOptions
    from digitus.reading.pictures import named
    from digitus.reading.pool import quietly
    from digitus.recognizer import file_of

    form_files, scans = _forms_and_scans(names)
    forms = tuple(map(load_form, form_files))
    if len({found.name for found in forms}) < len(forms):
        raise click.UsageError("two forms have the same name; give each its own")
    tables.check_writable(table, replace=replace)
    if review:
        check_replaceable(review)
        if os.path.realpath(review) == os.path.realpath(table):
            raise click.UsageError("--to and --review are the same file; name two")
    before = tables.read_table(earlier) if earlier else []
    blanks(forms)  # reports what is wrong with the forms once, before anything is read
    reader = PageReader(forms, ReadingOptions(recognizer_of(model)[0]))
    quietly()
    mute_libraries()
    given = list(named(scans, recursive=recursive))
    _check_given(given)
    with kept(table, forms, fingerprints(file_of(model))) as (done, finished):
        found = [
            (
                str(path),
                records if isinstance(records, list) else [problem(_without(path, records))],
            )
            for path, records in with_progress(
                _read(given, reader, done, cores(threads)), len(given)
            )
        ]
        made = list(rows(found, forms, DOUBTFUL if doubtful is None else doubtful, before))
        # The table last: if the review fails, no table is in the way of the same command.
        plan = None
        if review:
            plan = write_review(review, made, reader, cores(threads), wanted, by_lot, twice=twice)
        tables.write_table(table, columns(forms), made)
        finished()
    _tell(table, made, plan, review, json)
    if any(row["problem"] for row in made):
        sys.exit(1)


def _forms_and_scans(names: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """The files of forms among the names, and the scans."""
    forms = [path for path in names if _is_form(path)]
    scans = [path for path in names if not _is_form(path)]
    if not forms or not scans:
        raise click.UsageError("name a form, FORM.toml, and the scans or photos to read")
    return forms, scans


def _is_form(path: Path) -> bool:
    return path.suffix.lower() == ".toml"


def _tell(
    table: Path, made: Sequence[Row], plan: Plan | None, review: Path | None, json: bool
) -> None:
    """Prints what was wrong with sheets, and the totals."""
    problems = [row for row in made if row["problem"]]
    for row in problems:
        complain(f"{row['file']}, page {row['page']}: {row['problem']}")
    fields = sum(key.endswith("_flag") for row in made for key in row)
    flagged = sum(bool(value) for row in made for key, value in row.items() if key[-5:] == "_flag")
    if json:
        counts = {"rows": len(made), "fields": fields, "flagged": flagged}
        to_look_at = {"review": len(plan.doubts), "share": plan.share} if plan else {}
        print_json({"table": str(table), **counts, "problems": len(problems), **to_look_at})
    else:
        output().print(
            f"{table}: {counted(len(made), 'row')}, {counted(fields, 'field')}, {flagged} of them "
            f"flagged; {counted(len(problems), 'row')} with a problem"
        )
        if plan:
            output().print(
                f"to look at: {counted(len(plan.doubts), 'field')}, {percent(plan.share, 1)} of "
                f"all; of the rest at most {plan.left:.1f} are expected to be wrong"
            )
        if review and plan and len(plan.parts) > 1:
            last = part_of(review, len(plan.parts) - 1)
            output().print(f"in {len(plan.parts)} files, {review} to {last.name}")


def _read(
    given: Sequence[tuple[Path, DataError | None]],
    reader: PageReader,
    done: Progress,
    processes: int,
) -> Iterator[tuple[Path, list[Record] | DataError]]:
    """The records of each file; a file read before the job was interrupted is not read again."""
    from digitus.forms.pages import problem
    from digitus.reading.pool import read_many

    paths = [path for path, error in given if not error and done.records(path) is None]
    answers = read_many(list(dict.fromkeys(paths)), reader, processes)
    for path, error in given:
        if error:
            yield path, error
            continue
        records = done.records(path)
        if records is None:
            _, answer = next(answers)
            records = answer if isinstance(answer, list) else [problem(_without(path, answer))]
            done.add(path, records)
        yield path, records


def _check_given(given: Sequence[tuple[Path, DataError | None]]) -> None:
    """Raises `DataError` where nothing that was named is there: a table of that helps nobody."""
    import os

    from digitus.errors import DataError
    from digitus.files import reason

    if any(not error and os.path.exists(path) for path, error in given):
        return
    path, error = given[0]
    if error:
        raise error
    try:
        path.stat()
    except (OSError, ValueError) as why:
        raise DataError(f"{path}: cannot be read ({reason(why)})") from None


def _without(path: Path, error: Exception) -> str:
    """What is wrong with a file, without its name, which has a column of its own."""
    return str(error).removeprefix(f"{path}: ")


form.add_command(correct)
