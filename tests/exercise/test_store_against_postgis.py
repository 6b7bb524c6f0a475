"""Every shape of spatial question over real data, in our store and in PostGIS: the same ids, not just the same counts.

The floods of EMSR332 with rivers, waters and roads of Padova, all NUTS units, the power units of Europe, municipalities of Upper Austria
and local government areas of New South Wales. What differs between the two by design is kept out of the questions and said here:

- Between vertices our edges are straight in degrees, those of PostGIS's ``geography`` are great circles, and nearest places are sought in
  different planes: a test measures by how much distances near each threshold differ, and proves that no pair lies nearer to it than that.
- Features at the same distance may come in any order from either.
- The two come with different releases of GEOS.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from benchmarks.postgis import Postgis
from earthweave.ontology.geometry import distance_m
from earthweave.server.store import Limits, Store, open_store

from .real_features import BASE, Features, fill, real, triples

PREFIXES = f"""\
PREFIX : <{BASE}>
PREFIX geo: <http://www.opengis.net/ont/geosparql#>
PREFIX geof: <http://www.opengis.net/def/function/geosparql/>
PREFIX uom: <http://www.opengis.net/def/uom/OGC/1.0/>
"""

VENICE, LINZ, PADUA = "POINT (12.3358 45.4372)", "POINT (14.2858 48.3069)", "POINT (11.8768 45.4064)"
BOX = "POLYGON ((11.55 45.25, 11.95 45.25, 11.95 45.5, 11.55 45.5, 11.55 45.25))"
AOI = "POLYGON ((150.38 -33.96, 151.04 -33.96, 151.04 -33.41, 150.38 -33.41, 150.38 -33.96))"


def node(kind: str, more: str = "") -> str:
    """Pattern of a kind: ``?kind`` with its geometry in ``?k`` (its first letter), and its group if ``more`` says so."""
    return f"?{kind} a :{kind.title()} ; {more} geo:hasGeometry [ geo:asWKT ?{kind[0]} ] . "


def literal(wkt: str) -> str:
    return f'"{wkt}"^^geo:wktLiteral'


def constant(wkt: str) -> str:
    return f"ST_GeomFromText('{wkt}', 4326)"


@dataclass(frozen=True)
class Case:
    """One question in both languages; rows are IRIs without their base, or counts.

    Attributes:
        edge: of a question about distance: kind, other kind or a constant, metres.
    """

    sparql: str
    sql: str
    edge: tuple[str, str, float] | None = None


def join(left: str, right: str, relation: str, predicate: str, *, left_more: str = "", right_more: str = "", where: str = "") -> Case:
    """Pairs of two kinds in a relation."""
    patterns = node(left, left_more) + node(right, right_more)
    sparql = f"SELECT ?{left} ?{right} {{ {patterns} FILTER(geof:{relation}(?{left[0]}, ?{right[0]})) }}"
    return Case(sparql, f"SELECT a.id, b.id FROM {left} a, {right} b WHERE {predicate}(a.geom, b.geom) {where}")


def neighbours(kind: str, relation: str, predicate: str, more: str = "", where: str = "") -> Case:
    """Pairs within a kind."""
    sparql = (f"SELECT ?a ?b {{ ?a a :{kind.title()} ; {more} geo:hasGeometry/geo:asWKT ?x . ?b a :{kind.title()} ; {more} "
              f"geo:hasGeometry/geo:asWKT ?y . FILTER(?a != ?b && geof:{relation}(?x, ?y)) }}")
    return Case(sparql, f"SELECT a.id, b.id FROM {kind} a, {kind} b WHERE a.id <> b.id AND {predicate}(a.geom, b.geom) {where}")


def select(kind: str, relation: str, predicate: str, wkt: str) -> Case:
    """Features of a kind in a relation to a constant."""
    return Case(
        f"SELECT ?{kind} {{ {node(kind)} FILTER(geof:{relation}(?{kind[0]}, {literal(wkt)})) }}",
        f"SELECT id FROM {kind} WHERE {predicate}(geom, {constant(wkt)})",
    )


def near(left: str, right: str, metres: float, more: str = "", where: str = "") -> Case:
    """Pairs of two kinds no farther apart than so many metres."""
    return Case(
        f"SELECT ?{left} ?{right} {{ {node(left)} {node(right, more)} "
        f"FILTER(geof:distance(?{left[0]}, ?{right[0]}, uom:metre) <= {metres}) }}",
        f"SELECT a.id, b.id FROM {left} a, {right} b WHERE ST_DWithin(a.geom::geography, b.geom::geography, {metres}) {where}",
        (left, right, metres),
    )


def around(kind: str, metres: float, wkt: str) -> Case:
    """Features of a kind no farther from a constant than so many metres."""
    return Case(
        f"SELECT ?{kind} {{ {node(kind)} FILTER(geof:distance(?{kind[0]}, {literal(wkt)}, uom:metre) <= {metres}) }}",
        f"SELECT id FROM {kind} WHERE ST_DWithin(geom::geography, {constant(wkt)}::geography, {metres})",
        (kind, wkt, metres),
    )


def nearest(kind: str, wkt: str, number: int) -> Case:
    """The nearest features to a constant, nearest first."""
    return Case(
        f"SELECT ?{kind} {{ {node(kind)} }} ORDER BY geof:distance(?{kind[0]}, {literal(wkt)}, uom:metre) LIMIT {number}",
        f"SELECT id FROM {kind} ORDER BY ST_Distance(geom::geography, {constant(wkt)}::geography) LIMIT {number}",
    )


LEVEL3, GRP3 = ":group 3 ;", "AND b.grp = 3"
CASES = {
    "floods in NUTS 3 units": join("flood", "nuts", "sfIntersects", "ST_Intersects", right_more=LEVEL3, where=GRP3),
    "NUTS 3 units that meet floods, the other way round": Case(
        f"SELECT ?nuts ?flood {{ {node('nuts', LEVEL3)} {node('flood')} FILTER(geof:sfIntersects(?n, ?f)) }}",
        "SELECT b.id, a.id FROM flood a, nuts b WHERE ST_Intersects(b.geom, a.geom) AND b.grp = 3"),
    "units that meet floods, each once (as query 2a)": Case(
        f"SELECT DISTINCT ?nuts {{ {node('nuts')} {node('flood')} FILTER(geof:sIntersects(?f, ?n)) }}",
        "SELECT DISTINCT b.id FROM flood a, nuts b WHERE ST_Intersects(a.geom, b.geom)"),
    "units in which a flood exists": Case(
        f"SELECT ?nuts {{ {node('nuts', LEVEL3)} FILTER EXISTS {{ {node('flood')} FILTER(geof:sfIntersects(?f, ?n)) }} }}",
        "SELECT id FROM nuts b WHERE grp = 3 AND EXISTS (SELECT 1 FROM flood a WHERE ST_Intersects(a.geom, b.geom))"),
    "floods that meet no water": Case(
        f"SELECT ?flood {{ {node('flood')} FILTER NOT EXISTS {{ {node('water')} FILTER(geof:sfIntersects(?f, ?w)) }} }}",
        "SELECT id FROM flood a WHERE NOT EXISTS (SELECT 1 FROM water b WHERE ST_Intersects(a.geom, b.geom))"),
    "floods and the water in them, if any": Case(
        f"SELECT ?flood ?water {{ {node('flood', ':group 0 ;')} OPTIONAL {{ {node('water')} FILTER(geof:sfContains(?f, ?w)) }} }}",
        "SELECT a.id, b.id FROM flood a LEFT JOIN water b ON ST_Contains(a.geom, b.geom) WHERE a.grp = 0"),
    "floods by NUTS 3 unit": Case(
        f"SELECT ?nuts (COUNT(?flood) AS ?n) {{ {node('nuts', LEVEL3)} {node('flood')} FILTER(geof:sfIntersects(?f, ?n0)) }} GROUP BY ?nuts"
        .replace("asWKT ?n ]", "asWKT ?n0 ]"),
        "SELECT b.id, count(*) FROM flood a, nuts b WHERE ST_Intersects(a.geom, b.geom) AND b.grp = 3 GROUP BY b.id"),
    "power units by unit of any level": Case(
        f"SELECT ?nuts (COUNT(*) AS ?count) {{ {node('power')} {node('nuts')} FILTER(geof:sfWithin(?p, ?n)) }} GROUP BY ?nuts",
        "SELECT b.id, count(*) FROM power a, nuts b WHERE ST_Within(a.geom, b.geom) GROUP BY b.id"),
    "power units in NUTS 2 units": join("nuts", "power", "sfContains", "ST_Contains", left_more=":group 2 ;", where="AND a.grp = 2"),
    "neighbouring NUTS 3 units": neighbours("nuts", "sfTouches", "ST_Touches", LEVEL3, "AND a.grp = 3 AND b.grp = 3"),
    "neighbouring municipalities": neighbours("gemeinde", "sfTouches", "ST_Touches"),
    "neighbouring local government areas": neighbours("lga", "sfTouches", "ST_Touches"),
    "overlapping floods": neighbours("flood", "sfOverlaps", "ST_Overlaps"),
    "floods drawn twice": neighbours("flood", "sfEquals", "ST_Equals"),
    "floods within others": neighbours("flood", "sfWithin", "ST_Within"),
    "roads that cross floods": join("road", "flood", "sfCrosses", "ST_Crosses"),
    "roads that meet floods": join("road", "flood", "sfIntersects", "ST_Intersects"),
    "roads that cross waters": join("road", "water", "sfCrosses", "ST_Crosses"),
    "rivers that cross floods": join("river", "flood", "sfCrosses", "ST_Crosses"),
    "rivers in NUTS 3 units": join("river", "nuts", "sfIntersects", "ST_Intersects", right_more=LEVEL3, where=GRP3),
    "rivers that cross roads": Case(
        f"SELECT ?river ?road {{ {node('river').replace('?r ]', '?line ]')} {node('road')} FILTER(geof:sfCrosses(?line, ?r)) }}",
        "SELECT a.id, b.id FROM river a, road b WHERE ST_Crosses(a.geom, b.geom)"),
    "waters within NUTS 3 units": join("water", "nuts", "sfWithin", "ST_Within", right_more=LEVEL3, where=GRP3),
    "waters that overlap floods": join("water", "flood", "sfOverlaps", "ST_Overlaps"),
    "floods that meet a box": select("flood", "sfIntersects", "ST_Intersects", BOX),
    "roads within a box": select("road", "sfWithin", "ST_Within", BOX),
    "roads apart from a box": select("road", "sfDisjoint", "ST_Disjoint", BOX),
    "waters that overlap a box": select("water", "sfOverlaps", "ST_Overlaps", BOX),
    "units that hold a place": select("nuts", "sfContains", "ST_Contains", LINZ),
    "areas that the tutorial's area of interest meets": select("lga", "sfIntersects", "ST_Intersects", AOI),
    "power units within 2 km of floods": near("power", "flood", 2000),
    "power units within 20 km of floods": near("power", "flood", 20_000),
    "waters within 60 m of floods": near("water", "flood", 60),
    "power units within 3 km of municipalities": near("power", "gemeinde", 3000),
    "floods within 15 km of a place": around("flood", 15_000, PADUA),
    "power units within 100 km of a place": around("power", 100_000, VENICE),
    "municipalities within 30 km of a place": around("gemeinde", 30_000, LINZ),
    "roads or rivers near a place": Case(
        f"SELECT ?x {{ {{ {node('road')} BIND(?road AS ?x) FILTER(geof:distance(?r, {literal(PADUA)}, uom:metre) <= 4000) }} UNION "
        f"{{ {node('river')} BIND(?river AS ?x) FILTER(geof:distance(?r, {literal(PADUA)}, uom:metre) <= 4000) }} }}",
        f"SELECT id FROM road WHERE ST_DWithin(geom::geography, {constant(PADUA)}::geography, 4000) UNION ALL "
        f"SELECT id FROM river WHERE ST_DWithin(geom::geography, {constant(PADUA)}::geography, 4000)"),
    "waters in a box or larger than a lake": Case(
        f"SELECT ?water {{ {node('water')} FILTER(geof:sfWithin(?w, {literal(BOX)}) || geof:sfContains(?w, {literal(PADUA)})) }}",
        f"SELECT id FROM water WHERE ST_Within(geom, {constant(BOX)}) OR ST_Contains(geom, {constant(PADUA)})"),
}
NEAREST = {
    "power units": nearest("power", VENICE, 8), "municipalities": nearest("gemeinde", LINZ, 10), "floods": nearest("flood", VENICE, 5),
    "roads": nearest("road", PADUA, 12), "areas": nearest("lga", "POINT (150.9 -33.8)", 6),
}


@pytest.fixture(scope="module")
def kinds(shared: Path) -> dict[str, Features]:
    return real(shared)


@pytest.fixture(scope="module")
def server(kinds: dict[str, Features], postgis: Postgis) -> Postgis:
    fill(postgis, kinds)
    return postgis


@pytest.fixture(scope="module")
def store(kinds: dict[str, Features], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("real")
    with (folder / "data.nt").open("w", encoding="utf-8") as file:
        file.writelines(triples(kinds))
    with open_store(folder / "store", limits=Limits(query_deadline=120.0)) as opened:
        report = opened.load([folder / "data.nt"])
        assert report.unreadable == 0 and report.geometries == sum(len(found.names) for found in kinds.values())
        yield opened


def ask(store: Store, text: str) -> list[tuple[str | None, ...]]:
    answer = store.query(PREFIXES + text)
    assert not answer.truncated
    return [tuple(cell["value"].removeprefix(BASE) if cell else None for cell in row.values()) for row in answer.table.to_pylist()]


def told(server: Postgis, sql: str) -> list[tuple[str | None, ...]]:
    return [tuple(None if value is None else str(value) for value in row) for row in server.execute(sql)]


@pytest.mark.parametrize("name", CASES)
def test_both_find_the_same(name: str, store: Store, server: Postgis) -> None:
    ours, theirs = set(found := ask(store, CASES[name].sparql)), set(told(server, CASES[name].sql))
    assert len(ours) == len(found), "no row comes twice"
    assert (sorted(map(str, ours - theirs)), sorted(map(str, theirs - ours))) == ([], [])
    assert theirs


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.edge])
def test_no_pair_lies_nearer_to_a_threshold_than_the_two_differ(name: str, kinds: dict[str, Features], server: Postgis) -> None:
    left, right, metres = CASES[name].edge or ("", "", 0.0)
    source, geometry = (f"{right} b", "b.geom") if right in kinds else ("(SELECT '' AS id) b", constant(right))
    distance = f"ST_Distance(a.geom::geography, {geometry}::geography)"
    close = f"ST_DWithin(a.geom::geography, {geometry}::geography, {1.02 * metres})"
    rows = server.execute(f"SELECT a.id, b.id, {distance} FROM {left} a, {source} WHERE {close} AND {distance} > {0.98 * metres}")
    theirs = np.array([row[2] for row in rows])
    one = np.array([shape(kinds, row[0]) for row in rows], dtype=object)
    other = np.array([shape(kinds, row[1]) if row[1] else shapely.from_wkt(right) for row in rows], dtype=object)
    error = float(np.abs(distance_m(one, other) - theirs).max(initial=0.0))
    assert error < max(0.01, 2e-6 * metres)
    assert np.abs(theirs - metres).min(initial=np.inf) > error


def shape(kinds: dict[str, Features], id: str) -> Any:
    """The geometry behind an IRI."""
    kind, number = id.split("/")
    return kinds[kind].geometries[int(number)]


@pytest.mark.parametrize("name", NEAREST)
def test_both_order_the_nearest_alike(name: str, store: Store, server: Postgis) -> None:
    case = NEAREST[name]
    ours, theirs = ([row[0] for row in rows] for rows in (ask(store, case.sparql), told(server, case.sql)))
    assert len(set(ours)) == len(theirs)
    kind, far = str(theirs[0]).split("/")[0], case.sql.partition("ORDER BY ")[2].partition(" LIMIT")[0]
    metres = dict(server.execute(f"SELECT id, {far} FROM {kind}"))
    # those at the same distance may change places, or stand in for each other at the end
    assert [metres[id] for id in ours] == pytest.approx([metres[id] for id in theirs], abs=1e-3)
