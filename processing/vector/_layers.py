"""Vector layers with attributes, written in pieces: GeoPackage, GeoJSON, shapefile, CSV.

A sheet is what all pieces of a layer have in common; a piece is geometries and columns of equal length. GeoPackage holds all sheets in
one file, the others write a file for each. Geometries are CRS84, longitude first; a sheet without geometry is a table.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

Array = Any
Format = Literal["GPKG", "GeoJSON", "ESRI Shapefile", "CSV"]
MEDIA: dict[str, str] = {
    "GPKG": "application/geopackage+sqlite3",
    "GeoJSON": "application/geo+json",
    "ESRI Shapefile": "application/vnd.shp",
    "CSV": "text/csv",
}
_DBF = 254
"""Bytes that a text in a shapefile can have."""
_UNSYNCHRONISED = {"OGR_SQLITE_SYNCHRONOUS": "OFF"}
"""SQLite does not wait for the disk: the file gets its name when it is whole, and a run that is cut off leaves none."""
_TYPES: dict[str, Any] = {"text": object, "integer": np.int64, "real": np.float64}


@dataclass(frozen=True)
class Sheet:
    """What all rows of a layer have in common.

    Attributes:
        name, title: of the layer.
        columns: name → ``text``, ``integer`` or ``real``; a value that is not there is None.
        geometry: type as Simple Features name it, ``Unknown`` for several, None for a table.
        attribution: sentence that goes into the file.
    """

    name: str
    title: str
    columns: Mapping[str, str]
    geometry: str | None
    attribution: str = ""


class Writer(Protocol):
    """Writes pieces of sheets."""

    cut: int

    def write(self, sheet: Sheet, wkb: Sequence[bytes | None], columns: Sequence[Sequence[Any]]) -> None:
        """Append rows; the first piece of a sheet, which may be empty, makes its layer."""

    def close(self) -> dict[str, Path]:
        """Finish; returns sheet → file."""
        ...


def open_writer(form: Format, folder: Path, stem: str) -> Writer:
    """The writer of a format; ``stem`` names the file that holds all sheets, where one does."""
    if form == "GPKG":
        return _GdalWriter("GPKG", folder, stem)
    if form == "ESRI Shapefile":
        return _GdalWriter(form, folder, None)
    return _TextWriter(folder, _geojson_rows if form == "GeoJSON" else _csv_rows, ".geojson" if form == "GeoJSON" else ".csv")


@contextmanager
def gdal_settings(wanted: Mapping[str, str]) -> Iterator[None]:
    """Settings of pyogrio's GDAL for the length of a block."""
    from pyogrio import get_gdal_config_option, set_gdal_config_options

    before = {name: get_gdal_config_option(name) for name in wanted}
    set_gdal_config_options(dict(wanted))
    try:
        yield
    finally:
        set_gdal_config_options(before)


class _GdalWriter:
    def __init__(self, driver: str, folder: Path, stem: str | None) -> None:
        self._driver, self._folder, self._stem = driver, folder, stem
        self._files: dict[str, Path] = {}
        self.cut = 0

    def write(self, sheet: Sheet, wkb: Sequence[bytes | None], columns: Sequence[Sequence[Any]]) -> None:
        from pyogrio.raw import write

        known = sheet.name in self._files
        path = self._folder / (f"{self._stem}.gpkg" if self._stem else f"{sheet.name}.shp")
        self._files[sheet.name] = path
        options: dict[str, Any] = {} if known else self._creation(sheet)
        with gdal_settings(_UNSYNCHRONISED):
            write(
                path,
                geometry=None if sheet.geometry is None else _objects(wkb),
                field_data=[self._column(values, kind) for values, kind in zip(columns, sheet.columns.values(), strict=True)],
                field_mask=[_missing(values, kind) for values, kind in zip(columns, sheet.columns.values(), strict=True)],
                fields=np.array(list(sheet.columns), object),
                layer=sheet.name,
                driver=self._driver,
                geometry_type=sheet.geometry,
                crs="EPSG:4326" if sheet.geometry else None,
                append=known,
                **options,
            )

    def _creation(self, sheet: Sheet) -> dict[str, Any]:
        if self._stem is None:
            return {"ENCODING": "UTF-8"}
        said = {"layer_metadata": {"ATTRIBUTION": sheet.attribution}} if sheet.attribution else {}
        return {"DESCRIPTION": sheet.title, **said}

    def close(self) -> dict[str, Path]:
        """See `Writer`."""
        return self._files

    def _column(self, values: Sequence[Any], kind: str) -> Array:
        if kind != "text":
            return np.array([0 if value is None else value for value in values], _TYPES[kind])
        return _objects(values if self._stem else [self._short(value) for value in values])

    def _short(self, text: str | None) -> str | None:
        if text is None or len(raw := text.encode()) <= _DBF:
            return text
        self.cut += 1
        return raw[:_DBF].decode("utf-8", "ignore")


class _TextWriter:
    def __init__(self, folder: Path, rows: Any, suffix: str) -> None:
        self._folder, self._rows, self._suffix = folder, rows, suffix
        self._open: dict[str, tuple[Any, Any]] = {}
        self.cut = 0

    def write(self, sheet: Sheet, wkb: Sequence[bytes | None], columns: Sequence[Sequence[Any]]) -> None:
        if sheet.name not in self._open:
            stream = (self._folder / f"{sheet.name}{self._suffix}").open("w", encoding="utf-8", newline="")
            self._open[sheet.name] = stream, self._rows(stream, sheet)
            next(self._open[sheet.name][1])
        self._open[sheet.name][1].send((wkb, columns))

    def close(self) -> dict[str, Path]:
        """See `Writer`."""
        for stream, rows in self._open.values():
            rows.close()
            stream.close()
        return {name: Path(stream.name) for name, (stream, _) in self._open.items()}


def _geojson_rows(stream: Any, sheet: Sheet) -> Any:
    """RFC 7946: longitude first, exteriors counter-clockwise."""
    head = {"type": "FeatureCollection", "name": sheet.name, "title": sheet.title, "attribution": sheet.attribution}
    stream.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "features": [')
    comma = "\n"
    try:
        while True:
            wkb, columns = yield
            shapes = _geojson(wkb) if sheet.geometry else ["null"] * len(columns[0])
            for shape, *values in zip(shapes, *columns, strict=True):
                said = dict(zip(sheet.columns, values, strict=True))
                stream.write(f'{comma}{{"type": "Feature", "properties": {json.dumps(said, ensure_ascii=False)}, "geometry": {shape}}}')
                comma = ",\n"
    finally:
        stream.write("\n]}\n")


def _geojson(wkb: Sequence[bytes | None]) -> list[str]:
    import shapely

    shapes = shapely.orient_polygons(shapely.from_wkb(_objects(wkb)))
    return [text or "null" for text in shapely.to_geojson(shapes)]


def _csv_rows(stream: Any, sheet: Sheet) -> Any:
    """A header and rows; the geometry is the last column, as WKT."""
    import shapely

    sheet_csv = csv.writer(stream, lineterminator="\n")
    sheet_csv.writerow([*sheet.columns, *(["wkt"] if sheet.geometry else [])])
    while True:
        wkb, columns = yield
        texts = [shapely.to_wkt(shapely.from_wkb(_objects(wkb)), rounding_precision=9)] if sheet.geometry else []
        for row in zip(*columns, *texts, strict=True):
            sheet_csv.writerow(["" if value is None else value for value in row])


def _missing(values: Sequence[Any], kind: str) -> Array:
    """Which numbers are not there; None if all are, or for texts, which say it themselves."""
    found = None if kind == "text" else np.fromiter((value is None for value in values), bool, len(values))
    return found if found is not None and found.any() else None


def _objects(values: Sequence[Any]) -> Array:
    found = np.empty(len(values), object)
    found[:] = values
    return found
