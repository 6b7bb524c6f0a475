"""The geometry table: one row per distinct geometry literal, read side."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from copy import copy
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import shapely

from earthweave.ontology import StoreError
from earthweave.ontology.arrow import arrow_of
from earthweave.ontology.geometry import PackedTree, first_vertices

from ._arrow import numpy_of
from ._growth import GrowingTexts
from ._manifest import Manifest
from ._parts import COLUMNS, Files, Stacked

if TYPE_CHECKING:
    from ._shaping import Shaped

READABLE, EMPTY, TURNED, VALID, VALIDITY_KNOWN = 1, 2, 4, 8, 16
"""Bits of ``Geometries.flags``; TURNED: read longitude first against the axis order of its CRS."""
TREE = "geometries.tree"


class Geometries:
    """Geometry literals by row; the id of row r is ``make(Tag.GEOMETRY, r)``. All in CRS84, longitude first, degrees.

    Attributes:
        folder, parts: where it lies, and which parts it has.
        count: rows.
        bounds: west, south, east, north, float64 (count, 4), mapped; NaN where empty or unreadable.
        vertices: int32 (count,), mapped.
        kinds: uint8 (count,), mapped; geometry type code of OGC 06-103r4, 1 (point) … 7 (collection), 0 where unreadable.
        flags: uint8 (count,), mapped; bits READABLE, EMPTY, TURNED, VALID, VALIDITY_KNOWN.
        crs: int16 (count,), mapped; place in ``systems`` of the CRS that the literal is in, -1 where it could not be told.
        systems: IRIs.
    """

    def __init__(self, folder: Path, files: Files, manifest: Manifest, lexical: Stacked) -> None:
        self.folder = folder
        self.parts = tuple(manifest.parts)
        self._files, self._lexical = files, lexical
        self._whole = True
        self.count = sum(part.geometries for part in manifest.parts)
        self.systems = tuple(manifest.systems)
        columns = {name: files.array(f"geometries.{name}", dtype) for name, dtype in COLUMNS.items()}
        self.bounds: Any = columns["bounds"].reshape(-1, 4)
        self.vertices, self.kinds, self.flags, self.crs = (columns[name] for name in ("vertices", "kinds", "flags", "crs"))

    @cached_property
    def _wkb(self) -> Stacked:
        return Stacked([self.blobs(part.number) for part in self.parts])

    @cached_property
    def _problems(self) -> tuple[Any, list[str]]:
        rows = self._files.array("problems.row", np.int64)
        return rows, self._files.strings("problems").to_pylist()

    def grown(self, columns: dict[str, Any], systems: tuple[str, ...], rows: Shaped, memory: GrowingTexts, lexical: Stacked) -> Geometries:
        """The table with some more rows, which lie in memory.

        Args:
            columns: all rows of ``bounds``, ``vertices``, ``kinds``, ``flags`` and ``crs``.
            rows: what is new. memory: where blobs of rows in memory lie. lexical: all literals.
        """
        found = copy(self)
        found.count, found.systems, found._lexical = self.count + len(rows.kinds), systems, lexical
        found.bounds, found.vertices, found.kinds, found.flags, found.crs = (columns[name] for name in COLUMNS)
        mapped = len(self.parts)
        blobs = self._wkb.parts
        mine = blobs[mapped] if len(blobs) > mapped else memory.empty()
        found._wkb = Stacked([*blobs[:mapped], memory.extended(mine, rows.wkb)])
        places, reasons = self._problems
        found._problems = (np.concatenate([places, [self.count + place for place, _ in rows.problems]]).astype(np.int64),
                           [*reasons, *(why for _, why in rows.problems)])
        found.__dict__.pop("tree", None)
        found._whole = False
        return found

    def blobs(self, number: int) -> Any:
        """Well-known binary of one part, as a pyarrow LargeBinaryArray; empty where unreadable."""
        return self._files.strings(f"wkb-{number}", binary=True)

    def problems(self) -> Iterator[tuple[int, str]]:
        """Rows that cannot be read, ascending, and why."""
        rows, reasons = self._problems
        return zip(rows.tolist(), reasons, strict=True)

    @cached_property
    def tree(self) -> PackedTree:
        """The packed R-tree over the boxes of all geometries that have one; its rows are those of this table."""
        if not self._whole:
            return PackedTree.build(self.bounds)
        try:
            return PackedTree.open(self.folder / TREE)
        except (OSError, StoreError):
            # the folder was removed while it was in use, or the tree is of another version: all that it says is in the boxes
            return PackedTree.build(self.bounds)

    def wkb(self, rows: Any) -> Any:
        """Well-known binary (ISO) of some rows as a pyarrow LargeBinaryArray; null where unreadable."""
        rows = np.asarray(rows, dtype=np.int64)
        found = self._wkb.taken(rows, pa.large_binary())
        readable = (self.flags[rows] & READABLE) != 0
        # an index that is null takes null
        places = arrow_of(np.arange(len(rows)), readable)
        return found if readable.all() else found.take(places)

    def shapes(self, rows: Any) -> Any:
        """Fresh shapely geometries of some rows, object array; None where unreadable."""
        return shapely.from_wkb(numpy_of(self.wkb(rows)), on_invalid="ignore")

    def first_vertices(self, rows: Any) -> Any:
        """The first vertex of each of some geometries, float64 (n, 2), at little cost; NaN where none is at hand (see `first_vertices`)."""
        found = np.full((len(rows), 2), np.nan)
        for number, places, local in self._wkb.split(rows):
            kinds = np.where(self.flags[rows[places]] & EMPTY, 0, self.kinds[rows[places]])
            found[places] = first_vertices(self._wkb.parts[number], kinds, local)
        return found

    def lexical(self, rows: Any) -> Any:
        """Lexical forms of some rows, exactly as they were loaded, as a pyarrow LargeStringArray."""
        return self._lexical.taken(np.asarray(rows, dtype=np.int64), pa.large_string())

    def problem(self, row: int) -> str:
        """Why the literal of a row cannot be read; empty if it can."""
        rows, reasons = self._problems
        place = bisect_left(rows, row)
        return reasons[place] if place < len(rows) and rows[place] == row else ""
