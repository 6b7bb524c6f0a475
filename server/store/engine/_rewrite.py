"""Topological relations asked as properties (OGC GeoSPARQL 1.1, 22-047r1, §10.9, the query rewrite extension).

``?a geo:sfIntersects ?b`` is true where a statement says so, and where the geometries of the two do: the serialisation of a geometry, or
that of a feature's default geometry (of any geometry of a feature that has no default), or a literal in the object's place. Each pair is
found once. Within GRAPH, the statements that lead to both literals are in that graph.

::

    nothing says it, one literal each:   ?a geo:hasGeometry?/geo:asWKT ?x . ?b … ?y FILTER(geof:sfIntersects(?x, ?y))
    otherwise:   DISTINCT { { … ?a geo:sfIntersects ?b } UNION { … ?a geo:hasDefaultGeometry?/(geo:asWKT|…) ?x . … FILTER(…) } }
                 and, if both are there, a third way:  ?a geo:hasGeometry/… ?x FILTER NOT EXISTS { ?a geo:hasDefaultGeometry ?d }

The dots in front stand for the patterns of the group that have to do with ?a or ?b: they leave fewer geometries to relate.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import reduce
from weakref import WeakKeyDictionary

from earthweave.ontology import GEO, GEOF
from earthweave.ontology.geometry import RELATIONS

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
    Variable,
    in_scope,
)
from ..snapshot import Kind, Segment, Snapshot, iri
from ._entailment_schema import Schema, schema_of
from ._rewriter import Rewriter, joined, names_of

SERIALISATIONS = tuple(str(GEO[name]) for name in ("asWKT", "asGML", "asGeoJSON", "asKML", "hasSerialization"))
DEFAULT, GEOMETRY = str(GEO.hasDefaultGeometry), str(GEO.hasGeometry)
_RELATIONS = {str(GEO) + name: str(GEOF) + name for name in RELATIONS}


def rewritten(query: Query, context: Context) -> Query:
    """The query with relations between geometries computed; without them, or under simple entailment, it comes back as it is."""
    if context.entailment is Entailment.SIMPLE:
        return query
    return replace(query, pattern=_Rewrite(context).node(query.pattern))


class _Rewrite(Rewriter):
    def __init__(self, context: Context) -> None:
        super().__init__("relation")
        self._context = context
        self._snapshot: Snapshot = context.snapshot
        self._schema: Schema | None = schema_of(context) if context.entailment is Entailment.RDFS else None

    def bgp(self, node: Bgp) -> Node:
        """A basic pattern with its relations computed."""
        spread = next((one for one in node.patterns if isinstance(one, PathPattern) and _related(one.path)), None)
        return self._relations(node) if spread is None else self._spread(node, spread)

    def _spread(self, node: Bgp, spread: PathPattern) -> Node:
        """A basic pattern with a path that takes relations, the path taken apart."""
        rest = tuple(one for one in node.patterns if one is not spread)
        if isinstance(spread.path, Repeat):
            repeated: list[Node] = [Bgp(way) for way in self._repeated(spread, spread.path)]
            once = Distinct(Project(reduce(Union, repeated), tuple(sorted(names_of(spread))))) if len(repeated) > 1 else repeated[0]
            return self.node(joined((Bgp(rest), once)))
        ways: list[Node] = [Bgp((*rest, *way)) for way in self._ways(spread)]
        return self.node(reduce(Union, ways))

    def _relations(self, node: Bgp) -> Node:
        """A basic pattern with its relations computed."""
        others = [one for one in node.patterns if not relation(one)]
        if len(others) == len(node.patterns):
            return node
        found: list[Node] = []
        for one in node.patterns:
            if isinstance(one, Triple) and relation(one):
                near = _near(names_of(one), [other for other in others if _once(other)])
                others = [other for other in others if other not in near]
                around, found = _sharing(found, names_of(one).union(*map(names_of, near)))
                found.append(self._computed(joined((*around, Bgp(tuple(near)))), one))
        return joined((Bgp(tuple(others)), *found))

    def _ways(self, pattern: PathPattern) -> Iterator[tuple[Triple | PathPattern, ...]]:
        """The patterns that a path with relations in it stands for, one for each of its alternatives (SPARQL 1.1 §18.2.2.3)."""
        path, ends = pattern.path, (pattern.subject, pattern.object)
        if isinstance(path, Alternative):
            yield from ((_walk(ends[0], part, ends[1], pattern),) for part in path.parts)
        elif isinstance(path, Inverse):
            yield (_walk(ends[1], path.part, ends[0], pattern),)
        else:
            assert isinstance(path, Sequence)
            stops = [ends[0], *(self.hidden() for _ in path.parts[1:]), ends[1]]
            yield tuple(_walk(stops[place], part, stops[place + 1], pattern) for place, part in enumerate(path.parts))

    def _repeated(self, pattern: PathPattern, path: Repeat) -> Iterator[tuple[Triple | PathPattern, ...]]:
        """The same for a repeated path; literals at its ends are no nodes that a step leads to, so steps to and from them stand apart."""
        yield (replace(pattern, path=self._stepwise(path, pattern)),)
        ends, more = (pattern.subject, pattern.object), Repeat(path.part, 0)
        literal = [isinstance(one, Constant) and one.term.type.kind is Kind.LITERAL for one in ends]
        if all(literal) or (any(literal) and path.once):
            yield (_walk(ends[0], path.part, ends[1], pattern),)
        elif any(literal):
            between = self.hidden()
            paths: tuple[Path, Path] = (path.part, more) if literal[0] else (more, path.part)
            yield _walk(ends[0], paths[0], between, pattern), _walk(between, paths[1], ends[1], pattern)

    def _stepwise(self, path: Path, pattern: PathPattern) -> Path:
        """A path whose relations are steps that a pattern computes."""
        if isinstance(path, Link) and path.iri in _RELATIONS:
            start, stop = self.hidden(), self.hidden()
            triple = Triple(start, Constant(iri(path.iri)), stop, pattern.graph)
            return Computed(self._computed(Bgp(()), triple), start.name, stop.name, path)
        if isinstance(path, Sequence | Alternative):
            return replace(path, parts=tuple(self._stepwise(part, pattern) for part in path.parts))
        return replace(path, part=self._stepwise(path.part, pattern)) if isinstance(path, Inverse | Repeat) else path

    def _computed(self, node: Node, triple: Triple) -> Node:
        """Solutions of a pattern that gives each once, for which the relation holds; each once."""
        name = relation(triple)
        left, first = self._literal(triple.subject, triple)
        right, second = self._literal(triple.object, triple)
        condition = Call(_RELATIONS[name], (first, second))
        self._context.rewrites.append(f"geo:{name.removeprefix(str(GEO))} is computed between geometries (query rewrite)")
        computed = Filter(condition, joined((node, left, right)))
        if self._plain(name):
            return computed
        shown = tuple(sorted(in_scope(node) | names_of(triple)))
        ways = Union(joined((node, Bgp((triple,)))), computed) if self._segments(name) else computed
        return Distinct(Project(ways, shown))

    def _plain(self, name: str) -> bool:
        """Whether no statement says the relation, and nothing has more than one literal."""
        last = [found for one in self._serialisations() for found in self._segments(one)]
        if len(last) != 1 or not last[0].functional or self._segments(name):
            return False
        links = [found for one in (DEFAULT, GEOMETRY) for found in self._segments(one)]
        return not links or (len(links) == 1 and links[0].functional and _apart(self._snapshot, links[0], last[0]))

    def _serialisations(self) -> list[str]:
        """Properties that lead to literals and have statements; under RDFS ``geo:hasSerialization`` stands for all that are below it."""
        every = SERIALISATIONS if self._schema is None else SERIALISATIONS[-1:]
        return [one for one in every if self._segments(one)]

    def _segments(self, name: str) -> list[Segment]:
        """Statements of a property, and under RDFS of those below it."""
        names = [name] if self._schema is None else self._schema.below_property(name)
        return [found for one in names if (found := self._snapshot.segment_of(one))]

    def _literal(self, place: Place, triple: Triple) -> tuple[Node, Variable | Constant]:
        """A pattern that leads from a feature or geometry to its literal, and the literal; a literal leads to itself."""
        if isinstance(place, Constant) and place.term.type.kind is Kind.LITERAL:
            return Bgp(()), place
        target = self.hidden()
        present = self._serialisations() or [SERIALISATIONS[0]]
        last: Path = Link(present[0]) if len(present) == 1 else Alternative(tuple(Link(one) for one in present))
        first = next((one for one in (DEFAULT, GEOMETRY) if self._segments(one)), None)
        path = last if first is None else Sequence((Repeat(Link(first), 0, once=True), last))
        usual = Bgp((_step(place, path, target, triple),))
        if first != DEFAULT or not self._segments(GEOMETRY):
            return usual, target
        default = Bgp((Triple(place, Constant(iri(DEFAULT)), self.hidden(), triple.graph),))
        others = Bgp((PathPattern(place, Sequence((Link(GEOMETRY), last)), target, triple.graph),))
        return Union(usual, Filter(Exists(default, True), others)), target


def serialised(snapshot: Snapshot) -> list[str]:
    """Properties that lead to geometry literals and that some statement has."""
    return [one for one in SERIALISATIONS if snapshot.segment_of(one)]


def _related(path: Path) -> bool:
    """Whether a path takes a spatial relation for a step."""
    if isinstance(path, Link):
        return path.iri in _RELATIONS
    if isinstance(path, Inverse | Repeat):
        return _related(path.part)
    return isinstance(path, Sequence | Alternative) and any(map(_related, path.parts))


def _walk(subject: Place, path: Path, object: Place, pattern: PathPattern) -> Triple | PathPattern:
    if isinstance(path, Link):
        ends = (object, subject) if path.inverse else (subject, object)
        return Triple(ends[0], Constant(iri(path.iri)), ends[1], pattern.graph)
    return PathPattern(subject, path, object, pattern.graph)


def _step(place: Place, path: Path, target: Variable, triple: Triple) -> Triple | PathPattern:
    if isinstance(path, Link):
        return Triple(place, Constant(iri(path.iri)), target, triple.graph)
    return PathPattern(place, path, target, triple.graph)


def _sharing(nodes: list[Node], names: frozenset[str]) -> tuple[list[Node], list[Node]]:
    """Patterns that bind any of the variables, and the others."""
    return [one for one in nodes if in_scope(one) & names], [one for one in nodes if not in_scope(one) & names]


def _near(names: frozenset[str], patterns: list[Triple | PathPattern]) -> list[Triple | PathPattern]:
    """The patterns that hang together with some variables."""
    near, growing = list[Triple | PathPattern](), True
    while growing:
        more = [one for one in patterns if one not in near and not names_of(one).isdisjoint(names)]
        near += more
        names = names.union(*map(names_of, more))
        growing = bool(more)
    return near


def _once(pattern: Triple | PathPattern) -> bool:
    """Whether a pattern gives each solution once, as triples and repeated paths do, and alternatives do not."""
    return isinstance(pattern, Triple) or isinstance(pattern.path, Repeat)


_APART: WeakKeyDictionary[Snapshot, bool] = WeakKeyDictionary()


def _apart(snapshot: Snapshot, link: Segment, last: Segment) -> bool:
    """Whether no feature that is linked to a geometry has a literal of its own; looked up once per snapshot."""
    if snapshot not in _APART:
        starts, stops = last.so.ranges(link.so.key)
        _APART[snapshot] = bool((starts == stops).all())
    return _APART[snapshot]


def relation(pattern: Triple | PathPattern) -> str:
    """IRI of the relation that a pattern asks for, empty for any other pattern."""
    if not isinstance(pattern, Triple) or not isinstance(pattern.predicate, Constant) or pattern.time is not None:
        return ""
    name = pattern.predicate.term.text
    return name if name in _RELATIONS else ""
