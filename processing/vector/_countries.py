"""Countries by code and name, and whether a place lies in one: by the boxes that come with the package, or by boundaries of the user's."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from earthweave.ontology import CRS84, Crs, ParameterError
from earthweave.ontology.geometry import distance_m

from ..raster import project
from ._layers import gdal_settings

_TABLE = Path(__file__).parent / "data" / "countries.toml"
_DEGREE = 111.2
"""Kilometres of a degree of latitude."""
_HEADS = {".gpkg": b"SQLite format 3\x00", ".geojson": b"{", ".shp": b"\x00\x00\x27\x0a"}
"""First bytes by suffix. GDAL goes by content, and a virtual format under one of these names would read other files, or the network."""
_OFFLINE = {"GDAL_HTTP_PROXY": "127.0.0.1:9"}
"""A proxy that is none: GDAL would fetch the CRS of a GeoJSON file from any address that the file names."""
_BLANK = b"\xef\xbb\xbf \t\r\n"
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Countries:
    """Where countries lie.

    Attributes:
        codes: name or code in small letters → ISO 3166-1 alpha-2.
        boxes: alpha-2 → west, south, east, north of its parts, degrees.
        outlines: alpha-2 → polygons, lon lat; empty if only the boxes are known.
    """

    codes: Mapping[str, str]
    boxes: Mapping[str, tuple[Box, ...]]
    outlines: Mapping[str, Any] = field(default_factory=dict)

    def code(self, text: str | None) -> str | None:
        """The alpha-2 code for a code or English name; None if there is none."""
        return self.codes.get(text.strip().casefold()) if text else None

    def holds(self, code: str, lon: float, lat: float, tolerance: float) -> bool:
        """Whether a place lies in a country, or at most ``tolerance`` kilometres beside it."""
        if not any(_near(box, lon, lat, tolerance) for box in self.boxes.get(code, ())):
            return False
        return code not in self.outlines or _off(self.outlines[code], lon, lat) <= tolerance


@lru_cache(maxsize=1)
def countries() -> Countries:
    """The countries that come with the package."""
    table = tomllib.loads(_TABLE.read_text("utf-8"))
    codes: dict[str, str] = {}
    for code, (alpha3, names, _) in table["countries"].items():
        codes |= dict.fromkeys((text.casefold() for text in (code, alpha3, *names)), code)
    codes |= {alias.casefold(): code for alias, code in table["aliases"].items()}
    return Countries(codes, {code: tuple(map(tuple, row[2])) for code, row in table["countries"].items()})


def with_boundaries(path: Path) -> Countries:
    """The same, checked against the polygons of a vector file as well, whose codes or names of countries stand in any of its columns.

    Raises `ParameterError` if the file cannot be read or no column names countries.
    """
    import shapely
    from pyogrio.errors import DataLayerError, DataSourceError
    from pyogrio.raw import read

    known = countries()
    head = _HEADS.get(path.suffix.lower())
    if head is None:
        raise _refused(path, f"its name ends in none of {', '.join(_HEADS)}")
    try:
        with path.open("rb") as stream:
            if not stream.read(64).lstrip(_BLANK).startswith(head):
                raise _refused(path, "it is not what its suffix says")
        with gdal_settings(_OFFLINE):
            meta, _, wkb, fields = read(path)
    except (OSError, DataSourceError, DataLayerError) as error:
        raise _refused(path, "it cannot be read as vector data") from error
    found = [[known.code(value) if isinstance(value, str) else None for value in column] for column in fields]
    best = max(found, key=lambda column: len(column) - column.count(None), default=[])
    if wkb is None or not any(best):
        raise _refused(path, "no column holds codes or names of countries")
    crs, parts = Crs.parse(meta["crs"] or "CRS84"), dict[str, list[Any]]()
    for code, shape in zip(best, shapely.make_valid(shapely.from_wkb(wkb)), strict=True):
        if code and shape is not None:
            parts.setdefault(code, []).append(project(shape, crs, CRS84))
    return Countries(known.codes, known.boxes, {code: np.array(rows, object) for code, rows in parts.items()})


def _near(box: Box, lon: float, lat: float, tolerance: float) -> bool:
    west, south, east, north = box
    up = tolerance / _DEGREE
    aside = up / max(np.cos(np.radians(lat)), 0.01)
    return bool(west - aside <= lon <= east + aside and south - up <= lat <= north + up)


def _off(outlines: Any, lon: float, lat: float) -> float:
    """Kilometres from a place to the nearest of some polygons, on the ellipsoid."""
    import shapely

    place = shapely.Point(lon, lat)
    return 0.0 if shapely.intersects(outlines, place).any() else float(np.min(distance_m(outlines, place))) / 1000


def _refused(path: Path, why: str) -> ParameterError:
    return ParameterError(
        f"boundaries = {path.name} cannot be used",
        why=why,
        way_out="give polygons of countries with a column of ISO codes or English names",
    )
