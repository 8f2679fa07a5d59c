"""What a person sees in a session: names that can be found, answers that fit on the screen."""

from __future__ import annotations

import digitus
from digitus.reading.result import Digit
from exported import model, pictures


def test_the_public_names_are_found() -> None:
    assert dir(digitus) == sorted(digitus.__all__)


def test_a_recognizer_is_a_line() -> None:
    assert repr(model("convolutions")) == (
        "Recognizer(convolutions: 2,448 parameters, 28 x 28 bytes, refuses below 0.300)"
    )


def test_a_digit_is_a_line() -> None:
    row = model("convolutions").probabilities(pictures())[2]
    digit = Digit(7, 0.9, (1, 2, 3, 4), 0, pictures()[2], row)
    assert repr(digit) == "Digit(value=7, confidence=0.9, box=(1, 2, 3, 4), line=0)"
