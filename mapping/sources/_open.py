"""From a logical source to something that can be read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from earthweave.ontology import UnsupportedError

from ..plan import FileAccess, LogicalSource, Options, Root
from ._files import Source, open_source
from ._records import Place, Records


def open_logical(logical: LogicalSource, place: Place, options: Options) -> Source | Records:
    """Open what a logical source names: a flat one as Arrow batches, a nested one as records.

    Raises `NotFoundError`, `ProductError`, `UnsupportedError`, `MappingError`.
    """
    if place.given is not None:
        return open_source(place.given, logical.name, options)
    if isinstance(logical.access, FileAccess):
        return open_source(file_of(logical.access, place), logical.name, options)
    raise UnsupportedError(f"the source {logical.name or 'of the mapping'} cannot be read", way_out="hand in a file")


@dataclass(frozen=True)
class Opener:
    """Opens the logical sources of one run."""

    place: Place
    options: Options

    def __call__(self, logical: LogicalSource) -> Source | Records:
        return open_logical(logical, self.place, self.options)


def file_of(access: FileAccess, place: Place) -> Path:
    """The file that an access means."""
    roots = {Root.MAPPING: place.folder or place.working, Root.WORKING: place.working, Root.GIVEN: Path(access.folder)}
    return roots[access.root] / access.path
