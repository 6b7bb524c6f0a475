"""DuckDB: Arrow batches as it makes them, a file read only, no other files within reach of a query."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..plan import ColumnSchema, ForeignKey, TableSchema
from ._database import Address, Column, Relation, missing, refused, unreachable
from ._sql_names import Identifier, delimited

_OWN = "database_name = current_database() AND schema_name = current_schema()"
_TABLES = f"""
    SELECT '', table_name FROM duckdb_tables() WHERE {_OWN} AND NOT internal
    UNION SELECT '', view_name FROM duckdb_views() WHERE {_OWN} AND NOT internal
    UNION SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database() AND NOT internal
    UNION SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = current_database() AND NOT internal
"""
_COLUMNS = f"SELECT column_name, data_type, is_nullable FROM duckdb_columns() WHERE {_OWN} AND table_name = ? ORDER BY column_index"
_KEYS = f"""
    SELECT constraint_type, constraint_column_names, referenced_table, referenced_column_names
    FROM duckdb_constraints() WHERE {_OWN} AND table_name = ? ORDER BY constraint_index
"""


_ALONE = {"enable_external_access": "false", "lock_configuration": "true"}
"""No query reaches other files, or gives itself leave to."""


class Duckdb:
    """A DuckDB database; a file is opened for reading alone, a connection that was handed in is read through cursors of its own."""

    sensitive = False

    def __init__(self, where: Address, path: Path | None, connection: Any = None) -> None:
        self._where, self._path, self._given = where, path, connection

    @classmethod
    def at(cls, where: Address, folder: Path) -> Duckdb:
        """The database of a URL; a relative path is relative to ``folder``."""
        return cls(where, where.file(folder))

    @classmethod
    def like(cls, connection: Any) -> Duckdb:
        """The database of an open connection."""
        return cls(Address("duckdb", "duckdb database", ""), None, connection)

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        duckdb = _duckdb()
        try:
            connection = self._given.cursor() if self._path is None else duckdb.connect(str(self._path), True, _ALONE)
        except duckdb.Error as error:
            raise unreachable(self._where, error) from error
        with connection:
            yield connection

    def _rows(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        with self._connected() as connection:
            return list(connection.execute(statement, values).fetchall())

    def tables(self) -> Sequence[tuple[str, str]]:
        """See `Database`."""
        return self._rows(_TABLES)

    def fold(self, name: str) -> str:
        """See `Database`: cases never count."""
        return name

    def relation(self, schema: str, table: str) -> Relation:
        """See `Database`."""
        return Relation.of(schema, table)

    def columns(self, relation: Relation) -> tuple[Column, ...]:
        """See `Database`."""
        duckdb = _duckdb()
        with self._connected() as connection:
            try:
                # parsed alone, so that nothing can stand behind a query
                statement, = connection.extract_statements(f"DESCRIBE SELECT * FROM {relation.text}")
                told = connection.execute(statement).fetchall()
                fields = _reader(connection, f"SELECT {_items(told)} FROM {relation.text} LIMIT 0", 1).schema
            except (duckdb.Error, ValueError) as error:
                raise refused(relation, error) from error
        described = zip(told, fields, strict=True)
        return tuple(Column(name, kind, field.type, kind.startswith("GEOMETRY")) for (name, kind, *_), field in described)

    def read(self, relation: Relation, columns: Sequence[Column], rows: int) -> Iterator[Sequence[Any]]:
        """See `Database`."""
        duckdb = _duckdb()
        items = _items([(one.name, one.declared) for one in columns])
        with self._connected() as connection:
            try:
                for batch in _reader(connection, f"SELECT {items} FROM {relation.text}", rows):
                    yield batch.columns
            except duckdb.Error as error:
                raise refused(relation, error) from error

    def means(self, relation: Relation, name: Identifier, column: str) -> bool:
        """See `Database`: cases of columns never count."""
        return True

    def keys(self, relation: Relation) -> tuple[str, ...]:
        """See `Database`."""
        found = [names for kind, names, *_ in self._rows(_KEYS, [relation.table]) if kind == "PRIMARY KEY"] if not relation.schema else []
        return tuple(found[0]) if found else ()

    def total(self, relation: Relation) -> int | None:
        """See `Database`."""
        found = self._rows(f"SELECT estimated_size FROM duckdb_tables() WHERE {_OWN} AND table_name = ?", [relation.table])
        return int(found[0][0]) if found and not relation.schema else None

    def crs(self, relation: Relation, column: Column) -> str | None:
        """See `Database`: a geometry's type may say it, as in ``GEOMETRY('EPSG:4326')``."""
        _, _, said = column.declared.partition("'")
        return said.partition("'")[0] or None

    def schema(self) -> tuple[TableSchema, ...]:
        """See `Database`."""
        names = self._rows(f"SELECT table_name FROM duckdb_tables() WHERE {_OWN} ORDER BY table_name")
        return tuple(self._table(name) for name, in names)

    def _table(self, name: str) -> TableSchema:
        columns = tuple(ColumnSchema(*row) for row in self._rows(_COLUMNS, [name]))
        keys = self._rows(_KEYS, [name])
        primary = next((tuple(own) for kind, own, _, _ in keys if kind == "PRIMARY KEY"), ())
        foreign = tuple(ForeignKey(tuple(own), table, tuple(parent)) for kind, own, table, parent in keys if kind == "FOREIGN KEY")
        return TableSchema(name, columns, primary, foreign, tuple(tuple(own) for kind, own, _, _ in keys if kind == "UNIQUE"))


def _reader(connection: Any, statement: str, rows: int) -> Any:
    """Batches as they are made, none kept."""
    relation = connection.sql(statement)
    # as it was called before DuckDB 1.4
    return (getattr(relation, "to_arrow_reader", None) or relation.fetch_arrow_reader)(rows)


def _items(columns: Sequence[Any]) -> str:
    return ", ".join(_selected(name, kind) for name, kind, *_ in columns) or "1"


def _selected(name: str, kind: str) -> str:
    """A column in a form that its Arrow type tells all about."""
    column = delimited(name)
    if kind.startswith("GEOMETRY"):
        return f"ST_AsWKB({column}) AS {column}"
    if kind in ("HUGEINT", "UHUGEINT"):
        return f"CAST({column} AS BIGINT) AS {column}"
    if kind in ("UUID", "INTERVAL", "TIME WITH TIME ZONE", "BIT", "JSON"):
        return f"CAST({column} AS VARCHAR) AS {column}"
    return column


def _duckdb() -> Any:
    try:
        import duckdb
    except ImportError as error:
        missing("duckdb", error)
    return duckdb


