"""Inside a query worker: open a published generation, evaluate one query after another, give tables as Arrow."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa

from earthweave.ontology import ParameterError
from earthweave.server.processes import private_size

from ._census import census
from ._drawn import geometry_variables, packed, read_cells
from ._following import Following
from ._frames import Frame
from ._offers import offers
from ._results import Purse, table, triples
from ._serve import Connection, Handler, disk
from ._services import services_of
from ._types import Notice
from .algebra import Entailment
from .engine import Budget, Result, evaluate, ntriples, parse, plan_report, statements, why_empty
from .loading import export
from .snapshot import Snapshot
from .spatial import Shapes


def handler() -> Handler:
    """What `_serve` calls for each request."""
    return _Reader()


class _Reader:
    def __init__(self) -> None:
        self._following = Following()
        self._shapes: Shapes | None = None

    def __call__(self, connection: Connection, request: Frame) -> None:
        header = request.header
        snapshot = self._open(header)
        if header["kind"] == "offers":
            connection.send("done", json.dumps(asdict(offers())).encode(), size=private_size())
            return
        if header["kind"] == "census":
            whole, graphs, left_out = census(snapshot)
            told = {"whole": asdict(whole), "graphs": {name: asdict(one) for name, one in graphs.items()}, "left_out": left_out}
            connection.send("done", json.dumps(told).encode(), size=private_size())
            return
        if header["kind"] == "export":
            path = Path(header["path"])
            with disk(f"{path.name} cannot be written"):
                report = export(snapshot, path, header["format"] or None, graph=header["graph"])
            connection.send("done", rows=report.rows, unreadable=report.unreadable, left_out=list(report.left_out),
                            untimed=report.untimed)
            return
        start = time.perf_counter()
        result = evaluate(snapshot, parse(request.body.decode(), header["address"]), shapes=self._shapes, budget=_budget(header),
                          services=services_of(connection, header), entailment=_entailment(header["entailment"]), **_dataset(header))
        purse = Purse(header["rows"], header["bytes"])
        reply, body = _consume(result, purse)
        if header["draw"] is not None and reply["form"] == "table":
            body = _drawn(body, str(header["draw"]), reply, result)
        seconds = time.perf_counter() - start
        notices = [*purse.notices("triples" if reply["form"] == "graph" else "rows"), *_notices(result, empty=reply["empty"])]
        plan = plan_report(result.operator, result.context) if header["explain"] else None
        connection.send("answer", body, **reply, truncated=any(one.code == "truncated" for one in notices),
                        notices=[[one.code, one.text] for one in notices],
                        plan=plan, seconds=seconds, size=private_size())

    def _open(self, header: dict[str, Any]) -> Snapshot:
        snapshot = self._following.at(header["generation"], header["length"])
        if self._shapes is None or self._shapes.geometries is not snapshot.geometries:
            self._shapes = Shapes(snapshot.geometries, int(header["cache"]) * 1024 * 1024)
        return snapshot


def _budget(header: dict[str, Any]) -> Budget:
    return Budget(float(header["seconds"]), float(header["memory"]))


def _entailment(name: str) -> Entailment:
    if name not in list(Entailment):
        raise ParameterError(f"entailment {name} is not known", way_out=f"one of {', '.join(Entailment)}")
    return Entailment(name)


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


def _drawn(body: bytes, wanted: str, reply: dict[str, Any], result: Result) -> bytes:
    """The table and behind it one column's geometries; the header tells which, and where they begin."""
    answer = pa.ipc.open_stream(body).read_all()
    variable = next((one for one in geometry_variables(answer) if wanted in ("", one)), None)
    if variable is None:
        return body
    column = read_cells(answer[variable], reply["lonlat"].get(variable, ()), result.context.check)
    reply["drawn"] = [variable, len(body)]
    return body + packed(column)


def _notices(result: Result, *, empty: bool) -> list[Notice]:
    told = [Notice(one.code, one.text) for one in result.context.tally.notices(empty=empty)]
    return told + [Notice(*one) for one in why_empty(result.query, result.operator, result.context)] if empty else told
