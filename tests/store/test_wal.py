"""The log: what lies in it is the store, a torn end is cut off, damage is told, and no kill loses what was acknowledged."""

from __future__ import annotations

import json
import resource
from pathlib import Path

import pytest

from benchmarks._killed import kill, left
from earthweave.ontology import StoreError
from earthweave.server.store import Store, open_store, restore
from earthweave.server.store._layout import Layout
from earthweave.server.store._log import HEAD_BYTES, Tip, append, records
from tests.store.numbered import count, insert


@pytest.fixture
def store(short_log: Store) -> Store:
    return short_log


def test_records_are_read_until_one_does_not_count(tmp_path: Path) -> None:
    log, tip = tmp_path / "log", Tip(0, 7, 0)
    for number, body in enumerate((b"one", b"", b"three" * 1000)):
        tip = append(log, tip, body, tip.number + 1, 10 * number)
    assert tip == Tip(3 * HEAD_BYTES + 5003, 10, 20)
    assert [one.body[:5] for one in records(log)] == [b"one", b"", b"three"]
    assert [one.tip.number for one in records(log, HEAD_BYTES + 3, tip.length)] == [9, 10]
    whole = log.read_bytes()
    for length in range(0, len(whole), 97):
        log.write_bytes(whole[:length])
        assert len(list(records(log))) == (length >= HEAD_BYTES + 3) + (length >= 2 * HEAD_BYTES + 3)
    for place in range(0, 200, 7):
        log.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert len(list(records(log))) < 3
        with pytest.raises(StoreError, match="the log of the store is damaged"):
            list(records(log, 0, tip.length))
    assert list(records(tmp_path / "none")) == []


def test_what_a_killed_writer_left_is_taken_in_or_cut_off(store: Store) -> None:
    insert(store, 1, 2)
    current = Layout(store.path).needed()
    tip, log = (current.folder / "tip").read_text(), current.log.read_bytes()
    insert(store, 3)
    # killed between the log and the tip
    (current.folder / "tip").write_text(tip)
    assert count(store) == 2
    insert(store, 4)
    assert (count(store), store.statistics().triples, store.statistics().generation) == (4, 4, 5)
    # killed while it wrote the log
    with current.log.open("ab") as stream:
        stream.write(log[: HEAD_BYTES + 5])
    with open_store(store.path) as again:
        assert again.statistics().triples == 4
    assert current.log.stat().st_size == Layout(store.path).needed().length
    # the machine lost its power before the tip was written to the disk
    (current.folder / "tip").write_text("")
    with open_store(store.path) as again:
        assert again.statistics().triples == 4
    insert(store, 5)
    assert count(store) == 5


def test_damage_within_what_was_acknowledged_is_told(store: Store) -> None:
    insert(store, 1, 2)
    log = Layout(store.path).needed().log
    whole = bytearray(log.read_bytes())
    whole[50] ^= 1
    log.write_bytes(whole + b"more")
    with pytest.raises(StoreError, match="the log of the store is damaged"):
        insert(store, 3)
    assert log.read_bytes() == whole + b"more"


def test_the_log_is_folded_into_a_snapshot_when_it_is_long(store: Store) -> None:
    insert(store, *range(30))
    layout = Layout(store.path)
    first = layout.needed().folder
    insert(store, *range(30, 45))
    current = layout.needed()
    assert current.folder != first and int(current.folder.name) <= current.number == 46
    assert (count(store), current.triples) == (45, 45)
    # too big for the log: made on the disk at once
    store.update("INSERT { ?s <http://e/q> ?o } WHERE { ?s ?p ?o }")
    assert layout.needed().length == 0
    assert (count(store), store.statistics().generation) == (90, 47)
    insert(store, 100)
    store.update("DELETE { ?s <http://e/q> ?o } WHERE { ?s <http://e/q> ?o }")
    assert count(store) == 46


def test_loads_backups_and_exports_hold_what_the_log_holds(store: Store, tmp_path: Path) -> None:
    insert(store, 1, 2, 3)
    store.update("DELETE DATA { <http://e/1> <http://e/p> 1 }")
    before = store.statistics()
    assert store.backup(tmp_path / "kept").triples == 2
    restored = restore(tmp_path / "kept", tmp_path / "again")
    assert (restored.triples, restored.generation) == (2, before.generation)
    with open_store(tmp_path / "again") as again:
        again._pool, again._writers = store._pool, store._writers
        assert count(again) == 2
        insert(again, 9)
        assert count(again) == 3
    assert store.export(tmp_path / "all.nq").rows == 2
    report = store.load_quads([b"<http://e/a> <http://e/p> <http://e/b> .\n"], name="one")
    assert (report.added, count(store)) == (1, 3)


@pytest.mark.parametrize(("graph", "left"), [(None, {"http://e/g1"}), ("http://e/g", {"http://e/d"})])
def test_a_load_that_replaces_a_graph(store: Store, graph: str | None, left: set[str]) -> None:
    store.update("INSERT DATA { <http://e/d> <http://e/p> 1 . GRAPH <http://e/g> { <http://e/g1> <http://e/p> 1 } }")
    store.load_quads([b"<http://e/new> <http://e/p> <http://e/b> .\n"], name="one", graph=graph, replace="graph")
    found = {row["s"]["value"] for row in store.query("SELECT ?s { ?s ?p ?o }").table.to_pylist()}
    assert found == left | {"http://e/new"}


def test_a_store_without_a_log_is_read_and_marked_when_it_is_written_to(store: Store) -> None:
    """So were stores written before there were logs."""
    (store.path / "store.json").write_text(json.dumps({"format": 2, "engine": "earthweave"}))
    assert store.statistics().triples == 0
    insert(store, 1)
    assert json.loads((store.path / "store.json").read_text())["format"] == 3
    assert count(store) == 1


def test_a_disk_that_is_full_acknowledges_nothing(store: Store) -> None:
    insert(store, 1)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = Layout(store.path).needed().length
    for limit in (size, size + 10, size + 200):
        # the log may not grow, or not by a whole record
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
        try:
            with pytest.raises(StoreError, match="nothing has changed in it"):
                store.update("INSERT DATA { <http://e/2> <http://e/p> '" + "x" * 500 + "' }")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert (count(store), Layout(store.path).needed().log.stat().st_size) == (1, size)
    insert(store, 2)
    assert count(store) == 2


def test_no_kill_between_two_steps_loses_what_was_acknowledged(tmp_path: Path) -> None:
    """The steps of the benchmark with 50 kills that are the hardest to hit by chance."""
    folder = tmp_path / "store"
    acknowledged = {name for number, step in enumerate(("torn", "tip", "publish")) for name in kill(folder, step, number)}
    begun, whole = left(folder)
    assert begun == whole
    assert acknowledged <= begun
    assert len(acknowledged) > 10
    assert not list((folder / "staging").iterdir())
