"""`digitus adapt`: what is written, and when nothing is."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitus.cli.adapt import _said, _taken
from digitus.datasets import named
from digitus.datasets.batches import split
from digitus.datasets.digits import Digits
from digitus.datasets.sources import load as load_set
from digitus.errors import DataError
from digitus.history import History
from digitus.recognizer import Recognizer, load
from digitus.synthetic.strokes import strokes
from digitus.training import adapt as module
from digitus.training import tune
from digitus.training.examples import SPLIT_SEED
from digitus.training.exemplars import remembering
from small import digits as small_digits
from small import recipe, recognizer, trained


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("OLD_DIGITS", 200), ("NOT_DIGITS", 20)):
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(tune, "STEPS", 20)


def save(path: str, count: int, shift: int = 0, of: Digits | None = None) -> None:
    """Digits as a review saves them."""
    found = of or strokes(count, 5)
    rows = np.column_stack([(found.labels + shift) % 10, found.images.reshape(count, -1)])
    head = ",".join(["label", *(f"pixel{i}" for i in range(784))])
    np.savetxt(path, rows, "%d", ",", header=head, comments="")


def test_corrections_of_a_review_make_a_model(digitus: Any) -> None:
    recognizer().save("mine.safetensors")
    save("digits.csv", 40)
    command = ("adapt", "mine.safetensors", "digits.csv", "digits.csv", "--to", "own.safetensors")
    record = digitus(*command, "--worse", 1, "--json").record
    assert (record["corrections"], record["kept_back"]["of"]) == (80, 10)  # each once
    assert load("own.safetensors").history["adapted"][0]["examples"] == 30
    assert "is there already" in digitus(*command).complaint


def test_pictures_of_another_size_are_told_how_they_fit(digitus: Any) -> None:
    recognizer().save("mine.safetensors")
    np.savez("large.npz", x=np.zeros((20, 40, 40), np.uint8), y=np.arange(20) % 10)
    said = digitus("adapt", "mine.safetensors", "large.npz", "--to", "own.safetensors").complaint
    assert "40 x 40 pixels; the network reads 28 x 28; --prepare auto makes pictures" in said


@pytest.mark.parametrize(
    ("way", "share", "said"),
    [
        (module.WHOLE, 0.25, "25 % of the change of the whole network"),
        (module.MEMORY, 0.0, "a memory of 40 corrections"),
        (
            module.MEMORY,
            0.9,
            "a memory of 40 corrections and 90 % of the change of the whole network",
        ),
    ],
)
def test_what_is_given_out_is_said(way: str, share: float, said: str) -> None:
    made, corrections = recognizer(), strokes(40, 5)
    if way == module.MEMORY:
        made = remembering(made, corrections, strokes(20, 6).images)
    counted = module.Compared(1, 0, 10, 0, 0.1)
    assert _taken(module.Adapted(made, counted, counted, way, share), made) == f"given out: {said}"


@pytest.mark.parametrize(
    ("at_most", "said"),
    [
        (1.0, "not worse by more than 100 points"),
        (0.002, "not worse by more than 0.2 points"),
        (0.02341, "not worse by more than 2.35 points"),
        (0.0, "not worse by more than 0 points"),
        (-0.04656, "better by at least 4.65 points"),
    ],
)
def test_a_bound_is_written_out_and_never_made_smaller(at_most: float, said: str) -> None:
    assert _said(at_most, 0.99) == f"with 99 % confidence: {said}"


def test_without_its_own_digits_it_says_so_beside_the_json(digitus: Any) -> None:
    made = recognizer()
    replace(made, recipe=replace(made.recipe, data="mnist")).save("mine.safetensors")
    save("digits.csv", 40)
    command = ("adapt", "mine.safetensors", "digits.csv", "--to", "own.safetensors")
    done = digitus(*command, "--worse", 1, "--json")
    assert done.record["corrections"] == 40
    assert "mnist cannot be had, so strokes stand beside" in " ".join(done.err.split())


LEARNT = "which digits of strokes are new to mine.safetensors is unknown"


def kept_back(digitus: Any, made: Recognizer, *options: Any) -> Any:
    """What is compared when this is adapted, or why it is not."""
    made.save("mine.safetensors", new_folder=False)
    save("digits.csv", 40)
    command = ("adapt", "mine.safetensors", "digits.csv", "--to", "own.safetensors", "--replace")
    return digitus(*command, "--worse", 1, "--json", *options)


@cache
def of_the_first() -> Recognizer:
    """A network that learnt from the first digits of its set."""
    few = recipe(epochs=1, development=30)
    return trained(few, load_set("strokes", "train", count=150))[0]


def test_of_a_run_that_took_the_first_of_a_set_those_are_taken_again(
    digitus: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Digits] = []
    monkeypatch.setattr(
        module, "_parted", lambda _, old: (seen.append(old), split(old, 30, SPLIT_SEED))[1]
    )
    done = kept_back(digitus, of_the_first())
    assert done.record["old"]["of"] == 30
    assert [digits.sha256 for digits in seen] == [load_set("strokes", "train", count=150).sha256]
    assert "stand beside instead" not in done.err


def test_where_it_is_unknown_what_is_new_others_are_taken(digitus: Any) -> None:
    """Other digits than they are now, as of pictures that were prepared or turned."""
    made = recognizer()
    data = {**made.history["data"], "sha256": "0" * 64}
    other: History = {**made.history, "data": data}
    done = kept_back(digitus, replace(made, history=other))
    assert f"{LEARNT}, so strokes stand beside instead" in " ".join(done.err.split())
    assert done.record["old"]["of"] == len(load_set("strokes", "test")) // 2


@pytest.mark.slow
@pytest.mark.parametrize("data", ["strokes", None])
def test_what_a_network_before_it_may_have_learnt_is_not_new(
    digitus: Any, data: str | None
) -> None:
    made, began = recognizer(), {"model": "one", **({"data": data} if data else {})}
    history: History = {**made.history, "started_from": began}
    done = kept_back(digitus, replace(made, history=history))
    assert LEARNT in " ".join(done.err.split())
    of = data or "digits that nobody knows"
    for old in ("strokes", "digits.csv") if data is None else ("strokes",):
        complaint = kept_back(digitus, replace(made, history=history), "--old", old).complaint
        assert f"learnt from {of}, so which digits of {old} it has not seen" in complaint
    with pytest.raises(DataError, match="so did the one that it began with"):
        module._parted(replace(made, history=history), small_digits(600))


def test_a_network_that_began_with_one_of_other_digits_has_its_own(digitus: Any) -> None:
    made = of_the_first()
    history: History = {**made.history, "started_from": {"model": "one", "data": "mnist+usps"}}
    done = kept_back(digitus, replace(made, history=history))
    assert done.record["old"]["of"] == 30
    complaint = kept_back(digitus, replace(made, history=history), "--old", "usps").complaint
    assert "learnt from mnist+strokes+usps, so which digits of usps it has not seen" in complaint


@pytest.mark.parametrize(
    ("learnt", "old"),
    [
        ("strokes", "strokes"),  # not those of its training: these were the first 600
        ("usps", "usps+strokes"),
        ("strokes+usps", "usps+strokes"),
        ("mnist+strokes", "strokes+usps"),
        ("mnist+strokes", "mnist"),
    ],
)
def test_no_set_is_old_of_which_a_part_was_learnt(
    digitus: Any, learnt: str, old: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(named, "digits_of", any_digits(named.digits_of))
    made = recognizer()
    done = kept_back(digitus, replace(made, recipe=replace(made.recipe, data=learnt)), "--old", old)
    assert f"so which digits of {old} it has not seen is unknown" in done.complaint


def any_digits(real: Any) -> Any:
    """Digits for sets that are not on this machine; files as they are."""

    def found(data: str, *args: Any, **options: Any) -> Digits:
        return real(data, *args, **options) if "." in data else strokes(300, 9)

    return found


def test_pictures_that_were_learnt_from_are_not_old_under_another_name(digitus: Any) -> None:
    save("known.csv", 60, of=load_set("strokes", "train", count=60))
    save("both.csv", 100, of=load_set("strokes", "train", count=60).joined(strokes(40, 8)))
    done = kept_back(digitus, of_the_first(), "--old", "both.csv")
    assert done.record["old"]["of"] == 20  # half of what is new
    assert (
        "none of these old digits"
        in kept_back(digitus, of_the_first(), "--old", "known.csv").complaint
    )


def test_where_it_would_be_worse_nothing_is_written(
    digitus: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tune, "RATE", 0.1)  # it learns the lies, and forgets the truth
    monkeypatch.setattr(module, "WAYS", dict.fromkeys(module.WAYS, (1.0,)))
    recognizer().save("mine.safetensors")
    save("digits.csv", 200, shift=1)
    done = digitus(
        "adapt", "mine.safetensors", "digits.csv", "--to", "own.safetensors", "--worse", 0.1
    )
    assert done.code == 1
    said = " ".join(done.out.split())
    assert "nothing is written: no network was better on the corrections" in said
    assert "not worse on old digits by more than 10 points" in said
    assert not Path("own.safetensors").exists()
