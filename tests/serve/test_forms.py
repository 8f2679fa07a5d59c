"""/api/forms: forms opened, checked, printed, proposed, and sheets read, as the command does it."""

from __future__ import annotations

import base64
import io
import threading
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np
import pytest
from PIL import Image

from digitus.cancellation import GivenUpError, Work
from digitus.errors import FormError
from digitus.forms.form import Field, Form, Rising, Sum
from digitus.forms.pages import PageReader
from digitus.forms.pdf import as_pdf
from digitus.forms.propose import propose
from digitus.forms.raster import size
from digitus.forms.rows import rows
from digitus.forms.settings import LONGEST_SIDE
from digitus.forms.table import from_table, to_toml
from digitus.limits import FORM_PAGES, FORM_PAPER_PIXELS
from digitus.reading.options import ReadingOptions
from digitus.serve.paper import handlers
from digitus.serve.paper.tables import FormTable, table_of
from digitus.types import Bytes
from digitus.vision.decode import Picture
from filled_forms import ASLANT, FORM, filled, photographed, printed
from serving import Serving
from small import recognizer

FULL = Form(
    "full",
    (
        Field("meter", (20.0, 30.0, 40.5, 9.0), pattern="##", checks=("luhn",), required=True),
        Field("day", (20.0, 50.0, 60.0, 9.0), kind="comb", date="DD.MM.YYYY"),
        Field("first", (20.0, 70.0, 40.0, 9.0), 1, "Of it", pattern="#,##", range=(0.25, 0.755)),
        Field("total", (20.0, 90.0, 40.0, 9.0), kind="line", allowed=("1", "2,5"), page=2),
        Field("odd", (80.0, 90.0, 20.0, 9.0), pattern="##", full=True,
              cells=((80.0, 90.0, 8.0, 9.0), (91.0, 90.0, 9.0, 9.0))),
    ),
    "Everything", (210.0, 200.0),
    (Sum("total", ("first",)),), (Rising("first", "meter", "day", 4.25),), ("theirs.pdf",),
)  # fmt: skip


def png(pixels: Bytes) -> bytes:
    return cv2.imencode(".png", pixels)[1].tobytes()


def table(form: Form) -> Any:
    return msgspec.to_builtins(table_of(form))


def body(form: Form, *pages: Bytes, blank: tuple[Bytes, ...] = ()) -> dict[str, Any]:
    told = {"pages": pages, "blank": blank}
    packed = {k: [base64.b64encode(png(p)).decode() for p in v] for k, v in told.items()}
    return {"form": table(form), **packed}


def test_a_file_of_a_form_goes_to_the_page_and_back_unchanged(served: Serving) -> None:
    told = served.client.post("/api/forms/open", content=to_toml(FULL)).json()
    assert told == table(FULL)
    found = served.client.post("/api/forms/check", json=told).json()
    assert found == {"toml": to_toml(FULL), "problem": ""}
    assert from_table(tomllib.loads(found["toml"])) == FULL


def test_a_file_without_a_name_has_that_of_its_file(served: Serving) -> None:
    toml = to_toml(FORM).partition("\n")[2]
    told = served.client.post("/api/forms/open?name=meters", content=toml).json()
    assert told["name"] == "meters"


def test_what_is_wrong_with_a_form_is_one_line(served: Serving) -> None:
    refused = served.client.post("/api/forms/open", content=b"name = ")
    assert refused.status_code == 400
    assert "\n" not in refused.json()["error"]
    twice = table(FORM)
    twice["field"] += twice["field"][:1]
    found = served.client.post("/api/forms/check", json=twice).json()
    assert found["toml"] == ""
    assert "the field name 'player' is there twice" in found["problem"]
    unknown = {**table(FORM), "sums": []}
    assert served.client.post("/api/forms/check", json=unknown).status_code == 400


def test_a_form_that_cannot_be_printed_is_not_in_order_but_can_be_kept(served: Serving) -> None:
    first, second, *rest = FORM.fields
    for place, code in (((5.0, 5.0, 50.0, 9.0), "form-mark"), (second.place, "form-overlap")):
        form = replace(FORM, fields=(replace(first, place=place), second, *rest))
        found = served.client.post("/api/forms/check", json=table(form)).json()
        assert (found["code"], found["toml"]) == (code, to_toml(form))
        assert served.client.post("/api/forms/print", json=table(form)).json()["code"] == code
        others = replace(form, blank=("blank.png",))  # nothing is printed there
        found = served.client.post("/api/forms/check", json=table(others)).json()
        assert found == {"toml": to_toml(others), "problem": ""}


def test_a_form_is_printed_as_the_command_prints_it(served: Serving) -> None:
    pytest.importorskip("reportlab")
    answer = served.client.post("/api/forms/print", json=table(FORM))
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content == as_pdf(FORM)


def test_pages_come_as_a_browser_can_show_them(served: Serving) -> None:
    page = printed()
    (shown,) = served.client.post("/api/forms/pages", content=png(page)).json()["pages"]
    assert (shown["height"], shown["width"]) == page.shape
    pixels = cv2.imdecode(np.frombuffer(base64.b64decode(shown["data"]), np.uint8), 0)
    assert pixels is not None
    assert np.abs(pixels.astype(int) - page).mean() < 2


def test_too_many_pages_at_a_time_are_refused(served: Serving) -> None:
    first, *others = (Image.new("L", (30, 40), 255) for _ in range(FORM_PAGES + 1))
    content = io.BytesIO()
    first.save(content, "TIFF", save_all=True, append_images=others)
    refused = served.client.post("/api/forms/pages", content=content.getvalue())
    assert refused.status_code == 413
    assert f"more than {FORM_PAGES} pages" in refused.json()["error"]


def test_fields_are_proposed_as_the_command_proposes_them(served: Serving) -> None:
    page = printed()
    found = served.client.post("/api/forms/propose?name=theirs", content=png(page)).json()
    assert found["form"] == table(propose("theirs", [page], ["theirs"]))
    assert len(found["form"]["field"]) >= 4
    assert len(found["pages"]) == 1


def expected(form: Form, *pages: Bytes) -> list[dict[str, Any]]:
    """The rows of sheets as the command reads them."""
    reader = PageReader((form,), ReadingOptions(recognizer()), ())
    pictures = [Picture(page, page.shape[1], page.shape[0]) for page in pages]
    records = [reader.page(picture) | {"at": i} for i, picture in enumerate(pictures, 1)]
    return list(rows([("sheet", records)], (form,)))


def test_sheets_are_read_as_the_command_reads_them(served: Serving) -> None:
    pages = photographed(filled(), ASLANT), filled(seed=4), np.full((300, 200), 255, np.uint8)
    answer = served.client.post("/api/forms/read", json=body(FORM, *pages))
    found = answer.json()["rows"]
    for row, wanted in zip(found, expected(FORM, *pages), strict=True):
        assert (row["form"], row["problem"]) == (wanted["form"], wanted["problem"])
        for field in row["fields"]:
            name = field["name"]
            assert field["value"] == wanted[name]
            assert field["flag"] == wanted[f"{name}_flag"]
            assert field["confidence"] == wanted[f"{name}_confidence"]
            assert field["place"] == list(map(int, wanted[f"{name}_place"].split()))
            assert field["page"] == wanted["page"] - 1
    assert [len(row["fields"]) for row in found] == [4, 4, 0]
    assert found[2]["problem"]


def test_a_blank_page_that_a_form_names_is_never_opened(served: Serving, tmp_path: Path) -> None:
    """What a client sends names no file, also where it is one of this machine."""
    secret = tmp_path / "blank.png"
    secret.write_bytes(png(printed()))
    form = replace(FORM, blank=(str(secret),))
    refused = served.client.post("/api/forms/read", json=body(form, filled()))
    assert refused.status_code == 400
    assert "send a picture of each blank page" in refused.json()["error"]
    empty = body(form, filled(), blank=(np.full((620, 874), 255, np.uint8),))
    (row,) = served.client.post("/api/forms/read", json=empty).json()["rows"]
    assert row["problem"], "the file on this machine was opened"


def test_a_form_that_others_printed_is_read_with_its_blank(served: Serving) -> None:
    rng = np.random.default_rng(0)
    blank = printed()
    for line in range(3):  # words, by which it is found
        for word in range(6):
            text = "".join(rng.choice(list("abcdefghklmnoprstuv"), 6))
            at = (300 + 90 * word, 540 + 22 * line)
            cv2.putText(blank, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.6, 0, 1, cv2.LINE_AA)
    sheet = np.minimum(filled(), blank)
    form = replace(FORM, blank=("theirs.png",))
    answer = served.client.post("/api/forms/read", json=body(form, sheet, blank=(blank,)))
    (row,) = answer.json()["rows"]
    assert row["problem"] == ""
    assert len(row["fields"]) == 4


def test_a_form_whose_fields_are_too_much_work_is_refused(served: Serving) -> None:
    thin = [Field(f"f{i}", (0.0, 0.01 * i, 148.0, 0.01), kind="line") for i in range(50)]
    form = replace(FORM, fields=tuple(thin), sums=())
    refused = served.client.post("/api/forms/read", json=body(form, filled()))
    assert refused.status_code == 413


@pytest.mark.parametrize("names", [(), ("theirs.png",) * FORM_PAGES])
def test_a_form_on_paper_that_takes_much_memory_is_refused(
    served: Serving, monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...]
) -> None:
    """Twenty blank pages of 1.2 m each way, held as they are looked at, took 1.5 GB."""
    opened: list[object] = []
    monkeypatch.setattr(handlers, "decode_pages", lambda *a, **k: opened.append(a))
    side = LONGEST_SIDE
    fields = tuple(
        Field(f"f{i}", (20.0, 20.0, 40.0, 9.0), i, pattern="##")
        for i in range(1, max(1, len(names)) + 1)
    )
    form = Form("large", fields, paper=(side, side), blank=names)
    page = np.full((60, 60), 255, np.uint8)
    refused = served.client.post(
        "/api/forms/read", json=body(form, page, blank=(page,) * len(names))
    )
    assert refused.status_code == 413
    assert "paper of 1200 x 1200 mm is too large" in refused.json()["error"]
    assert not opened


def test_the_largest_paper_is_a2_lying_or_upright() -> None:
    for paper in ((420.0, 594.0), (594.0, 420.0)):
        rows, columns = size(replace(FORM, paper=paper))
        assert rows * columns <= FORM_PAPER_PIXELS


def test_blank_pages_are_given_up_between_two_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    work, opened, decoded = Work(), [], handlers.decode_pages

    def counted(*arguments: Any, **options: Any) -> Any:
        opened.append(arguments)
        work.cancel()
        return decoded(*arguments, **options)

    monkeypatch.setattr(handlers, "decode_pages", counted)
    fields = tuple(Field(f"f{i}", (20.0, 30.0, 40.0, 9.0), i, pattern="##") for i in (1, 2, 3))
    form = Form("theirs", fields, paper=(148.0, 105.0), blank=("a.png",) * 3)
    page = png(printed())
    with pytest.raises(GivenUpError):
        work.run(handlers._read, recognizer(), form, [page], [page] * 3)
    assert len(opened) == 1


JSON_FORMS = {"check": table(FORM), "print": table(FORM), "read": body(FORM, printed())}


@pytest.mark.parametrize("route", JSON_FORMS)
def test_a_form_is_checked_where_others_do_not_wait_for_it(
    served: Serving, monkeypatch: pytest.MonkeyPatch, route: str
) -> None:
    """A form may take long to look at: never on the thread that answers everybody."""
    threads: list[str] = []

    def looked_at(self: FormTable) -> Form:
        threads.append(threading.current_thread().name)
        raise FormError("seen")

    monkeypatch.setattr(FormTable, "form", looked_at)
    served.client.post(f"/api/forms/{route}", json=JSON_FORMS[route])
    assert [name.startswith("work") for name in threads] == [True]


@pytest.mark.parametrize("size", [(2000, 3), (3, 2000)])
def test_a_picture_that_is_no_page_is_refused_at_once(
    served: Serving, size: tuple[int, int]
) -> None:
    refused = served.client.post("/api/forms/propose", content=png(np.full(size, 255, np.uint8)))
    assert refused.status_code == 400
    assert "are no page" in refused.json()["error"]


LONG = [f"{i // 100:02}-{i % 100:02}" for i in range(1001)]


@pytest.mark.parametrize(
    "form",
    [
        replace(FORM, fields=(replace(FORM.fields[0], allowed=tuple(LONG)),), sums=()),
        replace(FORM, blank=tuple(LONG)),
        replace(FORM, sums=(Sum(FORM.fields[3].name, (FORM.fields[1].name,) * 1001),)),
    ],
    ids=["allowed", "blank", "sum"],
)
def test_a_file_with_longer_lists_than_the_page_takes_is_refused(
    served: Serving, form: Form
) -> None:
    refused = served.client.post("/api/forms/open", content=to_toml(form))
    assert refused.status_code == 400
    assert "is too long to be opened here" in refused.json()["error"]
