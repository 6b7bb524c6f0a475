"""Geometries of one batch: read from WKB, judged, placed in the CRS of the output, written as literals."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import shapely

from earthweave.ontology import CRS84, Axis, Crs
from earthweave.ontology.geometry import reproject, unsafe_wkb, unsafe_wkt

from ..plan import Options
from ._arrow import pc

_DEGREE_DIGITS, _METRE_DIGITS = 7, 3


@dataclass(frozen=True)
class Placement:
    """Where geometries come from and how they are written.

    Attributes:
        source: CRS of the coordinates that are read; x before y.
        target: CRS of the literals.
        swap: True to write y before x.
        digits: decimals, -1 for all.
        prefix: CRS IRI in angle brackets and a blank, or empty.
        straight: metres that a moved edge may be off, None to move vertices alone.
        promote: True to write single polygons and lines as collections of one, as shapefile readers do.
    """

    source: Crs
    target: Crs
    swap: bool
    digits: int
    prefix: str
    straight: float | None = None
    promote: bool = False

    @classmethod
    def of(cls, source: Crs, options: Options) -> Placement:
        """The placement that the options ask for."""
        if options.compat == "geotriples":
            shown = Crs("EPSG", "4326") if source == CRS84 else source
            return cls(source, source, False, -1 if options.precision is None else options.precision, f"<{shown.iri}> ", promote=True)
        target = source if options.crs == "keep" else Crs.parse(options.crs)
        digits = _DEGREE_DIGITS if target.geographic else _METRE_DIGITS
        prefix = "" if target == CRS84 else f"<{target.iri}> "
        chosen = digits if options.precision is None else options.precision
        return cls(source, target, target.axis is Axis.YX, chosen, prefix, options.straight or None)


class Shapes:
    """A column of geometries in a source CRS, None where there is none; derived forms are made when first asked for."""

    def __init__(self, geometries: Any, placement: Placement) -> None:
        self.geometries = geometries
        self.placement = placement

    @cached_property
    def missing(self) -> Any:
        """Which rows have no geometry."""
        return shapely.is_missing(self.geometries)

    @cached_property
    def placed(self) -> Any:
        """In the CRS of the output, x before y."""
        moved = reproject(self.geometries, self.placement.source, self.placement.target, straight=self.placement.straight)
        return _promoted(moved) if self.placement.promote else moved

    @cached_property
    def lonlat(self) -> Any:
        """In CRS84."""
        if self.placement.target == CRS84:
            return self.placed
        return reproject(self.geometries, self.placement.source, CRS84, straight=self.placement.straight)

    def unplaced(self) -> Any:
        """Which rows have coordinates that are not finite where they are to be written."""
        filled = ~(self.missing | shapely.is_empty(self.placed))
        return filled & ~np.isfinite(shapely.bounds(self.placed)).all(axis=1)

    def wkt(self) -> Any:
        """Literals' lexical forms as an Arrow string column."""
        ordered = _swapped(self.placed) if self.placement.swap else self.placed
        texts = shapely.to_wkt(ordered, rounding_precision=self.placement.digits, trim=True)
        column = pa.array(texts, pa.string())
        return pc.binary_join_element_wise(self.placement.prefix, column, "") if self.placement.prefix else column


def read_wkb(column: Any) -> tuple[Any, Any]:
    """Geometries of a WKB column, and which of them could not be read, or are nested too deep to be (those are None)."""
    blobs = column.to_numpy(zero_copy_only=False)
    safe = [None if blob is None or unsafe_wkb(blob) else blob for blob in blobs]
    return _told_unread(shapely.from_wkb(np.array(safe, object), on_invalid="ignore"), column)


def read_texts(column: Any) -> tuple[Any, Any]:
    """Geometries of a column of plain WKT, and which of them could not be read, or are too long or nested too deep to be."""
    safe = [None if text is None or unsafe_wkt(text) else text for text in column.to_pylist()]
    return _told_unread(shapely.from_wkt(np.array(safe, object), on_invalid="ignore"), column)


def _told_unread(geometries: Any, column: Any) -> tuple[Any, Any]:
    return geometries, shapely.is_missing(geometries) & np.asarray(column.is_valid())


def _swapped(geometries: Any) -> Any:
    def flip(points: Any) -> Any:
        return points[:, [1, 0, *range(2, points.shape[1])]]

    return np.where(shapely.has_z(geometries), shapely.transform(geometries, flip, include_z=True), shapely.transform(geometries, flip))


def _promoted(geometries: Any) -> Any:
    found = geometries.copy()
    kinds = shapely.GeometryType
    for single, collect in ((kinds.POLYGON, shapely.multipolygons), (kinds.LINESTRING, shapely.multilinestrings)):
        where = np.flatnonzero(shapely.get_type_id(found) == single)
        if where.size:
            found[where] = collect(found[where], indices=np.arange(where.size))
    return found
