"""Where values lie: none over another that is still needed."""

from __future__ import annotations

from digitus.export.memory import Step, laid_out, places
from digitus.nn.arrays import stream


def test_places_do_not_overlap_while_needed() -> None:
    rng = stream(2, "places")
    for _ in range(50):
        sizes = rng.integers(0, 20, size=12).tolist()
        first = rng.integers(0, 10, size=12)
        spans = list(
            zip(first.tolist(), (first + rng.integers(0, 4, size=12)).tolist(), strict=True)
        )
        starts, total = places(sizes, spans)
        for i in range(12):
            assert starts[i] + sizes[i] <= total
            for k in range(i):
                apart = spans[i][1] < spans[k][0] or spans[k][1] < spans[i][0]
                clear = starts[i] + sizes[i] <= starts[k] or starts[k] + sizes[k] <= starts[i]
                assert apart or clear or not sizes[i] * sizes[k]


def test_a_chain_needs_two_values_at_a_time() -> None:
    chain = [Step((0,), 5), Step((1,), 5), Step((2,), 5)]
    assert laid_out(5, chain) == ([0, 5, 0, 5], 10)


def test_in_place_only_where_nothing_else_reads() -> None:
    alone = [Step((0,), 4), Step((1,), 4, in_place=True)]
    assert laid_out(4, alone) == ([0, 4, 4], 8)
    # Step 2 reads what step 1 would have written over.
    read_again = [Step((0,), 4), Step((1,), 4, in_place=True), Step((1, 2), 4)]
    starts, _ = laid_out(4, read_again)
    assert starts[2] != starts[1]
    # So does the value under another name.
    renamed = [
        Step((0,), 4), Step((1,), 4, same=True), Step((1,), 4, in_place=True), Step((2, 3), 4),
    ]  # fmt: skip
    starts, _ = laid_out(4, renamed)
    assert starts[1] == starts[2] != starts[3]


def test_a_picture_that_lies_elsewhere_is_never_written() -> None:
    same = [Step((0,), 4, same=True), Step((1,), 4, in_place=True)]
    assert laid_out(0, same) == ([None, None, 0], 4)
