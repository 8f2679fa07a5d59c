"""From a trained page network to the file that ships.

    python benchmarks/page_network.py MODEL OUT [--pages 1900] [--apart 357]

MODEL is a page network, or a plain safetensors file with its parameters. The statistics of its
batch normalisations are measured exactly on crops of made pages. Its confidence is fitted, with the
close-up network that ships, on made pages of seed 1: `--pages` of all kinds, and `--apart` more on
which digits stand apart, since a plain stroke is named by what stands around it. Pages that lie on
their side are left out of both. OUT is written as a network that ships. By default the pages are as
many as for the one that does; which those of digits apart were is not known, so weights differ a
little from its own.

Inside: statistics, confidence, and the file. Not inside: the training (`digitus train page`).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

import cv2
import numpy as np
from safetensors.numpy import load_file

from digitus.datasets.digits import Digits
from digitus.detection.closeup import shipped as shipped_closeup
from digitus.detection.confidence import fit
from digitus.detection.examples import crop_batch
from digitus.detection.matching import truth_of
from digitus.detection.model import PageNetwork, load, save
from digitus.detection.storage import packed, unpacked
from digitus.nn import Chain, calibrated
from digitus.reading.options import ReadingOptions
from digitus.reading.second_look import second_look
from digitus.recipe import load_recipe
from digitus.synthetic.pages.kinds import APART
from digitus.synthetic.pages.pages import Page, pages
from digitus.training.device import Device
from digitus.types import Params
from digitus.vision.colour import as_grey
from reading import development

CROPS, CROPS_SEED, FIRST_STEP = 96, 100, 10**6  # the last is a step that no training reaches
PAGES_SEED = 1  # of the pages for tuning


def measured(network: Chain, params: Params) -> Params:
    """The parameters with the statistics measured on crops, on PyTorch's arrays for speed."""
    device = Device("torch")
    images = crop_batch(FIRST_STEP, CROPS, CROPS_SEED, None).inputs[..., None]
    inputs = device.put({"x": images.astype(np.float32)})["x"]
    parts = [inputs[i : i + 16] for i in range(0, CROPS, 16)]
    return Device().put(calibrated(network, device.put(params), parts))


def upright(count: int, apart: int, digits: Digits | None) -> Iterator[Page]:
    """Of so many pages of all kinds, and so many of digits apart, those that do not lie."""
    made = chain(pages(count, PAGES_SEED, digits), pages(apart, PAGES_SEED, digits, mixture=APART))
    return (page for page in made if "turned" not in page.kinds)


def fitted(network: PageNetwork, made: Iterable[Page]) -> PageNetwork:
    """The network with its confidence fitted on these pages."""
    options, finds, truth = ReadingOptions(), [], []
    for page in made:
        grey = as_grey(page.picture)
        found = network.detector.find(grey)
        close, alike, _ = shipped_closeup().look(grey, found.boxes)
        finds.append((found, close, second_look(grey, found.boxes, options)[1], alike))
        truth.append(truth_of(found, page))
    whole = np.concatenate(truth)
    confidence = fit(finds, whole)
    named = [confidence.among_others(*page, confidence(*page[:2]).sum(1)) for page in finds]
    right = (np.concatenate(named).argmax(1) == whole)[whole >= 0].mean()
    print(f"{len(finds)} pages, {(whole >= 0).sum()} digits found, {right:.2%} named rightly")
    print(confidence)
    return replace(network, confidence=confidence)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--pages", type=int, default=1900, help="of all kinds (1900)")
    parser.add_argument("--apart", type=int, default=357, help="of digits apart (357)")
    chosen = parser.parse_args()
    cv2.setNumThreads(1)
    recipe, history = load_recipe("page"), {}
    try:
        before = load(chosen.model)
        recipe, params, history = before.recipe, before.params, before.history
    except Exception:  # not ours: plain parameters
        params = dict(load_file(chosen.model))
    params = measured(recipe.network, params)
    params = unpacked(packed(params))
    made = upright(chosen.pages, chosen.apart, development())
    network = fitted(PageNetwork(recipe, params), made)
    save(chosen.out, recipe, params, history, network.confidence)


if __name__ == "__main__":
    main()
