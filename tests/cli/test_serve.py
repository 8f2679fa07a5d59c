"""`digitus serve` as a process: its address, its token, its end, and the run that outlives it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from serving import get, post, wait_for
from small import recognizer


@contextmanager
def started(folder: Path, *arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """The command as a process, with a model in its folder."""
    model = folder / "model.safetensors"
    if not model.exists():
        recognizer().save(model)
    with subprocess.Popen(
        [sys.executable, "-m", "digitus", "serve", str(model), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), **environment},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def address(process: subprocess.Popen[str]) -> str:
    """The line that it prints once it can be opened."""
    assert process.stdout
    line = process.stdout.readline()
    assert line.startswith("http://"), (line, process.stderr and process.stderr.read())
    return line.rstrip("\n")


def ended(process: subprocess.Popen[str], how: int) -> str:
    """Ends it by a signal; what it wrote to standard error."""
    process.send_signal(how)
    _, told = process.communicate(timeout=60)
    return told


def stopped(process: subprocess.Popen[str], how: int) -> None:
    """Ends it as a person does: without a word."""
    assert ended(process, how) == ""
    assert process.returncode in (0, -signal.SIGTERM)


@pytest.mark.slow
def test_a_run_outlives_it_also_when_it_is_killed(tmp_path: Path) -> None:
    lesson = {"examples": 300, "epochs": 1000, "layers": "784-8-10", "pace": 100}
    with httpx.Client(verify=False) as client:

        def run_now() -> dict[str, Any]:
            found: dict[str, Any] = client.get(f"{page}api/runs/{run}").json()
            return found

        with started(tmp_path, "--port", "0", "--folder", "runs") as process:
            page = address(process)
            assert page.startswith("http://127.0.0.1:")
            assert client.get(f"{page}api/health").json()["status"] == "ok"
            run = client.post(f"{page}api/runs", json=lesson).json()["id"]
            wait_for(lambda: run_now()["step"] > 5)
            stopped(process, signal.SIGTERM)
        with started(tmp_path, "--port", "0", "--folder", "runs") as process:
            page = address(process)
            wait_for(lambda: run_now()["status"] == "running")
            assert run_now()["step"] > 5
            client.post(f"{page}api/runs/{run}/pause", json={})
            wait_for(lambda: run_now()["status"] == "paused")
            ended(process, signal.SIGKILL)
        with started(tmp_path, "--port", "0", "--folder", "runs") as process:
            page = address(process)
            wait_for(lambda: run_now()["status"] == "paused")


@pytest.mark.slow
def test_beyond_this_machine_there_is_a_token(tmp_path: Path) -> None:
    with started(tmp_path, "--host", "0.0.0.0", "--port", "0", "--json") as process:
        assert process.stdout
        about: dict[str, Any] = json.loads(process.stdout.readline())
        page, _, token = about["address"].partition("?token=")
        assert len(token) >= 20
        local = f"http://127.0.0.1:{httpx.URL(page).port}"
        assert get(local).status_code == 401
        assert get(local, params={"token": token}).status_code == 200


@pytest.mark.slow
def test_a_token_from_the_environment(tmp_path: Path) -> None:
    with started(tmp_path, "--port", "0", DIGITUS_TOKEN="open sesame") as process:
        page, _, token = address(process).partition("?token=")
        assert token == "open%20sesame"
        headers = {"authorization": "Bearer open sesame"}
        assert get(f"{page}api/health").status_code == 401
        assert get(f"{page}api/health", headers=headers).status_code == 200
        stopped(process, signal.SIGINT)


def test_an_address_that_cannot_be_had(digitus: Any, tmp_path: Path) -> None:
    recognizer().save(tmp_path / "model.safetensors")
    result = digitus("serve", "model.safetensors", "--host", "no.such.host.invalid")
    assert "cannot listen on no.such.host.invalid, port 8000" in result.complaint


@pytest.mark.parametrize(
    ("token", "says"),
    [
        ("", "empty"),
        ("  ", "empty"),
        (" x", "space"),
        ("a\nb", "printable"),
        ("\udcff", "printable"),
    ],
)
def test_empty_token(digitus: Any, token: str, says: str) -> None:
    result = digitus("serve", "--host", "0.0.0.0", "--token", token)
    assert result.code == 2
    assert not result.out
    assert "--token: a token must" in result.err
    assert says in result.err


def test_wrong_usage(digitus: Any) -> None:
    for arguments in (["--port", "70000"], ["--port", "x"], ["--folder"], ["a", "b"]):
        assert digitus("serve", *arguments).code == 2


@pytest.mark.slow
def test_a_class_is_told_how_to_come_in(tmp_path: Path) -> None:
    with started(tmp_path, "--class", "--host", "127.0.0.1", "--port", "0") as process:
        own = address(process)
        assert own.endswith("#board")
        assert process.stdout
        line = process.stdout.readline()
        word = re.search(r"join word (\w+)", line)
        assert word, line
        page = own.partition("?")[0]
        assert page in line
        assert any(ord(c) > 0x2500 for c in process.stdout.readline() + process.stdout.readline())
        joined = post(f"{page}api/class/join", json={"word": word[1]})
        assert joined.status_code == 204
        assert get(own.partition("#")[0]).status_code == 200
