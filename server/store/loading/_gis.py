"""Features of a snapshot in the formats of geographic information systems, written in chunks."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from earthweave.ontology import StoreError, UnsupportedError

from ..snapshot import Geometries
from ._features import ROWS, Features

DRIVERS = {"geopackage": "GPKG", "flatgeobuf": "FlatGeobuf", "kml": "KML", "geojson": "GeoJSON"}
"""Format → GDAL's name for it."""
_LAYER = "features"
_KINDS = ("Unknown", "Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection")
_DIMENSIONS = ("", " Z", " M", " ZM")
_LAYER_KINDS = {name + more for name in _KINDS for more in ("", " Z")}
_THIRD = 1000
_SHOWN, _BLOCK = 200, 1 << 20
_MARKS = {"kml": (b"<Placemark", b"</kml>"), "geojson": (b'"type": "Feature",', b"}")}
"""Texts that drivers write: what each feature holds once and no literal can, and what stands at the end."""
_OPTIONS: dict[str, dict[str, Any]] = {
    "kml": {"dataset_options": {"NameField": "iri"}}, "geojson": {"layer_options": {"COORDINATE_PRECISION": "15"}},
}


def write_features(features: Features, geometries: Geometries, path: Path, form: str) -> None:
    """Write a feature table: ``geoparquet`` or one of `DRIVERS`; CRS84, longitude first."""
    kinds = _kinds(features, geometries)
    if form == "geoparquet":
        _parquet(features, geometries, kinds, path)
        return
    only = kinds[0] if len(kinds) == 1 and kinds[0] in _LAYER_KINDS else "Unknown"
    if form == "flatgeobuf" and only == "Unknown" and any(" " in kind for kind in kinds):
        raise UnsupportedError("FlatGeobuf cannot hold heights or measures beside several geometry types", why=", ".join(kinds),
                               way_out="export as GeoPackage or GeoParquet")
    reader = pa.RecordBatchReader.from_batches(features.schema, features.batches())
    # the name of a CRS in these formats is EPSG's, while coordinates lie longitude first in all of them
    # reading GDAL in takes longer than most queries, and only exports need it
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError

    try:
        pyogrio.write_arrow(reader, path, layer=_LAYER, driver=DRIVERS[form], geometry_name="geometry", crs="EPSG:4326",
                            geometry_type=only, **_OPTIONS.get(form, {}))
    except (DataSourceError, DataLayerError) as error:
        raise _unwritten(form, str(error)[:_SHOWN]) from error
    # GDAL does not always tell that a disk is full
    if form in _MARKS and not _whole(path, *_MARKS[form], len(features)):
        raise _unwritten(form, "not all of it reached the disk")
    if form == "geopackage" and len(features) and not _indexed(path):
        raise _unwritten(form, "its spatial index did not reach the disk")


def _unwritten(form: str, why: str) -> StoreError:
    return StoreError(f"the features cannot be written as {DRIVERS[form]}", why=why, way_out="make space on the disk and try again")


def _whole(path: Path, mark: bytes, end: bytes, count: int) -> bool:
    """Whether a text has so many marks, and its end."""
    found, tail = 0, b""
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            piece = tail + block
            found += piece.count(mark)
            # too short to hold a mark, so that none counts twice
            tail = piece[-len(mark) + 1 :]
    return found == count and tail.rstrip().endswith(end)


def _indexed(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as database:
        return database.execute("SELECT 1 FROM sqlite_master WHERE name LIKE ?", (f"rtree_{_LAYER}_%",)).fetchone() is not None


def _kinds(features: Features, geometries: Geometries) -> list[str]:
    """Geometry types that occur, with `` Z`` where they have heights, `` M`` where they have measures."""
    found: set[int] = set()
    for start in range(0, len(features), ROWS):
        found.update(np.unique(_codes(geometries.wkb(features.rows[start: start + ROWS]))).tolist())
    return sorted(_KINDS[code % _THIRD] + _DIMENSIONS[code // _THIRD] for code in found)


def _codes(wkb: Any) -> Any:
    """Type codes of well-known binary. Source: OGC 06-103r4 §8.2.3 (little and big endian)."""
    _, offsets, data = wkb.buffers()
    start = np.frombuffer(offsets, dtype=np.int64, count=len(wkb), offset=8 * wkb.offset)
    content = np.frombuffer(data, dtype=np.uint8)
    places = start[:, None] + np.arange(5)
    head = content[places].astype(np.int64)
    little = head[:, 1] + (head[:, 2] << 8) + (head[:, 3] << 16) + (head[:, 4] << 24)
    big = head[:, 4] + (head[:, 3] << 8) + (head[:, 2] << 16) + (head[:, 1] << 24)
    return np.where(head[:, 0] == 1, little, big)


def _parquet(features: Features, geometries: Geometries, kinds: list[str], path: Path) -> None:
    """GeoParquet 1.1.0: without a CRS it is CRS84."""
    column: dict[str, Any] = {"encoding": "WKB", "geometry_types": kinds}
    bounds = geometries.bounds[features.rows]
    if len(bounds) and not np.isnan(bounds).all():
        low, high = np.nanmin(bounds, axis=0)[:2], np.nanmax(bounds, axis=0)[2:]
        column["bbox"] = [*low.tolist(), *high.tolist()]
    text = json.dumps({"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}})
    schema = features.schema.with_metadata({"geo": text})
    import pyarrow.parquet as pq

    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in features.batches():
            writer.write_batch(batch.replace_schema_metadata(schema.metadata))
