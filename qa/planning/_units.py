"""From one unit of measure to another."""

from __future__ import annotations

from ..request import UNITS


def factor(source: str, target: str) -> float | None:
    """What a number in ``source`` (UCUM) is multiplied with to be one in ``target``; None if that makes no sense.

    A ratio is converted part by part. ``1`` is a number whose unit nobody said: that changes nothing.
    """
    if source == target or "1" in (source, target):
        return 1.0
    one, other = UNITS.get(source), UNITS.get(target)
    if one and other:
        return one.size / other.size if one.dimension == other.dimension else None
    if source.count("/") == target.count("/") == 1:
        above, below = (factor(a or "1", b or "1") for a, b in zip(source.split("/"), target.split("/"), strict=True))
        return None if above is None or not below else above / below
    return None


def dimension(unit: str) -> str:
    """The dimension of a unit; the unit itself if that is not known."""
    return UNITS[unit].dimension if unit in UNITS else unit
