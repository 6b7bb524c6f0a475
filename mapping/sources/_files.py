"""Files as sources: which reader a file has, by its formulation and its suffix."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa

from earthweave.ontology import NotFoundError, UnsupportedError

from ..plan import Dialect, FileAccess, LogicalSource, Options
from ._compressed import Unpacked, as_utf8, codec_of, data_name, unpacked
from ._fields import NETCDF
from ._json import LINES, JsonReading, JsonSource
from ._memory import MemorySource
from ._parquet import ParquetSource
from ._rdf import SUFFIXES as RDF
from ._rdf import open_rdf
from ._records import Records
from ._source import Source
from ._stac import StacSource
from ._text import Layout, TextSource
from ._vector import VECTOR, VectorSource
from ._xml import XmlSource

TEXT = {".csv", ".tsv", ".txt"}
PARQUET = {".parquet", ".geoparquet"}
RASTER = {".tif", ".tiff", *NETCDF}
_BINARY = {".shp", ".gpkg", ".fgb", *PARQUET, *RASTER}
_NO_ACCESS = FileAccess("")
Kept = TypeVar("Kept")


def formats() -> str:
    """The suffixes that are read as rows."""
    return " ".join(sorted({*VECTOR, *TEXT, *PARQUET}))


def open_source(source: Path | Any, layer: str, options: Options) -> Source:
    """Open a file (or an Arrow table) as rows; ``layer`` is the name that the mapping gives its table, or empty.

    Raises `NotFoundError`, `ProductError` for a file that is not what its suffix says, `UnsupportedError` for other formats.
    """
    if isinstance(source, pa.Table):
        return MemorySource(source, options)
    path = Path(source)
    return _flat(_ready(path, _NO_ACCESS, flat_suffix), LogicalSource(layer), _NO_ACCESS, options)


def open_file(path: Path, logical: LogicalSource, options: Options) -> Source | Records:
    """Open a file as what the logical source's formulation says, or its suffix.

    Raises as `open_source`, and `MappingError` for an iterator that is none.
    """
    access = logical.access if isinstance(logical.access, FileAccess) else _NO_ACCESS
    formulation, strict = _formulation(logical, data_name(path.name)), options.on_error == "fail"
    if formulation == "JSONPath":
        file = _ready(path, access, lambda name: Path(name).suffix in {".json", ".geojson", *LINES})
        reading = JsonReading(logical.iterator, access.encoding and codec_of(access.encoding), logical.texts, strict)
        return _kept(JsonSource(file.path, reading, name=file.name), file)
    if formulation == "STAC":
        file = _ready(path, access, lambda name: Path(name).suffix in {".json", ".geojson", *LINES})
        return _kept(StacSource(file.path, logical.iterator, name=file.name), file)
    if formulation == "XPath":
        file = _ready(path, access, lambda name: Path(name).suffix in {".xml", ".gml", ".kml"})
        return _kept(XmlSource(file.path, logical.iterator, logical.namespaces, file.name, access.encoding, strict), file)
    if formulation.startswith("SPARQL"):
        file = _ready(path, access, lambda name: Path(name).suffix in RDF)
        return open_rdf(file.path, logical.query or logical.iterator, options, name=file.name)
    return _flat(_ready(path, access, flat_suffix), logical, access, options)


def flat_suffix(name: str) -> bool:
    """True for a file name that is read as rows."""
    return Path(name).suffix.lower() in {*VECTOR, *TEXT, *PARQUET, *RASTER}


def _formulation(logical: LogicalSource, name: str) -> str:
    """What the file is to be read as: a binary format is what it is, whatever the mapping says."""
    return "" if Path(name).suffix.lower() in _BINARY else logical.formulation


def _ready(path: Path, access: FileAccess, readable: Callable[[str], bool]) -> Unpacked:
    if not path.is_file():
        raise NotFoundError(f"there is no file {path}", way_out="give the path of a vector file or table")
    return unpacked(path, access.compression, readable)


def _kept(source: Kept, file: Unpacked) -> Kept:
    """The source, which keeps its temporary file as long as it lives: so long a finalizer holds its argument."""
    weakref.finalize(source, lambda _: None, file)
    return source


def _flat(file: Unpacked, logical: LogicalSource, access: FileAccess, options: Options) -> Source:
    suffix = file.path.suffix.lower()
    if suffix in TEXT or (logical.formulation == "CSV" and suffix not in _BINARY | VECTOR.keys()):
        return _table(file, logical, access, options)
    if suffix in PARQUET:
        return _named(_kept(ParquetSource(file.path, options), file), file)
    if suffix in RASTER:
        from ._raster import open_raster

        return _kept(open_raster(file.path, logical, options), file)
    if suffix not in VECTOR:
        raise UnsupportedError(f"{file.name}: no reader for {suffix or 'a file without suffix'}", way_out=f"offered: {formats()}")
    optional = ("optional", "true") in logical.parameters
    return _named(_kept(VectorSource(file.path, logical.name, options, optional=optional), file), file)


def _named(source: Source, file: Unpacked) -> Source:
    source.name = file.name
    return source


def _table(file: Unpacked, logical: LogicalSource, access: FileAccess, options: Options) -> Source:
    """A text table: under a formulation an empty field is an empty text unless the mapping calls it no value."""
    dialect = access.dialect or Dialect()
    nulls = access.nulls if access.nulls or logical.formulation == "CSV" else None
    text = as_utf8(file, access.encoding, dialect.comment)
    return _kept(TextSource(text.path, options, Layout(dialect, nulls), name=file.name), text)
