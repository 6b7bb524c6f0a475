"""The OWL vocabulary that a generated mapping uses, with a SKOS scheme for every coded column."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ._mapping import Space, concept_term
from ._model import Column, Table
from ._names import encoded, label, turtle_string, words
from ._units import Unit

_PREFIXES = """@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix qudt: <http://qudt.org/schema/qudt/> .
@prefix unit: <http://qudt.org/vocab/unit/> .
@prefix geo: <http://www.opengis.net/ont/geosparql#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> ."""


@dataclass
class _Property:
    """A property of one or more classes.

    Attributes:
        kind: ``owl:DatatypeProperty`` or ``owl:ObjectProperty``.
        name: for the label.
        comment: one sentence.
        range: in Turtle, or empty.
        domains: in Turtle.
        unit: of the values.
    """

    kind: str
    name: str
    comment: str
    range: str
    domains: list[str] = field(default_factory=list)
    unit: Unit | None = None


def ontology_document(tables: tuple[Table, ...], space: Space, title: str) -> str:
    """The ontology in Turtle."""
    return "\n".join(_lines(tables, space, title)) + "\n"


def _lines(tables: tuple[Table, ...], space: Space, title: str) -> Iterator[str]:
    yield from (_PREFIXES, f"@prefix vocab: <{space.vocabulary}> .", "")
    yield f"<{space.vocabulary.rstrip('#')}> a owl:Ontology ; rdfs:label {label(Path(title).stem)} ;"
    yield f"    rdfs:comment {turtle_string(f'Vocabulary of the mapping of {title}.')}@en ."
    yield from _borrowed(tables)
    for table in tables:
        yield from _class(table, space)
    for name, one in _properties(tables, space).items():
        yield from _property(name, one)
    for table in tables:
        for column in table.columns:
            if column.codes:
                yield from ("", *_scheme(table, column, space))


def _borrowed(tables: tuple[Table, ...]) -> Iterator[str]:
    """What is used of other vocabularies is declared, so that the document can be read by itself."""
    columns = [column for table in tables for column in table.columns]
    if any(table.geometry for table in tables):
        yield "geo:Feature a owl:Class . geo:Geometry a owl:Class ."
        yield "geo:hasGeometry a owl:ObjectProperty . geo:hasDefaultGeometry a owl:ObjectProperty . geo:asWKT a owl:DatatypeProperty ."
    if any(column.codes for column in columns):
        yield "skos:Concept a owl:Class . skos:ConceptScheme a owl:Class . skos:inScheme a owl:ObjectProperty ."
        yield "skos:notation a owl:DatatypeProperty . skos:prefLabel a owl:AnnotationProperty . skos:topConceptOf a owl:ObjectProperty ."
    if any(column.unit for column in columns):
        yield "qudt:hasUnit a owl:AnnotationProperty . qudt:ucumCode a owl:AnnotationProperty ."


def _class(table: Table, space: Space) -> Iterator[str]:
    parent = "geo:Feature" if table.geometry else "owl:Thing"
    comment = f"What a row of {table.name} stands for."
    yield f"{space.term(table.term)} a owl:Class ; rdfs:label {label(table.name)} ; rdfs:subClassOf {parent} ;"
    yield f"    rdfs:comment {turtle_string(comment)}@en ."


# -- properties

def _properties(tables: tuple[Table, ...], space: Space) -> dict[str, _Property]:
    found: dict[str, _Property] = {}
    for table in tables:
        for name, one in _of_table(table, space):
            found.setdefault(name, one).domains.append(space.term(table.term))
    if any(table.geometry for table in tables):
        is3d = _Property("owl:DatatypeProperty", "is 3D", "True if the geometry has heights.", "xsd:boolean", ["geo:Geometry"])
        found[space.term("is3D")] = is3d
    return found


def _of_table(table: Table, space: Space) -> Iterator[tuple[str, _Property]]:
    for column in table.columns:
        ranged = f"xsd:{column.datatype}" if column.datatype else ""
        yield space.term(column.term), _Property(
            "owl:DatatypeProperty", column.name, _comment(table, column), ranged, unit=column.unit
        )
        if column.codes:
            comment = f"The concept that the code in {column.name} means."
            yield space.term(concept_term(column)), _Property("owl:ObjectProperty", f"{column.name} concept", comment, "skos:Concept")
    for link in table.links:
        comment = f"The {words(link.parent)} that {', '.join(link.columns)} refers to."
        yield space.term(link.term), _Property("owl:ObjectProperty", link.term, comment, space.term(link.parent))


def _comment(table: Table, column: Column) -> str:
    parts = [f"Column {column.name} of {table.name}"]
    parts += [f"in {column.unit.ucum}"] if column.unit else []
    parts += ["different in every row"] if column.unique else []
    parts += [] if column.required else ["may be missing"]
    return ", ".join(parts) + "."


def _property(name: str, one: _Property) -> Iterator[str]:
    yield f"{name} a {one.kind} ; rdfs:label {label(one.name)} ; rdfs:comment {turtle_string(one.comment)}@en ;"
    domains = sorted(set(one.domains))
    domain = domains[0] if len(domains) == 1 else f"[ a owl:Class ; owl:unionOf ( {' '.join(domains)} ) ]"
    ranged = f" ; rdfs:range {one.range}" if one.range else ""
    yield f"    rdfs:domain {domain}{ranged}{_unit(one.unit)} ."


def _unit(unit: Unit | None) -> str:
    if unit is None:
        return ""
    known = f" ; qudt:hasUnit unit:{unit.qudt}" if unit.qudt else ""
    return f"{known} ; qudt:ucumCode {turtle_string(unit.ucum)}^^qudt:UCUMcs"


# -- concepts

def _scheme(table: Table, column: Column, space: Space) -> Iterator[str]:
    scheme = space.scheme(table, column)
    yield f"<{scheme}> a skos:ConceptScheme ; skos:prefLabel {label(column.name)} ."
    for code in column.codes:
        yield (f"<{scheme}/{encoded(code)}> a skos:Concept ; skos:notation {turtle_string(code)} ;"
               f" skos:prefLabel {turtle_string(code)} ; skos:inScheme <{scheme}> ; skos:topConceptOf <{scheme}> .")


