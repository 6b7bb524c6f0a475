"""Geometries of one batch: read from WKB, judged, placed in the CRS of the output, written as literals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import shapely

from earthweave.ontology import CRS84, Axis, Crs
from earthweave.ontology.geometry import read_block, reproject, unsafe_wkb, unsafe_wkt

from ..plan import Options
from ._arrow import pc
from ._wkb import direct_wkt
from ._wkt import written

_DEGREE_DIGITS, _METRE_DIGITS = 7, 3
_LONGITUDE_FIRST = (CRS84, Crs("EPSG", "4326"))
"""Systems whose x is the longitude of WGS 84: the same numbers."""
_EMPTY = "POINT EMPTY"


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

    @property
    def direct(self) -> bool:
        """True if coordinates are written as they are read, but for rounding."""
        same = self.source == self.target or (self.source in _LONGITUDE_FIRST and self.target in _LONGITUDE_FIRST)
        return same and not self.swap and not self.promote

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
        self._geometries = geometries
        self.placement = placement

    @cached_property
    def geometries(self) -> Any:
        """Shapely geometries, object (n,)."""
        return self._geometries

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

    def without(self, which: Any) -> Shapes:
        """The same column without the geometries of some rows, bool (n,)."""
        geometries = self.geometries.copy()
        geometries[which] = None
        return Shapes(geometries, self.placement)

    def wkt(self) -> Any:
        """Literals' lexical forms as an Arrow string column."""
        return _prefixed(_texts(self.placed, self.placement), self.placement)

    def wkb(self) -> Any:
        """Well-known binary in CRS84, longitude first, as an Arrow column."""
        return pa.array(shapely.to_wkb(self.lonlat), pa.binary())


class BlobShapes(Shapes):
    """A column of geometries that are written as they are read, so that most need never be made."""

    def __init__(self, blobs: Callable[[], Any], texts: Any, given: Any, rest: Any, placement: Placement) -> None:
        """``texts`` holds the text of the rows ``given`` and ``blobs`` makes their WKB, ``rest`` holds the geometries of the others."""
        super().__init__(None, placement)
        self._blobs, self._plain, self._given, self._rest = blobs, texts, given, rest

    @cached_property
    def _column(self) -> Any:
        return self._blobs()

    @cached_property
    def geometries(self) -> Any:
        """Shapely geometries, object (n,)."""
        geometries = np.full(len(self._given), None, dtype=object)
        geometries[self._given] = shapely.from_wkb(self._column.filter(pa.array(self._given)).to_numpy(zero_copy_only=False))
        geometries[~self._given] = self._rest
        return geometries

    @cached_property
    def missing(self) -> Any:
        """Which rows have no geometry."""
        missing = np.zeros(len(self._given), dtype=bool)
        missing[~self._given] = shapely.is_missing(self._rest)
        return missing

    def unplaced(self) -> Any:
        """See `Shapes`; rows with a text have only finite coordinates."""
        found = np.zeros(len(self._given), dtype=bool)
        if self._rest.size:
            found[~self._given] = Shapes(self._rest, self.placement).unplaced()
        return found

    def without(self, which: Any) -> Shapes:
        """See `Shapes`."""
        given, rest = self._given & ~which, np.full(len(which), None, dtype=object)
        rest[~self._given] = self._rest
        rest[which] = None
        return BlobShapes(self._blobs, self._plain, given, rest[~given], self.placement)

    @cached_property
    def _texts(self) -> Any:
        if not self._rest.size:
            return _prefixed(self._plain, self.placement)
        at = np.cumsum(self._given) - 1
        slow = _texts(self._rest, self.placement)
        order = np.where(self._given, at, np.count_nonzero(self._given) + np.cumsum(~self._given) - 1)
        quick = self._plain.filter(pa.array(self._given))
        return _prefixed(pa.concat_arrays([quick, slow]).take(pa.array(order)), self.placement)

    def wkt(self) -> Any:
        """See `Shapes`."""
        return self._texts

    def wkb(self) -> Any:
        """See `Shapes`."""
        if self.placement.source not in _LONGITUDE_FIRST:
            return super().wkb()
        return self._column if not self._rest.size else pc.if_else(pa.array(self._given), self._column, super().wkb())


def shapes_of_wkb(column: Any, placement: Placement) -> tuple[Shapes, Any]:
    """Geometries of a WKB column, and which of them could not be read (those are None); most are not made before they are needed."""
    column = column.cast(pa.binary()) if not pa.types.is_binary(column.type) else column
    if not placement.direct:
        geometries, unread = read_wkb(column)
        return Shapes(geometries, placement), unread
    texts, given = direct_wkt(column, placement.digits)
    rest, unread = np.zeros(0, dtype=object), np.zeros(len(column), dtype=bool)
    if not given.all():
        rest, unread[~given] = read_wkb(column.filter(pa.array(~given)))
    return BlobShapes(lambda: column, texts, given, rest, placement), unread


def shapes_of_texts(column: Any, placement: Placement) -> tuple[Shapes, Any]:
    """Geometries of a column of plain WKT, and which of them could not be read; most are not made before they are needed."""
    if not placement.direct:
        geometries, unread = read_texts(column)
        return Shapes(geometries, placement), unread
    texts, given, blobs = _direct_texts(column, placement.digits)
    rest, unread = np.zeros(0, dtype=object), np.zeros(len(column), dtype=bool)
    if not given.all():
        rest, unread[~given] = read_texts(column.filter(pa.array(~given)))
    return BlobShapes(blobs, texts, given, rest, placement), unread


def _direct_texts(column: Any, digits: int) -> tuple[Any, Any, Callable[[], Any]]:
    """Texts as GEOS would write them, in which rows they are given, and what makes WKB of these; the rest is left to GEOS."""
    ready = written(column, digits)
    if ready.all():
        return column, ready, lambda: _blobs(column)
    others = column.filter(pa.array(~ready)) if ready.any() else column
    # a literal may be empty or say its CRS, a plain text may not
    literal = np.asarray(pc.fill_null(pc.match_substring_regex(others, pattern=r"^\s*(<|[Ss]|$)"), True))
    blobs = _blobs(pc.if_else(pa.array(literal), _EMPTY, others) if literal.any() else others)
    texts, given = direct_wkt(blobs, digits)
    given &= ~literal
    if not ready.any():
        return texts, given, lambda: blobs
    texts = pc.replace_with_mask(column, pa.array(~ready), texts)
    ready[~ready] = given
    return texts, ready, lambda: _blobs(pc.if_else(pa.array(ready), column, _EMPTY))


def _blobs(texts: Any) -> Any:
    return read_block(texts).wkb.cast(pa.binary())


def _texts(geometries: Any, placement: Placement) -> Any:
    ordered = _swapped(geometries) if placement.swap else geometries
    return pa.array(shapely.to_wkt(ordered, rounding_precision=placement.digits, trim=True), pa.string())


def _prefixed(column: Any, placement: Placement) -> Any:
    return pc.binary_join_element_wise(placement.prefix, column, "") if placement.prefix else column


def read_wkb(column: Any) -> tuple[Any, Any]:
    """Geometries of a WKB column, and which of them could not be read, or are nested too deep to be (those are None)."""
    blobs = column.to_numpy(zero_copy_only=False)
    safe = [None if blob is None or unsafe_wkb(blob) else blob for blob in blobs]
    return _told_unread(_from_wkb(np.array(safe, object)), column)


@np.errstate(invalid="ignore")  # GEOS leaves such flags behind at numbers that are none
def _from_wkb(blobs: Any) -> Any:
    """Geometries of blobs, None where there is none; curves, which GEOS knows and shapely refuses for all at once, are none."""
    try:
        return shapely.from_wkb(blobs, on_invalid="ignore")
    except RuntimeError:
        if len(blobs) == 1:
            return np.full(1, None, dtype=object)
        middle = len(blobs) // 2
        return np.concatenate([_from_wkb(blobs[:middle]), _from_wkb(blobs[middle:])])


@np.errstate(invalid="ignore")  # as of `_from_wkb`
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
