"""Where the terms of N-Triples and N-Quads lines lie, found for a whole block of lines at once by byte positions.

Only the common shape is found: one space or tab between the terms, nothing behind the dot. Whatever has another shape is left to others,
and whether a token is a legal one is theirs to check as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

NEWLINE, HASH, DOT, OPEN, CLOSE, AT, QUOTE, BACKSLASH, UNDERSCORE, COLON, CARET = b'\n#.<>@"\\_:^'
_TAB, _SPACE = b"\t "


@dataclass(frozen=True)
class Cuts:
    """Half-open byte ranges of the terms of the lines that have the common shape; all columns are int64 and of one length.

    Attributes:
        line: number of the line in the block, from 0.
        subject, predicate, value, graph: (start, end), brackets and quotes included; end of ``value`` is behind datatype or language;
            both of ``graph`` are -1 where there is none.
        quote: place of the quotation mark that closes a literal, -1 for other objects.
        escaped: bool, whether a backslash occurs in the line.
    """

    line: Any
    subject: tuple[Any, Any]
    predicate: tuple[Any, Any]
    value: tuple[Any, Any]
    graph: tuple[Any, Any]
    quote: Any
    escaped: Any

    def kept(self, rows: Any) -> Cuts:
        """The same of some rows."""
        def some(pair: tuple[Any, Any]) -> tuple[Any, Any]:
            return pair[0][rows], pair[1][rows]

        return Cuts(self.line[rows], some(self.subject), some(self.predicate), some(self.value), some(self.graph), self.quote[rows],
                    self.escaped[rows])


class Block:
    """Whole lines, each with its newline, and where bytes of interest are in them."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.bytes = np.frombuffer(data, dtype=np.uint8)
        self.ends = self._places(NEWLINE)
        self.starts = np.concatenate([[0], self.ends[:-1] + 1])

    def _places(self, byte: int) -> Any:
        return np.flatnonzero(self.bytes == byte)

    def _marks(self, byte: int) -> Any:
        """Places of a byte, with enough of them behind the end that the next but two of any is there."""
        return np.concatenate([self._places(byte), np.full(3, len(self.bytes))])

    @cached_property
    def opens(self) -> Any:
        """Places of ``<``."""
        return self._marks(OPEN)

    @cached_property
    def closes(self) -> Any:
        """Places of ``>``."""
        return self._marks(CLOSE)

    @cached_property
    def quotes(self) -> Any:
        """Places of ``"``."""
        return self._marks(QUOTE)

    @cached_property
    def escaped(self) -> Any:
        """Per line, whether it holds a backslash."""
        if BACKSLASH not in self.data:
            return np.zeros(len(self.ends), dtype=bool)
        found = self._places(BACKSLASH)
        return np.searchsorted(found, self.starts) < np.searchsorted(found, self.ends)

    def at(self, places: Any) -> Any:
        """Bytes at places; those behind the end give the last newline."""
        return self.bytes.take(places, mode="clip")

    def line(self, number: int) -> bytes:
        """One line without its newline."""
        return self.data[self.starts[number]: self.ends[number]]


def scan(block: Block, *, graphs: bool) -> tuple[Cuts, Any]:
    """Terms of the lines of the common shape, and the numbers of the lines of another one (blank lines and comments left out)."""
    first = block.bytes[block.starts]
    lines = np.flatnonzero((first != NEWLINE) & (first != HASH))
    cuts = _terms(block, lines, first[lines] == OPEN, graphs)
    strange = np.ones(len(block.ends), dtype=bool)
    strange[cuts.line] = False
    return cuts, lines[strange[lines]]


def _terms(block: Block, line: Any, named: Any, graphs: bool) -> Cuts:
    start, stop = block.starts[line], block.ends[line]
    close = np.searchsorted(block.closes, start)
    until = block.closes[close] + 1
    if not named.all():
        until[~named] = block.opens[np.searchsorted(block.opens, start[~named])] - 1
    predicate = until + 1
    close += named
    behind = block.closes[close] + 1
    value = behind + 1
    well = (named | _labelled(block, start)) & (until > start + 2) & (behind > predicate + 2) & (value < stop)
    well &= _gap(block, until) & (block.at(predicate) == OPEN) & _gap(block, behind)
    end, quote = _value(block, value, stop, block.closes[close + 1] + 1, well, graphs)
    graph, graph_end, whole = _tail(block, end, stop, graphs)
    rows = np.flatnonzero(well & (end > value + 1) & (end < stop) & whole)
    cuts = Cuts(line, (start, until), (predicate, behind), (value, end), (graph, graph_end), quote, block.escaped[line])
    return cuts if len(rows) == len(line) else cuts.kept(rows)


def _gap(block: Block, places: Any) -> Any:
    return spaces(block.at(places))


def spaces(byte: Any) -> Any:
    """Whether each byte is a space or a tab."""
    return (byte == _SPACE) | (byte == _TAB)


def _labelled(block: Block, places: Any) -> Any:
    return (block.at(places) == UNDERSCORE) & (block.at(places + 1) == COLON)


def _value(block: Block, start: Any, stop: Any, closed: Any, well: Any, graphs: bool) -> tuple[Any, Any]:
    """End of each object, 0 if it has no shape that we know, and the mark that closes it if it is a literal."""
    kind = block.at(start)
    end = np.where(kind == OPEN, closed, 0)
    quote = np.full(len(start), -1)
    blank = np.flatnonzero(well & _labelled(block, start))
    end[blank] = _before_tail(block, start[blank], stop[blank], graphs)
    rows = np.flatnonzero(well & (kind == QUOTE))
    end[rows], quote[rows] = _literal(block, start[rows], stop[rows], graphs)
    return end, quote


def _before_tail(block: Block, start: Any, stop: Any, graphs: bool) -> Any:
    """Where a term ends that has no mark at its end: before a graph in angle brackets, or before the dot."""
    if not graphs:
        return stop - 2
    graph = block.opens[np.searchsorted(block.opens, start)]
    return np.where(graph < stop, graph - 1, stop - 2)


def _literal(block: Block, start: Any, stop: Any, graphs: bool) -> tuple[Any, Any]:
    first, behind = np.searchsorted(block.quotes, start), np.searchsorted(block.quotes, stop)
    quote = block.quotes[behind - 1]
    count = behind - first
    escaped = _holds(block, start, stop, count > 2)
    well = (count == 2) | escaped
    follows = block.at(quote + 1)
    end = quote + 1
    typed = np.flatnonzero(follows == CARET)
    end[typed] = block.closes[np.searchsorted(block.closes, quote[typed])] + 1
    tagged = np.flatnonzero(follows == AT)
    end[tagged] = _before_tail(block, quote[tagged], stop[tagged], graphs)
    return np.where(well, end, 0), quote


def _holds(block: Block, start: Any, stop: Any, asked: Any) -> Any:
    """Whether a backslash stands between, for the rows asked for."""
    found = np.zeros(len(start), dtype=bool)
    if asked.any():
        found[asked] = block.escaped[np.searchsorted(block.ends, start[asked])]
    return found


def _tail(block: Block, end: Any, stop: Any, graphs: bool) -> tuple[Any, Any, Any]:
    """Range of the graph or -1, and whether nothing but the dot is behind."""
    none = np.full(len(end), -1)
    over = dots(block, end, stop)
    if not graphs:
        return none, none, over
    start = np.where(over, -1, end + 1)
    kind = block.at(end + 1)
    close = none.copy()
    rows = np.flatnonzero(~over & _gap(block, end) & (kind == OPEN))
    close[rows] = block.closes[np.searchsorted(block.closes, end[rows])] + 1
    blank = np.flatnonzero(~over & _gap(block, end) & _labelled(block, end + 1))
    close[blank] = stop[blank] - 2
    return start, close, over | ((close > start + 2) & dots(block, close, stop))


def dots(block: Block, end: Any, stop: Any) -> Any:
    """Whether nothing but the dot of a line stands between two places."""
    byte = block.at(end)
    spaced = (end + 2 == stop) & ((byte == _SPACE) | (byte == _TAB)) & (block.at(end + 1) == DOT)
    return spaced | ((end + 1 == stop) & (byte == DOT))
