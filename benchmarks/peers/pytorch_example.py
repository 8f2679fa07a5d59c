"""PyTorch's well-known example network for MNIST, rewritten, with its schedule.

Two convolutions of 32 and 64 channels, pool, dropout, dense 128, dropout, dense 10; Adadelta with
rate 1, times 0.7 after each epoch, batches of 64, 14 epochs. Pixels are normalised by the set's
mean 0.1307 and deviation 0.3081, and are in memory before the first epoch: the example itself
decodes each picture anew in each epoch, which takes longer.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import nn

from digitus.datasets.digits import Digits

EPOCHS, BATCH, RATE, GAMMA = 14, 64, 1.0, 0.7
MEAN, DEVIATION = 0.1307, 0.3081


def epochs(digits: Digits, seed: int, threads: int, count: int = EPOCHS) -> Iterator[nn.Module]:
    """The network after each epoch."""
    torch.manual_seed(seed)
    X, y = pixels(digits), torch.from_numpy(digits.labels.astype(np.int64))
    network = nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(),
        nn.Conv2d(32, 64, 3), nn.ReLU(),
        nn.MaxPool2d(2), nn.Dropout(0.25), nn.Flatten(),
        nn.Linear(9216, 128), nn.ReLU(), nn.Dropout(0.5),
        nn.Linear(128, 10),
    )  # fmt: skip
    loss = nn.CrossEntropyLoss()
    rule = torch.optim.Adadelta(network.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.StepLR(rule, step_size=1, gamma=GAMMA)
    order = torch.Generator().manual_seed(seed)  # dropout draws from the global generator
    for _ in range(count):
        torch.set_num_threads(threads)
        network.train()
        for batch in torch.randperm(len(X), generator=order).split(BATCH):
            rule.zero_grad()
            loss(network(X[batch]), y[batch]).backward()
            rule.step()
        schedule.step()
        yield network


def pixels(digits: Digits) -> torch.Tensor:
    """[n 1 h w], normalised."""
    numbers = digits.images[:, None].astype(np.float32)
    return torch.from_numpy((numbers / 255 - MEAN) / DEVIATION)


def accuracy(network: nn.Module, digits: Digits) -> float:
    """The share of digits that it reads right."""
    network.eval()
    with torch.inference_mode():
        parts = [network(x).argmax(1) for x in pixels(digits).split(1000)]
    return float((torch.cat(parts).numpy() == digits.labels).mean())
