"""One triples map, its statements spelled out, over one record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

from earthweave.ontology import RDF, MappingError

from ..plan import Constant, Join, Kind, Plan, TermMap, TriplesMap, own_expressions, references
from ._evaluation import BadRow, BadTerm, Row, Scope, rehearsed
from ._terms import AnyTerm, Collection, Joined, Term, Terms, check

_TYPE = TermMap(Constant(str(RDF.type)), Kind.IRI)
_DEFAULT = TermMap(Constant(""), Kind.IRI)


@dataclass(frozen=True)
class Said:
    """A statement, or a collection that is there without one.

    Attributes:
        subject: or the collection.
        predicate, value: None for a collection alone.
        graph: in N-Quads syntax, empty for the default one.
        targets: logical targets, sorted.
        fixed: True if it is the same for every record.
    """

    subject: AnyTerm
    predicate: AnyTerm | None
    value: AnyTerm | None
    graph: str
    targets: tuple[str, ...]
    fixed: bool = False


@dataclass(frozen=True)
class _Quad:
    predicate: TermMap
    value: TermMap | Join
    graph: TermMap
    fixed: bool


class Rule:
    """A triples map ready to run.

    Attributes:
        map: it.
        terms: what makes its terms.
    """

    def __init__(self, plan: Plan, one: TriplesMap, joined: Joined) -> None:
        self.map = one
        self._place = plan.place(one)
        self._base = one.base or plan.base
        self.terms = Terms(self._base, joined)
        self._graphs = one.graphs or (_DEFAULT,)
        self._quads = list(self._spelled())
        self._constants = {id(term) for term in (_TYPE, *one.terms(), *(quad.value for quad in self._quads)) if _constant(term)}
        # what is the same for every record: graphs that are the default one, and constants once they are made
        self._same: dict[int, list[AnyTerm]] = {
            id(graph): [Term("", graph.targets)] for graph in self._all_graphs() if graph.expression == _DEFAULT.expression
        }

    def _spelled(self) -> Iterator[_Quad]:
        classes = [TermMap(Constant(iri), Kind.IRI) for iri in self.map.classes]
        quads: list[tuple[TermMap, TermMap | Join, TermMap]] = list(product((_TYPE,), classes, self._graphs))
        for each in self.map.statements:
            graphs = tuple(dict.fromkeys((*self.map.graphs, *each.graphs))) or (_DEFAULT,)
            quads += product(each.predicates, each.objects, graphs)
        for predicate, value, graph in quads:
            yield _Quad(predicate, value, graph, all(map(_constant, (self.map.subject, predicate, value, graph))))

    def _all_graphs(self) -> Iterator[TermMap]:
        yield from self._graphs
        yield from (quad.graph for quad in self._quads)

    def references(self) -> list[str]:
        """Everything that it wants of its records."""
        terms = [expression for term in self.map.terms() for expression in term.expressions()]
        joins = [expression for join in self.map.joins() for expression in own_expressions(join)]
        return list(dict.fromkeys([*self.map.required, *(one.name for each in (*terms, *joins) for one in references(each))]))

    def check(self, scope: Scope) -> None:
        """Raise `MappingError` for what can never work."""
        for quad in self._quads:
            for term in (self.map.subject, quad.predicate, quad.value, quad.graph):
                if isinstance(term, TermMap):
                    check(term, self._base)
        for each in self.map.terms():
            for expression in each.expressions():
                rehearsed(expression, scope)

    def placed(self, action: Callable[[], None]) -> None:
        """Do something whose mapping errors are told with the place in the document."""
        try:
            action()
        except MappingError as error:
            raise MappingError(self._place, why=f"{error.what}; {error.why}".strip("; "), way_out=error.way_out) from error

    def said(self, row: Row) -> list[Said]:
        """Everything that a record says; raises `BadRow`. All terms are made, so that a bad value is found beside a missing one."""
        made = dict(self._same)

        def term(value: TermMap | Join) -> list[AnyTerm]:
            if id(value) not in made:
                made[id(value)] = self._made(value, row)
            return made[id(value)]

        subjects = term(self.map.subject)
        found = [Said(one, None, None, *_where(one, graph)) for one, graph in self._alone(subjects, term)]
        for quad in self._quads:
            for s, p, o, g in product(subjects, term(quad.predicate), term(quad.value), term(quad.graph)):
                found.append(Said(s, p, o, *_where(s, p, o, g), quad.fixed))
        return found

    def _made(self, value: TermMap | Join, row: Row) -> list[AnyTerm]:
        try:
            found = self.terms.of(value, row)
        except BadTerm as bad:
            row.faulty = row.faulty or str(bad)
            return []
        if id(value) in self._constants:
            self._same[id(value)] = found
        return found

    def _alone(self, subjects: list[AnyTerm], term: Callable[[TermMap], list[AnyTerm]]) -> list[tuple[AnyTerm, AnyTerm]]:
        heads = [one for one in subjects if isinstance(one, Collection)]
        return list(product(heads, (one for graph in self._graphs for one in term(graph)))) if heads else []

    def lacks(self, row: Row) -> str:
        """Why a record is left out that has no value that the map requires, or empty."""
        return next((f"no value for {name}" for name in self.map.required if not row.record.values(name)), "")

    def key(self, row: Row) -> str:
        """What identifies a record for the report."""
        try:
            return next((one.text for one in row.texts(self.map.subject.expression)), "")
        except (BadRow, BadTerm):
            return ""


def _where(*terms: AnyTerm) -> tuple[str, tuple[str, ...]]:
    """The graph, which is the last term, and the targets of all."""
    assert isinstance(terms[-1], Term)
    targets = {target for one in terms for target in one.targets}
    return terms[-1].text, tuple(sorted(targets)) if targets else ()


def _constant(value: TermMap | Join) -> bool:
    """True if a term is the same for every record."""
    if isinstance(value, Join) or value.gather is not None:
        return False
    return all(isinstance(one, Constant) for one in value.expressions())
