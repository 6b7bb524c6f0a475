"""Small graphs of our own making, and how they are sent."""

from __future__ import annotations

import io
from itertools import count

import pyoxigraph as ox

from earthweave.ontology import RDF, XSD

Node = ox.NamedNode | ox.BlankNode
_XSD_INTEGER = ox.NamedNode(str(XSD.integer))


class Triples:
    """Collects statements; terms may be given as text for IRIs, and numbers for integers."""

    def __init__(self) -> None:
        self._found: list[ox.Triple] = []
        self._labels = count(1)

    def node(self, kind: str) -> ox.BlankNode:
        """A new blank node of a class; its label is the same at each making of the graph."""
        node = ox.BlankNode(f"n{next(self._labels)}")
        self.add(node, str(RDF.type), kind)
        return node

    def add(self, subject: Node | str, predicate: str, *objects: Node | ox.Literal | str | int) -> None:
        """State something, with one object or several."""
        for value in objects:
            self._found.append(ox.Triple(_term(subject), ox.NamedNode(predicate), _object(value)))

    def ntriples(self) -> bytes:
        """All of it."""
        out = io.BytesIO()
        ox.serialize(self._found, out, format=ox.RdfFormat.N_TRIPLES)
        return out.getvalue()


def _term(value: Node | str) -> Node:
    return ox.NamedNode(value) if isinstance(value, str) else value


def _object(value: Node | ox.Literal | str | int) -> Node | ox.Literal:
    if isinstance(value, ox.Literal):
        return value
    return ox.Literal(str(value), datatype=_XSD_INTEGER) if isinstance(value, int) else _term(value)
