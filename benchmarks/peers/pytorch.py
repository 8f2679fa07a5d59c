"""PyTorch as its tutorials use it: `nn.Sequential`, `torch.optim`, eager.

`pytorch_compiled` is the same with `torch.compile`. Also inside: the mapping between the names and
layouts of digitus and those of PyTorch, which keeps channels first and weights transposed.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn

from digitus import nn as own
from digitus.recognizer import Recognizer
from peers import Predictor, Task


class Network:
    """An `nn.Sequential` like a `Chain`, for pixels [n 1 h w] from 0 to 1."""

    def __init__(self, chain: own.Chain, params: dict[str, Any], shape: own.Shape) -> None:
        layers: list[nn.Module] = []
        self.to_own: list[tuple[str, nn.Parameter, Callable[[Any], Any]]] = []
        before: own.Shape = ()  # the shape that Flatten flattens
        for i, layer in enumerate(chain.layers):
            made = self.made(layer, shape)
            if isinstance(layer, own.Flatten):
                before = shape
            shape = layer.plan(shape)[1]
            if made is None:
                continue
            layers.append(made)
            if f"{i}.W" not in params:
                continue
            there, back = layout(layer, before)
            before = ()
            with torch.no_grad():
                made.weight.copy_(torch.tensor(there(params[f"{i}.W"])))
                made.bias.copy_(torch.tensor(params[f"{i}.b"]))
            self.to_own += [(f"{i}.W", made.weight, back), (f"{i}.b", made.bias, lambda b: b)]
        self.module = nn.Sequential(*layers)

    @staticmethod
    def made(layer: Any, shape: own.Shape) -> nn.Module | None:
        """PyTorch's layer, uninitialised; None for Scale, which is done before."""
        match layer:
            case own.Scale():
                return None
            case own.Conv(channels=o, kernel=k):
                return nn.Conv2d(shape[-1], o, k, padding=layer.border, stride=layer.stride)
            case own.MaxPool(size=s):
                return nn.MaxPool2d(s)
            case own.Dense(units=o):
                return nn.Linear(shape[0], o)
        return {own.Relu: nn.ReLU, own.Sigmoid: nn.Sigmoid, own.Flatten: nn.Flatten}[type(layer)]()

    def gradients(self) -> dict[str, Any]:
        """Those of the last backward, as digitus names and lays them out."""
        return {name: back(w.grad.cpu().numpy()) for name, w, back in self.to_own}


def layout(layer: Any, before: own.Shape) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """How a weight is laid out there, and back. A Dense after Flatten sees channels first."""
    if isinstance(layer, own.Conv):
        return lambda W: W.transpose(3, 2, 0, 1), lambda W: W.transpose(2, 3, 1, 0)
    if len(before) == 3 and before[2] > 1:
        h, w, c = before
        return (
            lambda W: W.reshape(h, w, c, -1).transpose(3, 2, 0, 1).reshape(-1, h * w * c),
            lambda W: W.reshape(-1, c, h, w).transpose(2, 3, 1, 0).reshape(h * w * c, -1),
        )
    return lambda W: W.T, lambda W: W.T


class Learner:
    """An epoch is the well-known loop."""

    def __init__(
        self,
        task: Task,
        compiled: bool = False,
        device: str = "cpu",
        precision: str = "float32",
    ) -> None:
        self.task = task
        recipe = task.recipe
        torch.set_num_threads(task.threads)
        self.network = Network(recipe.network, task.start.params, (*task.pixels.shape[1:3], 1))
        self.network.module.to(device)
        self.module = torch.compile(self.network.module) if compiled else self.network.module
        self.loss = nn.CrossEntropyLoss()
        self.narrow = partial(
            torch.autocast, device, torch.bfloat16, enabled=precision == "bfloat16"
        )
        rate, rule = recipe.schedule(0), recipe.optimizer
        weights = self.network.module.parameters()
        if isinstance(rule, own.Adam):
            betas = (rule.beta1, rule.beta2)
            self.rule: Any = torch.optim.Adam(weights, rate, betas=betas, eps=rule.epsilon)
        else:
            self.rule = torch.optim.SGD(weights, rate)
        self.X = torch.from_numpy(task.pixels.transpose(0, 3, 1, 2)).to(device)
        self.y = torch.from_numpy(task.learnt.labels.astype(np.int64)).to(device)

    def prepare(self) -> None:
        """Sets its number of threads."""
        torch.set_num_threads(self.task.threads)

    def epoch(self, number: int) -> float:
        """Batch by batch."""
        total = torch.zeros((), device=self.X.device)
        for batch in self.task.batches(number):
            indices = batch
            if not isinstance(batch, slice):
                indices = torch.from_numpy(batch).to(self.X.device)
            X, y = self.X[indices], self.y[indices]
            self.rule.zero_grad()
            with self.narrow():
                loss = self.loss(self.module(X), y)
            loss.backward()
            self.rule.step()
            total += loss.detach() * len(X)
        return float(total) / len(self.X)

    def gradients(self, images: np.ndarray, labels: np.ndarray) -> tuple[float, dict[str, Any]]:
        """Must be asked for before the first epoch."""
        X = torch.from_numpy(images[:, None].astype(np.float32) / np.float32(255))
        y = torch.from_numpy(labels.astype(np.int64))
        self.network.module.zero_grad()
        with self.narrow():
            loss = self.loss(self.module(X.to(self.X.device)), y.to(self.X.device))
        loss.backward()
        return float(loss.detach()), self.network.gradients()

    def close(self) -> None:
        """Nothing to do."""


learner = Learner


def predictor(recognizer: Recognizer, threads: int, count: int, stack: ExitStack) -> Predictor:
    """Bytes to probabilities, a thousand at a time, without gradients."""
    module = Network(recognizer.recipe.network, recognizer.params, (*recognizer.size, 1)).module
    module.eval()

    def predict(images: np.ndarray) -> np.ndarray:
        found = []
        with torch.inference_mode():
            for start in range(0, len(images), 1000):
                part = torch.from_numpy(images[start : start + 1000])
                z = module(part[:, None].to(torch.float32) * (1 / 255))
                found.append(torch.softmax(z * (1 / recognizer.temperature), 1))
            return (torch.cat(found) if len(found) > 1 else found[0]).numpy()

    predict.prepare = lambda: torch.set_num_threads(threads)  # type: ignore[attr-defined]
    return predict
