"""The questions of the engine's benchmark, each in SPARQL and in SQL: as a generator would write it, and as an expert would by hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from benchmarks._shapes import SEED, domain, flooded
from benchmarks.data import FLOOD, SRID, Tier
from earthweave.server.workflows import tutorial_query

PREFIXES = """\
PREFIX geo: <http://www.opengis.net/ont/geosparql#>
PREFIX geof: <http://www.opengis.net/def/function/geosparql/>
PREFIX uom: <http://www.opengis.net/def/uom/OGC/1.0/>
PREFIX flo: <http://ai.di.uoa.gr/flood/ontology#>
PREFIX gadmr: <http://www.app-lab.eu/gadm/>
PREFIX gadmo: <http://www.app-lab.eu/gadm/ontology/>
PREFIX : <http://example.org/>
"""
TABLES = {
    "floods": "id int, level int, geom geometry(MultiPolygon, 4326)",
    "units": "id int, name text, level text, geom geometry(Polygon, 4326)",
    "points": "id int, name text, geom geometry(Point, 4326)",
    "lines": "id int, name text, geom geometry(LineString, 4326)",
}
INDEXES = tuple(f"CREATE INDEX ON {table} USING gist (geom)" for table in TABLES) + (
    "CREATE INDEX ON points USING gist ((geom::geography))", "CREATE UNIQUE INDEX ON units (name)", "CREATE UNIQUE INDEX ON floods (id)",
)
_FLOOD = "?flood flo:has_floodLevel ?level ; geo:hasGeometry [ geo:asWKT ?wet ] ."
_UNIT = "?unit a gadmr:AdministrativeUnit ; gadmo:hasName ?name ; geo:hasGeometry [ geo:asWKT ?area ] ."
_PLACE = "?place a :Place ; geo:hasGeometry [ geo:asWKT ?spot ] ."
_TRACK = "?track a :Track ; geo:hasGeometry [ geo:asWKT ?path ] ."
CORRIDOR = 2500
"""Metres beside the line of s4."""


@dataclass(frozen=True)
class Question:
    """One question and its forms.

    Attributes:
        name: as in the table of the goals.
        title: what is asked, for people.
        sparql: for us; it answers with one row per answer, or with one count.
        sql: as a query generator would write it: PostGIS chooses the plan.
        hand: plans forced by hand, any of which PostGIS may prefer.
        columns: how many columns, from the first on, are compared with PostGIS row by row.
    """

    name: str
    title: str
    sparql: str
    sql: str
    hand: tuple[str, ...] = ()
    columns: int = 1


@dataclass(frozen=True)
class Places:
    """Constant geometries of a tier (WKT, longitude first), and a distance in metres."""

    box: str
    star: str
    spot: str
    path: str
    metres: int


def places(tier: Tier) -> Places:
    """A box of 4 corners, a polygon of 1,000, a point with a radius, all around a flooded place, and a line of 400 vertices across the
    domain; they grow with it."""
    west, south, east, north = domain(tier.columns, tier.rows)
    random, (x, y), wide = np.random.default_rng([SEED, 4]), flooded(tier.columns, tier.rows), east - west
    turn = np.linspace(0, 2 * np.pi, 1000, endpoint=False)
    radius = 0.18 * wide * (1 + 0.25 * np.sin(5 * turn) + 0.03 * random.uniform(-1, 1, 1000))
    star = shapely.Polygon(np.round(np.column_stack([x + radius * np.cos(turn), y + 0.8 * radius * np.sin(turn)]), 9))
    along = np.linspace(0, 1, 400)
    sway = 0.01 * wide * np.sin(9 * along)
    path = np.column_stack([west + along * (east - west), south + along * (north - south) + sway])
    return Places(
        shapely.box(x - 0.025 * wide, y - 0.025 * wide, x + 0.025 * wide, y + 0.025 * wide).wkt, star.wkt, shapely.Point(x, y).wkt,
        shapely.LineString(np.round(path, 9)).wkt, int(round(0.03 * wide * 111_000, -2)),
    )


def _literal(wkt: str) -> str:
    return f'"{wkt}"^^geo:wktLiteral'


def _constant(wkt: str) -> str:
    return f"ST_GeomFromText('{wkt}', {SRID})"


def _select(wanted: str, where: str, after: str = "") -> str:
    return f"{PREFIXES}SELECT {wanted} WHERE {{ {where} }} {after}".strip()


def _joins() -> list[Question]:
    pairs = "SELECT count(*) FROM {} u, LATERAL (SELECT 1 FROM {} f WHERE {}(u.geom, f.geom) OFFSET 0) x"
    return [
        Question(
            "2a", "units that meet floods (the tutorial's query 2a)", tutorial_query("query-2a"),
            "SELECT DISTINCT u.name, u.geom FROM floods f, units u WHERE u.level = '3rdOrder' AND ST_Intersects(f.geom, u.geom)",
            ("SELECT u.name, u.geom FROM units u WHERE u.level = '3rdOrder' "
             "AND EXISTS (SELECT 1 FROM floods f WHERE ST_Intersects(f.geom, u.geom))",),
        ),
        Question(
            "j1", "pairs of floods and units that intersect",
            _select("(COUNT(*) AS ?n)", f"{_FLOOD} {_UNIT} FILTER(geof:sfIntersects(?wet, ?area))"),
            "SELECT count(*) FROM floods f, units u WHERE ST_Intersects(f.geom, u.geom)",
            (pairs.format("units", "floods", "ST_Intersects"), pairs.format("floods", "units", "ST_Intersects")),
        ),
        Question(
            "j2", "places per unit",
            _select("?name (COUNT(?place) AS ?n)", f"{_PLACE} {_UNIT} FILTER(geof:sfContains(?area, ?spot))", "GROUP BY ?name"),
            "SELECT u.name, count(*) FROM units u JOIN points p ON ST_Contains(u.geom, p.geom) GROUP BY u.name",
            columns=2,
        ),
        Question(
            "j3", "pairs of tracks and floods that cross",
            _select("(COUNT(*) AS ?n)", f"{_TRACK} {_FLOOD} FILTER(geof:sfCrosses(?path, ?wet))"),
            "SELECT count(*) FROM lines l, floods f WHERE ST_Crosses(l.geom, f.geom)",
        ),
        Question(
            "j4", "pairs of tracks and units that intersect",
            _select("(COUNT(*) AS ?n)", f"{_TRACK} {_UNIT} FILTER(geof:sfIntersects(?path, ?area))"),
            "SELECT count(*) FROM lines l, units u WHERE ST_Intersects(l.geom, u.geom)",
        ),
    ]


def _selections(here: Places) -> list[Question]:
    return [
        Question(
            "s1", "floods that meet a box", _select("?flood", f"{_FLOOD} FILTER(geof:sfIntersects(?wet, {_literal(here.box)}))"),
            f"SELECT '{FLOOD}' || id FROM floods WHERE ST_Intersects(geom, {_constant(here.box)})",
        ),
        Question(
            "s2", "floods within a polygon of 1,000 corners",
            _select("(COUNT(*) AS ?n)", f"{_FLOOD} FILTER(geof:sfWithin(?wet, {_literal(here.star)}))"),
            f"SELECT count(*) FROM floods WHERE ST_Within(geom, {_constant(here.star)})",
        ),
        Question(
            "s3", f"places within {here.metres / 1000:g} km of a point, on the ellipsoid",
            _select("?place", f"{_PLACE} FILTER(geof:distance(?spot, {_literal(here.spot)}, uom:metre) <= {here.metres})"),
            f"SELECT 'http://example.org/place/' || id FROM points WHERE ST_DWithin(geom::geography, "
            f"{_constant(here.spot)}::geography, {here.metres})",
        ),
        Question(
            "s4", f"places within {CORRIDOR / 1000:g} km of a line, on the ellipsoid",
            _select("?place", f"{_PLACE} FILTER(geof:distance(?spot, {_literal(here.path)}, uom:metre) <= {CORRIDOR})"),
            f"SELECT 'http://example.org/place/' || id FROM points WHERE ST_DWithin(geom::geography, "
            f"{_constant(here.path)}::geography, {CORRIDOR})",
        ),
    ]


def questions(tier: Tier) -> dict[str, Question]:
    """The spatial questions of a tier by name."""
    return {one.name: one for one in [*_joins(), *_selections(places(tier))]}


PLAIN = {
    "1": tutorial_query("query-1"),
    "2b": tutorial_query("query-2b"),
    "subject": f"SELECT ?p ?o WHERE {{ <{FLOOD}7> ?p ?o }}",
}
"""Questions without space, for Oxigraph as well."""
TITLES = {
    "1": "query 1: floods counted by level", "2b": "query 2b: 50 levels and geometries", "subject": "one subject: all its statements",
}
ENDLESS = {
    "far": _select("(COUNT(*) AS ?n)", f"{_FLOOD} {_TRACK} FILTER(geof:distance(?wet, ?path, uom:metre) > 1)"),
    "apart": _select("(COUNT(*) AS ?n)", f"{_FLOOD} {_PLACE} FILTER(geof:sfDisjoint(?wet, ?spot))"),
    "product": _select("(COUNT(*) AS ?n)", "?a geo:hasGeometry ?b . ?c geo:hasGeometry ?d FILTER(STR(?a) > STR(?d))"),
}
"""Questions that nobody waits for: more than ten million pairs at any tier."""
