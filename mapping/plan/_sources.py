"""Where rows come from and statements go to, as typed values (R2RML §5, RML-IO, RML-LV)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from ._terms import Condition, Expression

COUNTER = "gid"
"""The column that every flat source has: the number of the row, from 1."""


class Root(StrEnum):
    """What a relative path is relative to (RML-IO, ``rml:root``)."""

    MAPPING = "mapping"
    WORKING = "working"
    GIVEN = "given"


@dataclass(frozen=True)
class Dialect:
    """How a text table is written (CSVW ``csvw:dialect``); None and empty leave it to be found out."""

    delimiter: str = ""
    quote: str = '"'
    comment: str = ""
    header: bool = True
    skip_rows: int = 0
    trim: bool = False


@dataclass(frozen=True)
class FileAccess:
    """A file (``rml:RelativePathSource``, ``rml:FilePath``, DCAT distribution, CSVW table, or a bare path).

    Attributes:
        path: as written; ``file:`` IRIs are paths.
        root: what it is relative to; ``folder`` if GIVEN.
        folder: the root's own path.
        encoding: name as Python knows it, empty for UTF-8 with or without mark.
        compression: ``gzip``, ``zip``, ``tarxz``, ``targz``, ``bzip2``, ``xz`` or empty for what the file is.
        nulls: texts that mean no value.
        dialect: of a text table.
    """

    path: str
    root: Root = Root.MAPPING
    folder: str = ""
    encoding: str = ""
    compression: str = ""
    nulls: tuple[str, ...] = ()
    dialect: Dialect | None = None


@dataclass(frozen=True)
class DatabaseAccess:
    """A relational database (D2RQ ``d2rq:Database``, or ``rml:`` as the registry has it).

    Attributes:
        url: JDBC or SQLAlchemy URL; empty: the one that the caller hands in.
        user, password: empty if the URL says them.
        nulls: texts that mean no value.
    """

    url: str = ""
    user: str = ""
    password: str = ""
    nulls: tuple[str, ...] = ()


@dataclass(frozen=True)
class OtherAccess:
    """A source of a kind that is not read: refused when it is opened, with this description."""

    description: str


Access: TypeAlias = FileAccess | DatabaseAccess | OtherAccess


@dataclass(frozen=True)
class LogicalSource:
    """Which rows.

    Attributes:
        name: layer or table as the document writes it (empty: the only one).
        required: columns without which a row is left out.
        query: SQL query instead of a table.
        formulation: local name of the reference formulation (``CSV``, ``JSONPath``, ``XPath``, ``SQL2008Table``, ``Layer`` …) or empty.
        iterator: path to the records of a nested source.
        namespaces: prefix and IRI for XPath.
        access: where it is; None: what the caller hands in.
        parameters: what else the document says of it, local name of the property and text, in document order (``ewm:minPixels`` …).
        texts: True if values of JSON are texts as the file has them, and an array is all its values, as in RML before 2023.
    """

    name: str = ""
    required: tuple[str, ...] = ()
    query: str = ""
    formulation: str = ""
    iterator: str = ""
    namespaces: tuple[tuple[str, str], ...] = ()
    access: Access | None = None
    parameters: tuple[tuple[str, str], ...] = ()
    texts: bool = False


@dataclass(frozen=True)
class Field:
    """A field of a logical view: with an expression its values, with an iterator its records (RML-LV, Fields).

    Attributes:
        name: within its parent.
        expression: of an expression field.
        iterator: of an iterable field.
        formulation: of an iterable field in another format; empty: the parent's.
        fields: below it.
    """

    name: str
    expression: Expression | None = None
    iterator: str = ""
    formulation: str = ""
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True)
class ViewJoin:
    """Fields taken from another view (RML-LV, Logical View Join)."""

    parent: View
    inner: bool
    conditions: tuple[Condition, ...]
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class View:
    """A logical view: flat rows, fields named by dotted paths, over a source or another view (RML-LV)."""

    name: str
    on: LogicalSource | View
    fields: tuple[Field, ...]
    joins: tuple[ViewJoin, ...] = ()


@dataclass(frozen=True)
class Target:
    """A logical target (RML-IO).

    Attributes:
        name: as the document names it.
        path: file, or IRI of something that is not written to files.
        root: what a relative path is relative to; ``folder`` if GIVEN.
        folder: the root's own path.
        serialization: local name of the format (``N-Triples``, ``N-Quads``, ``Turtle``, ``TriG``, ``JSON-LD``, ``RDF_XML``, ``N3`` …).
        compression: as in `FileAccess`.
        encoding: name as Python knows it, empty for UTF-8.
        mode: other ways to write that are known by name only, or empty.
    """

    name: str
    path: str
    root: Root = Root.WORKING
    folder: str = ""
    serialization: str = "N-Quads"
    compression: str = ""
    encoding: str = ""
    mode: str = ""
