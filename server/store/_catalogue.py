"""Names of the functions that the store offers in ``geof:`` (OGC GeoSPARQL 1.1, 22-047r1, §8.7–8.9 and Annex A)."""

from __future__ import annotations

from earthweave.ontology.geometry import RELATIONS, SLIPS

MEASURES = ("distance", "metricDistance", "area", "metricArea", "length", "metricLength", "perimeter", "metricPerimeter")
BUILDERS = (
    "buffer", "metricBuffer", "convexHull", "concaveHull", "boundingCircle", "envelope", "boundary", "centroid",
    "union", "intersection", "difference", "symDifference", "geometryN", "transform",
)
QUESTIONS = (
    "relate", "isEmpty", "isSimple", "isValid", "is3D", "isMeasured", "dimension", "coordinateDimension", "spatialDimension",
    "numGeometries", "geometryType", "getSRID", "minX", "minY", "minZ", "maxX", "maxY", "maxZ",
)
WRITERS = ("asWKT", "asGML", "asGeoJSON", "asKML")
AGGREGATES = ("aggUnion", "aggBoundingBox", "aggBoundingCircle", "aggConvexHull", "aggConcaveHull", "aggCentroid")
FUNCTIONS = frozenset({*RELATIONS, *MEASURES, *BUILDERS, *QUESTIONS, *WRITERS, *AGGREGATES})
"""Every local name that can be called."""
ALIASES = SLIPS
"""Slips in published queries, and what they mean."""
