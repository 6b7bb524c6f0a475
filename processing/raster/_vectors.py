"""Write vector files feature by feature while the features are still being made, with fiona and a schema that is fixed beforehand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from earthweave.ontology import CRS84, Crs, ParameterError
from earthweave.ontology.geometry import reproject

from ._polygons import DRIVERS, MEDIA, vector_suffix

Array = np.ndarray[Any, Any]
Write = Callable[[Array, Mapping[str, Array]], None]
NAME = 10
"""Most characters that a shapefile keeps of the name of a field."""


def vector_crs(path: Path, crs: Crs) -> Crs:
    """The CRS that a vector file of this suffix will be in: that of the data, or lon lat for GeoJSON (RFC 7946)."""
    return CRS84 if path.suffix.lower() == ".geojson" else crs


@contextmanager
def create_vector(path: Path, crs: Crs, layer: str, fields: Mapping[str, str]) -> Iterator[Write]:
    """Create ``.shp``, ``.gpkg`` or ``.geojson`` for polygons of ``crs``; yields ``write(polygons, columns)``, which may be called often.

    ``fields`` are fiona's types by name (``int32``, ``float``, ``str:20`` …). Raises `ParameterError` for another suffix, and for
    names that a shapefile would cut.
    """
    import fiona

    suffix = vector_suffix(path)
    long = [name for name in fields if len(name) > NAME and suffix == ".shp"]
    if long:
        raise ParameterError(
            f"field {long[0]} does not fit into a shapefile",
            why=f"its names have {NAME} characters at most",
            way_out="give a shorter name, or .gpkg",
        )
    target = vector_crs(path, crs)
    options: dict[str, Any] = {"RFC7946": "YES"} if suffix == ".geojson" else {}
    schema = {"geometry": "Polygon", "properties": dict(fields)}
    with fiona.open(path, "w", driver=DRIVERS[suffix], schema=schema, crs=str(target), layer=layer, **options) as file:

        def write(polygons: Array, columns: Mapping[str, Array]) -> None:
            placed = polygons if target == crs else reproject(polygons, crs, target)
            file.writerecords(_records(placed, columns))

        yield write


def media_type(path: Path) -> str:
    """The media type of a vector file by its suffix."""
    return MEDIA[vector_suffix(path)]


def _records(polygons: Array, columns: Mapping[str, Array]) -> Iterator[Any]:
    """Features; made as fiona's own objects, else it turns each mapping into them twice."""
    from fiona.model import Feature, Geometry

    _, points, (rings, parts) = shapely.to_ragged_array(polygons)
    places, rings = points[:, :2], rings.tolist()
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    for row, (first, last) in zip(rows, pairwise(parts.tolist()), strict=True):
        # ring by ring: many small lists alive at once keep the garbage collector busy
        outline = [places[start:stop].tolist() for start, stop in pairwise(rings[first : last + 1])]
        # plain properties: fiona copies its own at every look at one of them
        yield Feature(geometry=Geometry(coordinates=outline, type="Polygon"), properties=dict(zip(columns, row, strict=True)))
