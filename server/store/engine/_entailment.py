"""RDFS entailment at plan time (SPARQL 1.1 Entailment Regimes §3; OGC GeoSPARQL 1.1, 22-047r1, RDFS entailment extension).

Patterns are widened to everything from which they follow by `Schema`, and give each solution once::

    ?x geo:hasGeometry ?g   ──▶   ?x (geo:hasGeometry|geo:hasDefaultGeometry|…){1} ?g       properties below that have statements
    ?x a geo:Geometry       ──▶   DISTINCT { { ?x a ?c VALUES ?c { sf:Polygon … } } UNION { ?x geo:asWKT [] } UNION … }

Axioms of RDFS itself (everything is an rdfs:Resource) are left out, as they would only add answers that nobody asked for. A pattern
that nothing in the data widens stays as it is and costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import reduce

from earthweave.ontology import RDF

from ..algebra import (
    Alternative,
    Bgp,
    Call,
    Computed,
    Constant,
    Context,
    Distinct,
    Entailment,
    Exists,
    Filter,
    Inverse,
    Join,
    Link,
    Node,
    Path,
    PathPattern,
    Place,
    Project,
    Query,
    Repeat,
    Sequence,
    Triple,
    Union,
    Values,
    Variable,
)
from ..snapshot import Term, iri
from ._entailment_schema import SUBCLASS, SUBPROPERTY, schema_of
from ._rewriter import Rewriter, joined, names_of

_TYPE = str(RDF.type)


def entailed(query: Query, context: Context) -> Query:
    """The query with its patterns widened, if RDFS entailment was asked for."""
    if context.entailment is not Entailment.RDFS:
        return query
    return replace(query, pattern=_Widening(context).node(query.pattern))


class _Widening(Rewriter):
    def __init__(self, context: Context) -> None:
        super().__init__("entailed")
        self._context = context
        self._schema = schema_of(context)

    def bgp(self, node: Bgp) -> Node:
        """A basic pattern, each of its patterns widened."""
        widened = [self._pattern(one) for one in node.patterns]
        if widened == [Bgp((one,)) for one in node.patterns]:
            return node
        self._context.rewrites.append("patterns match what RDFS entails: subclasses, sub-properties, domains and ranges")
        return joined(widened)

    def _pattern(self, pattern: Triple | PathPattern) -> Node:
        if isinstance(pattern, PathPattern):
            return Bgp((replace(pattern, path=self._path(pattern.path)),))
        if pattern.time is not None:
            # what follows has no time of its own
            return Bgp((pattern,))
        if isinstance(pattern.predicate, Variable):
            return self._any(pattern, pattern.predicate)
        name = pattern.predicate.term.text
        if name == _TYPE:
            return self._typed(pattern)
        if name in (SUBCLASS, SUBPROPERTY):
            return self._hierarchy(pattern, name)
        names = self._present(name)
        if names in ([], [name]):
            return Bgp((pattern,))
        return Bgp((PathPattern(pattern.subject, _once(names), pattern.object, pattern.graph),))

    def _path(self, path: Path) -> Path:
        if isinstance(path, Link):
            names = self._present(path.iri)
            return path if names in ([], [path.iri]) else _once(names, inverse=path.inverse)
        if isinstance(path, Sequence | Alternative):
            return replace(path, parts=tuple(map(self._path, path.parts)))
        if isinstance(path, Computed):
            return replace(path, node=self.node(path.node))
        return replace(path, part=self._path(path.part)) if isinstance(path, Inverse | Repeat) else path

    def _present(self, name: str) -> list[str]:
        """The property and those below it, of those that have statements."""
        return [one for one in self._schema.below_property(name) if self._stated(one)]

    def _stated(self, name: str) -> bool:
        snapshot = self._context.snapshot
        return snapshot.segment(snapshot.find(iri(name))) is not None

    def _typed(self, pattern: Triple) -> Node:
        """``rdf:type``: instances of classes below, and what stands before or behind properties with a domain or range."""
        if isinstance(pattern.object, Variable):
            return self._all_types(pattern, pattern.object)
        classes = self._schema.classes.below(pattern.object.term)
        stored = [one for one in classes if self._context.snapshot.find(one) >= 0]
        typing = [(name, inverse) for name, _, inverse in self._schema.typing(classes) if self._stated(name)]
        if not typing and len(stored) <= 1:
            return Bgp((replace(pattern, object=Constant(stored[0])),)) if stored else Bgp((pattern,))
        kind = self.hidden()
        instances = Join(Bgp((replace(pattern, object=kind),)), Values((kind.name,), tuple((one,) for one in stored)))
        return self._each([instances, *(self._used(pattern, *one) for one in dict.fromkeys(typing))], pattern)

    def _all_types(self, pattern: Triple, kind: Variable) -> Node:
        """Every class of an instance: those stated, those above them, and those that domains and ranges give, with those above these."""
        low, classes = self.hidden(), self._schema.classes
        above = tuple((one, high) for one, high in classes.pairs() if self._context.snapshot.find(one) >= 0)
        ways: list[Node] = [Bgp((pattern,)), Join(Bgp((replace(pattern, object=low),)), Values((low.name, kind.name), above))]
        for name, one, inverse in self._schema.typing():
            if self._stated(name):
                given = Values((kind.name,), tuple((high,) for high in classes.above(one)))
                ways.append(Join(self._used(pattern, name, inverse), given))
        return self._each(ways, pattern)

    def _used(self, pattern: Triple, name: str, inverse: bool) -> Node:
        """That something stands before (or, inverse, behind) a property; literals are no instances."""
        other, predicate = self.hidden(), Constant(iri(name))
        if not inverse:
            return Bgp((Triple(pattern.subject, predicate, other, pattern.graph),))
        found = Bgp((Triple(other, predicate, pattern.subject, pattern.graph),))
        return Filter(Call("!", (Call("ISLITERAL", (pattern.subject,)),)), found)

    def _hierarchy(self, pattern: Triple, name: str) -> Node:
        """``rdfs:subClassOf`` and ``rdfs:subPropertyOf``: all pairs that follow, each name with itself; within GRAPH those of its steps."""
        if pattern.graph is not None:
            return Bgp((PathPattern(pattern.subject, Repeat(Link(name), 1), pattern.object, pattern.graph),))
        ends = (pattern.subject, pattern.object)
        rows: list[tuple[Term, ...]] = [*self._schema.steps(name)]
        for column, place in enumerate(ends):
            if isinstance(place, Constant):
                rows = [row for row in rows if row[column] == place.term]
        names = tuple(place.name if isinstance(place, Variable) else self.hidden().name for place in ends)
        if names[0] == names[1]:
            names, rows = names[:1], [row[:1] for row in rows if row[0] == row[1]]
        ways: list[Node] = [Bgp((pattern,)), Values(names, tuple(dict.fromkeys(rows))), self._itself(ends, names, name)]
        return self._each(ways, pattern)

    def _itself(self, ends: tuple[Place, Place], names: tuple[str, ...], name: str) -> Node:
        """What has instances is a class, what stands in a statement a property, and each is below itself (rules 6 and 10)."""
        snapshot, one = self._context.snapshot, Variable(names[0])
        given = [place.term for place in ends if isinstance(place, Constant)]
        known = snapshot.statistics.classes if name == SUBCLASS else snapshot.predicates
        terms = given[:1] or [snapshot.term(id) for id in known]
        rows = tuple((term,) * len(names) for term in terms if given in ([], [term], [term, term]))
        predicate, object_ = (Constant(iri(_TYPE)), one) if name == SUBCLASS else (one, self.hidden())
        return Filter(Exists(Bgp((Triple(self.hidden(), predicate, object_),)), negated=False), Values(names, rows))

    def _any(self, pattern: Triple, predicate: Variable) -> Node:
        """A variable in the predicate's place: what is stated, by the names of properties above too, and every type."""
        low = self.hidden()
        above = [(iri(one), iri(high)) for one, high in self._schema.properties.pairs() if self._stated(one)]
        typed = self._typed(replace(pattern, predicate=Constant(iri(_TYPE))))
        ways: list[Node] = [Bgp((pattern,)), Join(typed, Values((predicate.name,), ((iri(_TYPE),),)))]
        if above:
            ways.append(Join(Bgp((replace(pattern, predicate=low),)), Values((low.name, predicate.name), tuple(above))))
        return self._each(ways, pattern)

    def _each(self, ways: Iterable[Node], pattern: Triple) -> Node:
        """Each solution of several ways once."""
        return Distinct(Project(reduce(Union, ways), tuple(sorted(names_of(pattern)))))


def _once(names: list[str], *, inverse: bool = False) -> Path:
    """A step along any of these properties; a pair of ends that several lead to is found once."""
    return Repeat(Alternative(tuple(Link(one, inverse) for one in names)), 1, once=True)
