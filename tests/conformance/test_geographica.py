"""Geographica 3 (GeoRDFBench, tioannid/geordfbench): its gold counts on real data, its other queries on simulated data beside shapely.

The set "10K" (OpenStreetMap of Wales) is the only one whose data and gold counts are both at hand. Of the synthetic workload and the real
world micro workload only the queries are: they run over simulated features in the same vocabulary, and shapely counts by brute force.
The macro workloads must be understood: they run over the same features with their placeholders filled.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from earthweave.ontology import EarthweaveError
from earthweave.server.store import Limits, Store, open_store

HOME = "data/linked/tioannid+geordfbench"
NAMESPACES = {
    "geo": "http://www.opengis.net/ont/geosparql#", "geof": "http://www.opengis.net/def/function/geosparql/",
    "uom": "http://www.opengis.net/def/uom/OGC/1.0/", "strdf": "http://strdf.di.uoa.gr/ontology#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#", "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "xsd": "http://www.w3.org/2001/XMLSchema#", "lgo": "http://data.linkedeodata.eu/ontology#",
    "clc": "http://geo.linkedopendata.gr/corine/ontology#", "lgdo": "http://linkedgeodata.org/ontology/",
    "geonames": "http://www.geonames.org/ontology#", "gag": "http://geo.linkedopendata.gr/gag/ontology/",
    "noa": "http://teleios.di.uoa.gr/ontologies/noaOntology.owl#", "census": "http://geographica.di.uoa.gr/cencus/ontology#",
    "ub": "https://swat.cse.lehigh.edu/onto/univ-bench.owl#",
}
PREFIXES = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in NAMESPACES.items())
WKT = "http://www.opengis.net/ont/geosparql#wktLiteral"
PREDICATES = {
    "sfIntersects": shapely.intersects, "sfWithin": shapely.within, "sfTouches": shapely.touches, "sfOverlaps": shapely.overlaps,
    "sfCrosses": shapely.crosses, "sfEquals": shapely.equals, "sfDisjoint": shapely.disjoint,
}
STRDF = ["Area_CLC", "Extent_GAG"]
LATER = {"Union_GAG": "geof:union of one argument as an aggregate (stSPARQL)"}
"""Queries that use what neither GeoSPARQL nor Strabon's own vocabulary has: refused or noticed, never answered wrongly."""

Rows = list[tuple[str, ...]]


def ask(store: Store, text: str, prefixes: str = PREFIXES) -> Rows:
    answer = store.query(prefixes + text)
    assert not answer.truncated
    return [tuple(cell["value"] if cell else "" for cell in row.values()) for row in answer.table.to_pylist()]


def queries(shared: Path, name: str) -> dict[str, dict[str, Any]]:
    """A query set by label."""
    found = json.loads((shared / HOME / "json_defs" / f"{name}.json").read_text())
    return {one["label"]: one for one in found.get("geospatialQueryset", found)["mapQueries"].values()}


# the gold counts

GOLD = (
    "SC1_Geometries_Intersects_GivenPolygon", "SC2_Intensive_Geometries_Intersect_Geometries",
    "SC3_Relaxed_Geometries_Intersect_Geometries",
)


@pytest.fixture(scope="module")
def wales(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(tmp_path_factory.mktemp("wales") / "store") as store:
        report = store.load([shared / HOME / "RDF4JSUT/src/test/resources/RDFDataFiles/scalability_10K.nt"])
        assert (report.triples, report.geometries, report.unreadable) == (10_000, 1_487, 0)
        yield store


@pytest.mark.parametrize("workload", ["Func", "Pred"])
@pytest.mark.parametrize("label", GOLD)
def test_counts_equal_the_gold_standard(workload: str, label: str, shared: Path, wales: Store) -> None:
    definition = json.loads((shared / HOME / f"json_defs/workloads/scalability{workload}10K_WLoriginal_GOLD_STANDARD.json").read_text())
    names = definition["geospatialDataset"]["simpleGeospatialDataSetList"][0]["mapUsefulNamespacePrefixes"]
    query = next(one for one in definition["geospatialQueryset"]["mapQueries"].values() if one["label"] == label)
    found = ask(wales, query["text"], "".join(f"PREFIX {name}: {iri}\n" for name, iri in names.items()))
    assert len(found) == query["expectedResults"] > 0


def test_the_selection_finds_the_geometries_that_shapely_finds(shared: Path, wales: Store) -> None:
    text = queries(shared, "workloads/scalabilityFunc10K_WLoriginal_GOLD_STANDARD")["SC1_Geometries_Intersects_GivenPolygon"]["text"]
    polygon = shapely.from_wkt(re.findall(r'"(POLYGON[^"]*)"', text)[0])
    everything = ask(wales, "SELECT ?s ?o WHERE { ?s geo:asWKT ?o }")
    meets = shapely.intersects(shapely.from_wkt([wkt for _, wkt in everything]), polygon)
    assert sorted(ask(wales, text)) == sorted(row for row, met in zip(everything, meets, strict=True) if met)


# the synthetic workload: hexagons of land and of states, points of interest, tags by powers of two

GENERATOR = "http://geographica.di.uoa.gr/generator/"
SIDE = 24


def hexagons(columns: int, rows: int, width: float) -> Any:
    """A honeycomb; shared corners are the same doubles."""
    row, column = np.divmod(np.arange(columns * rows), columns)
    half, rise = width / 2, width / np.sqrt(3)
    x, y = (2 * column + row % 2 + 1)[:, None] + np.array([0, 1, 1, 0, -1, -1]), (3 * row + 2)[:, None] + np.array([-2, -1, 1, 2, 1, -1])
    return shapely.polygons(np.stack([x * half, y * rise / 2], axis=-1))


def synthetic() -> dict[str, Any]:
    """Kind → geometries, numbered from 1: the land of 24 × 24 owners, 8 × 8 states, points in the corner that the queries ask about."""
    width = 90.0 / SIDE
    random = np.random.default_rng(3)
    points = random.uniform(0, 90, (1024, 2)) * (random.random((1024, 1)) ** 2)
    return {
        "landOwnership": hexagons(SIDE, SIDE, width), "state": hexagons(SIDE // 3, SIDE // 3, 3 * width),
        "pointOfInterest": shapely.points(points),
    }


def keys(kind: str, count: int) -> dict[str, list[int]]:
    """Tag → numbers of the features that bear it: 1 all of them, 512 (as in the original) one in 512; of the few states, one in 16."""
    step = 16 if kind == "state" else 512
    return {"1": list(range(1, count + 1)), "512": [number for number in range(1, count + 1) if number % step == 0]}


def described(kind: str, geometries: Any) -> Iterator[str]:
    base = f"{GENERATOR}{kind}/"
    for number, text in enumerate(shapely.to_wkt(geometries, rounding_precision=-1), 1):
        yield f'<{base}{number}> <{base}hasGeometry> <{base}{number}/geometry> .\n'
        yield f'<{base}{number}/geometry> <{base}asWKT> "{text}"^^<{WKT}> .\n'
    for key, numbers in keys(kind, len(geometries)).items():
        for number in numbers:
            yield f'<{base}{number}> <{base}hasTag> <{base}{number}/tag/{key}> .\n<{base}{number}/tag/{key}> <{base}hasKey> "{key}" .\n'


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, dict[str, Any]]]:
    folder, kinds = tmp_path_factory.mktemp("generated"), synthetic()
    text = [line for kind, geometries in kinds.items() for line in described(kind, geometries)]
    (folder / "data.nt").write_text("".join(text))
    with open_store(folder / "store") as store:
        assert store.load([folder / "data.nt"]).unreadable == 0
        # literals are what is stored: geometries are compared as read back
        yield store, {kind: shapely.from_wkt(shapely.to_wkt(one, rounding_precision=-1)) for kind, one in kinds.items()}


def expected(text: str, label: str, kinds: dict[str, Any]) -> Rows:
    """Brute force: the kinds by variable, their tags and the relation are read off the query."""
    kind_of = dict(re.findall(r"\?(s\d) <[^>]*/generator/(\w+)/hasGeometry>", text))
    key_of = dict(re.findall(r'\?tag(\d) <[^>]*hasKey> "(\d+)"', text))
    relation, first, second = re.findall(r"geof:(\w+)\(\?geo1, (?:\"([^\"]*)\"|\?(geo2))", text)[0]
    chosen = {variable: np.array(keys(kind, len(kinds[kind]))[key_of[variable[1]]]) for variable, kind in kind_of.items()}
    left = kinds[kind_of["s1"]][chosen["s1"] - 1]
    right = kinds[kind_of["s2"]][chosen["s2"] - 1] if second else np.array([shapely.from_wkt(first)])
    i, j = np.nonzero(PREDICATES[relation](left[:, None], right[None, :]))
    ids = [[f"{GENERATOR}{kind}/{number}" for number in chosen[variable]] for variable, kind in sorted(kind_of.items())]
    return sorted((ids[0][a], ids[1][b]) if second else (ids[0][a],) for a, b in zip(i, j, strict=True))


SELECTIONS = [
    f"Synthetic_Selection_{relation}_{key}_{share}"
    for relation in ("Intersects", "Within") for share in ("1.0", "0.75", "0.5", "0.25", "0.1", "0.001") for key in ("1", "512")
]
TAGS = ("1_1", "1_512", "512_1", "512_512")
JOINS = [f"Synthetic_Join_{relation}_{tags}" for relation in ("Intersects", "Touches", "Within") for tags in TAGS]


@pytest.mark.parametrize("label", SELECTIONS + JOINS)
def test_synthetic_queries_find_what_shapely_finds(label: str, shared: Path, generated: tuple[Store, dict[str, Any]]) -> None:
    store, kinds = generated
    text = queries(shared, "querysets/syntheticQSoriginal")[label]["text"]
    wanted = expected(text, label, kinds)
    assert sorted(ask(store, text)) == wanted
    assert wanted or "512" in label or "0.001" in label


def test_no_synthetic_query_is_left_out(shared: Path) -> None:
    assert set(queries(shared, "querysets/syntheticQSoriginal")) == {*SELECTIONS, *JOINS}


# the real world micro workload: its queries over simulated features around its constants


class Micro:
    """The 29 queries with their parameters filled in."""

    def __init__(self, shared: Path) -> None:
        found = json.loads((shared / HOME / "json_defs/querysets/rwmicroQSoriginal.json").read_text())
        whole = {name: value if isinstance(value, dict) else ast.literal_eval(value) for name, value in found.items()
                 if name in ("mapQueryTemplates", "mapLiteralValues", "templateParamValueMatrix")}
        self.values: dict[str, str] = whole["mapLiteralValues"]
        self.matrix: dict[str, str] = whole["templateParamValueMatrix"]["mapTemplateParamValues"]
        self.templates: dict[str, str] = whole["mapQueryTemplates"]
        self.number = {one["label"]: number for number, one in found["mapQueries"].items()}
        self.template = {one["label"]: one["text"] for one in found["mapQueries"].values()}

    def parameters(self, label: str) -> dict[str, str]:
        head = f"{self.number[label]}##"
        return {name.removeprefix(head): self.values[value] for name, value in self.matrix.items() if name.startswith(head)}

    def text(self, label: str) -> str:
        text = self.templates[self.template[label]]
        for name, value in self.parameters(label).items():
            text = text.replace(name, value)
        return text


@pytest.fixture(scope="module")
def micro(shared: Path) -> Micro:
    return Micro(shared)


GRAPHS = ("clc", "lgd", "geonames", "gadm", "dbpedia", "hotspots")


def features(micro: Micro) -> dict[str, Any]:
    """Graph → geometries around the constants: areas, roads, places, a coverage, places of which half are the same, small areas."""
    random = np.random.default_rng(5)
    constants = [shapely.from_wkt(value.split('"')[1]) for name, value in micro.values.items() if name.startswith("LL_given")]
    around = np.concatenate([shapely.get_coordinates(constants), [(23.71622, 37.97945)] * 40])

    def near(count: int, spread: float) -> Any:
        return np.round(around[random.integers(0, len(around), count)] + random.normal(0, spread, (count, 2)), 6)

    places = shapely.points(near(150, 0.01))
    line, area = ([one for one in constants if one.geom_type == kind] for kind in ("LineString", "Polygon"))
    roads = [*line, *shapely.linestrings(np.stack([near(60, 0.01), near(60, 0.01)], axis=1)), *shapely.linestrings(
        [np.stack([at, at + (0.01, 0.004)]) for at in near(40, 0.01)])]
    grid = [shapely.box(x, y, x + 0.5, y + 0.5) for x in np.arange(20, 27, 0.5) for y in np.arange(35, 42.5, 0.5)]
    return {
        "clc": np.array([*area, *shapely.buffer(shapely.points(near(80, 0.02)), 0.015, quad_segs=2)]), "lgd": np.array(roads),
        "geonames": places, "gadm": np.array([*grid, *area]), "dbpedia": np.concatenate([places[:30], shapely.points(near(30, 0.01))]),
        "hotspots": np.array([shapely.box(x, y, x + 0.03, y + 0.03) for x, y in near(40, 0.05)]),
    }


@pytest.fixture(scope="module")
def greece(micro: Micro, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, dict[str, Any]]]:
    folder, kinds = tmp_path_factory.mktemp("greece"), features(micro)
    with (folder / "data.nq").open("w") as file:
        for name, geometries in kinds.items():
            graph, predicate = micro.values[f"LL_{name}"], micro.values[f"LL_{name}_asWKT"]
            for number, text in enumerate(shapely.to_wkt(geometries, rounding_precision=-1)):
                file.write(f'<http://example.org/{name}/{number}> {predicate} "{text}"^^<{WKT}> {graph} .\n')
    # the constants of this workload are long
    with open_store(folder / "store", limits=Limits(query_characters=200_000)) as store:
        assert store.load([folder / "data.nq"]).unreadable == 0
        yield store, {name: shapely.from_wkt(shapely.to_wkt(one, rounding_precision=-1)) for name, one in kinds.items()}


SELECTED = [
    "Equals_LGD_GivenLine", "Equals_GAG_GivenPolygon", "Intersects_LGD_GivenPolygon", "Intersects_CLC_GivenLine",
    "Overlaps_CLC_GivenPolygon", "Crosses_LGD_GivenLine",
    "Within_GeoNames_GivenPolygon", "Disjoint_GeoNames_GivenPolygon", "Disjoint_LGD_GivenPolygon",
]
JOINED = [
    "Equals_GeoNames_DBPedia", "Intersects_GeoNames_LGD", "Intersects_GeoNames_GAG", "Intersects_LGD_GAG", "Within_GeoNames_GAG",
    "Within_LGD_GAG", "Within_CLC_GAG", "Crosses_LGD_GAG", "Touches_GAG_GAG", "Overlaps_GAG_CLC",
]
BUILT = ["Boundary_CLC", "Envelope_CLC", "ConvexHull_CLC", "Buffer_GeoNames", "Buffer_LGD"]
NEAR = ["Within_GeoNames_Point_Buffer", "GeoNames_Point_Distance"]


def graph_of(micro: Micro, iri: str) -> str:
    return next(name for name in GRAPHS if micro.values[f"LL_{name}"] == iri)


@pytest.mark.parametrize("label", SELECTED + JOINED)
def test_micro_selections_and_joins_find_what_shapely_finds(label: str, micro: Micro, greece: tuple[Store, dict[str, Any]]) -> None:
    store, kinds = greece
    given = micro.parameters(label)
    names = [graph_of(micro, given[name]) for name in ("<GRAPH1>", "<GRAPH2>") if name in given]
    left, constant = kinds[names[0]], given.get("<GIVEN_SPATIAL_LITERAL>")
    right = np.array([shapely.from_wkt(constant.split('"')[1])]) if constant else kinds[names[1]]
    i, j = np.nonzero(PREDICATES[given["<FUNCTION1>"]](left[:, None], right[None, :]))
    first, second = (([f"http://example.org/{name}/{number}" for number in range(len(kinds[name]))]) for name in (names[0], names[-1]))
    if constant:
        wanted = [(first[a],) for a in i]
    else:
        wanted = [(first[a], second[b]) for a, b in zip(i, j, strict=True) if micro.template[label] == "JOIN_1" or first[a] != second[b]]
    found = ask(store, micro.text(label))
    assert sorted(row[: len(wanted[0]) if wanted else 2] for row in found) == sorted(wanted)
    assert wanted or label == "Intersects_GeoNames_LGD", "the simulated features do not try this query"


@pytest.mark.parametrize("label", BUILT)
def test_micro_constructions_answer_every_feature(label: str, micro: Micro, greece: tuple[Store, dict[str, Any]]) -> None:
    store, kinds = greece
    source = kinds[graph_of(micro, micro.parameters(label)["<GRAPH1>"])]
    found = shapely.from_wkt([row[0].split("> ")[-1] for row in ask(store, micro.text(label))])
    assert len(found) == len(source)
    kernels: dict[str, Callable[[Any], Any]] = {
        "Boundary": shapely.boundary, "Envelope": shapely.envelope, "ConvexHull": shapely.convex_hull,
    }
    kernel = kernels.get(label.split("_")[0])
    if kernel:
        assert sorted(shapely.normalize(found).tolist(), key=str) == sorted(shapely.normalize(kernel(source)).tolist(), key=str)
    else:
        # four metres, in degrees: between 3.6e-5 (north) and 4.7e-5 (east, at 41 degrees north)
        left = np.sort(shapely.bounds(source)[:, 1]) - np.sort(shapely.bounds(found)[:, 1])
        assert left == pytest.approx(np.full(len(left), 3.6e-5), abs=2e-6)


@pytest.mark.parametrize("label", NEAR)
def test_micro_distances_find_what_the_ellipsoid_says(label: str, micro: Micro, greece: tuple[Store, dict[str, Any]]) -> None:
    import pyproj

    store, kinds = greece
    places = shapely.get_coordinates(kinds["geonames"])
    metres = pyproj.Geod(ellps="WGS84").inv(np.full(len(places), 23.71622), np.full(len(places), 37.97945), *places.T)[2]
    # a buffer is a polygon inside its circle: no feature may lie where the two could differ
    assert not (np.abs(metres - 3000) < 20).any()
    wanted = {f"http://example.org/geonames/{number}" for number in np.flatnonzero(metres <= 3000)}
    assert wanted
    assert {row[0] for row in ask(store, micro.text(label))} == wanted


@pytest.mark.parametrize("label", STRDF)
def test_micro_queries_of_strabon_are_planar(label: str, micro: Micro, greece: tuple[Store, dict[str, Any]]) -> None:
    store, kinds = greece
    source = kinds["clc" if label == "Area_CLC" else "gadm"]
    found = [row[0] for row in ask(store, micro.text(label))]
    if label == "Area_CLC":
        assert sorted(map(float, found)) == pytest.approx(sorted(shapely.area(source)))
    else:
        assert shapely.equals(shapely.from_wkt(found[0].split("> ")[-1]), shapely.box(*shapely.total_bounds(source)))


@pytest.mark.parametrize("label", LATER)
def test_micro_queries_beyond_geosparql_are_refused_or_noticed(label: str, micro: Micro, greece: tuple[Store, dict[str, Any]]) -> None:
    try:
        answer = greece[0].query(PREFIXES + micro.text(label))
    except EarthweaveError as error:
        assert "function" in str(error).lower() or "union" in str(error)
    else:
        assert not any(cell for row in answer.table.to_pylist() for cell in row.values())
        assert answer.notices


def test_no_micro_query_is_left_out(micro: Micro) -> None:
    assert set(micro.number) == {*SELECTED, *JOINED, *BUILT, *NEAR, *STRDF, *LATER}


# the macro workloads: understood, with placeholders filled; LUBM asks no spatial question and brings no data

FILLED = {
    "<MUNICIPALITY_WKT>": "POLYGON((23 37, 24 37, 24 38, 23 38, 23 37))", "<TOPONYME>": "Athens",
    "<RECTANGLE_LITERAL>": "POLYGON((23 37, 24 37, 24 38, 23 38, 23 37))", "<TIMESTAMP>": "2007-08-24T14:30:00",
    "<GIVEN_POLYGON_IN_WKT>": "POLYGON((23 37, 24 37, 24 38, 23 38, 23 37))", "<POINT_LITERAL>": '"POINT(23.7 37.9)"^^geo:wktLiteral',
    "<HOUSE_NO>": "12", "<PARITY>": '"E"', "<STREET_NAME>": '"Main St"', "<ZIP>": "10001",
}


@pytest.mark.parametrize("name", [
    "rwmacrocomputestatisticsQSoriginal", "rwmacromapsearchQSoriginal", "rwmacrorapidmappingQSoriginal",
    "rwmacroreversegeocodingQSoriginal", "censusmacrogeocodingQSoriginal", "LUBM_1_0QS_GOLD_STANDARD",
])
def test_macro_queries_are_understood(name: str, shared: Path, greece: tuple[Store, dict[str, Any]]) -> None:
    found = queries(shared, f"querysets/{name}")
    assert found
    for query in found.values():
        text = query["text"]
        for placeholder, value in FILLED.items():
            text = text.replace(placeholder, value)
        assert ask(greece[0], text) == []
