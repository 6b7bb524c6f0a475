"""Names of the functions that the store offers in ``geof:`` (OGC GeoSPARQL 1.1, 22-047r1, §8.7–8.9 and Annex A)."""

from __future__ import annotations

from earthweave.ontology.geometry import RELATIONS

MEASURES = ("distance", "metricDistance", "area", "metricArea", "length", "metricLength", "perimeter", "metricPerimeter")
BUILDERS = (
    "buffer", "metricBuffer", "convexHull", "envelope", "boundary", "centroid",
    "union", "intersection", "difference", "symDifference", "transform",
)
QUESTIONS = (
    "relate", "isEmpty", "isSimple", "is3D", "dimension", "coordinateDimension", "spatialDimension", "numGeometries",
    "geometryType", "getSRID", "asWKT", "asGeoJSON",
)
AGGREGATES = ("aggUnion", "aggBoundingBox", "aggConvexHull", "aggCentroid")
FUNCTIONS = frozenset({*RELATIONS, *MEASURES, *BUILDERS, *QUESTIONS, *AGGREGATES})
"""Every local name that can be called."""
ALIASES = {"sIntersects": "sfIntersects"}
"""Slips in published queries, and what they mean."""
