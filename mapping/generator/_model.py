"""What a mapping is generated from: tables with columns, keys, geometry and links, whatever the source was."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..plan import COUNTER
from ._units import Unit


@dataclass(frozen=True)
class Column:
    """A column, or a path into a record.

    Attributes:
        name: as the source has it.
        datatype: local name of the XSD type; empty if it is not known.
        term: local name of its property.
        required: True if every row read had a value, or the schema says so.
        unique: True if no two rows have the same value.
        typed: True if the mapping states the datatype, which is otherwise the natural one.
        many: True if a record may have several values.
        unit: of its values.
        codes: its few values, if it looks coded.
    """

    name: str
    datatype: str = "string"
    term: str = ""
    required: bool = False
    unique: bool = False
    typed: bool = True
    many: bool = False
    unit: Unit | None = None
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Geometry:
    """Where a table's geometry comes from.

    Attributes:
        columns: one with geometries or WKT, or longitude and latitude.
        dimensions: topological dimensions that occur; empty if unknown.
        required: True if every row has one.
        stored: True if it is held as geometry, not as text or numbers.
    """

    columns: tuple[str, ...]
    dimensions: frozenset[int] = frozenset()
    required: bool = True
    stored: bool = False


@dataclass(frozen=True)
class Link:
    """A foreign key as an object property.

    Attributes:
        term: local name of the property.
        columns: of this table.
        parent: name of the other table.
        parent_columns: of that one, in the same order.
        required: True if no row is without.
    """

    term: str
    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]
    required: bool = False


@dataclass(frozen=True)
class Rows:
    """How a mapping names the rows.

    Attributes:
        file: file name; empty for a database.
        formulation: ``Layer``, ``CSV``, ``JSONPath``, ``XPath`` or ``SQL2008Table``.
        iterator: path to the records of a nested source.
        namespaces: prefix and IRI for XPath.
    """

    file: str = ""
    formulation: str = "Layer"
    iterator: str = ""
    namespaces: tuple[tuple[str, str], ...] = ()

    @property
    def nested(self) -> bool:
        """True if only RML can name them."""
        return bool(self.iterator)


@dataclass(frozen=True)
class Table:
    """One kind of thing.

    Attributes:
        name: of the layer, table, or element.
        rows: where they are.
        columns: that become properties.
        key: columns that identify a row, `COUNTER`, or none: then its contents do.
        geometry: or None.
        links: to other tables.
        term: local name of its class, and piece of its IRIs.
        notes: what a reader of the mapping should know, a sentence each.
        complete: True if every row was looked at.
    """

    name: str
    rows: Rows
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    geometry: Geometry | None = None
    links: tuple[Link, ...] = ()
    term: str = ""
    notes: tuple[str, ...] = field(default=())
    complete: bool = True

    @property
    def hashed(self) -> bool:
        """True if subjects are named by a hash of the row."""
        return not self.key

    @property
    def counted(self) -> bool:
        """True if subjects are numbered by row."""
        return self.key == (COUNTER,)

    @property
    def contents(self) -> tuple[str, ...]:
        """Columns that a hash is made of."""
        return tuple(one.name for one in self.columns if not one.many)
