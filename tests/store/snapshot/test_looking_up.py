"""Terms of equal hash stay apart; runs of hashes and parts of the dictionary are put together without losing any."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earthweave.ontology import GEO
from earthweave.server.store.snapshot import iri, literal, tagged
from earthweave.server.store.snapshot._hashing import Run, Runs, write_run

E = "http://example.org/"
INSIDE = "earthweave.server.store.snapshot."


@pytest.fixture(params=[1, 3])
def forged(request: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hash that has no more than one or three values."""
    def forged_hash(text: str, code: int) -> int:
        return (len(text) + code) % int(request.param)

    def forged_hashes(text: Any, code: Any) -> Any:
        return np.array([forged_hash(*one) for one in zip(text.to_pylist(), code.tolist(), strict=True)], dtype=np.uint64)

    monkeypatch.setattr(INSIDE + "_hashing.hashes", forged_hashes)
    monkeypatch.setattr(INSIDE + "_snapshot.hash_one", forged_hash)


@pytest.mark.usefixtures("forged")
def test_forged_hashes_do_not_merge_terms(tmp_path: Path, build: Any, read_back: Any, terms_of: Any) -> None:
    objects = [literal("x" * size) for size in range(5)] + [iri("x" * size) for size in range(5)] + [tagged("xx", "en"), tagged("xx", "de")]
    objects += [literal(f"POINT({size} {size})", str(GEO.wktLiteral)) for size in range(12)] + [literal("POINT(1 1)")]
    rows = [(iri(f"{E}{size}"), iri(E + "p"), one, None) for size, one in enumerate(objects)]
    base, _ = build(tmp_path / "a", [rows[:7], rows[5:15]])
    last, _ = build(tmp_path / "b", [rows[10:20], rows[2:4], rows[18:]], base)
    assert Counter(read_back(last)) == Counter(rows)
    ids = last.find_many(terms_of(objects)).tolist()
    assert len(set(ids)) == len(objects)
    assert min(ids) >= 0
    assert [last.find(one) for one in objects] == ids
    absent = [literal("y"), iri("xxxxxx")]
    assert last.find_many(terms_of(absent)).tolist() == [-1, -1] == [last.find(one) for one in absent]


@settings(max_examples=30, deadline=None)
@given(batches=st.lists(st.lists(st.integers(0, 20) | st.integers(0, 2**64 - 1), max_size=30), max_size=12))
def test_runs_keep_every_entry(batches: list[list[int]], tmp_path_factory: Any) -> None:
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(INSIDE + "_hashing._PIECE", 7)
        runs = Runs(folder)
        expected = []
        for batch in batches:
            ids = np.arange(len(expected), len(expected) + len(batch))
            keys = np.array(batch, dtype=np.uint64)
            order = np.argsort(keys)
            runs.add(Run(keys[order], ids[order]))
            expected += batch
        whole = write_run(folder, "whole", runs.runs)
    assert len(runs.runs) <= 5
    assert [expected[id] for id in whole.id] == sorted(expected) == whole.hash.tolist()
    assert len(set(whole.id.tolist())) == len(expected)


def test_many_small_loads_leave_few_parts(tmp_path: Path, build: Any, read_back: Any) -> None:
    rows = [(iri(f"{E}s{number}"), iri(E + "p"), literal(f"POINT({number} 0)", str(GEO.wktLiteral)), None) for number in range(40)]
    snapshot, _ = build(tmp_path / "0", [rows[:20]])
    for number in range(20, 40):
        snapshot, _ = build(tmp_path / str(number), [rows[number : number + 1]], snapshot)
    assert len(snapshot.manifest.parts) <= 4
    assert Counter(read_back(snapshot)) == Counter(rows)
    assert [shape.x for shape in snapshot.geometries.shapes(np.arange(40))] == list(range(40))
    ids = np.array([snapshot.find(row[place]) for row in rows for place in (0, 2)])
    assert snapshot.find_many(snapshot.terms(ids)).tolist() == ids.tolist()
    listed = {*snapshot.manifest.files, "manifest.json"}
    assert {path.name for path in snapshot.path.iterdir()} == listed
