"""Numbers of many ids at once: type, nearest double, and the exact value as integer and power of ten where 64 bits hold it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from ..snapshot import BIAS, DECIMAL_BIAS, Tag, payloads, tags
from ._terms import TermSpace
from ._values import RANK_OF, Number, Rank, value

MOST_PLACES = 18
_ROOM = 1 << 62


@dataclass(frozen=True)
class Typed:
    """Numbers row by row.

    Attributes:
        rank: `Rank` of the number, -1 where there is none; int8.
        real: the value as float64, rounded to the nearest; NaN where there is none.
        mantissa, places: an exact value is mantissa / 10**places; int64, int8. ``places`` is -1 for floats, doubles, and exact
            values beyond 62 bits.
    """

    rank: Any
    real: Any
    mantissa: Any
    places: Any

    def take(self, rows: Any) -> Typed:
        """Some of the rows."""
        return Typed(self.rank[rows], self.real[rows], self.mantissa[rows], self.places[rows])


def typed(ids: Any, space: TermSpace) -> Typed:
    """Numbers of ids, which may be unbound (no number)."""
    tag = tags(ids)
    found = Typed(np.full(len(ids), -1, dtype=np.int8), np.full(len(ids), np.nan), np.zeros(len(ids), dtype=np.int64),
                  np.full(len(ids), -1, dtype=np.int8))
    whole = tag == Tag.INTEGER
    found.rank[whole], found.places[whole] = Rank.INTEGER, 0
    found.mantissa[whole] = payloads(ids[whole]) - BIAS
    found.real[whole] = found.mantissa[whole]
    tenths = np.flatnonzero(tag == Tag.DECIMAL)
    if len(tenths):
        payload = payloads(ids[tenths])
        found.rank[tenths], found.places[tenths] = Rank.DECIMAL, payload & 15
        found.mantissa[tenths] = (payload >> 4) - DECIMAL_BIAS
        found.real[tenths] = found.mantissa[tenths] / 10.0 ** (payload & 15)
    rest = np.flatnonzero((tag == Tag.DICTIONARY) | (tag == Tag.SCRATCH))
    if len(rest):
        _stored(ids, rest, found, space)
    return found


def _stored(ids: Any, rows: Any, found: Typed, space: TermSpace) -> None:
    """Fill in the rows whose literals are texts."""
    codes, types = space.types(ids[rows])
    ranks = np.array([int(RANK_OF.get(one.datatype, -1)) for one in types], dtype=np.int8)[codes]
    numeric = ranks >= 0
    rows, ranks = rows[numeric], ranks[numeric]
    real = space.numbers(ids[rows])
    good = ~np.isnan(real)
    if not good.all():
        good[~good] = _special(ids[rows[~good]], space)
    rows, ranks = rows[good], ranks[good]
    found.real[rows], found.rank[rows] = real[good], ranks
    exact = rows[ranks <= Rank.DECIMAL]
    if len(exact):
        _exact(ids, exact, found, space)


def _special(ids: Any, space: TermSpace) -> Any:
    """Which of the ids without a value are a written NaN, rather than ill-typed."""
    return np.array([isinstance(value(one), Number) for one in space.listing(ids)], dtype=bool)


def _exact(ids: Any, rows: Any, found: Typed, space: TermSpace) -> None:
    distinct, places = np.unique(ids[rows], return_inverse=True)
    pairs = [split(value(one)) for one in space.listing(distinct)]
    found.mantissa[rows] = np.array([mantissa for mantissa, _ in pairs], dtype=np.int64)[places]
    found.places[rows] = np.array([digits for _, digits in pairs], dtype=np.int8)[places]
    # a decimal has no negative zero
    found.real[rows] += 0.0


def split(found: Any) -> tuple[int, int]:
    """Mantissa and places of an exact number; 0 and -1 if it needs more than 62 bits or 18 places."""
    if isinstance(found, Number) and found.rank == Rank.INTEGER:
        whole = int(found.number)
        return (whole, 0) if abs(whole) < _ROOM else (0, -1)
    if isinstance(found, Number) and found.rank == Rank.DECIMAL:
        sign, digits, exponent = Decimal(found.number).normalize().as_tuple()
        if isinstance(exponent, int) and -MOST_PLACES <= exponent <= MOST_PLACES and len(digits) <= MOST_PLACES:
            mantissa = int("".join(map(str, digits))) * 10 ** max(exponent, 0)
            if mantissa < _ROOM:
                return (-mantissa if sign else mantissa), max(-exponent, 0)
    return 0, -1
