"""The class tree: what is above a class, as stated and as it follows from what classes are defined by; owlready2 reads it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from typing import Any

from rdflib import BNode, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from ._errors import MissingDependencyError
from ._namespaces import OWL, RDF, RDFS
from ._vocabulary import vocabulary

Definitions = list[tuple[Any, frozenset[Any]]]
_OF = (OWL.intersectionOf, OWL.unionOf)
_VALUE = (OWL.someValuesFrom, OWL.hasValue)
_DEPTH = 8
"""Expressions inside expressions: deeper ones are left out, and so is one that contains itself."""


def superclasses(classes: Iterable[str], stated: Graph | None = None) -> dict[str, tuple[str, ...]]:
    """IRIs of all classes above each class, without itself, nearest first, after OWL 2: what our ontology and ``stated`` axioms imply.

    Implied are superclasses of superclasses; classes that are equivalent; the parts of an intersection; a union above its members; and a
    class whose definition (``owl:equivalentClass``: named classes and restrictions to some or one value) is met by what is stated of
    another. That is found without a reasoner: nothing follows from disjointness, numbers of values, or properties below properties.
    Raises `MissingDependencyError` without owlready2.
    """
    try:
        import owlready2
    except ImportError as error:
        raise MissingDependencyError("questions need owlready2", way_out="pip install 'earthweave[qa]'") from error
    wanted = dict.fromkeys(classes)
    world = owlready2.World()
    try:
        ontology = world.get_ontology("urn:earthweave:classes#")
        ontology.load(fileobj=BytesIO(_sound(stated, wanted).serialize(format="nt", encoding="utf-8")))
        definitions = [(one, needed) for one in ontology.classes() for needed in _definitions(one)]
        return {iri: tuple(_above(world[iri], definitions)) for iri in wanted}
    finally:
        world.close()


def _above(cls: Any, definitions: Definitions) -> Iterator[str]:
    """Class by class upwards; then what is defined by nothing else than what is met by now, and upwards again."""
    met, waiting = {cls: None}, [cls]
    while waiting:
        for atom in _told(waiting.pop(0)):
            if atom not in met:
                met[atom] = None
                if hasattr(atom, "iri"):
                    waiting.append(atom)
                    yield atom.iri
        if not waiting:
            more = [one for one, needed in definitions if one not in met and needed <= met.keys()]
            met |= dict.fromkeys(more)
            waiting += more
            yield from (one.iri for one in more)


def _told(cls: Any) -> list[Any]:
    """Named classes and restrictions that hold for all members of a class, named ones sorted and first."""
    if not hasattr(cls, "is_a"):
        return []
    atoms = {atom: None for one in (*cls.is_a, *cls.equivalent_to.indirect()) for atom in _conjuncts(one)}
    return sorted(atoms, key=lambda atom: getattr(atom, "iri", "\U0010ffff" + repr(atom)))


def _conjuncts(one: Any) -> Iterator[Any]:
    from owlready2 import And, Or, Restriction, Thing

    if isinstance(one, And):
        yield from (atom for part in one.Classes for atom in _conjuncts(part))
    elif isinstance(one, Restriction) or (hasattr(one, "iri") and one is not Thing and not isinstance(one, Or)):
        yield one


def _definitions(cls: Any) -> Iterator[frozenset[Any]]:
    """Sets of what is enough to be a member: one for a definition, one for each member of a union; only if all of it is understood."""
    from owlready2 import Or

    for one in cls.equivalent_to.indirect():
        for way in one.Classes if isinstance(one, Or) else (one,):
            parts = frozenset(_conjuncts(way))
            if parts and not _unclear(way):
                yield parts


def _unclear(one: Any) -> bool:
    from owlready2 import And, Or

    return isinstance(one, Or) or (isinstance(one, And) and any(map(_unclear, one.Classes)))


def _sound(stated: Graph | None, classes: Iterable[str]) -> Graph:
    """Axioms as owlready2 can read them all: declared, and nothing that is class and property at once, half an expression or a ring."""
    graph = vocabulary() if stated is None else vocabulary() + stated
    axioms = [(a, p, b) for p in (RDFS.subClassOf, OWL.equivalentClass) for a, b in graph.subject_objects(p) if isinstance(a, URIRef)]
    named = {URIRef(iri) for iri in classes}.union(_iris(one for a, _, b in axioms for one in (a, b)))
    return _declared(_understood(graph, sorted(axioms), named), named)


def _iris(nodes: Iterable[Node]) -> Iterator[URIRef]:
    return (one for one in nodes if isinstance(one, URIRef))


def _understood(graph: Graph, axioms: Iterable[tuple[Node, Node, Node]], named: set[URIRef]) -> Graph:
    """Axioms between classes and expressions that are understood.

    Classes in a ring of superclasses are all the same, and so they are said to be equivalent.
    """
    found, above = Graph(), dict[Node, set[Node]]()
    for a, p, b in axioms:
        expression = Graph()
        if a != b and _copied(graph, b, expression, named, _DEPTH):
            ring = p == RDFS.subClassOf and a in _reached(b, above)
            above.setdefault(a, set()).add(b)
            found += expression
            found.add((a, OWL.equivalentClass if ring else p, b))
    return found


def _declared(axioms: Graph, named: set[URIRef]) -> Graph:
    """Axioms with a declaration of every class and every property in them."""
    for one in named.union(_iris(axioms.objects(None, RDF.first)), _iris(axioms.objects(None, OWL.someValuesFrom))):
        axioms.add((one, RDF.type, OWL.Class))
    for prop in set(axioms.objects(None, OWL.onProperty)):
        axioms.add((prop, RDF.type, OWL.ObjectProperty))
    return axioms


def _reached(start: Node, above: Mapping[Node, set[Node]]) -> set[Node]:
    seen, waiting = {start}, [start]
    while waiting:
        more = above.get(waiting.pop(), set()) - seen
        seen |= more
        waiting += more
    return seen


def _copied(graph: Graph, node: Node, into: Graph, named: set[URIRef], depth: int) -> bool:
    """Whether a class expression is one that is understood, with its triples copied."""
    if isinstance(node, URIRef):
        return True
    if not isinstance(node, BNode) or not depth:
        return False
    boolean = next(((of, rows) for of in _OF for rows in graph.objects(node, of)), None)
    inner = _operands(graph, node, *boolean, into) if boolean else _fillers(graph, node, into, named)
    return inner is not None and all(_copied(graph, part, into, named, depth - 1) for part in inner)


def _operands(graph: Graph, node: Node, of: URIRef, rows: Node, into: Graph) -> list[Node] | None:
    """The classes of an intersection or a union, with its triples copied; None if there are none."""
    parts = [*Collection(graph, rows)] if graph.value(rows, RDF.first) else []
    into.add((node, RDF.type, OWL.Class))
    into.add((node, of, rows))
    Collection(into, rows, parts)
    return parts or None


def _fillers(graph: Graph, node: Node, into: Graph, named: set[URIRef]) -> list[Node] | None:
    """The class that some value of a restriction is of, none for one value, with its triples copied; None if it is no such restriction."""
    prop = graph.value(node, OWL.onProperty)
    p, value = next(((p, o) for p in _VALUE for o in sorted(graph.objects(node, p), key=str)), (None, None))
    if not isinstance(prop, URIRef) or prop in named or p is None or value is None:
        return None
    some = p == OWL.someValuesFrom
    # one value is compared with others, whatever its type is
    held = value if some else Literal(value.n3())
    into += [(node, RDF.type, OWL.Restriction), (node, OWL.onProperty, prop), (node, p, held)]
    return [value] if some else []
