"""Documents that pyoxigraph parses, as blocks of statements."""

from __future__ import annotations

import io
import secrets
from collections.abc import Iterator
from itertools import islice
from typing import Any, cast
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pyoxigraph as ox

from earthweave.ontology import RDF, ParameterError, RdfSyntaxError, SizeLimitError, UnsupportedError

from ..snapshot import BNODE, IRI, Kind, Quads, Terms, TermType
from ._documents import SYNTAXES

STATEMENTS = 50_000
"""In one block at most."""
_TAGGED = str(RDF.langString)
_BUFFER_FULL = "Reached the buffer maximal size"


def document_token() -> str:
    """What blank node labels of one document begin with, so that no two documents share one."""
    return f"b{secrets.token_hex(6)}x"


def blocks_other(stream: Any, syntax: str, *, source: str, base: str = "", token: str | None = None,
                 block: int = STATEMENTS) -> Iterator[Quads]:
    """Statements of a document, at most ``block`` at a time; any syntax of `SYNTAXES`.

    Args:
        stream: bytes, or what has ``read(size)`` (which is called for bounded pieces only).
        source: name of the document, for messages.
        base: IRI that relative ones are relative to; made of ``source`` if it is empty.
        token: what labels of blank nodes begin with, new unless given.

    Raises `RdfSyntaxError` with line and column at the first error, `UnsupportedError` for triple terms and base directions.
    """
    names = document_token() if token is None else token
    readable = io.BytesIO(stream) if isinstance(stream, bytes) else stream
    quads = _told(_parser(readable, syntax, base or f"file:///{quote(source)}"), source)
    while rows := list(islice(quads, block)):
        yield assembled(rows, names)


def _parser(readable: Any, syntax: str, base: str) -> Iterator[Any]:
    try:
        return ox.parse(cast(Any, readable), format=SYNTAXES[syntax], base_iri=base)
    except ValueError as error:
        raise ParameterError(f"nothing can be relative to {base[:200]}", why=str(error)[:200], way_out="give an absolute IRI") from error


def quads_of(document: bytes, syntax: str, *, token: str | None = None) -> Iterator[Quads]:
    """Statements of a document in memory, through the parser of every syntax; raises as `blocks_other`."""
    return blocks_other(document, syntax, source="document", token=token)


def _told(parser: Iterator[Any], source: str) -> Iterator[Any]:
    """The parser's statements, its errors turned into ours."""
    try:
        yield from parser
    except SyntaxError as error:
        raise syntax_error(source, error) from error
    except MemoryError as error:
        # the parser says so of a statement that its buffer cannot hold, whatever memory there is
        if _BUFFER_FULL not in str(error):
            raise
        raise SizeLimitError(f"{source}: one statement is larger than 16 MiB", why="the parser holds no longer one",
                             way_out="simplify the geometry or split it") from error


def syntax_error(name: str, error: SyntaxError) -> RdfSyntaxError:
    """An error of the parser with the place where it happened."""
    where = f", line {error.lineno}" if error.lineno else ""
    where += f", column {error.offset}" if error.offset else ""
    return RdfSyntaxError(f"{name}{where}: not valid RDF", why=str(error.args[0]).strip()[:300],
                          way_out="nothing was loaded; correct the file and load it again")


def assembled(rows: list[Any], token: str) -> Quads:
    """A block out of pyoxigraph's quads; blank node labels get ``token`` in front."""
    places: dict[Any, int] = {}
    default = ox.DefaultGraph()

    def column(terms: list[Any]) -> Any:
        return np.array([places.setdefault(term, len(places)) for term in terms], dtype=np.int32)

    subject, predicate = column([row.subject for row in rows]), column([row.predicate for row in rows])
    value = column([row.object for row in rows])
    named = [row.graph_name for row in rows]
    inside = np.array([graph != default for graph in named], dtype=bool)
    graph = np.full(len(rows), -1, dtype=np.int32)
    graph[inside] = column([graph for graph, kept in zip(named, inside, strict=True) if kept])
    return Quads(_terms(list(places), token), subject, predicate, value, graph)


def _terms(found: list[Any], token: str) -> Terms:
    types: dict[TermType, int] = {}
    pairs = [text_and_type(term, token) for term in found]
    code = np.array([types.setdefault(kind, len(types)) for _, kind in pairs], dtype=np.int32)
    return Terms(pa.array([text for text, _ in pairs], type=pa.large_string()), code, tuple(types))


def text_and_type(term: Any, token: str) -> tuple[str, TermType]:
    """Text and type of one of pyoxigraph's terms; raises `UnsupportedError` for those that the store cannot hold."""
    if isinstance(term, ox.NamedNode):
        return term.value, IRI
    if isinstance(term, ox.BlankNode):
        return token + term.value, BNODE
    if isinstance(term, ox.Literal) and term.direction is None:
        language = (term.language or "").lower()
        return term.value, TermType(Kind.LITERAL, _TAGGED if language else term.datatype.value, language)
    raise UnsupportedError(f"{str(term)[:100]} cannot be stored", why="triple terms and base directions are not supported yet",
                           way_out="leave such statements out")
