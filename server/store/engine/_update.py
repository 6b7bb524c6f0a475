"""SPARQL 1.1 Update (W3C, 2013, §3) as plain values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from earthweave.ontology import QueryError

from ..algebra import Node, Triple


@dataclass(frozen=True)
class Modify:
    """Statements to remove and to add, for each solution of a pattern; INSERT DATA and DELETE DATA have the empty pattern.

    Attributes:
        delete, insert: templates; a graph of None is the default graph. Blank nodes (variables ``_:…``) are fresh per solution.
        pattern: whose solutions fill them, found before anything changes.
        default_graphs, named_graphs: USING and USING NAMED, or WITH as default graph; None if neither is there.
    """

    delete: tuple[Triple, ...]
    insert: tuple[Triple, ...]
    pattern: Node
    default_graphs: tuple[str, ...] | None = None
    named_graphs: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Clear:
    """CLEAR and DROP, which are the same where a graph without statements does not exist.

    Attributes:
        graph: an IRI, or ``DEFAULT``, ``NAMED`` or ``ALL``.
        silent: without effect, as a graph that is not there is as good as empty.
    """

    graph: str
    silent: bool


@dataclass(frozen=True)
class Create:
    """CREATE: nothing to do but to object to a graph that is there already, unless ``silent``."""

    graph: str
    silent: bool


@dataclass(frozen=True)
class Transfer:
    """ADD, MOVE or COPY; an empty text is the default graph, and a source that is not there an error, unless ``silent``."""

    kind: Literal["ADD", "MOVE", "COPY"]
    source: str
    target: str
    silent: bool


@dataclass(frozen=True)
class Load:
    """LOAD: the document of an IRI into a graph, an empty text being the default graph; a failure changes nothing if ``silent``."""

    source: str
    graph: str
    silent: bool


Operation = Modify | Clear | Create | Transfer | Load


def using(operation: Operation, default: tuple[str, ...], named: tuple[str, ...]) -> Operation:
    """An operation on the dataset of a request (SPARQL 1.1 Protocol §2.2.3); raises `QueryError` if it names a dataset itself."""
    if not isinstance(operation, Modify) or not (default or named):
        return operation
    if operation.default_graphs is not None:
        raise QueryError("the request and its text both name a dataset", why="using-graph-uri or the like beside USING or WITH",
                         way_out="leave one of them out")
    return replace(operation, default_graphs=default, named_graphs=named)
