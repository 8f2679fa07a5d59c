"""Rows that need processes of their own: cold, memory; and size, which looks at the disk.

A child of `memory` is the benchmark itself with `--child`, which does one thing once and prints its
peak memory.
"""

from __future__ import annotations

import compileall
import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack
from importlib import metadata
from pathlib import Path

import numpy as np
from packaging.requirements import Requirement
from PIL import Image

import digitus
from machine import peak_megabytes
from peers import own, peer
from rows import Row, Size, tasks
from rows.clock import alternate
from rows.limits import Limits

MAIN = Path(__file__).parent.parent / "__main__.py"
PROJECT = tomllib.loads((MAIN.parent.parent / "pyproject.toml").read_text("utf-8"))["project"]
SCRIPTS = {
    "digitus": """
import sys
from pathlib import Path
import digitus
from digitus.vision.decode import decode
recognizer = digitus.load(sys.argv[1])
image = decode(Path(sys.argv[2]))
print(next(iter(recognizer.read(image[None])))[0])
""",
    "PyTorch": """
import sys
import numpy as np
import torch
from PIL import Image
net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 800), torch.nn.ReLU(),
                          torch.nn.Linear(800, 10))
net.load_state_dict(torch.load(sys.argv[1]))
x = torch.from_numpy(np.array(Image.open(sys.argv[2]), np.float32)[None] / 255)
with torch.inference_mode():
    print(int(net(x).softmax(1).argmax()))
""",
    "ONNX Runtime": """
import sys
import numpy as np
import onnxruntime
from PIL import Image
session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
x = np.array(Image.open(sys.argv[2]))[None]
print(session.run(None, {"pixels": x})[0].argmax())
""",
}
PACKAGES = {
    "digitus": ["digitus"],
    "PyTorch": ["torch", "numpy", "pillow"],
    "ONNX Runtime": ["onnxruntime", "numpy", "pillow"],
    "scikit-learn": ["scikit-learn", "pillow"],
    "JAX": ["jax", "pillow"],
}
LEARNERS = ("digitus", "digitus on PyTorch", "PyTorch", "JAX", "scikit-learn", "plain NumPy")
PREDICTORS = ("digitus", "ONNX Runtime", "PyTorch", "JAX")


def cold(name: str, size: Size, threads: int, limits: Limits) -> Iterator[tuple[str, Row]]:
    """Everyone reads the same picture with the same weights, and must read the same.

    Everyone's modules are compiled, as pip leaves them; those of an editable installation may not
    be, if Python is told to write no bytecode.
    """
    compileall.compile_dir(Path(digitus.__file__).parent, quiet=2)
    row, recognizer = Row(), tasks.recognizer("epoch800")
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "digit.png"
        Image.fromarray(tasks.digits(1).images[0]).save(picture)
        models = {"digitus": Path(folder) / "model.safetensors"}
        recognizer.save(models["digitus"])
        if isinstance(module := peer("PyTorch"), str):
            row.skipped["PyTorch"] = module
        else:
            import torch

            models["PyTorch"] = Path(folder) / "model.pt"
            net = module.Network(recognizer.recipe.network, recognizer.params, (28, 28, 1)).module
            torch.save(net.state_dict(), models["PyTorch"])
        if isinstance(module := peer("ONNX Runtime"), str):
            row.skipped["ONNX Runtime"] = module
        else:
            models["ONNX Runtime"] = Path(folder) / "model.onnx"
            module.write(recognizer, models["ONNX Runtime"])
        answers = {}

        def work(who: str) -> object:
            command = [sys.executable, "-c", SCRIPTS[who], str(models[who]), str(picture)]

            def run(turn: int) -> None:
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                answers[who] = done.stdout.strip()

            return run

        row.turns = alternate({who: work(who) for who in models}, size.starts)  # type: ignore[misc]
        if len(set(answers.values())) > 1:
            raise ArithmeticError(f"cold: the answers differ: {answers}")
    yield name, row


def size(name: str, size: Size, threads: int, limits: Limits) -> Iterator[tuple[str, Row]]:
    """What a reader of one picture has to have installed."""
    room, count = Row(unit="MB"), Row(unit="packages")
    for who, names in PACKAGES.items():
        found = needed(names)
        if names[0] not in found:
            room.skipped[who] = count.skipped[who] = f"{names[0]} is not installed"
            continue
        room.turns[who] = [sum(map(megabytes, found))]
        count.turns[who] = [len(found)]
    yield "size", room
    yield "size.packages", count


def needed(names: list[str]) -> set[str]:
    """These packages and all that they need, without extras."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in found:
            continue
        try:
            # The metadata of an editable installation may be older than pyproject.toml.
            requires = PROJECT["dependencies"] if name == "digitus" else metadata.requires(name)
        except metadata.PackageNotFoundError:
            continue  # needed on other systems only
        found.add(name)
        for text in requires or []:
            wanted = Requirement(text)
            if wanted.marker is None or wanted.marker.evaluate({"extra": ""}):
                waiting.append(wanted.name)
    return found


def megabytes(name: str) -> float:
    """The size of a package's files; of digitus, which may be editable, that of its folder."""
    if name == "digitus":
        files = [p for p in Path(digitus.__file__).parent.rglob("*") if p.suffix != ".pyc"]
    else:
        files = [Path(str(f.locate())) for f in metadata.files(name) or []]
    return sum(p.stat().st_size for p in files if p.is_file()) / 1e6


def memory(name: str, size: Size, threads: int, limits: Limits) -> Iterator[tuple[str, Row]]:
    """Everyone in a process of its own."""
    for label, who_all in (("memory", LEARNERS), ("memory.predict", PREDICTORS)):
        row = Row(unit="MB")
        for who in who_all:
            library = "PyTorch" if who == "digitus on PyTorch" else who
            module = None if who == "digitus" else peer(library)
            if isinstance(module, str):
                row.skipped[who] = module
                continue
            words = json.dumps([label, who, size.images, size.answers, threads])
            command = [sys.executable, str(MAIN), "--threads", str(threads), "--child", words]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            row.turns[who] = [float(done.stdout.split()[-1])]
        yield label, row


def child(words: str) -> None:
    """What a process of `memory` does: one epoch, or one prediction; prints megabytes."""
    label, who, images, answers, threads = json.loads(words)
    size = Size(images=images, answers=answers)
    with ExitStack() as stack:
        if label == "memory":
            who_learns = learner(who, size, threads)  # keeps its processes until they are counted
            who_learns.epoch(0)
        else:
            recognizer = tasks.recognizer("epoch800")
            module = own if who == "digitus" else peer(who)
            predict = module.predictor(recognizer, threads, answers, stack)
            pixels: np.ndarray = tasks.digits(answers).images
            predict(pixels)
    print(peak_megabytes())


def learner(who: str, size: Size, threads: int) -> own.Learner:
    """One who learns the task of epoch800."""
    from digitus.training.device import Device

    task = tasks.task("epoch800", size, threads)
    if who.startswith("digitus"):
        return own.Learner(task, Device("torch") if who != "digitus" else Device())
    return peer(who).learner(task)
