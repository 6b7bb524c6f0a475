"""N-Triples and N-Quads, read in blocks of many lines: the vectorised way for lines of a usual shape, the parser for the rest.

::

    block ─▶ scan ─▶ usual shape ─▶ distinct tokens checked ─▶ Quads
               ├─▶ with a time behind three terms ─▶ without it ─▶ scan … ─▶ Quads with times
               └─▶ other spacing, comments ─▶ rewritten in usual shape ─▶ scan …
                     └─▶ still strange, or a token that is not legal ─▶ pyoxigraph, line by line ─▶ Quads or a rejected line
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
import pyoxigraph as ox

from earthweave.ontology import RdfSyntaxError, SizeLimitError, UnsupportedError

from ..reports import BadStatement
from ..snapshot import Quads
from ._arrow import pc
from ._columns import Columns, Suffixes
from ._documents import SYNTAXES
from ._parsed import STATEMENTS, assembled, document_token, text_and_type
from ._pool import matching
from ._scan import Block, Cuts, scan
from ._times import cut_lines, refusal, timed_lines

BLOCK = 16 << 20
_LONGEST = 256 << 20
_PORTION = 1 << 20
_SAMPLES = 5
_SAMPLE_CHARACTERS = 160
_MARK = b"\xef\xbb\xbf"
_IRI = r'<[^\x00-\x20<>"{}|^`]*>'
_NODE = rf'(?:{_IRI}|_:[^\x00-\x20<>"]*[^\x00-\x20<>".])'
_LITERAL = rf'"(?:[^"\\]|\\.)*"(?:@[A-Za-z0-9-]+|\^\^{_IRI})?'
_STATEMENT = rf"^[ \t]*({_NODE})[ \t]*({_IRI})[ \t]*({_NODE}|{_LITERAL})([ \t]{_NODE})?[ \t]*\.[ \t]*(?:#.*)?$"
_NOTHING = r"^[ \t]*(?:#.*)?$"
_NONE = np.empty(0, dtype=np.int64)
_Read = tuple[Quads, Any]
"""Statements, and the number of the line in its block that each was read from."""


@dataclass
class Rejected:
    """Lines that were left out.

    Attributes:
        count: how many.
        samples: the first few of them.
    """

    count: int = 0
    samples: list[BadStatement] = field(default_factory=list)

    def add(self, line: BadStatement) -> None:
        """Count one."""
        self.count += 1
        if len(self.samples) < _SAMPLES:
            self.samples.append(line)


def blocks_ntriples(stream: Any, *, source: str, strict: bool = True, syntax: str = "nquads", token: str | None = None,
                    rejected: Rejected | None = None, block: int = BLOCK) -> Iterator[Quads]:
    """Statements of an N-Triples or N-Quads document, block by block.

    Args:
        stream: what has ``read(size)``, unpacked.
        source: name of the document, for messages.
        strict: stop at the first line that is not valid; otherwise count it in ``rejected`` and go on.
        syntax: ``ntriples`` or ``nquads``.
        token: what labels of blank nodes begin with, new unless given.
        block: bytes to read at a time; memory is about twelve times that.

    A fourth term that is a literal of strdf:period or xsd:dateTime is the valid time of a statement of N-Quads.

    Raises `RdfSyntaxError` with line and column (strict), `UnsupportedError` for triple terms and base directions (strict), and
    `SizeLimitError` for a line beyond 256 MiB. Source: RDF 1.1 N-Triples §7, N-Quads §5; what is legal is what pyoxigraph accepts.
    """
    reader = _Reader(source, strict, syntax, document_token() if token is None else token, Rejected() if rejected is None else rejected)
    for data in whole_lines(stream, block, source):
        yield from reader.read(data)


def whole_lines(stream: Any, size: int, source: str) -> Iterator[bytes]:
    """The stream in pieces of about ``size`` bytes that end with a newline, line ends made one byte, without byte order mark."""
    parts: list[bytes] = []
    held = 0
    for data in _portions(stream, min(size, _PORTION)):
        parts.append(data)
        held += len(data)
        if held >= size:
            # a carriage return at the very end may be half of a line end
            cut = data.rfind(b"\n") + 1 or data.rfind(b"\r", 0, -1) + 1
            if cut:
                parts[-1] = data[:cut]
                yield _unified(parts)
                parts, held = [data[cut:]], len(data) - cut
            elif held > _LONGEST:
                raise SizeLimitError(f"{source}: one line is longer than {_LONGEST >> 20} MiB", way_out="simplify the geometry or split it")
    if held:
        yield _unified([*parts, b"\n"])


def _portions(stream: Any, size: int) -> Iterator[bytes]:
    """What the stream gives, behind the byte order mark."""
    head = b""
    while len(head) < len(_MARK) and (data := stream.read(size)):
        head += data
    if head := head.removeprefix(_MARK):
        yield head
    while data := stream.read(size):
        yield data


def _unified(parts: list[bytes]) -> bytes:
    data = b"".join(parts)
    if any(b"\r" in part for part in parts):
        plain = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return plain if plain.endswith(b"\n") else plain + b"\n"
    return data


class _Reader:
    """Reads blocks of one document one after the other."""

    def __init__(self, source: str, strict: bool, syntax: str, token: str, rejected: Rejected) -> None:
        self._source, self._strict, self._token, self._rejected = source, strict, token, rejected
        self._graphs = syntax == "nquads"
        self._form = SYNTAXES[syntax]
        self._suffixes = Suffixes()
        self._lines = 0

    def read(self, data: bytes) -> Iterator[Quads]:
        """Statements of the next block."""
        block = Block(data)
        unreadable = _unreadable(block)
        usual, strange = self._usual(block, unreadable)
        yield from (quads for quads, _ in usual)
        if len(strange):
            yield from self._unusual(block, strange, unreadable)
        self._lines += len(block.ends)

    def _unusual(self, block: Block, numbers: Any, unreadable: Any) -> Iterator[Quads]:
        readable, told = _apart(numbers, unreadable), np.arange(len(block.ends))
        timed = cut_lines(block, readable) if self._graphs else None
        if timed is not None:
            usual, strange = self._usual(timed.block, _NONE, graphs=False)
            yield from (timed.given(quads, lines) for quads, lines in usual)
            readable = np.sort(np.concatenate([_apart(readable, timed.numbers), timed.numbers[strange]]))
        timed = timed_lines(block, readable) if self._graphs and len(readable) else None
        if timed is not None:
            usual, strange = self._usual(timed.block, _NONE)
            for quads, lines in chain(usual, self._strange(timed.block, strange, _NONE, timed.numbers)):
                yield timed.given(quads, lines)
            readable = _apart(readable, timed.numbers)
        numbers = np.union1d(readable, np.intersect1d(numbers, unreadable))
        if len(numbers):
            yield from (quads for quads, _ in self._strange(block, numbers, unreadable, told))

    def _usual(self, block: Block, unreadable: Any, *, graphs: bool | None = None) -> tuple[list[_Read], Any]:
        """Statements of lines of the usual shape, and the numbers of the other lines."""
        cuts, strange = scan(block, graphs=self._graphs if graphs is None else graphs)
        cuts, strange = _without(cuts, strange, np.flatnonzero(np.isin(cuts.line, unreadable)))
        columns = Columns(block, cuts, self._suffixes, self._token)
        if len(bad := columns.bad):
            cuts, strange = _without(cuts, strange, bad)
            columns = Columns(block, cuts, self._suffixes, self._token)
        return [(columns.quads(), cuts.line)] if len(cuts.line) else [], strange

    def _strange(self, block: Block, numbers: Any, unreadable: Any, told: Any) -> Iterator[_Read]:
        """Statements of lines of another shape; ``told`` are the numbers that messages call the lines of the block by."""
        again, table, left = _rewritten(block, np.setdiff1d(numbers, unreadable))
        if len(table):
            usual, strange = self._usual(again, _NONE)
            yield from ((quads, table[lines]) for quads, lines in usual)
            left = np.union1d(left, table[strange])
        yield from self._single(block, np.union1d(left, np.intersect1d(numbers, unreadable)), told)

    def _single(self, block: Block, numbers: Any, told: Any) -> Iterator[_Read]:
        """Statements of lines that only the parser can judge."""
        for start in range(0, len(numbers), STATEMENTS):
            some = numbers[start: start + STATEMENTS].tolist()
            if found := [(row, number) for number in some for row in self._parsed(block.line(number), int(told[number]))]:
                yield assembled([row for row, _ in found], self._token), np.array([number for _, number in found])

    def _parsed(self, line: bytes, number: int) -> list[Any]:
        try:
            found = list(ox.parse(line, format=self._form))
            for quad in found:
                text_and_type(quad.object, "")
        except SyntaxError as error:
            return self._refused(line, number, error)
        except UnsupportedError as error:
            if self._strict:
                raise
            self._count(line, number, error.what)
            return []
        return found

    def _refused(self, line: bytes, number: int, error: SyntaxError) -> list[Any]:
        # the parser saw one line only, so what it says about the place is of no use
        reason = (str(error.args[0]).partition(": ")[2] or str(error.args[0])).strip()[:300]
        reason = refusal(line.decode(errors="replace").strip(), graphs=self._graphs) or reason
        if self._strict:
            column = f", column {error.offset}" if error.offset else ""
            raise RdfSyntaxError(f"{self._source}, line {self._lines + number + 1}{column}: not valid RDF", why=reason,
                                 way_out="nothing was loaded; correct the file and load it again") from error
        self._count(line, number, reason)
        return []

    def _count(self, line: bytes, number: int, reason: str) -> None:
        sample = line[: 4 * _SAMPLE_CHARACTERS].decode(errors="replace")[:_SAMPLE_CHARACTERS]
        self._rejected.add(BadStatement(self._lines + number + 1, reason, sample))


def _apart(numbers: Any, others: Any) -> Any:
    """Numbers that are not among others."""
    return numbers[~np.isin(numbers, others)] if len(others) else numbers


def _unreadable(block: Block) -> Any:
    """Numbers of the lines that are not UTF-8."""
    if _readable(block.data):
        return np.empty(0, dtype=np.int64)
    doubtful = np.unique(np.searchsorted(block.ends, np.flatnonzero(block.bytes > 127)))
    return np.array([number for number in doubtful.tolist() if not _readable(block.line(number))], dtype=np.int64)


def _readable(data: bytes) -> bool:
    # Arrow looks at the bytes without making a string of them
    bounds = np.array([0, len(data)], dtype=np.int64)
    try:
        pa.LargeStringArray.from_buffers(1, pa.py_buffer(bounds), pa.py_buffer(data)).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _without(cuts: Cuts, strange: Any, rows: Any) -> tuple[Cuts, Any]:
    """Rows of the usual shape put among the lines that are not."""
    if not len(rows):
        return cuts, strange
    return cuts.kept(np.setdiff1d(np.arange(len(cuts.line)), rows)), np.union1d(strange, cuts.line[rows])


def _rewritten(block: Block, numbers: Any) -> tuple[Block, Any, Any]:
    """Lines with other spacing or comments in the usual shape, which they are, and the lines that cannot be rewritten."""
    lines = pa.array([block.line(number) for number in numbers.tolist()], type=pa.large_binary()).cast(pa.large_string())
    found, nothing = matching(lines, _STATEMENT), matching(lines, _NOTHING)
    usual = pc.replace_substring_regex(lines.filter(pa.array(found)), _STATEMENT, r"\1 \2 \3\4 ." + "\n")
    rest = numbers[~found & ~nothing]
    return Block(b"".join(usual.cast(pa.large_binary()).to_pylist())), numbers[found], rest
