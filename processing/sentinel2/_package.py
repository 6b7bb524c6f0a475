"""The folder or zip that a product comes in: names inside it, and reading them without being led out or filled up."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from earthweave.ontology import ProductError

_LARGEST = 64 * 1024 * 1024
"""Most bytes of a metadata file."""
_WHOLE = 64 * 1024**3
"""Most bytes that all members of a zip may unpack to; products have 1."""
_SHRUNK = 200
"""Most times that a member may grow when unpacked; images hardly do, metadata ten to thirty times."""
_MEMBERS = 20000


@dataclass(frozen=True)
class Package:
    """An opened product.

    Attributes:
        path: folder or zip.
        names: of every file in it, with ``/``.
        read: bytes of a metadata file by name; raises `ProductError`.
        address: how GDAL finds a file.
    """

    path: Path
    names: frozenset[str]
    read: Callable[[str], bytes]
    address: Callable[[str], str]


def open_package(path: Path) -> Package:
    """Open a folder or a zip; raises `ProductError` if it is no complete zip, leads out of itself, or would fill the memory."""
    return _folder(path) if path.is_dir() else _zipped(path)


def safe_name(name: str) -> str:
    """Refuse names that lead out of the product."""
    if name.startswith(("/", "~")) or "\\" in name or ":" in name or "{" in name or "}" in name or ".." in name.split("/"):
        raise ProductError(
            f"the product names {name[:80]!r}", why="the path leads out of the product or is not plain", way_out="get it from its publisher"
        )
    return name


def _folder(path: Path) -> Package:
    names = frozenset(found.relative_to(path).as_posix() for found in path.rglob("*") if found.is_file())
    return Package(path, names, lambda name: _bytes(path / name), lambda name: str(path / name))


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > _LARGEST:
            raise _too_large(path.name, path.stat().st_size)
        return path.read_bytes()
    except OSError as error:
        raise ProductError(f"{path.name} cannot be read", why=str(error.strerror), way_out="check that the product is complete") from error


def _zipped(path: Path) -> Package:
    """A zip is never unpacked: metadata is read through it, and GDAL reads the bands inside; its names are still checked."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename: info for info in archive.infolist() if not info.is_dir()}
    except (zipfile.BadZipFile, OSError) as error:
        raise ProductError(f"{path.name} is not a complete zip", why=str(error), way_out="download it again") from error
    _plausible(path, list(members.values()))
    names = frozenset(safe_name(name) for name in members)

    def read(name: str) -> bytes:
        if name in members and members[name].file_size > _LARGEST:
            raise _too_large(name, members[name].file_size)
        with zipfile.ZipFile(path) as archive:
            try:
                return archive.read(name)
            except (KeyError, zipfile.BadZipFile, RuntimeError, EOFError) as error:
                raise ProductError(f"{path.name}: {name} cannot be read", why=str(error), way_out="download it again") from error

    return Package(path, names, read, lambda name: f"/vsizip/{{{path.absolute()}}}/{name}")


def _plausible(path: Path, members: list[zipfile.ZipInfo]) -> None:
    """Refuse a zip that no publisher makes: too many members, or one that unpacks to far more than it weighs."""
    if len(members) > _MEMBERS:
        raise ProductError(
            f"{path.name} has {len(members)} members", why=f"a product has fewer than {_MEMBERS}", way_out="get the product again"
        )
    bomb = next((one for one in members if one.file_size > _SHRUNK * max(one.compress_size, 4096)), None)
    total = sum(one.file_size for one in members)
    if bomb or total > _WHOLE:
        what = f"{bomb.filename[:80]} unpacks from {bomb.compress_size} to {bomb.file_size} bytes" if bomb else f"{total} bytes in all"
        raise ProductError(f"{path.name} would unpack to far more than a product holds", why=what, way_out="get it from its publisher")


def _too_large(name: str, size: int) -> ProductError:
    return ProductError(f"{name} is too large for metadata", why=f"{size} bytes", way_out="get the product again")
