"""Updates that many threads make at the same time: each gets its own result, in groups as alone, and as another store has it."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyoxigraph as ox
import pytest

from earthweave.ontology import EarthweaveError, QueryError, StoreBusyError, StoreError
from earthweave.server.store import Limits, Store, open_store
from earthweave.server.store._group import Group, Ticket
from earthweave.server.store._layout import Layout
from earthweave.server.store._pool import Pool
from earthweave.server.store.engine import Budget, Commit, Request
from earthweave.server.store.loading import export
from earthweave.server.store.snapshot import Snapshot, SnapshotBuilder, combined, decoded, grown

from .test_updates import HEAD, Maker

COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"


@pytest.fixture
def store(tmp_path: Path, pools: tuple[Pool, Pool]) -> Iterator[Store]:
    with open_store(tmp_path / "store", limits=Limits(log_statements=200)) as opened:
        opened._pool, opened._writers = pools
        yield opened


def canonical(quads: object) -> ox.Dataset:
    found = ox.Dataset(quads)  # type: ignore[arg-type]
    found.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return found


def same(snapshot: Snapshot, oracle: ox.Store, folder: Path) -> bool:
    export(snapshot, folder / "all.nq")
    mine = canonical(ox.parse(path=folder / "all.nq", format=ox.RdfFormat.N_QUADS))
    return snapshot.triples == len(mine) and mine == canonical(oracle)


@pytest.mark.parametrize("seed", range(12))
def test_random_updates_in_groups_do_what_another_store_does(seed: int, tmp_path: Path) -> None:
    chance, oracle, log = random.Random(seed), ox.Store(), []
    maker = Maker(chance, [])
    origin = snapshot = SnapshotBuilder(tmp_path / "0", durable=False).finish()
    for _ in range(5):
        commit = Commit(snapshot, Budget(), 10_000)
        requests, sizes = [], []
        for _ in range(chance.randint(1, 5)):
            maker.filled = ["DEFAULT" if isinstance(one, ox.DefaultGraph) else f"<{one.value}>"
                            for one in sorted({quad.graph_name for quad in oracle}, key=str)]
            requests.append(Request(HEAD + maker.update()))
            oracle.update(requests[-1].text)
            sizes.append(len(oracle))
        commit.run([*requests, Request("INSERT DATA {")])
        assert [one.after for one in commit.outcomes] == [*sizes, sizes[-1]]
        assert [one.error is None for one in commit.outcomes] == [*[True] * len(requests), False]
        snapshot = commit.snapshot
        log.append(decoded(commit.change.encoded()))
        assert same(snapshot, oracle, tmp_path)
        assert same(grown(origin, combined(log)), oracle, tmp_path)


def test_an_update_that_fails_half_way_leaves_nothing_behind(tmp_path: Path) -> None:
    commit = Commit(SnapshotBuilder(tmp_path / "0", durable=False).finish(), Budget(), 100)
    commit.run([Request("INSERT DATA { <x:a> <x:p> 1 }"),
                Request("INSERT { <x:b> <x:new> ?o } WHERE { ?s ?p ?o } ; CREATE GRAPH <x:g> ; COPY <x:none> TO <x:g>"),
                Request("INSERT { <x:c> <x:other> ?o } WHERE { ?s ?p ?o }")])
    assert [(one.before, one.after) for one in commit.outcomes] == [(0, 1), (1, 1), (1, 2)]
    assert [isinstance(one.error, QueryError) for one in commit.outcomes] == [False, True, False]
    names = [commit.snapshot.term(one).text for one in commit.snapshot.predicates]
    assert sorted(names) == ["x:other", "x:p"]


def test_an_update_that_is_too_big_ends_the_group_before_it(tmp_path: Path) -> None:
    commit = Commit(SnapshotBuilder(tmp_path / "0", durable=False).finish(), Budget(), 10)
    small, big = "INSERT DATA { <x:a> <x:p> 1 }", "INSERT DATA {" + "".join(f"<x:a> <x:p> {number} ." for number in range(11)) + "}"
    commit.run([Request(small), Request(big), Request(small)])
    assert [one.after for one in commit.outcomes] == [1]
    commit = Commit(commit.snapshot, Budget(), 10)
    commit.run([Request(big)])
    assert commit.outcomes == [] and commit.snapshot.triples == 1


def test_many_threads_update_and_each_has_its_own_result(store: Store) -> None:
    def work(number: int) -> int:
        if number % 7 == 3:
            with pytest.raises(QueryError):
                store.update("INSERT DATA { <http://e/a> }")
            return 0
        report = store.update(f"INSERT DATA {{ <http://e/{number % 50}> <http://e/p> {number % 50} }}")
        return report.after - report.before

    with ThreadPoolExecutor(20) as pool:
        added = sum(pool.map(work, range(100)))
    assert added == len({number % 50 for number in range(100) if number % 7 != 3})
    assert store.query(COUNT).table.to_pylist()[0]["n"]["value"] == str(added) == str(store.statistics().triples)


def test_what_is_acknowledged_is_seen_by_the_next_query(store: Store) -> None:
    def work(name: int) -> None:
        for number in range(5):
            store.update(f"INSERT DATA {{ <http://e/{name}> <http://e/p> {number} }}")
            assert store.query(f"SELECT ?o {{ <http://e/{name}> <http://e/p> ?o }}").table.num_rows == number + 1

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))


def test_readers_go_on_while_the_log_is_folded_into_a_snapshot(store: Store) -> None:
    """Each sees whole updates, and never less than before."""
    first, ended, seen = Layout(store.path).needed().folder, threading.Event(), list[int]()

    def read() -> None:
        while not ended.is_set():
            seen.append(int(store.query(COUNT).table.to_pylist()[0]["n"]["value"]))

    with ThreadPoolExecutor(1) as pool:
        reader = pool.submit(read)
        for number in range(8):
            rows = "".join(f"<http://e/{number}> <http://e/p> {one} ." for one in range(70))
            store.update(f"INSERT DATA {{ {rows} }}")
        ended.set()
        reader.result(20)
    assert Layout(store.path).needed().folder != first
    assert seen == sorted(seen) and {one % 70 for one in seen} == {0}


def test_deleted_after_inserted_within_a_group(tmp_path: Path) -> None:
    commit = Commit(SnapshotBuilder(tmp_path / "0", durable=False).finish(), Budget(), 100)
    one = "<x:a> <x:p> 1"
    commit.run([Request(text) for text in (f"INSERT DATA {{ {one} }}", f"DELETE DATA {{ {one} }} ; INSERT DATA {{ {one} , 2 }}",
                                           f"INSERT DATA {{ {one} }} ; DELETE DATA {{ {one} }}", f"DELETE DATA {{ {one} }}")])
    assert [(each.before, each.after) for each in commit.outcomes] == [(0, 1), (1, 2), (2, 1), (1, 1)]
    assert commit.snapshot.triples == 1 and len(commit.change.rows) == 1


def test_a_group_gathers_what_waits_and_everyone_is_told() -> None:
    began, go, groups = threading.Event(), threading.Event(), []

    def work(tickets: list[Ticket[int, int]]) -> None:
        groups.append([one.wish for one in tickets])
        began.set()
        assert go.wait(10)
        for one in tickets:
            if one.wish % 5:
                one.grant(10 * one.wish)
            else:
                one.refuse(StoreError("five"))
        if 7 in groups[-1]:
            raise StoreBusyError("it is settled already")

    group = Group[int, int](work, 3)  # type: ignore[arg-type]
    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(group.submit, 1)
        assert began.wait(10)
        rest = {number: pool.submit(group.submit, number) for number in range(2, 9)}
        while len(group._waiting) < 7:
            pass
        go.set()
        assert first.result(10) == 10
        for number, future in rest.items():
            if number == 5:
                with pytest.raises(EarthweaveError, match="five"):
                    future.result(10)
            else:
                assert future.result(10) == 10 * number
    assert [len(one) for one in groups] == [1, 3, 3, 1]
