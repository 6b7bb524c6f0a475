"""Which triples maps cannot make a statement twice: then nobody need look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from earthweave.ontology import RDF

from ..plan import COUNTER, Constant, Fresh, Join, Kind, Plan, Reference, Template, TermMap, TriplesMap
from ..values import ABSOLUTE

_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_TYPE = TermMap(Constant(str(RDF.type)), Kind.IRI)


def proven_distinct(plan: Plan, keys: Mapping[str, tuple[str, ...]]) -> set[str]:
    """Names of the triples maps whose statements cannot be repeated, neither by themselves nor by another triples map of the plan.

    Args:
        plan: with its variables bound.
        keys: by name of the triples map, the columns of its source each of which has a value in every row, and another one in each;
            empty if none is known. The number of the row (`COUNTER`) counts as one too. Leave out triples maps over nested records,
            over views, and over sources that have a column of that name themselves: of those nothing is proven.

    Proven is a map whose subject template holds a key so that different keys give different subjects, whose statements of one row
    cannot be the same, and whose subjects or statements no other map can make. A chunk of such maps may say ``distinct``.
    """
    spoken = {one.name: list(_statements(one)) for one in plan.triples_maps}
    fine = {one.name for one in plan.triples_maps if one.name in keys and _alone(plan, one, keys[one.name], spoken[one.name])}
    for first, second in combinations(plan.triples_maps, 2):
        if _may_meet(plan, first, second, spoken):
            fine -= {first.name, second.name}
    return fine


@dataclass(frozen=True)
class _Statement:
    """Predicate, object and graph; no graph is the default one."""

    predicate: TermMap
    value: TermMap | Join
    graph: TermMap | None

    def may_equal(self, other: _Statement) -> bool:
        pairs = ((self.predicate, other.predicate), (self.value, other.value), (self.graph, other.graph))
        return all(_may_equal(one, two) for one, two in pairs)


def _statements(one: TriplesMap) -> Iterator[_Statement]:
    for iri in one.classes:
        yield from (_Statement(_TYPE, TermMap(Constant(iri), Kind.IRI), graph) for graph in one.graphs or (None,))
    for each in one.statements:
        for graph in (*one.graphs, *each.graphs) or (None,):
            yield from (_Statement(predicate, value, graph) for predicate in each.predicates for value in each.objects)


def _may_equal(one: TermMap | Join | None, two: TermMap | Join | None) -> bool:
    """False only if the two can never be the same term."""
    texts = [_fixed(term) for term in (one, two)]
    if None not in texts:
        return texts[0] == texts[1]
    if isinstance(one, TermMap) and isinstance(two, TermMap):
        return one.gather is not None or two.gather is not None or _sort(one) == _sort(two)
    return True


def _fixed(term: TermMap | Join | None) -> tuple[str, ...] | None:
    """What identifies a term that is the same for every row."""
    if term is None:
        return ("",)
    if isinstance(term, Join) or term.gather or not isinstance(term.expression, Constant):
        return None
    if term.datatype_map or term.language_map:
        return None
    constant = term.expression
    if term.kind.named:
        # a relative IRI may be the same as an absolute one
        return (constant.text,) if not constant.text or ABSOLUTE.match(constant.text) else None
    return term.kind.value, constant.text, constant.datatype or term.datatype, (constant.language or term.language).lower()


def _sort(term: TermMap) -> str:
    return "iri" if term.kind.named else term.kind.value


def _alone(plan: Plan, one: TriplesMap, key: tuple[str, ...], spoken: list[_Statement]) -> bool:
    """True if the map does not repeat itself."""
    if any(term.gather for term in one.terms()) or any(join.conditions for join in one.joins()):
        return False
    held = _injective(plan, one)
    rows_apart = held is None or not held.isdisjoint((COUNTER, *key))
    return rows_apart and not any(first.may_equal(second) for first, second in combinations(spoken, 2))


def _injective(plan: Plan, one: TriplesMap) -> set[str] | None:
    """Columns whose values can be told from the subject; None if it is another one for every row anyhow."""
    expression, kind = one.subject.expression, one.subject.kind
    if isinstance(expression, Fresh):
        return None
    if kind == Kind.BLANK and isinstance(expression, Reference):
        return {expression.name}
    if not isinstance(expression, Template) or one.subject.gather:
        return set()
    names = [part.name for part in expression.parts if isinstance(part, Reference)]
    if kind == Kind.BLANK:
        return set(names) if len(names) == 1 else set()
    if kind not in (Kind.IRI, Kind.URI) or not _prefix(plan, one):
        return set()
    return set(names) if _separated(expression) else set()


def _separated(template: Template) -> bool:
    """True if between any two references there is a character that encoded values do not hold."""
    parts = template.parts
    inner = [part for part in parts[1:-1] if isinstance(part, str)]
    alternating = all(isinstance(one, str) != isinstance(two, str) for one, two in zip(parts, parts[1:], strict=False))
    return alternating and all(_skeleton(part) for part in inner)


def _skeleton(text: str) -> str:
    """The characters of a text that percent-encoded values cannot hold; ``%`` and what is not ASCII they can."""
    return "".join(one for one in text if one.isascii() and one not in _UNRESERVED and one != "%")


def _prefix(plan: Plan, one: TriplesMap) -> str:
    """The absolute IRI text before the first column; empty if there is none."""
    parts = _parts(one.subject)
    if not parts or not isinstance(parts[0], str):
        return ""
    return parts[0] if ABSOLUTE.match(parts[0]) else (one.base or plan.base) + parts[0]


def _parts(term: TermMap) -> tuple[str | Reference, ...]:
    if isinstance(term.expression, Template):
        return term.expression.parts
    return (term.expression.text,) if isinstance(term.expression, Constant) else ()


def _may_meet(plan: Plan, one: TriplesMap, two: TriplesMap, spoken: Mapping[str, list[_Statement]]) -> bool:
    """True unless no statement of one can be a statement of the other."""
    if any(term.gather for each in (one, two) for term in each.terms()):
        return True
    if _subjects_apart(plan, one, two):
        return False
    return any(first.may_equal(second) for first in spoken[one.name] for second in spoken[two.name])


def _subjects_apart(plan: Plan, one: TriplesMap, two: TriplesMap) -> bool:
    if _sort(one.subject) != _sort(two.subject):
        return True
    if isinstance(one.subject.expression, Fresh) and isinstance(two.subject.expression, Fresh):
        return one.subject.expression != two.subject.expression
    if not all(each.subject.kind in (Kind.IRI, Kind.URI) for each in (one, two)):
        return False
    prefixes = [_prefix(plan, each) for each in (one, two)]
    if not all(prefixes):
        return False
    if not (prefixes[0].startswith(prefixes[1]) or prefixes[1].startswith(prefixes[0])):
        return True
    marks = [_skeleton(prefix + "".join(part for part in _parts(each.subject)[1:] if isinstance(part, str)))
             for prefix, each in zip(prefixes, (one, two), strict=True)]
    return marks[0] != marks[1]
