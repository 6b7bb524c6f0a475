"""Layers of vector files, by an allow-list of formats.

GDAL picks a driver by content, so a file is opened only if both its suffix and its first bytes are those of one format;
a virtual format under another suffix, which could reach the network, is refused.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa

from earthweave.ontology import CRS84, NotFoundError, ProductError

from ..plan import Options
from ._source import empty_batch, known_crs, plain

_HEAD = 4096
_JSON = rb"(\xef\xbb\xbf)?\s*\{"
_XML = rb"(\xef\xbb\xbf)?\s*(<[?!][^>]*>\s*)*<(\w+:)?"
VECTOR = {
    ".shp": rb"\x00\x00\x27\x0a", ".gpkg": rb"SQLite format 3\x00", ".fgb": rb"fgb\x03", ".geojson": _JSON, ".json": _JSON,
    ".kml": _XML + rb"kml\b", ".gml": _XML + rb"\w*Collection\b",
}
"""Suffix and first bytes of the formats that are read."""
_OPEN: dict[str, dict[str, Any]] = {".gml": {"WRITE_GFS": "NO"}}


def _check_head(path: Path, pattern: bytes) -> None:
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not re.match(pattern, head, re.DOTALL):
        what = f"{path.name} is not what its suffix says"
        raise ProductError(what, why=f"it begins with {head[:24]!r}", way_out="rename it, or export it again")


class VectorSource:
    """A layer of a file that GDAL reads, streamed through Arrow.

    Args:
        optional: whether a file of several layers may lack this one: then it has no rows, the columns are those of the first layer, and
            a fault tells.
    """

    def __init__(self, path: Path, layer: str, options: Options, *, optional: bool = False) -> None:
        import pyogrio
        from pyogrio.errors import DataLayerError, DataSourceError

        _check_head(path, VECTOR[path.suffix.lower()])
        self._path, self._options = path, options
        self.name = path.name
        self.faults: list[tuple[int, str]] = []
        try:
            layers = _layers(path)
            self._absent = optional and _lacks(layers, layer, options)
            self._layer = _layer_of(path, layers, layers[0] if self._absent else layer, options)
            info = pyogrio.read_info(path, layer=self._layer, **_OPEN.get(path.suffix.lower(), {}))
        except (DataSourceError, DataLayerError) as error:
            raise ProductError(f"{path.name} cannot be read", why=str(error)) from error
        self._own = tuple(str(name) for name in info["fields"])
        self._fid = str(info["fid_column"])
        apart = (self._fid,) if self._fid and self._fid not in self._own else ()
        self.fields = (*self._own, *apart)
        self.keys: tuple[str, ...] = apart if path.suffix.lower() == ".gpkg" and _is_table(path, self._layer) else ()
        self.total: int | None = info["features"] if info["features"] >= 0 else None
        if self._absent:
            self.total = 0
            self.faults.append((0, f"{path.name} has no layer {layer}"))
        self.geometry = None if info["geometry_type"] is None else (info["geometry_name"] or "wkb_geometry")
        self.crs = known_crs(info["crs"], path.name, options) if self.geometry else CRS84

    def _open(self, columns: Sequence[str], geometry: bool) -> Any:
        import pyogrio

        return pyogrio.open_arrow(
            self._path, layer=self._layer, columns=[name for name in columns if name in self._own], read_geometry=geometry,
            return_fids=self._fid in columns and self._fid not in self._own, batch_size=self._options.batch_rows, use_pyarrow=True,
            **_OPEN.get(self._path.suffix.lower(), {}),
        )

    def batches(self, columns: Sequence[str], geometry: bool) -> Iterator[Any]:
        """See `Source`."""
        if self._absent:
            return
        with self._open(columns, geometry) as (_, reader):
            yield from self._told(reader)

    def _told(self, reader: Any) -> Iterator[Any]:
        try:
            yield from map(plain, reader)
        except (pa.ArrowException, OSError, RuntimeError) as error:
            raise ProductError(f"{self.name} cannot be read to its end", why=str(error).splitlines()[0]) from error

    def empty(self, columns: Sequence[str], geometry: bool) -> Any:
        """See `Source`."""
        with self._open(columns, geometry) as (_, reader):
            return empty_batch(reader.schema, reader.schema.names)


def _is_table(path: Path, layer: str) -> bool:
    """True for a layer of a GeoPackage that is a table, whose primary key is unique; a view may say anything."""
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
        kinds = database.execute("SELECT type FROM sqlite_master WHERE name = ?", (layer,)).fetchall()
    return kinds == [("table",)]


def _layers(path: Path) -> list[str]:
    """Names of the layers; the schema that GDAL leaves beside a GML file that has none is removed again."""
    import pyogrio

    sidecar = path.with_suffix(".gfs")
    there = sidecar.exists()
    names = [str(name) for name, _ in pyogrio.list_layers(path)]
    if not there:
        sidecar.unlink(missing_ok=True)
    return names


def _lacks(layers: list[str], wanted: str, options: Options) -> bool:
    """Whether a file of several layers has none of that name, and no other was asked for."""
    return options.layer is None and len(layers) > 1 and wanted not in layers


def _layer_of(path: Path, layers: list[str], wanted: str, options: Options) -> str:
    """The layer to read: as asked, as the mapping names it, or the only one."""
    if not layers:
        raise ProductError(f"{path.name} holds no layer", why="it is empty or damaged")
    if options.layer is not None:
        wanted = options.layer
    if wanted in layers:
        return wanted
    if len(layers) == 1 and options.layer is None:
        return layers[0]
    raise NotFoundError(
        f"{path.name} has no layer {wanted!r}" if wanted else f"{path.name} has {len(layers)} layers",
        why=f"it has {', '.join(layers)}", way_out="choose one: --layer NAME (in Python, Options(layer=NAME))",
    )
