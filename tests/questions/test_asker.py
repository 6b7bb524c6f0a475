"""Questions put to a real store: answers as JSON, knowledge that follows what is loaded, and limits."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from earthweave.ontology import ParameterError, QueryError
from earthweave.qa import Limits, Table
from earthweave.server.cli._ask_verb import answer_lines
from earthweave.server.questions import StoreAsker, StoreEndpoint
from earthweave.server.store import Limits as StoreLimits
from earthweave.server.store import Store, open_store

FLOODS = Path(__file__).parent.parent / "qa" / "data" / "floods.ttl"
CASES: list[tuple[str, Any]] = [
    ("Which administrative units were flooded in March 2021?", ["Hawkesbury", "Penrith - East", "Westland"]),
    ("Which units were not flooded?", ["Blacktown - North"]),
    ("How many areas have flood level above 10?", 2),
    ("Show the flooded areas in Hawkesbury", ["f1", "f2", "f3"]),
    ("How many flooded areas are in Penrith - East?", 2),
    ("Was Blacktown - North flooded?", False),
    ("Which units had flooding between 15 and 25 March 2021?", ["Hawkesbury", "Penrith - East", "Westland"]),
    ("What is the largest flooded area?", ["f3"]),
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
    return [row[1] for row in found["rows"]] if found["value"] is None else found["value"]


def timeless(found: dict[str, Any]) -> dict[str, Any]:
    return json.loads(json.dumps({name: value for name, value in found.items() if name != "timings"}))  # type: ignore[no-any-return]


def test_the_questions_that_must_work(asker: StoreAsker, capsys: pytest.CaptureFixture[str]) -> None:
    asker.ask("floods")
    seconds = []
    for question, expected in CASES:
        started = time.perf_counter()
        found = asker.ask(question)
        seconds.append(time.perf_counter() - started)
        assert (found["status"], result(found)) == ("answered", expected), question
        assert found["sparql"] and found["chips"] and found["text"] and found["paraphrase"]
        assert timeless(found) == timeless(asker.ask(question))
    with capsys.disabled():
        print(f"\nquestions to a store: median {1000 * sorted(seconds)[len(seconds) // 2]:.0f} ms, slowest {1000 * max(seconds):.0f} ms")


def test_the_sparql_shown_is_the_sparql_run(asker: StoreAsker, store: Store) -> None:
    found = asker.ask("Show the flooded areas in Hawkesbury")
    table = store.query(found["sparql"]).table
    assert table is not None
    assert table.num_rows == found["count"] == len(found["geojson"]["features"])


def test_follow_ups_bring_what_came_with_the_answer(asker: StoreAsker) -> None:
    found = asker.ask("floods in Hawkesbury in 2021")
    after = asker.ask("what about Penrith - East?", dialogue=json.loads(json.dumps(found["dialogue"])))
    assert after["paraphrase"] == "Flooded areas at least partly in Penrith - East observed in 2021."
    seen = asker.ask("floods in the area I am looking at", view=(150.0, -34.0, 150.3, -33.0))
    assert result(seen) == ["f1"]
    with pytest.raises(ParameterError):
        asker.ask("floods", view=(1, 2, 0, 3))


def test_an_edited_chip_is_answered(asker: StoreAsker) -> None:
    found = asker.ask("floods in Hawkesbury in 2020")
    (when,) = [one for one in found["chips"] if one["code"] == "when"]
    assert asker.ask_request(found["request"], when["removal"])["count"] == 3
    assert asker.ask_request(found["request"])["count"] == 0
    with pytest.raises(ParameterError):
        asker.ask_request(found["request"], [{"op": "move"}])
    with pytest.raises(ParameterError):
        asker.ask_request({"form": "drop"})


def test_provenance_and_suggestions(asker: StoreAsker) -> None:
    assert [one.source for one in asker.provenance(["http://example.org/f1"])] == ["http://example.org/layer"]
    assert asker.suggestions("Show the floods in Haw") == ("Show the floods in Hawkesbury",)
    assert "Which flooded areas" in asker.suggestions("Which flood")
    assert asker.suggestions("which fl")[0] == "which flooded areas"
    assert {"Which flooded areas in", "Which flooded areas observed in"} <= set(asker.suggestions("Which flooded areas"))
    examples = asker.suggestions("")
    assert len(examples) > 2 and examples[0].startswith("How many")
    begun = [one for text in ("how", "wh", "list", "show") for one in asker.suggestions(text)[:3]]
    assert {one: asker.ask(one)["status"] for one in (*examples, *begun)} == dict.fromkeys((*examples, *begun), "answered")


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
        assert asker.ask("Was Say O'Neill Bay flooded?")["status"] == "refused"
        store.load([FLOODS])
        store.load([source])
        found = asker.ask("Was say o'neill bay flooded?")
        assert (found["status"], found["value"]) == ("answered", True)
        drawn = asker.ask("Which units are there?")["geojson"]["features"]
        corners = {one["id"]: one["geometry"]["coordinates"][0][0] for one in drawn}
        assert corners["http://example.org/new"] == (151.0, -34.0)


def test_knowledge_is_learned_once_per_generation_and_kept(asker: StoreAsker, store: Store) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = {id(one) for one in pool.map(lambda _: asker.knowledge(), range(8))}
    assert len(found) == 1
    assert (store.path / "questions.arrow").is_file()
    again = StoreAsker(store).knowledge()
    assert (again.generation, set(again.classes)) == (asker.knowledge().generation, set(asker.knowledge().classes))


def test_limits_cut_lists_and_refuse_what_takes_too_long(store: Store) -> None:
    short = StoreAsker(store, clock=now, limits=Limits(question_rows=1)).ask("floods")
    assert (["truncated" in [one["code"] for one in short["notices"]]], len(short["rows"]), short["count"]) == ([True], 1, 4)
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
    f"<http://example.org/u{n}> a <https://w3id.org/earthweave/ontology#AdministrativeUnit> ; "
    f'<http://www.w3.org/2000/01/rdf-schema#label> "Unitname{n}"@en, "Unitname{n}"@fr .\n'
    for n in range(30)
)


def loaded(folder: Path, turtle: str, limits: StoreLimits | None = None) -> Store:
    (folder / "stated.ttl").write_text(turtle, "utf-8")
    opened = open_store(folder / "store", limits=limits)
    opened.load([folder / "stated.ttl"])
    return opened


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Thirty units."""
    with loaded(tmp_path_factory.mktemp("units"), UNITS) as opened:
        yield opened


@pytest.fixture
def units(made: Store) -> Store:
    """The same, of which nothing is known yet."""
    (made.path / "questions.arrow").unlink(missing_ok=True)
    return made


def test_names_are_read_page_by_page(units: Store) -> None:
    with open_store(units.path, limits=StoreLimits(query_rows=7), create=False) as store:
        asker = StoreAsker(store, clock=now)
        assert asker.knowledge().names.find(("unitname29",))
        assert asker.ask("Which units are there?")["count"] == 30


def test_what_cannot_be_learned_is_told_in_every_answer(units: Store) -> None:
    with open_store(units.path, limits=StoreLimits(query_bytes=10), create=False) as store:
        notices = StoreAsker(store, clock=now).ask("Which units are there?")["notices"]
        assert "knowledge" in [one["code"] for one in notices]
        assert not (store.path / "questions.arrow").exists()


def test_knowledge_cut_by_the_deadline_is_learned_again_but_not_for_every_question(units: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    late = StoreAsker(units, clock=now, limits=Limits(question_deadline=1e-6))
    monkeypatch.setattr("earthweave.server.questions._knowing.AGAIN", 1e9)
    assert late.knowledge().notices
    assert late.knowledge() is late.knowledge()
    late = StoreAsker(units, clock=now, limits=Limits(question_deadline=1e-6))
    monkeypatch.setattr("earthweave.server.questions._knowing.AGAIN", 0.0)
    assert late.knowledge() is not late.knowledge()


def test_a_folder_that_cannot_be_written_is_no_obstacle(units: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*given: object) -> None:
        raise PermissionError("read-only")

    monkeypatch.setattr("earthweave.server.questions._knowing.write", refused)
    assert StoreAsker(units, clock=now).ask("Which units are there?")["count"] == 30


def test_a_list_cut_by_the_store_counts_all(tmp_path: Path) -> None:
    areas = "".join(f"<http://example.org/f{n}> a <https://w3id.org/earthweave/ontology#FloodedArea> .\n" for n in range(60))
    with loaded(tmp_path, areas) as store:
        knowing = StoreAsker(store, clock=now)
        knowing.knowledge()
    with open_store(tmp_path / "store", limits=StoreLimits(query_bytes=600)) as store:
        found = StoreAsker(store, clock=now).ask("List the flooded areas")
    listed = len(found["rows"])
    assert 1 < listed < 60
    assert found["count"] == 60
    assert f"of which the first {listed} are listed" in found["text"]


def test_a_count_that_the_store_cut_is_refused(tmp_path: Path) -> None:
    area = "<http://example.org/f> a <https://w3id.org/earthweave/ontology#FloodedArea> .\n"
    with loaded(tmp_path, area) as store:
        StoreAsker(store, clock=now).knowledge()
    with open_store(tmp_path / "store", limits=StoreLimits(query_bytes=1)) as store:
        found = StoreAsker(store, clock=now).ask("How many flooded areas are there?")
    assert (found["status"], found["reason"]["code"]) == ("refused", "limit")


BAD = [f'"{text}"^^<http://www.w3.org/2001/XMLSchema#double>' for text in ("abc", "NaN", "INF", "1_0", "1e999", "")]
BAD += ['"abc"', '"٣"^^<http://www.w3.org/2001/XMLSchema#integer>', f'"{"9" * 400}"^^<http://www.w3.org/2001/XMLSchema#integer>', "[]"]


def test_what_is_no_number_spoils_no_answer(tmp_path: Path) -> None:
    towns = "".join(
        f"<http://example.org/t{n}> a <http://example.org/Town> ; <http://example.org/population> {value} .\n"
        for n, value in enumerate(['"2e6"^^<http://www.w3.org/2001/XMLSchema#double>'] * 20 + BAD)
    )
    with loaded(tmp_path, towns) as store:
        asker = StoreAsker(store, clock=now)
        for question in ("List the towns with their population", "Which town has the largest population?"):
            found = asker.ask(question)
            json.dumps(found, allow_nan=False)
            assert found["status"] == "answered", found
        total = asker.ask("What is the total population of the towns?")
        assert (total["value"], total["count"]) == (4e7, 30)
        assert "lacking" in [one["code"] for one in total["notices"]]


def test_knowledge_is_learned_without_the_lock_and_errors_reach_all(units: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    held, both = list[bool](), Event()
    asker = StoreAsker(units, clock=now)

    def broken(self: StoreEndpoint, query: str, limits: Limits) -> Table:
        held.append(asker._knowing._lock.locked())
        both.wait(5)
        raise ValueError("the disk is gone")

    def ask(_: int) -> str:
        with pytest.raises(ValueError) as error:
            asker.knowledge()
        return str(error.value)

    monkeypatch.setattr(StoreEndpoint, "select", broken)
    with ThreadPoolExecutor(4) as pool:
        waiting = pool.map(ask, range(4))
        both.set()
        assert [*waiting] == ["the disk is gone"] * 4
    assert not any(held)
    monkeypatch.undo()
    assert asker.knowledge().names.find(("unitname1",)), "an error is not remembered"


ODD = """@prefix : <http://example.org/> . @prefix geo: <http://www.opengis.net/ont/geosparql#> .
[] a :Town ; :population 5 .
:named a :Town ; <http://www.w3.org/2000/01/rdf-schema#label> "Name\\u001b[2J\\u202e"@en ; :population 8 ;
    geo:hasGeometry [ geo:asWKT "POLYGON EMPTY"^^geo:wktLiteral ] .
"""


def test_things_without_iris_keep_their_place_and_are_refused(tmp_path: Path) -> None:
    with loaded(tmp_path, ODD) as store:
        asker = StoreAsker(store, clock=now)
        first = asker.ask("Show the towns")
        at = [row[0] for row in first["rows"]].index("http://example.org/named")
        words = ("first", "second")
        shown = asker.ask(f"show the {words[at]} one", dialogue=json.loads(json.dumps(first["dialogue"])))
        assert [row[0] for row in shown["rows"]] == ["http://example.org/named"]
        blank = asker.ask(f"show the {words[1 - at]} one", dialogue=first["dialogue"])
        assert (blank["status"], blank["reason"]["code"]) == ("refused", "unknown-place")
        assert "None" not in asker.ask("Where are the towns?")["text"]
        lines = answer_lines(first)
        assert "Name" in lines
        assert not {"\x1b", "\u202e"} & set(lines)


def test_what_a_store_lacks_is_told_before_what_images_would_tell(tmp_path: Path) -> None:
    with open_store(tmp_path / "store") as store:
        asker = StoreAsker(store, clock=now)
        assert asker.ask("How many towns are there?")["reason"]["code"] == "no-data-layer"
        assert asker.ask("How many ships are in the image?")["reason"]["code"] == "needs-pixels"
