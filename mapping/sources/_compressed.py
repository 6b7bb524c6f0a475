"""Compressed files and archives, unpacked into a temporary file that goes with whoever reads it.

How much comes out is bounded, so that a small file cannot fill the disk; names inside archives are never used as paths.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import lzma
import shutil
import tarfile
import tempfile
import weakref
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from io import BytesIO, TextIOWrapper
from pathlib import Path, PurePosixPath
from typing import IO, Any, TypeAlias

from earthweave.ontology import MappingError, ProductError, SizeLimitError, UnsupportedError

MAX_BYTES = 64 * 1024**3
"""Most bytes that come out of one file."""
MAX_RATIO = 250
"""Most bytes that come out for one byte that goes in, above `FREE_BYTES`: text shrinks 5 to 20 times, a bomb a thousand."""
FREE_BYTES = 64 * 1024**2
_PIECE = 1 << 20
_SUFFIXES = {
    ".tar.gz": "targz", ".tgz": "targz", ".tar.xz": "tarxz", ".txz": "tarxz", ".tar.bz2": "tarbz2", ".tar": "tar",
    ".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zip": "zip", ".kmz": "zip",
}
_STREAMS: dict[str, Callable[[Path], Any]] = {
    "gzip": lambda path: gzip.open(path, "rb"), "bzip2": lambda path: bz2.open(path, "rb"), "xz": lambda path: lzma.open(path, "rb"),
}
_PACKED = {"targz": "gzip", "tarxz": "xz", "tarbz2": "bzip2"}
_TARS = ("tar", *_PACKED)
_BROKEN = (OSError, EOFError, zlib.error, lzma.LZMAError, tarfile.TarError, zipfile.BadZipFile, RuntimeError)
_BESIDE_SHAPES = {".shp", ".shx", ".dbf", ".prj", ".cpg"}
Member: TypeAlias = tuple[str, Callable[[], IO[bytes]]]
"""Name inside an archive, and how to open it."""


class Unpacked:
    """A file to read, temporary or the given one.

    Attributes:
        path: what to read.
        name: for messages: the file that was given.
    """

    def __init__(self, path: Path, name: str, folder: str = "") -> None:
        self.path, self.name = path, name
        if folder:
            weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)


def compression_of(name: str) -> str:
    """How a file of that name is compressed, or empty."""
    return next((kind for suffix, kind in _SUFFIXES.items() if name.lower().endswith(suffix)), "")


def data_name(name: str) -> str:
    """The name without the suffix that tells of compression; that of an archive keeps none."""
    suffix = next((one for one in _SUFFIXES if name.lower().endswith(one)), "")
    return name[: len(name) - len(suffix)]


def unpacked(path: Path, compression: str, readable: Callable[[str], bool]) -> Unpacked:
    """The file itself, or what is in it: of an archive the only member that is ``readable`` by name, a shapefile with all its parts.

    Raises `ProductError` for a damaged file or one with no such member, or several; `SizeLimitError` if too much comes out.
    """
    kind = compression or compression_of(path.name)
    if kind in ("", "none"):
        return Unpacked(path, path.name)
    if kind not in (*_STREAMS, *_TARS, "zip"):
        raise UnsupportedError(f"{path.name}: compression {kind}", way_out="offered: gzip, bzip2, xz, zip, targz, tarxz")
    folder = tempfile.mkdtemp(prefix="earthweave-")
    try:
        with _told(path):
            inner = _unpack(path, kind, Path(folder), readable)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Unpacked(inner, path.name, folder)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except _BROKEN as error:
        raise ProductError(f"{path.name} cannot be unpacked", why=str(error)) from error


def _unpack(path: Path, kind: str, folder: Path, readable: Callable[[str], bool]) -> Path:
    budget = _Budget(path)
    if kind in _STREAMS:
        inner = folder / (data_name(path.name) or "data")
        with _STREAMS[kind](path) as stream:
            budget.copy(stream, inner)
        return inner
    with ExitStack() as stack:
        archive: Any = stack.enter_context(zipfile.ZipFile(path) if kind == "zip" else _tar(path, kind, budget, stack))
        wanted = _chosen(path.name, _zipped(archive) if kind == "zip" else _tarred(archive), readable)
        for name, opened in wanted:
            with opened() as stream:
                budget.copy(stream, folder / PurePosixPath(name).name)
    return folder / PurePosixPath(wanted[0][0]).name


def _tar(path: Path, kind: str, budget: _Budget, stack: ExitStack) -> tarfile.TarFile:
    """An archive whose headers are taken into memory only up to a limit, and which is searched only as far as the budget goes."""
    stream = stack.enter_context(path.open("rb") if kind == "tar" else _STREAMS[_PACKED[kind]](path))
    return tarfile.open(fileobj=budget.guarded(stream), mode="r:")


def _zipped(archive: zipfile.ZipFile) -> list[Member]:
    return [(one.filename, lambda one=one: archive.open(one)) for one in archive.infolist() if not one.is_dir()]  # type: ignore[misc]


def _tarred(archive: tarfile.TarFile) -> list[Member]:
    return [(one.name, lambda one=one: archive.extractfile(one)) for one in archive if one.isreg()]  # type: ignore[misc]


def _chosen(name: str, members: list[Member], readable: Callable[[str], bool]) -> list[Member]:
    """The member to read first, then what belongs to it."""
    shown = [one for one in members if not any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(one[0]).parts if part != "..")]
    fitting = shown if len(shown) == 1 else [one for one in shown if readable(one[0].lower())]
    if len(fitting) != 1:
        found = ", ".join(one[0] for one in (fitting or shown)[:8]) or "nothing"
        raise ProductError(
            f"{name} must hold one file that can be read", why=f"it holds {found}", way_out="unpack it, and name the file that is meant"
        )
    return fitting + [one for one in shown if one is not fitting[0] and _beside(PurePosixPath(one[0]), PurePosixPath(fitting[0][0]))]


def _beside(part: PurePosixPath, main: PurePosixPath) -> bool:
    """True for what belongs to a shapefile."""
    return main.suffix.lower() == ".shp" and part.with_suffix("") == main.with_suffix("") and part.suffix.lower() in _BESIDE_SHAPES


class _Budget:
    """How much may still come out of a file."""

    def __init__(self, path: Path) -> None:
        self._name = path.name
        self._limit = min(MAX_BYTES, max(FREE_BYTES, path.stat().st_size * MAX_RATIO))
        self._used = 0

    def guarded(self, stream: IO[bytes]) -> Any:
        """The stream, read to the limit only and in pieces that memory can hold."""
        return _Guarded(stream, self)

    def check(self, used: int) -> None:
        """Raises `SizeLimitError`."""
        if used > self._limit:
            raise SizeLimitError(
                f"{self._name} holds more than {self._limit:,} bytes", why="that is more than data shrink by compression",
                way_out="unpack it yourself, and hand in the result",
            )

    def copy(self, stream: IO[bytes], target: Path) -> None:
        """Raises `SizeLimitError`."""
        with target.open("wb") as out:
            while piece := stream.read(_PIECE):
                self._used += len(piece)
                self.check(self._used)
                out.write(piece)


class _Guarded:
    """A stream of an archive: no header is larger than a piece, and no place behind the budget is gone to."""

    def __init__(self, stream: IO[bytes], budget: _Budget) -> None:
        self._stream, self._budget = stream, budget
        self.tell = stream.tell

    def seek(self, place: int, whence: int = 0) -> int:
        """As files have it."""
        if whence == 0:
            self._budget.check(place)
        return self._stream.seek(place, whence)

    def read(self, size: int = -1) -> bytes:
        """As files have it."""
        if not 0 <= size <= _PIECE * 16:
            raise tarfile.ReadError("a header of the archive is too long")
        self._budget.check(self._stream.tell() + size)
        return self._stream.read(size)


def as_utf8(file: Unpacked, encoding: str, comment: str) -> Unpacked:
    """The same text in UTF-8, without lines that begin with ``comment``; the file itself if nothing is to be done.

    Raises `MappingError` for an unknown encoding, `ProductError` for bytes that it does not have.
    """
    codec = codec_of(encoding or _marked(file.path))
    if codec in ("utf-8", "utf-8-sig", "ascii") and not comment:
        return file
    folder = tempfile.mkdtemp(prefix="earthweave-")
    made = Unpacked(Path(folder) / file.path.name, file.name, folder)
    try:
        with file.path.open(encoding="utf-8-sig" if codec == "utf-8" else codec, newline="") as text, made.path.open(
            "w", encoding="utf-8", newline=""
        ) as out:
            for line in text:
                if not (comment and line.startswith(comment)):
                    out.write(line)
    except UnicodeError as error:
        raise ProductError(f"{file.name} is not {encoding or 'UTF-8'}", why=str(error)) from error
    return made


def _marked(path: Path) -> str:
    """UTF-16 if the file begins with its mark."""
    with path.open("rb") as file:
        return "utf-16" if file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else ""


def codec_of(encoding: str) -> str:
    """Python's name of an encoding of texts; raises `MappingError` if there is none."""
    try:
        name = codecs.lookup(encoding or "utf-8").name
        TextIOWrapper(BytesIO(), name)
    except (LookupError, UnicodeError) as error:
        raise MappingError(f"there is no encoding {encoding!r}", way_out="names are those of IANA: UTF-8, UTF-16, ISO-8859-1 …") from error
    return name
