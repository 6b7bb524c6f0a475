"""PostgreSQL and PostGIS: COPY out of a read-only transaction, parsed by Arrow; geometries as WKB with the CRS of their SRID."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pyarrow as pa

from ..plan import ColumnSchema, ForeignKey, TableSchema
from ..values import pc
from ._database import Address, Column, Relation, missing, refused, unreachable
from ._sql_names import Identifier, delimited
from ._sql_types import arrow_type

_SETTINGS = "SET datestyle = 'ISO, YMD'; SET timezone = 'UTC'; SET extra_float_digits = 1"
"""Texts in the forms that Arrow reads."""
_GEOMETRIES = ("geometry", "geography")
_TABLES = """
    SELECT CASE WHEN pg_table_is_visible(c.oid) THEN '' ELSE n.nspname END, c.relname
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_'
    UNION SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_'
"""
_OWN_TABLES = """
    SELECT c.oid, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname NOT IN ('pg_catalog', 'information_schema')
    AND n.nspname !~ '^pg_' AND pg_table_is_visible(c.oid)
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') ORDER BY c.relname
"""
_COLUMNS = """
    SELECT attname, format_type(atttypid, atttypmod), NOT attnotnull FROM pg_attribute
    WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
_KEYS = """
    SELECT contype, (SELECT array_agg(a.attname ORDER BY k.n) FROM unnest(conkey) WITH ORDINALITY AS k(num, n)
        JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = k.num),
      (SELECT relname FROM pg_class WHERE oid = confrelid),
      (SELECT array_agg(a.attname ORDER BY k.n) FROM unnest(confkey) WITH ORDINALITY AS k(num, n)
        JOIN pg_attribute a ON a.attrelid = confrelid AND a.attnum = k.num)
    FROM pg_constraint WHERE conrelid = %s AND contype IN ('p', 'u', 'f') AND conparentid = 0 ORDER BY oid
"""
_UNIQUE = """
    SELECT array_agg(a.attname ORDER BY k.n) FROM pg_index i, unnest(i.indkey) WITH ORDINALITY AS k(num, n), pg_attribute a
    WHERE i.indrelid = %s::regclass AND i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL AND k.n <= i.indnkeyatts
      AND a.attrelid = i.indrelid AND a.attnum = k.num
    GROUP BY i.indexrelid, i.indisprimary HAVING bool_and(a.attnotnull) ORDER BY i.indisprimary DESC, count(*) LIMIT 1
"""


class Postgresql:
    """A PostgreSQL database; every use is a read-only connection of its own, so that several tables can be read at a time."""

    sensitive = True

    def __init__(self, where: Address, conninfo: str) -> None:
        self._where, self._conninfo = where, conninfo
        self._tables: list[tuple[str, str]] | None = None

    @classmethod
    def at(cls, where: Address) -> Postgresql:
        """The database of a URL."""
        make = _psycopg().conninfo.make_conninfo
        named = {"host": where.host, "port": where.port, "user": where.user, "password": where.password, "dbname": where.path}
        known = {name: value for name, value in where.options if name in ("sslmode", "connect_timeout", "sslrootcert", "sslcert", "sslkey")}
        return cls(where, make(**{name: value for name, value in named.items() if value}, **known))

    @classmethod
    def like(cls, connection: Any) -> Postgresql:
        """The database that an open connection of psycopg is connected to."""
        info = connection.info
        make = _psycopg().conninfo.make_conninfo
        secret = {"password": info.password} if info.password else {}
        where = Address("postgresql", f"postgresql database {info.dbname}", info.dbname, password=info.password)
        return cls(where, make(info.dsn, **secret))

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        psycopg = _psycopg()
        try:
            connection = psycopg.connect(self._conninfo, client_encoding="utf8")
        except psycopg.Error as error:
            raise unreachable(self._where, error) from error
        with connection:
            connection.read_only = True
            connection.execute(_SETTINGS)
            yield connection

    def _rows(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        with self._connected() as connection:
            # without values a per cent sign in a name or a query is nothing but itself
            return list(connection.execute(statement, values or None).fetchall())

    def tables(self) -> Sequence[tuple[str, str]]:
        """See `Database`."""
        if self._tables is None:
            self._tables = self._rows(_TABLES)
        return self._tables

    def fold(self, name: str) -> str:
        """See `Database`."""
        return name.lower()

    def relation(self, schema: str, table: str) -> Relation:
        """See `Database`."""
        text = f"{delimited(schema)}.{delimited(table)}" if schema else delimited(table)
        return Relation(text, table, table, schema)

    def columns(self, relation: Relation) -> tuple[Column, ...]:
        """See `Database`."""
        psycopg = _psycopg()
        with self._connected() as connection:
            try:
                # prepared statements cannot be several at once, so nothing can stand behind a query
                result = connection.execute(f"SELECT * FROM {relation.text} LIMIT 0", prepare=True).pgresult
            except psycopg.Error as error:
                raise refused(relation, error) from error
            names = [result.fname(index).decode() for index in range(result.nfields)]
            kinds = [(result.ftype(index), result.fmod(index)) for index in range(result.nfields)]
            ask = "SELECT format_type(t, m) FROM unnest(%s::oid[], %s::int[]) WITH ORDINALITY AS k(t, m, n) ORDER BY n"
            told = connection.execute(ask, [[kind for kind, _ in kinds], [mod for _, mod in kinds]]).fetchall()
        return tuple(_column(name, declared) for name, (declared,) in zip(names, told, strict=True))

    def read(self, relation: Relation, columns: Sequence[Column], rows: int) -> Iterator[Sequence[Any]]:
        """See `Database`."""
        psycopg = _psycopg()
        items = ", ".join(_selected(one) for one in columns) or "1"
        statement = f"COPY (SELECT {items} FROM {relation.text}) TO STDOUT (FORMAT csv)"
        with self._connected() as connection, connection.cursor() as cursor:
            try:
                with cursor.copy(statement) as copy:
                    for block in _blocks(copy, rows):
                        yield _parsed(block, columns)
            except psycopg.Error as error:
                raise refused(relation, error) from error

    def means(self, relation: Relation, name: Identifier, column: str) -> bool:
        """See `Database`."""
        return column == (name.text if name.delimited else self.fold(name.text))

    def keys(self, relation: Relation) -> tuple[str, ...]:
        """See `Database`."""
        found = self._rows(_UNIQUE, [relation.text]) if relation.table else []
        return tuple(found[0][0]) if found else ()

    def total(self, relation: Relation) -> int | None:
        """See `Database`: what the planner believes."""
        if not relation.table:
            return None
        found = self._rows("SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [relation.text])
        return int(found[0][0]) if found and found[0][0] > 0 else None

    def crs(self, relation: Relation, column: Column) -> str | None:
        """See `Database`: by the type if it says the SRID, else by the first geometry."""
        name = delimited(column.name)
        first = f"SELECT ST_SRID({name}::geometry) FROM {relation.text} WHERE {name} IS NOT NULL LIMIT 1"
        declared = column.declared.rstrip(")").rpartition(",")[2]
        found = [(int(declared),)] if declared.isdigit() else self._rows(first)
        known = self._rows("SELECT auth_name, auth_srid FROM spatial_ref_sys WHERE srid = %s", found[0]) if found else []
        return f"{known[0][0]}:{known[0][1]}" if known and known[0][0] else None

    def schema(self) -> tuple[TableSchema, ...]:
        """See `Database`."""
        with self._connected() as connection:
            return tuple(_table_schema(connection, oid, name) for oid, name in connection.execute(_OWN_TABLES).fetchall())


def _psycopg() -> Any:
    try:
        import psycopg
    except ImportError as error:
        missing("psycopg", error)
    return psycopg


def _column(name: str, declared: str) -> Column:
    geometry = declared.partition("(")[0].rpartition(".")[2] in _GEOMETRIES
    return Column(name, declared, pa.binary() if geometry else arrow_type(declared), geometry)


def _selected(column: Column) -> str:
    """A column as text that Arrow can read."""
    name = delimited(column.name)
    if column.geometry:
        declared = column.declared.rstrip(")").rpartition(",")[2]
        # a column without an SRID of its own may hold several
        same = name if declared.isdigit() else f"{name}::geometry"
        return f"encode(ST_AsBinary({same}), 'hex')"
    return f"encode({name}, 'hex')" if pa.types.is_binary(column.type) else f"{name}::text" if column.type == pa.string() else name


def _blocks(copy: Any, rows: int) -> Iterator[bytes]:
    """The bytes of so many rows; the server sends one row a message."""
    kept: list[Any] = []
    for row in copy:
        kept.append(row)
        if len(kept) == rows:
            yield b"".join(kept)
            kept.clear()
    if kept:
        yield b"".join(kept)


def _parsed(block: bytes, columns: Sequence[Column]) -> Sequence[Any]:
    """The columns of a block as texts, and bytes as bytes."""
    from pyarrow import csv

    names = [str(index) for index in range(max(1, len(columns)))]
    table = csv.read_csv(
        pa.BufferReader(block), csv.ReadOptions(use_threads=False, column_names=names, block_size=len(block) + 1),
        csv.ParseOptions(newlines_in_values=True),
        csv.ConvertOptions(check_utf8=False, column_types={name: pa.string() for name in names}, null_values=[""], strings_can_be_null=True,
                           quoted_strings_can_be_null=False),
    )
    arrays = [column.chunk(0) if column.num_chunks == 1 else column.combine_chunks() for column in table.columns]
    return [_bytes(array) if pa.types.is_binary(one.type) else array for one, array in zip(columns, arrays, strict=False)] or arrays


def _bytes(texts: Any) -> Any:
    """A column of hexadecimal digits as bytes."""
    offsets = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset: texts.offset + len(texts) + 1]
    data = texts.buffers()[2]
    digits = b"" if data is None else bytes(memoryview(data)[offsets[0]: offsets[-1]])
    halves = pa.py_buffer(((offsets - offsets[0]) // 2).astype(np.int32))
    valid = None if texts.null_count == 0 else pc.is_valid(texts).buffers()[1]
    return pa.Array.from_buffers(pa.binary(), len(texts), [valid, halves, pa.py_buffer(bytes.fromhex(digits.decode()))])


def _table_schema(connection: Any, oid: int, name: str) -> TableSchema:
    columns = tuple(ColumnSchema(*row) for row in connection.execute(_COLUMNS, [oid]))
    keys = connection.execute(_KEYS, [oid]).fetchall()
    primary = next((tuple(own) for kind, own, _, _ in keys if kind == "p"), ())
    foreign = tuple(ForeignKey(tuple(own), table, tuple(parent)) for kind, own, table, parent in keys if kind == "f")
    return TableSchema(name, columns, primary, foreign, tuple(tuple(own) for kind, own, _, _ in keys if kind == "u"))


