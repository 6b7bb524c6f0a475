"""Streams that pack and encode what is written to them; what they write depends on nothing but the content."""

from __future__ import annotations

import bz2
import codecs
import gzip
import lzma
import shutil
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from earthweave.ontology import UnsupportedError

_LEVEL = 6
_EPOCH = (1980, 1, 1, 0, 0, 0)


class Sheet(Protocol):
    """Something to write bytes to."""

    def write(self, data: bytes, /) -> Any:
        """Take bytes."""
        ...

    def close(self) -> None:
        """Write what is still held; what lies below stays open."""
        ...


def packed(out: BinaryIO, packing: str, member: str) -> Sheet:
    """A stream that packs into ``out``, which stays open; archives hold one file, called ``member``."""
    kinds: dict[str, Callable[[], Sheet]] = {
        "": lambda: _Plain(out),
        "gzip": lambda: gzip.GzipFile("", "wb", _LEVEL, out, mtime=0),
        "bzip2": lambda: bz2.BZ2File(out, "wb"),
        "xz": lambda: lzma.LZMAFile(out, "wb"),
        "zip": lambda: _Zip(out, member),
        "targz": lambda: _Tar(packed(out, "gzip", ""), member),
        "tarxz": lambda: _Tar(packed(out, "xz", ""), member),
    }
    return kinds[packing]()


def encoded(out: Sheet, encoding: str) -> Sheet:
    """A stream that takes UTF-8 and writes another encoding; raises `UnsupportedError` for one that RDF is not written in."""
    name = checked_encoding(encoding)
    return out if name == "utf-8" else _Encoded(out, name)


def checked_encoding(encoding: str) -> str:
    """Python's name of an encoding of Unicode; raises `UnsupportedError`."""
    try:
        name = codecs.lookup(encoding or "utf-8").name
    except LookupError:
        name = ""
    if not name.startswith("utf-"):
        raise UnsupportedError(f"RDF cannot be written in the encoding {encoding}", way_out="take UTF-8 or UTF-16")
    return name


class _Plain:
    def __init__(self, out: BinaryIO) -> None:
        self.write = out.write
        self._flush = out.flush

    def close(self) -> None:
        self._flush()


class _Encoded:
    def __init__(self, out: Sheet, name: str) -> None:
        self._out = out
        self._reader = codecs.getincrementaldecoder("utf-8")()
        self._writer = codecs.getincrementalencoder(name)()

    def write(self, data: bytes, /) -> None:
        self._out.write(self._writer.encode(self._reader.decode(data)))

    def close(self) -> None:
        self._out.write(self._writer.encode(self._reader.decode(b"", final=True), final=True))
        self._out.close()


class _Zip:
    def __init__(self, out: BinaryIO, member: str) -> None:
        self._archive = zipfile.ZipFile(out, "w")
        facts = zipfile.ZipInfo(member, _EPOCH)
        facts.compress_type, facts.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
        self._member = self._archive.open(facts, "w", force_zip64=True)
        self.write = self._member.write

    def close(self) -> None:
        try:
            self._member.close()
        finally:
            self._archive.close()


class _Tar:
    """An archive says the size of a file before the file, so the file is written down beside it first."""

    def __init__(self, out: Sheet, member: str) -> None:
        self._out, self._facts = out, tarfile.TarInfo(member)
        self._file = tempfile.TemporaryFile()
        self.write = self._file.write

    def close(self) -> None:
        self._facts.size = self._file.tell()
        self._facts.mode = 0o644
        self._file.seek(0)
        self._out.write(self._facts.tobuf(tarfile.PAX_FORMAT))
        shutil.copyfileobj(self._file, self._out)
        size = tarfile.BLOCKSIZE
        self._out.write(bytes(-self._facts.size % size + 2 * size))
        self._file.close()
        self._out.close()


def member_name(path: Path) -> str:
    """How the file in an archive is called: the archive's own name without what says that it is one."""
    name = path.name
    for suffix in (".zip", ".tar.gz", ".tgz", ".tar.xz"):
        name = name.removesuffix(suffix)
    return name
