"""SPARQL 1.1 Update text (W3C, 2013, §19.8, rules 29 to 52) to operations.

A parser of our own reads the text. pyoxigraph's parser, which knows every rule, checks what lies between two prologues: it knows no
prologue behind a semicolon.
"""

from __future__ import annotations

import re
from typing import Literal

import pyoxigraph

from earthweave.ontology import QueryError

from ..algebra import Bgp, Constant, PathPattern, Place, Triple
from ..snapshot import iri, lasts
from ._parse_check import STOP, explained
from ._parse_depth import room_for_nesting
from ._parse_query import QueryParser
from ._parse_tokens import code_points
from ._update import Clear, Create, Load, Modify, Operation, Transfer

_UNIT = Bgp(())
_TRANSFERS: dict[str, Literal["ADD", "MOVE", "COPY"]] = {"ADD": "ADD", "MOVE": "MOVE", "COPY": "COPY"}
_VERBS = frozenset({*_TRANSFERS, "INSERT", "DELETE", "WITH", "LOAD", "CLEAR", "DROP", "CREATE"})
_LINE = re.compile(r"(?<=error at )\d+")


def parse_update(text: str, address: str = "") -> tuple[Operation, ...]:
    """A SPARQL 1.1 update as operations, in order; nothing of it is run. Relative IRIs before any BASE are relative to ``address``.

    Raises `QueryError` (with line and column), `UnsupportedError` or `SizeLimitError`.
    """
    with room_for_nesting("update"):
        return _parsed(text, address)


def _parsed(text: str, address: str) -> tuple[Operation, ...]:
    try:
        return UpdateParser(text, address).update()
    except QueryError:
        decoded = code_points(text)
        if decoded == text:
            raise
        return UpdateParser(decoded, address).update()


class UpdateParser(QueryParser):
    """Reads an update.

    Attributes:
        labels: of the blank nodes in the operation at hand, and in all DATA operations before.
    """

    def __init__(self, text: str, address: str = "") -> None:
        self.labels: tuple[set[str], set[str]] = set(), set()
        super().__init__(text)
        self.base = address

    def update(self) -> tuple[Operation, ...]:
        """The whole text."""
        found: list[Operation] = []
        more = True
        while more:
            self.prologue()
            start, place = self.start, self.place(self.start)
            before = len(found)
            while more and self.key not in ("BASE", "PREFIX") and self.kind != "end":
                found.append(self._operation())
                more = self.accept(";")
            if len(found) > before:
                self._check(start, place)
            more = more and self.kind != "end"
        if self.kind != "end":
            self.fail("; or the end")
        return tuple(found)

    def term(self) -> Place:
        """A term; labels of blank nodes are remembered."""
        if self.kind == "blank":
            self.labels[0].add(self.word)
        return super().term()

    def _check(self, start: int, place: tuple[int, int]) -> None:
        """Check the syntax of the operations from ``start`` to here; raises `QueryError` with line and column."""
        line, column = place
        base = f"BASE <{self.base}> " if self.base else ""
        head = base + " ".join(f"PREFIX {name} <{target}>" for name, target in self.prefixes.items())
        text = f"{head} {STOP}" + "\n" * line + " " * (column - 1) + self._checkable(start, self.start)
        try:
            pyoxigraph.Store().update(text)
        except SyntaxError as error:
            raise explained(_LINE.sub(lambda match: str(max(int(match[0]) - 1, 1)), str(error))) from error
        except UnicodeEncodeError as error:
            raise QueryError("the text holds half a character (a lone surrogate)", way_out="send it as UTF-8") from error
        except RuntimeError:
            # what was put in front has failed: the syntax was found right
            return

    def _checkable(self, start: int, stop: int) -> str:
        """A part of the text without what is right and the checker does not know; all that stays keeps its place."""
        pieces: list[str] = []
        blanks = {one: " " * len("DISTINCT") for one in self.distinct} | {one: " " * (end - one) for one, end in self.times}
        lowered = {one: self.text[one : one + len("false")].lower() for one in self.lowered}
        last = start
        for one, instead in sorted({**blanks, **lowered, **self.dotted}.items()):
            if one >= start:
                pieces += [self.text[last:one], instead]
                last = one + len(instead)
        return "".join([*pieces, self.text[last:stop]])

    def _operation(self) -> Operation:
        key = self.key
        if key not in _VERBS:
            self.fail("INSERT, DELETE, WITH, LOAD, CLEAR, DROP, CREATE, ADD, MOVE or COPY")
        self.advance()
        if key == "LOAD":
            return self._load()
        if key in ("CLEAR", "DROP"):
            silent = self.accept("SILENT")
            return Clear(self._target(), silent)
        if key == "CREATE":
            silent = self.accept("SILENT")
            self.expect("GRAPH")
            return Create(self.iri(), silent)
        return self._transfer(_TRANSFERS[key]) if key in _TRANSFERS else self._change(key)

    def _load(self) -> Load:
        silent, source = self.accept("SILENT"), self.iri()
        if not self.accept("INTO"):
            return Load(source, "", silent)
        self.expect("GRAPH")
        return Load(source, self.iri(), silent)

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
            quads = self._data()
            return Modify((), _lasting(quads), _UNIT) if key == "INSERT" else Modify(quads, (), _UNIT)
        if key == "DELETE" and self.accept("WHERE"):
            quads = self._quads()
            return Modify(quads, (), Bgp(quads))
        return self._modify(key)

    def _data(self) -> tuple[Triple, ...]:
        """Statements whose blank nodes are in no DATA before."""
        self.labels = set(), self.labels[1]
        quads = self._quads()
        mine, before = self.labels
        if mine & before:
            raise QueryError(f"the blank node {min(mine & before)} is in two DATA operations", why="a label belongs to one of them (§19.6)",
                             way_out="take another label, or write one operation")
        before |= mine
        return quads

    def _modify(self, key: str) -> Modify:
        home: str | None = None
        if key == "WITH":
            home = self.iri()
            if self.key not in ("INSERT", "DELETE"):
                self.fail("INSERT or DELETE")
            key = self.advance().upper()
        self.graph = None if home is None else Constant(iri(home))
        delete = self._quads() if key == "DELETE" else ()
        insert = _lasting(self._quads()) if key == "INSERT" or self.accept("INSERT") else ()
        self.graph = None
        default, named = self._using()
        self.expect("WHERE")
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
        self.timed_triples(found)
        if len(found) == before and not self.at_triples() and self.key not in ("}", "GRAPH"):
            self.fail("a statement or }")


def _lasting(quads: tuple[Triple, ...]) -> tuple[Triple, ...]:
    """Statements to insert, none of which has a time of no moment."""
    for one in quads:
        if isinstance(one.time, Constant) and not lasts(one.time.term):
            raise QueryError(f'"{one.time.term.text[:60]}" stands where a time may stand, and has no moment',
                             why="it cannot be read, or its end is not behind its start", way_out="write [start,end), or an xsd:dateTime")
    return quads
