"""Generated mappings: GeoTriples' shape exactly, readable R2RML and RML that run, and a small ontology."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyoxigraph
import pytest
import shapely
from pyoxigraph import NamedNode, Quad
from rdflib import Graph, URIRef

from earthweave.mapping import Options, generate, map_source, read_rules
from earthweave.ontology import GEO, OWL, RDF, RDFS, XSD, ParameterError

FLOOD = "http://ai.di.uoa.gr/flood/"
SHAPES = [shapely.box(150.82204547307123, -33.7, 150.9, -33.6), shapely.box(150.6, -33.5, 150.7, -33.4)]


@pytest.fixture(scope="module")
def flood_levels(layer: Callable[..., Path]) -> Path:
    """The tutorial's shapefile in small."""
    return layer({"floodLevel": [7, 4]}, SHAPES, name="flood_levels.shp")


@pytest.mark.parametrize("base", [FLOOD, FLOOD.rstrip("/")])
@pytest.mark.parametrize("again", [FLOOD, FLOOD.rstrip("/")])
def test_the_tutorials_two_commands_give_the_tutorials_triples(flood_levels: Path, base: str, again: str) -> None:
    plan = read_rules(generate(flood_levels, base=base, compat="geotriples"), base=again)
    run = map_source(plan, flood_levels, options=Options(compat="geotriples"))
    assert b"".join(sorted(b"".join(run).splitlines(keepends=True))).decode() == GOLDEN


def _golden() -> str:
    xsd, geo = str(XSD), str(GEO)
    literals = (
        "<http://www.opengis.net/def/crs/EPSG/0/4326> MULTIPOLYGON (((150.9 -33.7, 150.82204547307123 -33.7, "
        "150.82204547307123 -33.6, 150.9 -33.6, 150.9 -33.7)))",
        "<http://www.opengis.net/def/crs/EPSG/0/4326> MULTIPOLYGON (((150.7 -33.5, 150.6 -33.5, 150.6 -33.4, 150.7 -33.4, 150.7 -33.5)))",
    )
    lines = []
    for row, (level, text) in enumerate(zip((7, 4), literals, strict=True), 1):
        feature, geometry = f"<{FLOOD}flood_levels/id/{row}>", f"<{FLOOD}flood_levels/Geometry/{row}>"
        lines += [
            f"{feature} <{RDF.type}> <{FLOOD}ontology#flood_levels> .",
            f'{feature} <{FLOOD}ontology#has_floodLevel> "{level}"^^<{xsd}integer> .',
            f"{feature} <{geo}hasGeometry> {geometry} .",
            f"{geometry} <{RDF.type}> <{geo}Geometry> .",
            f'{geometry} <{geo}asWKT> "{text}"^^<{geo}wktLiteral> .',
            f'{geometry} <{geo}isSimple> "true"^^<{xsd}boolean> .',
            *(f'{geometry} <{geo}{name}> "false"^^<{xsd}boolean> .' for name in ("isEmpty", "is3D")),
            *(f'{geometry} <{geo}{name}> "2"^^<{xsd}integer> .' for name in ("spatialDimension", "dimension", "coordinateDimension")),
        ]
    return "".join(sorted(line + "\n" for line in lines))


GOLDEN = _golden()


def test_a_document_that_geotriples_itself_wrote_runs(flood_levels: Path) -> None:
    """Its vocabulary is relative, its functions stand in rrx:transformation, its columns are typed."""
    text = """@prefix map: <#> . @prefix rr: <http://www.w3.org/ns/r2rml#> . @prefix vocab: <ontology#> .
@prefix rrx: <http://www.w3.org/ns/r2rml-ext#> . @prefix rrxf: <http://www.w3.org/ns/r2rml-ext/functions/def/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . @prefix ogc: <http://www.opengis.net/ont/geosparql#> .
map:flood_levels rr:logicalTable [ rr:tableName "flood_levels" ] ;
    rr:subjectMap [ rr:class vocab:flood_levels ; rr:template "http://ai.di.uoa.gr/flood/flood_levels/id/{gid}" ] ;
    rr:predicateObjectMap [ rr:predicate vocab:has_floodLevel ; rr:objectMap [ rr:datatype xsd:integer ; rr:column "floodLevel" ] ] ;
    rr:predicateObjectMap [ rr:predicate ogc:asWKT ; rr:objectMap [
        rrx:transformation [ rrx:function rrxf:asWKT ; rrx:argumentMap ( [ rr:column "the_geom" ] ) ] ] ] .
"""
    plan = read_rules(text, base="http://ai.di.uoa.gr/flood")
    out = b"".join(map_source(plan, flood_levels, options=Options(compat="geotriples"))).decode()
    assert f'<{FLOOD}flood_levels/id/2> <{FLOOD}ontology#has_floodLevel> "4"^^<{XSD.integer}> .' in out
    assert out.count("^^<http://www.opengis.net/ont/geosparql#wktLiteral>") == 2


@pytest.mark.parametrize("dialect", ["r2rml", "rml"])
def test_generated_mappings_run_and_use_a_key(
    layer: Callable[..., Path], quads: Callable[[Any], set[Quad]], dialect: Literal["r2rml", "rml"]
) -> None:
    path = layer({"code": ["a/b", "c"], "size": [1.5, 2.0], "odd name": [None, "x"]}, SHAPES, name="my parcels.gpkg")
    text = generate(path, base="http://e.org/x", dialect=dialect)
    found = quads(map_source(read_rules(text), path))
    subjects = {quad.subject.value for quad in found if quad.predicate.value == str(GEO.hasGeometry)}
    assert subjects == {"http://e.org/x/my%20parcels/id/a%2Fb", "http://e.org/x/my%20parcels/id/c"}
    assert {quad.object.value for quad in found if quad.predicate == NamedNode("http://e.org/x/ontology#odd%20name")} == {"x"}
    assert {quad.object.value for quad in found if quad.predicate == NamedNode("http://e.org/x/ontology#size")} == {"1.5E0", "2.0E0"}
    assert len([1 for quad in found if quad.predicate.value == str(GEO.asWKT)]) == 2


def test_both_dialects_say_the_same(flood_levels: Path, quads: Callable[[Any], set[Quad]]) -> None:
    both = [quads(map_source(read_rules(generate(flood_levels, base=FLOOD, dialect=one)), flood_levels)) for one in ("r2rml", "rml")]
    assert both[0] == both[1]


def test_rows_without_a_key_are_named_by_their_contents_and_told(flood_levels: Path) -> None:
    text = generate(flood_levels, base=FLOOD)
    assert "{gid}" not in text
    assert "# No column identifies the rows" in text
    assert "ewf:hash" in text


def test_tables_and_parquet(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    (tmp_path / "t.csv").write_text('id,"a ""b"""\n1,x\n2,y\n')
    pq.write_table(pa.table({"id": [1, 2], "many": [[1], [2]], "when": pa.array([0, 1], pa.timestamp("s"))}), tmp_path / "t.parquet")
    for name in ("t.csv", "t.parquet"):
        text = generate(tmp_path / name, base="http://e.org/")
        run = map_source(read_rules(text), tmp_path / name)
        found = list(pyoxigraph.parse(b"".join(run), pyoxigraph.RdfFormat.N_QUADS))
        assert {quad.subject.value for quad in found} == {"http://e.org/t/id/1", "http://e.org/t/id/2"}
    assert "xsd:dateTime" in generate(tmp_path / "t.parquet", base="http://e.org/")


def test_the_ontology_names_what_the_mapping_uses(flood_levels: Path) -> None:
    graph = Graph().parse(data=generate(flood_levels, base=FLOOD, compat="geotriples", ontology=True), format="turtle")
    name = URIRef(FLOOD + "ontology#has_floodLevel")
    assert (name, RDF.type, OWL.DatatypeProperty) in graph
    assert graph.value(name, RDFS.range) == XSD.integer
    assert graph.value(name, RDFS.domain) == URIRef(FLOOD + "ontology#flood_levels")
    assert str(graph.value(name, RDFS.label)) == "flood level"
    assert (URIRef(FLOOD + "ontology#flood_levels"), RDFS.subClassOf, GEO.Feature) in graph


def test_a_bad_base_or_dialect_is_refused(flood_levels: Path) -> None:
    with pytest.raises(ParameterError, match="absolute IRI"):
        generate(flood_levels, base="flood/")
    with pytest.raises(ParameterError, match="dialect"):
        generate(flood_levels, base=FLOOD, dialect="yarrrml")  # type: ignore[arg-type]


@pytest.mark.parametrize("rows", ["id,name\n", "id,name\n1,a,b,c\n2\n"], ids=["no rows", "ragged rows alone"])
def test_a_table_without_a_readable_row_still_gets_a_mapping(tmp_path: Path, rows: str) -> None:
    (tmp_path / "t.csv").write_text(rows)
    text = generate(tmp_path / "t.csv", base="http://example.org/")
    assert "ewf:hash" in text
    assert len(read_rules(text).triples_maps) == 1
