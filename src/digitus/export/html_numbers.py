"""The numbers by which digits are found and read, handed to the exported page from Python.

Inside: by their names in `parts/*.js`, what the modules of Python say. Not inside: numbers of the
code's own, which name where they are from.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from digitus import limits
from digitus.detection import closeup, closeups, detector, lines, maps, parts
from digitus.reading import drawing, groups, look, photo, read
from digitus.vision import find, normalise, paper, split

NUMBERS: Mapping[str, float | tuple[float, ...]] = {
    # drawing.js
    "BOX": normalise.BOX_PIXELS,
    "FINE": normalise.FINE_ZOOM,
    "PEN": normalise.PEN_PIXELS,
    "EDGE": normalise.EDGE_INK,
    "SURE": drawing.SURE_CONFIDENCE,
    "WIDEST_UNCUT": drawing.WIDEST_UNCUT_HEIGHTS,
    "MOST_CUT": drawing.MOST_CUT_PIECES,
    "WIDEST": split.WIDEST_DIGIT,
    "GAP": split.GAP,
    "PARTS": split.PARTS,
    "MOST": find.MOST,
    "SPACES": groups.SPACE_SHARE,
    # preparing.js
    "FITS": paper.FIT_COUNT,
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
    "FINDS": limits.FINDS,
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
    # photo.js
    "LIKELY": look.LIKELY,
    "ALIKE": look.ALIKE,
    "DOUBTFUL": look.DOUBTFUL,
    "ENOUGH": look.ENOUGH,
    "MANY": look.MANY,
    "PART": look.PART,
    "AROUND": look.AROUND,
    "READ": photo.READ_CONFIDENCE,
    "SHARE": photo.READ_SHARE,
    "NETWORK_SAYS": photo.NETWORK_SAYS,
    "LOOKED_AT": closeup.LOOKED_AT,
    "SIDE": closeups.SIDE,
    "WITHIN": closeups.WITHIN,
    "NONE": closeups.NONE,
    "LITTLE": read.SMALL_PIXELS,
    "SLACK_OF_ONE": read.SLACK_CONFIDENCE,
    "SLACK_OF_SMALL": read.SLACK_CONFIDENCE_OF_SMALL,
}  # fmt: skip


def numbers() -> str:
    """Code that gives them their names."""
    return f"const {', '.join(f'{name} = {json.dumps(n)}' for name, n in NUMBERS.items())};\n"
