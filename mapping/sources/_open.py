"""From a logical source to something that can be read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from earthweave.ontology import MappingError, UnsupportedError

from ..plan import FileAccess, LogicalSource, Options, OtherAccess, Plan
from ._files import open_file
from ._memory import MemorySource
from ._paths import file_of
from ._records import Place, Records
from ._source import Source
from ._sql_references import checked

_DATABASES = {".db": "sqlite", ".sqlite": "sqlite", ".sqlite3": "sqlite", ".duckdb": "duckdb"}


def open_logical(logical: LogicalSource, place: Place, options: Options) -> Source | Records:
    """Open what a logical source names: a flat one as Arrow batches, a nested one as records.

    What the caller hands in takes the place of what the mapping says. A file that is a database is opened as one.

    Raises `NotFoundError`, `ProductError`, `UnsupportedError`, `ForbiddenError`, `MappingError`.
    """
    if isinstance(place.given, pa.Table):
        return MemorySource(place.given, options)
    if isinstance(place.given, Source):
        return place.given
    if place.given is None and isinstance(logical.access, OtherAccess):
        raise UnsupportedError(f"the source is {logical.access.description}", way_out="hand in a file instead")
    if place.given is None and logical.access is None and not place.databases:
        what = f"the mapping names no file or database for {logical.name or 'its rows'}"
        raise MappingError(what, way_out="hand in a file, or the URL of a database: --database URL")
    if place.given is None and not isinstance(logical.access, FileAccess):
        return _database(logical, place, options)
    if "://" in str(place.given):
        return _database(logical, replace(place, databases={"": str(place.given)}), options)
    path = _path(logical, place)
    if path.suffix.lower() in _DATABASES:
        url = f"{_DATABASES[path.suffix.lower()]}:///{path.resolve()}"
        return _database(replace(logical, access=None), replace(place, databases={"": url}), options)
    return open_file(path, logical, options)


def _path(logical: LogicalSource, place: Place) -> Path:
    """The file that the caller hands in, for all sources or under the name or address that the mapping has, else the mapping's."""
    if place.given is None and isinstance(logical.access, FileAccess):
        copy = place.databases.get(logical.access.path)
        return file_of(logical.access, place) if copy is None else Path(copy)
    return Path(str(place.given))


def _database(logical: LogicalSource, place: Place, options: Options) -> Source:
    from ._sql import open_database

    return open_database(logical, place, options)


@dataclass(frozen=True)
class Opener:
    """Opens the logical sources of one run."""

    place: Place
    options: Options
    plan: Plan | None = None

    def __call__(self, logical: LogicalSource) -> Source | Records:
        opened = open_logical(logical, self.place, self.options)
        return opened if self.plan is None else checked(opened, logical, self.plan)
