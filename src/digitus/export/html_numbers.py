"""The numbers by which digits are found and read, handed from Python to the exported web page.

Inside: the constants of Python's modules, by their names in `parts/*.js`. Not inside: numbers that
stand in that code itself; the head of each file says from which module they are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from digitus import limits
from digitus.datasets import digits
from digitus.detection import closeup, closeups, confidence, detector, likeness, lines, maps, parts
from digitus.reading import drawing, groups, look, photo, read, second_look
from digitus.vision import ink, normalise, paper, share

NUMBERS: Mapping[str, float | Sequence[object]] = {
    # ink.js
    "BOX": digits.BOX,
    "FINE": normalise.FINE_ZOOM,
    "PEN": normalise.PEN_PIXELS,
    "EDGE": normalise.EDGE_INK,
    # paper.js
    "FITS": paper.FIT_COUNT,
    # preparing.js
    "GRAIN": normalise.MOST_GRAIN,
    "WORK": normalise.WORK_PIXELS,
    # finding.js
    "COARSEST": detector.COARSEST,
    "ENLARGED": detector.ENLARGED,
    "FINEST": detector.FINEST,
    "ALWAYS": detector.ALWAYS,
    "MARGIN": detector.MARGIN,
    "BLOCK": detector.BLOCK,
    "CALLS": detector.CALLS,
    "CALLED": detector.CALLED,
    "HEAT": detector.LEAST_HEAT,
    "SLACK": detector.SLACK,
    "SAME": detector.SAME,
    "AGREE": detector.AGREE,
    "LEAST_WEIGHT": detector.LEAST_WEIGHT,
    "FINDS": limits.FINDS,
    "TURNED_PIXELS": limits.TURNED_PIXELS,
    "STRIDE": maps.STRIDE,
    "CHANNELS": maps.CHANNELS,
    "SMALLEST": maps.SMALLEST,
    "LARGEST": maps.LARGEST,
    "SEEN_BEST": maps.SEEN_BEST,
    "BREADTH": maps.BREADTH,
    "CELL": parts.CELL,
    "HALO": parts.HALO,
    # lines.js
    "NEAR": lines.NEAR,
    "NEARER": lines.NEARER,
    "ENDED": lines.ENDED,
    "BESIDE": lines.BESIDE,
    "UNLIKE": lines.UNLIKE,
    "SPACES": groups.SPACE_SHARE,
    "NETWORK_SAYS": photo.NETWORK_SAYS,
    # likeness.js
    "BY_ALIKE": likeness.ALIKE,
    "LEAST_LIKE": likeness.AT_LEAST,
    "HABIT": likeness.HABIT,
    # photo.js
    "AS_TALL": confidence.AS_TALL,
    "LEVEL": confidence.LEVEL,
    "BY_THE_SIDE": confidence.BESIDE,
    "LIKELY": look.LIKELY,
    "ALIKE": look.ALIKE,
    "DOUBTFUL": look.DOUBTFUL,
    "ENOUGH": look.ENOUGH,
    "FEWEST": look.FEWEST,
    "MANY": look.MANY,
    "PART": look.PART,
    "AROUND": second_look.AROUND,
    "READ": photo.READ_CONFIDENCE,
    "SHARE": photo.READ_SHARE,
    "LOOKED_AT": closeup.LOOKED_AT,
    "SIDE": closeups.SIDE,
    "WITHIN": closeups.WITHIN,
    "WIDER": closeups.WIDER,
    "FLAT": closeups.FLAT,
    "LEANING": closeup.LEANING,
    "LEANS": closeup.LEANS,
    "CLEAR": closeup.CLEAR,
    "NONE": closeups.NONE,
    "LITTLE": read.SMALL_PIXELS,
    "SLACK_OF_ONE": read.SLACK_CONFIDENCE,
    "SLACK_OF_SMALL": read.SLACK_CONFIDENCE_OF_SMALL,
    "SURE": read.CERTAIN_CONFIDENCE,
    # drawing.js
    "FAINTEST": ink.FAINTEST_GREYS,
    "FULL": ink.FULL_SHARE,
    "SMALLEST_MASS": ink.SMALLEST_MASS,
    "MOST": ink.MOST_PIECES,
    "SEEN": drawing.SEEN_PIXELS,
    "FOUND": drawing.FOUND_PIXELS,
    "MOST_ZOOM": drawing.MOST_ZOOM,
    "MOST_SEEN": drawing.MOST_PIXELS,
    "LEAST_PEN": drawing.LEAST_PEN,
    "TALL": drawing.TALL,
    "PRIOR": drawing.PRIOR,
    "ALONE": drawing.ALONE,
    "DRAWN_SAYS": drawing.NETWORK_SAYS,
    "SURELY": drawing.SURE,
    "NARROWEST": share.NARROWEST,
    "BEYOND": share.BEYOND,
    "STAKE": share.STAKE,
    "OWN": share.OWN,
    "SPECK": share.SPECK,
    "REACH": share.REACH,
    "AS_HIGH": share.ALIKE,
    "APART": share.APART,
}  # fmt: skip


def numbers() -> str:
    """JavaScript that defines them as constants."""
    return f"const {', '.join(f'{name} = {json.dumps(n)}' for name, n in NUMBERS.items())};\n"
