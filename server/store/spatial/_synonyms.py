"""Functions of other vocabularies that are those of ``geof:`` under another name: Strabon's, in ``strdf:`` and in PostGIS' namespace.

Source: the functions of stSPARQL as Strabon 3.3 lists them (vocab/GeoConstants); relations are those of Simple Features there too.
"""

from __future__ import annotations

STRDF = "http://strdf.di.uoa.gr/ontology#"
POSTGIS = "http://postgis.net/"
_RELATIONS = ("Equals", "Disjoint", "Intersects", "Touches", "Within", "Contains", "Overlaps", "Crosses")
_SAME = (
    "relate", "union", "buffer", "envelope", "convexHull", "boundary", "intersection", "difference", "symDifference", "transform",
    "distance", "dimension", "asGML", "isEmpty", "isSimple",
)
SYNONYMS: dict[str, str] = {
    **{STRDF + name.lower(): f"sf{name}" for name in _RELATIONS},
    **{STRDF + name: name for name in _SAME},
    STRDF + "srid": "getSRID",
    POSTGIS + "ST_Centroid": "centroid",
}
"""IRI → local name in ``geof:``."""
BOXED = frozenset(STRDF + name for name in ("mbbIntersects", "mbbContains", "mbbWithin", "mbbEquals"))
"""Relations of bounding boxes that hold only where the boxes meet."""
