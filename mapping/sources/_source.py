"""What a flat source is: rows in Arrow batches, columns looked up by name, CRS by what a file says of itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol, runtime_checkable

import pyarrow as pa
import pyproj
from pyproj.exceptions import CRSError

from earthweave.ontology import CRS84, Crs, CrsError

from ..plan import COUNTER, Options

_SAY_CRS = "say it: --source-crs EPSG:n (in Python, Options(source_crs=…))"
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
        keys: columns whose values are known to be there and to differ from row to row; empty if none is known.
    """

    name: str
    fields: tuple[str, ...]
    geometry: str | None
    crs: Crs
    total: int | None
    faults: list[tuple[int, str]]
    keys: tuple[str, ...]

    def batches(self, columns: Sequence[str], geometry: bool) -> Iterator[Any]:
        """Record batches with these columns, and the geometry if wanted."""
        ...

    def empty(self, columns: Sequence[str], geometry: bool) -> Any:
        """A batch without rows, of the same schema."""
        ...


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


def empty_batch(schema: Any, columns: Sequence[str]) -> Any:
    """A batch without rows: these columns of a schema."""
    fields = [schema.field(name) for name in columns]
    return plain(pa.RecordBatch.from_arrays([pa.array([], one.type) for one in fields], schema=pa.schema(fields)))


def plain(batch: Any) -> Any:
    """The same rows, values of extension types (``arrow.json``, ``geoarrow.wkb`` …) as what they are kept as."""
    if not any(isinstance(one.type, pa.BaseExtensionType) for one in batch.schema):
        return batch
    columns = [one.storage if isinstance(one.type, pa.BaseExtensionType) else one for one in batch.columns]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


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


def known_crs(text: Any, name: str, options: Options) -> Crs:
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


def table_crs(options: Options) -> Crs:
    """What geometries of a source without layers are in."""
    return Crs.parse(options.source_crs) if options.source_crs else CRS84
