"""Relations between many pairs of geometries: the costlier side prepared, or all relations from one matrix.

A prepared geometry must never be used by two threads. The functions here prepare the geometries that they are given, and destroy
that preparation before they return: while one runs, no other thread may use the same geometry objects.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import shapely

from ._crossing import OPEN, TRUE, crossings
from ._relations import RCC8, RELATIONS, is_pattern, relate

Check = Callable[[], None]

_CONVERSE = {
    "sfWithin": "sfContains",
    "sfContains": "sfWithin",
    "ehCovers": "ehCoveredBy",
    "ehCoveredBy": "ehCovers",
    "ehInside": "ehContains",
    "ehContains": "ehInside",
    "rcc8tpp": "rcc8tppi",
    "rcc8tppi": "rcc8tpp",
    "rcc8ntpp": "rcc8ntppi",
    "rcc8ntppi": "rcc8ntpp",
}
_BETWEEN_AREAS = frozenset(relation.name for relation in RCC8)
_AREA = 3
"""Dimension of areas and one more."""
_ACROSS = (0, 3, 6, 1, 4, 7, 2, 5, 8)
"""Places of a DE-9IM matrix read column by column."""
_MOST_PAIRS = 65_536
_TARGET = 0.025
"""Seconds of work between two checks."""
_PER_PAIR, _PER_VERTEX, _FIRST_BLOCK = 1.5e-6, 5e-8, 0.01
"""Rough seconds, which each block corrects for the next one."""
_MUCH_BIGGER = 4
_WORTH = 5
"""So many uses pay for preparing a geometry."""
relation_names: tuple[str, ...] = tuple(RELATIONS)
"""All 24, in the order of the bits of `relation_masks`."""


def transposed(name: str) -> str:
    """The relation, or the DE-9IM pattern, that holds between b and a exactly if this one holds between a and b."""
    return "".join(name[place] for place in _ACROSS) if is_pattern(name) else _CONVERSE.get(name, name)


def relation_masks(left: Any, right: Any) -> Any:
    """All relations of each pair as uint32, from one DE-9IM matrix: bit i is set where ``relation_names[i]`` holds.

    Arrays broadcast; None gives 0. Agrees with `relate` for valid geometries; GEOS contradicts itself on self-crossing polygons and
    lines without length.
    """
    left, right = np.broadcast_arrays(np.asarray(left, dtype=object), np.asarray(right, dtype=object))
    return _masks(shapely.relate(left, right), left, right, turned=False)


def _masks(matrices: Any, left: Any, right: Any, *, turned: bool) -> Any:
    """Masks of matrices; ``turned``: the matrices are those of right and left."""
    flat = np.asarray(matrices, dtype=object).ravel()
    coded = pa.array(flat, pa.string()).dictionary_encode()
    known = coded.indices.fill_null(len(coded.dictionary)).to_numpy(zero_copy_only=False).astype(np.int64)
    kinds = known * 16 + (shapely.get_dimensions(left).ravel() + 1) * 4 + shapely.get_dimensions(right).ravel() + 1
    table = np.zeros((len(coded.dictionary) + 1) * 16, dtype=np.uint32)
    for kind in np.flatnonzero(np.bincount(kinds, minlength=len(table))).tolist():
        code, dimensions = divmod(kind, 16)
        if code < len(coded.dictionary):
            matrix = coded.dictionary[code].as_py()
            table[kind] = _mask(transposed(matrix) if turned else matrix, *divmod(dimensions, 4))
    return table[kinds].reshape(np.shape(left))[()]


def _mask(matrix: str, left: int, right: int) -> int:
    """Bits of a matrix; dimensions are one greater than they are."""
    held = [any(_fits(matrix, one) for one in _patterns(name, left, right, matrix)) for name in relation_names]
    return sum(1 << bit for bit, holds in enumerate(held) if holds)


def _patterns(name: str, left: int, right: int, matrix: str) -> tuple[str, ...]:
    if name == "sfCrosses":
        if left == right:
            return ("0********",) if left == 2 else ()
        return ("T*T******",) if left < right else ("T*****T**",)
    if name == "sfOverlaps":
        return () if left != right else ("1*T***T**",) if left == 2 else ("T*T***T**",)
    if name in _BETWEEN_AREAS and not left == right == _AREA:
        return ()
    if name == "sfEquals" and matrix == "FFFFFFFF2":
        return (matrix,)  # GEOS takes all empty geometries for equal
    return RELATIONS[name].patterns


def _fits(matrix: str, pattern: str) -> bool:
    return all(want in ("*", have) or (want == "T" and have != "F") for want, have in zip(pattern, matrix, strict=True))


def relate_pairs(name: str, left: Any, right: Any, pairs: Any, *, check: Check | None = None, rows: int = _MOST_PAIRS) -> Any:
    """Tell for each pair of places whether the relation holds between ``left[pairs[0]]`` and ``right[pairs[1]]``; bool (n,).

    Of each pair the geometry that costs more is prepared, whichever side it is on. Same answers as `relate` for valid geometries.
    None gives False, and so does what GEOS fails on.

    Args:
        name: one of `RELATIONS`, or a DE-9IM pattern.
        left: object array of geometries. They are prepared meanwhile: no other thread may use them.
        right: likewise.
        pairs: integers (2, n), in any order.
        check: called about every 50 ms; may raise to stop.
        rows: most pairs between two checks.
    """
    converse = transposed(name)

    def test(a: Any, b: Any, turned: bool) -> Any:
        return _careful(lambda x, y: relate(converse if turned else name, x, y), a, b)

    pairs = np.asarray(pairs)
    if name != "sfCrosses":
        return _refined(test, bool, left, right, pairs, check, rows)
    verdicts = crossings(left, right, pairs, check)
    rest = np.flatnonzero(verdicts == OPEN)
    verdicts[rest] = crossings(right, left, pairs[::-1, rest], check)
    rest = np.flatnonzero(verdicts == OPEN)
    verdicts[rest] = _refined(test, bool, left, right, pairs[:, rest], check, rows)
    return verdicts == TRUE


def mask_pairs(left: Any, right: Any, pairs: Any, *, check: Check | None = None, rows: int = _MOST_PAIRS) -> Any:
    """`relation_masks` of each pair of places, uint32 (n,); arguments and preparation as in `relate_pairs`."""

    def test(a: Any, b: Any, turned: bool) -> Any:
        ordered = (b, a) if turned else (a, b)
        return _masks(_careful(shapely.relate, a, b), *ordered, turned=turned)

    return _refined(test, np.uint32, left, right, np.asarray(pairs), check, rows)


def _careful(test: Callable[[Any, Any], Any], a: Any, b: Any) -> Any:
    """Outcome for each row; None or False where GEOS fails, which then is tried row by row."""
    try:
        return test(a, b)
    except shapely.GEOSException:
        if len(a) == 1:
            return np.array([None])
        middle = len(a) // 2
        return np.concatenate([_careful(test, a[:middle], b[:middle]), _careful(test, a[middle:], b[middle:])])


def _refined(test: Callable[..., Any], kind: Any, left: Any, right: Any, pairs: Any, check: Check | None, rows: int) -> Any:
    found = np.zeros(pairs.shape[1], dtype=kind)
    for turned, places, a, b in led_blocks(left, right, pairs, check, rows):
        found[places] = test(a, b, turned)
    return found


def led_blocks(left: Any, right: Any, pairs: Any, check: Check | None, rows: int = _MOST_PAIRS) -> Iterator[tuple[bool, Any, Any, Any]]:
    """Pairs block by block, each led by the geometry that is worth being prepared, and is while the block is out.

    Gives whether the right side leads, places among the pairs, the geometries that lead, and their partners.
    """
    pace = Pace(check, rows)
    for turned, chosen in _sides(left, right, pairs):
        lead, follow = (right, left) if turned else (left, right)
        first, second = pairs[1 if turned else 0, chosen], pairs[0 if turned else 1, chosen]
        order = np.argsort(first, kind="stable")
        first, second, chosen = first[order], second[order], chosen[order]
        for part in prepared_blocks(pace, lead, first, vertices(follow, second)):
            yield turned, chosen[part], lead[first[part]], follow[second[part]]


def _sides(left: Any, right: Any, pairs: Any) -> list[tuple[bool, Any]]:
    """Which pairs are led by the left side (False) and by the right one (True): the one whose preparation saves more.

    A geometry of the other side leads nevertheless if it is much bigger than its partner.
    """
    sizes = [vertices(side, rows) for side, rows in ((left, pairs[0]), (right, pairs[1]))]
    saved = [_saving(rows, size) for rows, size in zip(pairs, sizes, strict=True)]
    main, other = (0, 1) if saved[0] >= saved[1] else (1, 0)
    change = sizes[other] > _MUCH_BIGGER * sizes[main]
    parts = [(bool(main), np.flatnonzero(~change)), (bool(other), np.flatnonzero(change))]
    return [(turned, rows) for turned, rows in parts if rows.size]


def vertices(geometries: Any, rows: Any) -> Any:
    """Number of vertices of the geometries at some places, int64; each counted once."""
    counts = np.zeros(len(geometries), dtype=np.int64)
    used = np.flatnonzero(np.bincount(rows, minlength=len(geometries)))
    counts[used] = shapely.get_num_coordinates(geometries[used])
    return counts[rows]


def _saving(rows: Any, size: Any) -> float:
    """Vertices that need not be looked at again if each geometry is prepared once."""
    if not len(rows):
        return 0.0
    uses = np.bincount(rows)
    return float((size * (1 - 1 / uses[rows])).sum())


@dataclass
class Pace:
    """Cuts work into blocks of about `_TARGET` seconds, and calls ``check`` between them."""

    check: Check | None
    rows: int
    budget: float = _FIRST_BLOCK

    def blocks(self, cost: Any) -> Iterator[slice]:
        """Ranges of rows, given the cost of each in seconds, roughly."""
        total, start = np.cumsum(cost), 0
        while start < len(total):
            if self.check is not None:
                self.check()
            done = total[start - 1] if start else 0.0
            stop = int(np.searchsorted(total, done + self.budget, side="right"))
            stop = min(max(stop, start + 1), start + self.rows, len(total))
            began = time.perf_counter()
            yield slice(start, stop)
            spent = max(time.perf_counter() - began, 1e-6)
            expected = float(total[stop - 1] - done)
            self.budget = float(np.clip(_TARGET * expected / spent, expected / 8, expected * 4))
            start = stop


def prepared_blocks(pace: Pace, lead: Any, first: Any, size: Any) -> Iterator[slice]:
    """Blocks of pairs sorted by the geometry that leads, which is prepared meanwhile if it leads enough of them."""
    repeated = np.bincount(first)[first] >= _WORTH
    held: set[int] = set()
    try:
        for part in pace.blocks(_PER_PAIR + _PER_VERTEX * size):
            wanted = set(np.unique(first[part][repeated[part]]).tolist())
            _forget(lead, held - wanted)
            held &= wanted
            fresh = np.array(sorted(wanted - held), dtype=np.int64)
            fresh = fresh[~shapely.is_prepared(lead[fresh])]
            shapely.prepare(lead[fresh])
            held |= set(fresh.tolist())
            yield part
    finally:
        _forget(lead, held)


def _forget(geometries: Any, places: set[int]) -> None:
    shapely.destroy_prepared(geometries[np.fromiter(places, dtype=np.int64, count=len(places))])
