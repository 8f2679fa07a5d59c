"""Photos of sheets in the browser that are more than one request may take."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from browser.conftest import Server, Visit
from browser.test_form_editor import filed, opened
from digitus.limits import JSON_BYTES
from filled_forms import FORM, filled

pytestmark = pytest.mark.slow


def pages_of_noise(path: Path, count: int, grain: float) -> Path:
    """Sheets as a telephone takes them in the dark: with grain, which a JPEG keeps at some cost."""
    sheet = cv2.resize(filled(), (2400, 1702), interpolation=cv2.INTER_CUBIC)
    noise = np.random.default_rng(0).normal(0, grain, sheet.shape)
    page = Image.fromarray(np.clip(sheet * 0.8 + 20 + noise, 0, 255).astype(np.uint8))
    more = [page] * (count - 1)
    page.save(path, save_all=True, append_images=more, compression="jpeg", quality=95)
    return path


def test_photos_that_are_too_much_for_a_request_are_made_smaller(
    visit: Visit, server: Server, tmp_path: Path
) -> None:
    page = opened(visit, server, filed(tmp_path / "scores.toml", FORM))
    requests: list[str] = []
    page.on("request", lambda sent: requests.append(sent.url + (sent.post_data or "")))
    sheets = pages_of_noise(tmp_path / "sheets.tiff", 2, grain=24)
    page.set_input_files("#view-forms .result-side input[type=file]", sheets)
    page.wait_for_selector(".trials tbody tr")
    assert page.locator(".trials table").count() == 2
    assert page.locator(".trials .problem").count() == 0
    (sent,) = (request for request in requests if "/api/forms/read" in request)
    assert 1_000_000 < len(sent) < JSON_BYTES


def test_pages_that_are_too_much_even_so_are_told(
    visit: Visit, server: Server, tmp_path: Path
) -> None:
    page = opened(visit, server, filed(tmp_path / "scores.toml", FORM))
    sheets = pages_of_noise(tmp_path / "sheets.tiff", 3, grain=80)
    page.set_input_files("#view-forms .result-side input[type=file]", sheets)
    page.get_by_text("These pages are too much to be read at once").wait_for()
