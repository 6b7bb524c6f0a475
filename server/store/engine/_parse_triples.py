"""Triple patterns, property paths and templates of SPARQL 1.1 (§4.2, §9, §18.2.2.3–4)."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from earthweave.ontology import RDF, QueryError, UnsupportedError

from ..algebra import (
    Alternative,
    Computed,
    Constant,
    Inverse,
    Link,
    Negated,
    Path,
    PathPattern,
    Place,
    Repeat,
    Sequence,
    Triple,
    Variable,
)
from ..snapshot import TIME_TYPES, iri
from ._parse_terms import TermParser

_TYPE, _FIRST, _REST = (str(RDF[name]) for name in ("type", "first", "rest"))
_Patterns = list[Triple | PathPattern]


class TripleParser(TermParser):
    """Reads triples; what stands in brackets comes before what mentions it.

    Attributes:
        times: where the times of triples begin and end, which stSPARQL has behind the object.
        timed: whether triples may have one: those of patterns and updates may.
    """

    def __init__(self, text: str) -> None:
        self.times: list[tuple[int, int]] = []
        self.timed = False
        super().__init__(text)

    def timed_triples(self, found: _Patterns) -> None:
        """Triples, each perhaps with the time of its validity as a fourth term (stSPARQL)."""
        outer, self.timed = self.timed, True
        self.triples(found)
        self.timed = outer

    def at_triples(self) -> bool:
        """Whether the subject of a triple is at hand."""
        return self.at_term() or self.key in ("(", "[")

    def triples(self, found: _Patterns) -> None:
        """Triples with dots between them, added to ``found``."""
        while self.at_triples():
            self._same_subject(found)
            if not self.accept("."):
                break

    def _same_subject(self, found: _Patterns) -> None:
        bracketed = self.key in ("[", "(")
        subject = self._node(found)
        if not bracketed or self._at_verb():
            self._properties(subject, found)

    def _node(self, found: _Patterns) -> Place:
        if self.accept("["):
            subject = self.invented()
            if not self.accept("]"):
                self._properties(subject, found)
                self.expect("]")
            return subject
        return self._collection(found) if self.accept("(") else self.term()

    def _collection(self, found: _Patterns) -> Place:
        members = []
        while not self.accept(")"):
            members.append(self._node(found))
        cells: list[Place] = [*(self.invented() for _ in members), self.nil()]
        for member, cell, rest in zip(members, cells, cells[1:], strict=False):
            self._add(cell, Link(_FIRST), member, found)
            self._add(cell, Link(_REST), rest, found)
        return cells[0]

    def _at_verb(self) -> bool:
        return self.kind in ("variable", "iri", "name") or self.word == "a" or self.key in ("^", "!", "(")

    def _properties(self, subject: Place, found: _Patterns) -> None:
        while True:
            verb = self.variable() if self.kind == "variable" else self._path()
            self._object(subject, verb, found)
            while self.accept(","):
                self._object(subject, verb, found)
            if not self._semicolons():
                return

    def _object(self, subject: Place, verb: Variable | Path, found: _Patterns) -> None:
        object_, first = self._node(found), len(found)
        self._add(subject, verb, object_, found)
        if self.timed and self.kind in ("variable", "string"):
            start = self.start
            time = _timely(self.term())
            self.times.append((start, self.before))
            found[first:] = [_at(one, time) for one in found[first:]]

    def _semicolons(self) -> bool:
        some = False
        while self.accept(";"):
            some = True
        return some and self._at_verb()

    def _add(self, subject: Place, verb: Variable | Path, object_: Place, found: _Patterns) -> None:
        if isinstance(verb, Link):
            ends = (object_, subject) if verb.inverse else (subject, object_)
            found.append(Triple(ends[0], Constant(iri(verb.iri)), ends[1], self.graph))
        elif isinstance(verb, Variable):
            found.append(Triple(subject, verb, object_, self.graph))
        elif isinstance(verb, Sequence):
            stations = [subject, *(self.invented() for _ in verb.parts[1:]), object_]
            for part, start, stop in zip(verb.parts, stations, stations[1:], strict=False):
                self._add(start, part, stop, found)
        else:
            found.append(PathPattern(subject, verb, object_, self.graph))

    def _path(self) -> Path:
        parts = [self._path_sequence()]
        while self.accept("|"):
            parts.append(self._path_sequence())
        return parts[0] if len(parts) == 1 else Alternative(tuple(parts))

    def _path_sequence(self) -> Path:
        parts = [self._path_element()]
        while self.accept("/"):
            parts.append(self._path_element())
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _path_element(self) -> Path:
        if self.accept("^"):
            return inverted(self._path_element())
        part = self._path_primary()
        if self.key in ("?", "*") or (self.key == "+" and not self.at_signed()):
            mark = self.advance()
            return _repeated(part, mark)
        return part

    def _path_primary(self) -> Path:
        if self.accept("("):
            part = self._path()
            self.expect(")")
            return part
        return self._negated() if self.accept("!") else Link(self._predicate())

    def _predicate(self) -> str:
        if self.word == "a":
            self.advance()
            return _TYPE
        return self.iri()

    def _negated(self) -> Path:
        links = []
        if self.accept("("):
            while not self.accept(")"):
                links.append(self._negated_link())
                self.accept("|")
        else:
            links.append(self._negated_link())
        forward = tuple(link.iri for link in links if not link.inverse)
        backward = tuple(link.iri for link in links if link.inverse)
        return Negated(forward if forward or not backward else None, backward or None)

    def _negated_link(self) -> Link:
        return Link(inverse=self.accept("^"), iri=self._predicate())


def _timely(place: Place) -> Place:
    if isinstance(place, Constant) and place.term.type not in TIME_TYPES:
        raise QueryError(f'"{place.term.text[:60]}" stands where a time may stand, and is none',
                         why="a fourth term is a strdf:period or xsd:dateTime", way_out="write a comma between two objects")
    return place


def _at(pattern: Triple | PathPattern, time: Place) -> Triple:
    if isinstance(pattern, PathPattern):
        raise UnsupportedError("a path has a time", why="the statements of a walk may each have another one",
                               way_out="write its steps as triples, each with its time")
    return replace(pattern, time=time)


def _repeated(part: Path, mark: str) -> Repeat:
    """A path with ``*``, ``+`` or ``?`` behind it; of two marks one is enough, because pairs are found once each."""
    least: Literal[0, 1] = 1 if mark == "+" else 0
    if not isinstance(part, Repeat):
        return Repeat(part, least, mark == "?")
    return Repeat(part.part, 1 if least and part.least else 0, part.once and mark == "?")


def inverted(path: Path) -> Path:
    """The same path, walked from its end; inverses go down to the links."""
    if isinstance(path, Link):
        return Link(path.iri, not path.inverse)
    if isinstance(path, Sequence):
        return Sequence(tuple(inverted(part) for part in reversed(path.parts)))
    if isinstance(path, Alternative):
        return Alternative(tuple(inverted(part) for part in path.parts))
    if isinstance(path, Repeat):
        return Repeat(inverted(path.part), path.least, path.once)
    if isinstance(path, Computed):
        return replace(path, link=Link(path.link.iri, not path.link.inverse))
    return path.part if isinstance(path, Inverse) else Negated(path.backward, path.forward)
