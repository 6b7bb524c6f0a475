"""Sources of rows as streams of Arrow batches: vector files by an allow-list of formats, Parquet, text tables, and tables in memory.

GDAL picks a driver by content, so a file is opened only if both its suffix and its first bytes are those of one format;
a virtual format under another suffix, which could reach the network, is refused.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import pyarrow as pa
import pyproj
from pyproj.exceptions import CRSError

from earthweave.ontology import CRS84, Crs, CrsError, NotFoundError, ProductError, UnsupportedError

from ..plan import COUNTER, Options

_SAY_CRS = "say it: --source-crs EPSG:n (in Python, Options(source_crs=…))"
_HEAD = 4096
_JSON = rb"(\xef\xbb\xbf)?\s*\{"
_XML = rb"(\xef\xbb\xbf)?\s*(<[?!][^>]*>\s*)*<(\w+:)?"
_VECTOR = {
    ".shp": rb"\x00\x00\x27\x0a", ".gpkg": rb"SQLite format 3\x00", ".fgb": rb"fgb\x03", ".geojson": _JSON, ".json": _JSON,
    ".kml": _XML + rb"kml\b", ".gml": _XML + rb"\w*Collection\b",
}
_TEXT = {".csv", ".tsv", ".txt"}
_PARQUET = {".parquet", ".geoparquet"}
_OPEN: dict[str, dict[str, Any]] = {".gml": {"WRITE_GFS": "NO"}}
_GEOMETRY_NAMES = ("the_geom", "geometry", "geom", "wkb_geometry", "*")


@runtime_checkable
class Source(Protocol):
    """Rows in batches.

    Attributes:
        name: for messages.
        fields: columns, without the geometry.
        geometry: name of the WKB column in the batches, or None.
        crs: of the geometries.
        total: rows, or None if that is not known without reading.
        faults: lines that could not be read as rows, with reasons; complete at the end of the stream.
    """

    name: str
    fields: tuple[str, ...]
    geometry: str | None
    crs: Crs
    total: int | None
    faults: list[tuple[int, str]]

    def batches(self, columns: Sequence[str], geometry: bool) -> Iterator[Any]:
        """Record batches with these columns, and the geometry if wanted."""
        ...

    def empty(self, columns: Sequence[str], geometry: bool) -> Any:
        """A batch without rows, of the same schema."""
        ...


def open_source(source: Path | Any, layer: str, options: Options) -> Source:
    """Open a file (or an Arrow table) as rows; ``layer`` is the name that the mapping gives its table, or empty.

    Raises `NotFoundError`, `ProductError` for a file that is not what its suffix says, `UnsupportedError` for other formats.
    """
    if isinstance(source, pa.Table):
        return MemorySource(source, options)
    path = Path(source)
    if not path.is_file():
        raise NotFoundError(f"there is no file {path}", way_out="give the path of a vector file or table")
    suffix = path.suffix.lower()
    if suffix in _TEXT:
        return TextSource(path, options)
    if suffix in _PARQUET:
        return ParquetSource(path, options)
    if suffix not in _VECTOR:
        raise UnsupportedError(f"{path.name}: no reader for {suffix or 'a file without suffix'}", way_out=f"offered: {formats()}")
    _check_head(path, _VECTOR[suffix])
    return VectorSource(path, layer, options)


def formats() -> str:
    """The suffixes that are read."""
    return " ".join(sorted({*_VECTOR, *_TEXT, *_PARQUET}))


def geometry_names(source: Source) -> tuple[str, ...]:
    """How a mapping may call the geometry column, the file's own name for it first."""
    return (source.geometry, *_GEOMETRY_NAMES) if source.geometry else ()


def column_of(name: str, source: Source) -> str | None:
    """The column of that name, else the geometry by one of its names, else the counter, else the only one that differs in case."""
    if name in source.fields:
        return name
    if name in geometry_names(source):
        return source.geometry
    if name == COUNTER:
        return COUNTER
    alike = [field for field in source.fields if field.lower() == name.lower()]
    return alike[0] if len(alike) == 1 else None


def _check_head(path: Path, pattern: bytes) -> None:
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not re.match(pattern, head, re.DOTALL):
        what = f"{path.name} is not what its suffix says"
        raise ProductError(what, why=f"it begins with {head[:24]!r}", way_out="rename it, or export it again")


def _empty(schema: Any, columns: Sequence[str]) -> Any:
    fields = [schema.field(name) for name in columns]
    return pa.RecordBatch.from_arrays([pa.array([], one.type) for one in fields], schema=pa.schema(fields))


def bounded(batches: Iterator[Any], rows: int, nbytes: int) -> Iterator[Any]:
    """The same rows in batches of at most so many rows, and so many bytes where a single row is not more."""
    for batch in batches:
        for start in range(0, batch.num_rows, rows):
            yield from _halved(batch.slice(start, rows), nbytes)


def _halved(batch: Any, nbytes: int) -> Iterator[Any]:
    if batch.nbytes <= nbytes or batch.num_rows < 2:
        yield batch
        return
    middle = batch.num_rows // 2
    yield from _halved(batch.slice(0, middle), nbytes)
    yield from _halved(batch.slice(middle), nbytes)


def _known_crs(text: Any, name: str, options: Options) -> Crs:
    """The authority's CRS for what a file says about itself."""
    if text is None and options.compat == "geotriples" and options.source_crs is None:
        return Crs("EPSG", "4326")
    if options.source_crs is not None:
        return Crs.parse(options.source_crs)
    if text is None:
        raise CrsError(f"{name} does not say its CRS", way_out=_SAY_CRS)
    try:
        authority = pyproj.CRS.from_user_input(text).to_authority()
    except CRSError as error:
        raise CrsError(f"{name}: its CRS cannot be read", why=str(error).splitlines()[0], way_out=_SAY_CRS) from error
    if authority is None:
        way_out = f"{_SAY_CRS}, or reproject the file first"
        raise CrsError(f"{name}: its CRS is in no register", why=str(text)[:200], way_out=way_out)
    return Crs(*authority)


@dataclass
class MemorySource:
    """An Arrow table in memory; no geometry column, but WKT columns may be used as geometries."""

    table: Any
    options: Options
    name: str = "table"
    geometry: str | None = None
    faults: list[tuple[int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.fields: tuple[str, ...] = tuple(self.table.column_names)
        self.total: int | None = self.table.num_rows
        self.crs = Crs.parse(self.options.source_crs) if self.options.source_crs else CRS84

    def batches(self, columns: Sequence[str], geometry: bool) -> Iterator[Any]:
        """See `Source`."""
        yield from self.table.select(list(columns)).to_batches(max_chunksize=self.options.batch_rows)

    def empty(self, columns: Sequence[str], geometry: bool) -> Any:
        """See `Source`."""
        return _empty(self.table.schema, columns)


class VectorSource:
    """A layer of a file that GDAL reads, streamed through Arrow."""

    def __init__(self, path: Path, layer: str, options: Options) -> None:
        import pyogrio
        from pyogrio.errors import DataLayerError, DataSourceError

        self._path, self._options = path, options
        self.name = path.name
        self.faults: list[tuple[int, str]] = []
        try:
            self._layer = _layer_of(path, _layers(path), layer, options)
            info = pyogrio.read_info(path, layer=self._layer, **_OPEN.get(path.suffix.lower(), {}))
        except (DataSourceError, DataLayerError) as error:
            raise ProductError(f"{path.name} cannot be read", why=str(error)) from error
        self._own = tuple(str(name) for name in info["fields"])
        self._fid = str(info["fid_column"])
        self.fields = (*self._own, self._fid) if self._fid and self._fid not in self._own else self._own
        self.total: int | None = info["features"] if info["features"] >= 0 else None
        self.geometry = None if info["geometry_type"] is None else (info["geometry_name"] or "wkb_geometry")
        self.crs = _known_crs(info["crs"], path.name, options) if self.geometry else CRS84

    def _open(self, columns: Sequence[str], geometry: bool) -> Any:
        import pyogrio

        return pyogrio.open_arrow(
            self._path, layer=self._layer, columns=[name for name in columns if name in self._own], read_geometry=geometry,
            return_fids=self._fid in columns and self._fid not in self._own, batch_size=self._options.batch_rows, use_pyarrow=True,
            **_OPEN.get(self._path.suffix.lower(), {}),
        )

    def batches(self, columns: Sequence[str], geometry: bool) -> Iterator[Any]:
        """See `Source`."""
        with self._open(columns, geometry) as (_, reader):
            yield from self._told(reader)

    def _told(self, reader: Any) -> Iterator[Any]:
        try:
            yield from reader
        except (pa.ArrowException, OSError, RuntimeError) as error:
            raise ProductError(f"{self.name} cannot be read to its end", why=str(error).splitlines()[0]) from error

    def empty(self, columns: Sequence[str], geometry: bool) -> Any:
        """See `Source`."""
        with self._open(columns, geometry) as (_, reader):
            return _empty(reader.schema, reader.schema.names)


def _layers(path: Path) -> list[str]:
    """Names of the layers; the schema that GDAL leaves beside a GML file that has none is removed again."""
    import pyogrio

    sidecar = path.with_suffix(".gfs")
    there = sidecar.exists()
    names = [str(name) for name, _ in pyogrio.list_layers(path)]
    if not there:
        sidecar.unlink(missing_ok=True)
    return names


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


class ParquetSource:
    """A Parquet or GeoParquet file (GeoParquet 1.1: WKB, CRS84 unless it says otherwise)."""

    def __init__(self, path: Path, options: Options) -> None:
        import pyarrow.parquet as pq

        self._options = options
        self.name = path.name
        self.faults: list[tuple[int, str]] = []
        try:
            self._file = pq.ParquetFile(path)
        except pa.ArrowException as error:
            raise ProductError(f"{path.name} is not a Parquet file", why=str(error)) from error
        self._schema = self._file.schema_arrow
        self.total: int | None = self._file.metadata.num_rows
        geo = (self._schema.metadata or {}).get(b"geo")
        self.geometry: str | None
        self.geometry, self.crs = _geoparquet(geo, path.name, options) if geo else (None, _table_crs(options))
        self.fields = tuple(name for name in self._schema.names if name != self.geometry)

    def _names(self, columns: Sequence[str], geometry: bool) -> list[str]:
        return [*columns, *([self.geometry] if geometry and self.geometry else [])]

    def batches(self, columns: Sequence[str], geometry: bool) -> Iterator[Any]:
        """See `Source`."""
        yield from self._file.iter_batches(self._options.batch_rows, columns=self._names(columns, geometry))

    def empty(self, columns: Sequence[str], geometry: bool) -> Any:
        """See `Source`."""
        return _empty(self._schema, self._names(columns, geometry))


def _table_crs(options: Options) -> Crs:
    return Crs.parse(options.source_crs) if options.source_crs else CRS84


def _geoparquet(metadata: bytes, name: str, options: Options) -> tuple[str, Crs]:
    try:
        geo = json.loads(metadata)
        column = str(geo["primary_column"])
        described = dict(geo["columns"][column])
    except (ValueError, KeyError, TypeError) as error:
        raise ProductError(f"{name}: its GeoParquet metadata cannot be read", why=repr(error)) from error
    if described.get("encoding") != "WKB":
        raise UnsupportedError(f"{name}: geometries encoded as {described.get('encoding')}", way_out="write them as WKB")
    if "crs" not in described and options.source_crs is None:
        return column, CRS84
    text = described.get("crs")
    return column, _known_crs(json.dumps(text) if text else None, name, options)


class TextSource:
    """A text table with a header; every column is text, an empty field is NULL and ``""`` an empty text."""

    def __init__(self, path: Path, options: Options) -> None:
        self._path, self._options = path, options
        self.name = path.name
        self.geometry: str | None = None
        self.crs = _table_crs(options)
        self.total: int | None = None
        self.faults: list[tuple[int, str]] = []
        with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
            first = file.readline()
            self._delimiter = options.delimiter or ("\t" if path.suffix.lower() == ".tsv" else max(",;\t|", key=first.count))
            file.seek(0)
            self.fields = tuple(next(csv.reader(file, delimiter=self._delimiter), ()))
        doubled = sorted({name for name in self.fields if self.fields.count(name) > 1})
        if doubled or not self.fields:
            why = f"more than once: {', '.join(map(repr, doubled))}" if doubled else "it is empty"
            raise ProductError(f"{path.name} needs a header with distinct names", why=why)

    def _reader(self, columns: Sequence[str], *, lenient: bool) -> Any:
        from pyarrow import csv as arrow_csv

        return arrow_csv.open_csv(
            self._path,
            read_options=arrow_csv.ReadOptions(use_threads=False),
            parse_options=arrow_csv.ParseOptions(delimiter=self._delimiter, newlines_in_values=True,
                                                 invalid_row_handler=self._fault if lenient else None),
            convert_options=arrow_csv.ConvertOptions(
                check_utf8=False, column_types={name: pa.string() for name in self.fields}, include_columns=list(columns) or None,
                null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False,
            ),
        )

    def _fault(self, row: Any) -> str:
        self.faults.append((int(row.number or 0), f"{row.actual_columns} fields where the header has {row.expected_columns}"))
        return "skip"

    def batches(self, columns: Sequence[str], geometry: bool) -> Iterator[Any]:
        """See `Source`."""
        self.faults.clear()
        given = 0
        try:
            # Arrow lets go of a handler in a thread of its own, which ends a process that is just ending: none without need
            with self._reader(columns, lenient=False) as reader:
                for batch in reader:
                    given += len(batch)
                    yield batch
        except pa.ArrowInvalid:
            yield from self._rest(columns, given)

    def _rest(self, columns: Sequence[str], given: int) -> Iterator[Any]:
        """The rows after the first ``given`` ones, bad ones left out and told."""
        try:
            with self._reader(columns, lenient=True) as reader:
                for batch in reader:
                    rest = batch.slice(min(given, len(batch)))
                    given -= len(batch) - len(rest)
                    if len(rest):
                        yield rest
        except pa.ArrowException as error:
            raise ProductError(f"{self.name} cannot be read to its end", why=str(error).splitlines()[0]) from error

    def empty(self, columns: Sequence[str], geometry: bool) -> Any:
        """See `Source`."""
        return _empty(pa.schema([(name, pa.string()) for name in columns]), columns)


