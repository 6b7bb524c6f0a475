"""The vocabularies that mapping documents are written in, and one view over all of them.

R2RML ``rr:``, RML as it was (semweb.mmlab.be) and as it is (w3id.org/rml), GeoTriples' extension ``rrx:``, and our own ``ewm:``
share local names, so a document is read by local name, whatever mixture it is written in.
"""

from __future__ import annotations

from collections.abc import Iterator

from rdflib import BNode, Graph
from rdflib.collection import Collection
from rdflib.term import Node

from earthweave.ontology import RDF

from ..plan import EWM, RML, RML_LEGACY, RR, RRX

_SAME = {"column": "reference", "logicalTable": "logicalSource"}
_VOCABULARIES = (RR, RML_LEGACY, RML, RRX, EWM)

KNOWN = {
    "triplesMap": {"logicalSource", "subjectMap", "subject", "predicateObjectMap"},
    "logicalSource": {"tableName", "source", "referenceFormulation", "sqlVersion", "required", "iterator"},
    "termMap": {
        "template", "reference", "constant", "termType", "datatype", "language", "class", "graphMap", "graph",
        "function", "argumentMap", "transformation",
    },
    "predicateObjectMap": {"predicate", "predicateMap", "object", "objectMap", "graph", "graphMap"},
    "source": {"path", "root"},
    "variable": {"name", "default"},
}
"""Which properties each kind of node may have."""
UNSUPPORTED = {
    "parentTriplesMap": "joins between triples maps",
    "joinCondition": "joins between triples maps",
    "sqlQuery": "SQL queries as sources",
    "inverseExpression": "inverse expressions",
    "logicalTarget": "logical targets",
    "languageMap": "language maps",
    "datatypeMap": "datatype maps",
    "functionExecution": "FNML function executions",
    "triplesMap": "joins inside function arguments",
    "gather": "RML containers",
    "gatherAs": "RML containers",
    "null": "declared NULL values",
    "encoding": "declared encodings",
    "compression": "declared compression",
    "query": "queries as sources",
}
"""Properties that mean something we do not offer yet."""


def local(iri: Node) -> str | None:
    """The shared local name of a mapping property, or None for anything else."""
    text = str(iri)
    for vocabulary in _VOCABULARIES:
        if text.startswith(vocabulary):
            name = text[len(vocabulary):]
            return _SAME.get(name, name)
    return None


class Document:
    """A mapping document as a graph whose mapping properties are read by local name."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._values: dict[Node, dict[str, list[Node]]] = {}
        for subject, predicate, value in graph:
            name = local(predicate)
            if name is not None:
                self._values.setdefault(subject, {}).setdefault(name, []).append(value)

    def properties(self, node: Node) -> set[str]:
        """Local names of the mapping properties that a node has."""
        return set(self._values.get(node, {}))

    def all(self, node: Node, name: str) -> list[Node]:
        """Values of a property, in a stable order."""
        return sorted(self._values.get(node, {}).get(name, []), key=_order)

    def one(self, node: Node, name: str) -> Node | None:
        """The only value of a property, or None; more than one is left to the caller's check of counts."""
        found = self._values.get(node, {}).get(name, [])
        return found[0] if found else None

    def text(self, node: Node, name: str) -> str:
        """The only value of a property as text, or empty."""
        found = self.one(node, name)
        return "" if found is None else str(found)

    def items(self, node: Node) -> list[Node] | None:
        """The members of an RDF list, or None if it is not one."""
        if node != RDF.nil and (node, RDF.first, None) not in self.graph:
            return None
        return list(Collection(self.graph, node))

    def subjects(self, name: str) -> Iterator[Node]:
        """Nodes that have a property."""
        yield from (subject for subject, values in self._values.items() if name in values)


def _order(node: Node) -> tuple[int, str]:
    # blank nodes have no stable text; keep the order in which they were read
    return (1, "") if isinstance(node, BNode) else (0, str(node))
