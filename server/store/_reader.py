"""Inside a query worker: open a published generation, evaluate one query after another, give tables as Arrow."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from earthweave.ontology import NotFoundError

from ._frames import Frame
from ._layout import Generation
from ._results import Purse, table, triples
from ._serve import Connection, Handler, private_size
from ._types import Notice
from .engine import Budget, Result, evaluate, ntriples, plan_report, statements, why_empty
from .loading import export
from .snapshot import Snapshot
from .spatial import Shapes


def handler() -> Handler:
    """What `_serve` calls for each request."""
    return _Reader()


class _Reader:
    def __init__(self) -> None:
        self._opened = ""
        self._snapshot: Snapshot | None = None
        self._shapes: Shapes | None = None

    def __call__(self, connection: Connection, request: Frame) -> None:
        header = request.header
        snapshot = self._open(header)
        if header["kind"] == "export":
            report = export(snapshot, Path(header["path"]), header["format"] or None)
            connection.send("done", rows=report.rows, unreadable=report.unreadable, left_out=list(report.left_out))
            return
        start = time.perf_counter()
        result = evaluate(snapshot, request.body.decode(), shapes=self._shapes, budget=_budget(header), **_dataset(header))
        purse = Purse(header["rows"], header["bytes"])
        reply, body = _consume(result, purse)
        seconds = time.perf_counter() - start
        notices = [*purse.notices("triples" if reply["form"] == "graph" else "rows"), *_notices(result, empty=reply["empty"])]
        plan = plan_report(result.operator, result.context) if header["explain"] else None
        connection.send("answer", body, **reply, truncated=bool(purse.why), notices=[[one.code, one.text] for one in notices],
                        plan=plan, seconds=seconds, size=private_size())

    def _open(self, header: dict[str, Any]) -> Snapshot:
        generation = Generation(Path(header["generation"]))
        if self._opened != header["generation"] or self._snapshot is None:
            self._snapshot, self._opened = None, ""
            if not generation.snapshot.is_dir():
                raise NotFoundError("the generation is gone")
            self._snapshot = Snapshot.open(generation.snapshot)
            self._shapes = Shapes(self._snapshot.geometries, int(header["cache"]) * 1024 * 1024)
            self._opened = header["generation"]
        return self._snapshot


def _budget(header: dict[str, Any]) -> Budget:
    return Budget(float(header["seconds"]), float(header["memory"]))


def _dataset(header: dict[str, Any]) -> dict[str, Any]:
    """The dataset of the request, which wins over the text's; none of both is the text's."""
    default, named = header["default_graphs"], header["named_graphs"]
    return {"default_graphs": tuple(default), "named_graphs": tuple(named)} if default or named else {}


def _consume(result: Result, purse: Purse) -> tuple[dict[str, Any], bytes]:
    if result.form == "ask":
        value = result.any()
        return {"form": "boolean", "boolean": value, "empty": not value}, b""
    if result.form == "select":
        body, turned = table(result.batches(), result.names, result.context.terms, purse)
        return {"form": "table", "empty": purse.count == 0, "lonlat": turned}, body
    found = statements(result.query, result.batches(), result.context)
    body = triples((ntriples(batch, result.context) for batch in found), purse)
    return {"form": "graph", "empty": purse.count == 0}, body


def _notices(result: Result, *, empty: bool) -> list[Notice]:
    told = [Notice(one.code, one.text) for one in result.context.tally.notices(empty=empty)]
    return told + [Notice(*one) for one in why_empty(result.query, result.operator, result.context)] if empty else told
