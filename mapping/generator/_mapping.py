"""A mapping document in Turtle, R2RML or RML, to read, change and run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from textwrap import wrap

from ..documents import escape_template
from ..plan import EWF
from ._model import Column, Geometry, Link, Rows, Table
from ._names import PLAIN, encoded, one_line, turtle_string

_REGULAR = re.compile(r"[a-z_][a-z0-9_]*")
_DELIMITED = re.compile(r'".+"|`.+`|\[.+\]', re.DOTALL)
_PREFIXES = {
    "r2rml": "@prefix rr: <http://www.w3.org/ns/r2rml#> .",
    "rml": "@prefix rml: <http://w3id.org/rml/> .",
}
COMMON = f"""@prefix rrx: <http://www.w3.org/ns/r2rml-ext#> .
@prefix rrxf: <http://www.w3.org/ns/r2rml-ext/functions/def/> .
@prefix ewm: <https://w3id.org/earthweave/mapping#> .
@prefix ewf: <{EWF}> .
@prefix geo: <http://www.opengis.net/ont/geosparql#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> ."""
MEASURES = (
    ("dimension", "geo:dimension", "integer"), ("coordinateDimension", "geo:coordinateDimension", "integer"),
    ("spatialDimension", "geo:spatialDimension", "integer"), ("isEmpty", "geo:isEmpty", "boolean"),
    ("isSimple", "geo:isSimple", "boolean"), ("is3D", "vocab:is3D", "boolean"),
)
"""Function, property and datatype of what is said of every geometry."""


def metric(geometry: Geometry) -> tuple[tuple[str, str, str], ...]:
    """The same for measures that fit its dimension, in metres and square metres."""
    if geometry.dimensions == {2}:
        return (("area", "geo:hasMetricArea", "double"), ("length", "geo:hasMetricPerimeterLength", "double"))
    return (("length", "geo:hasMetricLength", "double"),) if geometry.dimensions == {1} else ()


@dataclass(frozen=True)
class Space:
    """Where names live.

    Attributes:
        base: of all IRIs; ends in a slash or hash.
    """

    base: str

    @property
    def vocabulary(self) -> str:
        """Namespace of classes and properties."""
        return f"{self.base}ontology#"

    def term(self, name: str) -> str:
        """A name of the vocabulary in Turtle."""
        return f"vocab:{name}" if PLAIN.fullmatch(name) else f"<{self.vocabulary}{name}>"

    def scheme(self, table: Table, column: Column) -> str:
        """IRI of the concepts' scheme of a coded column."""
        return f"{self.base}{table.term}/code/{encoded(column.name)}"


def concept_term(column: Column) -> str:
    """Local name of the property that leads to the concept of a code."""
    return f"{column.term}_concept"


class Writer:
    """Writes the triples maps of tables."""

    def __init__(self, space: Space, dialect: str) -> None:
        self.space = space
        self.dialect = dialect
        self._sql = False
        self.rr, self.column = ("rr", "column") if dialect == "r2rml" else ("rml", "reference")

    def document(self, tables: tuple[Table, ...], title: str) -> str:
        """The whole document."""
        self._sql = any(table.rows.formulation == "SQL2008Table" for table in tables)
        return "\n".join(self._lines(tables, title)) + "\n"

    def _lines(self, tables: tuple[Table, ...], title: str) -> Iterator[str]:
        yield f"# Mapping of {one_line(title)}. Edit it freely: rename predicates, drop columns, add classes."
        yield from (_PREFIXES[self.dialect], COMMON, f"@prefix vocab: <{self.space.vocabulary}> .")
        for table in tables:
            yield ""
            yield from comments(table.notes)
            yield from self._named_source(table)
            yield from self._feature(table)
            if table.geometry is not None:
                yield from self._geometry(table, table.geometry)
            yield from self._point(table)
            if table.hashed:
                yield from self._key(table)

    def _named_source(self, table: Table) -> Iterator[str]:
        if self.dialect == "rml":
            yield f"<#{table.term}-rows> a rml:LogicalSource ; {self._rows(table)} ."

    # -- triples maps

    def _feature(self, table: Table) -> Iterator[str]:
        classes = self.space.term(table.term) + (" , geo:Feature" if table.geometry else "")
        yield f"<#{table.term}>"
        yield f"    {self._source(table)} ;"
        yield f"    {self.rr}:subjectMap [ {self.subject(table, 'id')} ; {self.rr}:class {classes} ] ;"
        yield from self._ended([
            *(line for column in table.columns for line in self._of_column(table, column)),
            *(self._statement(self.space.term(link.term), self._joined(link)) for link in table.links),
            *self._geometry_links(table),
        ])

    def _geometry_links(self, table: Table) -> Iterator[str]:
        if table.geometry is not None:
            yield self._statement("geo:hasGeometry , geo:hasDefaultGeometry", self._geometry_iri(table, table.geometry))

    def _of_column(self, table: Table, column: Column) -> Iterator[str]:
        typed = f" ; {self.rr}:datatype xsd:{column.datatype}" if column.typed and column.datatype not in ("", "string") else ""
        yield self._statement(self.space.term(column.term), self.value(column.name) + typed)
        if column.codes:
            template = f"{escape_template(self.space.scheme(table, column))}/{{{self._in_template(column.name)}}}"
            yield self._statement(self.space.term(concept_term(column)), f"{self.rr}:template {turtle_string(template)}")

    def _geometry(self, table: Table, geometry: Geometry) -> Iterator[str]:
        yield from ("", f"<#{table.term}-geometry>", f"    {self._source(table)} ;")
        yield f"    {self.rr}:subjectMap [ {self._geometry_iri(table, geometry)} ; {self.rr}:class geo:Geometry ] ;"
        measures = [("asWKT", "geo:asWKT", ""), *MEASURES, *metric(geometry)]
        yield from self._ended([self._statement(name, self._measured(table, geometry, one, kind)) for one, name, kind in measures])

    def _measured(self, table: Table, geometry: Geometry, function: str, datatype: str) -> str:
        typed = f" ; {self.rr}:datatype xsd:{datatype}" if datatype else f" ; {self.rr}:datatype geo:wktLiteral"
        return f"rrx:function rrxf:{function} ; rrx:argumentMap ( {self._shape(table, geometry)} ){typed}"

    def _shape(self, table: Table, geometry: Geometry) -> str:
        return f"[ {self.value(geometry.columns[0])} ]" if len(geometry.columns) == 1 else f"<#{table.term}-point>"

    def _point(self, table: Table) -> Iterator[str]:
        if table.geometry is not None and len(table.geometry.columns) > 1:
            values = " ".join(f"[ {self.value(name)} ]" for name in table.geometry.columns)
            yield from ("", f"<#{table.term}-point> rrx:function ewf:point ; rrx:argumentMap ( {values} ) .")

    def _key(self, table: Table) -> Iterator[str]:
        values = [f"[ {self.value(name)} ]" for name in table.contents]
        if table.geometry is not None and table.geometry.stored:
            values.append(f"[ rrx:function ewf:wkb ; rrx:argumentMap ( {self._shape(table, table.geometry)} ) ]")
        yield from ("", f"<#{table.term}-key> rrx:function ewf:hash ; rrx:argumentMap (")
        yield from (f"    {value}" for value in values)
        yield ") ."

    # -- pieces

    def _source(self, table: Table) -> str:
        if self.dialect == "r2rml":
            return f"rr:logicalTable [ rr:tableName {turtle_string(self._identifier(table.name))} ]"
        return f"rml:logicalSource <#{table.term}-rows>"

    def _rows(self, table: Table) -> str:
        rows = table.rows
        iterator = f" ; rml:iterator {turtle_string(rows.iterator)}" if rows.iterator else self._layer(table)
        return f"{_access(rows)} ; rml:referenceFormulation {_formulation(rows)}{iterator}"

    def _layer(self, table: Table) -> str:
        if table.rows.formulation == "SQL2008Table":
            return f" ; rml:iterator {turtle_string(self._identifier(table.name))}"
        return f" ; ewm:tableName {turtle_string(table.name)}" if table.rows.formulation == "Layer" else ""

    def _statement(self, predicate: str, value: str) -> str:
        return f"    {self.rr}:predicateObjectMap [ {self.rr}:predicate {predicate} ; {self.rr}:objectMap [ {value} ] ]"

    def subject(self, table: Table, kind: str) -> str:
        """The expression that names the row's feature (``id``) or geometry (``Geometry``)."""
        if table.hashed:
            return self._joined_iri(table, kind)
        key = "/".join(f"{{{self._in_template(name)}}}" for name in table.key)
        start = escape_template(f"{self.space.base}{table.term}/{kind}/")
        return f"{self.rr}:template {turtle_string(start + key)}"

    def _geometry_iri(self, table: Table, geometry: Geometry) -> str:
        """The geometry's name, of rows that have one."""
        if geometry.required:
            return self.subject(table, "Geometry")
        there = " ".join(f"[ {self.value(name)} ]" for name in geometry.columns)
        return f"rrx:function ewf:given ; rrx:argumentMap ( [ {self._joined_iri(table, 'Geometry')} ] {there} )"

    def _joined_iri(self, table: Table, kind: str) -> str:
        start = turtle_string(f"{self.space.base}{table.term}/{kind}/")
        key = f"<#{table.term}-key>" if table.hashed else " ".join(f"[ {self.value(name)} ]" for name in table.key)
        return f"rrx:function ewf:iri ; rrx:argumentMap ( [ {self.rr}:constant {start} ] {key} )"

    def value(self, name: str) -> str:
        """The expression of a column's value."""
        return f"{self.rr}:{self.column} {turtle_string(self._identifier(name))}"

    def _in_template(self, name: str) -> str:
        return escape_template(self._identifier(name))

    def _identifier(self, name: str) -> str:
        """A column's name; as a delimited identifier of SQL where it would be read as one, or is none without delimiters."""
        return delimited(name) if self._sql and not _REGULAR.fullmatch(name) or _DELIMITED.fullmatch(name) else name

    def _joined(self, link: Link) -> str:
        pairs = zip(link.columns, link.parent_columns, strict=True)
        conditions = "".join(
            f" ; {self.rr}:joinCondition [ {self.rr}:child {turtle_string(self._identifier(child))} ;"
            f" {self.rr}:parent {turtle_string(self._identifier(parent))} ]"
            for child, parent in pairs
        )
        return f"{self.rr}:parentTriplesMap <#{link.parent}>{conditions}"

    def _ended(self, lines: list[str]) -> Iterator[str]:
        """The lines as the end of one Turtle statement."""
        yield from (f"{line} ;" for line in lines[:-1])
        yield from (f"{line} ." for line in lines[-1:])


def delimited(name: str) -> str:
    """A name as a delimited identifier of SQL (ISO 9075-2 §5.2)."""
    return '"' + name.replace('"', '""') + '"'


def comments(notes: Iterable[str]) -> Iterator[str]:
    """Sentences as comments of Turtle."""
    for note in notes:
        yield from (f"# {line}" for line in wrap(one_line(note), 120))


def _access(rows: Rows) -> str:
    if not rows.file:
        return "rml:source [ a <http://www.wiwiss.fu-berlin.de/suhl/bizer/D2RQ/0.1#Database> ]"
    empty = ' ; rml:null ""' if rows.formulation == "CSV" else ""
    return f"rml:source [ a rml:RelativePathSource ; rml:root rml:MappingDirectory ; rml:path {turtle_string(rows.file)}{empty} ]"


def _formulation(rows: Rows) -> str:
    if rows.formulation == "Layer":
        return "ewm:Layer"
    if not rows.namespaces:
        return f"rml:{rows.formulation}"
    given = " , ".join(
        f"[ a rml:Namespace ; rml:namespacePrefix {turtle_string(prefix)} ; rml:namespaceURL {turtle_string(iri)} ]"
        for prefix, iri in rows.namespaces
    )
    return f"[ a rml:XPathReferenceFormulation ; rml:namespace {given} ]"


def usable_base(base: str) -> bool:
    """True for an absolute IRI."""
    return re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|^`\\]+", base) is not None
