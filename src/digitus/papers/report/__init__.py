"""The report on both papers, made from the results file alone: HTML, and Markdown for docs.

::

    document                what is said, as blocks, written from Markdown with placeholders
    gopa_*, shao_*, claims  a section each: NAME.py takes its numbers from the results, NAME.md
                            says what is said of them
    to_html, to_markdown    the blocks as an HTML file, and as Markdown with files beside it
    drawings                charts as SVG

Inside: putting the sections together, writing the files. Not inside: the sections, measuring
(`experiments`).
"""

from __future__ import annotations

from pathlib import Path

from digitus import __version__
from digitus.files import write_bytes, write_marked, write_text
from digitus.papers.experiments.plan import GOPA, SHAO
from digitus.papers.images import Album
from digitus.papers.report import (
    gopa_improved,
    gopa_method,
    gopa_results,
    shao_baseline,
    shao_errors,
    shao_improved,
    shao_preprocessing,
    shao_rotation,
    to_html,
    to_markdown,
)
from digitus.papers.report.claims import claims, papers_in
from digitus.papers.report.document import Document
from digitus.papers.store import Store
from digitus.report.html import fill

__all__ = ["claims", "html", "markdown", "write_html", "write_markdown"]

TITLE = "Two papers, carried out again"
LEAD = (
    "Gopa 2024, “A Neural Network-Based Digit Recognizer”, and Shao 2023, “Recognition of "
    "handwritten digital neural network construction and improvement”: every claim beside what "
    "was measured. Written by `digitus papers` from "
    "[results/papers.json](../results/papers.json); every number comes from there."
)
QUICK = (
    "This is a quick look: few seeds, a part of the training digits, short training. Its figures "
    "are worse than those of the full run and support no conclusion; verdicts that they seem to "
    "give may be wrong."
)
SECTIONS = {
    GOPA: (gopa_method, gopa_results, gopa_improved),
    SHAO: (shao_preprocessing, shao_baseline, shao_errors, shao_rotation, shao_improved),
}


def document_of(store: Store, album: Album | None = None) -> Document:
    """The whole report as blocks."""
    document = Document(album)
    papers = papers_in(store)
    document.write("summary.md", claims=claims(store), papers=papers, top=shao_baseline.TOP)
    for paper in papers:
        for section in SECTIONS[paper]:
            section.write(document, store)
    document.write(
        "method.md",
        experiments=len(store.records),
        seconds=sum(record["seconds"] for record in store.records.values()),
        quick=bool(store.about.get("quick")),
        machine=store.about.get("machine", {}),
    )
    return document


def html(store: Store, album: Album | None = None) -> str:
    """The report as one HTML file, with the digits that `album` has."""
    facts = [*store.about.get("machine", {}).items(), ("experiments", len(store.records))]
    quick = QUICK if store.about.get("quick") else ""
    header = fill(to_html.TEMPLATE, "header", title=TITLE, quick=quick, facts=facts)
    footer = (
        f"Written by digitus {__version__} from {store.path.name}. Everything on this page is in "
        "this one file."
    )
    return to_html.html(TITLE, header, document_of(store, album), footer)


def markdown(store: Store) -> tuple[str, dict[str, bytes]]:
    """The report as Markdown, and its pictures by name."""
    lead = [LEAD, *([f"**Quick.** {QUICK}"] if store.about.get("quick") else [])]
    return to_markdown.markdown(TITLE, lead, document_of(store))


def write_html(path: Path, store: Store, album: Album | None = None) -> None:
    """Writes the report as one HTML file. Raises `OutputError`."""
    write_marked(path, html(store, album))


def write_markdown(path: Path, store: Store) -> None:
    """Writes the Markdown, and its pictures into a folder beside it. Raises `OutputError`."""
    text, files = markdown(store)
    for name, content in files.items():
        write_bytes(path.parent / to_markdown.FOLDER / name, content)
    write_text(path, text)
