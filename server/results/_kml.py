"""Writes a table as KML 2.2 (OGC 12-007r2): a placemark per row, other columns as extended data, times as time primitives; also zipped."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import shapely

from earthweave.ontology import XSD
from earthweave.ontology.geometry import write_literals
from earthweave.server.store import Answer

from ._geojson import Features, explained, picked
from ._table import cells, xml_attribute, xml_text
from ._told import comment

KML = "http://www.opengis.net/kml/2.2"
_INSTANTS = frozenset({str(XSD.dateTime), str(XSD.date)})
_PERIOD = "http://strdf.di.uoa.gr/ontology#period"
_BOUNDS = re.compile(r"\[\s*([^,\s]+)\s*,\s*([^,\s]+?)\s*[\])]")
_FIRST = zipfile.ZipInfo("doc.kml", date_time=(1980, 1, 1, 0, 0, 0))


def to_kml(answer: Answer, *, geometry: str | None = None) -> Features:
    """Write a table as KML, in CRS84; ``geometry`` names the column to show, as for GeoJSON.

    The first column of xsd:dateTime, xsd:date or strdf:period values becomes TimeStamp or TimeSpan. Raises `NotAcceptableError` for a
    control character that XML 1.0 cannot hold.
    """
    table = answer.table
    chosen, found = picked(answer, geometry)
    shapes = [""] * table.num_rows
    if chosen is not None:
        column = answer.geometry(chosen)
        found.extend(explained(answer, chosen, column))
        shapes = _shapes(column.geometries)
    notices = (*answer.notices, *found)
    marks = "\n".join(_marks(table.drop_columns([chosen] if chosen else []), shapes))
    told = xml_text("\n".join(f"{notice.code}: {notice.text}" for notice in notices))
    description = f"<description>{told}</description>\n" if told else ""
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n{comment(answer)}<kml xmlns="{KML}"><Document><name>Result</name>\n'
    return Features(f"{head}{description}{marks}\n</Document></kml>\n".encode(), notices)


def to_kmz(answer: Answer, *, geometry: str | None = None) -> Features:
    """The same as a zip archive with the one file ``doc.kml`` (12-007r2, annex C)."""
    kml = to_kml(answer, geometry=geometry)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_FIRST, kml.content, zipfile.ZIP_DEFLATED)
    return Features(packed.getvalue(), kml.notices)


def _shapes(geometries: Any) -> list[str]:
    usable = ~(shapely.is_missing(geometries) | shapely.is_empty(geometries))
    written = iter(write_literals(geometries[usable], "kml"))
    return [next(written) if one else "" for one in usable.tolist()]


def _text(kind: str, value: str, datatype: str | None, language: str | None) -> str:
    return xml_text(f"_:{value}" if kind == "bnode" else value)


def _time(kind: str, value: str, datatype: str | None, language: str | None) -> str:
    """A term as a time primitive; empty if it is none."""
    if datatype in _INSTANTS:
        return f"<TimeStamp><when>{xml_text(value)}</when></TimeStamp>"
    bounds = _BOUNDS.fullmatch(value.strip()) if datatype == _PERIOD else None
    if bounds is None:
        return ""
    begin, end = (xml_text(one) for one in bounds.groups())
    return f"<TimeSpan><begin>{begin}</begin><end>{end}</end></TimeSpan>"


def _marks(table: pa.Table, shapes: list[str]) -> Iterator[str]:
    names = [xml_attribute(name) for name in table.column_names]
    columns = [cells(column, _text, None) for column in table.columns]
    timed = (times for column in table.columns if any(times := cells(column, _time, "")))
    times = next(timed, [""] * table.num_rows)
    for row, shape in enumerate(shapes):
        values = ((name, column[row]) for name, column in zip(names, columns, strict=True))
        data = "".join(f"<Data name={name}><value>{value}</value></Data>" for name, value in values if value is not None)
        # the schema fixes this order
        yield f"<Placemark>{times[row]}<ExtendedData>{data}</ExtendedData>{shape}</Placemark>"
