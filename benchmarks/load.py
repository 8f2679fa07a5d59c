"""How much `digitus serve` can take: recognitions a second, beside slow clients, for ten minutes.

    python benchmarks/load.py [MODEL] [--parts burst,slow,drawing,long] [--seconds 600] [--json F]

Needs wrk (Debian: apt install wrk) and Linux. The server gets two cores and wrk the others, if
there are any. Every answer is compared with the recognizer's own. The parts: `burst`, 32
connections; `slow`, the same beside 64 slow clients; `drawing`, one drawing after the other; and
`long`, all kinds of requests for `--seconds`, with the memory of the server. Parts that are asked
for replace those in F. On a machine with other work, `chrt -r 1` before the command keeps that from
being measured in the short parts; every part notes its priority and the machine's load.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import numpy as np

from digitus.recognizer import DEFAULT, Recognizer, load
from digitus.serve.live.runs import ALONE
from digitus.synthetic.strokes import strokes
from server import CLIENT, SERVER, Server, keep, on, priority

HERE = Path(__file__).parent
CONNECTIONS, SLOW = 32, 64
BURST = 10  # seconds
PARTS = ("burst", "slow", "drawing", "long")
SETTLED = 60  # seconds after which memory is first looked at
FILL = 4 * ALONE.kept  # runs before that, more than the server remembers: they are no growth
DRAWN = 300  # pixels of a drawing's side


def wrk(server: Server, folder: Path, seconds: int) -> dict[str, Any]:
    """A burst of recognitions by wrk."""
    threads = len(CLIENT)
    before = server.seconds()
    done = subprocess.run(
        [*on(CLIENT), "wrk", f"-t{threads}", f"-c{CONNECTIONS}", f"-d{seconds}s",
         "--timeout", "10s", "-s", str(HERE / "load.lua"), f"{server.address}/api/recognize", "--",
         str(folder / "images"), str(folder / "answers")],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    found["per_second"] = round(found["requests"] / found["seconds"], 1)
    found["processor_ms_each"] = round(1000 * (server.seconds() - before) / found["requests"], 3)
    return found


def prepare(recognizer: Recognizer, folder: Path) -> None:
    """Writes an image for each thread of wrk and the answer that it must get, a confident one."""
    digits = strokes(200, 77)
    p = recognizer.probabilities(digits.images)
    best = np.argsort(-p.max(1))[: len(CLIENT)]
    (folder / "images").write_bytes(digits.images[best].tobytes())
    lines = (f"{p[i].argmax()} {p[i].max():.6f}\n" for i in best)
    (folder / "answers").write_text("".join(lines), "ascii")


@contextmanager
def slow_clients(server: Server) -> Iterator[None]:
    """Connections that send a byte a second: half of them of a head, half of a body."""
    head = b"POST /api/recognize HTTP/1.1\r\nHost: localhost\r\nContent-Length: 784\r\n\r\n"
    stop = threading.Event()
    lines: list[socket.socket] = []

    def connect(k: int) -> socket.socket:
        line = socket.create_connection(("127.0.0.1", server.port))
        line.sendall(head if k % 2 else head[:30])
        return line

    def drip() -> None:
        while not stop.wait(1):
            for k, line in enumerate(lines):
                try:
                    line.sendall(b"\0" if k % 2 else b"x")
                except OSError:  # the server has cut it: another takes its place
                    line.close()
                    lines[k] = connect(k)

    lines += [connect(k) for k in range(SLOW)]
    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        for line in lines:
            line.close()


def strollers(server: Server, recognizer: Recognizer, stop: threading.Event) -> dict[str, int]:
    """Until told to stop, does what people do on the page: draw, look inside, train, watch."""
    digits = strokes(300, 5)
    expected = recognizer.probabilities(digits.images)
    told = {"draw": 0, "inside": 0, "recognize": 0, "run": 0, "refused": 0, "wrong": 0}

    def ask(client: httpx.Client, kind: str, path: str, body: bytes) -> dict[str, Any] | None:
        answer = client.post(path, content=body)
        told[kind if answer.status_code == 200 else "refused"] += 1
        return answer.json() if answer.status_code == 200 else None

    with httpx.Client(base_url=server.address, timeout=60) as client:
        for k in range(10**9):
            if stop.is_set():
                break
            image = digits.images[k % 300]
            drawing = np.full((DRAWN, DRAWN), 255, np.uint8)
            drawing[10:290, 10:290] -= np.kron(image, np.ones((10, 10), np.uint8))
            ask(client, "draw", f"/api/draw?width={DRAWN}&height={DRAWN}", drawing.tobytes())
            ask(client, "inside", "/api/inside", image.tobytes())
            found = ask(client, "recognize", "/api/recognize", image.tobytes())
            if found:
                p = np.array(found["answers"][0]["probabilities"])
                told["wrong"] += int(np.abs(p - expected[k % 300]).max() > 1e-4)
            if k % 100 == 0:
                told["run"] += train(client)
            stop.wait(0.05)
    return told


def train(client: httpx.Client) -> bool:
    """A training run, watched to its end."""
    run = client.post("/api/runs", json={"epochs": 2, "examples": 1000}).json()
    with client.stream("GET", f"/api/runs/{run['id']}/events") as events:
        return any(line == "event: finished" for line in lines_of(events))


def lines_of(events: httpx.Response) -> Iterator[str]:
    """The lines of a stream up to its end, or the run's."""
    for line in events.iter_lines():
        yield line
        if line == "event: finished":
            return


def long_run(server: Server, recognizer: Recognizer, folder: Path, seconds: int) -> dict[str, Any]:
    """Everything at once for so long, and what it does to the memory."""
    stop = threading.Event()
    told: dict[str, int] = {}
    stroll = threading.Thread(target=lambda: told.update(strollers(server, recognizer, stop)))
    memory: list[tuple[float, float]] = []
    with httpx.Client(base_url=server.address, timeout=60) as client:
        for _ in range(FILL):
            train(client)
    start = time.monotonic()

    def watch() -> None:
        while not stop.wait(min(5.0, seconds / 20)):
            memory.append((round(time.monotonic() - start, 1), server.megabytes()))

    watching = threading.Thread(target=watch)
    stroll.start()
    watching.start()
    try:
        load = wrk(server, folder, seconds)
    finally:
        stop.set()
        stroll.join()
        watching.join()
    settled = [m for t, m in memory if t >= min(SETTLED, seconds / 4)]
    third = max(1, len(settled) // 3)
    return {
        "load": load,
        "people": told,
        "megabytes": {
            "settled": median(settled[:third]),
            "at_the_end": median(settled[-third:]),
            "most": max(settled),
        },
    }


def drawings(server: Server) -> dict[str, float]:
    """How long a drawing takes from request to answer, one after the other."""
    image = strokes(1, 5).images[0]
    drawing = np.full((DRAWN, DRAWN), 255, np.uint8)
    drawing[10:290, 10:290] -= np.kron(image, np.ones((10, 10), np.uint8))
    times = []
    with httpx.Client(base_url=server.address, timeout=60) as client:
        for _ in range(200):
            start = time.perf_counter()
            client.post(f"/api/draw?width={DRAWN}&height={DRAWN}", content=drawing.tobytes())
            times.append(1000 * (time.perf_counter() - start))
    times.sort()
    return {"p50_ms": round(times[100], 2), "p99_ms": round(times[198], 2)}


def measured(model: str, names: list[str], seconds: int) -> dict[str, Any]:
    """The parts of these names."""
    recognizer = load(model)
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(recognizer, folder)
        server = Server(model, folder)
        try:
            wrk(server, folder, 3)  # warm
            for part in names:
                around = {
                    "model": recognizer.recipe.name,
                    "parameters": recognizer.parameter_count,
                    "cores": {"server": len(SERVER), "client": len(CLIENT)},
                    "priority": priority(),
                    "load_before": [round(x, 2) for x in os.getloadavg()],  # others' work
                }
                if part == "burst":
                    figures = wrk(server, folder, BURST)
                elif part == "slow":
                    with slow_clients(server):
                        figures = {"slow": SLOW, **wrk(server, folder, BURST)}
                elif part == "drawing":
                    figures = drawings(server)
                else:
                    figures = long_run(server, recognizer, folder, seconds)
                found[part] = {"connections": CONNECTIONS, **figures, **around}
        finally:
            server.close()
    return found


def main() -> None:
    """Measures and prints, or writes."""
    parser = argparse.ArgumentParser(description="Load digitus serve.")
    parser.add_argument("model", nargs="?", default=DEFAULT)
    parser.add_argument("--parts", default=",".join(PARTS), help="with commas between them")
    parser.add_argument("--seconds", type=int, default=600, help="of the long part")
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    names = arguments.parts.split(",")
    if unknown := set(names) - set(PARTS):
        parser.error(f"no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    for tool in ("wrk", "taskset"):
        if shutil.which(tool) is None:
            sys.exit(f"{tool} is not installed (Debian: apt install wrk util-linux)")
    parts = measured(arguments.model, names, arguments.seconds)
    print(json.dumps(parts, indent=1))
    if arguments.json:
        keep(parts, arguments.json)


if __name__ == "__main__":
    main()
