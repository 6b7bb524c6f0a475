"""The ground of the simulated scenes: rivers, terrain, land use, and how deep the flood stands. All on the 20 m grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

AREA_OF_INTEREST = "POLYGON((150.6266 -33.49, 150.952 -33.49, 150.952 -33.795, 150.6266 -33.795, 150.6266 -33.49))"
"""The polygon of the flood exercise, WKT lon lat."""
TILE_WEST, TILE_NORTH, TILE_EAST = 199980, 6300040, 309780
"""Edges of tile T56HKH in EPSG:32756, metres."""
_WEST, _NORTH, _EAST, _SOUTH = 279480, 6292540, TILE_EAST, 6258040
"""The polygon's box in EPSG:32756, cut at the tile, on the 60 m grid of the tile."""

MAIN, CREEKS = 0, 1
_RIVERS: tuple[tuple[int, float, tuple[tuple[float, float], ...]], ...] = (
    (
        MAIN,
        700,
        (
            (0.15, 1.05),
            (0.17, 0.85),
            (0.13, 0.68),
            (0.24, 0.52),
            (0.33, 0.42),
            (0.50, 0.36),
            (0.62, 0.31),
            (0.66, 0.20),
            (0.80, 0.14),
            (0.88, 0.05),
            (0.94, -0.05),
        ),
    ),
    (CREEKS, 250, ((0.45, 1.05), (0.44, 0.85), (0.49, 0.70), (0.47, 0.55), (0.53, 0.45), (0.52, 0.36))),
    (CREEKS, 250, ((0.70, 1.05), (0.67, 0.80), (0.60, 0.62), (0.49, 0.52))),
    (CREEKS, 250, ((0.56, 1.05), (0.53, 0.85), (0.48, 0.66))),
    (CREEKS, 250, ((0.95, 0.88), (0.97, 0.68), (0.90, 0.50), (0.85, 0.38), (0.75, 0.27), (0.66, 0.22))),
    (CREEKS, 250, ((-0.05, 0.52), (0.08, 0.47), (0.18, 0.50), (0.24, 0.52))),
)
"""Kind, amplitude of the meanders (m), and course in fractions of the box (right, down): roughly where the real ones run."""


@dataclass(frozen=True)
class Window:
    """A part of the box in EPSG:32756: upper-left corner in metres (multiples of 60 from the tile's corner), size in 20 m pixels."""

    west: int
    north: int
    width: int
    height: int


def window(size: int | None) -> Window:
    """The whole box, or a square of ``size`` 20 m pixels (a multiple of 3) where a river bends and a seventh of the land is flooded."""
    if size is None:
        return Window(_WEST, _NORTH, (_EAST - _WEST) // 20, (_NORTH - _SOUTH) // 20)
    east, down = (
        (round(extent * part / 60) * 60 - size * 10) // 60 * 60 for extent, part in ((_EAST - _WEST, 0.42), (_NORTH - _SOUTH, 0.5))
    )
    return Window(_WEST + east, _NORTH - down, size, size)


@dataclass(frozen=True)
class Ground:
    """What lies where, arrays of (rows, columns).

    Attributes:
        cover: index into the table of spectra (uint8).
        depth: of the flood above ground in metres (float32), at or below 0 where it does not reach.
        drift: (3, …) slow change between the dates that is no flood, −1 … 1, for visible, near and short-wave infrared (float32).
        silt: share of sediment in the water, 0 … 1 (float32).
        texture: deviation of brightness inside one cover, around 0 (float32).
    """

    cover: Array
    depth: Array
    drift: Array
    silt: Array
    texture: Array


WATER, FOREST, PASTURE, CROP, SOIL, GRASS, ORCHARD, URBAN, SCRUB = range(9)
_FIELD_SHARES = ((PASTURE, 0.5), (CROP, 0.15), (SOIL, 0.1), (GRASS, 0.17), (ORCHARD, 0.08))


def make_ground(place: Window, seed: int) -> Ground:
    """Draw the ground of ``place``; the same seed gives the same ground."""
    rng = np.random.default_rng(seed)
    x = ((np.arange(place.width, dtype=np.float32) * 20 + 10 + place.west) - _WEST)[None, :]
    y = (_NORTH - (place.north - np.arange(place.height, dtype=np.float32) * 20 - 10))[:, None]
    u, v = x / (_EAST - _WEST), y / (_NORTH - _SOUTH)
    river, creek = _distances(place, rng)
    shape = (place.height, place.width)
    rough, fine = fractal(rng, shape, 150, 2.6), fractal(rng, shape, 40, 2.4)
    height = np.minimum(5 * (river / 1000) ** 1.2, 1.2 + 12 * (creek / 1000) ** 1.1) + 2.0 * rough + 0.12 * fine
    height = np.maximum(height, 0.4 + 0.1 * fine)
    stage = 2.0 + 3.2 * np.exp(-((u - 0.48) ** 2 + (v - 0.36) ** 2) / 0.05)
    cover = _cover((u, v), (x, y), np.minimum(river, creek * 1.5), (rough, fine), rng)
    cover[(river < 70) | (creek < 14)] = WATER
    drift = np.stack([_bounded(fractal(rng, shape, 60, 2.8)) for _ in range(3)])
    return Ground(cover, (stage - height).astype(np.float32), drift, 0.5 + 0.5 * _bounded(fractal(rng, shape, 160, 3.0)), fine)


def fractal(rng: np.random.Generator, shape: tuple[int, int], scale: float, slope: float) -> Array:
    """Random field of mean 0 and deviation 1 whose amplitude falls as frequency to ``-slope`` beyond one wave per ``scale`` pixels."""
    from scipy.fft import irfft2, rfft2, rfftfreq

    rows, cols = np.fft.fftfreq(shape[0])[:, None], rfftfreq(shape[1])[None, :]
    weight = (1 + (scale**2) * (rows**2 + cols**2)).astype(np.float32) ** np.float32(-slope / 2)
    waves: Any = rfft2(rng.standard_normal(shape, np.float32))
    field: Any = irfft2(waves * weight, s=shape)
    drawn: Array = ((field - field.mean()) / field.std()).astype(np.float32)
    return drawn


def _bounded(field: Array) -> Array:
    """Spread a normal field evenly over −1 … 1."""
    from scipy.special import erf

    spread: Array = erf(field / np.float32(np.sqrt(2))).astype(np.float32)
    return spread


def _distances(place: Window, rng: np.random.Generator) -> tuple[Array, Array]:
    """Metres to the nearest main river and to the nearest creek, drawn on a margin so that rivers outside still count."""
    from scipy.ndimage import distance_transform_edt

    margin = 100
    dry = np.ones((2, place.height + 2 * margin, place.width + 2 * margin), bool)
    for kind, amplitude, course in _RIVERS:
        east, down = _meander(np.array(course), amplitude, rng)
        cols = ((east + _WEST - place.west) / 20 + margin).astype(int)
        rows = ((down - (_NORTH - place.north)) / 20 + margin).astype(int)
        seen = (rows >= 0) & (rows < dry.shape[1]) & (cols >= 0) & (cols < dry.shape[2])
        dry[kind, rows[seen], cols[seen]] = False
    inner = (slice(margin, -margin), slice(margin, -margin))
    far: list[Array] = [np.asarray(distance_transform_edt(one)) if not one.all() else np.full(one.shape, 5e3) for one in dry]
    return (20 * far[MAIN][inner]).astype(np.float32), (20 * far[CREEKS][inner]).astype(np.float32)


def _meander(course: Array, amplitude: float, rng: np.random.Generator) -> tuple[Array, Array]:
    """A smooth winding line through the course: metres east and down of the box's corner, a point every 10 m or so."""
    from scipy.interpolate import PchipInterpolator
    from scipy.ndimage import gaussian_filter1d

    points = course * (_EAST - _WEST, _NORTH - _SOUTH)
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    s = np.arange(0, along[-1], 8.0)
    east, down = (gaussian_filter1d(PchipInterpolator(along, points[:, axis])(s), 75, mode="nearest") for axis in (0, 1))
    normal = np.stack([-np.gradient(down), np.gradient(east)])
    normal /= np.maximum(np.hypot(*normal), 1e-6)
    sway = sum(
        weight * np.sin(2 * np.pi * s / length + rng.uniform(0, 6.3)) for weight, length in ((0.7, 5300), (0.45, 2900), (0.12, 1100))
    )
    return east + normal[0] * amplitude * sway, down + normal[1] * amplitude * sway


def _cover(
    place: tuple[Array, Array], metres: tuple[Array, Array], river: Array, noise: tuple[Array, Array], rng: np.random.Generator
) -> Array:
    """Forest on the western and northern hills, towns in the south-east, fields between."""
    (u, v), (rough, fine) = place, noise
    hills = 1.6 * np.exp(-(((u + 0.02) / 0.11) ** 2)) + 1.5 * np.exp(-(((v + 0.04) / 0.2) ** 2)) + 0.5 * rough - 0.6 * np.exp(-river / 900)
    towns = 1.3 / (1 + np.exp(-(u + v - 1.35) * 9)) + np.exp(-(((u - 0.2) ** 2 + (v - 0.85) ** 2) / 0.006)) + 0.45 * fine
    towns = towns + np.exp(-(((u - 0.42) ** 2 + (v - 0.42) ** 2) / 0.0009)) - np.exp(-river / 500)
    cover = _fields(*metres, rng)
    cover[(fine > 1.3) & (rough > -0.3)] = SCRUB
    cover[towns > 0.75] = URBAN
    cover[hills > 0.7] = FOREST
    return cover


def _fields(x: Array, y: Array, rng: np.random.Generator) -> Array:
    """Paddocks: rows of rectangles, turned and bent, each with one use."""
    turned = 0.9 * x + 0.43 * y + 350 * np.sin(y / 2100) + 200 * np.sin(x / 1500), 0.9 * y - 0.43 * x + 300 * np.sin(x / 2500)
    row = np.floor(turned[1] / 640).astype(np.int64)
    col = np.floor((turned[0] + (row * 137) % 390) / (430 + 170 * ((row * 7) % 3))).astype(np.int64)
    table = rng.random(65536, np.float32)
    draw = table[(row * 7919 + col * 104729) % 65536]
    edges = np.cumsum([share for _, share in _FIELD_SHARES])[:-1]
    uses: Array = np.array([use for use, _ in _FIELD_SHARES], np.uint8)[np.searchsorted(edges, draw)]
    return uses
