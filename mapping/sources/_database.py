"""What the SQL sources need of a database, whichever it is; and how one is found by its URL."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

from earthweave.ontology import ForbiddenError, MappingError, MissingDependencyError, NotFoundError, ProductError

from ..plan import DatabaseAccess, LogicalSource, TableSchema
from ._sql_names import Identifier, delimited, identifiers, matching

_SCHEMES = {
    "postgres": "postgresql", "postgresql": "postgresql", "postgis": "postgresql", "mysql": "mysql", "mariadb": "mysql",
    "sqlite": "sqlite", "spatialite": "sqlite", "duckdb": "duckdb",
}
_REACHES = re.compile(
    r"pg_(?:read|ls|stat_file|file)_?\w*|pg_(?:terminate|cancel)_backend|pg_reload_conf|pg_rotate_logfile|pg_logical_emit_message|pg_sleep\w*"
    r"|pg_(?:try_)?advisory\w*|set_config|query_to_xml\w*|lo_(?:import|export)|dblink\w*|load_file|outfile|dumpfile|benchmark|get_lock"
    r"|load_extension|read_(?:csv|parquet|json|ndjson|text|blob)\w*|sniff_csv|getenv|(?:sqlite|postgres|mysql)_(?:scan|query|execute)",
    re.IGNORECASE,
)
"""Functions of servers that reach files, programs, other servers or other sessions; a read-only transaction does not stop them.

Functions that an extension or an owner has added cannot be known here: let a mapping that is not trusted run as a role that may only
read. A DuckDB connection that is handed in open keeps the access to files that it has.
"""
_ESCAPED = re.compile(r"u&\s*[\"']", re.IGNORECASE)
_READS = re.compile(r"(?:\s|\(|--[^\n]*\n|/\*.*?\*/)*(select|with|values|table)\b", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Column:
    """A column of a relation.

    Attributes:
        name: as the database has it.
        declared: its SQL type, as the database says it; empty if it does not.
        type: Arrow type of its values.
        geometry: True if its values are geometries, which are read as WKB.
    """

    name: str
    declared: str
    type: Any
    geometry: bool = False


@dataclass(frozen=True)
class Relation:
    """What is read.

    Attributes:
        text: as it stands behind FROM.
        table: its own name, and ``schema``, if it is a table; else empty.
        query: the query, if it is one.
        title: for messages.
    """

    text: str
    title: str
    table: str = ""
    schema: str = ""
    query: str = ""


    @classmethod
    def of(cls, schema: str, table: str) -> Relation:
        """A table, in a schema if it is named."""
        return cls(f"{delimited(schema)}.{delimited(table)}" if schema else delimited(table), table, table, schema)


@dataclass(frozen=True)
class Address:
    """Where a database is, from its URL.

    Attributes:
        kind: ``postgresql``, ``mysql``, ``sqlite``, ``duckdb``.
        title: for messages, without the password.
        path: of a file, or name of the database.
    """

    kind: str
    title: str
    path: str
    host: str = ""
    port: int | None = None
    user: str = ""
    password: str = field(default="", repr=False)
    options: tuple[tuple[str, str], ...] = ()

    def file(self, folder: Path) -> Path:
        """The file that it means, a relative path being relative to ``folder``; raises `NotFoundError`."""
        path = folder / self.path
        if not path.is_file():
            way_out = f"write {self.kind}:///name.{self.kind}, or {self.kind}:////folder/name.{self.kind}"
            raise NotFoundError(f"there is no file {path}", way_out=way_out)
        return path


class Database(Protocol):
    """A database that is read."""

    @property
    def sensitive(self) -> bool:
        """True if case counts in delimited identifiers."""
        ...

    def tables(self) -> Sequence[tuple[str, str]]:
        """Schema and name of every table and view that a name without a schema may mean, and of others with their schema."""
        ...

    def relation(self, schema: str, table: str) -> Relation:
        """A table as a relation."""
        ...

    def fold(self, name: str) -> str:
        """A regular identifier as the database holds it."""
        ...

    def columns(self, relation: Relation) -> tuple[Column, ...]:
        """Columns of a relation; raises `MappingError` with the database's own message for a query that it refuses."""
        ...

    def read(self, relation: Relation, columns: Sequence[Column], rows: int) -> Iterator[Sequence[Any]]:
        """At most so many rows at a time, a sequence of values or an Arrow array for each column; geometries are WKB."""
        ...

    def means(self, relation: Relation, name: Identifier, column: str) -> bool:
        """True if a name is read as a column whose name is the same but perhaps for its case."""
        ...

    def keys(self, relation: Relation) -> tuple[str, ...]:
        """Columns of the primary key, or else of a unique key without NULLs."""
        ...

    def total(self, relation: Relation) -> int | None:
        """Rows, as far as the database knows without counting."""
        ...

    def crs(self, relation: Relation, column: Column) -> str | None:
        """Authority and code of the CRS of a column of geometries."""
        ...

    def schema(self) -> tuple[TableSchema, ...]:
        """Tables with columns and keys, by name."""
        ...


def address(url: str, user: str = "", password: str = "") -> Address:
    """Read a JDBC or SQLAlchemy URL; raise `MappingError`, without the password, for one of no kind that is read."""
    text = url.strip().removeprefix("jdbc:")
    scheme, _, rest = text.partition(":")
    kind = _SCHEMES.get(scheme.lower().split("+")[0], "")
    if not kind:
        raise MappingError("a database URL of no kind that is read", why=f"it begins with {scheme[:20]!r}",
                           way_out="write postgresql://, mysql://, mariadb://, sqlite:/// or duckdb:///, or the same behind jdbc:")
    if kind in ("sqlite", "duckdb"):
        path = unquote(re.sub(r"^//[^/]*/", "", rest).partition("?")[0])
        return Address(kind, Path(path).name or "memory", path)
    return _server(kind, rest, user, password)


def _server(kind: str, rest: str, user: str, password: str) -> Address:
    try:
        parts = urlsplit(rest if rest.startswith("//") else f"///{rest}")
        options = dict(parse_qsl(parts.query))
        port = parts.port or int(options.pop("port", "0")) or None
    except ValueError as error:
        raise MappingError(f"a {kind} URL that cannot be read", way_out=f"write {kind}://user@host:port/database") from error
    who = unquote(parts.username or "") or options.pop("user", "") or user
    secret = unquote(parts.password or "") or options.pop("password", "") or password
    path = unquote(parts.path.lstrip("/"))
    host = parts.hostname or options.pop("host", "")
    return Address(kind, f"{kind} database {path or who}", path, host, port, who, secret, tuple(options.items()))


def chosen(logical: LogicalSource, databases: Any) -> tuple[Any, str, str]:
    """The URL or open connection that a logical source means, with user and password; what the caller hands in goes first."""
    access = logical.access if isinstance(logical.access, DatabaseAccess) else DatabaseAccess()
    given = databases.get(access.url, databases.get(""))
    if given is None and not access.url:
        raise MappingError(f"no database for {logical.name or 'the query'}", way_out="hand in its URL: --database URL")
    return (access.url if given is None else given), access.user, access.password


def relation_of(logical: LogicalSource, database: Database) -> Relation:
    """The table or query that a logical source names; raise `MappingError` for one that is not there, or does more than read."""
    if logical.query:
        return _query(logical.query)
    found = _find(logical.name, database)
    if found is None:
        near = ", ".join(sorted({name for _, name in database.tables()})[:20])
        raise MappingError(f"there is no table {logical.name}", why=f"there are {near}" if near else "there is no table at all",
                           way_out="write a name between double quotes where its case counts")
    return database.relation(*found)


def _query(query: str) -> Relation:
    text = query.strip().rstrip(";").rstrip()
    if _READS.match(text) is None:
        raise MappingError("a query that does more than read", why=text[:80], way_out="write SELECT or WITH")
    _check_reach(text)
    # a comment at its end must not swallow the parenthesis
    return Relation(f"({text}\n) AS earthweave_rows", "the query " + " ".join(text.split())[:60], query=text)


def _check_reach(query: str) -> None:
    """Raise `ForbiddenError` for a query that calls, even in a text, what reaches out of the database, or could hide such a call."""
    reaching = next((word[0] for word in re.finditer(r"\w+", query) if _REACHES.fullmatch(word[0]) and _called(query, word)), None)
    if reaching or _ESCAPED.search(query):
        raise ForbiddenError(
            f"a query that may reach out of its database: {reaching or 'U& escapes'}", why="a mapping reads tables, and nothing else",
            way_out="make a view of it in the database, and read that",
        )


def _called(query: str, word: re.Match[str]) -> bool:
    """True if a word may be a function or clause here, not a column; between a name and its bracket comments may stand."""
    behind = re.match(r"[\"`\]]?\s*\(", query[word.end():])
    into = re.search(r"\binto\s+$", query[:word.start()], re.IGNORECASE)
    return bool(behind or into) or any(mark in query for mark in ("--", "/*", "#"))


def _find(name: str, database: Database) -> tuple[str, str] | None:
    tables = database.tables()
    parts = identifiers(name)
    for schemas in (_schemas(parts, tables, database), [""] if len(parts) == 1 else []):
        for schema in schemas:
            names = [table for one, table in tables if one == schema]
            found = matching(parts[-1], names, database.fold(parts[-1].text), database.sensitive)
            if found is not None:
                return schema, found
    return ("", name) if ("", name) in tables else None


def _schemas(parts: tuple[Identifier, ...], tables: Sequence[tuple[str, str]], database: Database) -> list[str]:
    if len(parts) == 1:
        return [""]
    known = list(dict.fromkeys(schema for schema, _ in tables))
    found = matching(parts[-2], known, database.fold(parts[-2].text), database.sensitive)
    return [] if found is None else [found]


def missing(library: str, error: ImportError) -> NoReturn:
    """Raise for a driver that is not there."""
    raise MissingDependencyError(f"reading this database needs {library}", why=str(error),
                                 way_out="pip install 'earthweave[sql]'") from error


def unreachable(where: Address, error: Exception) -> ProductError:
    """What to raise when a database cannot be opened; the password is never told."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    why = lines[0].replace(where.password, "…") if where.password else lines[0]
    return ProductError(f"the {where.title} cannot be opened", why=why, way_out="correct its URL, user and password")


def fetched(
    cursor: Any, relation: Relation, columns: Sequence[Column], rows: int, read: Callable[[Column, Any], Any]
) -> Iterator[Sequence[Any]]:
    """Columns of a relation through a cursor (PEP 249), so many rows at a time, each as ``read`` makes it; rows alone if none is asked."""
    items = ", ".join(delimited(one.name) for one in columns) or "1"
    cursor.execute(f"SELECT {items} FROM {relation.text}")
    while found := cursor.fetchmany(rows):
        values = list(zip(*found, strict=True))
        yield [read(one, array) for one, array in zip(columns, values, strict=True)] if columns else values


def refused(relation: Relation, error: Exception) -> MappingError:
    """What to raise when a database refuses a statement: its own message."""
    return MappingError(f"the database refuses {relation.title}", why=" ".join(str(error).split())[:500])
