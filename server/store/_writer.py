"""Inside a write worker: what updates change, for the log, and whole snapshots beside the current one; its owner publishes them."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Any

from earthweave.ontology import Progress
from earthweave.ontology.geometry import AxisOrder
from earthweave.server.processes import private_size, told

from ._following import Following
from ._frames import Frame
from ._layout import Generation
from ._roots import loader_of
from ._serve import Connection, Handler
from ._services import services_of
from ._tables import read_batches
from .engine import Budget, Commit, Request, apply_update
from .loading import Bounds, Document, LoadOptions, Staging, load, quads_from_arrow
from .snapshot import Grown, Snapshot, SnapshotBuilder, differences, emptied, grown, iri

_BEAT = 0.2


def handler() -> Handler:
    """What `_serve` calls for each request."""
    return _Writer()


class _Writer:
    def __init__(self) -> None:
        self._following = Following()

    def __call__(self, connection: Connection, request: Frame) -> None:
        header = request.header
        live = self._following.at(header["base"], header["length"])
        if header["kind"] == "commit":
            self._commit(connection, request, live)
            return
        staged = Generation(Path(header["staged"]))
        if header["kind"] == "update":
            outcome, after = _update(connection, request, live, staged)
        elif header["kind"] == "load":
            outcome, after = _load(connection, live, staged, header)
        else:
            outcome, after = {}, _settled(live, staged.snapshot).triples
        connection.send("done", before=live.triples, after=after, size=private_size(), **outcome)

    def _commit(self, connection: Connection, request: Frame, live: Snapshot) -> None:
        """Make updates in memory, and hand over what is to be written to the log."""
        header = request.header
        commit = Commit(live, Budget(), header["most"], services_of(connection, header))
        commit.run([Request(one["text"], one["address"], tuple(one["default_graphs"]), tuple(one["named_graphs"]))
                    for one in json.loads(request.body)])
        body = commit.change.encoded() if commit.snapshot is not live else b""
        if body:
            self._following.advance(commit.snapshot, body)
        outcomes = [{"before": one.before, "after": one.after, "notices": [[remark.code, remark.text] for remark in one.remarks],
                     "error": told(one.error) if one.error else None} for one in commit.outcomes]
        changes = commit.snapshot.changes if isinstance(commit.snapshot, Grown) else 0
        connection.send("done", body, outcomes=outcomes, after=commit.snapshot.triples, changes=changes, size=private_size())


def _settled(live: Snapshot, target: Path) -> Snapshot:
    """A snapshot in memory written to the disk, with all that changed since the one that it grew from."""
    builder = SnapshotBuilder(target, _origin(live))
    _replay(builder, live)
    return builder.finish()


def _origin(live: Snapshot) -> Snapshot:
    return live.origin if isinstance(live, Grown) else live


def _replay(builder: SnapshotBuilder, live: Snapshot) -> None:
    builder.begin("log", AxisOrder.STRICT)
    for removed, added in differences(live):
        builder.without(removed)
        builder.add(added)
    builder.end()


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
            yield Document(entry["name"], entry["format"], path=Path(entry["path"]), base=header["address"])
        elif entry["format"] == "arrow":
            batches = read_batches(_Chunks(connection))
            yield Document(entry["name"], quads=chain.from_iterable(quads_from_arrow(batch) for batch in batches))
        else:
            yield Document(entry["name"], entry["format"], stream=_Chunks(connection), base=header["address"])


def _load(connection: Connection, live: Snapshot, staged: Generation, header: dict[str, Any]) -> tuple[dict[str, Any], int]:
    pace = _Pace(connection)
    graph = iri(header["graph"]) if header["graph"] else None
    kept = Path(header["resume"]) if header["resume"] else None
    fresh = header["replace"] == "all"
    builder = SnapshotBuilder(staged.snapshot, None if fresh else _origin(live), progress=pace)
    if not fresh:
        _replay(builder, grown(live, emptied(live, graph)) if header["replace"] == "graph" else live)
    bounds = Bounds(int(header["bytes"]), int(header["nesting"]))
    options = LoadOptions(graph, AxisOrder(header["axis_order"]), bool(header["strict"]), bounds, bool(header["one_graph"]))
    staging = Staging(kept, resume=True) if kept else None
    reports = load(builder, _documents(connection, header), options, staging=staging, progress=pace)
    snapshot = builder.finish()
    if kept:
        shutil.rmtree(kept, ignore_errors=True)
    return {"files": [asdict(one) for one in reports]}, snapshot.triples


def _update(connection: Connection, request: Frame, live: Snapshot, staged: Generation) -> tuple[dict[str, Any], int]:
    """An update that is too big to be held in memory."""
    header = request.header
    base = _settled(live, staged.folder / "before") if isinstance(live, Grown) else live
    snapshot, remarks = apply_update(request.body.decode(), base, staged.snapshot, Budget(), address=header["address"],
                                     default_graphs=tuple(header["default_graphs"]), named_graphs=tuple(header["named_graphs"]),
                                     services=services_of(connection, header), loader=loader_of(header))
    shutil.rmtree(staged.folder / "before", ignore_errors=True)
    return {"notices": [[one.code, one.text] for one in remarks]}, snapshot.triples
