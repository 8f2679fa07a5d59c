"""The pages say what is so: numbers are those of the results files, links lead somewhere."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from benchmarks.docs import write

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def test_numbers_are_those_of_the_results_files() -> None:
    for path, text in write.pages().items():
        assert path.read_text("utf-8") == text, f"{path} is stale: python -m benchmarks.docs.write"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
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
