"""Real features of the shared data, as RDF for our store and as tables for PostGIS, with the same coordinates to the bit."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from benchmarks.postgis import Postgis

BASE = "http://example.org/"
GEO, WKT = "http://www.opengis.net/ont/geosparql#", "http://www.opengis.net/ont/geosparql#wktLiteral"
PADOVA = "data/flood/alesarrett+CopernicusEMS/EMSR332/files/zipoutput/EMSR332_02PADOVA_DEL_v1_{}.shp"
POWER = "data/vector/wri+global-power-plant-database/raw_source_files/JRC-PPDB-OPEN/JRC_OPEN_UNITS.csv"


@dataclass(frozen=True)
class Features:
    """Features of one kind.

    Attributes:
        geometries: valid, CRS84, longitude first, exactly as their literals say.
        names: one text each.
        groups: one whole number each: level of a unit, number of a map version, else 0.
        repaired: how many were invalid in the source; they are made valid for both sides, for topology says nothing of invalid ones.
    """

    geometries: Any
    names: list[str]
    groups: list[int]
    repaired: int


def features(geometries: Any, names: Any, groups: Any = None) -> Features:
    """Geometries as their literals say, valid."""
    array = np.array(geometries, dtype=object)
    wrong = ~shapely.is_valid(array)
    array[wrong] = shapely.make_valid(array[wrong], method="structure")
    read = shapely.from_wkt(shapely.to_wkt(array, rounding_precision=-1))
    whole = [0] * len(read) if groups is None else [int(group) for group in groups]
    return Features(read, [str(name) for name in names], whole, int(wrong.sum()))


def _layer(path: Path) -> Any:
    return gpd.read_file(path).to_crs(4326)


def _power(path: Path) -> Features:
    with path.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["lon"] and row["lat"]]
    return features(shapely.points([(float(row["lon"]), float(row["lat"])) for row in rows]), [row["eic_g"] for row in rows])


def real(shared: Path) -> dict[str, Features]:
    """Kind → features: EMSR332 floods (two map versions), rivers, waters and roads at Padova, NUTS units, power units, municipalities."""
    flood = _layer(shared / "data/derived/flood/emsr332_observed_event_shared.gpkg")
    nuts = _layer(shared / "data/vector/ecmwf+earthkit-data/tests/data/NUTS_RG_20M_2021_3035.geojson")
    lga = _layer(shared / "data/derived/vector/nsw_lga_2016.geojson")
    austria = _layer(shared / "data/derived/vector/upper_austria_gemeinden_2021.geojson")
    found = {
        "flood": features(flood.geometry, flood["aoi"], flood["product"] != "DEL"),
        "nuts": features(nuts.geometry, nuts["NUTS_ID"], nuts["LEVL_CODE"]),
        "power": _power(shared / POWER),
        "lga": features(lga.geometry, lga["NAME"]), "gemeinde": features(austria.geometry, austria["iso"]),
    }
    for kind, layer in (("river", "hydrography_l"), ("water", "hydrography_a"), ("road", "transportation_l")):
        frame = _layer(shared / PADOVA.format(layer))
        found[kind] = features(frame.geometry, frame["obj_type"])
    return found


def triples(kinds: dict[str, Features]) -> Iterator[str]:
    """N-Triples: type, label, group, geometry."""
    for kind, found in kinds.items():
        texts = shapely.to_wkt(found.geometries, rounding_precision=-1)
        for number, (text, name, group) in enumerate(zip(texts, found.names, found.groups, strict=True)):
            node = f"<{BASE}{kind}/{number}>"
            yield f"{node} <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{BASE}{kind.title()}> .\n"
            yield f'{node} <{BASE}name> "{name}" .\n'
            yield f'{node} <{BASE}group> "{group}"^^<http://www.w3.org/2001/XMLSchema#integer> .\n'
            yield f"{node} <{GEO}hasGeometry> <{BASE}{kind}/{number}/geometry> .\n"
            yield f'<{BASE}{kind}/{number}/geometry> <{GEO}asWKT> "{text}"^^<{WKT}> .\n'


def fill(server: Postgis, kinds: dict[str, Features]) -> None:
    """One table a kind: id (the IRI behind the base), name, grp, geom; indexes on the plane and on the ellipsoid."""
    for kind, found in kinds.items():
        server.execute(f"CREATE TABLE {kind} (id text PRIMARY KEY, name text, grp int, geom geometry(Geometry, 4326))")
        binary = shapely.to_wkb(shapely.set_srid(found.geometries, 4326), hex=True, include_srid=True)
        server.copy(kind, [(f"{kind}/{number}", *row) for number, row in enumerate(zip(found.names, found.groups, binary, strict=True))])
        server.execute(f"CREATE INDEX ON {kind} USING gist (geom)")
        server.execute(f"CREATE INDEX ON {kind} USING gist ((geom::geography))")
    server.execute("VACUUM ANALYZE")
