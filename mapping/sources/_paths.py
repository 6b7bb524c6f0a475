"""Which file a mapping means, and whether it may: below the mapping's folder or the working folder, never from the network."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from earthweave.ontology import ForbiddenError, MappingError, NotFoundError

from ..plan import FileAccess, Root
from ._records import Place

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")


def file_of(access: FileAccess, place: Place) -> Path:
    """The file that an access means; what is not under the root that it names is looked for under the other one too.

    Raises `ForbiddenError` for a file outside of the mapping's folder and the working folder, by ``..`` or by a link, and for one
    on the network; `NotFoundError` if there is none.
    """
    written = _local(access.path)
    if not written or "\0" in written:
        raise MappingError(f"{access.path!r} is no path of a file")
    allowed = [folder.resolve() for folder in (place.folder or place.working, place.working)]
    try:
        candidates = [(root / written).resolve() for root in _roots(access, place)]
        inside = [path for path in candidates if any(path.is_relative_to(folder) for folder in allowed)]
        found = [path for path in inside if path.is_file()]
    except (OSError, RuntimeError) as error:
        raise MappingError(f"{access.path[:80]!r} is no path of a file", why=str(getattr(error, "strerror", error))) from error
    if found:
        return found[0]
    if len(inside) < len(candidates):
        raise ForbiddenError(
            f"the mapping may not read {access.path}", why="it lies outside of the mapping's folder and of the working folder",
            way_out="hand the file in yourself, or run from a folder above it",
        )
    raise NotFoundError(f"there is no file {access.path}", why=f"looked for in {', '.join(map(str, dict.fromkeys(allowed)))}")


def _roots(access: FileAccess, place: Place) -> list[Path]:
    """The named root, then the other one; a folder of the mapping's own counts from the mapping's folder."""
    mapping, working = place.folder or place.working, place.working
    if access.root is Root.GIVEN:
        return [mapping / _local(access.folder)]
    return [working, mapping] if access.root is Root.WORKING else [mapping, working]


def _local(path: str) -> str:
    """The path in a ``file:`` IRI, or the path itself."""
    scheme = _SCHEME.match(path)
    if scheme is None:
        return path
    if scheme[1].lower() != "file":
        raise ForbiddenError(
            f"{path} is not read: the mapper reads no network", way_out="fetch it, and hand the file in under this address"
        )
    parts = urlsplit(path)
    if parts.netloc not in ("", "localhost"):
        raise ForbiddenError(f"{path} is not read: it is on another machine", way_out="file:///folder/name is a file of this one")
    return unquote(parts.path)
