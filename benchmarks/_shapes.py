"""Simulated geometries with fixed seeds, as arrays: stair-edged floods, units with shared fractal borders, points, random-walk lines.

All coordinates are longitude, latitude in degrees (CRS84), rounded to 12 decimals, so that their decimal text gives the same double
back in any reader and shared borders stay shared.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely
from scipy import ndimage
from scipy.spatial import Voronoi

SEED = 20210323
PIXEL = 0.000179663056824
"""Degrees: 20 m on a meridian."""
TILE = 512
CENTRE = (150.800000000000, -33.600000000000)
CELL = 0.048
"""Degrees between the seeds of neighbouring units."""
DECIMALS = 12
_AHEAD, _OUTWARD = ((0, 1), (1, 0), (0, -1), (-1, 0)), ((-1, 0), (0, 1), (1, 0), (0, -1))
_CORNER = np.array(((0, 0), (0, 1), (1, 1), (1, 0)))


def domain(columns: int, rows: int) -> tuple[float, float, float, float]:
    """West, south, east and north of a grid of units around the centre."""
    return (CENTRE[0] - columns * CELL / 2, CENTRE[1] - rows * CELL / 2, CENTRE[0] + columns * CELL / 2, CENTRE[1] + rows * CELL / 2)


def wet(seed: Any) -> Any:
    """A tile of the flood raster, bool (`TILE`, `TILE`): smoothed noise above a limit that itself varies from place to place."""
    random = np.random.default_rng(seed)
    fine = ndimage.gaussian_filter(random.standard_normal((TILE, TILE), dtype=np.float32), 0.8, mode="wrap")
    coarse = ndimage.gaussian_filter(random.standard_normal((TILE // 16, TILE // 16), dtype=np.float32), 2, mode="wrap")
    coarse = np.kron(coarse / coarse.std(), np.ones((16, 16), np.float32))
    mask = fine / fine.std() > 1.0 - 0.15 * coarse
    mask[[0, -1]] = mask[:, [0, -1]] = False
    return mask


def outlines(mask: Any) -> tuple[Any, Any]:
    """Outer rings of the patches (4-neighbours) of a mask whose margin is empty.

    Returns corners as (row, column) of shape (n, 2), in order, only where the outline turns, and the number of each corner's ring.
    All rings are walked at once, pixel side by pixel side, with the patch on the right hand.
    """
    labels, _ = ndimage.label(mask)
    found, first = np.unique(labels.ravel(), return_index=True)
    first = first[found > 0]
    width = mask.shape[1]
    ahead, outward = (np.array([row * width + column for row, column in steps]) for steps in (_AHEAD, _OUTWARD))
    filled, start = mask.ravel(), first
    pixel, side, before, ring = start, np.zeros(len(start), np.int64), np.full(len(start), 3), np.arange(len(start))
    rings, corners = [], []
    while len(ring):
        turns = side != before
        rings.append(ring[turns])
        corners.append(np.column_stack(np.divmod(pixel[turns], width)) + _CORNER[side[turns]])
        front = pixel + ahead[side]
        diagonal = front + outward[side]
        straight = filled[front]
        left = straight & filled[diagonal]
        before = side
        pixel, side = np.where(left, diagonal, np.where(straight, front, pixel)), (side + np.where(left, 3, np.where(straight, 0, 1))) % 4
        going = (pixel != start) | (side != 0)
        pixel, side, before, ring, start = (one[going] for one in (pixel, side, before, ring, start))
    owner, at = np.concatenate(rings), np.concatenate(corners)
    order = np.argsort(owner, kind="stable")
    return at[order], owner[order]


def simple(corners: Any, owner: Any, least: int) -> Any:
    """Mask of the corners whose ring has at least ``least`` of them and touches itself nowhere."""
    count = np.bincount(owner)
    key = (owner * (TILE + 1) + corners[:, 0]) * (TILE + 1) + corners[:, 1]
    distinct = np.bincount(np.unique(key) // (TILE + 1) ** 2, minlength=len(count))
    return ((count >= least) & (distinct == count))[owner]


def tiles(columns: int, rows: int) -> tuple[Any, int]:
    """Tiles of the flood raster in the order in which they are filled, scattered over the domain, and how many lie side by side."""
    west, south, east, north = domain(columns, rows)
    across, down = int((east - west) / PIXEL) // TILE, int((north - south) / PIXEL) // TILE
    return np.random.default_rng(SEED).permutation(across * down), across


def flooded(columns: int, rows: int) -> tuple[float, float]:
    """The middle of the tile that is flooded first, so that it is flooded in every tier."""
    west, _, _, north = domain(columns, rows)
    order, across = tiles(columns, rows)
    row, column = divmod(int(order[0]), across)
    return west + (column + 0.5) * TILE * PIXEL, north - (row + 0.5) * TILE * PIXEL


def flood_tiles(columns: int, rows: int) -> Iterator[Any]:
    """Floods tile by tile, MULTIPOLYGONs of one part with 16 coordinates or more."""
    west, _, _, north = domain(columns, rows)
    order, across = tiles(columns, rows)
    for tile in order:
        corners, owner = outlines(wet([SEED, tile]))
        good = simple(corners, owner, 15)
        row, column = (corners[good] + np.array(divmod(int(tile), across)) * TILE).T
        _, ring = np.unique(owner[good], return_inverse=True)
        places = np.round(np.column_stack([west + column * PIXEL, north - row * PIXEL]), DECIMALS)
        polygons = shapely.polygons(shapely.linearrings(places, indices=ring))
        yield shapely.multipolygons(polygons, indices=np.arange(len(polygons)))


def floods(columns: int, rows: int, wanted: int) -> Iterator[Any]:
    """The first ``wanted`` floods of `flood_tiles`, in blocks. Raises `ValueError` if the domain is too small for so many."""
    for block in flood_tiles(columns, rows):
        yield block[:wanted]
        wanted -= len(block)
        if wanted <= 0:
            return
    raise ValueError(f"the domain of {columns} x {rows} units has no room for {wanted} more floods")


def _fractal(ends: Any, shifts: Any, strength: Any) -> Any:
    """Paths of 17 places between pairs of ``ends`` (n, 2, 2): midpoints shifted sidewards, four times over."""
    path, used = ends, 0
    while path.shape[1] < 17:
        step = np.diff(path, axis=1)
        aside = np.stack([-step[..., 1], step[..., 0]], axis=-1)
        amount = shifts[:, used : used + step.shape[1], None] * strength[:, None, None]
        used += step.shape[1]
        middle = (path[:, :-1] + path[:, 1:]) / 2 + aside * amount
        finer = np.empty((len(path), 2 * path.shape[1] - 1, 2))
        finer[:, ::2], finer[:, 1::2] = path, middle
        path = finer
    return np.round(path, DECIMALS)


class Borders:
    """The borders of a Voronoi diagram: which two cells each parts, and how rings are put together from them."""

    def __init__(self, columns: int, rows: int) -> None:
        self.random = np.random.default_rng([SEED, columns, rows])
        margin = 3
        west, south, *_ = domain(columns, rows)
        row, column = np.indices((rows + 2 * margin, columns + 2 * margin)).reshape(2, -1)
        grid = np.column_stack([west + (column - margin + 0.5) * CELL, south + (row - margin + 0.5) * CELL])
        self.seeds = grid + self.random.uniform(-0.35, 0.35, grid.shape) * CELL
        inner = (row >= margin) & (row < rows + margin) & (column >= margin) & (column < columns + margin)
        diagram = Voronoi(self.seeds)
        parts, ends = diagram.ridge_points, np.array([pair if min(pair) >= 0 else (0, 0) for pair in diagram.ridge_vertices])
        used = inner[parts].any(axis=1)
        self.parts, self.ends = parts[used], diagram.vertices[ends[used]]
        self._arrange(inner)

    def _arrange(self, inner: Any) -> None:
        """Half borders of the inner cells, counter-clockwise: cell, border, whether it is run forwards."""
        border = np.tile(np.arange(len(self.parts)), 2)
        cell = self.parts.T.ravel()
        border, cell = border[inner[cell]], cell[inner[cell]]
        start, end, seed = self.ends[border, 0], self.ends[border, 1], self.seeds[cell]
        away = (start + end) / 2 - seed
        turn = (end[:, 0] - start[:, 0]) * (seed[:, 1] - start[:, 1]) - (end[:, 1] - start[:, 1]) * (seed[:, 0] - start[:, 0])
        order = np.lexsort((np.arctan2(away[:, 1], away[:, 0]), cell))
        self.border, self.forwards = border[order], turn[order] > 0
        _, self.cell = np.unique(cell[order], return_inverse=True)

    def polygons(self, paths: Any, fine: Any) -> Any:
        """Cells as polygons; borders that are not ``fine`` go by every second place only."""
        run = paths[self.border]
        run = np.where(self.forwards[:, None, None], run, run[:, ::-1])[:, :-1]
        taken = fine[self.border][:, None] | (np.arange(16) % 2 == 0)
        return shapely.polygons(shapely.linearrings(run[taken], indices=np.repeat(self.cell, taken.sum(axis=1))))


def units(columns: int, rows: int) -> Any:
    """A coverage of ``columns`` × ``rows`` valid polygons of about 81 coordinates that share their fractal borders."""
    borders = Borders(columns, rows)
    length = np.hypot(*(borders.ends[:, 1] - borders.ends[:, 0]).T)
    fine = length > np.quantile(length, 1 / 3)
    shifts, strength = borders.random.uniform(-1, 1, (len(length), 15)), np.full(len(length), 0.2)
    while True:
        cells = borders.polygons(_fractal(borders.ends, shifts, strength), fine)
        wrong = ~shapely.is_valid(cells)
        if not wrong.any():
            return cells
        # neighbouring borders crossed near their common end: straighten those of the cell
        strength[borders.border[wrong[borders.cell]]] *= 0.6


def points(columns: int, rows: int, wanted: int, block: int = 100_000) -> Iterator[Any]:
    """Random points of the domain, in blocks."""
    west, south, east, north = domain(columns, rows)
    random = np.random.default_rng([SEED, 2])
    for start in range(0, wanted, block):
        yield shapely.points(np.round(random.uniform((west, south), (east, north), (min(block, wanted - start), 2)), DECIMALS))


def lines(columns: int, rows: int, wanted: int, block: int = 10_000) -> Iterator[Any]:
    """Random walks of 20 to 100 vertices, some 150 m a step, in blocks."""
    west, south, east, north = domain(columns, rows)
    random = np.random.default_rng([SEED, 3])
    for start in range(0, wanted, block):
        many = min(block, wanted - start)
        heading = random.uniform(0, 2 * np.pi, (many, 1)) + np.cumsum(random.normal(0, 0.4, (many, 100)), axis=1)
        step = random.uniform(0.0005, 0.0022, (many, 100))
        origin = random.uniform((west, south), (east, north), (many, 1, 2))
        walk = origin + np.cumsum(np.stack([np.cos(heading), np.sin(heading)], axis=-1) * step[..., None], axis=1)
        kept = np.arange(100) < random.integers(20, 101, (many, 1))
        yield shapely.linestrings(np.round(walk[kept], DECIMALS), indices=np.repeat(np.arange(many), kept.sum(axis=1)))
