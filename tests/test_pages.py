"""The pages say what is so: numbers are those of the results files, links lead somewhere."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from benchmarks.docs import write
from digitus.course.messages import languages

ROOT = Path(__file__).parent.parent
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "docs").glob("??/*.md")]
)


def test_numbers_are_those_of_the_results_files() -> None:
    for path, text in write.pages().items():
        assert path.read_text("utf-8") == text, f"{path} is stale: python -m benchmarks.docs.write"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_readme_names_every_command() -> None:
    from digitus.cli import VERBS

    text = (ROOT / "README.md").read_text("utf-8")
    assert all(f"`digitus {verb}" in text for verb in VERBS)


def test_the_site_knows_every_page() -> None:
    """Each says for whom it is, and can be found: else the site is not built."""
    readers = tomllib.loads((ROOT / "docs/site/readers.toml").read_text("utf-8"))
    names = {path.stem for path in (ROOT / "docs").glob("*.md")}
    assert names <= set(readers)
    listed = set((ROOT / "docs/index.md").read_text("utf-8").split())
    assert names - {"index"} <= listed


def test_for_whom_a_page_is_reads_as_a_sentence() -> None:
    """ "For {for}. Afterwards you {can}." """
    readers = tomllib.loads((ROOT / "docs/site/readers.toml").read_text("utf-8"))
    for page, reader in readers.items():
        assert not reader["for"].startswith("you "), page
        assert not reader["can"].startswith("you "), page
        assert not reader["for"].endswith("."), page


@pytest.mark.parametrize("language", languages()[1:])
def test_the_site_has_its_own_words_in_every_language(language: str) -> None:
    folder = ROOT / "docs/site/words"
    first, other = (
        tomllib.loads((folder / f"{one}.toml").read_text("utf-8")) for one in ("en", language)
    )
    for part in ("course", "lesson", "run"):
        assert set(other[part]) == set(first[part])
        for key, said in first[part].items():
            assert re.findall(r"{\w+}", said) == re.findall(r"{\w+}", other[part][key]), key
    assert {"{for}", "{can}"} == set(re.findall(r"{\w+}", other["reader"]))
    own = {path.stem for path in (ROOT / "docs" / language).glob("*.md")}
    assert own
    assert set(other["readers"]) == {"course/index", "course/glossary", *own}
    assert other["theme"]


def test_each_section_and_equation_of_the_papers_has_its_lesson_and_its_experiment() -> None:
    docs = ROOT / "docs"
    taught = (docs / "papers-taught.md").read_text("utf-8")
    sections = re.findall(r"^## ([GS]\d) ", (docs / "papers.md").read_text("utf-8"), re.MULTILINE)
    assert len(sections) == 14
    assert set(sections) <= {
        name.partition(".")[0] for name in re.findall(r"\[([GS][\d.]+)\]", taught)
    }
    mathematics = (docs / "mathematics.md").read_text("utf-8")
    equations = re.findall(r'^<a id="(eq-[\d-]+)"></a>.*Gopa', mathematics, re.MULTILINE)
    assert len(equations) == 11
    assert set(equations) <= set(re.findall(r"mathematics\.md#(eq-[\d-]+)", taught))
    rows = [
        line.split(" | ") for line in taught.splitlines() if line.startswith(("| Gopa", "| Shao"))
    ]
    assert len(rows) == 30
    assert all("course/lessons" in row[2] and "papers.md#" in row[-1] for row in rows)
