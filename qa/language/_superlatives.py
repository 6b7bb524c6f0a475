"""Adjectives in the superlative, those that only sound like one ("large", "major"), and what each is measured by."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import Any

from ._phrases import Phrases
from ._reading import Reading, Superlative
from ._tokens import Question

_SIZE = ("area", "population", "length")
_CLOUD = ("cloud cover",)
_SUPERLATIVES: tuple[tuple[Superlative, str], ...] = (
    (Superlative(_SIZE), "largest, biggest, greatest, most extensive, single? largest|biggest, hugest, maximum, max"),
    (Superlative(_SIZE, False), "smallest, tiniest, least extensive, littlest, minimum, min"),
    (Superlative(("length",)), "longest, lengthiest, most extended, most lengthy"),
    (Superlative(("length",), False), "shortest"),
    (Superlative(("width", "area")), "widest, broadest"),
    (Superlative(("elevation", "height")), "highest, tallest, most elevated, topmost"),
    (Superlative(("elevation", "height"), False), "lowest"),
    (Superlative(("depth",)), "deepest"),
    (Superlative(("depth",), False), "shallowest"),
    (Superlative(("population",)), "most populated, most populous, most inhabited, most peopled, most densely? populated"),
    (Superlative(("population",), False), "least populated, least populous, least inhabited"),
    (Superlative(("population density", "density")), "densest, most densely populated, most dense, most crowded"),
    (Superlative(("population density", "density"), False), "sparsest, least dense, least densely populated, most sparsely populated"),
    (Superlative(("distance",), False), "nearest, closest, most nearby"),
    (Superlative(("distance",)), "farthest, furthest, most distant, most remote"),
    (Superlative(("time",)), "most recent, latest, newest, last, most up - to - date, youngest, freshest"),
    (Superlative(("time",), False), "oldest, earliest, least recent"),
    (Superlative(_CLOUD, False), "clearest, cleanest, least cloudy, most cloud - free, most cloud free, least cloud|clouds, sunniest"),
    (Superlative(_CLOUD), "cloudiest, most cloudy, most clouded"),
    (Superlative(("count",)), "most, most number of, greatest|highest|largest|biggest number|amount|count of"),
    (Superlative(("count",), False), "fewest, least, least|fewest number of, lowest|smallest number|amount|count of"),
    (Superlative(("longitude",)), "easternmost, most eastern, most easterly"),
    (Superlative(("longitude",), False), "westernmost, most western, most westerly"),
    (Superlative(("latitude",)), "northernmost, most northern, most northerly, most nothern"),
    (Superlative(("latitude",), False), "southernmost, most southern, most southerly"),
)  # fmt: skip
_POSITIVES: tuple[tuple[Superlative, str], ...] = (
    (Superlative(_SIZE, positive=True), "large, big, extensive, huge, vast, sizeable, great"),
    (Superlative(("population", "length", "area"), positive=True, lasting=True), "major, main, important, principal"),
    (Superlative(_SIZE, False, positive=True), "small, little, tiny, minor"),
    (Superlative(("length",), positive=True), "long"),
    (Superlative(("length",), False, positive=True), "short"),
    (Superlative(("elevation", "height"), positive=True), "high, tall"),
    (Superlative(("elevation", "height"), False, positive=True), "low"),
    (Superlative(("population",), positive=True), "populous, densely? populated"),
)  # fmt: skip


@lru_cache(maxsize=1)
def _table() -> Phrases[Superlative]:
    return Phrases((*_SUPERLATIVES, *_POSITIVES))


def readings(question: Question, knowledge: Any, today: date) -> Iterator[Reading]:
    """Superlatives, likeliest measure first in each; "high" and its like are less sure than "highest"."""
    del knowledge, today
    for word, start, end in _table().find(question):
        # "at least", "at most" compare
        if start and question.tokens[start - 1].lower == "at":
            continue
        # of no height, and nothing that products are compared by
        if word.positive and end < len(question.tokens) and question.tokens[end].lower in ("resolution", "quality", "definition"):
            continue
        yield Reading("superlative", start, end, word, 0.85 if word.positive else 1.0, "superlatives")


def words() -> frozenset[str]:
    """All words of the table."""
    return _table().words()
