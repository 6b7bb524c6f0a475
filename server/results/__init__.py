"""Answers in every result format: tables from Arrow, graphs through pyoxigraph, features for maps."""

from ._formats import FORMATS, Format, fitting, named_format, not_acceptable
from ._geojson import Features, to_geojson
from ._kml import to_kml, to_kmz
from ._serialise import Written, rewritten, serialise, write

__all__ = [
    "FORMATS", "Features", "Format", "Written", "fitting", "named_format", "not_acceptable", "rewritten", "serialise",
    "to_geojson", "to_kml", "to_kmz", "write",
]
