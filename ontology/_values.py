"""Value types that cross room borders: boxes, intervals, quantities and geometry literals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from ._crs import CRS84, Crs
from ._errors import InputError


@dataclass(frozen=True)
class BBox:
    """A box of longitudes and latitudes, or of eastings and northings if ``crs`` says so; x before y, always.

    Attributes:
        west, south, east, north: degrees in CRS84 (default), else units of ``crs``.
    """

    west: float
    south: float
    east: float
    north: float
    crs: Crs = CRS84

    def __post_init__(self) -> None:
        if self.south > self.north:
            raise InputError(f"bounding box with south {self.south} above north {self.north}", way_out="order is west, south, east, north")

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """``(west, south, east, north)``, the order of GeoJSON, STAC and shapely."""
        return self.west, self.south, self.east, self.north


@dataclass(frozen=True)
class Interval:
    """A half-open interval of time ``[start, end)`` with time zones; an instant has ``start == end``."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise InputError("an interval needs time zones", way_out="write 2021-03-15T00:02:41Z, or datetime(…, tzinfo=timezone.utc)")
        if self.end < self.start:
            raise InputError(f"the interval ends ({self.end.isoformat()}) before it starts ({self.start.isoformat()})")

    @classmethod
    def parse(cls, start: str, end: str | None = None) -> Interval:
        """Read ISO 8601 texts; times without a zone are UTC. Raises `ValueError` for what is no time of the years 1 to 9999 in UTC."""
        return cls(_utc(start), _utc(end or start))

    @property
    def texts(self) -> tuple[str, str]:
        """Both ends as ``xsd:dateTime`` in UTC, ``2021-03-15T00:02:41Z``."""
        return _text(self.start), _text(self.end)


def _utc(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError as error:
        raise ValueError(f"{text} lies beyond the calendar in UTC") from error


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


@dataclass(frozen=True)
class Quantity:
    """A number with a unit (a UCUM code such as ``km2``, ``har`` for hectares, ``ug/m3``, or ``1``)."""

    value: float
    unit: str


@dataclass(frozen=True)
class GeometryLiteral:
    """A geometry as RDF writes it: the lexical form, with its CRS IRI in front if it has one.

    Attributes:
        lexical: e.g. ``<http://www.opengis.net/def/crs/EPSG/0/4326> POINT(-33.6 150.8)``.
        datatype: IRI, ``geo:wktLiteral`` unless said.
    """

    lexical: str
    datatype: str = "http://www.opengis.net/ont/geosparql#wktLiteral"
