"""OSM-layers on small files made by hand: outlines that are none, objects without a place, histories, and what a table says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import osmium
import pytest
import shapely

from earthweave.ontology import ProductError
from earthweave.processing import Result, run_service, service

from .conftest import Ident, read

NODES = {
    1: (0, 0),
    2: (4, 0),
    3: (4, 4),
    4: (0, 4),
    5: (1, 1),
    6: (2, 1),
    7: (2, 2),
    8: (1, 2),
    9: (6, 0),
    10: (7, 0),
    11: (7, 1),
    12: (6, 1),
}
HEAD = "<?xml version='1.0' encoding='UTF-8'?><osm version='0.6'>"


def _tags(tags: dict[str, str]) -> str:
    return "".join(f"<tag k='{key}' v='{value}'/>" for key, value in tags.items())


def _osm(
    path: Path,
    ways: dict[int, tuple[list[int], dict[str, str]]],
    relations: dict[int, tuple[list[tuple[int, str]], dict[str, str]]] | None = None,
    nodes: dict[int, dict[str, str]] | None = None,
) -> Path:
    text = HEAD
    for number, (lon, lat) in NODES.items():
        text += f"<node id='{number}' version='1' lon='{lon}' lat='{lat}'>{_tags((nodes or {}).get(number, {}))}</node>"
    for number, (refs, tags) in ways.items():
        steps = "".join(f"<nd ref='{ref}'/>" for ref in refs)
        text += f"<way id='{number}' version='1'>{steps}{_tags(tags)}</way>"
    for number, (members, tags) in (relations or {}).items():
        parts = "".join(f"<member type='way' ref='{ref}' role='{role}'/>" for ref, role in members)
        text += f"<relation id='{number}' version='1'>{parts}{_tags(tags)}</relation>"
    path.write_text(text + "</osm>", "utf-8")
    return path


def _made(path: Path, folder: Path, **more: Any) -> tuple[Result, dict[str, dict[Ident, tuple[Any, str]]]]:
    done = run_service(service("osm-layers"), {"input": path, "output_path": folder, **more})
    found = {}
    for layer in done.layers:
        columns, shapes = read(layer.path, layer.name)
        idents = zip(columns["osm_type"].tolist(), columns["osm_id"].tolist(), strict=True)
        found[layer.name] = {ident: (shape, name) for ident, shape, name in zip(idents, shapes, columns["class"].tolist(), strict=True)}
    return done, found


def test_multipolygons_with_holes_and_several_outlines(tmp_path: Path) -> None:
    """An outline in two pieces with a hole, a second outline, and a relation of which a piece is not there."""
    ways: dict[int, tuple[list[int], dict[str, str]]] = {
        1: ([1, 2, 3], {}),
        2: ([3, 4, 1], {}),
        3: ([5, 6, 7, 8, 5], {"natural": "water"}),
        4: ([9, 10, 11, 12, 9], {}),
    }
    relations = {
        1: ([(1, "outer"), (2, "outer"), (3, "inner"), (4, "outer")], {"type": "multipolygon", "building": "yes", "name": "Hall"}),
        2: ([(1, "outer"), (99, "outer")], {"type": "multipolygon", "building": "yes"}),
        3: ([(4, "outer")], {"type": "route", "building": "yes"}),
    }
    done, found = _made(_osm(tmp_path / "x.osm", ways, relations), tmp_path / "out", layers="buildings,water")
    assert list(found["buildings"]) == [("relation", 1)]
    shape, _ = found["buildings"]["relation", 1]
    hole = shapely.box(1, 1, 2, 2)
    assert shapely.equals(shape, shapely.union_all([shapely.box(0, 0, 4, 4) - hole, shapely.box(6, 0, 7, 1)]))
    assert shapely.equals(found["water"]["way", 3][0], hole)
    assert done.report["figures"]["areas_not_assembled"] == {"relation": 1}


@pytest.mark.parametrize("way", [[1, 3, 2, 4, 1], [1, 2, 3], [1, 2, 1], [1, 1]], ids=["crossing", "open", "flat", "point"])
def test_an_outline_that_is_none_is_counted_and_costs_no_other_feature(way: list[int], tmp_path: Path) -> None:
    ways: dict[int, tuple[list[int], dict[str, str]]] = {
        1: (way, {}),
        2: ([9, 10, 11, 12, 9], {"building": "yes"}),
        3: (way, {"building": "yes"}),
    }
    relations = {1: ([(1, "outer")], {"type": "multipolygon", "building": "yes"})}
    done, found = _made(_osm(tmp_path / "x.osm", ways, relations), tmp_path / "out", layers="buildings")
    assert list(found["buildings"]) == [("way", 2)]
    assert done.report["figures"]["areas_not_assembled"] == ({"relation": 1} if way[0] != way[-1] else {"way": 1, "relation": 1})


def test_objects_without_a_place_are_counted(tmp_path: Path) -> None:
    """A way of no nodes, as extracts have them; a node that was deleted, one that never had a place, one beyond the pole."""
    path = _osm(tmp_path / "x.osm", {1: ([], {"highway": "path", "building": "yes"}), 2: ([1, 2], {"highway": "path"})})
    bar = "<tag k='amenity' v='bar'/></node>"
    more = f"<node id='20' version='2' visible='false'>{bar}<node id='21' version='1'>{bar}<node id='22' lon='1' lat='95' version='1'>{bar}"
    path.write_text(path.read_text().replace("<way id='1'", f"{more}<node id='23' lon='1' lat='2' version='1'>{bar}<way id='1'"))
    done, found = _made(path, tmp_path / "out", layers="roads,buildings,amenities")
    assert (list(found["roads"]), list(found["buildings"]), list(found["amenities"])) == ([("way", 2)], [], [("node", 23)])
    assert [done.report["figures"][name] for name in ("points_lost", "lines_lost")] == [3, 1]


def _history(path: Path, told: bool) -> Path:
    header = osmium.io.Header()
    header.has_multiple_object_versions = told
    with osmium.SimpleWriter(str(path), header=header) as writer:
        for version, name in ((1, "bar"), (2, "pub")):
            writer.add_node(osmium.osm.mutable.Node(id=1, version=version, location=(1, 1), tags={"amenity": name}))
    return path


def test_only_one_state_of_the_map_in_order_is_read(tmp_path: Path) -> None:
    """A history has several versions of an object, which would all become features; places must be known before the ways."""
    ways = "<way id='1' version='1'><nd ref='1'/><nd ref='2'/><tag k='highway' v='path'/></way>"
    node = "<node id='{0}' version='1' lon='{0}' lat='1'><tag k='amenity' v='bar'/></node>"
    cases = {
        "unsorted.osm": f"{HEAD}{ways}{node.format(1)}{node.format(2)}</osm>",
        "twice.osm": f"{HEAD}{node.format(1)}{node.format(2)}{ways}{ways}</osm>",
    }
    for name, text in cases.items():
        (tmp_path / name).write_text(text)
    cases |= {_history(tmp_path / name, told).name: "" for name, told in (("a.osh.pbf", True), ("b.osm.pbf", False))}
    whys = {"a.osh.pbf": "history", "b.osm.pbf": "node 1 twice", "unsorted.osm": "node 1 comes after the way 1", "twice.osm": "way 1 twice"}
    for name in cases:
        with pytest.raises(ProductError, match=f"input = {name} is no extract of the present state, in order") as caught:
            _made(tmp_path / name, tmp_path / "out", layers="roads" if name == "twice.osm" else "roads,amenities")
        assert whys[name] in caught.value.why and "osmium" in caught.value.way_out
    assert list((tmp_path / "out").iterdir()) == []


def test_closed_ways_are_lines_or_areas_as_the_table_and_the_tag_area_say(tmp_path: Path) -> None:
    ring = [9, 10, 11, 12, 9]
    ways = {
        1: (ring, {"highway": "service"}),
        2: (ring, {"highway": "pedestrian", "area": "yes"}),
        3: (ring, {"man_made": "pier"}),
        4: (ring, {"building": "yes", "area": "no"}),
        5: ([1, 2], {"man_made": "pier"}),
        6: (ring, {"building": "no", "highway": "path"}),
    }
    _, found = _made(_osm(tmp_path / "x.osm", ways), tmp_path / "out", layers="roads,buildings,ports")
    assert [number for _, number in found["roads"]] == [1, 6]
    assert {number: shapely.get_dimensions(shape) for (_, number), (shape, _) in found["ports"].items()} == {3: 2, 5: 1}
    assert found["buildings"] == {}


def test_ways_without_all_their_nodes_keep_what_is_there(tmp_path: Path) -> None:
    ways = {
        1: ([1, 2, 77, 3, 4], {"highway": "path"}),
        2: ([1, 77], {"highway": "path"}),
        3: ([1, 2, 77, 3, 1], {"building": "yes"}),
        4: ([77, 1, 2], {"highway": "path"}),
        5: ([1, 1], {"highway": "path"}),
    }
    done, found = _made(_osm(tmp_path / "x.osm", ways), tmp_path / "out", layers="roads,buildings,ports")
    assert {number: shape.wkt for (_, number), (shape, _) in found["roads"].items()} == {
        1: "MULTILINESTRING ((0 0, 4 0), (4 4, 0 4))",
        4: "MULTILINESTRING ((0 0, 4 0))",
    }
    figures = done.report["figures"]
    assert (figures["lines_cut_by_the_extract"], figures["lines_lost"], figures["areas_not_assembled"]) == (2, 2, {"way": 1})


def test_first_key_of_the_table_gives_the_class(tmp_path: Path) -> None:
    nodes = {1: {"healthcare": "laboratory", "amenity": "clinic"}, 2: {"healthcare": "laboratory"}, 3: {"amenity": "school;library"}}
    _, found = _made(_osm(tmp_path / "x.osm", {}, nodes=nodes), tmp_path / "out", layers="amenities,health,education")
    assert {number: name for (_, number), (_, name) in found["health"].items()} == {1: "clinic", 2: "laboratory"}
    assert found["education"] == {} and len(found["amenities"]) == 2


def test_own_table(tmp_path: Path) -> None:
    table = tmp_path / "mine.toml"
    table.write_text(
        '[trees]\ntitle = "Trees"\npoints = { natural = "tree" }\nwithout = { denotation = "park" }\nattributes = { kind = "species" }\n'
    )
    nodes = {1: {"natural": "tree", "species": "Tilia"}, 2: {"natural": "tree", "denotation": "park"}}
    done, found = _made(_osm(tmp_path / "x.osm", {}, nodes=nodes), tmp_path / "out", table=table)
    assert list(found["trees"]) == [("node", 1)]
    assert read(done.layers[0].path, "trees")[0]["kind"].tolist() == ["Tilia"]
    assert done.layers[0].title == "Trees (OpenStreetMap)"
