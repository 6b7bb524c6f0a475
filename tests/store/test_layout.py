"""Generations, their logs and tips when something goes wrong: nothing that was acknowledged goes, nothing that was refused comes."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from earthweave.ontology import NotFoundError, StoreError
from earthweave.server.store import Store, _layout, _log, open_store
from earthweave.server.store._commits import Commits
from earthweave.server.store._following import Following
from earthweave.server.store._layout import Layout
from earthweave.server.store._log import HEAD_BYTES, Tip, append, records
from tests.store.numbered import count, insert


@pytest.fixture
def store(short_log: Store) -> Store:
    return short_log


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout(tmp_path / "bare")
    made.create()
    return made


def failing(error: int, real: Callable[..., Any] | None = None) -> Callable[..., Any]:
    """A system call that fails, the first time only if there is a ``real`` one."""
    failed = []

    def call(*args: Any, **named: Any) -> Any:
        if failed and real:
            return real(*args, **named)
        failed.append(error)
        raise OSError(error, os.strerror(error))

    return call


def test_the_millionth_generation_is_not_taken_for_the_oldest(layout: Layout) -> None:
    for number in (999_998, 999_999, 1_000_000, 1_000_001):
        layout.publish(layout.stage(), number, 0)
    assert layout.needed().number == 1_000_001
    assert {int(one.name) for one in layout.generations.iterdir()} == {1_000_000, 1_000_001}


def test_a_generation_that_was_never_published_is_in_nobodys_place(layout: Layout) -> None:
    for number in (1, 2):
        layout.publish(layout.stage(), number, 0)
    # killed between its rename and its switch
    (layout.generations / "000009").mkdir()
    (layout.root / ".CURRENT.0").touch()
    with layout.writing(0.0):
        layout.publish(layout.stage(), 3, 0)
    assert {one.name for one in layout.generations.iterdir()} == {"000002", "000003"}
    assert not list(layout.root.glob(".CURRENT*"))


@pytest.mark.parametrize("step", ["sync_folder", "replace"])
def test_a_publication_that_fails_leaves_nothing(layout: Layout, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    layout.publish(layout.stage(), 1, 0)
    (target := layout.stage()).folder.joinpath("data").write_text("data")
    owner, name = (Path, "replace") if step == "replace" else (_layout, "sync_folder")
    real = getattr(owner, name)

    def refuse(path: Path, *more: Any) -> Any:
        if path == layout.generations or path.name.startswith(".CURRENT"):
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(path, *more)

    monkeypatch.setattr(owner, name, refuse)
    with pytest.raises(OSError, match="No space left"):
        layout.publish(target, 2, 0)
    monkeypatch.undo()
    shutil.rmtree(target.folder, ignore_errors=True)
    assert [one.name for one in layout.generations.iterdir()] == ["000001"]
    assert layout.needed().number == 1
    left = {path.name for path in layout.root.rglob("*") if path.is_file()}
    assert left == {"store.json", "CURRENT", "generation.json"}


def test_a_run_whose_file_was_lost_with_the_power_does_not_stop_writers(store: Store) -> None:
    (store.path / "run" / "0123456789ab.json").write_text("")
    (store.path / "run" / "0123456789ac.json").write_text("[]")
    store.load_quads([b"<http://e/a> <http://e/p> <http://e/b> .\n"], name="one")
    assert count(store) == 1
    assert store.running() == ()
    assert not list((store.path / "run").iterdir())


def test_a_torn_tip_hides_nothing_from_readers(store: Store) -> None:
    insert(store, 1, 2)
    current = Layout(store.path).needed()
    for torn in ("", "12 3", "\0" * 80):
        (current.folder / "tip").write_text(torn)
        assert (count(store), store.statistics().generation) == (2, current.number)
    insert(store, 3)
    assert Layout(store.path).needed().number == current.number + 1


def test_what_follows_damage_is_not_taken_for_a_torn_end(store: Store) -> None:
    insert(store, 1, 2, 3, 4)
    current = Layout(store.path).needed()
    whole = bytearray(current.log.read_bytes())
    second = next(iter(records(current.log))).tip.length
    for place in (second, second + 9, second + HEAD_BYTES + 3):
        damaged = bytearray(whole)
        damaged[place] ^= 4
        current.log.write_bytes(damaged)
        # the power went too: what of the log was acknowledged is not said anywhere
        (current.folder / "tip").unlink(missing_ok=True)
        with pytest.raises(StoreError, match="the log of the store is damaged"):
            open_store(store.path)
        assert current.log.read_bytes() == damaged
    current.log.write_bytes(whole)
    assert open_store(store.path).statistics().triples == 4


def test_a_backup_of_a_damaged_log_is_refused(store: Store, tmp_path: Path) -> None:
    insert(store, 1, 2)
    log = Layout(store.path).needed().log
    damaged = bytearray(log.read_bytes())
    damaged[-1] ^= 1
    log.write_bytes(damaged)
    with pytest.raises(StoreError, match="the log of the store is damaged"):
        store.backup(tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT])
@pytest.mark.parametrize("call", ["pwrite", "fsync", "overwrite"])
def test_what_did_not_reach_the_disk_is_neither_acknowledged_nor_believed(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, error: int
) -> None:
    insert(store, 1)
    before = Layout(store.path).needed()
    with monkeypatch.context() as patch:
        if call == "overwrite":
            patch.setattr(_layout, "_overwrite", failing(error))
        else:
            patch.setattr(os, call, failing(error, getattr(os, call)))
        with pytest.raises(StoreError) as told:
            insert(store, 2)
    assert told.value.why == os.strerror(error) and told.value.way_out
    assert before.log.stat().st_size == before.length
    assert (count(store), Layout(store.path).needed()) == (1, before)
    shutil.copytree(store.path, tmp_path / "after-the-power-cut")
    with open_store(tmp_path / "after-the-power-cut") as again:
        assert again.statistics().triples == 1
    insert(store, 2)
    assert count(store) == 2


def test_a_log_that_cannot_be_taken_back_is_said_to_be_unsure(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    insert(store, 1)
    monkeypatch.setattr(os, "fsync", failing(errno.ENOSPC))
    monkeypatch.setattr(os, "ftruncate", failing(errno.EIO))
    with pytest.raises(StoreError, match="counts as not made unless the store shows it") as told:
        insert(store, 2)
    assert "nothing has changed" not in str(told.value)


def test_the_name_of_a_log_is_made_durable_even_if_its_first_record_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = []
    monkeypatch.setattr(_log, "sync_folder", synced.append)
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", failing(errno.ENOSPC))
        with pytest.raises(OSError, match="No space left"):
            append(tmp_path / "log", Tip(0, 0, 0), b"one", 1, 1)
    tip = append(tmp_path / "log", Tip(0, 0, 0), b"one", 1, 1)
    assert synced == [tmp_path]
    append(tmp_path / "log", tip, b"two", 2, 2)
    assert synced == [tmp_path]


def test_a_writer_does_not_believe_a_commit_that_came_to_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process then writes one of the same length, so that the length of the log says nothing."""
    insert(store, 1)
    with monkeypatch.context() as patch:
        patch.setattr(_layout, "append", failing(errno.ENOSPC))
        with pytest.raises(StoreError, match="nothing has changed"):
            store.update("INSERT DATA { <http://e/AAA> <http://e/p> 'lost' }")
    with open_store(store.path) as other:
        other.update("INSERT DATA { <http://e/BBB> <http://e/p> 'kept' }")
    store.update("INSERT DATA { <http://e/AAA> <http://e/p> 'lost' }")
    found = store.query("SELECT ?s ?o { ?s ?p ?o FILTER(isLiteral(?o) && !isNumeric(?o)) }").table.to_pylist()
    assert {(row["s"]["value"], row["o"]["value"]) for row in found} == {("http://e/AAA", "lost"), ("http://e/BBB", "kept")}


def test_a_generation_that_was_pruned_meanwhile_is_gone_and_not_damaged(store: Store) -> None:
    insert(store, 1)
    current = Layout(store.path).needed()
    following = Following()
    assert following.at(str(current.folder), current.length).triples == 1
    insert(store, 2)
    later = Layout(store.path).needed()
    shutil.rmtree(current.folder)
    with pytest.raises(NotFoundError, match="the generation is gone"):
        following.at(str(later.folder), later.length)


def test_a_checkpoint_that_fails_is_not_tried_again_with_every_update(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def refuse(*_: object) -> None:
        tried.append(Layout(store.path).needed().number)
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Commits, "checkpoint", refuse)
        insert(store, *range(80))
    assert count(store) == 80
    assert 2 <= len(tried) <= 4
    insert(store, *range(80, 120))
    assert Layout(store.path).needed().length < 40 * (HEAD_BYTES + 200)
    assert count(store) == 120
