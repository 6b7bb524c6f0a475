"""SHACL shapes that the results of a generated mapping conform to (W3C, 2017)."""

from __future__ import annotations

from collections.abc import Iterator

from ._mapping import MEASURES, Space, concept_term, metric
from ._model import Column, Geometry, Link, Table
from ._names import encoded, turtle_string

_PREFIXES = """@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix geo: <http://www.opengis.net/ont/geosparql#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> ."""


def shapes_document(tables: tuple[Table, ...], space: Space) -> str:
    """The shapes in Turtle."""
    return "\n".join(_lines(tables, space)) + "\n"


def _lines(tables: tuple[Table, ...], space: Space) -> Iterator[str]:
    yield from (_PREFIXES, f"@prefix vocab: <{space.vocabulary}> .")
    for table in tables:
        yield from ("", f"<{space.vocabulary}shape/{table.term}> a sh:NodeShape ; sh:targetClass {space.term(table.term)} ;")
        yield from _ended([f"    sh:property {one}" for one in _properties(table, space)])
        if table.geometry is not None:
            yield from ("", *_geometry(table, table.geometry, space))
        yield from _unique(table, space)


def _ended(lines: list[str]) -> Iterator[str]:
    yield from (f"{line} ;" for line in lines[:-1])
    yield from (f"{line} ." for line in lines[-1:])


def _properties(table: Table, space: Space) -> Iterator[str]:
    yield "[ sh:path <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> ; sh:minCount 1 ]"
    for column in table.columns:
        yield _column(table, column, space)
        if column.codes:
            yield _concept(table, column, space)
    yield from (_link(link, space) for link in table.links)
    if table.geometry is not None:
        least = _least(table.geometry.required)
        kind = f"sh:nodeKind sh:IRI ; sh:class geo:Geometry ; sh:node <{_geometry_shape(table, space)}>"
        yield f"[ sh:path geo:hasGeometry ; {kind}{least} ]"
        yield f"[ sh:path geo:hasDefaultGeometry ; {kind} ; sh:maxCount 1{least} ]"


def _least(required: bool) -> str:
    return " ; sh:minCount 1" if required else ""


def _column(table: Table, column: Column, space: Space) -> str:
    kind = f"sh:datatype xsd:{column.datatype}" if column.datatype else "sh:nodeKind sh:Literal"
    most = "" if column.many else " ; sh:maxCount 1"
    least = _least(column.required and table.complete)
    return f"[ sh:path {space.term(column.term)} ; {kind}{most}{least} ; sh:name {turtle_string(column.name)} ]"


def _concept(table: Table, column: Column, space: Space) -> str:
    path = space.term(concept_term(column))
    concepts = " ".join(f"<{space.scheme(table, column)}/{encoded(code)}>" for code in column.codes)
    allowed = f" ; sh:in ( {concepts} )" if table.complete else ""
    return f"[ sh:path {path} ; sh:nodeKind sh:IRI ; sh:maxCount 1{allowed} ]"


def _link(link: Link, space: Space) -> str:
    return (f"[ sh:path {space.term(link.term)} ; sh:nodeKind sh:IRI ; sh:class {space.term(link.parent)}"
            f"{_least(link.required)} ]")


def _geometry(table: Table, geometry: Geometry, space: Space) -> Iterator[str]:
    yield f"<{_geometry_shape(table, space)}> a sh:NodeShape ;"
    said = [("geo:asWKT", "geo:wktLiteral"), *((name, f"xsd:{kind}") for _, name, kind in [*MEASURES, *metric(geometry)])]
    yield from _ended([
        f"    sh:property [ sh:path {name} ; sh:datatype {datatype} ; sh:minCount 1 ; sh:maxCount 1 ]" for name, datatype in said
    ])


def _geometry_shape(table: Table, space: Space) -> str:
    return f"{space.vocabulary}shape/{table.term}-geometry"


def _unique(table: Table, space: Space) -> Iterator[str]:
    """No value of the key names two: seen from the value, no more than one of the class leads to it."""
    for column in table.columns:
        if table.key == (column.name,):
            path = space.term(column.term)
            yield ""
            yield f"<{space.vocabulary}shape/{table.term}-key> a sh:NodeShape ; sh:targetObjectsOf {path} ;"
            yield (f"    sh:property [ sh:path [ sh:inversePath {path} ] ; sh:qualifiedMaxCount 1 ;"
                   f" sh:qualifiedValueShape [ sh:class {space.term(table.term)} ] ] .")
