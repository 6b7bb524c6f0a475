"""Generated from databases: keys, foreign keys as joins, delimited names, shapes that the results conform to."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Literal

import duckdb
import psycopg
import pyoxigraph
import pyshacl
import pytest
from rdflib import RDF, RDFS, Graph, URIRef

from benchmarks.postgis import Postgis
from earthweave.mapping import Options, draft, map_source, read_rules
from earthweave.ontology import GEO, OWL, MappingError, ProductError

BASE = "http://example.org/"
SCRIPT = """
CREATE TABLE dept (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, "Größe [m]" REAL);
CREATE TABLE "Staff Member" (no INTEGER NOT NULL, dept_id INTEGER NOT NULL REFERENCES dept(id), boss INTEGER, born DATE, "select" TEXT,
  PRIMARY KEY (no, dept_id), FOREIGN KEY (boss) REFERENCES dept(id));
CREATE TABLE log (msg TEXT, n INTEGER);
INSERT INTO dept VALUES (1, 'A', 1.5), (2, 'B', NULL);
INSERT INTO "Staff Member" VALUES (1, 1, NULL, '2020-01-01', 'x'), (2, 1, 2, NULL, NULL), (1, 2, NULL, NULL, 'y');
INSERT INTO log VALUES ('a', 1), ('b', 2), ('a', 1);
"""


@pytest.fixture(scope="module")
def urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    folder = tmp_path_factory.mktemp("databases")
    with closing(sqlite3.connect(folder / "d.sqlite")) as connection:
        connection.executescript(SCRIPT)
    with duckdb.connect(folder / "d.duckdb") as duck:
        duck.execute(SCRIPT)
    yield {"sqlite": f"sqlite:///{folder}/d.sqlite", "duckdb": f"duckdb:///{folder}/d.duckdb"}


def _mapped(text: str, url: str) -> Graph:
    run = map_source(read_rules(text), databases={"": url})
    graph = Graph().parse(data=b"".join(run), format="nt")
    assert run.report.skipped == 0
    return graph


@pytest.mark.parametrize("dialect", ["r2rml", "rml"])
@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
def test_keys_joins_and_names(urls: dict[str, str], kind: str, dialect: Literal["r2rml", "rml"]) -> None:
    written = draft(urls[kind], base=BASE, dialect=dialect)
    graph = _mapped(written.mapping, urls[kind])
    ontology = Graph().parse(data=written.ontology, format="turtle")
    staff, dept = (URIRef(f"{BASE}ontology#{name}") for name in ("Staff%20Member", "dept"))
    assert set(graph.subjects(RDF.type, staff)) == {URIRef(f"{BASE}Staff%20Member/id/{key}") for key in ("1/1", "2/1", "1/2")}
    links = [one for one in ontology.subjects(RDF.type, OWL.ObjectProperty) if ontology.value(one, RDFS.range) == dept]
    assert len(links) == 2
    pairs = {(str(one).rpartition("id/")[2], str(other).rpartition("/")[2]) for link in links for one, other in graph.subject_objects(link)}
    assert pairs == {("1/1", "1"), ("2/1", "1"), ("1/2", "2"), ("2/1", "2")}
    assert len(set(graph.subjects(RDF.type, URIRef(f"{BASE}ontology#log")))) == 2
    conforms, _, text = pyshacl.validate(graph, shacl_graph=Graph().parse(data=written.shapes, format="turtle"))
    assert conforms, text


def test_one_table_alone_by_an_open_connection(urls: dict[str, str]) -> None:
    with closing(sqlite3.connect(urls["sqlite"].removeprefix("sqlite:///"))) as connection:
        text = draft(connection, base=BASE, options=Options(layer="dept")).mapping
    assert 'rr:tableName "dept"' in text
    assert "Staff" not in text


def test_what_is_no_database_or_has_no_table_is_told(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "empty.sqlite")) as connection:
        connection.execute("CREATE TABLE t (a)")
        connection.execute("DROP TABLE t")
    with pytest.raises(ProductError, match="holds no table"):
        draft(tmp_path / "empty.sqlite", base=BASE)
    with pytest.raises((MappingError, ProductError)) as caught:
        draft("postgresql://me:geheim@nowhere.invalid:1/gis", base=BASE)
    assert "geheim" not in str(caught.value)


def test_postgis(postgis: Postgis) -> None:
    # of its own: other tests have tables in the common one
    postgis.execute("CREATE DATABASE drafted")
    info = postgis.connection.info if postgis.connection else None
    assert info is not None
    url = f"postgresql:///drafted?host={info.host}&port={info.port}&user={info.user}"
    for statement in (
        "CREATE EXTENSION postgis",
        "CREATE TABLE parcel (id integer PRIMARY KEY, use text, geom geometry(MultiPolygon, 3035))",
        "INSERT INTO parcel SELECT n, 'x', ST_Multi(ST_SetSRID(ST_MakeEnvelope(4000000 + n, 3000000, 4000100 + n, 3000100), 3035)) "
        "FROM generate_series(1, 30) n",
    ):
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement.encode())
    written = draft(url, base=BASE)
    quads = list(pyoxigraph.parse(b"".join(map_source(read_rules(written.mapping), databases={"": url})), pyoxigraph.RdfFormat.N_QUADS))
    assert len([1 for quad in quads if quad.predicate.value == str(GEO.asWKT)]) == 30
    areas = [float(quad.object.value) for quad in quads if quad.predicate.value == str(GEO.hasMetricArea)]
    assert areas == pytest.approx([10_000] * 30, rel=0.01)
    assert "spatial_ref_sys" not in written.mapping
