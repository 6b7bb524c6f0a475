"""The Direct Mapping of relational data to RDF (W3C, 2012) as a plan: what tables look like is all that it needs to know."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from earthweave.ontology import MappingError

from ..plan import (
    Condition,
    Constant,
    ForeignKey,
    Fresh,
    Join,
    Kind,
    LogicalSource,
    Plan,
    PredicateObjects,
    Reference,
    TableSchema,
    Template,
    TermMap,
    TriplesMap,
)
from ._reader import directory
from ._template import escape_identifier

# all but unreserved characters and those beyond ASCII that IRIs may hold (RFC 3987)
_RESERVED = re.compile(r"[^A-Za-z0-9\-._~\u00a0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef\U00010000-\U000effff]")


def direct_mapping(tables: Sequence[TableSchema], base: str) -> Plan:
    """The Direct Mapping of some tables (W3C, A Direct Mapping of Relational Data to RDF, 2012).

    Rows are ``<Table/key=value>``, or blank nodes where there is no primary key; columns are ``<Table#column>``, foreign keys
    ``<Table#ref-column;column>``; all relative to ``base``. Names in sources and references are delimited: their case counts.

    Raises `MappingError` if a foreign key refers to a table that is not among them, or names unknown columns.
    """
    known = {table.name: table for table in tables}
    if len(known) < len(tables):
        raise MappingError("the Direct Mapping", why="two tables have the same name", way_out="map one database schema at a time")
    root = directory(base)
    return Plan("the Direct Mapping", root, tuple(_triples_map(table, known, root) for table in tables), label="Direct Mapping")


def _triples_map(table: TableSchema, known: dict[str, TableSchema], base: str) -> TriplesMap:
    statements = [_literal(table, column.name, base) for column in table.columns]
    statements += [_reference(table, key, known, base) for key in table.foreign_keys]
    source = LogicalSource(escape_identifier(table.name))
    return TriplesMap(table.name, 0, source, _subject(table), (base + _encoded(table.name),), (), tuple(statements))


def _subject(table: TableSchema) -> TermMap:
    key = _key(table)
    return _row(table, {name: name for name in key}) if key else TermMap(Fresh(table.name), Kind.BLANK)


def _key(table: TableSchema) -> tuple[str, ...]:
    """Columns that name a row: the primary key, else a candidate key without NULL, which keeps blank nodes apart just as well."""
    full = {column.name for column in table.columns if not column.nullable}
    return table.primary_key or next((key for key in table.unique_keys if key and set(key) <= full), ())


def _row(table: TableSchema, columns: dict[str, str]) -> TermMap:
    """The node of a row: key column → column at hand that has its value."""
    kind = Kind.IRI if table.primary_key else Kind.BLANK
    return TermMap(Template(tuple(_parts(table, columns))), kind)


def _parts(table: TableSchema, columns: dict[str, str]) -> Iterator[str | Reference]:
    mark = f"{_encoded(table.name)}/"
    for name in _key(table):
        yield f"{mark}{_encoded(name)}="
        yield Reference(columns[name], delimited=True)
        mark = ";"


def _literal(table: TableSchema, column: str, base: str) -> PredicateObjects:
    predicate = Constant(f"{base}{_encoded(table.name)}#{_encoded(column)}")
    return PredicateObjects((TermMap(predicate, Kind.IRI),), (TermMap(Reference(column, delimited=True), Kind.LITERAL),))


def _reference(table: TableSchema, key: ForeignKey, known: dict[str, TableSchema], base: str) -> PredicateObjects:
    predicate = Constant(f"{base}{_encoded(table.name)}#ref-{';'.join(_encoded(name) for name in key.columns)}")
    parent = _parent(table, key, known)
    pairs = dict(zip(key.parent_columns, key.columns, strict=True))
    return PredicateObjects((TermMap(predicate, Kind.IRI),), (_referred(parent, pairs),))


def _parent(table: TableSchema, key: ForeignKey, known: dict[str, TableSchema]) -> TableSchema:
    parent = known.get(key.table)
    what = f"the foreign key {', '.join(key.columns)} of table {table.name}"
    if parent is None:
        raise MappingError(what, why=f"table {key.table} is not among the tables", way_out="map it too, or leave the key out")
    strange = [name for name in key.columns if name not in {column.name for column in table.columns}]
    strange += [name for name in key.parent_columns if name not in {column.name for column in parent.columns}]
    if strange or len(key.columns) != len(key.parent_columns):
        raise MappingError(what, why=f"no column {strange[0]}" if strange else "it has not as many columns as it refers to")
    return parent


def _referred(parent: TableSchema, pairs: dict[str, str]) -> TermMap | Join:
    """The row of the parent: by its key if the foreign key is of that, else joined."""
    if set(_key(parent)) == set(pairs):
        return _row(parent, pairs)
    conditions = (Condition(Reference(own, delimited=True), Reference(other, delimited=True)) for other, own in pairs.items())
    return Join(parent.name, tuple(conditions))


def _encoded(name: str) -> str:
    """A name as part of an IRI: percent-encoded, characters beyond ASCII as they are."""
    return _RESERVED.sub(lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), name)
