"""A class at work: thirty pupils draw while eight networks train, and how long answers take.

    python benchmarks/classroom.py [MODEL] [--seconds 20] [--json FILE]

The server has two cores, the pupils the others if there are any, and each pupil is a client with a
cookie of its own. A pupil sends a drawing a second, as the web page does while somebody writes;
twelve of them train, eight at a time, as the server lets them. Every answer is compared with what
the recognizer alone says of the same drawing. Results go into the file of `load.py`. On a machine
with other work, a session with a larger share of the processor keeps that from being measured:
`setsid sh -c 'echo -15 > /proc/self/autogroup; exec python benchmarks/classroom.py'`.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from digitus.reading.read import read
from digitus.recognizer import DEFAULT, Recognizer, load
from digitus.serve.live.runs import CLASS
from digitus.synthetic.strokes import strokes
from digitus.types import Grey
from server import CLIENT, SERVER, Server, keep, priority

PUPILS, TRAINING = 30, 12
WIDTH, HEIGHT = 420, 280  # pixels of a drawing
BETWEEN = 1.0  # seconds from one drawing of a pupil to the next
LESSONS = (
    {"recipe": "perceptron", "examples": 5000, "epochs": 1000},
    {"recipe": "convolutions", "examples": 5000, "epochs": 1000},
)


def drawings() -> list[Grey]:
    """A drawing by each pupil, with a digit in the middle."""
    found = []
    for image in strokes(PUPILS, 5).images:
        canvas = np.full((HEIGHT, WIDTH), 255, np.uint8)
        canvas[10:270, 80:340] -= np.kron(image[1:27, 1:27], np.ones((10, 10), np.uint8))
        found.append(canvas)
    return found


class Pupil(threading.Thread):
    """One who draws the same digit again and again."""

    def __init__(self, client: httpx.Client, drawing: Grey, right: list[str], end: float) -> None:
        super().__init__()
        self._client, self._body, self._right, self._end = client, drawing.tobytes(), right, end
        self.milliseconds: list[float] = []
        self.refused = self.wrong = 0

    def run(self) -> None:
        """Draws until the end."""
        while (begun := time.perf_counter()) < self._end:
            answer = self._client.post(
                f"/api/draw?width={WIDTH}&height={HEIGHT}", content=self._body
            )
            took = time.perf_counter() - begun
            self.milliseconds.append(1000 * took)
            if answer.status_code != 200:
                self.refused += 1
            else:
                self.wrong += answer.json()["reading"]["lines"] != self._right
            time.sleep(max(0.0, BETWEEN - took))


def drawn(clients: list[httpx.Client], recognizer: Recognizer, seconds: float) -> dict[str, Any]:
    """All pupils draw for so long; the times of all answers."""
    shown = drawings()
    right = [list(read(one, recognizer=recognizer, drawn=True).lines) for one in shown]
    end = time.perf_counter() + seconds
    pupils = [Pupil(*each, end) for each in zip(clients, shown, right, strict=True)]
    for pupil in pupils:
        pupil.start()
        time.sleep(BETWEEN / PUPILS)  # so that they do not all begin at the same moment
    for pupil in pupils:
        pupil.join()
    times = [t for pupil in pupils for t in pupil.milliseconds]
    figures = {f"p{q}_ms": round(float(np.percentile(times, q)), 1) for q in (50, 99)}
    return {
        "drawings": len(times),
        **figures,
        "most_ms": round(max(times), 1),
        "refused": sum(pupil.refused for pupil in pupils),
        "wrong": sum(pupil.wrong for pupil in pupils),
    }


def steps(clients: list[httpx.Client]) -> list[int]:
    """How far each pupil's run is."""
    return [client.get("/api/runs").json()["runs"][0]["step"] for client in clients[:TRAINING]]


def measured(model: str, seconds: float) -> dict[str, Any]:
    """Thirty pupils alone, and beside eight runs."""
    recognizer = load(model)
    with tempfile.TemporaryDirectory() as name:
        server = Server(model, Path(name), SERVER, "--class", "--host", "127.0.0.1")
        try:
            clients = [httpx.Client(base_url=server.address, timeout=60) for _ in range(PUPILS)]
            for client in clients:
                client.post("/api/class/join", json={"word": server.told["word"]})
            alone = drawn(clients, recognizer, seconds / 2)
            for k, client in enumerate(clients[:TRAINING]):
                client.post("/api/runs", json=LESSONS[k % 2])
            time.sleep(3)
            before = steps(clients)
            beside = drawn(clients, recognizer, seconds)
            gone = [b - a for a, b in zip(before, steps(clients), strict=True)]
            for client in clients:
                client.close()
        finally:
            server.close()
    return {
        "pupils": PUPILS,
        "training": CLASS.at_work,
        "waiting": TRAINING - CLASS.at_work,
        "alone": alone,
        "beside_training": beside,
        "steps": {"fewest": min(gone), "most": max(gone)},
    }


def main() -> None:
    """Measures and prints, or writes."""
    parser = argparse.ArgumentParser(description="A class at work.")
    parser.add_argument("model", nargs="?", default=DEFAULT)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    about = {
        "cores": {"server": len(SERVER), "client": len(CLIENT)},
        "priority": priority(),
        "load_before": [round(x, 2) for x in os.getloadavg()],  # others' work
    }
    parts = {"class": {**measured(arguments.model, arguments.seconds), **about}}
    print(json.dumps(parts, indent=1))
    if arguments.json:
        keep(parts, arguments.json)


if __name__ == "__main__":
    main()
