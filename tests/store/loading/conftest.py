"""A small world to load and write out again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from earthweave.server.store.loading import Document, load
from earthweave.server.store.snapshot import Snapshot, SnapshotBuilder

Build = Callable[..., Snapshot]

WORLD = b"""\
@prefix : <http://a.example/> . @prefix geo: <http://www.opengis.net/ont/geosparql#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix sf: <http://www.opengis.net/ont/sf#> .
:flood1 a geo:Feature, :Flood ; geo:hasGeometry :g1 ; :level 3 ; :depth 1.5 ; :since "2020-01-02"^^xsd:date ; :wet true ;
    rdfs:label "caf\\u00E9 \\"x\\"\\n"@fr .
:flood2 a :Flood, :Wet ; geo:hasGeometry _:g2 ; :level 4 ; :depth "2.5e0"^^xsd:double ;
    :seen "2020-01-02T03:04:05Z"^^xsd:dateTime ; :next :flood1 .
_:g2 geo:asWKT "<http://www.opengis.net/def/crs/EPSG/0/4326> POINT (50 10)"^^geo:wktLiteral ; geo:asGeoJSON "{}"^^geo:geoJSONLiteral .
:g1 geo:asWKT "POLYGON ((0 0, 2 0, 2 2, 0 0))"^^geo:wktLiteral .
:place :where "POINT Z (1 2 3)"^^geo:wktLiteral ; :name "x", "y" ; :Level "high" .
:lost geo:hasGeometry [ geo:asWKT "POINT (nowhere)"^^geo:wktLiteral ] .
<urn:graph> :about :flood1 .
"""


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Makes a snapshot out of documents."""

    def made(*documents: tuple[bytes, str]) -> Snapshot:
        builder = SnapshotBuilder(tmp_path / "snapshot")
        files = []
        for number, (content, suffix) in enumerate(documents):
            files.append(tmp_path / f"source{number}.{suffix}")
            files[-1].write_bytes(content)
        load(builder, [Document.of(path) for path in files])
        return builder.finish()

    return made


@pytest.fixture
def flat(tmp_path: Path) -> Snapshot:
    """The same features without heights."""
    path = tmp_path / "flat.ttl"
    path.write_bytes(WORLD.replace(b"POINT Z (1 2 3)", b"POINT (1 2)"))
    builder = SnapshotBuilder(tmp_path / "flat")
    load(builder, [Document.of(path)])
    return builder.finish()


@pytest.fixture
def world(build: Build) -> Snapshot:
    """The snapshot of a few features, with named graphs."""
    graph = b'<http://a.example/flood1> <http://a.example/seenBy> "someone" <http://a.example/graph> .\n'
    shared = b"<http://a.example/flood1> <http://a.example/next> <http://a.example/flood2> %s .\n"
    return build((WORLD, "ttl"), (graph + shared % b"<http://a.example/graph>" + shared % b"<http://a.example/other>", "nq"))
