"""Tables and queries of databases as flat sources."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from earthweave.ontology import MappingError, UnsupportedError

from ..plan import DatabaseAccess, FileAccess, LogicalSource, Options, TableSchema
from ..values import pc
from ._database import Address, Column, Database, address, chosen, relation_of
from ._database_duckdb import Duckdb
from ._database_mysql import Mysql
from ._database_postgresql import Postgresql
from ._database_sqlite import Sqlite
from ._paths import file_of
from ._records import Place
from ._source import Source, empty_batch, known_crs, table_crs
from ._sql_names import Identifier, identifier, matching
from ._sql_types import padding, typed

_KINDS: dict[str, Any] = {"postgresql": Postgresql, "mysql": Mysql, "sqlite": Sqlite, "duckdb": Duckdb}
_LIBRARIES = {"psycopg": "postgresql", "pymysql": "mysql", "sqlite3": "sqlite", "duckdb": "duckdb", "_duckdb": "duckdb"}


def open_database(logical: LogicalSource, place: Place, options: Options) -> Source:
    """Open a table or query of PostgreSQL, MySQL or MariaDB, SQLite or DuckDB, read only (R2RML §5).

    The database is the one that ``place.databases`` has under the name that the mapping gives it, or under the empty name, else the one
    whose URL the mapping says; an open connection tells where, reading it goes over connections of its own.

    Raises:
        MappingError: no such table, a query that the database refuses or that does more than read, or no database at all.
        ForbiddenError: a file outside of the mapping's folder and the working folder, a query that reaches out of the database.
        ProductError: the database cannot be opened.
        CrsError: geometries without a known CRS.
        MissingDependencyError: its driver is not installed.
    """
    given, user, password = chosen(logical, place.databases)
    access = logical.access
    if isinstance(access, DatabaseAccess) and place.databases.get(access.url, place.databases.get("")) is None:
        database = _found(_allowed(address(access.url, user, password), place), place.working)
    else:
        database = _database(given, place.folder or place.working, user, password)
    return DatabaseSource(logical, database, options)


def _allowed(where: Address, place: Place) -> Address:
    """The address that a mapping says, of a file only if the mapping may read it."""
    if where.kind not in ("sqlite", "duckdb"):
        return where
    return replace(where, path=str(file_of(FileAccess(where.path), place)))


def schema_of(database: str | Any, *, folder: Path | None = None) -> tuple[TableSchema, ...]:
    """The tables of a database with columns and keys, by name: of a URL, or of an open connection.

    Raises as `open_database`.
    """
    return _database(database, folder or Path.cwd(), "", "").schema()


def _database(given: Any, folder: Path, user: str, password: str) -> Database:
    if isinstance(given, str | Path):
        where = address(str(given), user, password)
        return _found(where, folder)
    library = type(given).__module__.partition(".")[0]
    if library not in _LIBRARIES:
        raise UnsupportedError(f"a database connection of {library}", way_out="hand in a URL, or one of psycopg, PyMySQL, sqlite3, DuckDB")
    database: Database = _KINDS[_LIBRARIES[library]].like(given)
    return database


def _found(where: Address, folder: Path) -> Database:
    kind = _KINDS[where.kind]
    database: Database = kind.at(where, folder) if where.kind in ("sqlite", "duckdb") else kind.at(where)
    return database


class DatabaseSource:
    """A table or query as rows in batches; see `Source`."""

    def __init__(self, logical: LogicalSource, database: Database, options: Options) -> None:
        self._database, self._options = database, options
        self._relation = relation_of(logical, database)
        columns = database.columns(self._relation)
        self._check(columns)
        self._columns = {one.name: one for one in columns}
        self._nulls = logical.access.nulls if isinstance(logical.access, DatabaseAccess) else ()
        self.name = self._relation.title
        self.faults: list[tuple[int, str]] = []
        shape = next((one for one in columns if one.geometry), None)
        self.geometry: str | None = shape.name if shape else None
        self.fields = tuple(one.name for one in columns if not one.geometry)
        self.crs = table_crs(options) if shape is None else known_crs(database.crs(self._relation, shape), self.name, options)
        self.total: int | None = database.total(self._relation)
        self.keys = database.keys(self._relation)

    def _check(self, columns: Sequence[Column]) -> None:
        names = [one.name for one in columns]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise MappingError(f"{self._relation.title} has two columns {twice[0]!r}", way_out="name columns apart: SELECT … AS …")

    def column(self, name: str) -> str | None:
        """The column that a name means, delimited or not, or None."""
        wanted = identifier(name)
        return matching(wanted, tuple(self._columns), self._database.fold(wanted.text), self._database.sensitive)

    def means(self, name: Identifier, column: str) -> bool:
        """True if SQL reads a name as that column."""
        return self._database.means(self._relation, name, column)

    def _wanted(self, columns: Sequence[str], geometry: bool) -> list[Column]:
        names = [*columns, *([self.geometry] if geometry and self.geometry and self.geometry not in columns else [])]
        return [self._columns[name] for name in names]

    def batches(self, columns: Sequence[str], geometry: bool) -> Iterator[Any]:
        """See `Source`."""
        self.faults.clear()
        wanted, first = self._wanted(columns, geometry), 0
        schema = _schema(wanted)
        for values in self._database.read(self._relation, wanted, self._options.batch_rows):
            count = len(values[0])
            yield self._batch(values, wanted, schema, first) if wanted else _rows_alone(count)
            first += count

    def _batch(self, values: Sequence[Any], columns: Sequence[Column], schema: Any, first: int) -> Any:
        """A batch of typed values, without the rows that hold one that is not of its type."""
        bad: dict[int, str] = {}
        arrays = []
        for one, raw in zip(columns, values, strict=True):
            array, wrong = typed(raw, one.type)
            bad.update((row, f"{one.name}: {_shown(raw[row])} is no {one.declared}") for row in wrong)
            arrays.append(_without(_padded(array, one), self._nulls))
        batch = pa.RecordBatch.from_arrays(arrays, schema=schema)
        self.faults += [(first + row + 1, bad[row]) for row in sorted(bad)]
        return batch.take(pa.array([row for row in range(batch.num_rows) if row not in bad], pa.int64())) if bad else batch

    def empty(self, columns: Sequence[str], geometry: bool) -> Any:
        """See `Source`."""
        wanted = self._wanted(columns, geometry)
        return empty_batch(_schema(wanted), [one.name for one in wanted])


def _schema(columns: Sequence[Column]) -> Any:
    return pa.schema([(one.name, one.type) for one in columns])


def _rows_alone(count: int) -> Any:
    """Rows of a mapping that reads no column of them."""
    return pa.RecordBatch.from_struct_array(pa.array([{}] * count, pa.struct([])))


def _padded(array: Any, column: Column) -> Any:
    """CHARACTER(n) is as long as it says, though some databases leave out the blanks."""
    width = padding(column.declared)
    return pc.utf8_rpad(array, width=width) if width and array.type == pa.string() else array


def _without(array: Any, nulls: Sequence[str]) -> Any:
    """A column of texts without those that mean no value."""
    if not nulls or array.type != pa.string():
        return array
    return pc.if_else(pc.is_in(array, value_set=pa.array(nulls, pa.string())), None, array)


def _shown(value: Any) -> str:
    text = str(value)
    return repr(text if len(text) <= 40 else text[:39] + "…")
