"""Inside a write worker: fill or change a private copy of the store; whoever started it publishes the copy or throws it away."""

from __future__ import annotations

import gzip
import time
import zlib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import quote

import pyoxigraph as ox

from earthweave.ontology import RdfSyntaxError, SizeLimitError
from earthweave.ontology.geometry import AxisOrder

from ._aggregates import aggregate_table
from ._census import Census
from ._documents import FORMATS, Metered, inspect, unpacked
from ._frames import Frame
from ._functions import Functions
from ._gate import explain
from ._layout import Generation
from ._serve import Connection, Handler
from ._shapes import Shapes, read_hashes, write_hashes

_BEAT = 20_000
_BUFFER_FULL = "Reached the buffer maximal size"


def handler() -> Handler:
    """What `_serve` calls for the one request of this worker."""
    return _write


def _write(connection: Connection, request: Frame) -> None:
    header = request.header
    staged = Generation(Path(header["staged"]))
    inherited = read_hashes(Path(header["lonlat"])) if header["lonlat"] else read_hashes(staged.lonlat)
    store = ox.Store(str(staged.database))
    before = len(store)
    if header["kind"] == "update":
        outcome = _update(store, request.body.decode(), inherited, int(header["cache"]))
        hashes: Iterator[int] = iter(())
    else:
        census, outcome = _load(connection, store, header)
        hashes = census.hashes()
    write_hashes(staged.lonlat, _chained(inherited, hashes))
    named = next(iter(store.named_graphs()), None) is not None
    store.flush()
    after = len(store)
    del store
    connection.send("done", before=before, after=after, named_graphs=named, **outcome)


def _chained(inherited: Any, hashes: Iterator[int]) -> Iterator[int]:
    yield from (int(one) for one in inherited)
    yield from hashes


def _update(store: ox.Store, text: str, lonlat: Any, cache: int) -> dict[str, Any]:
    functions = Functions(Shapes(cache * 1024 * 1024))
    functions.shapes.use(lonlat)
    try:
        store.update(text, custom_functions=functions.table(), custom_aggregate_functions=aggregate_table(functions))
    except (SyntaxError, RuntimeError, ValueError) as error:
        raise explain(str(error)) from error
    return {"notices": [[one.code, one.text] for one in functions.tally.notices(empty=False)]}


class _Source:
    """One document: a file, or the chunks that arrive as frames."""

    def __init__(self, connection: Connection, entry: dict[str, Any], most: int) -> None:
        self.name, self.kind = str(entry["name"]), str(entry["format"])
        self._path = Path(entry["path"]) if entry["path"] else None
        self._connection = connection
        self._most = most

    def open(self, nesting: int) -> Metered:
        """The document for reading, after the checks on it."""
        if self._path is None:
            return Metered(cast(BinaryIO, _Chunks(self._connection)), self._most)
        inspect(self._path, self.kind, nesting=nesting, most=self._most)
        return Metered(unpacked(self._path), self._most)


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


def _load(connection: Connection, store: ox.Store, header: dict[str, Any]) -> tuple[Census, dict[str, Any]]:
    total = Census(AxisOrder(header["axis_order"]))
    reports = []
    pace = _Pace(connection)
    for entry in header["files"]:
        census = Census(AxisOrder(header["axis_order"]))
        source = _Source(connection, entry, int(header["bytes"]))
        try:
            store.bulk_extend(_quads(source, census, pace, header))
        except SyntaxError as error:
            raise _syntax_error(source.name, error) from error
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise _gzip_error(source.name, error) from error
        except MemoryError as error:
            # the parser says so of a statement that its buffer cannot hold, whatever memory there is
            if _BUFFER_FULL not in str(error):
                raise
            raise SizeLimitError(f"{source.name}: one statement is larger than 16 MiB", why="the parser holds no longer one",
                                 way_out="simplify the geometry or split it") from error
        report = census.report(source.name)
        total.adopt(census)
        reports.append(asdict(report))
    return total, {"files": reports}


def _quads(source: _Source, census: Census, pace: _Pace, header: dict[str, Any]) -> Iterator[ox.Quad]:
    graph = ox.NamedNode(header["graph"]) if header["graph"] else None
    document = source.open(int(header["nesting"]))
    base = f"file:///{quote(source.name)}"
    parser = ox.parse(cast(Any, document), format=FORMATS[source.kind], base_iri=base, rename_blank_nodes=True)
    for quad in parser:
        census.see(quad.object)
        if census.triples % _BEAT == 0:
            pace.tell(source.name, document.count, _BEAT)
        yield ox.Quad(quad.subject, quad.predicate, quad.object, graph) if graph and isinstance(quad.graph_name, ox.DefaultGraph) else quad


class _Pace:
    """Tells how far a load is and how fast it goes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._start = time.perf_counter()
        self._triples = 0

    def tell(self, name: str, count: int, more: int) -> None:
        """Send one line."""
        self._triples += more
        rate = self._triples / (time.perf_counter() - self._start)
        self._connection.send("progress", name=name, read=count, triples=self._triples, rate=rate)


def _syntax_error(name: str, error: SyntaxError) -> RdfSyntaxError:
    where = f", line {error.lineno}" if error.lineno else ""
    where += f", column {error.offset}" if error.offset else ""
    return RdfSyntaxError(f"{name}{where}: not valid RDF", why=str(error.args[0]).strip()[:300],
                          way_out="nothing was loaded; correct the file and load it again")


def _gzip_error(name: str, error: Exception) -> RdfSyntaxError:
    return RdfSyntaxError(f"{name}: not a whole gzip file", why=str(error)[:300],
                          way_out="fetch or pack it again; if it is not packed, take .gz off its name")
