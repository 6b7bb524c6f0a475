"""Open, load, query, update, export, keep: what callers of the store rely on."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from earthweave.ontology import (
    GEO,
    GEOF,
    RDF,
    ForbiddenError,
    NotFoundError,
    ParameterError,
    Progress,
    QueryError,
    RdfSyntaxError,
    SizeLimitError,
    StoreError,
    UnknownFunctionError,
    UnsupportedError,
    settings_of,
)
from earthweave.server.store import Answer, Limits, Store, open_store, restore

Rows = Callable[[str], list[tuple[str | None, ...]]]
Ask = Callable[[str], Answer]
Write = Callable[..., Path]


def test_a_new_store_is_empty_and_answers(store: Store, ask: Ask) -> None:
    assert ask("ASK { ?s ?p ?o }").boolean is False
    assert store.statistics().triples == 0


def test_a_table_has_one_struct_column_per_variable(store: Store, turtle: Write, ask: Ask) -> None:
    store.load([turtle(':a :p "x"@en, 5, [] ; :q :b .')])
    answer = ask("SELECT ?o ?none WHERE { :a :p ?o } ORDER BY ?o")
    assert answer.kind == "table"
    cell = pa.struct([("kind", pa.string()), ("value", pa.string()), ("datatype", pa.string()), ("language", pa.string())])
    assert answer.table.schema == pa.schema([("o", cell), ("none", cell)])
    blank, *literals = answer.table.column("o").to_pylist()
    assert blank["kind"] == "bnode"
    assert {"kind": "literal", "value": "5", "datatype": "http://www.w3.org/2001/XMLSchema#integer", "language": None} in literals
    assert {"kind": "literal", "value": "x", "datatype": str(RDF.langString), "language": "en"} in literals
    assert answer.table.column("none").null_count == 3


def test_tables_without_rows_or_variables(ask: Ask) -> None:
    assert ask("SELECT ?x WHERE { ?x :nothing ?y }").table.num_rows == 0
    assert ask("SELECT * WHERE { }").table.column_names == []


def test_plain_and_xsd_string_literals_are_the_same(store: Store, turtle: Write, rows: Rows) -> None:
    store.load([turtle(':a gadmo:hasNationalLevel "3rdOrder" . :b gadmo:hasNationalLevel "3rdOrder"^^xsd:string .')])
    wanted = [("http://example.org/a",), ("http://example.org/b",)]
    assert rows('SELECT ?s { ?s gadmo:hasNationalLevel "3rdOrder"^^<http://www.w3.org/2001/XMLSchema#string> }') == wanted
    assert rows('SELECT ?s { ?s gadmo:hasNationalLevel "3rdOrder" }') == wanted


SAME = {
    "a.nt": '<http://example.org/s> <http://example.org/p> "v" .\n',
    "a.nq": '<http://example.org/s> <http://example.org/p> "v" .\n',
    "a.ttl": '<http://example.org/s> <http://example.org/p> "v" .\n',
    "a.trig": '{ <http://example.org/s> <http://example.org/p> "v" }\n',
    "a.rdf": '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://example.org/">'
             '<rdf:Description rdf:about="http://example.org/s"><e:p>v</e:p></rdf:Description></rdf:RDF>',
    "a.jsonld": '{"@id": "http://example.org/s", "http://example.org/p": "v"}',
}


def test_every_syntax_is_loaded_by_extension(store: Store, tmp_path: Path, rows: Rows) -> None:
    for number, (name, text) in enumerate(SAME.items()):
        different = text.replace("v", str(number)).encode()
        (tmp_path / name).write_bytes(different)
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(different.replace(b"/s", b"/t")))
    names = [*SAME, *(f"{name}.gz" for name in SAME)]
    report = store.load([tmp_path / name for name in names])
    assert [(file.name, file.triples) for file in report.files] == [(name, 1) for name in names]
    wanted = [(str(number),) for number in range(len(SAME))]
    assert rows("SELECT ?o { :s :p ?o }") == wanted
    assert rows("SELECT ?o { :t :p ?o }") == wanted


def test_a_byte_order_mark_is_skipped(store: Store, tmp_path: Path, rows: Rows) -> None:
    for number, (name, text) in enumerate(SAME.items()):
        marked = b"\xef\xbb\xbf" + text.replace("v", str(number)).encode()
        (tmp_path / name).write_bytes(marked)
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(marked.replace(b"/s", b"/t")))
    store.load([tmp_path / name for name in (*SAME, *(f"{name}.gz" for name in SAME))])
    wanted = [(str(number),) for number in range(len(SAME))]
    assert rows("SELECT ?o { :s :p ?o }") == wanted
    assert rows("SELECT ?o { :t :p ?o }") == wanted
    (tmp_path / "only.nt").write_bytes(b"\xef\xbb\xbf")
    assert store.load([tmp_path / "only.nt"]).triples == 0


PACKED = gzip.compress(b"".join(b"<http://e/%d> <http://e/p> <http://e/o> .\n" % number for number in range(1000)))


@pytest.mark.parametrize("data", [b"<http://e/a> <http://e/p> 1 .", PACKED[:-20], PACKED[:200] + bytes(200) + PACKED[400:]],
                         ids=["plain", "cut", "corrupt"])
@pytest.mark.parametrize("name", ["x.nt.gz", "x.rdf.gz"])
def test_what_is_no_whole_gzip_is_told_as_such(store: Store, tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(RdfSyntaxError, match=f"{name}: not a whole gzip file") as caught:
        store.load([tmp_path / name])
    assert caught.value.why
    assert "take .gz off" in caught.value.way_out
    assert store.statistics().triples == 0


@pytest.mark.parametrize("name", ["long.nt", "long.nq", "long.nt.gz", "long.rdf"])
def test_a_statement_may_be_larger_than_a_parsers_buffer(store: Store, tmp_path: Path, rows: Rows, name: str) -> None:
    value = b"v" * (17 << 20)
    line = b'<http://example.org/a> <http://example.org/p> "' + value + b'" .\n'
    whole = SAME["a.rdf"].encode().replace(b">v<", b">" + value + b"<") if name.endswith(".rdf") else line
    (tmp_path / name).write_bytes(gzip.compress(whole, 1) if name.endswith(".gz") else whole)
    assert store.load([tmp_path / name]).added == 1
    assert rows("SELECT (STRLEN(?o) AS ?n) { ?s :p ?o }") == [(str(17 << 20),)]


def test_a_turtle_statement_beyond_the_parsers_buffer_is_told_as_such(store: Store, tmp_path: Path) -> None:
    (tmp_path / "long.ttl").write_bytes(b'<http://e/a> <http://e/p> "' + b"v" * (17 << 20) + b'" .\n')
    with pytest.raises(SizeLimitError, match=r"long\.ttl: one statement is larger than 16 MiB") as caught:
        store.load([tmp_path / "long.ttl"])
    assert caught.value.way_out == "simplify the geometry or split it"


BROKEN = "<http://e/a> <http://e/b> <http://e/c> .\n<http://e/a> <http://e/b <http://e/c> .\n"


def test_strict_loads_are_all_or_nothing(store: Store, tmp_path: Path, turtle: Write) -> None:
    good = turtle(":a :p 1 .")
    (tmp_path / "bad.nt").write_text(BROKEN)
    with pytest.raises(RdfSyntaxError, match=r"bad\.nt, line 2, column \d+"):
        store.load([good, tmp_path / "bad.nt"], strict=True)
    assert store.statistics().triples == 0
    assert store.statistics().generation == 1
    assert not list((store.path / "staging").iterdir())


def test_bad_turtle_ends_a_load_however_it_is_read(store: Store, tmp_path: Path, turtle: Write) -> None:
    (tmp_path / "bad.ttl").write_text(BROKEN)
    with pytest.raises(RdfSyntaxError, match=r"bad\.ttl, line 2, column \d+"):
        store.load([turtle(":a :p 1 ."), tmp_path / "bad.ttl"])
    assert store.statistics().generation == 1


@pytest.mark.parametrize("packed", [False, True])
def test_bad_lines_are_left_out_counted_and_shown(store: Store, tmp_path: Path, turtle: Write, packed: bool) -> None:
    lines = BROKEN + "nonsense\n" * 50 + "<http://e/a> <http://e/b> <http://e/d> .\n"
    bad = tmp_path / ("bad.nt.gz" if packed else "bad.nt")
    bad.write_bytes(gzip.compress(lines.encode()) if packed else lines.encode())
    report = store.load([turtle(":a :p 1 ."), bad])
    good, told = report.files
    assert (good.bad, good.bad_lines, report.added) == (0, (), 3)
    assert (told.triples, told.bad) == (2, 51)
    assert [(one.line, one.sample) for one in told.bad_lines[:2]] == [(2, BROKEN.splitlines()[1]), (3, "nonsense")]
    assert 0 < len(told.bad_lines) <= 20
    assert all(one.reason for one in told.bad_lines)


def test_the_same_blank_node_label_in_two_files_stays_two_nodes(store: Store, turtle: Write, rows: Rows) -> None:
    store.load([turtle("_:x :p 1 .", "one.ttl"), turtle("_:x :p 2 .", "two.ttl")])
    assert len(set(rows("SELECT ?s { ?s :p ?o }"))) == 2


def test_files_that_are_no_rdf_or_absent_are_refused(store: Store, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("a,b")
    with pytest.raises(UnsupportedError, match=r"table\.csv"):
        store.load([tmp_path / "table.csv"])
    with pytest.raises(NotFoundError):
        store.load([tmp_path / "absent.nt"])
    (tmp_path / "folder.nt").mkdir()
    with pytest.raises(ParameterError, match=r"folder\.nt is a folder"):
        store.load([tmp_path / "folder.nt"])


def test_graphs_are_seen_as_one_unless_a_dataset_is_given(store: Store, turtle: Write, rows: Rows) -> None:
    store.load([turtle(":a :p 1 .")])
    store.load([turtle(":a :p 2 .")], graph="http://example.org/g")
    assert rows("SELECT ?o { :a :p ?o }") == [("1",), ("2",)]
    assert rows("SELECT ?o FROM :g { :a :p ?o }") == [("2",)]
    assert rows("SELECT ?g { GRAPH ?g { :a :p ?o } }") == [("http://example.org/g",)]
    text = "SELECT ?o { <http://example.org/a> ?p ?o }"
    assert store.query(text, default_graphs=["http://example.org/g"]).table.num_rows == 1
    assert store.query(text, named_graphs=["http://example.org/g"]).table.num_rows == 0
    assert store.query("SELECT ?o { GRAPH ?g { ?s ?p ?o } }", named_graphs=["http://example.org/g"]).table.num_rows == 1
    with pytest.raises(ParameterError):
        store.load([turtle(":a :p 2 .")], graph="not an iri")


def test_a_triple_in_two_graphs_is_found_once(store: Store, turtle: Write, rows: Rows) -> None:
    store.load([turtle(":a :p 1 .")])
    for name in ("g", "h"):
        store.load([turtle(":a :p 1 .")], graph=f"http://example.org/{name}")
    assert store.statistics().triples == 3
    assert rows("SELECT ?o { :a :p ?o }") == [("1",)]
    assert rows("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }") == [("1",)]
    assert rows("SELECT (COUNT(*) AS ?n) FROM :g FROM :h { ?s ?p ?o }") == [("1",)]
    assert rows("SELECT ?g { GRAPH ?g { :a :p 1 } }") == [("http://example.org/g",), ("http://example.org/h",)]


def test_literals_come_back_as_they_were_written(store: Store, turtle: Write, rows: Rows) -> None:
    written = ('"01"^^xsd:integer', '"+1.50"^^xsd:decimal', '"1e3"^^xsd:double', '"1"^^xsd:boolean', '" POINT( 1   2 )"^^geo:wktLiteral',
               '"2021-03-01T00:00:00.000+00:00"^^xsd:dateTime', '"x"@EN-gb', '"half"^^xsd:integer')
    store.load([turtle("".join(f":s{i} :p {literal} . " for i, literal in enumerate(written)))])
    assert [value for _, value in rows("SELECT ?s ?o { ?s :p ?o }")] == [literal.split('"')[1] for literal in written]
    assert rows("SELECT ?s { ?s :p ?o FILTER(?o = 1) }") == [("http://example.org/s0",)]
    # the one exception: language tags are compared without regard to case (RDF 1.1 Concepts, §3.3), and kept in lower case
    assert rows('SELECT ?s (LANG(?o) AS ?l) { ?s :p ?o FILTER(?o = "x"@en-GB) }') == [("http://example.org/s6", "en-gb")]


def test_the_plan_is_told_if_it_is_asked_for(store: Store, turtle: Write) -> None:
    store.load([turtle("".join(f":s{i} :p {i} ; :q :b . " for i in range(5)))])
    text = "SELECT ?s { ?s <http://example.org/p> ?o ; <http://example.org/q> ?b FILTER(STRLEN(STR(?o)) + ?o > 3) }"
    assert store.query(text).plan is None
    answer = store.query(text, explain=True)
    assert answer.table.num_rows == 2
    assert answer.plan
    shown = answer.plan["text"]
    assert "<http://example.org/p>" in shown
    assert re.search(r"Filter STRLEN\(STR\(\?o\)\) \+ \?o > .*\[2 rows", shown)
    assert json.loads(json.dumps(answer.plan)) == answer.plan


def test_quads_stream_in_and_tell_progress(store: Store, rows: Rows) -> None:
    heard: list[Progress] = []
    chunks = ("".join(f'<http://e/{k}/{i}> <http://e/p> "{i}" .\n' for i in range(10_000)).encode() for k in range(10))
    report = store.load_quads(chunks, name="stream", progress=heard.append)
    assert (report.triples, report.added, report.files[0].name) == (100_000, 100_000, "stream")
    assert heard
    assert "triples/s" in heard[-1].note
    assert rows("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }") == [("100000",)]


def test_a_stream_that_breaks_leaves_nothing(store: Store) -> None:
    def chunks() -> object:
        yield b"<http://e/a> <http://e/p> <http://e/b> .\n"
        raise OSError("the source broke")

    with pytest.raises(OSError, match="the source broke"):
        store.load_quads(chunks(), name="stream")  # type: ignore[arg-type]
    with pytest.raises(RdfSyntaxError, match="stream, line 1"):
        store.load_quads((b"this is no RDF\n" for _ in range(100_000)), name="stream")
    assert store.statistics().triples == 0


def test_updates_run_with_our_functions_and_are_atomic(store: Store, turtle: Write, rows: Rows) -> None:
    store.load([turtle(':a geo:asWKT "POINT(1 2)"^^geo:wktLiteral .')])
    head = f"PREFIX geo: <{GEO}> PREFIX geof: <{GEOF}> PREFIX : <http://example.org/>"
    report = store.update(head + "INSERT { ?s :far ?d } WHERE { ?s geo:asWKT ?w BIND(geof:metricDistance(?w, ?w) AS ?d) }")
    assert (report.before, report.after) == (1, 2)
    ((distance,),) = rows("SELECT ?d { :a :far ?d }")
    assert float(distance or "nan") == 0.0
    with pytest.raises(QueryError):
        store.update("DELETE WHERE { ?s ?p ?o } ; INSERT DATA {")
    assert store.statistics().triples == 2


def test_load_updates_are_refused(store: Store) -> None:
    text = "CLEAR ALL ; load {} <http://127.0.0.1/x> INTO GRAPH <http://e/>"
    with pytest.raises(ForbiddenError, match="LOAD") as refused:
        store.update(text.format(""))
    assert "load_roots" in refused.value.way_out
    assert [one.code for one in store.update(text.format("SILENT")).notices] == ["load"]


def test_graphs_come_as_n_triples(store: Store, turtle: Write) -> None:
    store.load([turtle(":a :p :b .")])
    text = "CONSTRUCT { ?o ?p ?s } WHERE { ?s ?p ?o }"
    assert store.query(text).graph == b"<http://example.org/b> <http://example.org/p> <http://example.org/a> .\n"
    described = store.query("DESCRIBE <http://example.org/a>").graph
    assert described == b"<http://example.org/a> <http://example.org/p> <http://example.org/b> .\n"


def test_cuts_are_announced(store: Store, turtle: Write) -> None:
    store.load([turtle("".join(f":s{i} :p {i} ." for i in range(50)))])
    text = "SELECT * { ?s ?p ?o }"
    whole, exact = store.query(text), store.query(text, limits=Limits(query_rows=50))
    assert (whole.truncated, exact.truncated, exact.table.num_rows) == (False, False, 50)
    cut = store.query(text, limits=Limits(query_rows=7))
    assert (cut.truncated, cut.table.num_rows, cut.limits.query_rows) == (True, 7, 7)
    assert ["query_rows" in notice.text for notice in cut.notices if notice.code == "truncated"] == [True]
    small = store.query(text, limits=Limits(query_bytes=1000))
    assert small.truncated
    assert 0 < small.table.num_rows < 50
    graph = store.query("CONSTRUCT WHERE { ?s ?p ?o }", limits=Limits(query_rows=7))
    assert graph.truncated
    assert (graph.graph or b"").count(b"\n") == 7


def test_exports_load_again(store: Store, turtle: Write, tmp_path: Path) -> None:
    store.load([turtle(':a :p "x\\n\\"y"@en ; :q "POINT(1 2)"^^geo:wktLiteral .')])
    store.load([turtle(":a :r :b .")], graph="http://example.org/g")
    store.export(tmp_path / "out.any", format="trig")
    (tmp_path / "out.any").rename(tmp_path / "any.trig")
    with open_store(tmp_path / "second") as second:
        for name in ("any.trig", "out.nt", "out.nq", "out.ttl", "out.rdf", "out.jsonld"):
            if name != "any.trig":
                store.export(tmp_path / name)
            second.update("CLEAR ALL")
            second.load([tmp_path / name])
            assert second.query("SELECT * { ?s ?p ?o }").table.num_rows == 3, name
            graphs = second.query("SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }").table.num_rows
            assert graphs == (1 if name.endswith((".nq", ".trig", ".jsonld")) else 0), name
    assert not list(tmp_path.glob(".*"))


def test_exports_are_packed_if_their_name_says_so(store: Store, turtle: Write, tmp_path: Path) -> None:
    store.load([turtle(":a :p 1 .")])
    with open_store(tmp_path / "second") as second:
        for name in ("out.nt.gz", "out.trig.gz", "out.rdf.GZ"):
            store.export(tmp_path / name)
            assert gzip.decompress((tmp_path / name).read_bytes()), name
            second.update("CLEAR ALL")
            assert second.load([tmp_path / name]).added == 1, name
    store.export(tmp_path / "plain.nt")
    assert gzip.decompress((tmp_path / "out.nt.gz").read_bytes()) == (tmp_path / "plain.nt").read_bytes()


def test_backups_are_stores_of_their_own(store: Store, turtle: Write, tmp_path: Path) -> None:
    store.load([turtle(":a :p 1 .")])
    assert store.backup(tmp_path / "kept").triples == 1
    store.update("DELETE WHERE { ?s ?p ?o }")
    restore(tmp_path / "kept", tmp_path / "again")
    with open_store(tmp_path / "again", create=False) as again:
        assert again.query("ASK { <http://example.org/a> ?p 1 }").boolean is True
    with pytest.raises(StoreError):
        store.backup(tmp_path / "kept")
    with pytest.raises(NotFoundError):
        restore(tmp_path, tmp_path / "nowhere")


def test_folders_of_others_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(StoreError):
        open_store(tmp_path)
    with pytest.raises(NotFoundError):
        open_store(tmp_path / "absent", create=False)


OTHERS = {
    '{"format": 1, "engine": "oxigraph"}': "earthweave export all.nq",
    '{"format": 99, "engine": "earthweave"}': "version that wrote it",
    "[]": "version that wrote it",
}


@pytest.mark.parametrize("head", OTHERS)
def test_stores_of_other_versions_are_refused_and_left_as_they_are(tmp_path: Path, head: str) -> None:
    old = tmp_path / "old"
    with open_store(old) as store:
        store.update("INSERT DATA { <http://e/a> <http://e/b> 1 }")
    (old / "store.json").write_text(head)
    before = sorted(path for path in old.rglob("*"))
    for create in (True, False):
        with pytest.raises(StoreError, match="the store in old has format") as caught:
            open_store(old, create=create)
        assert "this version reads format 3 of earthweave" in caught.value.why
        assert OTHERS[head] in caught.value.way_out
        assert "load" in caught.value.way_out
    with pytest.raises(StoreError, match="the store in old has format"):
        restore(old, tmp_path / "new")
    assert sorted(path for path in old.rglob("*")) == before
    assert not (tmp_path / "new").exists()


def test_errors_say_where_and_what_instead(ask: Ask, store: Store) -> None:
    with pytest.raises(QueryError, match="line 2, column 3"):
        store.query("SELECT * WHERE\n  x ?y ?z }")
    with pytest.raises(QueryError) as undeclared:
        store.query("SELECT * {\n ?s geo:asWKT ?w }")
    assert "line 2, column 5" in undeclared.value.what
    assert undeclared.value.way_out == "add PREFIX geo: <http://www.opengis.net/ont/geosparql#>"
    with pytest.raises(UnknownFunctionError, match="geof:sfIntersects"):
        ask("SELECT * { ?s ?p ?o FILTER(geof:sfIntersect(?o, ?o)) }")
    with pytest.raises(UnknownFunctionError, match="xsd:integer"):
        ask("SELECT (xsd:intger(1) AS ?x) {}")
    with pytest.raises(UnknownFunctionError):
        ask("SELECT * { ?s ?p ?o FILTER(<http://strange.example/f>(?o)) }")
    with pytest.raises(SizeLimitError, match="query_characters"):
        store.query("ASK {}" + " " * 70_000)


def test_every_limit_has_a_unit_and_a_sentence() -> None:
    for row in settings_of(Limits):
        assert row.unit
        assert row.help


def test_slips_of_callers_are_told_as_such(store: Store, tmp_path: Path) -> None:
    with pytest.raises(QueryError, match=r"INSERT begins an update(?s:.*)earthweave update, or Store\.update"):
        store.query("PREFIX : <http://e/> INSERT DATA { :a :b 1 }")
    with pytest.raises(QueryError, match=r"SELECT begins a query(?s:.*)earthweave query, or Store\.query"):
        store.update("SELECT * { ?s ?p ?o }")
    with pytest.raises(ForbiddenError, match="SERVICE") as refused:
        store.query("SELECT * { SERVICE <http://127.0.0.1/x> { ?s ?p ?o } }")
    assert "service_allow" in refused.value.way_out
    with pytest.raises(QueryError, match="surrogate"):
        store.query("ASK {} # \ud800")
    with pytest.raises(QueryError):
        store.query("ASK {}", default_graphs=["no iri"])
    with pytest.raises(ParameterError):
        store.load([])
    with pytest.raises(NotFoundError):
        store.export(tmp_path / "absent" / "a.nt")


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store")
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.query("ASK {}")
    with pytest.raises(StoreError, match="closed"):
        store.update("INSERT DATA {}")
