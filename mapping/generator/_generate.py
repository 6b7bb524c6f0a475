"""A mapping document to start from, written from a source's schema and CRS: R2RML or RML, or the shape that GeoTriples writes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import pyarrow as pa

from earthweave.ontology import GEO, XSD, ParameterError

from ..documents import escape_template
from ..plan import COUNTER, Options
from ..sources import Source, open_source
from ..values import is_text, lexical, pc, representable

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_IDENTIFYING = re.compile(r"(^|_)(id|fid|code|key|gid|uuid)\d*($|_)|Id$|_?ID$", re.IGNORECASE)
_PREFIXES = {
    "r2rml": "@prefix rr: <http://www.w3.org/ns/r2rml#> .",
    "rml": "@prefix rml: <http://w3id.org/rml/> .\n@prefix ewm: <https://w3id.org/earthweave/mapping#> .",
}
_COMMON = """@prefix rrx: <http://www.w3.org/ns/r2rml-ext#> .
@prefix rrxf: <http://www.w3.org/ns/r2rml-ext/functions/def/> .
@prefix geo: <http://www.opengis.net/ont/geosparql#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> ."""
_GEOTRIPLES = (("asWKT", "geo:wktLiteral"), ("isSimple", "xsd:boolean"), ("isEmpty", "xsd:boolean"), ("is3D", "xsd:boolean"),
               ("spatialDimension", "xsd:integer"), ("dimension", "xsd:integer"), ("coordinateDimension", "xsd:integer"))


@dataclass(frozen=True)
class _Column:
    """A column with the datatype of its values; ``xsd:string`` for texts."""

    name: str
    datatype: str


@dataclass(frozen=True)
class _Schema:
    """What a mapping is generated from.

    Attributes:
        file: file name.
        table: its stem.
        base: ends in a slash or hash.
        columns: without the geometry.
        key: column that identifies a row, or the counter.
        geometry: True if there is one.
        prefix: what predicates' local names begin with.
    """

    file: str
    table: str
    base: str
    columns: tuple[_Column, ...]
    key: str
    geometry: bool
    prefix: str

    @property
    def vocabulary(self) -> str:
        """Namespace of the predicates and the class."""
        return f"{self.base}ontology#"

    def term(self, name: str) -> str:
        """A name of the vocabulary in Turtle."""
        return f"vocab:{name}" if _PLAIN.fullmatch(name) else f"<{self.vocabulary}{quote(name, safe='')}>"

    def template(self, *middle: str) -> str:
        """A template of IRIs of this table as a Turtle string, ending in the key."""
        fixed = "/".join(quote(part, safe="") for part in (self.table, *middle))
        return _string(f"{escape_template(self.base)}{fixed}/{{{escape_template(self.key)}}}")


def generate(
    source: Path,
    *,
    base: str,
    dialect: Literal["r2rml", "rml"] = "r2rml",
    compat: Literal["geotriples"] | None = None,
    ontology: bool = False,
    options: Options | None = None,
) -> str:
    """Write a mapping document, in Turtle, for a vector file or table, or with ``ontology`` the OWL vocabulary that it uses.

    Subjects are ``<base>/<file stem>/id/{key}``, predicates ``<base>/ontology#<column>``. The key is a column whose values identify the
    rows; where there is none, or with ``compat="geotriples"``, it is the number of the row, and a comment says so.
    ``compat="geotriples"`` gives GeoTriples' predicates ``has_<column>`` and its two triples maps; ``base`` may end in a slash or not.

    Raises:
        ParameterError: the base is no absolute IRI, or the dialect is unknown.
        ProductError, NotFoundError, UnsupportedError: the source cannot be read.
    """
    if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|^`\\]+$", base):
        raise ParameterError(f"{base!r} is no absolute IRI", way_out="give one: http://example.org/data/")
    if dialect not in _PREFIXES:
        raise ParameterError(f"no dialect {dialect!r}", way_out="choose r2rml or rml")
    schema = _schema(Path(source), base if base.endswith(("/", "#")) else base + "/", compat, options or Options(source_crs="EPSG:4326"))
    if ontology:
        return "\n".join(_ontology(schema)) + "\n"
    if compat == "geotriples":
        return "\n".join(_geotriples(schema)) + "\n"
    return "\n".join(_mapping(schema, dialect)) + "\n"


# -- the schema

def _schema(path: Path, base: str, compat: str | None, options: Options) -> _Schema:
    source = open_source(path, "", options)
    schema = source.empty(source.fields, False).schema
    fields = [schema.field(name) for name in source.fields]
    columns = tuple(_Column(one.name, _datatype(one.type)) for one in fields if representable(one.type))
    key = COUNTER if compat == "geotriples" else _key(source, [one.name for one in columns]) or COUNTER
    return _Schema(path.name, path.stem, base, columns, key, source.geometry is not None, "has_" if compat == "geotriples" else "")


def _datatype(kind: Any) -> str:
    if is_text(kind):
        return "xsd:string"
    return "xsd:" + lexical(pa.array([], kind))[1].removeprefix(str(XSD))


def _key(source: Source, names: list[str]) -> str | None:
    """The first column whose values are all there and all different, those named like identifiers first."""
    candidates = sorted(names, key=lambda name: _IDENTIFYING.search(name) is None)
    if not candidates:
        return None
    batches = list(source.batches(candidates, False))
    if not batches:
        return None
    table = pa.Table.from_batches(batches)
    return next((name for name in candidates if _identifies(name, table.column(name))), None)


def _identifies(name: str, column: Any) -> bool:
    # whole numbers that happen to differ are mostly measured values, unless they are named like a key
    fit = is_text(column.type) or (pa.types.is_integer(column.type) and _IDENTIFYING.search(name))
    if not fit or len(column) == 0 or column.null_count:
        return False
    return bool(pc.count_distinct(column).as_py() == len(column))


# -- the documents

def _string(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'


def _mapping(schema: _Schema, dialect: str) -> Iterator[str]:
    rr, column = ("rr", "column") if dialect == "r2rml" else ("rml", "reference")
    source = (
        f"rr:logicalTable [ rr:tableName {_string(schema.table)} ]" if dialect == "r2rml"
        else f"rml:logicalSource [ rml:source [ rml:path {_string(schema.file)} ] ; rml:referenceFormulation ewm:Layer ]"
    )
    yield f"# Mapping of {schema.file}. Edit it freely: rename predicates, drop columns, add classes."
    if schema.key == COUNTER:
        yield "# No column identifies the rows, so subjects are numbered by row: they change when the file is sorted otherwise."
    yield from (_PREFIXES[dialect], _COMMON, f"@prefix vocab: <{schema.vocabulary}> .", "", "<#Feature>", f"    {source} ;")
    yield f"    {rr}:subjectMap [ {rr}:template {schema.template('id')} ; {rr}:class {schema.term(schema.table)} , geo:Feature ] ;"
    objects = [(schema.term(one.name), f"{rr}:{column} {_string(one.name)}{_typed(one, rr)}") for one in schema.columns]
    if schema.geometry:
        objects.append(("geo:hasGeometry , geo:hasDefaultGeometry", f"{rr}:template {schema.template('Geometry')}"))
    yield from _ended(f"    {rr}:predicateObjectMap [ {rr}:predicate {name} ; {rr}:objectMap [ {value} ] ]" for name, value in objects)
    if schema.geometry:
        call = f'rrx:function rrxf:asWKT ; rrx:argumentMap ( [ {rr}:{column} "the_geom" ] )'
        yield from ("", "<#Geometry>", f"    {source} ;")
        yield f"    {rr}:subjectMap [ {rr}:template {schema.template('Geometry')} ; {rr}:class geo:Geometry ] ;"
        yield f"    {rr}:predicateObjectMap [ {rr}:predicate geo:asWKT ; {rr}:objectMap [ {call} ] ] ."


def _typed(one: _Column, rr: str) -> str:
    return "" if one.datatype == "xsd:string" else f" ; {rr}:datatype {one.datatype}"


def _ended(lines: Iterator[str]) -> Iterator[str]:
    """The lines joined as one Turtle statement."""
    found = list(lines)
    yield from (f"{line} ;" for line in found[:-1])
    yield from (f"{line} ." for line in found[-1:])


def _geotriples(schema: _Schema) -> Iterator[str]:
    """The two triples maps that GeoTriples writes over one table."""
    table = f"rr:logicalTable [ rr:tableName {_string(schema.table)} ] ;"
    yield from (_PREFIXES["r2rml"], _COMMON.replace("@prefix geo:", "@prefix ogc:"), f"@prefix map: <{schema.base}> .")
    yield from (f"@prefix vocab: <{schema.vocabulary}> .", "", _map_name(schema, ""), f"    {table}")
    yield f"    rr:subjectMap [ rr:class {schema.term(schema.table)} ; rr:template {schema.template('id')} ] ;"
    objects = [
        (schema.term("has_" + one.name), f"rr:datatype {one.datatype} ; rr:column {_string(one.name)}") for one in schema.columns
    ]
    yield from _ended(
        f"    rr:predicateObjectMap [ rr:predicate {name} ; rr:objectMap [ {value} ] ]"
        for name, value in [("ogc:hasGeometry", f"rr:template {schema.template('Geometry')}"), *objects]
    )
    yield from ("", _map_name(schema, "_geometry"), f"    {table}")
    yield f"    rr:subjectMap [ rr:class ogc:Geometry ; rr:template {schema.template('Geometry')} ] ;"
    yield from _ended(
        f"    rr:predicateObjectMap [ rr:predicate ogc:{name} ; rr:objectMap [ rr:datatype {datatype.replace('geo:', 'ogc:')} ;"
        f' rrx:function rrxf:{name} ; rrx:argumentMap ( [ rr:column "the_geom" ] ) ] ]'
        for name, datatype in _GEOTRIPLES
    )


def _map_name(schema: _Schema, end: str) -> str:
    name = schema.table + end
    return f"map:{name}" if _PLAIN.fullmatch(name) else f"<{schema.base}{quote(name, safe='')}>"


def _ontology(schema: _Schema) -> Iterator[str]:
    """Classes and properties with labels, domains and ranges."""
    owl = "@prefix owl: <http://www.w3.org/2002/07/owl#> .\n@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> ."
    yield from (owl, _COMMON.split("\n", 2)[2], f"@prefix vocab: <{schema.vocabulary}> .", "")
    domain = schema.term(schema.table)
    parent = f" ; rdfs:subClassOf <{GEO.Feature}>" if schema.geometry else ""
    yield f"<{schema.vocabulary.rstrip('#')}> a owl:Ontology ; rdfs:label {_label(schema.table)} ."
    yield f"{domain} a owl:Class ; rdfs:label {_label(schema.table)}{parent} ."
    for one in schema.columns:
        name = schema.term(schema.prefix + one.name)
        yield f"{name} a owl:DatatypeProperty ; rdfs:label {_label(one.name)} ; rdfs:domain {domain} ; rdfs:range {one.datatype} ."


def _label(name: str) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[_\W]+", " ", name).strip()
    return f"{_string(words if words.isupper() else words.lower())}@en"
