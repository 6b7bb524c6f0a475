"""Numbers with units, days and periods, nouns in the plural: how they are written for people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from types import MappingProxyType

from ..planning import Figure
from ..request import Interval, Temporal

UNITS: Mapping[str, str] = MappingProxyType(
    {
        "1": "", "%": "%", "deg": "°", "Cel": "°C", "m": "m", "km": "km", "cm": "cm", "mm": "mm", "[mi_i]": "miles", "[ft_i]": "feet",
        "[yd_i]": "yards", "[nmi_i]": "nautical miles", "m2": "m²", "km2": "km²", "har": "ha", "[acr_br]": "acres",
        "[smi_us]": "square miles", "[sft_i]": "square feet", "m3": "m³", "km3": "km³", "L": "l", "ug/m3": "µg/m³", "mg/m3": "mg/m³",
        "mol/m2": "mol/m²", "/km2": "per km²", "/[smi_us]": "per square mile",
    }
)  # fmt: skip
"""UCUM code → what people read; those that are not here are written as they are."""
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?")
_DAY = timedelta(days=1)
_LARGER = {"m2": ("km2", 1e6, 1e5), "m": ("km", 1e3, 1e4)}
"""Unit → a larger one, how much larger, from what on it is used."""
_MANY = {"person": "people", "child": "children", "wolf": "wolves", "half": "halves", "volcano": "volcanoes"}


def number(value: float) -> str:
    """With separators of thousands, and as many digits as say something."""
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:,.2f}".rstrip("0").rstrip(".") if abs(value) >= 10 else f"{value:.3g}"


def figure(one: Figure) -> str:
    """``12.3 km²``."""
    one = readable(one)
    unit = UNITS.get(one.unit, one.unit)
    return f"{number(one.value)}{'' if unit in ('', '°') else ' '}{unit}"


def readable(one: Figure) -> Figure:
    """In a unit that people read: square kilometres instead of millions of square metres."""
    larger = _LARGER.get(one.unit)
    return Figure(one.value / larger[1], larger[0]) if larger and abs(one.value) >= larger[2] else one


def metres(length: float) -> str:
    """``5 km``, ``500 m``."""
    return f"{number(length / 1000)} km" if length >= 1000 else f"{number(length)} m"


def plural(label: str) -> str:
    """Of the head of a noun phrase: "bodies of water", "power plants"."""
    head, of, rest = label.partition(" of ")
    before, _, word = head.rpartition(" ")
    return f"{before}{' ' * bool(before)}{_plural(word)}{of}{rest}"


def _plural(word: str) -> str:
    lower = word.lower()
    if lower in _MANY:
        return _MANY[lower]
    if not lower[-1:].isalpha() or (lower.endswith("s") and not lower.endswith("ss")):
        return word
    if lower.endswith("y") and lower[-2:-1] not in "aeiou":
        return word[:-1] + "ies"
    return word + ("es" if lower.endswith(("ss", "x", "ch", "sh", "z")) else "s")


def moment(text: str) -> str:
    """``2021-06-18 10:36`` of a date-time of ISO 8601; any other text as it is."""
    return _MOMENT.sub(r"\1 \2", text) if _MOMENT.fullmatch(text) else text


def listed(words: Iterable[str], joint: str = "and") -> str:
    """``a, b and c``."""
    parts = list(words)
    return f"{', '.join(parts[:-1])} {joint} {parts[-1]}" if len(parts) > 1 else "".join(parts)


def when(one: Temporal) -> str:
    """``in March 2021``, ``from 15 to 25 March 2021``, ``since 1 May 2020``; several of them joined by "or"."""
    said = listed((period(interval) for interval in one.intervals), "or")
    return said or f"within {number(one.days or 0)} days"


def period(one: Interval) -> str:
    """One interval in words."""
    if one.start is None or one.end is None:
        return f"since {day(one.start)}" if one.start else f"before {day(one.end or date.max)}"
    start, last = one.start, one.end - _DAY
    if (start.month, start.day, last.month, last.day) == (1, 1, 12, 31):
        return f"in {start.year}" if start.year == last.year else f"from {start.year} to {last.year}"
    if start.day == 1 and one.end.day == 1:
        if (start.year, start.month) == (last.year, last.month):
            return f"in {start:%B} {start.year}"
        return f"from {start:%B}{f' {start.year}' if start.year != last.year else ''} to {last:%B} {last.year}"
    if start == last:
        return f"on {day(start)}"
    same = (start.year, start.month) == (last.year, last.month)
    return f"from {start.day if same else day(start)} to {day(last)}"


def day(one: date) -> str:
    """``15 March 2021``."""
    return f"{one.day} {one:%B} {one.year}"
