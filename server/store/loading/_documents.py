"""RDF documents: which syntax a file is in, how it is opened, and what is refused before a parser sees it."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import pyoxigraph as ox

from earthweave.ontology import ForbiddenError, ParameterError, SizeLimitError, UnsupportedError

SUFFIXES = {
    ".nt": "ntriples", ".ntriples": "ntriples", ".nq": "nquads", ".nquads": "nquads", ".ttl": "turtle", ".turtle": "turtle",
    ".trig": "trig", ".n3": "n3", ".rdf": "rdfxml", ".rdfxml": "rdfxml", ".owl": "rdfxml", ".xml": "rdfxml", ".jsonld": "jsonld",
    ".json": "jsonld",
}
"""File name extension → syntax."""
SYNTAXES = {
    "ntriples": ox.RdfFormat.N_TRIPLES, "nquads": ox.RdfFormat.N_QUADS, "turtle": ox.RdfFormat.TURTLE, "trig": ox.RdfFormat.TRIG,
    "rdfxml": ox.RdfFormat.RDF_XML, "jsonld": ox.RdfFormat.JSON_LD,
    "n3": ox.RdfFormat.N3,
}
"""Syntax → the parser's name for it."""
ABBREVIATIONS = {
    "nt": "ntriples", "nq": "nquads", "ttl": "turtle", "n-triples": "ntriples", "n-quads": "nquads", "xml": "rdfxml", "rdf/xml": "rdfxml",
    "json-ld": "jsonld",
}
"""Other names of syntaxes."""
_PORTION = 1 << 20
_MARK = b"\xef\xbb\xbf"


def syntax(name: str) -> str:
    """The syntax that a name means: ``ttl``, ``turtle`` …; raises `ParameterError`."""
    found = ABBREVIATIONS.get(name.lower(), name.lower())
    if found not in SYNTAXES:
        raise ParameterError(f"unknown RDF format {name}", way_out="one of " + ", ".join(SYNTAXES))
    return found


def syntax_of(path: Path) -> str:
    """The syntax that a file name says, ``.gz`` aside; raises `UnsupportedError`."""
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    if not suffixes or suffixes[-1] not in SUFFIXES:
        raise UnsupportedError(f"{path.name}: the extension names no RDF syntax", way_out="rename it to one of " + ", ".join(SUFFIXES))
    return SUFFIXES[suffixes[-1]]


@dataclass
class Metered:
    """A stream that counts what is read from it and stops at a limit; what the parsers read.

    Attributes:
        stream: the unpacked document.
        most: bytes allowed.
        count: bytes read so far.
    """

    stream: BinaryIO
    most: int
    count: int = 0

    def read(self, size: int = -1) -> bytes:
        """The next bytes; raises `SizeLimitError` beyond the limit."""
        data = self.stream.read(size if 0 <= size <= _PORTION else _PORTION)
        self.count += len(data)
        if self.count > self.most:
            raise SizeLimitError(f"the document is longer than {self.most:,} bytes", why=f"the limit load_bytes is {self.most:,}",
                                 way_out="split it, or raise load_bytes (EARTHWEAVE_LOAD_BYTES)")
        return data


def unpacked(path: Path) -> BinaryIO:
    """A file opened for reading behind its byte order mark, through gzip if its name ends in ``.gz``."""
    stream = cast(BinaryIO, gzip.open(path, "rb")) if gzipped(path) else path.open("rb")
    if stream.read(len(_MARK)) != _MARK:
        stream.seek(0)
    return stream


def gzipped(path: Path) -> bool:
    """True if the name says that the file is packed with gzip."""
    return path.suffix.lower() == ".gz"


def inspect(path: Path, kind: str, *, nesting: int, most: int) -> None:
    """Refuse what is known to blow a parser up: a DOCTYPE in RDF/XML, deep nesting in JSON-LD."""
    if kind not in ("rdfxml", "jsonld"):
        return
    with unpacked(path) as stream:
        source = Metered(stream, most)
        if kind == "rdfxml":
            _refuse_doctype(source, path.name)
        else:
            _refuse_nesting(source, path.name, nesting)


def _windows(source: Metered, overlap: int) -> Iterator[bytes]:
    tail = b""
    while data := source.read():
        yield tail + data
        tail = data[-overlap:]


def _refuse_doctype(source: Metered, name: str) -> None:
    for window in _windows(source, 16):
        # UTF-16 and UTF-32 would hide it
        if b"<!DOCTYPE" in window.replace(b"\x00", b"") or b"<!ENTITY" in window.replace(b"\x00", b""):
            raise ForbiddenError(f"{name}: a document type declaration is refused", why="entities can grow a small file to gigabytes",
                                 way_out="write namespaces out instead of entities, or convert the file to Turtle elsewhere")


def _refuse_nesting(source: Metered, name: str, allowed: int) -> None:
    depth, quoted, escaped = 0, False, False
    while data := source.read():
        for byte in data.translate(None, _PLAIN):
            if escaped:
                escaped = False
            elif quoted:
                quoted, escaped = byte != 0x22, byte == 0x5C
            elif byte == 0x22:
                quoted = True
            else:
                depth += _STEPS.get(byte, 0)
                if depth > allowed:
                    raise SizeLimitError(f"{name}: JSON-LD nested deeper than {allowed} levels", why=f"the limit load_nesting is {allowed}",
                                         way_out="flatten it, or raise load_nesting (EARTHWEAVE_LOAD_NESTING)")


_STEPS = {0x5B: 1, 0x7B: 1, 0x5D: -1, 0x7D: -1}
# a character after a backslash must stay, so only letters that JSON never escapes are left out
_PLAIN = bytes(set(range(128)) - {*b'"\\[]{}', *b"/bfnrtu"})
