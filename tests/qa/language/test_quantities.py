"""Numbers and amounts: their signs, and how large they may be."""

from __future__ import annotations

import math

import pytest

from earthweave.qa.knowledge import Knowledge
from earthweave.qa.language import _quantities

from .linked import readings


def amounts(text: str) -> dict[str, float]:
    return {words: one.value.value for words, one in readings(_quantities.readings, text, Knowledge()).items()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("deeper than -100 m", {"-100": -100.0, "-100 m": -100.0}),
        ("below minus twenty degrees", {"minus twenty": -20.0, "minus twenty degrees": -20.0}),
        ("between −5 and 5 m", {"−5": -5.0, "5": 5.0, "5 m": 5.0}),
        ("(-5 %)", {"-5 %": -5.0}),
    ],
)
def test_a_sign_belongs_to_its_number(text: str, expected: dict[str, float]) -> None:
    assert amounts(text) == expected


@pytest.mark.parametrize("text", ["10-20 %", "10%-20%", "2018 - 2020", "Sentinel-2", "a 5-kilometre radius", "from 15–25"])
def test_a_dash_between_others_is_no_sign(text: str) -> None:
    found = amounts(text)
    assert found
    assert min(found.values()) > 0


@pytest.mark.parametrize("text", ["5" + " billion" * 40, "9" * 17, "nine" + " million" * 60])
def test_numbers_beyond_all_measure_are_none(text: str) -> None:
    assert amounts(f"the {text} largest lakes within {text} km") == {}
    assert all(map(math.isfinite, amounts(f"{text} and 5 lakes").values()))
