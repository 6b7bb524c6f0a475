"""Coordinate reference systems with their axis order in the type.

Axis order follows the IRI (OGC GeoSPARQL 1.1, 22-047r1, §8.5.1; OGC 09-048r5 for the IRIs): none means CRS84, lon lat;
``…/EPSG/0/4326`` is lat lon, as EPSG defines it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import pyproj
from pyproj.exceptions import CRSError

from ._errors import CrsError

_IRI = re.compile(r"^https?://www\.opengis\.net/def/crs/(?P<authority>[A-Za-z]+)/(?P<version>[\d.]+)/(?P<code>\w+)$")
_URN = re.compile(r"^urn:(?:x-)?ogc:def:crs:(?P<authority>[A-Za-z]+):[^:]*:(?P<code>\w+)$")
_SHORT = re.compile(r"^(?:(?P<authority>\w+):)?(?P<code>\w+)$", re.ASCII)
"""PROJ is not asked about anything else, because it takes long over what is no name."""
_SHOWN = 100
_POLAR = (("north", "north"), ("south", "south"))


class Axis(StrEnum):
    """The order in which coordinates are written: easting or longitude first, or northing or latitude first."""

    XY = "xy"
    YX = "yx"


@lru_cache(maxsize=256)
def _pyproj_crs(authority: str, code: str) -> pyproj.CRS:
    try:
        found = pyproj.CRS.from_authority(authority, code)
    except CRSError as error:
        raise _unknown(f"{authority}:{code}", str(error).splitlines()[0]) from error
    if found.is_vertical:
        raise CrsError(f"{authority}:{code} has heights only", why="places need a horizontal system", way_out="use a CRS such as EPSG:4326")
    return found


def _unknown(name: str, why: str) -> CrsError:
    shown = name if len(name) <= _SHOWN else name[:_SHOWN] + "…"
    way_out = "use an IRI such as http://www.opengis.net/def/crs/EPSG/0/32756, or EPSG:32756"
    return CrsError(f"unknown coordinate reference system {shown}", why=why, way_out=way_out)


@dataclass(frozen=True)
class Crs:
    """A coordinate reference system, named by authority and code.

    Attributes:
        authority: ``OGC`` or ``EPSG`` (any that PROJ knows).
        code: ``CRS84``, ``4326``, ``32756`` …
    """

    authority: str
    code: str

    @classmethod
    def parse(cls, text: str) -> Crs:
        """Read an OGC IRI or URN, ``EPSG:n`` or ``CRS84``; raise `CrsError` for anything else."""
        name = text.strip("<> ")
        match = _IRI.match(name) or _URN.match(name)
        short = None if match else _SHORT.match(text.strip().upper())
        if match:
            found = cls(match["authority"].upper(), match["code"])
        elif short:
            found = cls(short["authority"] or "OGC", short["code"])
        else:
            raise _unknown(text, "it is no name of one")
        _pyproj_crs(found.authority, found.code)
        return found

    @property
    def iri(self) -> str:
        """The OGC IRI, e.g. ``http://www.opengis.net/def/crs/EPSG/0/4326``."""
        version = "1.3" if self.authority == "OGC" else "0"
        return f"http://www.opengis.net/def/crs/{self.authority}/{version}/{self.code}"

    @property
    def pyproj(self) -> pyproj.CRS:
        """The same system for PROJ (authority axis order; pass ``always_xy=True`` to get x y)."""
        return _pyproj_crs(self.authority, self.code)

    @property
    def axis(self) -> Axis:
        """The order in which this authority writes coordinates.

        Around a pole both axes point the same way, and their names tell. Systems of westings or southings count as XY: PROJ takes
        them as they are written, also with ``always_xy``.
        """
        axes = self.pyproj.axis_info[:2]
        directions, names = tuple(axis.direction for axis in axes), tuple(axis.name for axis in axes)
        polar = directions in _POLAR and names == ("Northing", "Easting")
        return Axis.YX if polar or directions == ("north", "east") else Axis.XY

    @property
    def geographic(self) -> bool:
        """True if the coordinates are degrees."""
        return bool(self.pyproj.is_geographic)

    @property
    def latitude_first(self) -> bool:
        """True for degrees with latitude before longitude, such as EPSG:4326: the order that much published data does not keep."""
        return self.geographic and self.axis is Axis.YX

    def __str__(self) -> str:
        return f"{self.authority}:{self.code}"


CRS84 = Crs("OGC", "CRS84")
"""Longitude, latitude in degrees on WGS 84: what we write unless asked."""
EPSG4326 = Crs("EPSG", "4326")
"""Latitude, longitude in degrees on WGS 84."""
