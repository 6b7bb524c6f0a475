"""A store as the endpoint that questions are put to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute

from earthweave.ontology import GEO
from earthweave.ontology.geometry import write_wkt
from earthweave.qa import Cell, Limits, Table
from earthweave.server.store import Answer, Store

# pyarrow makes its functions as it is imported
pc: Any = pyarrow.compute


class StoreEndpoint:
    """Implements `earthweave.qa.Endpoint` over a store; raises what `Store.query` raises."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def select(self, query: str, limits: Limits) -> Table:
        """Run SELECT; geometries that their source wrote longitude first under another rule come back in CRS84."""
        answer = self._run(query, limits)
        names = tuple(answer.table.column_names)
        columns = [_cells(answer, name) for name in names]
        rows = tuple(zip(*columns, strict=True)) if columns else ()
        return Table(names, rows, tuple({"code": one.code, "text": one.text} for one in answer.notices), answer.truncated)

    def columns(self, query: str, limits: Limits) -> tuple[tuple[Any, ...], bool]:
        """Run SELECT; texts by column, as the store has them."""
        answer = self._run(query, limits)
        return tuple(_texts(answer.table.column(name).combine_chunks()) for name in answer.table.column_names), answer.truncated

    def ask(self, query: str, limits: Limits) -> bool:
        """Run ASK."""
        return bool(self._run(query, limits).boolean)

    def construct(self, query: str, limits: Limits) -> bytes:
        """Run CONSTRUCT or DESCRIBE; N-Triples."""
        return self._run(query, limits).graph or b""

    def _run(self, query: str, limits: Limits) -> Answer:
        own = self._store.limits
        deadline = min(own.query_deadline, limits.question_deadline)
        return self._store.query(query, limits=replace(own, query_deadline=deadline))


def _cells(answer: Answer, name: str) -> list[Cell | None]:
    cells = [_cell(one) for one in answer.table.column(name).to_pylist()]
    if turned := [row for row in answer.lonlat.get(name, ()) if cells[row] is not None]:
        shapes = answer.geometry(name).geometries
        for row in turned:
            cell = cells[row]
            if cell is not None and shapes[row] is not None:
                cells[row] = replace(cell, value=str(write_wkt([shapes[row]])[0]), datatype=str(GEO.wktLiteral))
    return cells


def _texts(terms: Any) -> Any:
    kind, value = (pc.struct_field(terms, [name]) for name in ("kind", "value"))
    return pc.if_else(pc.equal(kind, "bnode"), pa.scalar(None, pa.large_string()), value.cast(pa.large_string()))


def _cell(term: Mapping[str, Any] | None) -> Cell | None:
    return None if term is None else Cell(term["kind"], term["value"], term["datatype"] or "", term["language"] or "")
