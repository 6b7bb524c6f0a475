"""Tables from databases: keys and columns as they are declared, datatypes and codes from a sample of the rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from earthweave.ontology import NotFoundError

from ..plan import ForeignKey, LogicalSource, Options, TableSchema
from ..sources import Place, Source, open_logical, schema_of
from ._mapping import delimited
from ._model import Column, Geometry, Link, Rows, Table
from ._names import Terms, encoded, one_line
from ._tables import Wishes, profiled_columns, scanned, stored_geometry

DATABASE_FILES = {".db": "sqlite", ".sqlite": "sqlite", ".sqlite3": "sqlite", ".duckdb": "duckdb"}
SAMPLE = 50_000
"""Rows of a table that are looked at."""
_URL = re.compile(r"jdbc:|(postgres|postgresql|postgis|mysql|mariadb|sqlite|spatialite|duckdb)(\+\w+)?:")
_SYSTEM = re.compile(
    r"(?i)(spatial_ref_sys|geometry_columns|geography_columns|raster_columns|raster_overviews|views_geometry_columns|virts_geometry_columns"
    r"|sqlite_\w+|idx_\w+|spatialindex|elementarygeometries|spatialite_history|sql_statements_log|data_licenses|knn2?|vector_layers\w*"
    r"|(views_|virts_)?(geometry_columns|layer)_(auth|field_infos|statistics|time)|spatial_ref_sys_\w+|gpkg_\w+|rtree_\w+)"
)


def names_database(source: Any) -> bool:
    """True for a URL of a database, a file of one, or an open connection."""
    if isinstance(source, Path):
        return source.suffix.lower() in DATABASE_FILES
    if isinstance(source, str):
        return _URL.match(source) is not None or Path(source).suffix.lower() in DATABASE_FILES
    return hasattr(source, "cursor")


def database_tables(source: Any, options: Options, wishes: Wishes) -> tuple[tuple[Table, ...], str]:
    """One table for each of the database, and what to call it; a name in ``options.layer`` chooses one.

    Raises `NotFoundError` if there is none of that name; `MappingError`, `ProductError`, `MissingDependencyError` as the sources do.
    """
    database = _located(source)
    schemas = [one for one in schema_of(database) if not _SYSTEM.fullmatch(one.name)]
    if options.layer is not None:
        schemas = [_chosen(options.layer, schemas, _title(source))]
    there = {one.name: one for one in schemas}
    told = replace(options, layer=None, source_crs=options.source_crs or "EPSG:4326")
    return tuple(_table(one, there, database, told, wishes) for one in schemas), _title(source)


def _chosen(name: str, schemas: list[TableSchema], title: str) -> TableSchema:
    found = next((one for one in schemas if one.name == name), None)
    if found is None:
        names = ", ".join(sorted(one.name for one in schemas)) or "none"
        what = f"{one_line(title)} has no table {name!r}"
        raise NotFoundError(what, why=f"it has {names}"[:400], way_out="name one of these, or none for all")
    return found


def _located(source: Any) -> Any:
    path = Path(source) if isinstance(source, str | Path) else None
    if path is not None and "://" not in str(source) and path.suffix.lower() in DATABASE_FILES:
        return f"{DATABASE_FILES[path.suffix.lower()]}:///{path.resolve()}"
    return source


def _title(source: Any) -> str:
    """What to call it: never with user, password or host."""
    if isinstance(source, Path):
        return source.name
    return (re.split(r"[?;]", source)[0].rstrip("/").rpartition("/")[2] or "the database") if isinstance(source, str) else "the database"


def _table(schema: TableSchema, there: dict[str, TableSchema], database: Any, options: Options, wishes: Wishes) -> Table:
    source = open_logical(LogicalSource(delimited(schema.name)), Place(databases={"": database}), options)
    assert isinstance(source, Source)
    profiles, shapes, complete = scanned(source, wishes, SAMPLE)
    columns = tuple(_declared(one, schema, complete) for one in profiled_columns(source, profiles, False, wishes))
    key = _key(schema, wishes)
    links = tuple(_links(schema, there, {one.name: one for one in columns}))
    notes = [] if complete else [f"Codes and dimensions were found in the first {SAMPLE:,} rows."]
    if not key:
        notes.append("The table has no key without NULLs, so that a hash of all that a row says names its subject.")
    geometry = None if shapes is None else stored_geometry(source, shapes)
    return Table(schema.name, Rows(formulation="SQL2008Table"), columns, key, _cautious(geometry, complete), links, encoded(schema.name),
                 tuple(notes), complete)


def _cautious(geometry: Geometry | None, complete: bool) -> Geometry | None:
    """Without all rows seen, none of them counts as sure to have a geometry, and dimensions are not known."""
    return geometry if complete or geometry is None else replace(geometry, required=False, dimensions=frozenset())


def _key(schema: TableSchema, wishes: Wishes) -> tuple[str, ...]:
    names = {one.name for one in schema.columns}
    if wishes.key and set(wishes.key) <= names:
        return wishes.key
    full = {one.name for one in schema.columns if not one.nullable}
    return schema.primary_key or next((one for one in schema.unique_keys if set(one) <= full), ())


def _declared(column: Column, schema: TableSchema, complete: bool) -> Column:
    """The column as the schema has it: what the rows show counts for codes alone."""
    known = next((one for one in schema.columns if one.name == column.name), None)
    alone = (schema.primary_key, *schema.unique_keys)
    required = (known is not None and not known.nullable) or column.name in schema.primary_key
    return replace(column, required=required, unique=(column.name,) in alone, typed=False)


def _links(schema: TableSchema, there: dict[str, TableSchema], columns: dict[str, Column]) -> Iterator[Link]:
    terms = Terms(one.term for one in columns.values())
    for key in schema.foreign_keys:
        if key.table in there and len(key.columns) == len(key.parent_columns):
            required = all(one in columns and columns[one].required for one in key.columns)
            yield Link(terms.take(encoded(_link_name(key))), key.columns, key.table, key.parent_columns, required)


def _link_name(key: ForeignKey) -> str:
    """``dept_id`` → ``dept``; several columns: the other table's name."""
    name, *more = key.columns
    if more:
        return key.table
    shorter = re.sub(r"(?i)(?<=.)_?(id|fk|ref|key|code)$", "", name).rstrip("_")
    return shorter if shorter and shorter != name else f"{name}_ref"
