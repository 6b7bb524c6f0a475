"""SPARQL 1.1 Update text (W3C, 2013, §19.8, rules 29 to 52) to operations."""

from __future__ import annotations

from typing import Literal

import pyoxigraph

from earthweave.ontology import ForbiddenError, QueryError, SizeLimitError

from ..algebra import Bgp, Constant, PathPattern, Triple
from ..snapshot import iri
from ._parse import explained
from ._parse_query import QueryParser
from ._update import Clear, Create, Modify, Operation, Transfer

_UNIT = Bgp(())
_TRANSFERS: dict[str, Literal["ADD", "MOVE", "COPY"]] = {"ADD": "ADD", "MOVE": "MOVE", "COPY": "COPY"}


def parse_update(text: str) -> tuple[Operation, ...]:
    """A SPARQL 1.1 update as operations, in order.

    Raises `QueryError` (with line and column), `UnsupportedError`, `ForbiddenError` (LOAD) or `SizeLimitError`.
    """
    try:
        _check(text)
        return UpdateParser(text).update()
    except RecursionError as error:
        raise SizeLimitError("the update is nested too deep", way_out="write it with fewer brackets") from error


def _check(text: str) -> None:
    """Check the syntax on a store that is thrown away."""
    try:
        pyoxigraph.Store().update(text)
    except SyntaxError as error:
        raise explained(str(error)) from error
    except (RuntimeError, OSError):
        # a function of ours is missing there, or a graph: both come after the syntax was found right
        return


class UpdateParser(QueryParser):
    """Reads an update."""

    def update(self) -> tuple[Operation, ...]:
        """The whole text."""
        found: list[Operation] = []
        self.prologue()
        while self.kind != "end":
            found.append(self._operation())
            if not self.accept(";"):
                break
            self.prologue()
        if self.kind != "end":
            self.fail("; or the end")
        return tuple(found)

    def _operation(self) -> Operation:
        key = self.advance().upper()
        if key == "LOAD":
            raise ForbiddenError("LOAD is refused", why="the store fetches nothing from the network",
                                 way_out="download the document and load the file")
        if key in ("CLEAR", "DROP"):
            silent = self.accept("SILENT")
            return Clear(self._target(), silent)
        if key == "CREATE":
            silent = self.accept("SILENT")
            self.expect("GRAPH")
            return Create(self.iri(), silent)
        if key in _TRANSFERS:
            return self._transfer(_TRANSFERS[key])
        return self._change(key)

    def _target(self) -> str:
        for name in ("DEFAULT", "NAMED", "ALL"):
            if self.accept(name):
                return name
        self.expect("GRAPH")
        return self.iri()

    def _transfer(self, kind: Literal["ADD", "MOVE", "COPY"]) -> Transfer:
        silent = self.accept("SILENT")
        source = self._graph_or_default()
        self.expect("TO")
        return Transfer(kind, source, self._graph_or_default(), silent)

    def _graph_or_default(self) -> str:
        if self.accept("DEFAULT"):
            return ""
        self.accept("GRAPH")
        return self.iri()

    def _change(self, key: str) -> Modify:
        if key in ("INSERT", "DELETE") and self.accept("DATA"):
            quads = self._quads()
            return Modify((), quads, _UNIT) if key == "INSERT" else Modify(quads, (), _UNIT)
        if key == "DELETE" and self.accept("WHERE"):
            quads = self._quads()
            return Modify(quads, (), Bgp(quads))
        return self._modify(key)

    def _modify(self, key: str) -> Modify:
        home: str | None = None
        if key == "WITH":
            home = self.iri()
            key = self.advance().upper()
        self.graph = None if home is None else Constant(iri(home))
        delete = self._quads() if key == "DELETE" else ()
        insert = self._quads() if key == "INSERT" or self.accept("INSERT") else ()
        self.graph = None
        default, named = self._using()
        self.accept("WHERE")
        self.aggregates = {}
        pattern = self.group()
        if default or named:
            return Modify(delete, insert, pattern, tuple(default), tuple(named))
        return Modify(delete, insert, pattern, None if home is None else (home,))

    def _using(self) -> tuple[list[str], list[str]]:
        default: list[str] = []
        named: list[str] = []
        while self.accept("USING"):
            (named if self.accept("NAMED") else default).append(self.iri())
        return default, named

    def _quads(self) -> tuple[Triple, ...]:
        """Statements in braces, some of them in GRAPH."""
        self.expect("{")
        found: list[Triple | PathPattern] = []
        while not self.accept("}"):
            if self.accept("GRAPH"):
                outer, self.graph = self.graph, self.variable_or_iri()
                self.expect("{")
                self._block(found)
                self.expect("}")
                self.graph = outer
            else:
                self._block(found)
            self.accept(".")
        return tuple(one for one in found if isinstance(one, Triple))

    def _block(self, found: list[Triple | PathPattern]) -> None:
        if self.key == "}":
            return
        before = len(found)
        self.triples(found)
        if len(found) == before and not self.at_triples() and self.key not in ("}", "GRAPH"):
            raise QueryError("statements were expected", why=f"found {self.word[:40]}")
