"""The nearest geometries first: what ORDER BY distance LIMIT k needs, without measuring all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from earthweave.ontology.geometry import distance_pairs

from ..algebra import MOST_ROWS, UNIT, Batch, Call, Context, Expression, Operator, Variable
from ..snapshot import EMPTY, READABLE, Segment, Tag, make, tags
from ._condition import geof, operand, written
from ._literals import shapes_of
from ._select import joined
from ._sides import any_leaves, evaluated, near_boxes
from ._units import METRES

_LEAST = 16
_EVERYWHERE = 2.1e7
"""Metres; no two points on Earth are so far apart."""


@dataclass(frozen=True)
class NearestKey:
    """``geof:distance`` between a variable and a constant, as the first key of ORDER BY.

    Attributes:
        name: of the variable.
        constant: what is measured to.
    """

    name: str
    constant: Expression


def nearest_key(expression: Expression) -> NearestKey | None:
    """The distance that an ascending key of ORDER BY is, or None."""
    if not isinstance(expression, Call):
        return None
    local, arguments = geof(expression), expression.arguments
    metric = local == "metricDistance" and len(arguments) == 2
    if not metric and not (local == "distance" and len(arguments) == 3 and _unit(arguments[2])):
        return None
    for one, other in (arguments[:2], arguments[1::-1]):
        fixed = operand(other)
        if isinstance(one, Variable) and fixed is not None and not isinstance(fixed.place, Variable):
            return NearestKey(one.name, other)
    return None


def all_geometries(segment: Segment) -> bool:
    """True if every object of a predicate is a geometry literal, as `NearestSeed` needs it."""
    keys = segment.os.key
    return not len(keys) or bool((tags(np.array([keys[0], keys[-1]])) == Tag.GEOMETRY).all())


def _unit(expression: Expression) -> bool:
    term = getattr(expression, "term", None)
    return term is not None and term.text in METRES


class NearestSeed(Operator):
    """The stored geometries, those without a distance first (as unbound keys sort first), then in order of distance from a constant.

    Every geometry of a chunk is farther than all of the chunks before it; equal distances are never parted. Only for a variable that
    the patterns that follow bind to stored geometries and to nothing else.

    Attributes:
        wanted: how many are expected to do; more follow if they are asked for.
    """

    def __init__(self, key: NearestKey, wanted: int, *, estimate: float = 1.0) -> None:
        super().__init__((key.name,), estimate)
        self.key = key
        self.wanted = wanted

    @property
    def label(self) -> str:
        """From what."""
        return f"NearestSeed ?{self.key.name} to {written(self.key.constant)}"

    def produce(self, context: Context, seed: Batch) -> Iterator[Batch]:
        """One chunk per growth of the search, joined with the seeds."""
        given = 0
        for rows in self._rows(context):
            given += len(rows)
            self.measured.remarks[:] = [f"index used: the store's tree; {given:,} of {context.shapes.geometries.count:,} geometries taken"]
            columns = list(joined(seed, self.key.name, make(Tag.GEOMETRY, rows)))
            if columns:
                yield _whole(columns)

    def _rows(self, context: Context) -> Iterator[Any]:
        geometries = context.shapes.geometries
        rows = np.arange(geometries.count)
        constant = shapes_of(evaluated(self.key.constant, np.zeros(1, dtype=np.int64), context), context)[0]
        if constant is None or constant.is_empty:
            yield rows
            return
        flags = np.asarray(geometries.flags[:])
        placed = ((flags & READABLE) != 0) & ((flags & EMPTY) == 0)
        yield rows[~placed]
        search = _Search(constant, context, ~placed)
        metres = search.radius(max(self.wanted, _LEAST))
        while not search.done.all():
            yield search.within(metres)
            metres *= 2


class _Search:
    """What has been given and measured so far."""

    def __init__(self, constant: Any, context: Context, done: Any) -> None:
        self.constant, self.context, self.done = constant, context, done
        self._bounds = np.asarray(shapely.bounds(constant))
        self._tree = context.shapes.geometries.tree
        self._turned = any_leaves(self._tree)
        self._known = np.full(len(done), np.nan)

    def radius(self, wanted: int) -> float:
        """A distance within which there are so many geometries, if there are so many at all."""
        west, south, east, north = self._bounds
        found = self._tree.nearest((west + east) / 2, (south + north) / 2, wanted)
        return float(self._measured(found, None).max(initial=1.0))

    def within(self, metres: float) -> Any:
        """Rows of those that were not given before, nearest first."""
        if metres > _EVERYWHERE:
            rows, metres = np.flatnonzero(~self.done), np.inf
        else:
            rows = self._tree.search(near_boxes(self._bounds.reshape(1, 4), metres, turned=self._turned)[0])
            rows = rows[~self.done[rows]]
        distances = self._measured(rows, metres if np.isfinite(metres) else None)
        near = distances <= metres
        rows, distances = rows[near], distances[near]
        self.done[rows] = True
        return rows[np.argsort(distances, kind="stable")]

    def _measured(self, rows: Any, metres: float | None) -> Any:
        new = rows[np.isnan(self._known[rows])]
        for start in range(0, len(new), MOST_ROWS):
            part = new[start:start + MOST_ROWS]
            pairs = np.stack([np.zeros(len(part), dtype=np.int64), np.arange(len(part))])
            shapes = self.context.shapes.shapes(make(Tag.GEOMETRY, part))
            here = np.array([self.constant], dtype=object)
            self._known[part] = distance_pairs(here, shapes, pairs, check=self.context.check)
        return self._known[rows]


def _whole(batches: list[Batch]) -> Batch:
    names = tuple(batches[0].columns)
    if len(batches) == 1:
        return batches[0]
    columns = {name: np.concatenate([batch.column(name) for batch in batches]) for name in names}
    return Batch(sum(batch.length for batch in batches), columns)


class Nearest(Operator):
    """At least so many solutions with the least distance: nearest geometries are taken until what follows gives enough rows.

    What it gives has all that an ORDER BY by that distance and a LIMIT would keep, equal distances included; both must still be done.

    Attributes:
        rest: extends the geometries to solutions; None if they are all that is wanted.
        wanted: rows, OFFSET included.
    """

    def __init__(self, seed: NearestSeed, rest: Operator | None, wanted: int, *, estimate: float = 1.0) -> None:
        names = tuple(dict.fromkeys((*seed.names, *(rest.names if rest else ()))))
        super().__init__(names, estimate, (seed, rest) if rest else (seed,))
        self.wanted = wanted

    @property
    def label(self) -> str:
        """How many."""
        return f"Nearest {self.wanted}"

    def produce(self, context: Context, seed: Batch = UNIT) -> Iterator[Batch]:
        """Solutions by growing distance, in no order within a chunk of geometries."""
        given = 0
        for near in self.inputs[0].run(context, seed):
            for batch in self.inputs[1].run(context, near) if len(self.inputs) > 1 else (near,):
                given += batch.length
                yield batch
            if given >= self.wanted:
                return
