"""The public sets of digits: what each is, where it comes from, and how to tell that it is whole.

Inside: values only. Not inside: finding and reading them (`sources`).

The sizes and checksums are those of TensorFlow Datasets (url_checksums/mnist.txt,
fashion_mnist.txt and emnist.txt); the checksums of the first two sets also those of torchvision
(prototype/datasets/_builtin/mnist.py).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from digitus.datasets.digits import DIGITS
from digitus.datasets.download import RemoteFile

PartName: TypeAlias = Literal["train", "test"]


@dataclass(frozen=True)
class Part:
    """The training or the test part of a set: its two files and the number of its examples."""

    images: RemoteFile
    labels: RemoteFile
    count: int


@dataclass(frozen=True)
class Source:
    """A public set of IDX files.

    `archive` is the zip file in which they come, where they do: then only its checksum is
    published, and the files are read out of it, without unpacking. `transposed` sets store their
    images by columns and are turned upright. `classes` are the signs that its labels count, from
    `first` on.
    """

    name: str
    title: str
    what: str
    licence: str
    homepage: str
    mirrors: tuple[str, ...]
    train: Part
    test: Part
    archive: RemoteFile | None = None
    transposed: bool = False
    classes: str = DIGITS
    first: int = 0

    def part(self, name: PartName) -> Part:
        """The part of that name."""
        return self.train if name == "train" else self.test


def _part(prefix: str, count: int, *known: tuple[int, str]) -> Part:
    """`known` are size and SHA-256 of the images, then of the labels, where they are published."""
    names = (f"{prefix}-images-idx3-ubyte.gz", f"{prefix}-labels-idx1-ubyte.gz")
    sizes = known or ((0, ""), (0, ""))
    images, labels = (RemoteFile(n, sha, size) for n, (size, sha) in zip(names, sizes, strict=True))
    return Part(images, labels, count)


MNIST = Source(
    name="mnist",
    title="MNIST",
    what="handwritten digits of clerks and pupils, 28 x 28",
    licence="none stated by its authors, LeCun, Cortes and Burges",
    homepage="http://yann.lecun.com/exdb/mnist/",
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
    train=_part(
        "train",
        60_000,
        (9_912_422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
        (28_881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
    ),
    test=_part(
        "t10k",
        10_000,
        (1_648_877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
        (4_542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
    ),
)
FASHION = Source(
    name="fashion-mnist",
    title="Fashion-MNIST",
    what="clothes in the form of MNIST: ten kinds, none of them a digit",
    licence="MIT, Zalando SE",
    homepage="https://github.com/zalandoresearch/fashion-mnist",
    mirrors=(
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    ),
    train=_part(
        "train",
        60_000,
        (26_421_880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
        (29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
    ),
    test=_part(
        "t10k",
        10_000,
        (4_422_102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
        (5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
    ),
)
EMNIST = Source(
    name="emnist-digits",
    title="EMNIST Digits",
    what=(
        "280,000 digits out of the collection that MNIST comes from, 28 x 28 (562 MB to download); "
        "they may include MNIST's own, so do not train on these and test on those"
    ),
    licence="none stated; made by Cohen, Afshar, Tapson and van Schaik from NIST's collection 19",
    homepage="https://www.nist.gov/itl/products-and-services/emnist-dataset",
    mirrors=("https://biometrics.nist.gov/cs_links/EMNIST/",),
    train=_part("emnist-digits-train", 240_000),
    test=_part("emnist-digits-test", 40_000),
    archive=RemoteFile(
        "gzip.zip", "fb9bb67e33772a9cc0b895e4ecf36d2cf35be8b709693c3564cea2a019fcda8e", 561_753_746
    ),
    transposed=True,
)
LETTERS = replace(
    EMNIST,
    name="emnist-letters",
    title="EMNIST Letters",
    what="145,600 letters, capital and small ones together, out of the same archive, 28 x 28",
    train=_part("emnist-letters-train", 124_800),
    test=_part("emnist-letters-test", 20_800),
    classes="ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    first=1,
)
BALANCED = replace(
    EMNIST,
    name="emnist-balanced",
    title="EMNIST Balanced",
    what=(
        "131,600 digits and letters, small ones where they differ from capitals, out of the same "
        "archive, 28 x 28"
    ),
    train=_part("emnist-balanced-train", 112_800),
    test=_part("emnist-balanced-test", 18_800),
    classes="0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabdefghnqrt",
)
SOURCES = {source.name: source for source in (MNIST, FASHION, EMNIST, LETTERS, BALANCED)}
