"""Lists and containers as they grow: which members were written under a head, so that later records go on after them (RML-CC)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from earthweave.ontology import RDF

from ._terms import LIST, NIL, AnyTerm, Collection, Term

Line: TypeAlias = tuple[str, tuple[str, ...]]
"""A line of N-Quads, and the names of its targets."""
_TYPE, _FIRST, _REST = (f"<{one}>" for one in (RDF.type, RDF.first, RDF.rest))


def line(subject: str, predicate: str, value: str, graph: str) -> str:
    """A statement in N-Quads syntax; an empty graph is the default one."""
    return f"{subject} {predicate} {value} {graph} .\n" if graph else f"{subject} {predicate} {value} .\n"


class Collections:
    """What was written of collections; only the last place of each one with a name is kept."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], int] = {}
        self._open: dict[tuple[str, str], tuple[str, tuple[str, ...]]] = {}
        self._written: set[tuple[int, str]] = set()

    def next_record(self) -> None:
        """Collections of the record before are not met again."""
        self._written.clear()

    def placed(self, term: AnyTerm, graph: str, targets: tuple[str, ...], lines: list[Line]) -> str:
        """A term as it is called in a graph; a collection's statements are added to the lines, once for each record and graph."""
        if isinstance(term, Term):
            return term.text
        if (id(term), graph) not in self._written:
            self._written.add((id(term), graph))
            members = [self.placed(one, graph, targets, lines) for one in term.members]
            write = self._list if term.container == LIST else self._container
            lines += ((one, targets) for one in write(term, members, graph, targets))
        return term.text(graph)

    def _container(self, term: Collection, members: list[str], graph: str, targets: tuple[str, ...]) -> Iterator[str]:
        head = term.text(graph)
        before = self._counts.get((head, graph), 0)
        if not before:
            yield line(head, _TYPE, f"<{term.container}>", graph)
        for number, member in enumerate(members, before + 1):
            yield line(head, f"<{RDF}_{number}>", member, graph)
        if term.grows:
            self._counts[head, graph] = before + len(members)

    def _list(self, term: Collection, members: list[str], graph: str, targets: tuple[str, ...]) -> Iterator[str]:
        head = term.text(graph)
        label = f"_:l{head.encode().hex()}"
        before = self._counts.get((head, graph), 0)
        last = self._open[head, graph][0] if before else ""
        for number, member in enumerate(members, before + 1):
            cell = head if number == 1 else f"{label}x{number}" + (f"g{graph.encode().hex()}" if graph and term.grows else "")
            if last:
                yield line(last, _REST, cell, graph)
            yield line(cell, _FIRST, member, graph)
            last = cell
        if term.grows:
            self._counts[head, graph] = before + len(members)
            self._open[head, graph] = last, targets
        else:
            yield line(last, _REST, NIL, graph)

    def ends(self) -> Iterator[Line]:
        """The ends of all lists with a name, when no record can add to them."""
        for (_, graph), (last, targets) in self._open.items():
            yield line(last, _REST, NIL, graph), targets
        self._open.clear()
