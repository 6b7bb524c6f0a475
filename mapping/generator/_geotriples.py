"""Mappings in the shape that GeoTriples writes: two triples maps over one flat table, subjects numbered by row."""

from __future__ import annotations

from collections.abc import Iterator

from ..documents import escape_template
from ._mapping import Space, delimited
from ._model import Column, Table
from ._names import PLAIN, turtle_string

_RR = "@prefix rr: <http://www.w3.org/ns/r2rml#> ."
_RML = """@prefix rml: <http://semweb.mmlab.be/ns/rml#> .
@prefix ql: <http://semweb.mmlab.be/ns/ql#> ."""
_COMMON = """@prefix rrx: <http://www.w3.org/ns/r2rml-ext#> .
@prefix rrxf: <http://www.w3.org/ns/r2rml-ext/functions/def/> .
@prefix ogc: <http://www.opengis.net/ont/geosparql#> .
@prefix ewf: <https://w3id.org/earthweave/function#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> ."""
_SAID = (("asWKT", "ogc:wktLiteral"), ("isSimple", "xsd:boolean"), ("isEmpty", "xsd:boolean"), ("is3D", "xsd:boolean"),
         ("spatialDimension", "xsd:integer"), ("dimension", "xsd:integer"), ("coordinateDimension", "xsd:integer"))
_FORMULATIONS = {"CSV": "ql:CSV", "Layer": "ql:SHP"}


def geotriples_document(table: Table, space: Space, dialect: str) -> str:
    """The document: R2RML, or RML as it was when GeoTriples wrote it."""
    return "\n".join(_Shape(table, space, dialect).lines()) + "\n"


class _Shape:
    def __init__(self, table: Table, space: Space, dialect: str) -> None:
        self.table, self.space, self.rml = table, space, dialect == "rml"
        self.reference = "rml:reference" if self.rml else "rr:column"

    def lines(self) -> Iterator[str]:
        """Prefixes and the two triples maps."""
        yield from (_RR, *([_RML] if self.rml else []), _COMMON, f"@prefix map: <{self.space.base}> .")
        yield from (f"@prefix vocab: <{self.space.vocabulary}> .", "", self._name(""), f"    {self._source()} ;")
        subject = f"rr:class {self.space.term(self.table.term)} ; rr:template {self._template('id')}"
        values = [(self.space.term(one.term), self._value(one)) for one in self.table.columns]
        if self.table.geometry is not None:
            values.insert(0, ("ogc:hasGeometry", f"rr:template {self._template('Geometry')}"))
        yield from self._map(subject, values)
        if self.table.geometry is not None:
            yield from ("", self._name("_geometry"), f"    {self._source()} ;")
            subject = f"rr:class ogc:Geometry ; rr:template {self._template('Geometry')}"
            yield from self._map(subject, [(f"ogc:{name}", self._said(name, datatype)) for name, datatype in _SAID])

    def _map(self, subject: str, values: list[tuple[str, str]]) -> Iterator[str]:
        end = ";" if values else "."
        yield f"    rr:subjectMap [ {subject} ] {end}"
        lines = [f"    rr:predicateObjectMap [ rr:predicate {name} ; rr:objectMap [ {value} ] ]" for name, value in values]
        yield from (f"{line} ;" for line in lines[:-1])
        yield from (f"{line} ." for line in lines[-1:])

    def _name(self, end: str) -> str:
        name = self.table.term + end
        return f"map:{name}" if PLAIN.fullmatch(name) else f"<{self.space.base}{name}>"

    def _source(self) -> str:
        if not self.rml:
            return f"rr:logicalTable [ rr:tableName {turtle_string(self.table.name)} ]"
        formulation = _FORMULATIONS[self.table.rows.formulation]
        return f"rml:logicalSource [ rml:source {turtle_string(self.table.rows.file)} ; rml:referenceFormulation {formulation} ]"

    def _template(self, kind: str) -> str:
        start = escape_template(f"{self.space.base}{self.table.term}/{kind}/")
        return turtle_string(f"{start}{{{escape_template(self.table.key[0])}}}")

    def _value(self, column: Column) -> str:
        return f"rr:datatype xsd:{column.datatype} ; {self.reference} {turtle_string(_delimited(column.name))}"

    def _said(self, name: str, datatype: str) -> str:
        assert self.table.geometry is not None
        values = " ".join(f"[ {self.reference} {turtle_string(_delimited(one))} ]" for one in self.table.geometry.columns)
        shape = values if len(self.table.geometry.columns) == 1 else f"[ rrx:function ewf:point ; rrx:argumentMap ( {values} ) ]"
        return f"rr:datatype {datatype} ; rrx:function rrxf:{name} ; rrx:argumentMap ( {shape} )"


def _delimited(name: str) -> str:
    return delimited(name) if len(name) > 1 and name[0] == name[-1] == '"' else name
