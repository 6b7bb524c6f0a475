"""Inside a write worker: make the next snapshot beside the current one; whoever started it publishes it or throws it away."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Any

from earthweave.ontology import Progress
from earthweave.ontology.geometry import AxisOrder

from ._frames import Frame
from ._layout import Generation
from ._serve import Connection, Handler, private_size
from ._tables import read_batches
from .engine import Budget, apply_update
from .loading import Bounds, Document, LoadOptions, Staging, load, quads_from_arrow
from .snapshot import Snapshot, SnapshotBuilder, iri

_BEAT = 0.2


def handler() -> Handler:
    """What `_serve` calls for the one request of this worker."""
    return _write


def _write(connection: Connection, request: Frame) -> None:
    header = request.header
    staged = Generation(Path(header["staged"]))
    base = Snapshot.open(Path(header["base"])) if header["base"] else None
    before = base.triples if base else 0
    if header["kind"] == "update":
        outcome, after = _update(request.body.decode(), base, staged)
    else:
        outcome, after = _load(connection, base, staged, header)
    connection.send("done", before=before, after=after, size=private_size(), **outcome)


class _Chunks:
    """A stream out of frames."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rest = b""
        self._ended = False

    def read(self, size: int = -1) -> bytes:
        """The next bytes, empty at the end."""
        while not self._rest and not self._ended:
            frame = self._connection.receive()
            self._rest, self._ended = frame.body, frame.op == "end"
        taken = self._rest if size < 0 else self._rest[:size]
        self._rest = self._rest[len(taken):]
        return taken


class _Pace:
    """Sends progress on, not more often than somebody can read it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._last = 0.0

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if now - self._last >= _BEAT:
            self._last = now
            self._connection.send("progress", stage=progress.stage, fraction=progress.fraction, note=progress.note)


def _documents(connection: Connection, header: dict[str, Any]) -> Iterator[Document]:
    for entry in header["files"]:
        if entry["path"]:
            yield Document(entry["name"], entry["format"], path=Path(entry["path"]))
        elif entry["format"] == "arrow":
            batches = read_batches(_Chunks(connection))
            yield Document(entry["name"], quads=chain.from_iterable(quads_from_arrow(batch) for batch in batches))
        else:
            yield Document(entry["name"], entry["format"], stream=_Chunks(connection))


def _load(connection: Connection, base: Snapshot | None, staged: Generation, header: dict[str, Any]) -> tuple[dict[str, Any], int]:
    pace = _Pace(connection)
    builder = SnapshotBuilder(staged.snapshot, base, progress=pace)
    options = LoadOptions(iri(header["graph"]) if header["graph"] else None, AxisOrder(header["axis_order"]), bool(header["strict"]),
                          Bounds(int(header["bytes"]), int(header["nesting"])))
    kept = Path(header["resume"]) if header["resume"] else None
    staging = Staging(kept, resume=True) if kept else None
    reports = load(builder, _documents(connection, header), options, staging=staging, progress=pace)
    snapshot = builder.finish()
    if kept:
        shutil.rmtree(kept, ignore_errors=True)
    return {"files": [asdict(one) for one in reports]}, snapshot.triples


def _update(text: str, base: Snapshot | None, staged: Generation) -> tuple[dict[str, Any], int]:
    assert base is not None
    snapshot, told = apply_update(text, base, staged.snapshot, Budget())
    return {"notices": [[one.code, one.text] for one in told]}, snapshot.triples
