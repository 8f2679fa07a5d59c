"""What the report says about Gopa 2024's method: sections G1 to G5 (`gopa_method.md`).

Inside: what these sections need of the results. Not inside: the paper's results (`gopa_results`),
how far its network can go (`gopa_improved`).
"""

from __future__ import annotations

from digitus.papers.experiments.gopa import NAMES
from digitus.papers.report.blocks import FromAlbum, Pictures
from digitus.papers.report.document import Document
from digitus.papers.store import Store

FIRST = "The first picture of each digit that is learnt from (MNIST)"


def write(document: Document, store: Store) -> None:
    """Sections G1 to G5."""
    setup = store.result("gopa/setup")
    notations = store.result("gopa/notations")
    examples = store.records["gopa/notations"]["settings"]["examples"] if notations else 0
    digits = FromAlbum(
        FIRST,
        lambda album: [
            Pictures(
                "gopa-digits",
                f"{FIRST}.",
                album("train", (setup or {})["examples"]),
                [str(d) for d in range(10)],
            )
        ],
    )
    document.write(
        "gopa_method.md",
        {"digits": digits},
        names=NAMES,
        setup=setup,
        gradients=notations["gradients"] if notations else None,
        examples=examples,
    )
