"""What is loaded: documents in files or streams, and blocks of statements that somebody made."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from earthweave.ontology import ForbiddenError, NotFoundError, ParameterError, RdfSyntaxError

from ..snapshot import Quads
from ._documents import Metered, inspect, syntax_of, unpacked
from ._lines import Rejected, blocks_ntriples
from ._parsed import blocks_other

LINES = frozenset({"ntriples", "nquads"})


@dataclass(frozen=True)
class Document:
    """One source of a load; exactly one of ``path``, ``stream`` and ``quads`` is given.

    Attributes:
        name: in messages and reports, without its folder.
        syntax: of `SYNTAXES`; empty with ``quads``.
        path: a file; read through gzip if it ends in ``.gz``.
        stream: what has ``read(size)``, unpacked.
        quads: blocks of statements; blank nodes keep their labels.
        base: what relative IRIs in it are relative to; a name of its own if it is empty.
    """

    name: str
    syntax: str = ""
    path: Path | None = None
    stream: Any = None
    quads: Iterable[Quads] | None = None
    base: str = ""

    @classmethod
    def of(cls, path: Path, syntax: str | None = None) -> Document:
        """A file, in the syntax that its name says unless given; raises `UnsupportedError` if it says none."""
        return cls(path.name, syntax or syntax_of(path), path)

    @property
    def size(self) -> int:
        """Bytes of the file as it is on the disk, 0 if there is none."""
        return self.path.stat().st_size if self.path else 0


@dataclass(frozen=True)
class Bounds:
    """What a document may cost.

    Attributes:
        bytes: its size, unpacked.
        nesting: levels of a JSON-LD document.
    """

    bytes: int = 256 * 1024 * 1024 * 1024
    nesting: int = 256


class Reading:
    """A document that is being read.

    Attributes:
        rejected: its bad lines so far.
    """

    def __init__(self, document: Document, bounds: Bounds, *, strict: bool, token: str | None = None) -> None:
        self.document, self._bounds, self._strict, self._token = document, bounds, strict, token
        self.rejected = Rejected()
        self._raw: BinaryIO | None = None

    @property
    def position(self) -> int:
        """Bytes of the file that were read, as they are on the disk."""
        return 0 if self._raw is None or self._raw.closed else self._raw.tell()

    def blocks(self) -> Iterator[Quads]:
        """The statements; raises `RdfSyntaxError`, `SizeLimitError`, `ForbiddenError` or `UnsupportedError`."""
        document = self.document
        if document.quads is not None:
            yield from document.quads
        elif document.path is not None:
            with _whole_gzip(document.name):
                yield from self._file(document.path)
        elif document.syntax in ("rdfxml", "jsonld"):
            raise ForbiddenError(f"{document.name}: {document.syntax} is not read from a stream",
                                 why="it must be looked through before it is parsed", way_out="write it into a file, or send N-Quads")
        else:
            yield from self._parsed(document.stream)

    def _file(self, path: Path) -> Iterator[Quads]:
        inspect(path, self.document.syntax, nesting=self._bounds.nesting, most=self._bounds.bytes)
        with unpacked(path) as stream:
            self._raw = cast(BinaryIO, stream.fileobj) if isinstance(stream, gzip.GzipFile) else stream
            yield from self._parsed(stream)

    def _parsed(self, stream: Any) -> Iterator[Quads]:
        document, metered = self.document, Metered(stream, self._bounds.bytes)
        if document.syntax in LINES:
            yield from blocks_ntriples(metered, source=document.name, strict=self._strict, syntax=document.syntax, token=self._token,
                                       rejected=self.rejected)
        else:
            yield from blocks_other(metered, document.syntax, source=document.name, base=document.base, token=self._token)


@contextmanager
def _whole_gzip(name: str) -> Iterator[None]:
    """Tell that a file is no whole gzip file, wherever in reading it that shows."""
    try:
        yield
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise RdfSyntaxError(f"{name}: not a whole gzip file", why=str(error)[:300],
                             way_out="fetch or pack it again; if it is not packed, take .gz off its name") from error


def checked(documents: Iterable[Document]) -> list[Document]:
    """Documents whose files are there; raises `ParameterError` for no document at all, `NotFoundError` for a file that is not there."""
    found = list(documents)
    if not found:
        raise ParameterError("no document was given to load")
    for document in found:
        if document.path and not document.path.is_file():
            raise NotFoundError(f"there is no file {document.name}", way_out="check the path")
    return found
