"""Tables and queries of databases as sources: types, names, refusals, geometries, schemas; on every database that is read."""

from __future__ import annotations

import sqlite3
import struct
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
import shapely

from earthweave.mapping import map_source, read_rules
from earthweave.mapping.plan import (
    ColumnSchema,
    Constant,
    DatabaseAccess,
    ForeignKey,
    Kind,
    LogicalSource,
    Options,
    Plan,
    PredicateObjects,
    Reference,
    TableSchema,
    TermMap,
    TriplesMap,
)
from earthweave.mapping.sources import Place, Source
from earthweave.mapping.sources._database import address
from earthweave.mapping.sources._sql import open_database, schema_of
from earthweave.mapping.sources._sql_references import checked
from earthweave.ontology import Crs, CrsError, EarthweaveError, MappingError, MissingDependencyError, NotFoundError, ProductError
from tests.conformance._databases import opened as started
from tests.conformance._databases import present

SCRIPT = """
    CREATE TABLE parent ("Id" INTEGER NOT NULL PRIMARY KEY, code VARCHAR(10) NOT NULL UNIQUE);
    CREATE TABLE child (id INTEGER NOT NULL PRIMARY KEY, big BIGINT, exact DECIMAL(10, 2), wide DOUBLE PRECISION, flag BOOLEAN, day DATE,
        moment TIMESTAMP NULL, fixed CHAR(5), words VARCHAR(40), parent INTEGER, FOREIGN KEY (parent) REFERENCES parent ("Id"));
    INSERT INTO parent VALUES (1, 'a');
    INSERT INTO child VALUES (10, 9007199254740993, 1.50, 0.1, TRUE, '2020-02-29', '2020-02-29 12:00:01', 'ab', 'é "q", x', 1);
    INSERT INTO child VALUES (11, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '', NULL);
"""
KINDS = ["postgresql", "mariadb", "sqlite", "duckdb"]


def server(kind: str) -> Any:
    """A private server."""
    name = "postgis" if kind == "postgresql" else kind
    present(name)
    return started(name)


@pytest.fixture
def filled(tmp_path: Path) -> Callable[[str, str], str]:
    """Run a script in an empty database of a kind; its URL."""
    def fill(kind: str, script: str) -> str:
        if kind in ("postgresql", "mariadb"):
            return str(server(kind).fill(script))
        path = tmp_path / f"test.{kind}"
        with closing(sqlite3.connect(path) if kind == "sqlite" else duckdb.connect(str(path))) as connection:
            (connection.executescript if isinstance(connection, sqlite3.Connection) else connection.execute)(script)
        return f"{kind}:///{path}"

    return fill


def opened(given: Any, name: str = "", query: str = "", **options: Any) -> Source:
    return open_database(LogicalSource(name, query=query), Place(databases={"": given}), Options(**options))


def rows(source: Source, *columns: str, geometry: bool = False) -> list[dict[str, Any]]:
    return [row for batch in source.batches(columns or source.fields, geometry) for row in batch.to_pylist()]


@pytest.mark.parametrize("kind", KINDS)
def test_values_have_the_types_that_their_columns_declare(kind: str, filled: Callable[[str, str], str]) -> None:
    source = opened(filled(kind, SCRIPT), "child")
    types = {field.name: str(field.type) for field in source.empty(source.fields, False).schema}
    assert types["exact"] == ("decimal256(76, 30)" if kind == "sqlite" else "decimal128(10, 2)")
    assert (types["wide"], types["flag"], types["day"]) == ("double", "bool", "date32[day]")
    first, second = rows(source)
    assert first == {
        "id": 10, "big": 9007199254740993, "exact": Decimal("1.50"), "wide": 0.1, "flag": True, "day": date(2020, 2, 29),
        "moment": datetime(2020, 2, 29, 12, 0, 1), "fixed": "ab" if kind == "duckdb" else "ab   ", "words": 'é "q", x', "parent": 1,
    }
    assert second == dict.fromkeys(source.fields) | {"id": 11, "words": ""}
    assert source.keys == ("id",) and source.total in (None, 2) and source.faults == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_query_has_the_types_of_what_it_selects(kind: str, filled: Callable[[str, str], str]) -> None:
    query = "SELECT parent AS p, count(*) AS many, 'x' AS x FROM child WHERE parent IS NOT NULL GROUP BY parent; -- all of them"
    source = opened(filled(kind, SCRIPT), query=query.replace(";", ""))
    assert rows(source) == [{"p": 1, "many": 1, "x": "x"}] and source.keys == () and source.total is None
    assert all(pa.types.is_integer(source.empty([name], False).schema.field(name).type) for name in ("p", "many"))


@pytest.mark.parametrize("kind", KINDS)
def test_rows_are_counted_where_no_column_is_read(kind: str, filled: Callable[[str, str], str]) -> None:
    source = opened(filled(kind, SCRIPT), "child")
    assert sum(batch.num_rows for batch in source.batches((), False)) == 2
    assert source.empty((), False).num_rows == 0


@pytest.mark.parametrize("kind", KINDS)
def test_batches_are_as_small_as_wanted(kind: str, filled: Callable[[str, str], str]) -> None:
    values = ", ".join(f"({number}, 'c{number}')" for number in range(25))
    source = opened(filled(kind, f'CREATE TABLE parent ("Id" INTEGER, code VARCHAR(10)); INSERT INTO parent VALUES {values};'), "parent",
                    batch_rows=10)
    sizes = [batch.num_rows for batch in source.batches(["code"], False)]
    assert sum(sizes) == 25 and (kind == "duckdb" or sizes == [10, 10, 5])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("query,reason", [
    ("SELECT nothing FROM child", "nothing"), ("SELECT * FROM nowhere", "nowhere"), ("DELETE FROM child", "more than read"),
    ("SELECT 1) AS q; DELETE FROM child; --", "refuses"), ("SELECT 1 AS a; SELECT 2 AS a", "refuses"), ("SELECT FROM WHERE", "refuses"),
])
def test_a_query_that_cannot_be_read_is_refused_before_the_first_row(
    kind: str, query: str, reason: str, filled: Callable[[str, str], str]
) -> None:
    url = filled(kind, SCRIPT)
    with pytest.raises(MappingError) as caught:
        opened(url, query=query)
    assert reason in str(caught.value)
    assert len(rows(opened(url, "child"))) == 2


@pytest.mark.parametrize("kind", ["postgresql", "mariadb", "sqlite"])
def test_a_query_with_two_columns_of_one_name_is_refused(kind: str, filled: Callable[[str, str], str]) -> None:
    with pytest.raises(MappingError):
        opened(filled(kind, SCRIPT), query="SELECT id, id FROM child")


@pytest.mark.parametrize("kind", KINDS)
def test_names_of_tables(kind: str, filled: Callable[[str, str], str]) -> None:
    url = filled(kind, SCRIPT + 'CREATE TABLE "Two Words" (a INTEGER);')
    assert opened(url, '"Two Words"').name == opened(url, "Two Words").name == "Two Words"
    assert opened(url, "child").name == opened(url, '"child"').name == "child"
    with pytest.raises(MappingError, match="no table other"):
        opened(url, "other")


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_a_per_cent_sign_is_nothing_but_itself(kind: str, filled: Callable[[str, str], str]) -> None:
    script = """CREATE TABLE "100%s" ("a%s" INTEGER, g GEOMETRY); INSERT INTO "100%s" VALUES (1, ST_GeomFromText('POINT(1 2)', 4326));"""
    url = filled(kind, script)
    for source in (opened(url, '"100%s"'), opened(url, query="""SELECT * FROM "100%s" WHERE 'x%y' LIKE '%y'""")):
        assert rows(source) == [{"a%s": 1}] and source.crs == Crs("EPSG", "4326")


@pytest.mark.parametrize("kind", KINDS)
def test_the_schema_has_columns_and_keys(kind: str, filled: Callable[[str, str], str]) -> None:
    child, parent = schema_of(filled(kind, SCRIPT))
    assert parent.columns[0].name == "Id" and not parent.columns[0].nullable
    assert (parent.primary_key, parent.unique_keys) == (("Id",), (("code",),))
    assert child.name == "child" and child.primary_key == ("id",) and child.unique_keys == ()
    assert child.foreign_keys == (ForeignKey(("parent",), "parent", ("Id",)),)
    assert [one.name for one in child.columns][:3] == ["id", "big", "exact"] and child.columns[1].nullable


def test_a_schema_in_full(filled: Callable[[str, str], str]) -> None:
    url = filled("sqlite", 'CREATE TABLE a (x INTEGER PRIMARY KEY, y TEXT); CREATE TABLE b (z INTEGER REFERENCES A);')
    assert schema_of(url) == (
        TableSchema("a", (ColumnSchema("x", "INTEGER", False), ColumnSchema("y", "TEXT")), ("x",)),
        TableSchema("b", (ColumnSchema("z", "INTEGER"),), (), (ForeignKey(("z",), "a", ("x",)),)),
    )


def test_an_open_connection_tells_where(filled: Callable[[str, str], str]) -> None:
    filled("postgresql", SCRIPT)
    with closing(sqlite3.connect(":memory:")) as memory, duckdb.connect(":memory:") as other:
        memory.executescript(SCRIPT)
        other.execute(SCRIPT)
        for given in (memory, other, server("postgresql").connection):
            assert [row["id"] for row in rows(opened(given, "child"), "id")] == [10, 11]
            assert len(schema_of(given)) == 2


def test_several_streams_of_one_database_at_a_time(filled: Callable[[str, str], str]) -> None:
    for kind in KINDS:
        url = filled(kind, SCRIPT)
        first, second = opened(url, "child", batch_rows=1), opened(url, "parent", batch_rows=1)
        pairs = [(a["id"], b["Id"]) for batch in first.batches(["id"], False) for a in batch.to_pylist() for b in rows(second, "Id")]
        assert sorted(pairs) == [(10, 1), (11, 1)]


def test_the_name_that_the_mapping_gives_its_database_goes_before_the_one_for_all(filled: Callable[[str, str], str]) -> None:
    access = DatabaseAccess("jdbc:postgresql://nowhere/x", "me", "secret")
    place = Place(databases={"": "sqlite:///none", access.url: filled("sqlite", SCRIPT)})
    assert open_database(LogicalSource("child", access=access), place, Options()).keys == ("id",)


def test_rows_with_values_that_are_not_of_their_type_are_left_out_and_told(filled: Callable[[str, str], str]) -> None:
    script = "CREATE TABLE t (n INTEGER, d DATE); INSERT INTO t VALUES (1, '2020-01-01'), ('x', NULL), (3, 'soon')"
    source = opened(filled("sqlite", script), "t")
    assert [row["n"] for row in rows(source)] == [1]
    assert source.faults == [(2, "n: 'x' is no INTEGER"), (3, "d: 'soon' is no DATE")]
    assert [row["d"] for row in rows(source, "d")] == [date(2020, 1, 1), None]


def test_infinite_moments_and_no_numbers_of_postgresql_are_told(filled: Callable[[str, str], str]) -> None:
    script = "CREATE TABLE t (n NUMERIC, m TIMESTAMPTZ); INSERT INTO t VALUES (1.5, '2020-01-01 01:00+01'), ('NaN', NULL), (2, 'infinity')"
    source = opened(filled("postgresql", script), "t")
    (row,) = rows(source)
    assert row["n"] == Decimal("1.5") and row["m"].isoformat() == "2020-01-01T00:00:00+00:00"
    assert [line for line, _ in source.faults] == [2, 3]


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_geometries_come_as_wkb_with_the_crs_of_their_srid(kind: str, filled: Callable[[str, str], str]) -> None:
    declared = "geometry(Point, 3035)" if kind == "postgresql" else "POINT"
    script = f"CREATE TABLE t (id INTEGER, g {declared}); INSERT INTO t VALUES (1, ST_GeomFromText('POINT(10 50)', 3035)), (2, NULL);"
    source = opened(filled(kind, script), "t")
    assert (source.fields, source.geometry, source.crs) == (("id",), "g", Crs("EPSG", "3035"))
    first, second = rows(source, "id", geometry=True)
    assert shapely.from_wkb(first["g"]) == shapely.Point(10, 50) and second["g"] is None
    assert rows(source, "id") == [{"id": 1}, {"id": 2}]


def test_a_geopackage_table_is_read_with_its_crs(filled: Callable[[str, str], str]) -> None:
    blob = (b"GP\x00\x01" + struct.pack("<i", 100000) + shapely.to_wkb(shapely.Point(3, 4))).hex()
    url = filled("sqlite", f"""
        CREATE TABLE gpkg_spatial_ref_sys (srs_id INTEGER, organization TEXT, organization_coordsys_id INTEGER);
        INSERT INTO gpkg_spatial_ref_sys VALUES (100000, 'EPSG', 32633);
        CREATE TABLE gpkg_geometry_columns (table_name TEXT, column_name TEXT, srs_id INTEGER);
        INSERT INTO gpkg_geometry_columns VALUES ('t', 'geom', 100000), ('other', 'id', 4326);
        CREATE TABLE t (id INTEGER, geom POINT); INSERT INTO t VALUES (7, X'{blob}');""")
    source = opened(url, "t")
    assert source.crs == Crs("EPSG", "32633") and source.fields == ("id",)
    assert shapely.from_wkb(rows(source, "id", geometry=True)[0]["geom"]) == shapely.Point(3, 4)


def test_geometries_without_a_crs_need_one(filled: Callable[[str, str], str]) -> None:
    url = filled("duckdb", "CREATE TABLE t (id INTEGER, g GEOMETRY); INSERT INTO t VALUES (1, 'POINT (1 2)')")
    with pytest.raises(CrsError, match="t does not say its CRS"):
        opened(url, "t")
    source = opened(url, "t", source_crs="EPSG:4326")
    assert shapely.from_wkb(rows(source, geometry=True)[0]["g"]) == shapely.Point(1, 2)


def test_queries_of_duckdb_reach_no_other_files(filled: Callable[[str, str], str], tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a\n1\n")
    url = filled("duckdb", SCRIPT)
    for function in ("read_csv", "parquet_metadata", "query_table", "glob", ""):
        text = f"SELECT * FROM {function}('{tmp_path / 'secret.csv'}')" if function else f"SELECT * FROM '{tmp_path / 'secret.csv'}'"
        with pytest.raises(EarthweaveError, match="refuses|reach out"):
            opened(url, query=text)


def test_a_regular_identifier_is_folded_under_a_table_of_r2rml_alone(filled: Callable[[str, str], str]) -> None:
    for kind, bad in (("postgresql", True), ("sqlite", True), ("mariadb", False), ("duckdb", False)):
        url = filled(kind, SCRIPT)
        place = Place(databases={"": url})
        for logical, delimited, wrong in (
            (LogicalSource("parent"), False, bad), (LogicalSource("parent"), True, False),
            (LogicalSource(query="SELECT * FROM parent"), False, False),
            (LogicalSource("parent", access=DatabaseAccess(url)), False, False),
        ):
            source, plan = open_database(logical, place, Options()), _plan(logical, Reference("Id", delimited))
            if wrong:
                with pytest.raises(MappingError, match="no column Id"):
                    checked(source, logical, plan)
            else:
                assert checked(source, logical, plan) is source


def _plan(logical: LogicalSource, reference: Reference) -> Plan:
    subject, predicate = TermMap(Constant("http://example.org/s"), Kind.IRI), TermMap(Constant("http://example.org/p"), Kind.IRI)
    statement = PredicateObjects((predicate,), (TermMap(reference, Kind.LITERAL),))
    return Plan("test", "http://example.org/", (TriplesMap("one", 1, logical, subject, statements=(statement,)),))


@pytest.mark.parametrize("url,kind,host,port,path,user,password", [
    ("postgresql://me:se%40cret@host:5433/db", "postgresql", "host", 5433, "db", "me", "se@cret"),
    ("jdbc:postgresql://host/db?user=me&password=x", "postgresql", "host", None, "db", "me", "x"),
    ("jdbc:postgresql:db", "postgresql", "", None, "db", "given", "word"),
    ("mysql+pymysql://host/db", "mysql", "host", None, "db", "given", "word"),
    ("jdbc:mariadb://host:3307/db", "mysql", "host", 3307, "db", "given", "word"),
    ("sqlite:///a/b.sqlite", "sqlite", "", None, "a/b.sqlite", "", ""),
    ("sqlite:////a/b%20c.sqlite", "sqlite", "", None, "/a/b c.sqlite", "", ""),
    ("jdbc:sqlite:b.sqlite", "sqlite", "", None, "b.sqlite", "", ""),
    ("duckdb:///x.duckdb", "duckdb", "", None, "x.duckdb", "", ""),
])
def test_addresses(url: str, kind: str, host: str, port: int | None, path: str, user: str, password: str) -> None:
    found = address(url, "given", "word")
    assert (found.kind, found.host, found.port, found.path, found.user, found.password) == (kind, host, port, path, user, password)


@pytest.mark.parametrize("url,error", [
    ("postgresql://me:hunter2@localhost:1/db?connect_timeout=2", ProductError), ("mysql://me:hunter2@localhost:1/db", ProductError),
    ("postgresql://me:hunter2@localhost:port/db", MappingError), ("oracle://me:hunter2@localhost/db", MappingError),
    ("sqlite:///none.sqlite", NotFoundError), ("duckdb:///none.duckdb", NotFoundError),
])
def test_a_database_that_cannot_be_opened_is_told_without_its_password(url: str, error: type[EarthweaveError]) -> None:
    with pytest.raises(error) as caught:
        opened(url, "t")
    shown = f"{caught.value} {caught.value!r} {address(url) if error is ProductError else ''}"
    assert "hunter2" not in shown


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    for kind in ("sqlite", "duckdb"):
        path = tmp_path / f"no.{kind}"
        path.write_bytes(b"nothing of the kind" * 300)
        with pytest.raises(ProductError, match="cannot be opened"):
            opened(f"{kind}:///{path}", "t")


@pytest.mark.parametrize("url,library", [
    ("postgresql:///x", "psycopg"), ("mysql:///x", "pymysql"), ("duckdb:///x.duckdb", "duckdb"),
])
def test_a_driver_that_is_not_there_is_named_with_its_extra(
    url: str, library: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "x.duckdb").touch()
    monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.setitem(sys.modules, f"{library}.cursors", None)
    with pytest.raises(MissingDependencyError) as caught:
        open_database(LogicalSource("t"), Place(folder=tmp_path, databases={"": url}), Options())
    assert "earthweave[sql]" in caught.value.way_out


def test_no_database_at_all_is_told() -> None:
    with pytest.raises(MappingError, match="no database for student"):
        open_database(LogicalSource("student"), Place(), Options())


def test_texts_that_mean_no_value_are_none(filled: Callable[[str, str], str]) -> None:
    url = filled("sqlite", "CREATE TABLE t (w TEXT, n INTEGER); INSERT INTO t VALUES ('n/a', 1), ('', 2), ('word', 3)")
    source = open_database(LogicalSource("t", access=DatabaseAccess(url, nulls=("n/a", ""))), Place(databases={url: url}), Options())
    assert [row["w"] for row in rows(source)] == [None, None, "word"]


def test_a_text_of_sqlite_that_is_not_utf8_is_told(filled: Callable[[str, str], str]) -> None:
    source = opened(filled("sqlite", "CREATE TABLE t (id INTEGER, w TEXT); INSERT INTO t VALUES (1, CAST(X'ff' AS TEXT)), (2, 'ä')"), "t")
    assert rows(source) == [{"id": 2, "w": "ä"}] and [line for line, _ in source.faults] == [1]


@pytest.mark.parametrize("executor", ["auto", "rows"])
def test_a_postgis_table_becomes_statements(executor: Any, filled: Callable[[str, str], str]) -> None:
    url = filled("postgresql", """
        CREATE TABLE country (id INTEGER PRIMARY KEY, name TEXT);
        CREATE TABLE town (id INTEGER PRIMARY KEY, name TEXT, country INTEGER REFERENCES country (id), g geometry(Point, 3857));
        INSERT INTO country VALUES (1, 'Utopia');
        INSERT INTO town VALUES (7, 'A "b"', 1, ST_Transform(ST_SetSRID(ST_Point(2, 3), 4326), 3857)), (8, NULL, NULL, NULL);""")
    plan = read_rules("""@prefix rr: <http://www.w3.org/ns/r2rml#> . @prefix ex: <http://example.org/> .
        @prefix geo: <http://www.opengis.net/ont/geosparql#> .
        ex:Town rr:logicalTable [ rr:tableName "town" ] ; rr:subjectMap [ rr:template "http://example.org/town/{id}" ] ;
          rr:predicateObjectMap [ rr:predicate ex:name ; rr:objectMap [ rr:column "name" ] ] ,
            [ rr:predicate ex:in ; rr:objectMap [ rr:parentTriplesMap ex:Land ;
              rr:joinCondition [ rr:child "country" ; rr:parent "id" ] ] ] ,
            [ rr:predicate geo:asWKT ; rr:objectMap [ rr:column "g" ; rr:datatype geo:wktLiteral ] ] .
        ex:Land rr:logicalTable [ rr:sqlQuery "SELECT * FROM country" ] ; rr:subjectMap [ rr:template "http://example.org/land/{id}" ] .
        """)
    run = map_source(plan, databases={"": url}, options=Options(executor=executor))
    assert sorted(b"".join(run).decode().splitlines()) == [
        '<http://example.org/town/7> <http://example.org/in> <http://example.org/land/1> .',
        '<http://example.org/town/7> <http://example.org/name> "A \\"b\\"" .',
        '<http://example.org/town/7> <http://www.opengis.net/ont/geosparql#asWKT> '
        '"POINT (2 3)"^^<http://www.opengis.net/ont/geosparql#wktLiteral> .',
    ]
