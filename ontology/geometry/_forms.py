"""Datatypes of geometry literals (OGC 22-047r1, §8.5 to 8.7; stRDF), and columns in which they are mixed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from .. import GEO
from ._block import normalised, read_block
from ._literals import AxisOrder, GeometryColumn, told

_STRDF = "http://strdf.di.uoa.gr/ontology#"
FORMS: Mapping[str, str] = {
    str(GEO.wktLiteral): "wkt",
    str(GEO.gmlLiteral): "gml",
    str(GEO.geoJSONLiteral): "geojson",
    str(GEO.kmlLiteral): "kml",
    f"{_STRDF}WKT": "strdf",
    f"{_STRDF}WktLiteral": "strdf",
    f"{_STRDF}SemiLinearPointSet": "strdf",
    f"{_STRDF}GML": "gml",
}
"""Datatype → form, as `read_block` calls it."""


def read_literals(texts: Sequence[str], datatypes: Sequence[str | None], order: AxisOrder = AxisOrder.STRICT) -> GeometryColumn:
    """Read literals of any datatypes of `FORMS`, each in its form, into CRS84, longitude first; others are None with a problem.

    ``order`` is ``STRICT`` or ``LONLAT``. What is refused one by one: see `read_wkt`.
    """
    found = np.full(len(texts), None, dtype=object)
    problems: dict[int, str] = {}
    forms = np.array([FORMS.get(one or "", "") for one in datatypes], dtype=object)
    for form in sorted(set(forms.tolist())):
        places = np.flatnonzero(forms == form).tolist()
        if not form:
            problems.update((place, "not a geometry literal") for place in places)
            continue
        block = normalised(read_block([texts[place] for place in places], form), order)
        found[places] = block.shapes()
        problems.update((places[one.index], one.reason) for one in block.problems)
    return GeometryColumn(found, told(problems))
