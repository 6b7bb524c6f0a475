"""Media types of files by their names; nothing here that a browser would run."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath

BINARY = "application/octet-stream"
_TYPES = {
    ".tif": "image/tiff; application=geotiff",
    ".tiff": "image/tiff; application=geotiff",
    ".nc": "application/x-netcdf",
    ".jp2": "image/jp2",
    ".png": "image/png",
    ".zip": "application/zip",
    ".shp": "application/vnd.shp",
    ".shx": "application/vnd.shx",
    ".dbf": "application/vnd.dbf",
    ".prj": "text/plain; charset=utf-8",
    ".cpg": "text/plain; charset=utf-8",
    ".gpkg": "application/geopackage+sqlite3",
    ".geojson": "application/geo+json",
    ".json": "application/json",
    ".csv": "text/csv; charset=utf-8",
    ".parquet": "application/vnd.apache.parquet",
    ".ttl": "text/turtle; charset=utf-8",
    ".nt": "application/n-triples",
    ".qml": "application/vnd.qgis.style+xml",
    ".pbf": "application/vnd.openstreetmap.data+pbf",
}
_RECORDS = {"item.json": "application/geo+json"}
"""Ends of names that say more than the suffix: a STAC item is GeoJSON."""


def media_type(name: str) -> str:
    """The media type of a file; ``application/octet-stream`` where the name tells nothing."""
    known = next((found for end, found in _RECORDS.items() if name.endswith(end)), None)
    return known or _TYPES.get(PurePath(name).suffix.lower(), BINARY)


def media_types(suffixes: Iterable[str]) -> tuple[str, ...]:
    """The media types that belong to some suffixes, each once."""
    return tuple(dict.fromkeys(_TYPES[suffix] for suffix in suffixes if suffix in _TYPES))


def suffix_of(media: str, suffixes: Iterable[str]) -> str | None:
    """The one of some suffixes that has this media type; parameters of it do not count."""
    wanted = bare(media)
    return next((suffix for suffix in suffixes if bare(_TYPES.get(suffix, "")) == wanted), None)


def bare(media: str) -> str:
    """A media type without its parameters."""
    return media.partition(";")[0].strip().lower()


def is_json(media: str) -> bool:
    """True for JSON and what is written in it."""
    return bare(media) == "application/json" or bare(media).endswith("+json")
