"""What a request from outside must meet beside its types: numbers that can be compared, places on the Earth, not too many parts."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from types import MappingProxyType
from typing import Any

from earthweave.ontology import ParameterError, SizeLimitError

from ._things import Amount, AnyOf, Box, Count, Pick, Point, Spatial, Temporal

MOST = 500
"""Parts of a request: a question of 1000 characters hardly has 100."""
_LARGEST = 10**15


def check(request: Any) -> None:
    """Raise `ParameterError` for a part that says nothing that could be asked, `SizeLimitError` for too many parts."""
    waiting, parts = [request], 0
    while waiting:
        node = waiting.pop()
        if isinstance(node, tuple):
            waiting.extend(node)
        elif is_dataclass(node):
            parts += 1
            if parts > MOST:
                raise SizeLimitError(f"the request has more than {MOST} parts", way_out="ask for less at once")
            sound, rule = _RULES.get(type(node), _ANYTHING)
            if not sound(node):
                raise ParameterError(f"{type(node).__name__}: {rule}", why=f"{node}"[:200], way_out="see request_schema()")
            waiting.extend(getattr(node, field.name) for field in fields(node))


def _on_earth(lon: float, lat: float) -> bool:
    return -180 <= lon <= 180 and -90 <= lat <= 90


def _boxed(box: Box) -> bool:
    ordered = box.west <= box.east and box.south <= box.north
    return ordered and _on_earth(box.west, box.south) and _on_earth(box.east, box.north)


def _reached(spatial: Spatial) -> bool:
    return bool(spatial.of) and (spatial.metres is None or (math.isfinite(spatial.metres) and spatial.metres >= 0))


def _picked(pick: Pick) -> bool:
    return 1 <= pick.count <= _LARGEST and 0 <= pick.skip <= _LARGEST and (pick.share is None or 0 < pick.share <= 1)


Rule = tuple[Callable[[Any], bool], str]
_ANYTHING: Rule = (lambda node: True, "")
_RULES: Mapping[type, Rule] = MappingProxyType({
    Point: (lambda point: _on_earth(point.lon, point.lat), "longitude and latitude in degrees, within 180 and 90"),
    Box: (_boxed, "west, south, east and north in degrees, within 180 and 90, in this order"),
    Amount: (lambda amount: math.isfinite(amount.value), "a number that is finite"),
    Spatial: (_reached, "something that it is to, and metres that are finite and not negative"),
    Pick: (_picked, f"a count from 1 to {_LARGEST:,}, a skip from 0, a share above 0 up to 1"),
    Count: (lambda count: 0 <= count.number <= _LARGEST, f"a number from 0 to {_LARGEST:,}"),
    Temporal: (lambda when: bool(when.intervals) or (when.days or 0) > 0, "intervals, or days"),
    AnyOf: (lambda any_of: bool(any_of.options), "at least one option"),
})  # fmt: skip
"""Kind of part → whether one can be asked for, and what it must be."""
