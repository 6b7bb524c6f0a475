"""What a relational table looks like from outside: the form that introspection writes, and Direct Mapping and generator read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ColumnSchema:
    """One column.

    Attributes:
        name: as the database holds it, without delimiters.
        type: SQL type as the database says it, or empty.
        nullable: False if NULL is excluded.
    """

    name: str
    type: str = ""
    nullable: bool = True


@dataclass(frozen=True)
class ForeignKey:
    """Columns whose values are those of columns of another table (ISO 9075-2, referential constraint).

    Attributes:
        columns: of this table, in order.
        table: name of the other one.
        parent_columns: of the other one, in the same order.
    """

    columns: tuple[str, ...]
    table: str
    parent_columns: tuple[str, ...]


@dataclass(frozen=True)
class TableSchema:
    """One base table, or a view.

    Attributes:
        name: as the database holds it, without delimiters.
        columns: in their order.
        primary_key: names of its columns in the key's order; empty if there is none.
        foreign_keys: in the order of the database.
        unique_keys: other candidate keys, each the names of its columns.
    """

    name: str
    columns: tuple[ColumnSchema, ...]
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    unique_keys: tuple[tuple[str, ...], ...] = ()
