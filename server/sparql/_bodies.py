"""RDF documents that requests bring: written into files, whose names tell the syntax; the store's writer reads those, nothing does here."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import BinaryIO, cast

from flask import request
from werkzeug.exceptions import UnsupportedMediaType

from earthweave.ontology import ParameterError
from earthweave.server.results import FORMATS

from ._encoding import check_charset

SYNTAXES = tuple(one for one in FORMATS if "graph" in one.kinds and one.name != "html")
SUFFIXES = {media_type: one.extension for one in SYNTAXES for media_type in one.media_types} | {"text/n3": ".n3"}
"""Media type → extension of a file."""
_PORTION = 1 << 20


@dataclass(frozen=True)
class Body:
    """A document on its way in.

    Attributes:
        media_type: without parameters, lower case.
        name: of the file, as its sender calls it; may be empty.
        stream: its bytes.
    """

    media_type: str
    name: str
    stream: BinaryIO

    @property
    def suffix(self) -> str:
        """The extension that tells the syntax, from the media type; raises `UnsupportedMediaType` (HTTP 415)."""
        found = SUFFIXES.get(self.media_type)
        if found is None:
            kind = self.media_type or "a body without Content-Type"
            raise UnsupportedMediaType(f"{kind} is no RDF syntax; send one of {', '.join(SUFFIXES)}")
        return found

    @property
    def own_suffix(self) -> str:
        """The same, from its sender's name of the file where that tells one."""
        found = PurePath(self.name).suffix.lower()
        return found if found in SUFFIXES.values() else self.suffix


def bodies() -> list[Body]:
    """The body of the request, or each file of a multipart body; raises `ParameterError` if that has none, HTTP 415 for no UTF-8."""
    check_charset()
    if request.mimetype.lower() != "multipart/form-data":
        return [Body(request.mimetype.lower(), "", cast(BinaryIO, request.stream))]
    found = [Body(one.mimetype.lower(), one.filename or "", cast(BinaryIO, one.stream)) for _, one in request.files.items(multi=True)]
    if not found:
        raise ParameterError("the form holds no file", way_out="send RDF documents as files with their Content-Type")
    return found


@contextmanager
def files(documents: list[tuple[BinaryIO, str]]) -> Iterator[list[Path]]:
    """Streams, each with the extension for its syntax, in files for the length of a block; they are packed if the request says so."""
    packed = request.headers.get("Content-Encoding", "identity").lower()
    if packed not in ("identity", "gzip"):
        raise UnsupportedMediaType(f"the Content-Encoding {packed[:40]} is not read; send gzip, or none")
    with tempfile.TemporaryDirectory(prefix="earthweave-") as folder:
        paths = []
        for number, (stream, suffix) in enumerate(documents, 1):
            paths.append(Path(folder) / f"body-{number}{suffix}{'.gz' if packed == 'gzip' else ''}")
            with paths[-1].open("wb") as out:
                shutil.copyfileobj(stream, out, _PORTION)
        yield paths
