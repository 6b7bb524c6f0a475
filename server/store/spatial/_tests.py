"""What must hold between two geometries, and its evaluation on many pairs of ids.

Relations are planar on longitudes and latitudes (`relate`), distances are geodesic metres (`distance_m`) or planar degrees.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import shapely

from earthweave.ontology.geometry import intersecting, relate, relate_pairs, transposed, within_pairs

from ..algebra import Context
from ._literals import bounds_of, shapes_of
from ._settled import OPEN, TRUE, settled
from ._units import MOST_PER_DEGREE

_PAIRS = 262_144
_SPARSE = 4
"""So many more places than pairs, and sorting the pairs is quicker than marking the places."""
_PATTERN, _MEETING = 9, (0, 1, 3, 4)


@dataclass(frozen=True)
class Relation:
    """A topological relation: a name of GeoSPARQL, or a DE-9IM pattern of nine characters."""

    name: str

    @property
    def metres(self) -> float:
        """How far apart two geometries may be for which it holds."""
        return 0.0

    @property
    def empties(self) -> bool:
        """True if it holds between two empty geometries, which no index finds."""
        return self.name == "sfEquals"

    def turned(self) -> Relation:
        """The same with left and right exchanged."""
        return Relation(transposed(self.name))

    def pairs(self, left: Any, right: Any, pairs: Any, context: Context) -> Any:
        """For which pairs of places in two arrays of geometries it holds."""
        return relate_pairs(self.name, left, right, pairs, check=context.check)

    def constant(self, constant: Any, others: Any, _context: Context) -> Any:
        """For which of ``others`` it holds with a (prepared) geometry on the left."""
        return relate(self.name, constant, others)


class Apart:
    """A test of how far two geometries are apart, the same both ways round."""

    @property
    def empties(self) -> bool:
        """An empty geometry is at no distance."""
        return False

    def turned(self) -> Self:
        """Itself."""
        return self


@dataclass(frozen=True)
class Within(Apart):
    """At most so many metres apart."""

    metres: float

    def pairs(self, left: Any, right: Any, pairs: Any, context: Context) -> Any:
        """For which pairs of places in two arrays of geometries it holds."""
        return within_pairs(left, right, pairs, self.metres, context.check)

    def constant(self, constant: Any, others: Any, context: Context) -> Any:
        """For which of ``others`` it holds with a geometry."""
        pairs = np.stack([np.zeros(len(others), dtype=np.int64), np.arange(len(others))])
        return within_pairs(np.array([constant], dtype=object), others, pairs, self.metres, context.check)


@dataclass(frozen=True)
class Near(Apart):
    """At most so many degrees apart in the plane of longitude and latitude."""

    degrees: float

    @property
    def metres(self) -> float:
        """At least what they may be apart on the ground."""
        return self.degrees * MOST_PER_DEGREE

    def pairs(self, left: Any, right: Any, pairs: Any, _context: Context) -> Any:
        """For which pairs of places in two arrays of geometries it holds."""
        return shapely.distance(left[pairs[0]], right[pairs[1]]) <= self.degrees

    def constant(self, constant: Any, others: Any, _context: Context) -> Any:
        """For which of ``others`` it holds with a geometry."""
        return shapely.distance(constant, others) <= self.degrees


Test = Relation | Within | Near


def needs_meeting(name: str) -> bool:
    """True if a relation or pattern holds only where the geometries have a point in common (or both are empty)."""
    if is_pattern(name):
        return any(name[place] in "T012" for place in _MEETING)
    return intersecting(name)


def is_pattern(name: str) -> bool:
    """True for a DE-9IM pattern."""
    return len(name) == _PATTERN and set(name) <= set("TF*012")


def any_pairs(tests: tuple[Test, ...], left: Any, right: Any, pairs: Any, context: Context) -> Any:
    """For which pairs of places in two arrays of geometries any of the tests holds."""
    found = tests[0].pairs(left, right, pairs, context)
    for test in tests[1:]:
        rest = np.flatnonzero(~found)
        found[rest] = test.pairs(left, right, pairs[:, rest], context)
    return found


def refined(tests: tuple[Test, ...], left: Any, right: Any, pairs: Any, context: Context) -> Any:
    """For which pairs of places in two columns of ids any of the tests holds; bool (m,).

    Without tests all hold whose geometries can be read.
    """
    verdicts = glanced(tests, left, right, pairs, context)
    rest = np.flatnonzero(verdicts == OPEN)
    verdicts[rest] = measured(tests, left, right, pairs[:, rest], context)
    return verdicts == TRUE


def glanced(tests: tuple[Test, ...], left: Any, right: Any, pairs: Any, context: Context) -> Any:
    """The same where a vertex tells, at little cost: TRUE, FALSE or OPEN, int8 (m,)."""
    verdicts = np.full(pairs.shape[1], OPEN, dtype=np.int8)
    names = tuple(one.name for one in tests if isinstance(one, Relation))
    for part, ids, places in _parts(left, right, pairs, context) if tests else ():
        verdicts[part] = settled(names if len(names) == len(tests) else (), *ids, places, context)
    return verdicts


def measured(tests: tuple[Test, ...], left: Any, right: Any, pairs: Any, context: Context) -> Any:
    """The same as `refined`, from the geometries themselves, which are read block by block."""
    found = np.zeros(pairs.shape[1], dtype=bool)
    for part, ids, places in _parts(left, right, pairs, context):
        shapes = shapes_of(ids[0], context), shapes_of(ids[1], context)
        if tests:
            found[part] = _bravely(tests, shapes[0], shapes[1], places, context)
        else:
            found[part] = ~(shapely.is_missing(shapes[0])[places[0]] | shapely.is_missing(shapes[1])[places[1]])
    return found


def _parts(left: Any, right: Any, pairs: Any, context: Context) -> Iterator[tuple[slice, tuple[Any, Any], Any]]:
    """Blocks of pairs, the distinct ids of two columns that each uses, and its pairs as places among these."""
    for start in range(0, pairs.shape[1], _PAIRS):
        part = slice(start, start + _PAIRS)
        (lefts, first), (rights, second) = (_used(side, len(ids)) for side, ids in zip(pairs[:, part], (left, right), strict=True))
        context.check()
        yield part, (left[lefts], right[rights]), np.stack([first, second])


def _used(places: Any, count: int) -> tuple[Any, Any]:
    """The distinct ones of some places below a count, ascending, and where each one is among them."""
    if count > _SPARSE * len(places):
        return np.unique(places, return_inverse=True)
    used = np.zeros(count, dtype=bool)
    used[places] = True
    return np.flatnonzero(used), (np.cumsum(used) - 1)[places]


def _bravely(tests: tuple[Test, ...], left: Any, right: Any, pairs: Any, context: Context) -> Any:
    """`any_pairs`; pairs that GEOS refuses are told and do not hold."""
    try:
        return any_pairs(tests, left, right, pairs, context)
    except shapely.GEOSException as error:
        if pairs.shape[1] == 1:
            context.tally.note("geometry", str(error).strip()[:120])
            return np.zeros(1, dtype=bool)
        middle = pairs.shape[1] // 2
        return np.concatenate([_bravely(tests, left, right, half, context) for half in (pairs[:, :middle], pairs[:, middle:])])


def related(name: str, left: Any, right: Any, context: Context) -> Any:
    """For which rows of two columns of ids, all geometries, a relation holds; bool (n,)."""
    if name in ("sfDisjoint", "ehDisjoint"):
        return ~related("sfIntersects", left, right, context)
    test, rows = Relation(name), np.arange(len(left))
    if needs_meeting(name):
        boxes = bounds_of(left, context), bounds_of(right, context)
        near = boxes_meet(*boxes)
        if test.empties:
            near |= np.isnan(boxes[0][:, 0]) & np.isnan(boxes[1][:, 0])
        rows = np.flatnonzero(near)
    (lefts, first), (rights, second) = (np.unique(side[rows], return_inverse=True) for side in (left, right))
    found = np.zeros(len(left), dtype=bool)
    found[rows] = refined((test,), lefts, rights, np.stack([first, second]), context)
    return found


def boxes_meet(left: Any, right: Any) -> Any:
    """For which rows two arrays of boxes have a point in common; bool (n,), False for NaN."""
    return (left[:, 0] <= right[:, 2]) & (right[:, 0] <= left[:, 2]) & (left[:, 1] <= right[:, 3]) & (right[:, 1] <= left[:, 3])
