"""Nine simulated administrative units around the exercise's polygon, in the fields of GADM level 2 (the third order, after state)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ._safe import simulator

Array = np.ndarray[Any, Any]

UNIT_NAMES: tuple[str, ...] = (
    "Baulkham Hills - Central",
    "Baulkham Hills - North",
    "Blacktown - North",
    "Blacktown - South-East",
    "Blacktown - South-West",
    "Blue Mountains",
    "Hawkesbury",
    "Penrith - East",
    "Penrith - West",
)
"""The units that the exercise's second query finds."""
_WEST, _NORTH, _WIDTH, _HEIGHT = 150.6266, -33.49, 0.3254, 0.305
_SEEDS = (
    (0.92, 0.90), (1.1, 0.45), (0.6, 0.65), (0.72, 1.0), (0.55, 1.0), (-0.2, 0.8), (0.4, 0.1), (0.38, 0.9), (0.18, 0.8),
)  # fmt: skip
"""A point inside each unit, in fractions of the polygon's box (right, down)."""
_NODES = {
    "nw": (-0.75, -0.85), "ne": (1.55, -0.85), "se": (1.55, 1.7), "sw": (-0.75, 1.7),
    "west": (-0.75, 0.40), "east": (1.55, -0.1), "east2": (1.55, 0.65),
    "south1": (-0.15, 1.7), "south2": (0.22, 1.7), "south3": (0.50, 1.7), "south4": (0.72, 1.7), "south5": (1.0, 1.7),
    "a": (0.05, 0.52), "b": (0.27, 0.56), "c": (0.475, 0.50), "d": (0.72, 0.46), "e": (0.71, 0.24), "f": (0.135, 0.70),
    "g": (0.12, 1.0), "h": (0.49, 0.80), "i": (0.61, 0.82), "j": (0.80, 0.80), "k": (0.79, 0.62), "l": (1.0, 0.62),
}  # fmt: skip
_BORDERS = (
    "west a", "a b", "b c", "c d", "d e", "e east", "a f", "f g", "g south1", "b south2", "c h", "h south3", "h i", "i j", "i south4",
    "d k", "k j", "j south5", "k l", "l east2", "nw ne", "ne east", "east east2", "east2 se", "se south5", "south5 south4",
    "south4 south3", "south3 south2", "south2 south1", "south1 sw", "sw west", "west nw",
)  # fmt: skip
"""Each border once, from node to node, so that neighbours share its every vertex."""


def admin_units(folder: Path, *, seed: int = 9) -> Path:
    """Write nine *simulated* level-3 units as a GeoPackage and return it; they cover the exercise's polygon and reach beyond it.

    Layer ``ADM_ADM_2``, polygons in EPSG:4326 (x = longitude), fields as in GADM (GID_0, NAME_0 … GID_2, NAME_2, TYPE_2, ENGTYPE_2) plus
    SIMULATED = 1 and SIMULATOR. Only the names are real; the borders were drawn by chance.
    """
    from pyogrio.raw import write

    units = _polygons(np.random.default_rng(seed))
    count = len(UNIT_NAMES)
    columns: dict[str, list[Any]] = {
        "GID_0": ["AUS"] * count,
        "NAME_0": ["Australia"] * count,
        "GID_1": ["AUS.5_1"] * count,
        "NAME_1": ["New South Wales"] * count,
        "GID_2": [f"AUS.5.SIM{number}_1" for number in range(1, count + 1)],
        "NAME_2": list(UNIT_NAMES),
        "TYPE_2": ["Simulated unit"] * count,
        "ENGTYPE_2": ["Simulated unit"] * count,
        "SIMULATOR": [simulator()] * count,
    }
    data = [np.array(column, object) for column in columns.values()] + [np.ones(count, np.int32)]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "simulated_units.gpkg"
    path.unlink(missing_ok=True)
    write(
        path,
        geometry=units,
        field_data=data,
        fields=np.array([*columns, "SIMULATED"], object),
        layer="ADM_ADM_2",
        driver="GPKG",
        geometry_type="MultiPolygon",
        promote_to_multi=True,
        crs="EPSG:4326",
    )
    return path


def _polygons(rng: np.random.Generator) -> Array:
    """WKB of the units, in the order of the names."""
    import shapely

    ends = [[np.array(_NODES[name]) for name in border.split()] for border in _BORDERS]
    lines = [shapely.LineString(_border(start, end, rng)) for start, end in ends]
    faces = shapely.get_parts(shapely.polygonize(lines))
    points = np.array(_SEEDS) * (_WIDTH, -_HEIGHT) + (_WEST, _NORTH)
    chosen = [faces[shapely.contains_xy(faces, *point)][0] for point in points]
    return np.array([shapely.to_wkb(shapely.multipolygons([face])) for face in chosen], object)


def _border(start: Array, end: Array, rng: np.random.Generator) -> Array:
    """A crooked line by midpoint displacement, lon lat degrees."""
    line = np.stack([start, end])
    for _ in range(7):
        step = np.diff(line, axis=0)
        middle = line[:-1] + step / 2 + step[:, ::-1] * (1, -1) * rng.uniform(-0.1, 0.1, (len(step), 1))
        line = np.insert(line, np.arange(1, len(line)), middle, axis=0)
    return np.round(line * (_WIDTH, -_HEIGHT) + (_WEST, _NORTH), 8)
