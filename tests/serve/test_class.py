"""A class: who comes in, whose run is whose, what is the teacher's, what is remembered."""

from __future__ import annotations

import base64
import csv
import errno
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from digitus.serve.classroom import roster
from digitus.serve.classroom.invitation import join_address, new_word, qr_rows
from digitus.synthetic.strokes import strokes
from serving import LESSON, Serving, get, post, serving, wait_for

TOKEN = "the-teacher"
OWN = {"authorization": f"Bearer {TOKEN}"}


@contextmanager
def pupil(ours: Serving, name: str = "") -> Iterator[httpx.Client]:
    """Somebody who has joined."""
    with httpx.Client(verify=False, base_url=ours.address, timeout=60) as client:
        joined = client.post("/api/class/join", json={"word": ours.word, "name": name})
        assert joined.status_code == 204, joined.text
        yield client


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("class"), TOKEN, of_class=True) as serves:
        yield serves


def trained(ours: Serving, client: httpx.Client) -> str:
    """A run of that pupil, ended."""
    run = client.post("/api/runs", json={**LESSON, "epochs": 1}).json()["id"]
    wait_for(lambda: client.get(f"/api/runs/{run}").json()["status"] == "finished")
    return str(run)


def test_strangers_see_the_way_in_and_nothing_else(ours: Serving) -> None:
    with httpx.Client(verify=False, base_url=ours.address) as stranger:
        page = stranger.get("/")
        assert (page.status_code, "join.js" in page.text) == (401, True)
        assert stranger.get("/static/join.js").status_code == 200
        for path in ("/api/runs", "/api/class", "/api/class/me", "/api/health", "/metrics", "/api"):
            assert stranger.get(path).status_code == 401, path
        assert stranger.post("/api/draw?width=1&height=1", content=b"0").status_code == 401
        assert ours.word not in page.text


def test_pupils_and_teacher_are_told_apart(ours: Serving) -> None:
    with pupil(ours, " Ada\n") as ada, httpx.Client(verify=False, base_url=ours.address) as teacher:
        assert 'data-role="pupil"' in ada.get("/").text
        about = ada.get("/api/class/me").json()
        assert about["number"] >= 1
        assert about["name"] == "Ada"
        assert ada.post("/api/class/me", json={"name": "Lovelace"}).json()["name"] == "Lovelace"
        assert ada.get("/api/class").status_code == 403
        assert ada.delete("/api/class").status_code == 403
        assert ada.delete(f"/api/class/pupils/{about['number']}").status_code == 403
        assert ada.get("/api/class/results").status_code == 403
        assert 'data-role="teacher"' in teacher.get(f"/?token={TOKEN}").text
        assert teacher.get("/api/class").json()["word"] == ours.word  # by the cookie


def test_what_is_anothers_is_not_there(ours: Serving) -> None:
    with pupil(ours) as one, pupil(ours) as other:
        run = trained(ours, one)
        assert [r["id"] for r in one.get("/api/runs").json()["runs"]] == [run]
        assert other.get("/api/runs").json()["runs"] == []
        below = ("", "/events", "/model", "/report", "/mistakes")
        elsewhere = ("health", "mistakes", "weights/2.W")
        asked = [("DELETE", f"/api/runs/{run}")]
        asked += [("GET", f"/api/runs/{run}{part}") for part in below]
        asked += [("GET", f"/api/{what}?model={run}") for what in elsewhere]
        commands = ("pause", "resume", "step", "stop", "equation")
        asked += [("POST", f"/api/runs/{run}/{what}") for what in commands]
        for method, path in asked:
            body = {} if method == "POST" else None
            assert other.request(method, path, json=body).status_code == 404, path
        for path in ("draw?width=28&height=28&", "recognize?", "inside?"):
            answer = other.post(f"/api/{path}model={run}", content=bytes(784))
            assert answer.status_code == 404, path
        begun = other.post("/api/runs", json={**LESSON, "start_from": run})
        assert begun.status_code == 404
        assert one.get(f"/api/runs/{run}").json()["status"] == "finished"
        # The teacher may.
        assert get(f"{ours.address}/api/runs/{run}", headers=OWN).status_code == 200


def test_the_board_shows_everyone_and_can_be_kept(ours: Serving) -> None:
    with pupil(ours, "=1+1") as formula:
        run = trained(ours, formula)
        board = get(f"{ours.address}/api/class", headers=OWN).json()
        shown = {p["name"]: p for p in board["pupils"]}["=1+1"]
        assert shown["run"] == run
        assert shown["status"] == "finished"
        scored = formula.get(f"/api/runs/{run}").json()["scores"]["accuracy"]
        assert shown["accuracy"] == shown["best"] == scored < 1
        assert shown["misread"]["true"] != shown["misread"]["read"]
        assert board["join"] == join_address(ours.address + "/", ours.word)
        assert board["qr"] == qr_rows(board["join"])
        text = get(f"{ours.address}/api/class/results", headers=OWN).content.decode("utf-8-sig")
        rows = {row["run"]: row for row in csv.DictReader(io.StringIO(text))}
        assert float(rows[run]["right"]) == pytest.approx(scored)
        assert rows[run]["name"] == "'=1+1"  # which no spreadsheet computes


def test_a_drawing_is_shown_on_the_board_until_it_is_taken_down(ours: Serving) -> None:
    with pupil(ours, "Grace") as grace, pupil(ours) as other:
        number = grace.get("/api/class/me").json()["number"]

        def shown() -> dict[str, str | int | None] | None:
            pupils = get(f"{ours.address}/api/class", headers=OWN).json()["pupils"]
            return next(p["drawing"] for p in pupils if p["number"] == number)

        assert shown() is None
        image = strokes(1, seed=3).images[0].tobytes()
        (read,) = grace.post("/api/recognize", content=image).json()["answers"]
        assert grace.post("/api/class/drawing", content=image).status_code == 204
        pixels = base64.b64encode(image).decode("ascii")
        assert shown() == {"pixels": pixels, "read": read["value"]}
        for wrong in (b"", image[1:], image * 2):
            assert grace.post("/api/class/drawing", content=wrong).status_code == 400
        # Nobody else's to take down, and a stranger's and the teacher's are no pupil's.
        path = f"/api/class/pupils/{number}/drawing"
        assert other.delete(path).status_code == grace.delete(path).status_code == 403
        assert post(f"{ours.address}/api/class/drawing", content=image).status_code == 401
        by_teacher = post(f"{ours.address}/api/class/drawing", content=image, headers=OWN)
        assert by_teacher.status_code == 404
        assert shown()
        assert httpx.delete(f"{ours.address}{path}", headers=OWN, verify=False).status_code == 204
        assert shown() is None


def test_runs_have_to_share(ours: Serving) -> None:
    with pupil(ours) as busy:
        lesson = {**LESSON, "paused": True}
        assert [busy.post("/api/runs", json=lesson).status_code for _ in range(3)] == [
            201,
            201,
            503,
        ]
        with pupil(ours) as next_one:  # whom that does not hinder
            assert next_one.post("/api/runs", json=lesson).status_code == 201


def test_the_word_is_not_to_be_guessed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roster, "WRONG_WORDS", 3)
    with serving(tmp_path, TOKEN, of_class=True) as fresh:
        tries = [
            fresh.client.post("/api/class/join", json={"word": word})
            for word in ("a", "b", "c", fresh.word)
        ]
        assert [answer.status_code for answer in tries] == [403, 403, 403, 429]
        assert tries[-1].headers["retry-after"]


def test_a_class_is_remembered_until_it_is_cleared(tmp_path: Path) -> None:
    with serving(tmp_path, TOKEN, of_class=True) as first, pupil(first, "Ada") as ada:
        run = trained(first, ada)
        cookies = dict(ada.cookies)
        kept = (tmp_path / roster.FILE).read_text("utf-8")
        assert not any(secret in kept for secret in cookies.values())
        word = first.word
    with serving(tmp_path, TOKEN, of_class=True) as second:
        assert second.word == word
        # Cookies are by port; the secret is what counts.
        named = {f"digitus-{second.port}-pupil": next(iter(cookies.values()))}
        with httpx.Client(verify=False, base_url=second.address, cookies=named) as ada:
            assert ada.get("/api/class/me").json()["name"] == "Ada"
            assert [r["id"] for r in ada.get("/api/runs").json()["runs"]] == [run]
            assert (
                httpx.delete(f"{second.address}/api/class", headers=OWN, verify=False).status_code
                == 204
            )
            assert ada.get("/api/runs").status_code == 401
        board = get(f"{second.address}/api/class", headers=OWN).json()
        assert board["pupils"] == []
        assert board["word"] != word
        assert not (tmp_path / run).exists()


def test_a_damaged_class_is_replaced_and_the_log_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It was said to be left alone."""
    file = tmp_path / roster.FILE
    file.write_text("{", "utf-8")
    word = roster.Roster(tmp_path).word
    assert roster.Roster(tmp_path).word == word, "it has been written"
    (told,) = caplog.messages
    assert told.startswith(f"{file} is damaged; a new class takes its place: ")


def test_on_a_full_disk_the_class_stays_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device", str(self))

    with serving(tmp_path, TOKEN, of_class=True) as ours, pupil(ours, "Ada") as ada:
        run = trained(ours, ada)
        with monkeypatch.context() as patched:
            patched.setattr(Path, "write_bytes", full)
            late = ours.client.post("/api/class/join", json={"word": ours.word})
            renamed = ada.post("/api/class/me", json={"name": "Grace"})
            cleared = ours.client.delete("/api/class", headers=OWN)
        for answer in (late, renamed, cleared):
            assert (answer.status_code, answer.json()["code"]) == (507, "disk-full")
        board = ours.client.get("/api/class", headers=OWN).json()
        assert [pupil["name"] for pupil in board["pupils"]] == ["Ada"]
        assert board["word"] == ours.word
        assert [run["id"] for run in ada.get("/api/runs").json()["runs"]] == [run]
        assert (tmp_path / run).exists()


@pytest.mark.parametrize("path", ["/api/class", "/api/class/pupils/1"])
def test_runs_that_could_not_be_removed_go_when_it_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    def stuck(self: Path, target: Path) -> Path:
        raise OSError(errno.EACCES, "Permission denied", str(self))

    with serving(tmp_path, TOKEN, of_class=True) as ours, pupil(ours, "Ada") as ada:
        run = trained(ours, ada)
        with monkeypatch.context() as patched:
            patched.setattr(Path, "rename", stuck)
            answer = ours.client.delete(path, headers=OWN)
        assert (answer.status_code, answer.json()["code"]) == (507, "not-written")
        assert ada.get("/api/runs").status_code == 401
        assert ours.client.delete(path, headers=OWN).status_code == 204
        assert not (tmp_path / run).exists()


def test_one_pupil_can_be_sent_out(ours: Serving) -> None:
    with pupil(ours) as gone, pupil(ours) as stays:
        run = trained(ours, gone)
        number = gone.get("/api/class/me").json()["number"]
        path = f"{ours.address}/api/class/pupils/{number}"
        assert httpx.delete(path, headers=OWN, verify=False).status_code == 204
        assert httpx.delete(path, headers=OWN, verify=False).status_code == 404
        assert gone.get("/api/runs").status_code == 401
        assert stays.get("/api/runs").status_code == 200
        assert get(f"{ours.address}/api/runs/{run}", headers=OWN).status_code == 404


def test_words_can_be_said() -> None:
    words = {new_word() for _ in range(50)}
    assert len(words) > 45
    assert all(len(word) == 8 and word.isascii() and word.islower() for word in words)
