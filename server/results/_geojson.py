"""Writes an Arrow table of RDF terms as GeoJSON (RFC 7946: CRS84, longitude before latitude, exterior rings counter-clockwise).

Which column holds the geometry is found by datatype, not by name or place. The answer itself knows in which axis order each literal is
to be read (`earthweave.server.store.Answer.geometry`). For the endpoint a query worker has read them; no parser sees them here.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import shapely

from earthweave.ontology import XSD, ParameterError
from earthweave.ontology.geometry import FORMS, GeometryColumn
from earthweave.server.store import Answer, Notice

from ._table import cells

_WHOLE = frozenset(
    str(XSD[name])
    for name in (
        "integer", "int", "long", "short", "byte", "nonNegativeInteger", "positiveInteger", "negativeInteger", "nonPositiveInteger",
        "unsignedLong", "unsignedInt", "unsignedShort", "unsignedByte",
    )
)
_REAL = frozenset(str(XSD[name]) for name in ("decimal", "double", "float"))
_EXACT = 2**53


@dataclass(frozen=True)
class Features:
    """GeoJSON or KML, and what must be said about it."""

    content: bytes
    notices: tuple[Notice, ...]


def _value(kind: str, value: str, datatype: str | None, language: str | None) -> Any:
    """The JSON value of a term: numbers where a double holds them exactly enough, else the lexical form."""
    if datatype in _WHOLE or datatype in _REAL:
        try:
            number = int(value) if datatype in _WHOLE else float(value)
        except ValueError:
            return value
        return number if math.isfinite(number) and abs(number) < _EXACT else value
    if datatype == str(XSD.boolean):
        return {"true": True, "1": True, "false": False, "0": False}.get(value, value)
    return f"_:{value}" if kind == "bnode" else value


def _is_geometry(kind: str, value: str, datatype: str | None, language: str | None) -> bool:
    return datatype in FORMS


def picked(answer: Answer, wanted: str | None) -> tuple[str | None, list[Notice]]:
    """The geometry column to show, and what to say of the choice; raises `ParameterError` if ``wanted`` is none."""
    found = answer.geometry_variables
    if wanted and wanted not in found:
        way_out = f"choose one of {', '.join(found)}" if found else "select a variable that holds geometry literals, such as geo:wktLiteral"
        raise ParameterError(f"?{wanted[:60]} is no geometry column", way_out=way_out)
    if not found:
        return None, [Notice("no-geometry", "the query returns no geometry: select a variable that holds the geo:asWKT of each row")]
    if wanted or len(found) == 1:
        return wanted or found[0], []
    others = ", ".join(f"?{name}" for name in found[1:])
    told = f"the map shows ?{found[0]}; {others} remain as text (add geometry=NAME to choose another)"
    return found[0], [Notice("several-geometries", told)]


def explained(answer: Answer, name: str, column: GeometryColumn) -> Iterator[Notice]:
    """Say which rows have no geometry, and whether an axis order was mended (where the store has not said it already)."""
    present = cells(answer.table[name], _is_geometry, False)
    if missing := len(present) - sum(present):
        yield Notice("rows-without-geometry", f"{missing} of {len(present)} rows have no geometry")
    if unread := [problem for problem in column.problems if present[problem.index]]:
        first = f"row {unread[0].index + 1}: {unread[0].reason}"
        yield Notice("unreadable-geometry", f"{len(unread)} of {len(present)} geometries could not be read; {first}")
    if (turned := len(answer.lonlat.get(name, ()))) and all(notice.code != "axis-order" for notice in answer.notices):
        told = f"{turned} of {len(present)} geometries were read longitude first under a latitude-first CRS, as their source proved"
        yield Notice("axis-order", told)


def _write(geometries: Any) -> list[str]:
    """GeoJSON text per geometry; ``null`` for none and for an empty one."""
    usable = ~(shapely.is_missing(geometries) | shapely.is_empty(geometries))
    texts = np.full(len(geometries), "null", dtype=object)
    texts[usable] = shapely.to_geojson(shapely.orient_polygons(geometries[usable], exterior_cw=False))
    return list(texts)


def to_geojson(answer: Answer, *, geometry: str | None = None) -> Features:
    """Write a table as a FeatureCollection, one feature per row.

    Properties bear the names of the variables. Numbers are numbers, booleans booleans, IRIs and everything else text, unbound null.
    The notices of the store and those found here stand in the foreign member ``earthweave``. ``geometry`` names the column to show
    where several hold geometries, the first by default; raises `ParameterError` if it is none of them.
    """
    table = answer.table
    chosen, found = picked(answer, geometry)
    shapes, bounds = ["null"] * table.num_rows, np.full(4, np.nan)
    if chosen is not None:
        column = answer.geometry(chosen)
        found.extend(explained(answer, chosen, column))
        shapes, bounds = _write(column.geometries), shapely.total_bounds(column.geometries)
    told = (*answer.notices, *found)
    head: dict[str, Any] = {
        "type": "FeatureCollection", "numberReturned": table.num_rows,
        "earthweave": {"geometry": chosen, "truncated": answer.truncated, "notices": [{"code": n.code, "text": n.text} for n in told]},
    }
    if np.isfinite(bounds).all():
        head["bbox"] = [float(bound) for bound in bounds]
    features = ",\n".join(_features(table.drop_columns([chosen] if chosen else []), shapes))
    return Features(f'{json.dumps(head, ensure_ascii=False)[:-1]},"features":[\n{features}]}}\n'.encode(), told)


def _features(table: pa.Table, shapes: Sequence[str]) -> Iterator[str]:
    columns = [cells(column, _value, None) for column in table.columns]
    for row, shape in enumerate(shapes):
        properties = {name: column[row] for name, column in zip(table.column_names, columns, strict=True)}
        yield f'{{"type":"Feature","properties":{json.dumps(properties, ensure_ascii=False)},"geometry":{shape}}}'
