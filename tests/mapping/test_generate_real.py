"""Generated from real data: the mapping runs, its results conform to the generated shapes, and the ontology says the same."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import owlready2
import pyarrow as pa
import pyarrow.parquet as pq
import pyoxigraph
import pyshacl
import pytest
import shapely
from rdflib import OWL, RDF, RDFS, SKOS, BNode, Graph, Literal, URIRef

from earthweave.mapping import Draft, Options, draft, map_source, read_rules
from earthweave.ontology import GEO, QUDT, UNIT, XSD

BASE = "http://example.org/data/"
ONTO = f"{BASE}ontology#"
SOURCES = {
    "volcanoes, points of degrees": "vector/plotly+datasets/volcano_db.csv",
    "flood polygons, no key": "derived/flood/emsr332_observed_event_shared.gpkg",
    "units with a key, EPSG:3035": "vector/ecmwf+earthkit-data/tests/data/NUTS_RG_20M_2021_3035.geojson",
    "shapefile": "vector/pkgs/geopandas/datasets/naturalearth_lowres/naturalearth_lowres.shp",
    "units, some without a place": "vector/wri+global-power-plant-database/raw_source_files/JRC-PPDB-OPEN/JRC_OPEN_UNITS.csv",
    "stations": "airquality/pkgs/spacetime/stations.csv",
    "KML": "s2/ranghetti+sen2r/inst/extdata/vector/scalve.kml",
    "points in UTM": "s2/mlr-org+mlr3spatial/inst/extdata/leipzig_points.gpkg",
    "class raster": "derived/s2_slovenia/LULC.tif",
    "Parquet": "derived/crops/fra2023_dekad_shared.parquet",
    "products, JSON": "catalog/CS-SI+eodag/tests/resources/provider_responses/cop_dataspace_search.json",
    "products, XML": "catalog/CS-SI+eodag/tests/resources/provider_responses/mundi_search.xml",
}


def _mapped(written: Draft, source: Path) -> tuple[list[pyoxigraph.Quad], Any]:
    run = map_source(read_rules(written.mapping), source)
    return list(pyoxigraph.parse(b"".join(run), pyoxigraph.RdfFormat.N_QUADS)), run.report


def _sample(quads: list[pyoxigraph.Quad], most: int) -> Graph:
    """The first subjects with all that is said of them, and of what they lead to."""
    said: dict[str, list[pyoxigraph.Quad]] = {}
    for quad in quads:
        said.setdefault(str(quad.subject), []).append(quad)
    wanted = dict.fromkeys(list(said)[:most])
    waiting = list(wanted)
    while waiting:
        reached = [str(quad.object) for quad in said[waiting.pop()] if str(quad.object) in said and str(quad.object) not in wanted]
        wanted.update(dict.fromkeys(reached))
        waiting += reached
    triples = [quad.triple for subject in wanted for quad in said[subject]]
    return Graph().parse(data=bytes(pyoxigraph.serialize(triples, format=pyoxigraph.RdfFormat.N_TRIPLES) or b""), format="nt")


@pytest.mark.parametrize("name", SOURCES)
def test_mapping_ontology_and_shapes_agree(shared: Path, name: str) -> None:
    source = shared / "data" / SOURCES[name]
    written = draft(source, base=BASE)
    quads, report = _mapped(written, source)
    assert report.quads > 0
    assert set(report.reasons) <= {"a text that is not UTF-8"}
    _says_what_is_declared(quads, Graph().parse(data=written.ontology, format="turtle"))
    conforms, _, text = pyshacl.validate(_sample(quads, 12), shacl_graph=Graph().parse(data=written.shapes, format="turtle"))
    assert conforms, text


def _says_what_is_declared(quads: list[pyoxigraph.Quad], ontology: Graph) -> None:
    """Every term of the vocabulary that is used is declared, values are of the range, concepts are in their scheme."""
    declared = {str(one) for kind in (OWL.DatatypeProperty, OWL.ObjectProperty, OWL.Class) for one in ontology.subjects(RDF.type, kind)}
    used = {quad.predicate.value for quad in quads} | {quad.object.value for quad in quads if quad.predicate.value == str(RDF.type)}
    assert {one for one in used if one.startswith(ONTO)} <= declared
    ranges = {str(one): str(ranged) for one, ranged in ontology.subject_objects(RDFS.range)}
    for quad in quads:
        ranged = ranges.get(quad.predicate.value, "")
        if isinstance(quad.object, pyoxigraph.Literal) and quad.predicate.value.startswith(ONTO) and ranged:
            assert quad.object.datatype.value == ranged, quad
        if ranged == str(SKOS.Concept):
            assert (URIRef(quad.object.value), RDF.type, SKOS.Concept) in ontology


@pytest.mark.parametrize("name", ["volcanoes, points of degrees", "units with a key, EPSG:3035", "products, JSON"])
def test_the_ontology_is_consistent_owl(shared: Path, tmp_path: Path, name: str) -> None:
    ontology = Graph().parse(data=draft(shared / "data" / SOURCES[name], base=BASE).ontology, format="turtle")
    ontology.serialize(tmp_path / "o.nt", format="nt", encoding="utf-8")
    world = owlready2.World()
    loaded = world.get_ontology((tmp_path / "o.nt").as_uri()).load()
    assert {one.iri for one in loaded.data_properties() if one.iri.startswith(ONTO)} == {
        str(one) for one in ontology.subjects(RDF.type, OWL.DatatypeProperty) if str(one).startswith(ONTO)
    }
    for one in ontology.subjects(RDF.type, OWL.DatatypeProperty):
        said = [ontology.value(one, known) for known in (RDFS.label, RDFS.comment, RDFS.domain)]
        assert not str(one).startswith(ONTO) or None not in said
    kinds = {str(kind): {str(one) for one in ontology.subjects(RDF.type, kind) if not isinstance(one, BNode)}
             for kind in (OWL.DatatypeProperty, OWL.ObjectProperty, OWL.Class)}
    names = [one for group in kinds.values() for one in group]
    assert len(names) == len(set(names)), "a name of two kinds"


def test_shapes_find_what_is_wrong(shared: Path) -> None:
    source = shared / "data" / SOURCES["units with a key, EPSG:3035"]
    written = draft(source, base=BASE)
    good = _sample(_mapped(written, source)[0], 6)
    shapes = Graph().parse(data=written.shapes, format="turtle")
    first = next(good.subjects(URIRef(f"{ONTO}NUTS_ID"), None))
    key = next(good.objects(first, URIRef(f"{ONTO}NUTS_ID")))
    second = next(one for one in good.subjects(URIRef(f"{ONTO}NUTS_ID"), None) if one != first)
    geometry = next(good.objects(first, GEO.hasGeometry))
    for wrong in (
        (second, URIRef(f"{ONTO}NUTS_ID"), key), (first, URIRef(f"{ONTO}LEVL_CODE"), Literal("high")),
        (first, URIRef(f"{ONTO}LEVL_CODE_concept"), URIRef(f"{BASE}x")), (geometry, GEO.asWKT, Literal("POINT (1 1)")),
    ):
        bad = Graph() + good
        bad.add(wrong)
        assert not pyshacl.validate(bad, shacl_graph=shapes)[0], wrong


# -- ids

def test_ids_do_not_follow_the_order_of_the_rows(emsr332: Path, tmp_path: Path) -> None:
    frame = gpd.read_file(emsr332)
    frame.iloc[::-1].to_file(tmp_path / emsr332.name)
    both = [_mapped(draft(one, base=BASE), one)[0] for one in (emsr332, tmp_path / emsr332.name)]
    assert set(both[0]) == set(both[1])
    assert len({quad.subject for quad in both[0] if quad.predicate.value == str(GEO.hasGeometry)}) == len(frame)


def test_a_key_may_be_wished_for(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,x\n1,y\n")
    text = draft(tmp_path / "t.csv", base=BASE, key=("a", "b")).mapping
    assert f"{BASE}t/id/{{a}}/{{b}}" in text


# -- geometry

def test_dimensions_are_those_of_the_geometry_and_measures_fit(layer: Callable[..., Path]) -> None:
    hole = shapely.box(11.02, 45.02, 11.04, 45.04)
    shapes: list[Any] = [shapely.box(10, 45, 10.1, 45.1), shapely.box(11, 45, 11.1, 45.2).difference(hole)]
    path = layer({"code": ["a", "b"]}, shapes, name="areas.gpkg")
    quads, _ = _mapped(draft(path, base=BASE), path)
    said = {quad.predicate.value: quad.object for quad in quads if quad.subject.value == f"{BASE}areas/Geometry/a"}
    expected = {str(GEO.dimension): "2", str(GEO.coordinateDimension): "2", str(GEO.spatialDimension): "2", str(GEO.isEmpty): "false",
                str(GEO.isSimple): "true", f"{ONTO}is3D": "false"}
    assert {name: said[name].value for name in expected} == expected
    assert float(said[str(GEO.hasMetricArea)].value) == pytest.approx(87_600_000, rel=0.01)
    assert float(said[str(GEO.hasMetricPerimeterLength)].value) == pytest.approx(38_000, rel=0.02)


def test_lines_have_lengths_points_neither_and_missing_geometries_none(layer: Callable[..., Path]) -> None:
    lines = layer({"code": ["a", "b"]}, [shapely.LineString([(10, 45), (11, 45)]), None], name="lines.gpkg")
    quads, report = _mapped(draft(lines, base=BASE), lines)
    assert report.skipped == 0
    assert [quad.subject.value for quad in quads if quad.predicate.value == str(GEO.hasMetricLength)] == [f"{BASE}lines/Geometry/a"]
    assert {quad.subject.value for quad in quads if quad.predicate.value == f"{ONTO}code"} == {f"{BASE}lines/id/a", f"{BASE}lines/id/b"}
    assert not [quad for quad in quads if quad.subject.value.endswith("Geometry/b") or quad.object.value.endswith("Geometry/b")]
    points = layer({"code": ["a"]}, [shapely.Point(1, 2, 3)], name="points.gpkg")
    said = {quad.predicate.value: quad.object.value for quad in _mapped(draft(points, base=BASE), points)[0]}
    assert (said[str(GEO.coordinateDimension)], said[f"{ONTO}is3D"]) == ("3", "true")
    assert not {str(GEO.hasMetricArea), str(GEO.hasMetricLength)} & set(said)


def test_wkt_columns_are_geometries(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('id,footprint\n1,"POLYGON ((0 0, 1 0, 1 1, 0 0))"\n2,\n')
    quads, _ = _mapped(draft(tmp_path / "t.csv", base=BASE), tmp_path / "t.csv")
    assert [quad.object.value for quad in quads if quad.predicate.value == str(GEO.asWKT)] == ["POLYGON ((0 0, 1 0, 1 1, 0 0))"]
    assert [quad.subject.value for quad in quads if quad.predicate.value == str(GEO.hasMetricArea)] == [f"{BASE}t/Geometry/1"]


def test_all_layers_of_a_file(tmp_path: Path) -> None:
    for name, x in (("first", 1), ("second layer", 2)):
        frame = gpd.GeoDataFrame({"code": [f"{name}-a"]}, geometry=[shapely.Point(x, 5)], crs="EPSG:4326")
        frame.to_file(tmp_path / "two.gpkg", layer=name)
    for dialect in ("r2rml", "rml"):
        quads, _ = _mapped(draft(tmp_path / "two.gpkg", base=BASE, dialect=dialect), tmp_path / "two.gpkg")
        assert {quad.object.value for quad in quads if quad.predicate.value == str(GEO.asWKT)} == {"POINT (1 5)", "POINT (2 5)"}
    only = draft(tmp_path / "two.gpkg", base=BASE, options=Options(layer="first"))
    assert "second" not in only.mapping


# -- meaning

def test_units_come_from_names_and_from_metadata(tmp_path: Path) -> None:
    depth = pa.field("depth", pa.float64(), metadata={"units": "cm"})
    schema = pa.schema(
        [("id", pa.string()), ("area_km2", pa.float64()), ("pop_density_per_km2", pa.int64()), ("code_m", pa.string()), depth]
    )
    table = pa.table({"id": ["a"], "area_km2": [1.5], "pop_density_per_km2": [3], "code_m": ["x"], "depth": [2.0]}, schema=schema)
    pq.write_table(table, tmp_path / "t.parquet")
    ontology = Graph().parse(data=draft(tmp_path / "t.parquet", base=BASE).ontology, format="turtle")
    found = {str(one).removeprefix(ONTO): str(code) for one, code in ontology.subject_objects(QUDT.ucumCode)}
    assert found == {"area_km2": "km2", "pop_density_per_km2": "/km2", "depth": "cm"}
    assert ontology.value(URIRef(f"{ONTO}area_km2"), QUDT.hasUnit) == UNIT.KiloM2


def test_text_tables_have_datatypes_and_zeros_in_front_stay_text(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,n,zip,when,at,x,flag\na,1,01234,2020-01-02,2020-01-02T03:04:05Z,1.5,true\nb,-2,12345,,,2,false\n")
    ontology = Graph().parse(data=draft(tmp_path / "t.csv", base=BASE).ontology, format="turtle")
    ranges = {str(one).removeprefix(ONTO): ranged for one, ranged in ontology.subject_objects(RDFS.range)}
    assert ranges == {"id": XSD.string, "n": XSD.integer, "zip": XSD.string, "when": XSD.date, "at": XSD.dateTime, "x": XSD.decimal,
                      "flag": XSD.boolean}


def test_a_packed_table_is_named_by_what_is_in_it(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "t.csv.gz", "wt") as file:
        file.write("id,n\na,1\nb,2\n")
    quads, _ = _mapped(draft(tmp_path / "t.csv.gz", base=BASE), tmp_path / "t.csv.gz")
    assert {(quad.subject.value, quad.object.value) for quad in quads if quad.predicate.value == f"{ONTO}n"} == {
        (f"{BASE}t/id/a", "1"), (f"{BASE}t/id/b", "2")
    }


def test_codes_become_concepts_and_quantities_do_not(tmp_path: Path) -> None:
    rows = "".join(f"{row},{'ab'[row % 2]},{row % 3},{2000 + row % 3},{row % 3}\n" for row in range(40))
    (tmp_path / "t.csv").write_text("id,kind,class,year,level\n" + rows)
    ontology = Graph().parse(data=draft(tmp_path / "t.csv", base=BASE, codes=("level",)).ontology, format="turtle")
    schemes = {str(one).removeprefix(f"{BASE}t/code/") for one in ontology.subjects(RDF.type, SKOS.ConceptScheme)}
    assert schemes == {"kind", "class", "level"}
    assert {str(one) for one in ontology.objects(URIRef(f"{BASE}t/code/kind/a"), SKOS.notation)} == {"a"}


# -- nested documents

def test_records_inside_records_are_linked_by_their_key(tmp_path: Path) -> None:
    orders = [
        {"id": one, "place": {"lat": 45 + one, "lon": 10}, "tags": ["x", "y"], "items": [{"id": 10 * one, "qty": 1.5}]} for one in (1, 2)
    ]
    (tmp_path / "orders.json").write_text(json.dumps({"orders": orders}))
    quads, report = _mapped(draft(tmp_path / "orders.json", base=BASE), tmp_path / "orders.json")
    assert report.skipped == 0
    said = {(quad.subject.value, quad.predicate.value, quad.object.value) for quad in quads}
    assert (f"{BASE}orders/id/1", f"{ONTO}has_items", f"{BASE}items/id/10") in said
    assert {quad.object.value for quad in quads if quad.predicate.value == f"{ONTO}tags"} == {"x", "y"}
    assert {quad.object.value for quad in quads if quad.predicate.value == str(GEO.asWKT)} == {"POINT (10 46)", "POINT (10 47)"}


def test_xml_with_namespaces(tmp_path: Path) -> None:
    (tmp_path / "t.xml").write_text(
        '<r xmlns="http://e.org/n" xmlns:k="http://k.org"><item id="a" k:c="1"><name>N</name><tag>x</tag><tag>y</tag></item>'
        '<item id="b"><name/><sub q="1">t</sub></item></r>'
    )
    quads, _ = _mapped(draft(tmp_path / "t.xml", base=BASE), tmp_path / "t.xml")
    said = {(quad.subject.value.rpartition("/")[2], quad.predicate.value.removeprefix(ONTO), quad.object.value) for quad in quads}
    assert {("a", "c", "1"), ("a", "name", "N"), ("a", "tag", "x"), ("a", "tag", "y")} <= said
    assert {("b", "name", ""), ("b", "sub", "t"), ("b", "sub_q", "1")} <= said
