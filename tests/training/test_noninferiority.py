"""What is promised of a network that is given out is kept as often as it is promised."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest

from digitus.training.noninferiority import NUISANCE_SHARE, Pairs, bound, p_value

LEVEL = 0.05
DRAWN = 4000


def drawn(n: int, lost: float, won: float, seed: int) -> list[Pairs]:
    """What pairs of networks make of n digits, where these are the chances that they differ."""
    counts = np.random.default_rng(seed).multinomial(n, [lost, won, 1 - lost - won], DRAWN)
    return [Pairs(n, int(b), int(c)) for b, c, _ in counts]


@pytest.mark.slow
@pytest.mark.parametrize("won", [0.0, 0.0004, 0.001, 0.003])
def test_of_networks_that_are_as_much_worse_as_is_refused_one_in_twenty_passes_at_most(
    won: float,
) -> None:
    """Two accuracies side by side let half of them pass, and one of eight twice as bad."""
    allowed = 0.002
    passed = np.mean(
        [p_value(p, allowed, LEVEL) <= LEVEL for p in drawn(5000, won + allowed, won, 1)]
    )
    assert passed <= LEVEL + 3 * (LEVEL * (1 - LEVEL) / DRAWN) ** 0.5
    side_by_side = np.mean([p.lost - p.won <= allowed * p.n for p in drawn(5000, 0.002, 0, 1)])
    assert side_by_side > 0.5


def test_what_is_no_worse_passes() -> None:
    passed = [p_value(p, 0.002, LEVEL) <= LEVEL for p in drawn(5000, 0.0004, 0.0004, 2)]
    assert np.mean(passed) > 0.95


def chance_of_passing(n: int, allowed: float, won: float, level: float) -> float:
    """Exact: over everything that can be counted."""
    total, lost = 0.0, won + allowed
    for b in range(n + 1):
        for c in range(n + 1 - b):
            if p_value(Pairs(n, b, c), allowed, level) <= level:
                ways = comb(n, b) * comb(n - b, c)
                total += ways * lost**b * won**c * (1 - lost - won) ** (n - b - c)
    return total


@pytest.mark.slow
@pytest.mark.parametrize("level", [LEVEL, 0.01 / 12, 0.001 / 12])
@pytest.mark.parametrize("allowed", [-0.1, 0.0, 0.1, 0.4])
def test_the_level_is_kept_exactly_whatever_else_the_networks_do(
    allowed: float, level: float
) -> None:
    chances = [
        chance_of_passing(20, allowed, won, level)
        for won in np.linspace(max(0.0, -allowed), (1 - allowed) / 2, 12).tolist()
    ]
    assert max(chances) <= level
    if level == LEVEL or allowed == 0.4:  # of 20 digits the others say too little for more
        assert max(chances) > level / 3  # it is not by refusing all that it is kept


def test_where_none_is_lost_it_is_about_the_chance_of_that() -> None:
    none = 0.995**1000
    assert none < p_value(Pairs(1000, 0, 0), 0.005, LEVEL) < 2 * none + NUISANCE_SHARE * LEVEL


def test_limits() -> None:
    assert p_value(Pairs(10, 10, 0), 1.0, LEVEL) == 0.0  # nothing can be worse by more
    assert p_value(Pairs(10, 0, 10), -1.0, LEVEL) == 1.0
    assert p_value(Pairs(5000, 3000, 100), 0.002, LEVEL) > 0.99
    assert p_value(Pairs(50_000, 700, 900), 0.002, LEVEL) < 1e-6
    assert p_value(Pairs(50_000, 10, 10), 0.5, LEVEL) < 1e-6
    assert p_value(Pairs(0, 0, 0), 0.5, LEVEL) == 1.0  # of nothing nothing can be said
    assert bound(Pairs(0, 0, 0), LEVEL) == 1.0


def test_more_lost_says_less_and_more_won_says_more() -> None:
    lost = [p_value(Pairs(2000, b, 3), 0.005, LEVEL) for b in range(12)]
    won = [p_value(Pairs(2000, 6, c), 0.005, LEVEL) for c in range(12)]
    assert lost == sorted(lost)
    assert won == sorted(won, reverse=True)


@pytest.mark.parametrize("pairs", [Pairs(12, 0, 0), Pairs(50, 0, 6), Pairs(5000, 8, 2)])
def test_a_bound_is_where_the_claim_begins_to_be_refused(pairs: Pairs) -> None:
    most = bound(pairs, LEVEL)
    assert p_value(pairs, most, LEVEL) <= LEVEL < p_value(pairs, most - 3e-4, LEVEL)


@pytest.mark.parametrize("pairs", [Pairs(50, 0, 10), Pairs(5000, 2, 30), Pairs(300, 4, 1)])
def test_the_surer_the_larger_is_a_bound_and_never_by_a_leap(pairs: Pairs) -> None:
    """A share of the level is what the search for the worst case costs, however small it is."""
    most = [bound(pairs, level / 12) for level in (0.05, 0.02, 0.015, 0.01, 0.005, 0.001)]
    assert most == sorted(most)
    assert max(np.diff(most)) < 5 / (pairs.n**0.5 * 10)
    assert most[-1] < 0.2


def test_more_won_than_lost_is_refused_at_no_confidence() -> None:
    level = 0.001 / 2
    assert p_value(Pairs(5000, 2, 30), 0.002, level) <= level
