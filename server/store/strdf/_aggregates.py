"""Aggregates of stSPARQL: ``strdf:extent``, and ``union``, ``intersection`` and ``ST_MakeLine`` where they have one argument."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import shapely

from earthweave.ontology import GEOF

from ..spatial import POSTGIS, STRDF, grouped
from ..spatial import aggregates as geof
from ._lines import joined_line

Aggregate = Callable[..., Any]


def _common(shapes: Any) -> Any:
    return shapely.intersection_all(shapes)


aggregates: dict[str, Aggregate] = {
    STRDF + "extent": geof[f"{GEOF}aggBoundingBox"], STRDF + "union": geof[f"{GEOF}aggUnion"],
    STRDF + "intersection": grouped("intersection", _common, "strdf"),
    POSTGIS + "ST_MakeLine": grouped("ST_MakeLine", joined_line, "postgis"),
}
"""IRI → aggregate of the context, ids of the values, the group number of each, and the number of groups."""
AGGREGATES_OF_ONE = frozenset(aggregates)
"""IRIs that are aggregates when they are called with one argument, and functions otherwise."""
