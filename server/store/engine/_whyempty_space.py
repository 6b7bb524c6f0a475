"""Why an answer is empty, as far as space has to do with it: what cannot be read, what lies apart, and relations that nothing is in."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np

from earthweave.ontology import GEO, GEOF

from ..algebra import (
    Bgp,
    Call,
    Constant,
    Context,
    Exists,
    Expression,
    Node,
    Place,
    Query,
    Remark,
    Triple,
    Variable,
    children,
    expressions,
)
from ..snapshot import READABLE, Tag, Term, literal, payloads
from ..spatial import bounds_of, shapes_of
from ._plan import plan
from ._rewrite import relation, serialised
from ._text import pattern as pattern_text
from ._text import term as term_text

_BLOCK = 1 << 18
_REASONS = 3
_FEW = 10_000
"""Of so many geometries all pairs are looked through for the sake of a remark."""
_STRDF = "http://strdf.di.uoa.gr/ontology#"
_GEOMETRIES = frozenset({*(f"{GEO}{name}Literal" for name in ("wkt", "gml", "geoJSON", "kml")), f"{_STRDF}WKT", f"{_STRDF}GML"})


def away_or_unreadable(node: Node, context: Context) -> Iterator[Remark]:
    """Constant and stored geometries that meet nothing, if the pattern calls functions on geometries."""
    calls = [*_calls(node)]
    yield from _constants(calls, context)
    yield from _unreadable(calls, context)


def is_geometry(place: Place) -> bool:
    """Whether a place is a geometry literal."""
    return isinstance(place, Constant) and place.term.type.datatype in _GEOMETRIES


def unrelated(pattern: Triple, context: Context) -> list[Remark]:
    """Why no two geometries are in a relation that is asked as a property; nothing if some are, or if to see it is much work."""
    name = f"geo:{relation(pattern).removeprefix(str(GEO))}"
    if not serialised(context.snapshot):
        return [Remark("no-match", f"{name} is computed between geometries, and no statement has one (geo:asWKT, geo:asGML, …)")]
    free = isinstance(pattern.subject, Variable) and isinstance(pattern.object, Variable)
    if free and context.snapshot.geometries.count > _FEW:
        return []
    query = Query("ask", Bgp((pattern,)))
    # remarks on this plan are none on the plan of the query
    remarks = list(context.rewrites)
    found = any(True for _ in plan(query, context).run(context))
    context.rewrites[:] = remarks
    if found:
        return []
    return [Remark("no-match", f"{name} is computed between geometries, and none match {pattern_text(pattern)}")]


def _calls(node: Node) -> Iterator[Call]:
    """All calls of GeoSPARQL functions."""
    for one in expressions(node):
        yield from _called(one)
    for child in children(node):
        yield from _calls(child)


def _called(expression: Expression) -> Iterator[Call]:
    if isinstance(expression, Exists):
        yield from _calls(expression.pattern)
    elif not isinstance(expression, Variable | Constant):
        if isinstance(expression, Call) and expression.name.startswith(str(GEOF)):
            yield expression
        for one in expression.arguments:
            yield from _called(one)


def _unreadable(calls: list[Call], context: Context) -> Iterator[Remark]:
    """Stored literals that no function can read, if the query asks any."""
    geometries = context.snapshot.geometries
    if not calls or not (np.asarray(geometries.flags) & READABLE == 0).any():
        return
    stated = _stated(context)
    rows = stated[(np.asarray(geometries.flags)[stated] & READABLE) == 0]
    if not len(rows):
        return
    reasons, lost = dict[str, int](), set(rows.tolist())
    for row, reason in islice(geometries.problems(), _BLOCK):
        if row in lost:
            reasons.setdefault(reason, row)
    samples = [f"{reason}, e.g. {term_text(literal(str(geometries.lexical(np.array([row]))[0])))}"
               for reason, row in islice(reasons.items(), _REASONS)]
    text = f"{len(rows):,} of {len(stated):,} geometry literals cannot be read and meet nothing: {'; '.join(samples)}"
    yield Remark("geometry", text)


def _constants(calls: list[Call], context: Context) -> Iterator[Remark]:
    """Constant geometries that cannot be read, or lie away from all data."""
    constants = (one.term for call in calls for one in call.arguments if isinstance(one, Constant))
    terms = [term for term in dict.fromkeys(constants) if is_geometry(Constant(term))]
    data = _extent(context) if terms else None
    for term in terms:
        ids = np.array([context.terms.id(term)], dtype=np.int64)
        if shapes_of(ids, context)[0] is None:
            yield Remark("geometry", f"the geometry {term_text(term)} of the query cannot be read")
        elif data is not None:
            yield from _away(term, bounds_of(ids, context)[0], data)


def _away(term: Term, box: Any, data: Any) -> Iterator[Remark]:
    if np.isnan(box).any() or _meet(box, data):
        return
    extent = "west {:g}, south {:g}, east {:g}, north {:g}".format(*data)
    if _meet(box[[1, 0, 3, 2]], data):
        yield Remark("axis-order", f"{term_text(term)} lies outside the data ({extent}), and inside with its coordinates swapped: without "
                                   "a CRS, and under CRS84, longitude comes first; under EPSG/0/4326 latitude does")
    else:
        yield Remark("outside", f"{term_text(term)} lies outside the data ({extent})")


def _meet(left: Any, right: Any) -> bool:
    return bool(left[0] <= right[2] and right[0] <= left[2] and left[1] <= right[3] and right[1] <= left[3])


def _extent(context: Context) -> Any:
    """West, south, east, north of all geometries that a statement has; None if there are none."""
    bounds, rows = context.snapshot.geometries.bounds, _stated(context)
    found = []
    for first in range(0, len(rows), _BLOCK):
        part = np.asarray(bounds[rows[first : first + _BLOCK]])
        part = part[~np.isnan(part[:, 0])]
        if len(part):
            found.append([*part[:, :2].min(axis=0), *part[:, 2:].max(axis=0)])
    if not found:
        return None
    boxes = np.array(found)
    return np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])


def _stated(context: Context) -> Any:
    """Rows of the geometries that are objects of statements, ascending: an update leaves those of removed statements in the table."""
    snapshot = context.snapshot
    mask = np.zeros(snapshot.geometries.count, dtype=bool)
    for segment in filter(None, map(snapshot.segment, snapshot.predicates)):
        found = segment.ranges.get(Tag.GEOMETRY)
        if found is not None:
            ends = np.searchsorted(segment.os.key, [found.least, found.greatest + 1])
            mask[payloads(np.asarray(segment.os.key[ends[0] : ends[1]]))] = True
    return np.flatnonzero(mask)
