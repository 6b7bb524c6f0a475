"""Inside a query worker: open a published generation, evaluate one query after another, give tables as Arrow."""

from __future__ import annotations

import io
import itertools
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyoxigraph as ox

from earthweave.ontology import GEO, NotFoundError, UnsupportedError

from ._aggregates import aggregate_table
from ._documents import export
from ._frames import Frame
from ._functions import Functions
from ._gate import explain
from ._layout import Generation
from ._serve import Connection, Handler, virtual_size
from ._shapes import Shapes, Tally, read_hashes
from ._types import Notice

CELL = pa.struct([("kind", pa.string()), ("value", pa.string()), ("datatype", pa.string()), ("language", pa.string())])
_WKT = str(GEO.wktLiteral)
_BLOCK = 2048
_CELL_COST = 32
_TRIPLE_COST = 8


def handler() -> Handler:
    """What `_serve` calls for each request."""
    return _Reader()


class _Reader:
    def __init__(self) -> None:
        self._opened = ""
        self._store: ox.Store | None = None
        self._functions = Functions(Shapes(0))
        self._table = self._functions.table()
        self._aggregates = aggregate_table(self._functions)

    def __call__(self, connection: Connection, request: Frame) -> None:
        header = request.header
        store = self._open(header)
        if header["kind"] == "export":
            export(store, Path(header["path"]), header["format"], packed=header["packed"])
            connection.send("done")
            return
        start = time.perf_counter()
        self._functions.tally = Tally()
        text = request.body.decode()
        try:
            found = store.query(text, custom_functions=self._table, custom_aggregate_functions=self._aggregates, **_dataset(header))
            reply, body = self._consume(found, header)
        except (SyntaxError, RuntimeError, ValueError) as error:
            raise explain(str(error)) from error
        notices = [*reply.pop("cut"), *self._functions.tally.notices(empty=reply["empty"])]
        connection.send("answer", body, **reply, notices=[[one.code, one.text] for one in notices],
                        seconds=time.perf_counter() - start, size=virtual_size())

    def _open(self, header: dict[str, Any]) -> ox.Store:
        generation = Generation(Path(header["generation"]))
        if self._opened != header["generation"] or self._store is None:
            self._store, self._opened = None, ""
            if not generation.database.is_dir():
                raise NotFoundError("the generation is gone")
            self._store = ox.Store.read_only(str(generation.database))
            self._opened = header["generation"]
            self._functions.shapes = Shapes(int(header["cache"]) * 1024 * 1024)
            self._functions.shapes.use(read_hashes(generation.lonlat))
        return self._store

    def _consume(self, found: Any, header: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        if isinstance(found, ox.QueryBoolean):
            value = bool(found)
            return {"form": "boolean", "boolean": value, "cut": [], "truncated": False, "empty": not value}, b""
        if isinstance(found, ox.QueryTriples):
            return _graph(found, header)
        return self._rows(found, header)

    def _rows(self, found: ox.QuerySolutions, header: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        names = [variable.value for variable in found.variables]
        schema = pa.schema([(name, CELL) for name in names])
        purse = _Purse(header["rows"], header["bytes"])
        lonlat: dict[str, list[int]] = {}
        sink = io.BytesIO()
        with pa.ipc.new_stream(sink, schema) as writer:
            for rows in _blocks(purse.rows(found, len(names))):
                columns = [self._column(rows, index, purse.count - len(rows), lonlat, name) for index, name in enumerate(names)]
                writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema) if names else _width_zero(len(rows), schema))
        reply = {"form": "table", "cut": purse.notices("rows"), "truncated": purse.cut, "empty": purse.count == 0, "lonlat": lonlat}
        return reply, sink.getvalue()

    def _column(self, rows: list[Any], index: int, first: int, lonlat: dict[str, list[int]], name: str) -> pa.Array:
        cells = [_cell(row[index]) for row in rows]
        for offset, cell in enumerate(cells):
            if cell is not None and cell["datatype"] == _WKT and self._functions.shapes.lonlat(str(cell["value"])):
                lonlat.setdefault(name, []).append(first + offset)
        return pa.array(cells, type=CELL)


def _width_zero(length: int, schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_struct_array(pa.array([{}] * length, type=pa.struct([]))).replace_schema_metadata(schema.metadata)


def _dataset(header: dict[str, Any]) -> dict[str, Any]:
    """How the engine is told which graphs to see.

    Without a dataset in the request or the text, patterns outside GRAPH see the union of all graphs.
    """
    default, named = header["default_graphs"], header["named_graphs"]
    if default or named:
        return {"default_graph": [ox.NamedNode(iri) for iri in default], "named_graphs": [ox.NamedNode(iri) for iri in named]}
    return {"use_default_graph_as_union": not header["dataset"]}


def _cell(term: Any) -> dict[str, str | None] | None:
    if term is None:
        return None
    if isinstance(term, ox.NamedNode):
        return {"kind": "uri", "value": term.value, "datatype": None, "language": None}
    if isinstance(term, ox.BlankNode):
        return {"kind": "bnode", "value": term.value, "datatype": None, "language": None}
    if isinstance(term, ox.Literal):
        return {"kind": "literal", "value": term.value, "datatype": term.datatype.value, "language": term.language}
    raise UnsupportedError("triple terms are not offered in results", way_out="select their subject, predicate and object")


def _blocks(rows: Iterator[Any]) -> Iterator[list[Any]]:
    while block := list(itertools.islice(rows, _BLOCK)):
        yield block


class _Purse:
    """Counts rows and bytes out, and remembers which limit ended it."""

    def __init__(self, rows: int, size: int) -> None:
        self._most_rows, self._most_bytes = rows, size
        self.count = self._bytes = 0
        self._why = ""

    @property
    def cut(self) -> bool:
        return bool(self._why)

    def rows(self, found: Any, width: int) -> Iterator[Any]:
        """Pass rows on until a limit is reached and there is one more."""
        for row in found:
            size = _CELL_COST * width + sum(len(getattr(term, "value", "")) for term in row)
            if not self._pays(size):
                return
            yield row

    def triples(self, found: Any) -> Iterator[Any]:
        """The same for triples."""
        for triple in found:
            if not self._pays(_TRIPLE_COST + sum(len(getattr(term, "value", "")) for term in triple)):
                return
            yield triple

    def _pays(self, size: int) -> bool:
        if self.count >= self._most_rows:
            self._why = f"query_rows is {self._most_rows:,}"
        elif self._bytes + size > self._most_bytes:
            self._why = f"query_bytes is {self._most_bytes:,}"
        else:
            self.count += 1
            self._bytes += size
        return not self._why

    def notices(self, unit: str) -> list[Notice]:
        """The announcement of a cut."""
        if not self._why:
            return []
        text = f"the result was cut after {self.count:,} {unit}, because {self._why}; raise it or add conditions"
        return [Notice("truncated", text)]


def _graph(found: ox.QueryTriples, header: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    purse = _Purse(header["rows"], header["bytes"])
    body = ox.serialize(purse.triples(found), format=ox.RdfFormat.N_TRIPLES) or b""
    return {"form": "graph", "cut": purse.notices("triples"), "truncated": purse.cut, "empty": purse.count == 0}, body
