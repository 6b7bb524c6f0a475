"""Why an answer is empty: what does not occur, what removed the last solution, and geometries that cannot meet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np
from rapidfuzz import process

from earthweave.ontology import GEO, GEOF, RDF, XSD

from ..algebra import (
    Bgp,
    Call,
    Constant,
    Context,
    Exists,
    Expression,
    LeftJoin,
    Minus,
    Node,
    Operator,
    PathPattern,
    Place,
    Query,
    Remark,
    Triple,
    Union,
    Variable,
    children,
    expressions,
    places,
)
from ..snapshot import READABLE, Kind, Term, iri, literal
from ..spatial import bounds_of, shapes_of
from ._joins import Steps
from ._plan import NO_SEEDS, Planner, Wish
from ._text import pattern as pattern_text
from ._text import term as term_text

_SURE = 78.0
_TYPE = iri(str(RDF.type))
_BLOCK = 1 << 18
_REASONS = 3
_MOST_TYPES = 1000
_COMMON = tuple(literal("", str(XSD[name])).type for name in ("integer", "decimal", "boolean", "date", "dateTime"))
_STRDF = "http://strdf.di.uoa.gr/ontology#"
_GEOMETRIES = frozenset({*(f"{GEO}{name}Literal" for name in ("wkt", "gml", "geoJSON", "kml")), f"{_STRDF}WKT", f"{_STRDF}GML"})


def why_empty(query: Query, operator: Operator, context: Context) -> tuple[Remark, ...]:
    """Sentences about why a query gave no solution, most telling first; none if nothing is found.

    Codes: ``graph`` (of FROM or GRAPH, not there), ``unknown-term``, ``no-match`` (a pattern), ``filter`` (what removed the last
    solution), ``geometry`` (literals that cannot be read), ``axis-order``, ``outside`` (a constant geometry far from the data).

    Args:
        operator: the plan, run to its end.
    """
    found = [*_datasets(query, context)] or _missing(query.pattern, context) or [*_emptied(operator)]
    calls = [*_calls(query.pattern)]
    return tuple(dict.fromkeys([*found, *_constants(calls, context), *_unreadable(calls, context)]))


def _datasets(query: Query, context: Context) -> Iterator[Remark]:
    for name in (*(query.default_graphs or ()), *(query.named_graphs or ())):
        if context.snapshot.find(iri(name)) not in context.snapshot.graphs:
            yield _no_graph(iri(name), context)


def _no_graph(name: Term, context: Context) -> Remark:
    return Remark("graph", f"there is no graph {term_text(name)}{_meant(name, context.snapshot.graphs.tolist(), context)}")


def _missing(node: Node, context: Context) -> list[Remark]:
    """What the patterns that must match do not find."""
    if isinstance(node, Bgp):
        return [remark for one in node.patterns for remark in _pattern(one, context)]
    if isinstance(node, Union):
        sides = _missing(node.left, context), _missing(node.right, context)
        return sides[0] + sides[1] if all(sides) else []
    if isinstance(node, LeftJoin | Minus):
        return _missing(node.left, context)
    return [remark for child in children(node) for remark in _missing(child, context)]


def _pattern(pattern: Triple | PathPattern, context: Context) -> list[Remark]:
    if isinstance(pattern.graph, Constant) and context.terms.id(pattern.graph.term, create=False) not in context.snapshot.graphs:
        return [_no_graph(pattern.graph.term, context)]
    if isinstance(pattern, PathPattern):
        return []
    unknown = [*_unknown(pattern, context)]
    if unknown or _matches(pattern, context):
        return unknown
    return [Remark("no-match", f"no statement matches {pattern_text(pattern)}")]


def _matches(pattern: Triple, context: Context) -> bool:
    operator = Planner(context).node(Bgp((pattern,)), NO_SEEDS, Wish(frozenset(), once=True, top=1))
    return any(True for _ in operator.run(context))


def _unknown(pattern: Triple, context: Context) -> Iterator[Remark]:
    """Constants that do not stand in their place anywhere."""
    predicate = pattern.predicate
    if isinstance(predicate, Constant) and context.terms.id(predicate.term, create=False) not in context.snapshot.predicates:
        meant = _meant(predicate.term, context.snapshot.predicates, context)
        yield Remark("unknown-term", f"no statement has the predicate {term_text(predicate.term)}{meant}")
        return
    if predicate == Constant(_TYPE) and isinstance(pattern.object, Constant):
        classes = context.snapshot.statistics.classes
        if context.terms.id(pattern.object.term, create=False) not in classes:
            meant = _meant(pattern.object.term, classes, context)
            yield Remark("unknown-term", f"nothing is of the class {term_text(pattern.object.term)}{meant}")
        return
    yield from (_absent(place, context) for place in places(pattern) if _is_absent(place, context))


def _is_absent(place: Place, context: Context) -> bool:
    return isinstance(place, Constant) and context.terms.id(place.term, create=False) < 0


def _absent(place: Place, context: Context) -> Remark:
    assert isinstance(place, Constant)
    others = [] if place.term.type.kind is not Kind.LITERAL else [*_other_types(place.term, context)]
    told = f"; but {' and '.join(map(term_text, others))} does" if others else ""
    return Remark("unknown-term", f"{term_text(place.term)} does not occur in the data{told}")


def _other_types(term: Term, context: Context) -> Iterator[Term]:
    """Literals of the data with the same text and another datatype or language."""
    for kind in dict.fromkeys((*context.snapshot.dictionary.types[:_MOST_TYPES], *_COMMON)):
        id = context.snapshot.find(Term(term.text, kind))
        if kind.kind is Kind.LITERAL and kind != term.type and id >= 0 and _is_object(id, context):
            yield Term(term.text, kind)


def _is_object(id: int, context: Context) -> bool:
    """Numbers and dates have an id whether they occur or not."""
    wanted = np.array([id], dtype=np.int64)
    segments = filter(None, map(context.snapshot.segment, context.snapshot.predicates))
    return any(bool(np.less(*segment.os.ranges(wanted))[0]) for segment in segments)


def _meant(term: Term, ids: Iterable[int], context: Context) -> str:
    """A question for the IRI with the nearest name."""
    listed = list(ids)
    if not listed or term.type.kind is not Kind.IRI:
        return ""
    texts = context.snapshot.terms(np.array(listed, dtype=np.int64)).text.to_pylist()
    guess = process.extractOne(_local(term.text), {text: _local(text) for text in texts}, score_cutoff=_SURE)
    return f"; did you mean {term_text(iri(guess[2]))} ?" if guess else ""


def _local(name: str) -> str:
    return re.split(r"[/#:]", name.rstrip("/#"))[-1].lower()


def _emptied(operator: Operator) -> Iterator[Remark]:
    """The step that had solutions and left none."""
    if operator.measured.rows:
        return
    if isinstance(operator, Steps):
        before = 0
        for one in operator.inputs:
            if not one.measured.rows:
                yield from _told(one, before) if before else _emptied(one)
                return
            before = one.measured.rows
        return
    empty = [one for one in operator.inputs if not one.measured.rows]
    if not empty and operator.inputs:
        yield from _told(operator, sum(one.measured.rows for one in operator.inputs))
    for one in empty:
        yield from _emptied(one)


def _told(operator: Operator, before: int) -> Iterator[Remark]:
    rows = "1 solution" if before == 1 else f"{before:,} solutions"
    yield Remark("filter", f"{rows} came to this step, and none passed: {operator.label}")


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
    rows = np.flatnonzero((np.asarray(geometries.flags) & READABLE) == 0) if calls else ()
    if not len(rows):
        return
    reasons: dict[str, int] = {}
    for row, reason in islice(geometries.problems(), _BLOCK):
        reasons.setdefault(reason, row)
    samples = [f"{reason}, e.g. {term_text(literal(str(geometries.lexical(np.array([row]))[0])))}"
               for reason, row in islice(reasons.items(), _REASONS)]
    text = f"{len(rows):,} of {geometries.count:,} geometry literals cannot be read and meet nothing: {'; '.join(samples)}"
    yield Remark("geometry", text)


def _constants(calls: list[Call], context: Context) -> Iterator[Remark]:
    """Constant geometries that cannot be read, or lie away from all data."""
    constants = (one.term for call in calls for one in call.arguments if isinstance(one, Constant))
    terms = [term for term in dict.fromkeys(constants) if term.type.datatype in _GEOMETRIES]
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
    """West, south, east, north of all stored geometries; None if there are none."""
    bounds = context.snapshot.geometries.bounds
    found = []
    for first in range(0, len(bounds), _BLOCK):
        part = np.asarray(bounds[first : first + _BLOCK])
        part = part[~np.isnan(part[:, 0])]
        if len(part):
            found.append([*part[:, :2].min(axis=0), *part[:, 2:].max(axis=0)])
    if not found:
        return None
    boxes = np.array(found)
    return np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])
