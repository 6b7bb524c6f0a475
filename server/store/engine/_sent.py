"""A pattern and solutions as the query that goes to another endpoint.

::

    prologue SELECT DISTINCT ?row ?x WHERE { VALUES (?row ?y) { (0 <a>) (1 <b>) } { the pattern as it was written } }

The number of the solution is sent along and comes back, so that no term need come back to the letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..algebra import Service
from ..snapshot import Kind, Term

_CHARACTERS = 32_768
"""Solutions that go into one query, written out; half of what our own endpoint takes as a query."""
LONGEST = 4096
"""Characters of a term that is sent; longer ones are compared here."""
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*+:[^\x00-\x20<>\"{}|^`\\]*+")
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"})


def written(term: Term) -> str | None:
    """A term as SPARQL text; None if no endpoint can have it: a blank node of ours, or what the syntax has no place for."""
    kind = term.type
    if kind.kind is Kind.BNODE:
        return None
    if kind.kind is Kind.IRI:
        return f"<{term.text}>" if _IRI.fullmatch(term.text) else None
    text = f'"{term.text.translate(_ESCAPES)}"'
    if kind.language:
        return f"{text}@{kind.language}"
    return f"{text}^^<{kind.datatype}>" if _IRI.fullmatch(kind.datatype) else None


@dataclass(frozen=True)
class Sender:
    """Writes the queries for one pattern.

    Attributes:
        node: the pattern.
        wanted: variables, by their names here, whose values are read.
        once: True if it does not matter how often a solution comes.
    """

    node: Service
    wanted: frozenset[str]
    once: bool

    @property
    def row(self) -> str:
        """The variable for numbers of solutions, which the pattern does not mention."""
        name = "row"
        while name in self.node.text:
            name += "_"
        return name

    def returned(self, sent: Sequence[str]) -> tuple[tuple[str, str], ...]:
        """Variables that an answer binds, by their names here and there, if the values of some are sent."""
        return tuple((here, there) for here, there in self.node.names if here in self.wanted and here not in sent)

    def query(self, sent: Sequence[str], rows: Sequence[str]) -> str:
        """The query.

        Args:
            sent: variables, by their names here, whose values are sent; if there are none, the pattern is asked for by itself.
            rows: a number and the terms of each solution, as `written`.
        """
        columns = " ".join(f"?{there}" for _, there in self.returned(sent))
        number = f"?{self.row}" if sent else f"(0 AS ?{self.row})"
        there = dict(self.node.names)
        names = " ".join(f"?{there[name]}" for name in sent)
        values = f"VALUES (?{self.row} {names}) {{ {' '.join(f'({row})' for row in rows)} }}" if sent else ""
        select = "SELECT DISTINCT" if self.once else "SELECT"
        # the pattern may end in a comment
        return f"{self.node.prologue}{select} {number} {columns} WHERE {{ {values} {self.node.text}\n}}"


def portions(rows: Sequence[str], most: int) -> Iterator[tuple[int, int]]:
    """First and last place behind of the rows that go into each query: at most so many, and not too many characters."""
    start = size = 0
    for place, row in enumerate(rows):
        if place > start and (place - start >= most or size + len(row) > _CHARACTERS):
            yield start, place
            start, size = place, 0
        size += len(row)
    if rows:
        yield start, len(rows)
