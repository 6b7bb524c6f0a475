"""What vague words are taken to mean, as data; whoever applies one tells it as an `Assumption`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..request import Assumption
from ._vocabulary import kinds_of


@dataclass(frozen=True)
class Policy:
    """One convention.

    Attributes:
        code: stable, as in `Assumption`.
        value: in ``unit`` (UCUM; ``1`` for shares).
        text: a sentence for people with ``{word}`` for the words that left it open.
    """

    code: str
    value: float
    unit: str
    text: str

    def assumption(self, word: str = "") -> Assumption:
        """What to tell about a word of the question."""
        return Assumption(self.code, self.text.format(word=word or "it", value=_said(self.value)), word)


def _said(value: float) -> str:
    return f"{value:,.10g}"


RECENT = Policy("recent", 30, "d", "“{word}” is taken as the last {value} days.")
CLOUD_FREE = Policy("cloud-free", 5, "%", "“{word}” is taken as at most {value} % of cloud.")
CLOUDY = Policy("cloudy", 50, "%", "“{word}” is taken as at least {value} % of cloud.")
LARGE = Policy("large", 0.25, "1", "“{word}” is taken as the top quarter of all.")
SMALL = Policy("small", 0.25, "1", "“{word}” is taken as the lowest quarter of all.")
ABOUT_SHARE = Policy("about", 0.1, "1", "“{word}” is taken as within 10 % of the number.")
ABOUT_POINTS = Policy("about", 5, "%", "“{word}” is taken as within {value} percentage points.")
ABOUT_DAYS = Policy("around", 3, "d", "“{word}” is taken as {value} days before and after.")
POLICIES = (RECENT, CLOUD_FREE, CLOUDY, LARGE, SMALL, ABOUT_SHARE, ABOUT_POINTS, ABOUT_DAYS)
"""Conventions that do not depend on what is asked about."""

_NEAR = {
    "continent": 500_000.0, "country": 100_000.0, "sea": 20_000.0, "mountain range": 20_000.0, "state": 50_000.0, "region": 20_000.0,
    "province": 20_000.0, "county": 10_000.0, "district": 5_000.0, "administrative unit": 5_000.0, "city": 5_000.0, "town": 5_000.0,
    "settlement": 5_000.0, "municipality": 5_000.0, "airport": 5_000.0, "volcano": 10_000.0, "mountain": 5_000.0, "village": 1_000.0,
    "hamlet": 1_000.0, "suburb": 1_000.0, "bay": 1_000.0, "beach": 1_000.0, "forest": 1_000.0, "hotel": 1_000.0, "lake": 1_000.0,
    "river": 1_000.0,    "water body": 1_000.0, "attraction": 1_000.0, "restaurant": 500.0, "park": 500.0, "cafe": 500.0, "bus stop": 500.0,
}  # fmt: skip
_ELSE = 1_000.0


def near(labels: Iterable[str]) -> Policy:
    """How far "near" reaches from a thing, by what it is called; 1 km from whatever the table does not have."""
    for label in labels:
        for kind in kinds_of(label):
            if kind in _NEAR:
                return _near(_NEAR[kind])
    return _near(_ELSE)


_INHABITANTS, _LONG, _WIDE = (
    ("population", Policy("major", 150_000, "1", "“{word}” is taken as of more than {value} inhabitants.")),
    ("length", Policy("major", 750, "km", "“{word}” is taken as longer than {value} km.")),
    ("area", Policy("major", 750, "km2", "“{word}” is taken as larger than {value} km².")),
)
_MAJOR = {"city": _INHABITANTS, "town": _INHABITANTS, "settlement": _INHABITANTS, "river": _LONG, "lake": _WIDE}


def major(labels: Iterable[str]) -> tuple[str, Policy] | None:
    """What makes a thing a major one, by what it is called: a measure, and how much of it; None for whatever the table does not have."""
    return next((_MAJOR[kind] for label in labels for kind in kinds_of(label) if kind in _MAJOR), None)


def _near(metres: float) -> Policy:
    said = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"
    return Policy("near", metres, "m", f"“{{word}}” is taken as within {said}.")
