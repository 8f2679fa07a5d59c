"""Where a line of digits has spaces: its gaps told apart as usual ones and wide ones.

Inside: `groups`, from the boxes of a line's digits to the first digit of each group. Not inside:
finding digits, or the lines that they stand in.

Whether a gap is a space depends on the hand and the form: digits in the boxes of a form stand
farther apart than some people's words. So a gap is judged beside the others of its line. With the
height of a digit as the unit, each line has a usual distance u. A gap g between digits of one
group, and one between two groups, have the densities

    within(g | u) = Normal(g; mean u, variance a² + (b u)²)
    between(g | u) = Gamma(g - u; EXTRA_HEIGHTS)

where a and b are `SPREAD_HEIGHTS` and `SPREAD_PER_HEIGHT`, and of all gaps a share q,
`SPACE_SHARE`, is of the second kind. u is not known but has a prior density, Gamma(u;
USUAL_HEIGHTS). By Bayes' rule the gaps of the line, g₁ to gₙ, make of it

    p(u | g₁ ... gₙ)  ∝  Gamma(u; USUAL_HEIGHTS) Πᵢ [(1 - q) within(gᵢ | u) + q between(gᵢ | u)],

and a gap is a space if that is more likely than not, whatever u is:

    P(space) = Σᵤ p(u | g₁ ... gₙ) q between(g | u) / [(1 - q) within(g | u) + q between(g | u)].

The constants are moments of 4,000 made pages, from before pages had tables and digits that stand
apart. The moments of today's, which `python benchmarks/fit_groups.py` prints, group fewer lines
rightly: no one density fits such gaps, and the page network knows them better.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import lgamma, log, pi

import numpy as np

from digitus.types import Box, Floats64

# Distances are in heights of a digit. A Gamma density is given by its shape and scale.
SPACE_SHARE = 0.13  # of the gaps of a line
USUAL_HEIGHTS = (3.4, 0.098)
SPREAD_HEIGHTS, SPREAD_PER_HEIGHT = 0.094, 0.18
EXTRA_HEIGHTS = (16.0, 0.08)
GRID_HEIGHTS = np.arange(0.025, 3, 0.05)  # usual distances among which a line's own is sought
MOST_CERTAIN = 1e-3  # a gap's width alone is never surer than this of a space, or of none
JUMP_FACTOR = 2.0  # times as high: such a neighbour is of another group, as beside printed words


def groups(boxes: Sequence[Box]) -> list[int]:
    """The first digit of each group, by its index, in a line of boxes from left to right.

    A group begins after a wide gap, and where the height changes `JUMP_FACTOR` times.
    """
    if not boxes:
        return []
    left, _, width, height = np.array(boxes, np.float64).T
    return group_starts(left, left + width, height)


def group_starts(
    left: Floats64, right: Floats64, size: Floats64, odds: Floats64 | float = 0.0
) -> list[int]:
    """As `groups`, for edges and sizes [n] of digits in any unit.

    `odds` are log odds of a space in each gap [n-1] that another judge gives, added to those of the
    gaps' widths.
    """
    jumps = np.maximum(size[1:], size[:-1]) > JUMP_FACTOR * np.minimum(size[1:], size[:-1])
    starts = (space_odds(left, right, size) + odds > 0) | jumps
    return [0, *(np.flatnonzero(starts) + 1).tolist()]


def space_odds(left: Floats64, right: Floats64, size: Floats64) -> Floats64:
    """The log odds of a space in each gap [n-1], by its width among those of its line."""
    # Whether digits overlap by more or by less says nothing of the spaces.
    gaps = np.maximum(left[1:] - right[:-1], 0) / max(float(np.median(size)), 1)
    spaces = np.clip(space_probabilities(gaps), MOST_CERTAIN, 1 - MOST_CERTAIN)
    odds: Floats64 = np.log(spaces / (1 - spaces))
    return odds


def space_probabilities(gaps: Floats64) -> Floats64:
    """How likely each of a line's gaps [n] is a space; gaps are in heights of a digit."""
    u = GRID_HEIGHTS
    beyond = gaps[:, None] - u  # [gap, usual distance]
    spread = np.hypot(SPREAD_HEIGHTS, SPREAD_PER_HEIGHT * u)
    within = -0.5 * ((beyond / spread) ** 2 + log(2 * pi)) - np.log(spread) + log(1 - SPACE_SHARE)
    between = log_gamma_density(beyond, *EXTRA_HEIGHTS) + log(SPACE_SHARE)
    either = np.logaddexp(within, between)
    posterior = log_gamma_density(u, *USUAL_HEIGHTS) + either.sum(0)
    posterior = np.exp(posterior - posterior.max())
    return np.exp(between - either) @ (posterior / posterior.sum())


def log_gamma_density(x: Floats64, shape: float, scale: float) -> Floats64:
    """The logarithm of Gamma(x; shape, scale), minus infinity where x is not positive."""
    positive = np.maximum(x, 1e-300)
    density = (shape - 1) * np.log(positive) - x / scale - shape * log(scale) - lgamma(shape)
    return np.where(x > 0, density, -np.inf)
