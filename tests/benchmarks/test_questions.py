"""The benchmark compares answers before times: on a tiny tier every question has the same answer here, in PostGIS and in Oxigraph."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks._job import ask, load, oxigraph_ask, oxigraph_load
from benchmarks._peers import agree, comparable, fill
from benchmarks._queries import PLAIN, places, questions
from benchmarks.data import Tier
from benchmarks.postgis import Postgis
from earthweave.server.store import Store, open_store

NAMES = ("2a", "j1", "j2", "j3", "j4", "s1", "s2", "s3", "s4")


@pytest.fixture(scope="module")
def filled(made: Path, postgis: Postgis) -> Postgis:
    fill(postgis, made)
    return postgis


@pytest.fixture(scope="module")
def store(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(tmp_path_factory.mktemp("ours") / "store") as opened:
        report = opened.load([made / "data.nt"])
        assert report.unreadable == 0
        assert report.files[0].axis_order == "lonlat"
        yield opened


def answer(store: Store, text: str) -> list[tuple[str, ...]]:
    found = store.query(text)
    assert not found.truncated
    return [tuple(cell["value"] if cell else "" for cell in row.values()) for row in found.table.to_pylist()]


@pytest.mark.parametrize("name", NAMES)
def test_every_question_has_the_answer_of_every_plan_of_postgis(name: str, tiny: Tier, store: Store, filled: Postgis) -> None:
    question = questions(tiny)[name]
    ours = comparable(answer(store, question.sparql), question.columns)
    assert ours and ours != [("0",)]
    for statement in (question.sql, *question.hand):
        agree(question, ours, comparable(filled.execute(statement), question.columns))


def test_all_questions_are_compared(tiny: Tier) -> None:
    assert set(questions(tiny)) == set(NAMES)


def test_places_have_the_corners_that_they_promise(tiny: Tier) -> None:
    import shapely

    here = places(tiny)
    count = shapely.get_num_coordinates(shapely.from_wkt([here.box, here.star, here.spot, here.path]))
    assert count.tolist() == [5, 1001, 1, 400]
    assert shapely.from_wkt(here.star).is_valid


def test_questions_without_space_have_the_answers_of_oxigraph(made: Path, store: Store, tmp_path: Path) -> None:
    loaded = oxigraph_load(made / "data.nt", tmp_path / "oxigraph")
    assert loaded["triples"] == store.statistics().triples
    for name, text in PLAIN.items():
        (tmp_path / "question").write_text(text)
        oxigraph_ask(tmp_path / "oxigraph", tmp_path / "question", tmp_path / "answer", times=1)
        theirs, ours = [tuple(row) for row in json.loads((tmp_path / "answer").read_text())], answer(store, text)
        assert len(theirs) == len(ours) > 0
        if name != "2b":
            assert sorted(ours) == sorted(theirs)


def test_the_engine_in_this_process_answers_as_the_store_does(made: Path, tiny: Tier, store: Store, tmp_path: Path) -> None:
    loaded = load(made / "data.nt", tmp_path / "snapshot")
    assert loaded["triples"] == store.statistics().triples
    for name, question in questions(tiny).items():
        (tmp_path / "question").write_text(question.sparql)
        found = ask(tmp_path / "snapshot", tmp_path / "question", tmp_path / "answer", times=1)
        rows = json.loads((tmp_path / "answer").read_text())
        assert len(rows) == found["rows"] > 0, name
        assert comparable(rows, question.columns) == comparable(answer(store, question.sparql), question.columns), name
        assert 0 < found["open"] < found["wall"] + 1


def test_an_answer_that_differs_stops_the_benchmark(tiny: Tier) -> None:
    with pytest.raises(AssertionError, match="1 rows here, 2 in PostGIS; only here .*'a'.*, only there .*'b'"):
        agree(questions(tiny)["s1"], [("a",)], [("b",), ("c",)])
    with pytest.raises(AssertionError, match="proves nothing"):
        agree(questions(tiny)["j1"], [("0",)], [("0",)])


def test_the_server_ends_with_its_block_and_leaves_nothing(postgis: Postgis) -> None:
    with Postgis() as own:
        pid = own.execute("SELECT pg_backend_pid()")[0][0]
        assert own.cpu() > 0
        assert own.execute("SHOW listen_addresses") == [("",)]
        assert own.folder != postgis.folder and own.folder.exists()
        timing = own.timed("SELECT count(*) FROM generate_series(1, 300000)")
        assert timing.rows == [(300_000,)] and timing.seconds > 0 and timing.cpu > 0
    assert not own.folder.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(RuntimeError, match="outside its with block"):
        own.execute("SELECT 1")
