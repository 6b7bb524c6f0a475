"""An unfinished, mutilated or unknown snapshot is refused, and the file is named."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from earthweave.ontology import GEO, StoreError
from earthweave.ontology.geometry import AxisOrder
from earthweave.server.store.snapshot import Snapshot, SnapshotBuilder, iri, literal

ROWS = [
    (iri("s"), iri("p"), literal("a"), None), (iri("s"), iri("p"), literal("POINT(1 2)", str(GEO.wktLiteral)), iri("g")),
    (iri("t"), iri("q"), literal("nonsense", str(GEO.wktLiteral)), None),
]


@pytest.fixture
def folder(tmp_path: Path, build: Any) -> Path:
    build(tmp_path / "s", [ROWS])
    return tmp_path / "s"


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.stat().st_size)


def test_every_file_that_is_cut_short_is_named(folder: Path) -> None:
    names = [path.name for path in files(folder)]
    assert len(names) > 15
    for path in files(folder):
        whole = path.read_bytes()
        path.write_bytes(whole[:-1])
        with pytest.raises(StoreError, match=f"the file {path.name} of the store is damaged"):
            Snapshot.open(folder)
        path.write_bytes(whole)
    assert Snapshot.open(folder).triples == 3


def test_every_file_that_is_gone_is_named(folder: Path) -> None:
    for path in files(folder):
        whole = path.read_bytes()
        path.unlink()
        expected = "is no snapshot" if path.name == "manifest.json" else f"the file {path.name} of the store is damaged"
        with pytest.raises(StoreError, match=expected):
            Snapshot.open(folder)
        path.write_bytes(whole)


@pytest.mark.parametrize("change", [{"segments": 5}, {"types": [["x"]]}, {"parts": [{"number": 0}]}, {"files": {}}, {"triples": None}])
def test_a_manifest_that_says_something_else_is_named(folder: Path, change: dict[str, Any]) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **change}), "utf-8")
    with pytest.raises(StoreError, match="is damaged"):
        Snapshot.open(folder)


def test_an_unknown_format_is_refused_with_a_way_out(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(path.read_text("utf-8").replace('"format":1', '"format":2'), "utf-8")
    with pytest.raises(StoreError, match="format 2") as caught:
        Snapshot.open(folder)
    assert caught.value.way_out


def test_a_build_that_is_not_finished_is_no_snapshot(tmp_path: Path, quads_of: Any) -> None:
    builder = SnapshotBuilder(tmp_path / "s")
    builder.begin("x", AxisOrder.AUTO)
    builder.add(quads_of(ROWS))
    builder.end()
    with pytest.raises(StoreError, match="never finished"):
        Snapshot.open(tmp_path / "s")


def test_a_folder_with_something_in_it_is_refused(folder: Path) -> None:
    with pytest.raises(StoreError, match="not empty"):
        SnapshotBuilder(folder)


KILLED = """
import sys
from pathlib import Path
import numpy as np, pyarrow as pa
from earthweave.ontology.geometry import AxisOrder
from earthweave.server.store.snapshot import IRI, Quads, SnapshotBuilder, Terms
place = np.arange(30_000, dtype=np.int32)
for number in range(10_000):
    builder = SnapshotBuilder(Path(sys.argv[1]) / str(number), durable=False)
    builder.begin("x", AxisOrder.AUTO)
    terms = Terms(pa.array([f"t{one}" for one in place], pa.large_string()), place * 0, (IRI,))
    builder.add(Quads(terms, place, place % 50, place[::-1], place * 0 - 1))
    builder.end()
    print(number, flush=True)
    builder.finish()
"""


@pytest.mark.parametrize("delay", [0.0, 0.03])
def test_killed_at_any_moment_there_is_a_whole_snapshot_or_none(tmp_path: Path, delay: float) -> None:
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.readline()
    time.sleep(delay)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    whole = 0
    for path in sorted(tmp_path.iterdir()):
        try:
            whole += Snapshot.open(path).triples == 30_000
        except StoreError as error:
            assert "never finished" in str(error)
    assert whole >= 1
