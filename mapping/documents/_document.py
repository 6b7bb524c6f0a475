"""A mapping document as a graph whose mapping properties are read by local name, and whose nodes know their lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import pyoxigraph as ox

from earthweave.ontology import RDF, MappingError

from ._positions import Position, Positions, scan
from ._vocabulary import local

Node: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal
_FIRST, _REST, _NIL, _TYPE = (ox.NamedNode(str(iri)) for iri in (RDF.first, RDF.rest, RDF.nil, RDF.type))
_NOWHERE = (0, 0)


class Document:
    """A Turtle document, read whole.

    Raises `MappingError` with the line if it is not Turtle.
    """

    def __init__(self, text: str, origin: str, base: str) -> None:
        self.origin = origin
        self.base = base
        self._values: dict[Node, dict[str, list[Node]]] = {}
        self._all: dict[Node, dict[str, list[Node]]] = {}
        # an object's bracket ends right before its statement is told, so statements come in the order of closing brackets
        nested: list[ox.BlankNode] = []
        for subject, predicate, value in self._statements(text):
            self._add(subject, predicate, value)
            if isinstance(value, ox.BlankNode):
                nested.append(value)
        self._places = self._matched(scan(text, base), nested)

    def _statements(self, text: str) -> Iterator[tuple[Node, str, Node]]:
        try:
            # lenient of IRIs alone: those that are used are checked where they stand, others may be placeholders
            for quad in ox.parse(text.removeprefix("\ufeff").encode(), ox.RdfFormat.TURTLE, base_iri=self.base, lenient=True):
                if isinstance(quad.subject, ox.Triple) or isinstance(quad.object, ox.Triple):
                    raise MappingError(f"{self.origin} has a triple term", why="no mapping vocabulary says what that means")
                yield quad.subject, quad.predicate.value, quad.object
        except SyntaxError as error:
            line = f", line {error.lineno}" if error.lineno else ""
            raise MappingError(f"{self.origin}{line}: not Turtle", why=str(error.msg), way_out="a mapping is a Turtle document") from error
        except ValueError as error:
            raise MappingError(f"{self.origin} cannot be read", why=str(error), way_out="a mapping is a Turtle document") from error

    def _add(self, subject: Node, predicate: str, value: Node) -> None:
        self._all.setdefault(subject, {}).setdefault(predicate, []).append(value)
        name = local(predicate)
        found = self._values.setdefault(subject, {})
        if name is not None and value not in found.setdefault(name, []):
            found[name].append(value)

    def _matched(self, found: Positions, nested: list[ox.BlankNode]) -> dict[Node, Position]:
        places: dict[Node, Position] = {}
        for node in (*self._all, *nested):
            known = found.named if isinstance(node, ox.NamedNode) else found.labelled
            if node.value in known:
                places[node] = known[node.value]
        # cells of lists have no bracket of their own
        objects = [node for node in nested if _FIRST.value not in self._all.get(node, {}) and node not in places]
        elsewhere = {*nested, *places}
        roots = [node for node, said in self._all.items() if isinstance(node, ox.BlankNode) and _FIRST.value not in said]
        roots = [node for node in roots if node not in elsewhere]
        for nodes, positions in ((objects, found.closed), (roots, found.roots)):
            if len(nodes) == len(positions):
                places.update(zip(nodes, positions, strict=True))
        return places

    def position(self, node: Node) -> Position:
        """Line and column of a node, or zeros."""
        return self._places.get(node, _NOWHERE)

    def properties(self, node: Node) -> set[str]:
        """Local names of the mapping properties that a node has."""
        return set(self._values.get(node, {}))

    def described(self, node: Node) -> bool:
        """True if anything is said of it."""
        return node in self._all

    def all(self, node: Node, name: str) -> list[Node]:
        """Values of a mapping property: IRIs and literals by text, then blank nodes in document order."""
        return sorted(self._values.get(node, {}).get(name, []), key=self._order)

    def _order(self, node: Node) -> tuple[int, str, Position]:
        return (1, "", self.position(node)) if isinstance(node, ox.BlankNode) else (0, node.value, _NOWHERE)

    def one(self, node: Node, name: str) -> Node | None:
        """The first value of a mapping property, or None; more than one is left to the caller's check of counts."""
        found = self.all(node, name)
        return found[0] if found else None

    def text(self, node: Node, name: str) -> str:
        """The first value of a mapping property as text, or empty."""
        found = self.one(node, name)
        return "" if found is None else found.value

    def values(self, node: Node, iri: str) -> list[Node]:
        """Values of any property, by its IRI."""
        return sorted(self._all.get(node, {}).get(iri, []), key=self._order)

    def value(self, node: Node, iri: str) -> str:
        """The first value of any property as text, or empty."""
        found = self.values(node, iri)
        return found[0].value if found else ""

    def types(self, node: Node) -> set[str]:
        """IRIs of its classes."""
        return {one.value for one in self._all.get(node, {}).get(_TYPE.value, [])}

    def items(self, node: Node) -> list[Node] | None:
        """The members of an RDF list, or None if it is not one."""
        found: list[Node] = []
        seen: set[Node] = set()
        while node != _NIL:
            first, rest = self.values(node, _FIRST.value), self.values(node, _REST.value)
            if len(first) != 1 or len(rest) != 1 or node in seen:
                return None
            seen.add(node)
            found.append(first[0])
            node = rest[0]
        return found

    def subjects(self, *names: str) -> list[Node]:
        """Nodes that have one of these mapping properties, in document order."""
        found = [node for node, values in self._values.items() if any(name in values for name in names)]
        return sorted(found, key=lambda node: (self.position(node), *self._order(node)))

    def plain(self) -> list[Node]:
        """Named nodes without any mapping property, in document order."""
        return [node for node, values in self._values.items() if isinstance(node, ox.NamedNode) and not values]

    def instances(self, *classes: str) -> list[Node]:
        """Nodes of one of these classes of the mapping vocabularies, by local name."""
        return [node for node in self._all if any(local(one) in classes for one in self.types(node))]

    def name(self, node: Node) -> str:
        """What messages and plans call a node."""
        if isinstance(node, ox.NamedNode):
            return f"<{node.value.removeprefix(self.base)}>"
        line, column = self.position(node)
        return f"[line {line}, column {column}]" if line else str(node)
