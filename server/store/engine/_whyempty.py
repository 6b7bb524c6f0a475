"""Why an answer is empty: what does not occur, what removed the last solution, and geometries that cannot meet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import numpy as np
from rapidfuzz import process

from earthweave.ontology import RDF, XSD

from ..algebra import (
    Bgp,
    Constant,
    Context,
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
    children,
    places,
)
from ..snapshot import Kind, Term, iri, literal
from ._joins import Steps
from ._plan import NO_SEEDS, Planner, Wish
from ._rewrite import relation
from ._text import pattern as pattern_text
from ._text import term as term_text
from ._whyempty_space import away_or_unreadable, is_geometry, unrelated

_SURE = 78.0
_TYPE = iri(str(RDF.type))
_MOST_TYPES = 1000
_COMMON = tuple(literal("", str(XSD[name])).type for name in ("integer", "decimal", "boolean", "date", "dateTime"))


def why_empty(query: Query, operator: Operator, context: Context) -> tuple[Remark, ...]:
    """Sentences about why a query gave no solution, most telling first; none if nothing is found.

    Codes: ``graph`` (of FROM or GRAPH, not there), ``unknown-term``, ``no-match`` (a pattern), ``filter`` (what removed the last
    solution), ``geometry`` (literals that cannot be read), ``axis-order``, ``outside`` (a constant geometry far from the data).

    Args:
        operator: the plan, run to its end.
    """
    found = [*_datasets(query, context)] or _missing(query.pattern, context) or [*_emptied(operator)]
    return tuple(dict.fromkeys([*found, *away_or_unreadable(query.pattern, context)]))


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
    if relation(pattern):
        absent = [_absent(place, context) for place in (pattern.subject, pattern.object)
                  if _is_absent(place, context) and not is_geometry(place)]
        return absent or unrelated(pattern, context)
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
