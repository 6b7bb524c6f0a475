"""Polygons from strips of rows, each as soon as its last row has been seen: the polygons of ``gdal_polygonize`` over the whole raster.

A patch that lies in one strip is outlined there. One that touches the lower edge waits as stretches of pixels (row by row, not as a
raster) until a strip comes that it does not reach; then it is painted and outlined. Coordinates are reckoned from the corner of the
whole grid, as GDAL does, so that they do not depend on the strips. Polygons come in the
order of their last rows, then of their first pixels, each in the normal form of shapely: neither depends on the strips either.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from ._grid import Grid
from ._polygons import Polygons
from ._sieve import NOTHING, grouped, touching

Array = np.ndarray[Any, Any]
_TALL = 4
"""Strips that are painted at once, at most; a patch that spans more is painted alone."""
Stretches = tuple[Array, Array, Array]


@dataclass(frozen=True)
class Patches(Polygons):
    """Polygons that were outlined, and what lies in them.

    Attributes:
        pixels: how many each covers (int64).
        sums: (n, patches) totals of the rasters that went along (float64, exact for whole numbers).
    """

    pixels: Array
    sums: Array

    def where(self, wanted: Array) -> Patches:
        """Those that are wanted."""
        return Patches(self.geometries[wanted], self.values[wanted], self.crs, self.pixels[wanted], self.sums[:, wanted])


@dataclass(frozen=True)
class _Known:
    """What is known of patches: value, pixels, first pixel, last row, totals."""

    values: Array
    pixels: Array
    firsts: Array
    lasts: Array
    sums: Array

    def take(self, chosen: Array) -> _Known:
        return _Known(self.values[chosen], self.pixels[chosen], self.firsts[chosen], self.lasts[chosen], self.sums[:, chosen])


def _nothing(sums: int) -> _Known:
    none = np.empty(0, np.int64)
    return _Known(np.empty(0, np.int32), none, none, none, np.empty((sums, 0)))


class Outliner:
    """Take strips of ``grid`` from top to bottom and hand back the polygons that ended in each.

    ``corners`` joins pixels by corners as well; ``sums`` is how many rasters of whole numbers go along with the levels.
    """

    def __init__(self, grid: Grid, *, corners: bool = False, sums: int = 0) -> None:
        self._grid, self._corners = grid, corners
        self._row = 0
        self._open = _nothing(sums)
        self._stretches: Stretches = np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0, np.int64)
        self._edge = np.empty(0, np.int32), np.empty(0, np.int32)

    def take(self, levels: Array, *along: Array) -> Patches:
        """Outline ``levels`` (int32, `NOTHING` where none is wanted), the next rows; ``along`` are rasters of the same shape to add up."""
        from . import _kernels

        labels = np.empty_like(levels)
        sizes, firsts, lasts = _kernels.label(levels, self._corners, labels)
        found = _Known(
            levels.ravel()[firsts[1:]],
            sizes[1:],
            firsts[1:] + self._row * self._grid.width,
            lasts[1:] + self._row,
            _totals(labels, along, len(sizes))[:, 1:],
        )
        groups, known = self._merged(levels, labels, found)
        old, new = groups[: len(self._open.values)], groups[len(self._open.values) :]
        ends = np.ones(len(known.values), bool)
        if self._row + len(levels) < self._grid.height:
            ends[new[labels[-1][labels[-1] > 0] - 1]] = False
        begun = np.zeros_like(ends)
        begun[old] = True
        whole, last = ends & ~begun, ends & begun
        made = [self._outlined(_numbered(labels, new, whole), self._row, 0)] if whole.any() else []
        stretches = self._stretched(_numbered(labels, new, ~whole), old)
        made += self._painted(_chosen(stretches, last), known, len(levels))
        self._carry(levels, _numbered(labels[-1:], new, ~ends)[0], stretches, known, ~ends)
        self._row += len(levels)
        return self._patches(made, known)

    def _merged(self, levels: Array, labels: Array, found: _Known) -> tuple[Array, _Known]:
        """Groups of open patches and those of this strip that touch, by number, and what is known of each group."""
        count = len(self._open.values)
        if not count:
            return np.arange(len(found.values)), found
        pairs = touching(self._edge[0], self._edge[1] - 1, levels[0], labels[0] + count - 1, self._corners)
        groups = grouped(pairs, count + len(found.values))
        total = int(groups.max()) + 1
        both = _Known(*(np.concatenate([getattr(self._open, name), getattr(found, name)], axis=-1) for name in _Known.__annotations__))
        values = np.zeros(total, np.int32)
        values[groups] = both.values
        firsts, lasts = np.full(total, np.iinfo(np.int64).max), np.zeros(total, np.int64)
        np.minimum.at(firsts, groups, both.firsts)
        np.maximum.at(lasts, groups, both.lasts)
        pixels = np.bincount(groups, both.pixels, total).astype(np.int64)
        sums = np.array([np.bincount(groups, row, total) for row in both.sums]).reshape(len(both.sums), total)
        return groups, _Known(values, pixels, firsts, lasts, sums)

    def _stretched(self, image: Array, old: Array) -> Stretches:
        """Stretches of all patches that are or were open, by the number of their group from 1."""
        from . import _kernels

        here = _kernels.runs(image, self._row)
        before = (old[self._stretches[0] - 1] + 1, *self._stretches[1:])
        numbers, starts, stops = (np.concatenate(both) for both in zip(before, here, strict=True))
        return numbers.astype(np.int32), starts, stops

    def _painted(self, stretches: Stretches, known: _Known, height: int) -> list[tuple[Array, Array]]:
        """Outline patches from their stretches: the lower ones together, each tall one alone."""
        if not len(stretches[0]):
            return []
        width = self._grid.width
        tall = known.lasts - known.firsts // width >= _TALL * height
        parts = [_chosen(stretches, ~tall)]
        parts += [_chosen(stretches, np.arange(len(tall)) == number) for number in np.unique(stretches[0]) - 1 if tall[number]]
        return [self._outlined_stretches(part) for part in parts if len(part[0])]

    def _carry(self, levels: Array, edge: Array, stretches: Stretches, known: _Known, goes_on: Array) -> None:
        numbers = np.cumsum(goes_on) * goes_on
        kept = _chosen(stretches, goes_on)
        self._stretches = numbers[kept[0] - 1].astype(np.int32), kept[1], kept[2]
        self._open = known.take(np.flatnonzero(goes_on))
        upper = np.append(0, numbers)[edge].astype(np.int32)
        self._edge = np.where(upper > 0, levels[-1], np.int32(NOTHING)), upper

    def _patches(self, made: list[tuple[Array, Array]], known: _Known) -> Patches:
        numbers = np.concatenate([np.empty(0, np.int64), *(part[0] for part in made)]).astype(np.int64) - 1
        geometries = np.concatenate([np.empty(0, object), *(part[1] for part in made)])
        chosen = known.take(numbers)
        order = np.lexsort((chosen.firsts, chosen.lasts))
        sorted_ = chosen.take(order)
        return Patches(geometries[order], sorted_.values, self._grid.crs, sorted_.pixels, sorted_.sums)

    def _outlined_stretches(self, stretches: Stretches) -> tuple[Array, Array]:
        """Paint patches and outline them; one alone takes a byte a pixel."""
        from . import _kernels

        numbers, starts, stops = stretches
        width = self._grid.width
        rows, cols = starts // width, starts % width
        top, left = int(rows.min()), int(cols.min())
        alone = bool((numbers == numbers[0]).all())
        shape = int(rows.max()) - top + 1, int((cols + stops - starts).max()) - left
        image = np.zeros(shape, np.uint8 if alone else np.int32)
        _kernels.paint(image, top, left, width, (np.ones_like(numbers) if alone else numbers, starts, stops))
        found, geometries = self._outlined(image, top, left)
        return (np.full_like(found, numbers[0]) if alone else found), geometries

    def _outlined(self, image: Array, row: int, col: int) -> tuple[Array, Array]:
        """Numbers and polygons of the patches in ``image``, which begins at ``row`` and ``col`` of the grid."""
        from . import _kernels

        points, starts, numbers = _kernels.rings(image)
        order = np.argsort(numbers, kind="stable")
        lengths = np.diff(starts)[order]
        rings = np.append(0, np.cumsum(lengths))
        corners = points[np.repeat(starts[:-1][order] - rings[:-1], lengths) + np.arange(rings[-1])]
        placed = np.empty((len(corners), 2))
        placed[:, 0] = self._grid.west + (corners[:, 0] + col) * self._grid.xres
        placed[:, 1] = self._grid.north + (corners[:, 1] + row) * -self._grid.yres
        found, firsts = np.unique(numbers[order], return_index=True)
        outlines = shapely.from_ragged_array(shapely.GeometryType.POLYGON, placed, (rings, np.append(firsts, len(numbers))))
        return found.astype(np.int64), shapely.normalize(outlines)


def _totals(labels: Array, along: tuple[Array, ...], count: int) -> Array:
    """Totals of the rasters for each number."""
    chosen = np.flatnonzero(labels)
    numbers = labels.ravel()[chosen]
    return np.array([np.bincount(numbers, raster.ravel()[chosen], count) for raster in along]).reshape(len(along), count)


def _numbered(labels: Array, groups: Array, wanted: Array) -> Array:
    """The group of each pixel, from 1, where ``wanted``; else 0."""
    numbers = np.append(0, np.where(wanted[groups], groups + 1, 0)).astype(np.int32)
    found: Array = numbers[labels]
    return found


def _chosen(stretches: Stretches, wanted: Array) -> Stretches:
    kept = wanted[stretches[0] - 1]
    return stretches[0][kept], stretches[1][kept], stretches[2][kept]
