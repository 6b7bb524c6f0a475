"""MySQL and MariaDB: rows from an unbuffered cursor in a read-only transaction; geometries as WKB with the CRS of their SRID."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from importlib import import_module
from typing import Any

import pyarrow as pa

from ..plan import ColumnSchema, ForeignKey, TableSchema
from ._database import Address, Column, Relation, fetched, missing, refused, unreachable
from ._sql_blobs import mysql_wkb
from ._sql_names import Identifier, delimited
from ._sql_types import arrow_type

_MODE = "ANSI_QUOTES,PIPES_AS_CONCAT,PAD_CHAR_TO_FULL_LENGTH"
_TABLES = """
    SELECT '', table_name FROM information_schema.tables WHERE table_schema = DATABASE()
    UNION SELECT table_schema, table_name FROM information_schema.tables
    WHERE table_schema NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys')
"""
_OWN_TABLES = """
    SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' ORDER BY table_name
"""
_COLUMNS = """
    SELECT column_name, column_type, is_nullable = 'YES' FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = %s ORDER BY ordinal_position
"""
_KEYS = """
    SELECT c.constraint_type, k.constraint_name, k.column_name, k.referenced_table_name, k.referenced_column_name
    FROM information_schema.table_constraints c JOIN information_schema.key_column_usage k
      ON k.constraint_schema = c.constraint_schema AND k.constraint_name = c.constraint_name AND k.table_name = c.table_name
    WHERE c.table_schema = DATABASE() AND c.table_name = %s ORDER BY k.constraint_name, k.ordinal_position
"""
_BINARY = 63
"""Number of the character set of bytes."""
_UNSIGNED = 32
_DECLARED = {
    0: "decimal", 1: "tinyint", 2: "smallint", 3: "int", 4: "float4", 5: "double", 7: "timestamp", 8: "bigint", 9: "mediumint", 10: "date",
    11: "time", 12: "datetime", 13: "year", 15: "varchar", 16: "bit", 245: "json", 246: "decimal", 247: "enum", 248: "set", 249: "blob",
    250: "blob", 251: "blob", 252: "blob", 253: "varchar", 254: "char", 255: "geometry",
}
"""Types by their numbers in the client's protocol."""


class Mysql:
    """A MySQL or MariaDB database; every use is a read-only connection of its own, so that several tables can be read at a time."""

    sensitive = False

    def __init__(self, where: Address, **named: Any) -> None:
        self._where, self._named = where, named

    @classmethod
    def at(cls, where: Address) -> Mysql:
        """The database of a URL."""
        named = {"host": where.host, "port": where.port, "user": where.user, "password": where.password, "database": where.path}
        known = {name: value for name, value in where.options if name in ("unix_socket", "ssl_ca")}
        return cls(where, **{name: value for name, value in named.items() if value}, **known)

    @classmethod
    def like(cls, connection: Any) -> Mysql:
        """The database that an open connection of PyMySQL is connected to."""
        name = connection.db.decode() if isinstance(connection.db, bytes) else connection.db
        named = {one: getattr(connection, one) for one in ("host", "port", "user", "password", "unix_socket")} | {"database": name}
        where = Address("mysql", f"mysql database {name}", name or "")
        return cls(where, **{one: value for one, value in named.items() if value})

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        pymysql = _pymysql()
        try:
            # no decoders: values come as texts, which Arrow reads faster
            connection = pymysql.connect(**self._named, conv=pymysql.converters.encoders, charset="utf8mb4", sql_mode=_MODE,
                                         cursorclass=pymysql.cursors.SSCursor, ssl_disabled="unix_socket" in self._named)
        except pymysql.Error as error:
            raise unreachable(self._where, error) from error
        with closing(connection):
            with connection.cursor() as cursor:
                cursor.execute("SET time_zone = '+00:00'")
                cursor.execute("START TRANSACTION READ ONLY")
            yield connection

    def _rows(self, statement: str, values: Sequence[str] = ()) -> list[Any]:
        with self._connected() as connection, connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return list(cursor.fetchall())

    def tables(self) -> Sequence[tuple[str, str]]:
        """See `Database`."""
        return self._rows(_TABLES)

    def fold(self, name: str) -> str:
        """See `Database`: tables are files, and columns of any case are the same."""
        return name

    def relation(self, schema: str, table: str) -> Relation:
        """See `Database`."""
        return Relation.of(schema, table)

    def columns(self, relation: Relation) -> tuple[Column, ...]:
        """See `Database`."""
        pymysql = _pymysql()
        with self._connected() as connection, connection.cursor() as cursor:
            try:
                cursor.execute(f"SELECT * FROM {relation.text} LIMIT 0")
            except pymysql.Error as error:
                raise refused(relation, error) from error
            return tuple(_column(field) for field in cursor._result.fields)

    def read(self, relation: Relation, columns: Sequence[Column], rows: int) -> Iterator[Sequence[Any]]:
        """See `Database`."""
        pymysql = _pymysql()
        with self._connected() as connection, connection.cursor() as cursor:
            try:
                yield from fetched(cursor, relation, columns, rows, _read)
            except pymysql.Error as error:
                raise refused(relation, error) from error

    def means(self, relation: Relation, name: Identifier, column: str) -> bool:
        """See `Database`: cases of columns never count."""
        return True

    def keys(self, relation: Relation) -> tuple[str, ...]:
        """See `Database`."""
        if not relation.table or relation.schema:
            return ()
        return tuple(row[2] for row in self._rows(_KEYS, [relation.table]) if row[0] == "PRIMARY KEY")

    def total(self, relation: Relation) -> int | None:
        """See `Database`: what the storage engine believes."""
        if not relation.table or relation.schema:
            return None
        ask = "SELECT table_rows FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = %s"
        found = self._rows(ask, [relation.table])
        return int(found[0][0]) or None if found and found[0][0] else None

    def crs(self, relation: Relation, column: Column) -> str | None:
        """See `Database`: that of the first geometry."""
        name = delimited(column.name)
        found = self._rows(f"SELECT ST_SRID({name}) FROM {relation.text} WHERE {name} IS NOT NULL LIMIT 1")
        return f"EPSG:{found[0][0]}" if found and found[0][0] not in (None, "0") else None

    def schema(self) -> tuple[TableSchema, ...]:
        """See `Database`."""
        return tuple(self._table(name) for name, in self._rows(_OWN_TABLES))

    def _table(self, name: str) -> TableSchema:
        columns = tuple(ColumnSchema(one, kind, nullable == "1") for one, kind, nullable in self._rows(_COLUMNS, [name]))
        groups: dict[tuple[str, str], list[Any]] = {}
        for kind, constraint, *row in self._rows(_KEYS, [name]):
            groups.setdefault((kind, constraint), []).append(row)
        named = {kind: [_names(rows, 0) for (one, _), rows in groups.items() if one == kind] for kind in ("PRIMARY KEY", "UNIQUE")}
        references = [rows for (kind, _), rows in groups.items() if kind == "FOREIGN KEY"]
        foreign = tuple(ForeignKey(_names(rows, 0), rows[0][1], _names(rows, 2)) for rows in references)
        return TableSchema(name, columns, next(iter(named["PRIMARY KEY"]), ()), foreign, tuple(named["UNIQUE"]))


def _names(rows: Sequence[Any], place: int) -> tuple[str, ...]:
    return tuple(row[place] for row in rows)


def _pymysql() -> Any:
    try:
        import_module("pymysql.cursors")
        return import_module("pymysql")
    except ImportError as error:
        missing("PyMySQL", error)


def _column(field: Any) -> Column:
    """A column as the server describes it."""
    declared = _DECLARED.get(field.type_code, "varchar")
    text = field.charsetnr != _BINARY
    if declared == "tinyint" and field.length == 1:
        declared = "boolean"
    elif declared == "decimal":
        declared = f"decimal({field.length - (field.scale > 0) - (not field.flags & _UNSIGNED)}, {field.scale})"
    elif declared == "bigint" and field.flags & _UNSIGNED:
        declared = "bigint unsigned"
    elif declared in ("blob", "char", "varchar"):
        declared = "text" if text and declared == "blob" else declared if text else "varbinary"
    geometry = declared == "geometry"
    return Column(field.name, declared, pa.binary() if geometry else arrow_type(declared), geometry)


def _read(column: Column, values: Sequence[Any]) -> Any:
    if column.geometry:
        return list(map(mysql_wkb, values))
    return list(values) if pa.types.is_binary(column.type) else pa.array(values, pa.string())
