"""Valid time in a real store: loads, updates in the log, checkpoints, backups, exports, and what does not take times for graphs."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from earthweave.ontology import QueryError, RdfSyntaxError, UnsupportedError
from earthweave.server.store import Store, open_store, restore
from earthweave.server.store.loading import Rejected, blocks_ntriples

Rows = Callable[[str], list[tuple[str | None, ...]]]
STRDF = "http://strdf.di.uoa.gr/ontology#"
E = "http://example.org/"
JANUARY, FEBRUARY = (f'"[2020-0{month}-01T00:00:00,2020-0{month + 1}-01T00:00:00)"^^<{STRDF}period>' for month in (1, 2))
MOMENT = '"2020-01-15T12:00:00"^^<http://www.w3.org/2001/XMLSchema#dateTime>'
LINES = f"""<{E}a> <{E}p> "1" {JANUARY} .
<{E}a> <{E}p> "1" {FEBRUARY} .
<{E}b> <{E}p> "2" {MOMENT} .
<{E}c> <{E}p> "3" .
<{E}d> <{E}p> "4" <{E}g> .
<{E}d> <{E}geo> "POINT(1 2)"^^<http://www.opengis.net/ont/geosparql#wktLiteral> {JANUARY} .
"""


@pytest.fixture
def timed(store: Store, tmp_path: Path) -> Store:
    """A store of `LINES`."""
    path = tmp_path / "lines.nq"
    path.write_text(LINES)
    report = store.load([path])
    assert (report.files[0].triples, report.files[0].bad) == (6, 0)
    return store


def test_times_are_no_graphs(timed: Store, rows: Rows) -> None:
    assert rows("SELECT ?g { GRAPH ?g { ?s ?p ?o } }") == [(E + "g",)]
    assert rows("SELECT ?g { GRAPH ?g {} }") == [(E + "g",)]
    census = timed.census()
    assert set(census.graphs) == {"", E + "g"}
    assert census.whole.triples == 6
    assert (timed.statistics().triples, rows("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")) == (6, [("5",)])


def test_the_span_of_time_of_a_graph_is_told(timed: Store) -> None:
    census = timed.census()
    assert census.whole.period == ("2020-01-01T00:00:00", "2020-03-01T00:00:00")
    assert census.graphs[E + "g"].period is None


def test_patterns_with_and_without_a_time(timed: Store, rows: Rows) -> None:
    assert rows('SELECT ?s { ?s :p "1" }') == [(E + "a",)]
    assert rows("SELECT ?s ?t { ?s :p ?o ?t }") == [
        (E + "a", JANUARY[1:42]), (E + "a", FEBRUARY[1:42]), (E + "b", "2020-01-15T12:00:00")]
    assert rows(f"SELECT ?s {{ ?s ?p ?o {JANUARY} }}") == [(E + "a",), (E + "d",)]
    assert rows(f"SELECT ?s {{ ?s ?p ?o ?t FILTER(<{STRDF}period_start>(?t) >= \"2020-01-15T00:00:00\"^^xsd:dateTime) }}") == [
        (E + "a",), (E + "b",)]
    assert rows("SELECT ?n { { SELECT (COUNT(?t) AS ?n) { ?s ?p ?o OPTIONAL { ?s ?p ?o ?t } } } }") == [("4",)]


def test_a_time_that_moves_with_the_query(store: Store, rows: Rows) -> None:
    store.update(f"INSERT DATA {{ <{E}a> <{E}p> 1 \"[2020-01-01T00:00:00,NOW]\"^^<{STRDF}period> }}")
    later, long_ago = '"2021-06-01T00:00:00"^^xsd:dateTime', '"2019-01-01T00:00:00"^^xsd:dateTime'
    assert rows(f"SELECT ?s {{ ?s :p ?o ?t FILTER(<{STRDF}PeriodContains>(?t, {later})) }}") == [(E + "a",)]
    assert rows(f"SELECT ?s {{ ?s :p ?o ?t FILTER(<{STRDF}PeriodContains>(?t, {long_ago})) }}") == []


def test_a_filter_on_a_time_becomes_a_set_of_times(timed: Store) -> None:
    text = f"SELECT ?s {{ ?s ?p ?o ?t FILTER(<{STRDF}during>(?t, {JANUARY})) }}"
    answer = timed.query(text, explain=True)
    assert answer.plan is not None and "times: 2 of 3 by index" in answer.plan["text"]
    assert "Filter" not in answer.plan["text"]


def test_space_and_time_narrow_one_plan(timed: Store) -> None:
    wkt = "^^<http://www.opengis.net/ont/geosparql#wktLiteral>"
    timed.load_quads([f'<{E}far{n}> <{E}geo> "POINT({n % 20} {n / 20})"{wkt} {(FEBRUARY, MOMENT)[n % 2]} .\n'.encode() for n in range(400)],
                     name="far")
    within = f'<http://www.opengis.net/def/function/geosparql/sfWithin>(?g, "POLYGON((0 0,3 0,3 3,0 3,0 0))"{wkt})'
    answer = timed.query(f"SELECT ?s {{ ?s <{E}geo> ?g ?t FILTER(<{STRDF}during>(?t, {JANUARY})) FILTER({within}) }}", explain=True)
    assert answer.plan is not None
    assert "SpatialSeed" in answer.plan["text"] and "times: 2 of 3 by index" in answer.plan["text"]
    wanted = {f"{E}far{n}" for n in range(400) if 0 < n % 20 < 3 and 0 < n / 20 < 3 and n % 2} | {E + "d"}
    assert {row["s"]["value"] for row in answer.table.to_pylist()} == wanted


def test_deleting_without_a_time_deletes_at_every_time(timed: Store, rows: Rows) -> None:
    assert timed.update(f'DELETE DATA {{ <{E}a> <{E}p> "1" {FEBRUARY} }}').after == 5
    assert timed.update(f'INSERT DATA {{ <{E}a> <{E}p> "1" , "9" }}').after == 7
    assert timed.update(f'DELETE DATA {{ <{E}a> <{E}p> "1" }}').after == 5
    assert rows("SELECT ?o { :a :p ?o }") == [("9",)]
    assert timed.update(f"DELETE {{ ?s ?p ?o {JANUARY} }} INSERT {{ ?s ?p ?o {FEBRUARY} . GRAPH <{E}h> {{ ?s ?p ?o {FEBRUARY} }} }} "
                        f"WHERE {{ ?s ?p ?o {JANUARY} }}").after == 6
    assert rows("SELECT ?g ?s ?t { GRAPH ?g { ?s ?p ?o ?t } }") == [(E + "h", E + "d", FEBRUARY[1:42])]
    assert timed.update(f"DROP GRAPH <{E}h>").after == 5


@pytest.mark.parametrize(("fourth", "reason"), [
    (f'"[2020-01-02T00:00:00,2020-01-01T00:00:00)"^^<{STRDF}period>', "its end is not behind its start"),
    (f'"[2020-01-01T00:00:00,2020-01-01T00:00:00)"^^<{STRDF}period>', "its end is not behind its start"),
    (f'"spring"^^<{STRDF}period>', "cannot be read"), (MOMENT.replace("01-15", "02-30"), "cannot be read"),
    ('"2020"^^<http://www.w3.org/2001/XMLSchema#gYear>', "a strdf:period or an xsd:dateTime"), (f"{JANUARY} <{E}g>", "not both"),
    (f"<{E}g> {JANUARY}", "not both"),
])
def test_a_line_with_a_time_of_no_moment_is_named(fourth: str, reason: str) -> None:
    head = f"<{E}a> <{E}p>"
    lines = f'{head} "1" {JANUARY} .\n{head} "said \\"so\\""  {fourth} .\n{head} "3" .\n{head} "4"  {MOMENT} .\n'.encode()
    with pytest.raises(RdfSyntaxError, match=f"line 2.*\n.*{reason}"):
        list(blocks_ntriples(BytesIO(lines), source="lines"))
    rejected = Rejected()
    assert sum(len(one) for one in blocks_ntriples(BytesIO(lines), source="lines", strict=False, rejected=rejected)) == 3
    assert [(one.line, reason in one.reason) for one in rejected.samples] == [(2, True)]


def test_a_file_of_three_terms_says_where_times_are_read(store: Store) -> None:
    with pytest.raises(RdfSyntaxError, match="from N-Quads"):
        list(blocks_ntriples(BytesIO(LINES.encode()), source="lines.nt", syntax="ntriples"))
    with pytest.raises(QueryError, match="has no moment"):
        store.update(f'INSERT DATA {{ <{E}a> <{E}p> "1" "[2020-01-02T00:00:00,2020-01-01T00:00:00)"^^<{STRDF}period> }}')
    made = f'BIND(STRDT("[2020-01-02T00:00:00,2020-01-01T00:00:00)", <{STRDF}period>) AS ?t)'
    assert store.update(f'INSERT {{ <{E}a> <{E}p> "1" ?t }} WHERE {{ {made} }}').after == 0


def test_times_far_away_are_told_in_order(store: Store, rows: Rows) -> None:
    spans = ("-0044-03-15T00:00:00,0014-08-19T24:00:00", "0000-01-01T00:00:00Z,0001-01-01T00:00:00Z",
             "9999-12-31T00:00:00,12020-01-01T00:00:00")
    times = [f'"[{text})"^^<{STRDF}period>' for text in spans]
    store.load_quads([f'<{E}{number}> <{E}p> "1" {time} .\n'.encode() for number, time in enumerate(times)], name="far")
    found = rows(f"SELECT ?s (<{STRDF}period_end>(?t) AS ?e) {{ ?s :p ?o ?t FILTER(<{STRDF}before>(?t, {JANUARY})) }}")
    assert found == [(E + "0", "0014-08-20T00:00:00"), (E + "1", "0001-01-01T00:00:00Z")]
    assert rows(f"SELECT ?s {{ ?s :p ?o ?t FILTER(<{STRDF}during>(?t, {times[0]})) }}") == [(E + "0",), (E + "1",)]
    assert store.census().whole.period == ("-0044-03-15T00:00:00", "12020-01-01T00:00:00")


def test_what_is_no_time_is_refused(store: Store) -> None:
    with pytest.raises(QueryError, match="where a time may stand"):
        store.update(f'INSERT DATA {{ <{E}a> <{E}p> "1" "2" }}')
    with pytest.raises(UnsupportedError, match="a path has a time"):
        store.query(f"SELECT * {{ ?s <{E}p>* ?o ?t }}")


def test_the_log_checkpoints_and_backups_keep_times(timed: Store, tmp_path: Path) -> None:
    chance, held = random.Random(5), {("a", "1", JANUARY), ("a", "1", FEBRUARY), ("b", "2", MOMENT), ("c", "3", ""), ("d", "4", "g")}
    timed.update(f"DELETE WHERE {{ ?s <{E}geo> ?o }}")
    for number in range(60):
        one = (chance.choice("abxy"), str(chance.randrange(3)), chance.choice([JANUARY, FEBRUARY, MOMENT, ""]))
        gone = chance.random() < 0.3
        timed.update(f'{"DELETE" if gone else "INSERT"} DATA {{ <{E}{one[0]}> <{E}p> "{one[1]}" {one[2]} }}')
        held = {other for other in held if not (other[:2] == one[:2] and one[2] in ("", other[2]))} if gone else held | {one}
        if number == 30:
            timed.load_quads([b""], name="nothing, but a checkpoint")
    assert shown(timed) == held
    timed.backup(tmp_path / "copy")
    restore(tmp_path / "copy", tmp_path / "again")
    for path in (timed.path, tmp_path / "again"):
        with open_store(path) as again:
            assert shown(again) == held


def shown(store: Store) -> set[tuple[str, str, str]]:
    """Statements of `p` by the local name of the subject, the object, and the time or the local name of the graph."""
    found = set()
    target = store.path.with_name("shown.nq")
    for graph, name in (("", ""), (E + "g", "g")):
        store.export(target, graph=graph)
        for line in target.read_text().splitlines():
            subject, _, value, time = (line.removesuffix(" .") + " ").split(" ", 3)
            found.add((subject.removeprefix(f"<{E}").rstrip(">"), value.strip('"'), time.strip() or name))
    return found


def test_a_graph_is_replaced_with_its_times(timed: Store, rows: Rows) -> None:
    for day in ("2", "3"):
        line = f'<{E}x> <{E}p> "1" "2020-01-0{day}T00:00:00"^^<http://www.w3.org/2001/XMLSchema#dateTime> .\n'
        timed.load_quads([line.encode()], name="replaced", graph=E + "g", replace="graph")
        assert rows("SELECT ?s ?t { GRAPH :g { ?s ?p ?o ?t } }") == [(E + "x", f"2020-01-0{day}T00:00:00")]
    assert rows("SELECT ?s { GRAPH :g { ?s ?p ?o } }") == [(E + "x",)]


def test_a_time_is_looked_for_where_nothing_has_one(timed: Store, rows: Rows) -> None:
    timed.update(f'INSERT DATA {{ GRAPH <{E}h> {{ <{E}a> <{E}p> "1" }} }}')
    assert rows(f"SELECT ?s {{ VALUES ?t {{ {JANUARY} }} GRAPH :h {{ ?s :p ?o ?t }} }}") == []


def test_a_feature_is_exported_once(timed: Store, tmp_path: Path) -> None:
    wkt = '"POINT(1 2)"^^<http://www.opengis.net/ont/geosparql#wktLiteral>'
    timed.update(f"INSERT DATA {{ <{E}d> <{E}geo> {wkt} , {wkt} {FEBRUARY} }}")
    report = timed.export(tmp_path / "features.geojson")
    assert (report.rows, report.untimed) == (1, 5)


def test_exports_write_times_where_they_can(timed: Store, tmp_path: Path) -> None:
    report = timed.export(tmp_path / "all.nq")
    assert (report.rows, report.untimed) == (6, 0)
    assert sorted((tmp_path / "all.nq").read_text().splitlines()) == sorted(LINES.splitlines())
    report = timed.export(tmp_path / "all.nt")
    assert (report.rows, report.untimed) == (5, 4)
    assert timed.export(tmp_path / "all.trig").rows == 5
    timed.update(f'INSERT DATA {{ GRAPH <{E}g> {{ <{E}d> <{E}p> "5" {MOMENT} }} }}')
    with pytest.raises(UnsupportedError, match="has a valid time"):
        timed.export(tmp_path / "all.nq")
    assert timed.export(tmp_path / "g.nq", graph=E + "g").rows == 2
    assert MOMENT in (tmp_path / "g.nq").read_text()


def test_a_store_of_before_takes_times(tmp_path: Path) -> None:
    """A generation whose manifest says nothing of times is opened, loaded into and updated."""
    with open_store(tmp_path / "store") as store:
        store.load_quads([f'<{E}a> <{E}p> "1" .\n'.encode()], name="plain")
        current = max((tmp_path / "store").glob("**/manifest.json"), key=lambda path: path.stat().st_mtime)
    text = current.read_text()
    assert ',"time":-1' in text and not list(current.parent.glob("times*"))
    current.write_text(text.replace(',"time":-1', ""))
    shutil.copytree(tmp_path / "store", tmp_path / "old")
    with open_store(tmp_path / "old") as old:
        assert old.update(f'INSERT DATA {{ <{E}a> <{E}p> "1" {JANUARY} }}').after == 2
        old.load_quads([f'<{E}b> <{E}p> "1" {MOMENT} .\n'.encode()], name="timed")
        assert old.query(f"SELECT * {{ ?s <{E}p> ?o ?t }}").table.num_rows == 2
        assert old.query("SELECT * { ?s ?p ?o }").table.num_rows == 2
