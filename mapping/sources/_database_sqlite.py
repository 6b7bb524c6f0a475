"""SQLite, SpatiaLite and GeoPackage tables: declared types, geometry blobs as WKB."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa

from ..plan import ColumnSchema, ForeignKey, TableSchema
from ._database import Address, Column, Relation, fetched, refused, unreachable
from ._sql_blobs import wkb
from ._sql_names import Identifier, delimited
from ._sql_types import PLAIN_DECIMAL, arrow_type

_VIEW = "earthweave_described"
_TABLES = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
_BASE_TABLES = _TABLES.replace("'table', 'view'", "'table'")
_SAMPLE = 1000
"""Rows whose values tell the type of a column that declares none."""
_REGISTERS = (
    ("gpkg_geometry_columns", "column_name", "srs_id", "gpkg_spatial_ref_sys", "srs_id", "organization", "organization_coordsys_id"),
    ("geometry_columns", "f_geometry_column", "srid", "spatial_ref_sys", "srid", "auth_name", "auth_srid"),
)
"""Where geometry columns are registered (OGC 12-128 §2.1.5; SpatiaLite), their names, and where their CRS is explained."""


class Sqlite:
    """An SQLite database; a file is opened for reading alone, a connection that was handed in is used as it is."""

    sensitive = False

    def __init__(self, where: Address, path: Path | None, connection: sqlite3.Connection | None = None) -> None:
        self._where, self._path, self._given = where, path, connection
        self._names: list[tuple[str, str]] | None = None

    @classmethod
    def at(cls, where: Address, folder: Path) -> Sqlite:
        """The database of a URL; a relative path is relative to ``folder``."""
        return cls(where, where.file(folder))

    @classmethod
    def like(cls, connection: sqlite3.Connection) -> Sqlite:
        """The database of an open connection."""
        return cls(Address("sqlite", "sqlite database", ""), None, connection)

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        if self._given is not None:
            yield self._given
            return
        try:
            connection = sqlite3.connect(f"file:{quote(str(self._path))}?mode=ro", uri=True)
        except sqlite3.Error as error:
            raise unreachable(self._where, error) from error
        connection.text_factory = _text
        with closing(connection):
            yield connection

    def _rows(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        with self._connected() as connection:
            try:
                return connection.execute(statement, values).fetchall()
            except sqlite3.DatabaseError as error:
                raise unreachable(self._where, error) from error

    def tables(self) -> Sequence[tuple[str, str]]:
        """See `Database`."""
        if self._names is None:
            self._names = [("", name) for name, in self._rows(_TABLES)]
        return self._names

    def fold(self, name: str) -> str:
        """See `Database`."""
        return name.upper()

    def relation(self, schema: str, table: str) -> Relation:
        """See `Database`."""
        return Relation(delimited(table), table, table)

    def columns(self, relation: Relation) -> tuple[Column, ...]:
        """See `Database`: a query's columns have the types that its view would have, or those of its first values."""
        shapes = {name for name, *_ in self._registered(relation)}
        with self._connected() as connection:
            try:
                declared = _declared(connection, relation)
                names = [one[0] for one in connection.execute(relation.query).description] if relation.query else list(declared)
                return tuple(_column(connection, relation, name, declared.get(name, ""), shapes) for name in names)
            except sqlite3.Error as error:
                raise refused(relation, error) from error

    def read(self, relation: Relation, columns: Sequence[Column], rows: int) -> Iterator[Sequence[Any]]:
        """See `Database`."""
        with self._connected() as connection:
            cursor = connection.cursor()
            cursor.row_factory = None
            try:
                yield from fetched(cursor, relation, columns, rows, _read)
            except sqlite3.Error as error:
                raise refused(relation, error) from error

    def means(self, relation: Relation, name: Identifier, column: str) -> bool:
        """See `Database`: a column that was declared between delimiters, in both cases, is no regular identifier in standard SQL."""
        if name.delimited or not relation.table or column in (column.upper(), column.lower()):
            return True
        declared = self._rows("SELECT sql FROM sqlite_master WHERE name = ?", [relation.table])
        return not any(mark in str(declared[0][0]) for mark in (f'"{column}"', f"`{column}`", f"[{column}]"))

    def keys(self, relation: Relation) -> tuple[str, ...]:
        """See `Database`."""
        ask = "SELECT name, type, \"notnull\" FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk"
        found = self._rows(ask, [relation.table]) if relation.table else []
        kinds = {str(_type(kind)) for _, kind, _ in found}
        # a primary key may hold NULLs, but for an INTEGER one; and texts may be read as equal dates or numbers
        full = all(required for *_, required in found) or [kind.upper() for _, kind, _ in found] == ["INTEGER"]
        return tuple(name for name, *_ in found) if full and kinds <= {"int64", "string"} else ()

    def total(self, relation: Relation) -> int | None:
        """See `Database`: not known without counting."""
        return None

    def crs(self, relation: Relation, column: Column) -> str | None:
        """See `Database`."""
        found = next((one for one in self._registered(relation) if one[0] == column.name), None)
        return f"{found[1]}:{found[2]}" if found and found[1] and str(found[1]).upper() not in ("NONE", "UNDEFINED") else None

    def _registered(self, relation: Relation) -> list[tuple[str, str, int]]:
        """Geometry columns of a table, or of the whole database for a query, with the authority and code of their CRS."""
        there = {name for _, name in self.tables()}
        found: list[tuple[str, str, int]] = []
        for register, name, srid, systems, key, authority, code in _REGISTERS:
            if {register, systems} <= there:
                table = "table_name" if register.startswith("gpkg") else "f_table_name"
                found += self._rows(
                    f"SELECT r.{name}, s.{authority}, s.{code} FROM {register} r LEFT JOIN {systems} s ON s.{key} = r.{srid} "
                    f"WHERE ?1 = '' OR lower(r.{table}) = lower(?1)", [relation.table])
        return found

    def schema(self) -> tuple[TableSchema, ...]:
        """See `Database`."""
        return tuple(one for name, in self._rows(_BASE_TABLES) for one in self._described(name))

    def _described(self, table: str) -> Iterator[TableSchema]:
        rows = self._rows("SELECT name, type, \"notnull\", pk FROM pragma_table_info(?) ORDER BY cid", [table])
        if not rows:
            return
        primary = tuple(name for name, _, _, place in sorted(rows, key=lambda row: row[3]) if place)
        columns = tuple(ColumnSchema(name, kind, not (required or place)) for name, kind, required, place in rows)
        yield TableSchema(table, columns, primary, self._foreign(table), self._unique(table))

    def _foreign(self, table: str) -> tuple[ForeignKey, ...]:
        ask = "SELECT id, \"table\", \"from\", \"to\" FROM pragma_foreign_key_list(?) ORDER BY id DESC, seq"
        groups: dict[int, list[Any]] = {}
        for number, *row in self._rows(ask, [table]):
            groups.setdefault(number, []).append(row)
        return tuple(self._foreign_key(rows) for rows in groups.values())

    def _foreign_key(self, rows: list[Any]) -> ForeignKey:
        parent = str(rows[0][0])
        names = {name.lower(): str(name) for _, name in self.tables()}
        table = names.get(parent.lower(), parent)
        # without names of its own a foreign key means the primary key
        keys = [column for _, _, column in rows]
        parents = tuple(keys) if None not in keys else next((one.primary_key for one in self._described(table)), ())
        return ForeignKey(tuple(column for _, column, _ in rows), table, parents)

    def _unique(self, table: str) -> tuple[tuple[str, ...], ...]:
        ask = "SELECT name FROM pragma_index_list(?) WHERE \"unique\" AND origin <> 'pk' AND NOT partial ORDER BY seq DESC"
        indexes = self._rows(ask, [table])
        found = [tuple(name for name, in self._rows("SELECT name FROM pragma_index_info(?) ORDER BY seqno", [one])) for one, in indexes]
        return tuple(names for names in found if None not in names)


def _declared(connection: sqlite3.Connection, relation: Relation) -> dict[str, str]:
    """Column and declared type; of a query those that a view of it has."""
    if not relation.query:
        return dict(connection.execute("SELECT name, type FROM pragma_table_xinfo(?) WHERE hidden <> 1 ORDER BY cid", [relation.table]))
    connection.execute(f"CREATE TEMP VIEW {_VIEW} AS SELECT * FROM {relation.text}")
    try:
        return dict(connection.execute(f"SELECT name, type FROM pragma_table_info('{_VIEW}')"))
    finally:
        connection.execute(f"DROP VIEW temp.{_VIEW}")


def _column(connection: sqlite3.Connection, relation: Relation, name: str, declared: str, shapes: set[str]) -> Column:
    if name in shapes:
        return Column(name, declared, pa.binary(), True)
    return Column(name, declared, _type(declared) if declared else _sampled(connection, relation, name))


def _text(blob: bytes) -> str | bytes:
    """A text, or its bytes if it is not UTF-8: its row alone is bad then."""
    try:
        return blob.decode()
    except UnicodeDecodeError:
        return blob


def _read(column: Column, values: Sequence[Any]) -> Sequence[Any]:
    return list(map(wkb, values)) if column.geometry else values


def _type(declared: str) -> Any:
    """The Arrow type; SQLite keeps a REAL as a double, and all digits of a DECIMAL, whatever it declares."""
    kind = arrow_type(declared)
    if pa.types.is_decimal(kind):
        return PLAIN_DECIMAL
    return pa.float64() if kind == pa.float32() else kind


def _sampled(connection: sqlite3.Connection, relation: Relation, name: str) -> Any:
    """The type of the first values of a column that declares none."""
    column = delimited(name)
    kinds = {kind for kind, in connection.execute(
        f"SELECT DISTINCT typeof({column}) FROM (SELECT {column} FROM {relation.text} LIMIT {_SAMPLE})")} - {"null"}
    if kinds == {"integer"}:
        return pa.int64()
    if kinds and kinds <= {"integer", "real"}:
        return pa.float64()
    return pa.binary() if kinds == {"blob"} else pa.string()
