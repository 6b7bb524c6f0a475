"""Questions put to a real store: the same answers as over the engine in memory, and names that follow what is loaded."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

import pyarrow as pa
import pytest

from earthweave.ontology import QueryError
from earthweave.qa import Limits, Table
from earthweave.server.questions import StoreAsker, StoreEndpoint
from earthweave.server.store import Limits as StoreLimits
from earthweave.server.store import Store, open_store

FLOODS = Path(__file__).parent.parent / "qa" / "data" / "floods.ttl"
CASES: list[tuple[str, Any]] = [
    ("Which administrative units were flooded in March 2021?", ["Hawkesbury", "Penrith - East", "Westland"]),
    ("Which level 3 units were not flooded?", ["Blacktown - North"]),
    ("How many areas have flood level above 10?", 2),
    ("Show the flooded areas in Hawkesbury", ["f1", "f2", "f3"]),
    ("How many flooded areas are in Penrith - East?", 2),
    ("Was Blacktown - North flooded?", False),
    ("Which units had flooding between 15 and 25 March 2021?", ["Hawkesbury", "Penrith - East", "Westland"]),
    ("What is the largest flooded area?", ["f1"]),
    ("How large is the flooded area in Hawkesbury?", 3.5),
    ("List flooded areas with a flood level of at least 7 in Hawkesbury", ["f1", "f2", "f3"]),
    ("was penrith east flooded in august 2020", True),
    ("average flood level in Westland", 9.25),
]


def now() -> datetime:
    return datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(tmp_path_factory.mktemp("questions") / "store") as opened:
        opened.load([FLOODS])
        yield opened


@pytest.fixture(scope="module")
def asker(store: Store) -> StoreAsker:
    return StoreAsker(store, clock=now)


def result(found: dict[str, Any]) -> Any:
    if found["value"] is not None:
        return found["value"]
    key = found["columns"].index("label") if "label" in found["columns"] else 0
    return [row[key].rpartition("/")[2] for row in found["rows"]]


def test_the_questions_that_must_work(asker: StoreAsker, capsys: pytest.CaptureFixture[str]) -> None:
    asker.ask("floods")
    seconds = []
    for question, expected in CASES:
        started = time.perf_counter()
        found = asker.ask(question)
        seconds.append(time.perf_counter() - started)
        assert (found["status"], result(found)) == ("answered", expected), question
        assert found["sparql"] and found["chips"] and found["text"]
        assert json.loads(json.dumps(found)) == json.loads(json.dumps(asker.ask(question)))
    with capsys.disabled():
        print(f"\nquestions to a store: median {1000 * sorted(seconds)[len(seconds) // 2]:.0f} ms, slowest {1000 * max(seconds):.0f} ms")


def test_the_sparql_shown_is_the_sparql_run(asker: StoreAsker, store: Store) -> None:
    found = asker.ask("Show the flooded areas in Hawkesbury")
    table = store.query(found["sparql"]).table
    assert isinstance(table, pa.Table)
    assert table.num_rows == found["count"] == len(found["geojson"]["features"])


def test_simulated_data_is_said(asker: StoreAsker) -> None:
    assert asker.ask("Which units were flooded in March 2021?")["simulated"]
    assert not asker.ask("Which units were flooded in August 2020?")["simulated"]


def test_a_new_load_brings_its_names_and_axis_order(tmp_path: Path) -> None:
    source = tmp_path / "more.ttl"
    source.write_text(
        """
        @prefix ew: <https://w3id.org/earthweave/ontology#> . @prefix geo: <http://www.opengis.net/ont/geosparql#> .
        @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix : <http://example.org/> .
        :new a ew:AdministrativeUnit ;
            rdfs:label "Say \\"O'Neill\\" > \\n } Bay"@en ; ew:unitLevel 2 ; ew:simulated false ; geo:hasGeometry :new-g .
        :new-g geo:asWKT
            "<http://www.opengis.net/def/crs/EPSG/0/4326> POLYGON ((151 -34, 152 -34, 152 -33, 151 -33, 151 -34))"^^geo:wktLiteral .
        """,
        "utf-8",
    )
    with open_store(tmp_path / "store") as store:
        asker = StoreAsker(store, clock=now)
        assert asker.ask("Was Say O'Neill Bay flooded?")["reason"]["code"] == "missing-place"
        store.load([FLOODS])
        store.load([source])
        found = asker.ask("Was say o'neill bay flooded?")
        assert (found["status"], found["value"]) == ("answered", True)
        drawn = asker.ask("Which level 2 units were flooded?")["geojson"]["features"]
        assert [one["geometry"]["coordinates"][0][0] for one in drawn] == [(151.0, -34.0)]


def test_names_are_read_once_per_generation(asker: StoreAsker) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = {id(one) for one in pool.map(lambda _: asker.lexicon(), range(8))}
    assert len(found) == 1


def test_limits_cut_lists_and_refuse_what_takes_too_long(store: Store) -> None:
    short = StoreAsker(store, clock=now, limits=Limits(question_rows=1)).ask("floods")
    assert ([one["code"] for one in short["notices"]], len(short["rows"]), short["count"]) == (["truncated"], 1, 4)
    late = StoreAsker(store, clock=now, limits=Limits(question_deadline=1e-6)).ask("floods")
    assert (late["status"], late["reason"]["code"]) == ("refused", "limit")


def test_the_port(store: Store) -> None:
    endpoint = StoreEndpoint(store)
    assert endpoint.ask("ASK { ?s ?p ?o }", Limits())
    assert endpoint.construct("CONSTRUCT { <http://a.b/c> ?p 1 } WHERE { ?s ?p 12 }", Limits()).strip().endswith(b"> .")
    table = endpoint.select("SELECT ?a ?b { BIND('x'@en AS ?a) }", Limits())
    assert (table.columns, table.rows[0][0].language if table.rows[0][0] else None, table.rows[0][1]) == (("a", "b"), "en", None)
    with pytest.raises(QueryError):
        endpoint.ask("ASK {", Limits())


UNITS = "".join(
    f'<http://example.org/u{n}> a <https://w3id.org/earthweave/ontology#AdministrativeUnit> ; '
    f'<http://www.w3.org/2000/01/rdf-schema#label> "Unitname{n}"@en, "Unitname{n}"@fr .\n'
    for n in range(30)
)


def loaded(folder: Path, turtle: str, limits: StoreLimits | None = None) -> Store:
    (folder / "stated.ttl").write_text(turtle, "utf-8")
    opened = open_store(folder / "store", limits=limits)
    opened.load([folder / "stated.ttl"])
    return opened


@pytest.mark.parametrize("limits", [StoreLimits(query_rows=7), StoreLimits(query_rows=10), StoreLimits(query_bytes=600)])
def test_names_are_read_page_by_page(limits: StoreLimits, tmp_path: Path) -> None:
    with loaded(tmp_path, UNITS, limits) as store:
        asker = StoreAsker(store, clock=now)
        assert len(asker.lexicon()) == 30
        found = asker.ask("Was Unitname29 flooded?")
        assert (found["status"], found["value"], "names" in [one["code"] for one in found["notices"]]) == ("answered", False, False)


def test_names_that_cannot_be_read_are_told_in_every_answer(tmp_path: Path) -> None:
    with loaded(tmp_path, UNITS, StoreLimits(query_bytes=10)) as store:
        for question in ("Was Unitname29 flooded?", "Is there flooding?"):
            notices = StoreAsker(store, clock=now).ask(question)["notices"]
            assert any(one["code"] == "names" and one["text"].startswith("Only 0 names") for one in notices)


def test_names_cut_by_the_deadline_are_read_again(store: Store) -> None:
    late = StoreAsker(store, clock=now, limits=Limits(question_deadline=1e-6))
    assert "names" in [one["code"] for one in late.ask("floods")["notices"]]
    assert late.lexicon() is not late.lexicon()


def test_a_level_that_is_no_number_breaks_no_question(tmp_path: Path) -> None:
    unit = "<http://example.org/u1> <https://w3id.org/earthweave/ontology#unitLevel>"
    with loaded(tmp_path, f'{UNITS} {unit} "two" .') as store:
        found = StoreAsker(store, clock=now).ask("Was Unitname1 flooded?")
        assert (found["status"], found["value"]) == ("answered", False)
        assert [one["text"] for one in found["notices"] if one["code"] == "unreadable"] == [
            "Levels of division that are not a whole number were left out: 1.",
        ]


def test_a_list_cut_by_the_store_counts_all(tmp_path: Path) -> None:
    areas = "".join(f"<http://example.org/f{n}> a <https://w3id.org/earthweave/ontology#FloodedArea> .\n" for n in range(60))
    with loaded(tmp_path, areas, StoreLimits(query_bytes=600)) as store:
        found = StoreAsker(store, clock=now).ask("List the flooded areas")
    listed = len(found["rows"])
    assert 1 < listed < 60
    assert (found["count"], found["text"]) == (60, f"60 flooded areas, of which the first {listed} are listed.")
    assert found["notices"][-1]["text"] == f"The first {listed} of 60 are listed and drawn."


def test_a_count_that_the_store_cut_is_refused(tmp_path: Path) -> None:
    area = "<http://example.org/f> a <https://w3id.org/earthweave/ontology#FloodedArea> .\n"
    with loaded(tmp_path, area, StoreLimits(query_bytes=1)) as store:
        found = StoreAsker(store, clock=now).ask("How many flooded areas are there?")
    assert (found["status"], found["reason"]["code"]) == ("refused", "limit")


def test_names_are_read_without_the_lock_and_errors_reach_all(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    asker, held, both = StoreAsker(store, clock=now), list[bool](), Event()

    def broken(query: str, limits: Limits) -> Table:
        held.append(asker._lock.locked())
        both.wait(5)
        raise QueryError("the disk is gone")

    def ask(_: int) -> str:
        with pytest.raises(QueryError) as error:
            asker.lexicon()
        return error.value.what

    monkeypatch.setattr(asker._endpoint, "select", broken)
    with ThreadPoolExecutor(4) as pool:
        waiting = pool.map(ask, range(4))
        both.set()
        assert [*waiting] == ["the disk is gone"] * 4
    assert not any(held)
    monkeypatch.undo()
    assert len(asker.lexicon()) == 4, "an error is not remembered"
