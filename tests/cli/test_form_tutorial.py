"""The commands of docs/forms.md, carried out as a reader does: one after the other."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import digitus as package
from digitus.forms.output import read_table

DOCS = Path(__file__).parents[2] / "docs"


def blocks(language: str) -> list[str]:
    """What the page shows in that language."""
    text = (DOCS / "forms.md").read_text("utf-8")
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [block for name, block in found if name == language]


def test_the_commands_of_the_tutorial_work_in_their_order(digitus: Any) -> None:
    (form,) = blocks("toml")
    Path("meters.toml").write_text(form, "utf-8")
    Path("scans").mkdir()
    shutil.copy(DOCS / "pictures/form-photo.jpg", "scans")
    lines = [line.partition("#")[0].strip() for line in "".join(blocks("bash")).splitlines()]
    told = [line.removeprefix("digitus ") for line in lines if line.startswith("digitus ")]
    assert len(told) > 6
    out = ""
    for line in told:
        if line.startswith("adapt"):  # what it gives out, without the minute that it takes
            package.load().save("mine.safetensors")
            continue
        if line.startswith("form correct"):  # what the page saves
            (row,) = read_table(Path("meters.csv"))
            head = "form,file,page,field,read,value,confidence,certain"
            fixed = f'meters,{row["file"]},1,reading,"{row["reading"]}","1807,6",0.5,0'
            Path("corrections.csv").write_text(f"{head}\n{fixed}\n", "utf-8")
        if line.startswith("form new"):
            shutil.copy("meters.pdf", "survey-blank.pdf")
        done = digitus(*shlex.split(line))
        assert (done.code, done.err) == (0, ""), line
        out += done.out
    (shown,) = blocks("")
    assert shown.strip() in out
