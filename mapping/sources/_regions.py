"""Regions of equal value in a class raster as polygons, strip by strip: exact at the seams, and independent of the strips' height.

::

    strip ──shapes──▶ pieces ──union-find along the seam──▶ regions ──none of its pixels in the last row──▶ one polygon each

A region is a set of pixels of one value joined by their sides (connectivity 4). Only regions that reach the last row read are kept in
memory; the pieces of one that crosses seams are merged when it ends. Coordinates are pixel corners, whole numbers, so that the merging
is exact; a vertex that lies on a straight edge is taken out again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import shapely

_EXACT = {"uint8", "uint16", "int16", "int32"}
_VERTICES = 2_000_000


@dataclass(frozen=True)
class Regions:
    """Some whole regions, as columns.

    Attributes:
        values: of the raster's type.
        first: (n, 2), row and column of the first pixel in raster order.
        pixels: how many.
        polygons: in pixel corners: x is the column, y the row; rings start and turn as `shapely.normalize` has them.
    """

    values: Any
    first: Any
    pixels: Any
    polygons: Any


def regions(read: Callable[[int, int], tuple[Any, Any]], height: int, strip: int, least: int = 1) -> Iterator[Regions]:
    """All regions, those that end in the same strip together.

    Args:
        read: ``read(top, bottom)`` gives values and a mask (True: take it) of these rows, arrays of one width.
        height: rows.
        strip: rows read first; then as many as have a common number of vertices, up to eight times as many.
        least: regions of fewer pixels are left out, whole regions being meant.
    """
    front: _Front | None = None
    top, rows = 0, strip
    while top < height:
        values, there = read(top, min(top + rows, height))
        pieces = _pieces(values, there, top)
        joined = _joined(front, pieces, values[0])
        ended, front = _split(joined, front, pieces, values[-1])
        yield from _kept(ended, least)
        top += rows
        rows = min(max(1, rows * _VERTICES // max(1, pieces.vertices)), 2 * rows, 8 * strip)
    if front is not None:
        yield from _kept(_merged(front.open), least)


def _kept(found: Regions, least: int) -> Iterator[Regions]:
    large = found.pixels >= least
    if large.any():
        yield Regions(found.values[large], found.first[large], found.pixels[large], shapely.normalize(found.polygons[large]))


@dataclass(frozen=True)
class _Pieces:
    """Regions of one strip alone, which of them each pixel of its first and last row belongs to (-1: none), and how many vertices."""

    found: Regions
    top: Any
    bottom: Any
    vertices: int


@dataclass(frozen=True)
class _Region:
    """A region that goes on: its value, first pixel, number of pixels, and the pieces so far."""

    value: Any
    first: tuple[int, int]
    pixels: int
    pieces: list[Any]


@dataclass(frozen=True)
class _Front:
    """What the last row read leaves open: its values, the region of each of its pixels (-1: none), and these regions."""

    row: Any
    owners: Any
    open: list[_Region]


def _joined(front: _Front | None, pieces: _Pieces, row: Any) -> Any:
    """A label for each open region, then for each piece: equal ones are one region."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    size = pieces.found.pixels.size
    if front is None:
        return np.arange(size)
    before = len(front.open)
    meet = (front.owners >= 0) & (pieces.top >= 0) & (front.row == row)
    links = (front.owners[meet], pieces.top[meet] + before)
    graph = coo_array((np.ones(links[0].size, dtype=bool), links), shape=(before + size,) * 2)
    return connected_components(graph, directed=False)[1]


def _split(labels: Any, front: _Front | None, pieces: _Pieces, row: Any) -> tuple[Regions, _Front]:
    """The regions that end in this strip, and what goes on."""
    before = len(front.open) if front else 0
    ours = labels[before:]
    goes_on = np.zeros(labels.size, dtype=bool)
    goes_on[ours[pieces.bottom[pieces.bottom >= 0]]] = True
    inside = np.bincount(labels, minlength=labels.size) == 1
    alone = inside[ours] & ~goes_on[ours]
    gathered: dict[int, list[_Region]] = {}
    for label, region in zip(labels.tolist(), front.open if front else (), strict=False):
        gathered.setdefault(label, []).append(region)
    for index in np.flatnonzero(~alone):
        gathered.setdefault(int(ours[index]), []).append(_region(pieces.found, index))
    whole = {label: _united(parts) for label, parts in gathered.items()}
    numbers = np.full(labels.size + 1, -1)
    still = [label for label in whole if goes_on[label]]
    numbers[still] = np.arange(len(still))
    owners = numbers[np.where(pieces.bottom >= 0, ours[pieces.bottom] if ours.size else -1, labels.size)]
    ended = _merged([region for label, region in whole.items() if not goes_on[label]])
    return _together(_only(pieces.found, alone), ended), _Front(row.copy(), owners, [whole[label] for label in still])


def _region(found: Regions, index: Any) -> _Region:
    row, column = found.first[index].tolist()
    return _Region(found.values[index], (row, column), int(found.pixels[index]), [found.polygons[index]])


def _united(parts: list[_Region]) -> _Region:
    """One region of several; the longest list of pieces takes the others in, so that no piece is moved often."""
    if len(parts) == 1:
        return parts[0]
    largest = max(parts, key=lambda part: len(part.pieces))
    for part in parts:
        if part is not largest:
            largest.pieces.extend(part.pieces)
    return _Region(parts[0].value, min(part.first for part in parts), sum(part.pixels for part in parts), largest.pieces)


def _only(found: Regions, which: Any) -> Regions:
    return Regions(found.values[which], found.first[which], found.pixels[which], found.polygons[which])


def _together(one: Regions, other: Regions) -> Regions:
    if not other.pixels.size:
        return one
    return Regions(*(np.concatenate([getattr(each, name) for each in (one, other)]) for name in ("values", "first", "pixels", "polygons")))


def _merged(ended: list[_Region]) -> Regions:
    """Whole regions of their pieces."""
    counts = np.array([len(region.pieces) for region in ended], dtype=np.int64)
    polygons = _unions(np.array([piece for region in ended for piece in region.pieces], dtype=object), counts)
    several = counts > 1
    if several.any():
        polygons[several] = _straightened(polygons[several])
    first = np.array([region.first for region in ended], dtype=np.int64).reshape(-1, 2)
    return Regions(np.array([one.value for one in ended]), first, np.array([one.pixels for one in ended], dtype=np.int64), polygons)


def _unions(pieces: Any, counts: Any) -> Any:
    """The union of each so many pieces: neighbours in pairs, all regions at once, until one is left of each."""
    owners = np.repeat(np.arange(counts.size), counts)
    while owners.size > counts.size:
        rank = np.arange(owners.size) - np.searchsorted(owners, owners)
        left = np.flatnonzero(rank % 2 == 0)
        paired = np.append(owners, -1)[left + 1] == owners[left]
        merged = pieces[left]
        merged[paired] = shapely.union(pieces[left[paired]], pieces[left[paired] + 1])
        pieces, owners = merged, owners[left]
    return pieces


def _straightened(polygons: Any) -> Any:
    """The polygons without vertices that lie on a straight edge."""
    _, coordinates, (rings, bodies) = shapely.to_ragged_array(polygons)
    starts, ends = rings[:-1], rings[1:] - 1
    before, after = np.roll(coordinates, 1, axis=0), np.roll(coordinates, -1, axis=0)
    before[starts], after[ends] = coordinates[ends - 1], coordinates[starts + 1]
    corner = ~((before == coordinates) & (coordinates == after)).any(axis=1)
    corner[ends] = False
    sizes = np.add.reduceat(corner, starts)
    places = np.cumsum(sizes)
    kept = coordinates[corner]
    closed = np.insert(kept, places, kept[places - sizes], axis=0)
    offsets = np.concatenate([[0], places + np.arange(1, places.size + 1)])
    return shapely.from_ragged_array(shapely.GeometryType.POLYGON, closed, (offsets, bodies))


def _pieces(values: Any, there: Any, top: int) -> _Pieces:
    """Polygonise a strip whose first row is ``top``."""
    height, width = values.shape
    codes, names = _codes(values)
    numbers, coordinates, rings, bodies = _traced(codes, there)
    coordinates[:, 1] += top
    found = numbers.astype(values.dtype) if names is None else names[numbers]
    polygons = _polygons(coordinates, rings, bodies)
    pixels = np.rint(shapely.area(polygons)).astype(np.int64)
    edges = _horizontal(coordinates, rings, bodies)
    regions = Regions(found, _first(coordinates, rings, bodies), pixels, polygons)
    return _Pieces(regions, _along(edges, top, width), _along(edges, top + height, width), len(coordinates))


def _polygons(coordinates: Any, rings: Any, bodies: Any) -> Any:
    if not coordinates.size:
        return np.empty(0, dtype=object)
    return shapely.from_ragged_array(shapely.GeometryType.POLYGON, coordinates, (rings, bodies))


def _codes(values: Any) -> tuple[Any, Any]:
    """The values as numbers that GDAL compares exactly, and what they stand for; None if they stand for themselves."""
    if values.dtype.name in _EXACT:
        return values, None
    names, codes = np.unique(values, return_inverse=True)
    return codes.reshape(values.shape).astype("int32"), names


def _traced(codes: Any, there: Any) -> tuple[Any, Any, Any, Any]:
    """What GDAL finds: a number per polygon, and the polygons as coordinates with offsets of rings and of polygons."""
    from rasterio.features import shapes

    numbers: list[int] = []
    points: list[Any] = []
    rings, bodies = [0], [0]
    for one, number in shapes(codes, mask=there, connectivity=4) if there.any() else ():
        numbers.append(int(number))
        for ring in one["coordinates"]:
            points.append(np.fromiter(chain.from_iterable(ring), np.float64, 2 * len(ring)))
            rings.append(rings[-1] + len(ring))
        bodies.append(len(rings) - 1)
    coordinates = np.concatenate(points).reshape(-1, 2) if points else np.empty((0, 2))
    return np.array(numbers, dtype=np.int64), coordinates, np.array(rings), np.array(bodies)


def _first(coordinates: Any, rings: Any, bodies: Any) -> Any:
    """Row and column of each polygon's first pixel: the least x on the least y."""
    if not coordinates.size:
        return np.empty((0, 2), dtype=np.int64)
    starts, counts = rings[bodies[:-1]], np.diff(rings[bodies])
    row = np.minimum.reduceat(coordinates[:, 1], starts)
    on_top = coordinates[:, 1] == np.repeat(row, counts)
    column = np.minimum.reduceat(np.where(on_top, coordinates[:, 0], np.inf), starts)
    return np.column_stack([row, column]).astype(np.int64)


def _horizontal(coordinates: Any, rings: Any, bodies: Any) -> tuple[Any, Any, Any, Any]:
    """Horizontal edges: y, least x, length, and number of the polygon."""
    owner = np.repeat(np.arange(bodies.size - 1), np.diff(rings[bodies]))
    start, end = coordinates[:-1], coordinates[1:]
    flat = start[:, 1] == end[:, 1]
    # the last point of a ring begins no edge
    flat[rings[1:-1] - 1] = False
    west = np.minimum(start[flat, 0], end[flat, 0]).astype(np.int64)
    length = np.abs(start[flat, 0] - end[flat, 0]).astype(np.int64)
    return start[flat, 1], west, length, owner[:-1][flat]


def _along(edges: tuple[Any, Any, Any, Any], y: int, width: int) -> Any:
    """Which polygon the pixels along a border of the strip belong to, from the edges that lie on it; -1 for none."""
    at, west, length, owner = (one[edges[0] == y] for one in edges)
    row = np.full(width, -1)
    offsets = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
    row[np.repeat(west, length) + offsets] = np.repeat(owner, length)
    return row
