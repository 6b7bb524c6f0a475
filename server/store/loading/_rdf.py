"""A snapshot in an RDF syntax: N-Triples and N-Quads column by column, the others through pyoxigraph, subject by subject."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
import pyarrow as pa
import pyoxigraph as ox

from earthweave.ontology import PREFIXES, UnsupportedError

from ..snapshot import STRING, Kind, Snapshot, Terms, TermType
from ._arrow import pc
from ._documents import SYNTAXES
from ._pool import joined, matching
from ._sources import LINES
from ._statements import Statements, statements

_SQUEEZE = 6
_QUALIFIED = re.compile(r"(?<=.)[^\W\d][\w.-]*$")
_NODE_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_HEX = "hex."
_XMLNS = "http://www.w3.org/2000/xmlns/"
_NO_XML = r"[\x00-\x08\x0B\x0C\x0E-\x1F\x{FFFE}\x{FFFF}]"
_SPECIAL = '["\\\\\n\r]'
_ESCAPES = (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"))


def write_rdf(snapshot: Snapshot, path: Path, syntax: str, *, packed: bool, only: int | None = None) -> int:
    """Write everything to a file, and tell how many statements that is; syntaxes without graphs get each statement once.

    Valid times are written as the fourth term of N-Quads; other syntaxes cannot write them.

    ``only`` is the number of a graph, whose statements are written alone and without its name.
    Raises `UnsupportedError` for a statement that the syntax cannot write (RDF/XML: a predicate that is no qualified name; N-Quads: one
    with a graph and a time).
    """
    with ExitStack() as opened:
        stream = cast(BinaryIO, opened.enter_context(path.open("wb")))
        if packed:
            # without name and time, so that equal snapshots give equal files
            stream = cast(BinaryIO, opened.enter_context(gzip.GzipFile("", "wb", _SQUEEZE, stream, mtime=0)))
        write = _lines if syntax in LINES else _serialised
        return write(snapshot, stream, syntax, only)


def _lines(snapshot: Snapshot, stream: BinaryIO, syntax: str, only: int | None) -> int:
    count = 0
    quads = syntax == "nquads"
    graphs = quads and only is None
    for chunk in statements(snapshot, graphs=graphs, times=quads, only=only):
        fourth = _fourth(snapshot, chunk, graphs=graphs, times=quads)
        subject, predicate, value, graph = (_tokens(snapshot, ids) for ids in (chunk.subject, chunk.predicate, chunk.object, fourth))
        inside = fourth >= 0
        name = [" ", graph] if inside.all() else [pc.if_else(pa.array(inside), joined(" ", graph), "")] if inside.any() else []
        text = joined(subject, " ", predicate, " ", value, *name, " .\n")
        stream.write(_bytes(text))
        count += len(chunk)
    return count


def _fourth(snapshot: Snapshot, chunk: Statements, *, graphs: bool, times: bool) -> Any:
    """Ids of what stands behind three terms: the graph, or the time; -1 for nothing."""
    graph = chunk.graph if graphs else np.full(len(chunk), -1)
    time = chunk.time if times else np.full(len(chunk), -1)
    both = np.flatnonzero((graph >= 0) & (time >= 0))
    if len(both):
        subject, name = (written_terms(snapshot.terms(ids[both[:1]]))[0].as_py() for ids in (chunk.subject, graph))
        raise UnsupportedError(f"a statement about {subject[:100]} is in the graph {name[:100]} and has a valid time",
                               why="N-Quads has one place for both", way_out="export each graph alone, or take a backup")
    return np.where(graph >= 0, graph, time)


def _tokens(snapshot: Snapshot, ids: Any) -> Any:
    """Each term as it is written in N-Triples; empty for -1."""
    distinct, back = np.unique(ids, return_inverse=True)
    unbound = int(len(distinct) > 0 and distinct[0] < 0)
    written = written_terms(snapshot.terms(distinct[unbound:]))
    if unbound:
        written = pa.concat_arrays([pa.array([""], type=pa.large_string()), written])
    return written if len(distinct) == len(ids) and bool((distinct == ids).all()) else written.take(pa.array(back))


def written_terms(terms: Terms) -> Any:
    """Terms in the notation of N-Triples, as a LargeStringArray. Source: RDF 1.1 N-Triples §7."""
    parts, order = [], np.empty(len(terms), dtype=np.int64)
    start = 0
    for code in np.unique(terms.code).tolist():
        rows = np.flatnonzero(terms.code == code)
        before, behind = _marks(terms.types[code])
        text = terms.text if len(rows) == len(terms) else terms.text.take(pa.array(rows))
        parts.append(joined(before, _escaped(text) if terms.types[code].kind is Kind.LITERAL else text, behind))
        order[rows] = np.arange(start, start + len(rows))
        start += len(rows)
    if len(parts) == 1:
        return parts[0]
    return pa.concat_arrays(parts).take(pa.array(order)) if parts else pa.array([], type=pa.large_string())


def _marks(kind: TermType) -> tuple[str, str]:
    """What stands around a term of a type."""
    if kind.kind is Kind.IRI:
        return "<", ">"
    if kind.kind is Kind.BNODE:
        return "_:", ""
    if kind == STRING:
        return '"', '"'
    return ('"', f'"@{kind.language}') if kind.language else ('"', f'"^^<{kind.datatype}>')


def _escaped(text: Any) -> Any:
    special = matching(text, _SPECIAL)
    if not special.any():
        return text
    rows = np.flatnonzero(special)
    changed = text.take(pa.array(rows))
    for plain, written in _ESCAPES:
        changed = pc.replace_substring(changed, plain, written)
    return pc.replace_with_mask(text, pa.array(special), changed)


def _bytes(text: Any) -> memoryview:
    """The strings end to end, without a copy."""
    _, offsets, data = text.buffers()
    bounds = np.frombuffer(offsets, dtype=np.int64, count=len(text) + 1, offset=8 * text.offset)
    return memoryview(data)[int(bounds[0]): int(bounds[-1])] if data is not None else memoryview(b"")


def _serialised(snapshot: Snapshot, stream: BinaryIO, syntax: str, only: int | None) -> int:
    form = SYNTAXES[syntax]
    graphs = form.supports_datasets and only is None
    target: Any = stream
    if syntax == "rdfxml":
        _check_names(snapshot)
        target = _Returns(stream)
    count = _Count(statements(snapshot, graphs=graphs, times=False, only=only))
    try:
        ox.serialize(_terms(snapshot, count, form, graphs=graphs), target, format=form, prefixes=PREFIXES)
    except (ValueError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise UnsupportedError(f"a statement cannot be written as {syntax}", why=str(error)[:300], way_out="take another syntax") from error
    return count.value


class _Returns:
    """Writes carriage returns as references: a reader of XML takes plain ones for line ends (XML 1.0 §2.11)."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, data: bytes) -> int:
        """Take a piece."""
        self._stream.write(data.replace(b"\r", b"&#xD;"))
        return len(data)

    def flush(self) -> None:
        """Nothing is held here."""
        self._stream.flush()


class _Count:
    """Counts what passes."""

    def __init__(self, chunks: Iterable[Statements]) -> None:
        self._chunks = chunks
        self.value = 0

    def __iter__(self) -> Iterator[Statements]:
        for chunk in self._chunks:
            self.value += len(chunk)
            yield chunk


def _check_names(snapshot: Snapshot) -> None:
    """The serialiser writes any predicate; what is no name of XML would be read by itself alone."""
    for predicate in snapshot.predicates:
        text = snapshot.term(predicate).text
        if not _QUALIFIED.search(text) or text.startswith(_XMLNS):
            raise UnsupportedError(f"the predicate {text} cannot be written as rdfxml", why="it does not end in a name of XML",
                                   way_out="take another syntax")


def _terms(snapshot: Snapshot, chunks: Iterable[Statements], form: Any, *, graphs: bool) -> Iterator[Any]:
    """The statements as pyoxigraph's triples, or quads."""
    for chunk in chunks:
        columns = [chunk.subject, chunk.predicate, chunk.object, *([chunk.graph] if graphs else [])]
        distinct, back = np.unique(np.concatenate(columns), return_inverse=True)
        unbound = int(len(distinct) > 0 and distinct[0] < 0)
        terms = snapshot.terms(distinct[unbound:])
        if form == ox.RdfFormat.RDF_XML and matching(terms.text, _NO_XML).any():
            raise ValueError("a literal holds a control character, which XML cannot")
        found = [ox.DefaultGraph()] * unbound + _made(terms, _name_of_xml if form == ox.RdfFormat.RDF_XML else str)
        make: Any = ox.Quad if graphs else ox.Triple
        for places in back.reshape(len(columns), -1).T.tolist():
            yield make(*(found[place] for place in places))


def _name_of_xml(label: str) -> str:
    """A label as ``rdf:nodeID`` can be; different ones stay different."""
    return label if _NODE_ID.fullmatch(label) and not label.startswith(_HEX) else _HEX + label.encode().hex()


def _made(terms: Terms, label: Callable[[str], str]) -> list[Any]:
    made: list[Any] = []
    for text, code in zip(terms.text.to_pylist(), terms.code.tolist(), strict=True):
        kind = terms.types[code]
        if kind.kind is Kind.IRI:
            made.append(ox.NamedNode(text))
        elif kind.kind is Kind.BNODE:
            made.append(ox.BlankNode(label(text)))
        elif kind.language:
            made.append(ox.Literal(text, language=kind.language))
        else:
            made.append(ox.Literal(text, datatype=ox.NamedNode(kind.datatype)))
    return made
