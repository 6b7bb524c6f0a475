"""Hostile and broken sources of mappings: bombs, paths out of the allowed folders, texts that are none, queries that reach out."""

from __future__ import annotations

import gzip
import sqlite3
import tarfile
import zipfile
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from earthweave.mapping import Options, Plan, PredicateObjects, Reference, Template, TermMap, TriplesMap, map_source
from earthweave.mapping.plan import EWF, Call, Constant, DatabaseAccess, Expression, FileAccess, Kind, LogicalSource
from earthweave.ontology import EarthweaveError, ForbiddenError, MappingError, ProductError, SizeLimitError

BASE = "https://example.org/"
GREL = "http://users.ugent.be/~bjdmeest/function/grel.ttl#"
PREDICATE = TermMap(Constant(BASE + "p"), Kind.IRI)
SUBJECT = TermMap(Template((BASE, Reference("id"))), Kind.IRI)
MIB = 1 << 20


def rules(source: LogicalSource, value: Expression, folder: Path) -> Plan:
    """``<…id> <…p> value`` of every row."""
    said = PredicateObjects((PREDICATE,), (TermMap(value, Kind.LITERAL),))
    return Plan("test.ttl", BASE, (TriplesMap("rule", 1, source, SUBJECT, statements=(said,)),), folder=str(folder))


def mapped(folder: Path, source: LogicalSource, reference: str = "v", **options: str) -> tuple[list[str], int]:
    """Objects as they are written, and rows left out."""
    chosen = Options(**options)  # type: ignore[arg-type]
    run = map_source(rules(source, Reference(reference), folder), working=folder, options=chosen)
    lines = sorted(b"".join(run).decode().removesuffix("\n").split("\n"))
    return [line.split(" ", 2)[2].removesuffix(" .") for line in lines if line], run.report.skipped


def file(folder: Path, name: str, data: bytes, formulation: str = "", iterator: str = "", encoding: str = "") -> LogicalSource:
    (folder / name).write_bytes(data)
    return LogicalSource(formulation=formulation, iterator=iterator, access=FileAccess(name, encoding=encoding))


def json(folder: Path, data: str, iterator: str = "$[*]", encoding: str = "") -> LogicalSource:
    return file(folder, "x.json", data.encode(), "JSONPath", iterator, encoding)


def xml(folder: Path, data: bytes, encoding: str = "") -> LogicalSource:
    return file(folder, "x.xml", data, "XPath", "/r/x", encoding)


# -- JSON


def test_half_a_character_leaves_its_record_out(tmp_path: Path) -> None:
    data = '[{"id":1,"v":"\\ud800"},{"id":"\\udfff","v":"a"},{"id":2,"v":"\\ud83d\\ude00"}]'
    assert mapped(tmp_path, json(tmp_path, data)) == (['"😀"'], 2)


@pytest.mark.parametrize(
    ("data", "iterator"),
    [
        ("[" * 100_000 + "]" * 100_000, "$[*]"), ('{"a":' * 100_000 + "1" + "}" * 100_000, "$"), ("", "$[*]"),
        ('[{"id":1,"v":NaN}]', "$[*]"),
        ('[{"id":1,"v":1}] garbage', "$[*]"), ('[{"id":1,"v":1}][]', "$[*]"), ('{"a":[{"id":1,"v":1}],"b":', "$.a[*]"),
        ('[[{"id":1,"v":1}],', "$[0][*]"),
    ],
)  # fmt: skip
def test_what_is_no_json_is_told(tmp_path: Path, data: str, iterator: str) -> None:
    with pytest.raises(ProductError, match="is not JSON"):
        mapped(tmp_path, json(tmp_path, data, iterator))


def test_a_document_is_read_to_its_end_behind_the_iterator(tmp_path: Path) -> None:
    data = '{"z":{"y":[3,{"a":[{"id":1,"v":"one"}],"b":[1]},4]},"c":{"d":null}} \n'
    assert mapped(tmp_path, json(tmp_path, data, "$.z.y[1].a[*]")) == (['"one"'], 0)
    assert mapped(tmp_path, json(tmp_path, '{"a":3,"b":[1]}', "$.a[*]")) == ([], 0)


@pytest.mark.parametrize(("pattern", "count"), [("match(@.v,'(a|a)*b')", 1), ("search(@.v,'(a+)+$')", 0), ("search(@.v,'[')", 0)])
def test_patterns_of_paths_end_in_time(tmp_path: Path, pattern: str, count: int) -> None:
    data = '[{"id":1,"v":"' + "a" * 40 + 'b"}]'
    assert len(mapped(tmp_path, json(tmp_path, data, f"$[?{pattern}]"))[0]) == count


@pytest.mark.parametrize("encoding", ["nonsense", "hex"])
def test_unknown_encodings_are_errors_of_the_mapping(tmp_path: Path, encoding: str) -> None:
    for source in (json(tmp_path, "[]", encoding=encoding), file(tmp_path, "x.csv", b"id,v\n1,2\n", "CSV", encoding=encoding)):
        with pytest.raises(MappingError, match="no encoding"):
            mapped(tmp_path, source)
    with pytest.raises(EarthweaveError):
        mapped(tmp_path, xml(tmp_path, b"<r/>", encoding=encoding))


# -- XML

ENTITIES = "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
BOMB = f'<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa">{ENTITIES}]><r><x><id>1</id><v>&j;</v></x></r>'


@pytest.mark.parametrize(
    "data",
    [
        BOMB.encode(), b'<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><r><x><id>1</id><v>&a;</v></x></r>',
        b'<!DOCTYPE r [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]><r><x><id>&q;</id><v>a</v></x></r>',
        b"<r><x><id>1</id><v>\xff</v></x></r>", b"", b"<r>" * 10_000,
    ],
)  # fmt: skip
def test_bombs_and_broken_documents_are_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(ProductError, match="well-formed"):
        mapped(tmp_path, xml(tmp_path, data))


def test_entities_of_the_document_itself_are_what_they_stand_for(tmp_path: Path) -> None:
    data = b'<!DOCTYPE r [<!ENTITY a "and">]><r><x><id>1</id><v>this &a; that</v></x></r>'
    assert mapped(tmp_path, xml(tmp_path, data)) == (['"this and that"'], 0)


@pytest.mark.parametrize(("reference", "text"), [("1 div 0", "Infinity"), ("number('a')", "NaN"), ("0.0000001", "0.0000001")])
def test_numbers_are_written_as_xpath_has_them(tmp_path: Path, reference: str, text: str) -> None:
    assert mapped(tmp_path, xml(tmp_path, b"<r><x><id>1</id></x></r>"), reference) == ([f'"{text}"'], 0)


# -- text tables and binary files


@pytest.mark.parametrize("executor", ["auto", "rows"])
def test_odd_text_tables(tmp_path: Path, executor: str) -> None:
    assert mapped(tmp_path, file(tmp_path, "head.csv", b"id,v"), executor=executor) == ([], 0)
    assert mapped(tmp_path, file(tmp_path, "marked.csv", "id,v\n1,é\n".encode("utf-16")), executor=executor) == (['"é"'], 0)
    data = b'id,v\n1,\xed\xa0\x80\n2,"a\rb"\n3,\xff\n'
    assert mapped(tmp_path, file(tmp_path, "bytes.csv", data), executor=executor) == (['"a\\rb"'], 2)
    wide = ",".join(["id", "v", *(f"c{n}" for n in range(10_000))]) + "\n" + ",".join(["1"] * 10_002) + "\n"
    assert mapped(tmp_path, file(tmp_path, "wide.csv", wide.encode()), executor=executor) == (['"1"'], 0)


@pytest.mark.parametrize("suffix", ["csv", "parquet", "gpkg", "fgb", "shp", "geojson", "kml", "gml", "tif", "nc4", "cdf"])
def test_empty_files_are_errors_that_say_so(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(EarthweaveError) as told:
        mapped(tmp_path, file(tmp_path, f"x.{suffix}", b""))
    assert "x." in str(told.value)


def test_a_damaged_parquet_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ProductError, match="not a Parquet file"):
        mapped(tmp_path, file(tmp_path, "x.parquet", b"PAR1" + bytes(100) + b"PAR1"))


@pytest.mark.parametrize("executor", ["auto", "rows"])
@pytest.mark.parametrize("name", ["x.geojson", "x.parquet"])
def test_json_in_a_column_is_a_text(tmp_path: Path, executor: str, name: str) -> None:
    """GDAL and Arrow give such a column an extension type."""
    if name == "x.parquet":
        kept = pa.ExtensionArray.from_storage(pa.json_(pa.string()), pa.array(['{"a":1}']))
        pq.write_table(pa.table({"id": [1], "v": kept}), tmp_path / name)
    else:
        point = '"geometry":{"type":"Point","coordinates":[1,2]}'
        text = f'{{"type":"FeatureCollection","features":[{{"type":"Feature","properties":{{"id":1,"v":{{"a":1}}}},{point}}}]}}'
        (tmp_path / name).write_text(text, "utf-8")
    objects, skipped = mapped(tmp_path, LogicalSource(access=FileAccess(name)), executor=executor)
    assert ([one.replace(" ", "") for one in objects], skipped) == (['"{\\"a\\":1}"'], 0)


# -- archives


@pytest.mark.parametrize("name", ["../../evil.csv", "/tmp/evil.csv"])
def test_names_in_archives_are_no_paths(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(name, "id,v\n1,a\n")
    assert mapped(tmp_path, LogicalSource(access=FileAccess("x.zip"))) == (['"a"'], 0)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["x.zip"]


def test_links_in_archives_are_nothing(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "x.tar.gz", "w:gz") as archive:
        link = tarfile.TarInfo("x.csv")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    with pytest.raises(ProductError, match="nothing"):
        mapped(tmp_path, LogicalSource(access=FileAccess("x.tar.gz")))


def test_a_header_of_an_archive_does_not_fill_the_memory(tmp_path: Path) -> None:
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, 100 * MIB
    with gzip.open(tmp_path / "x.tar.gz", "wb", 1) as stream:
        stream.write(header.tobuf() + bytes(MIB))
    with pytest.raises(ProductError, match="header of the archive is too long"):
        mapped(tmp_path, LogicalSource(access=FileAccess("x.tar.gz")))


def test_an_archive_is_not_searched_for_ever(tmp_path: Path) -> None:
    first = tarfile.TarInfo("x.bin")
    first.size = 80 * MIB
    with gzip.open(tmp_path / "x.tar.gz", "wb", 9) as stream:
        stream.write(first.tobuf())
        for _ in range(80):
            stream.write(bytes(MIB))
    with pytest.raises(SizeLimitError):
        mapped(tmp_path, LogicalSource(access=FileAccess("x.tar.gz")))


# -- paths


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
def test_databases_outside_are_not_read(tmp_path: Path, kind: str) -> None:
    inside, name = tmp_path / "in", f"x.{kind}"
    inside.mkdir()
    for folder in (tmp_path, inside):
        if kind == "sqlite":
            with sqlite3.connect(folder / name) as database:
                database.execute("CREATE TABLE t AS SELECT 1 id, 'a' v")
            database.close()
        else:
            import duckdb

            with duckdb.connect(str(folder / name)) as own:
                own.execute("CREATE TABLE t AS SELECT 1 id, 'a' v")
    (inside / "link").symlink_to(tmp_path / name)
    for path in (f"../{name}", str(tmp_path / name), "link"):
        with pytest.raises(ForbiddenError):
            mapped(inside, LogicalSource("t", access=DatabaseAccess(f"{kind}:///{path}")))
    assert mapped(inside, LogicalSource("t", access=DatabaseAccess(f"{kind}:///{name}"))) == (['"a"'], 0)
    handed = map_source(rules(LogicalSource("t"), Reference("v"), inside), databases={"": f"{kind}:///{tmp_path / name}"}, working=inside)
    assert b"".join(handed).count(b"\n") == 1


def test_a_name_that_no_file_can_have(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="no path of a file"):
        mapped(tmp_path, LogicalSource(access=FileAccess("x" * 5000)))


# -- queries


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1 id, pg_read_file('/etc/passwd') v", "SELECT 1 id, \"pg_read_binary_file\" ('x') v", 'SELECT U&"p\\0067_read_file"(1)',
        "SELECT query_to_xml('x', true, true, '')", "SELECT * FROM dblink('x', 'y')", "SELECT LOAD_FILE('/etc/passwd') v",
        "SELECT * FROM read_csv_auto('/etc/passwd')", "SELECT set_config('role', 'postgres', false)", "SELECT 1 INTO OUTFILE '/tmp/x'",
        "SELECT pg_read_file/* /* x */ y */('/etc/passwd')", "SELECT 1 INTO -- x\n OUTFILE '/tmp/x'",
    ],
)  # fmt: skip
def test_queries_that_reach_out_of_the_database_are_refused(tmp_path: Path, query: str) -> None:
    sqlite3.connect(tmp_path / "x.sqlite").close()
    with pytest.raises(ForbiddenError, match="reach out"):
        mapped(tmp_path, LogicalSource(query=query, access=DatabaseAccess("sqlite:///x.sqlite")))


def test_a_column_that_is_named_like_a_function_is_read(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "x.sqlite")) as database:
        database.executescript("CREATE TABLE t (id INTEGER, benchmark TEXT); INSERT INTO t VALUES (1, 'fast')")
    found = mapped(tmp_path, LogicalSource(query="SELECT id, benchmark AS v FROM t", access=DatabaseAccess("sqlite:///x.sqlite")))
    assert found == (['"fast"'], 0)


def test_a_port_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="cannot be read") as told:
        mapped(tmp_path, LogicalSource("t", access=DatabaseAccess("postgresql://u@h/x?port=abc&password=geheim")))
    assert "geheim" not in str(told.value)


@pytest.mark.parametrize(
    "query",
    [
        'SELECT ?id ?v { ?id ?p ?v FILTER(?v != """a"b""") SERVICE <http://127.0.0.1/> {?id ?p ?v} } # "',
        "SELECT ?id ?v { ?id ?p ?v FILTER(?v<5)SERVICE?id{?id?p?v}FILTER(?v>5)}",
        "SELECT ?id ?v { ?id ?p ?v } #\r SERVICE", "SELECT ?id ?v { \\u0053ERVICE <http://127.0.0.1/> {?id ?p ?v} }",
    ],
)  # fmt: skip
def test_no_text_hides_a_service(tmp_path: Path, query: str) -> None:
    (tmp_path / "x.ttl").write_text("<http://e.org/a> <http://e.org/b> 1 .", "utf-8")
    with pytest.raises(ForbiddenError, match="SERVICE"):
        mapped(tmp_path, LogicalSource(formulation="SPARQL_Results_CSV", query=query, access=FileAccess("x.ttl")))


def test_a_service_may_be_spoken_of(tmp_path: Path) -> None:
    (tmp_path / "x.ttl").write_text("<http://e.org/a> <http://e.org/service> 1 .", "utf-8")
    query = "SELECT ?id ?v { ?id <http://e.org/service> ?v FILTER(?v != '''no ' service''') } # service"
    assert mapped(tmp_path, LogicalSource(formulation="SPARQL_Results_CSV", query=query, access=FileAccess("x.ttl"))) == (['"1"'], 0)


# -- functions


@pytest.mark.parametrize("executor", ["auto", "rows"])
@pytest.mark.parametrize(
    ("call", "objects", "skipped"),
    [
        (Call(GREL + "string_unescape", (Reference("v"), Constant("javascript"))), ['"a\\\\q"', '"b"'], 0),
        (Call(GREL + "string_unescape", (Constant("\\ud800"), Constant("javascript"))), ['"\\\\ud800"'] * 2, 0),
        (Call(EWF + "utc", (Reference("v"),)), [], 2),
    ],
)  # fmt: skip
def test_values_that_functions_cannot_read(call: Call, objects: list[str], skipped: int, executor: str, tmp_path: Path) -> None:
    table = pa.table({"id": [1, 2], "v": ["a\\q", "b"]})
    run = map_source(rules(LogicalSource(), call, tmp_path), table, options=Options(executor=executor))  # type: ignore[arg-type]
    found = [line.split(" ", 2)[2].removesuffix(" .") for line in b"".join(run).decode().splitlines()]
    assert (sorted(found), run.report.skipped) == (objects, skipped)
