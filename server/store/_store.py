"""The store as others see it: one folder, one writer at a time, any number of readers, nothing foreign parsed in this process."""

from __future__ import annotations

import re
import shutil
import time
import weakref
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyoxigraph as ox

from earthweave.ontology import EarthweaveError, NotFoundError, ParameterError, Progress, ProgressSink, StoreError, silent
from earthweave.ontology.geometry import AxisOrder

from . import _documents
from ._frames import Frame
from ._gate import Passed, admit
from ._layout import Generation, Layout, copy_database
from ._limits import Limits
from ._pool import Pool
from ._process import Budget, Worker, portions
from ._shapes import write_hashes
from ._types import Answer, FileReport, LoadReport, Notice, RunningQuery, Statistics, UpdateReport

_TRIES = 3
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\s<>\"{}|\\^`]+")


def open_store(path: str | Path, *, limits: Limits | None = None, create: bool = True) -> Store:
    """Open the store in the folder ``path``; make an empty one if there is none and ``create`` is true.

    What killed writers left behind is swept away. Raises `NotFoundError` or `StoreError`.
    """
    layout = Layout(Path(path).absolute())
    if create:
        layout.create()
    layout.check()
    if create and layout.current() is None:
        _found(layout)
    layout.sweep()
    return Store(layout, limits or Limits())


class Store:
    """An RDF store with GeoSPARQL functions; use it as a context manager, or call `close`. Threads may share it.

    Queries see the union of the default graph and all named graphs outside ``GRAPH``, unless a dataset is given (FROM, or the
    arguments of `query`); a triple that is in two graphs is found twice. In updates, patterns outside ``GRAPH`` see the default
    graph only (SPARQL 1.1 Update §3.1.3). Numbers and dates come back in canonical form (``"0.0"^^xsd:double`` as ``0``).

    Geometry literals are read under the axis order of their CRS; those of a source that proved (or was said) to write longitude first
    are read so ever after, by their lexical form. Constants in queries are strict, unless one repeats such a literal to the letter.
    """

    def __init__(self, layout: Layout, limits: Limits) -> None:
        self._layout = layout
        self.limits = limits
        self._pool = Pool(limits.query_workers)
        self._end = weakref.finalize(self, self._pool.close)

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    @property
    def path(self) -> Path:
        """The folder."""
        return self._layout.root

    def close(self) -> None:
        """End the query workers; the store may still be read by other processes."""
        self._end()

    # reading

    def query(self, text: str, *, limits: Limits | None = None, default_graphs: Sequence[str] = (),
              named_graphs: Sequence[str] = ()) -> Answer:
        """Evaluate a SPARQL 1.1 query on the newest generation, in a worker process.

        Args:
            limits: instead of the store's own; ``query_workers`` and ``geometry_cache`` stay as they are.
            default_graphs, named_graphs: the dataset of the SPARQL Protocol (§2.1.4); it wins over FROM.

        Raises `QueryError`, `ForbiddenError`, `SizeLimitError`, `DeadlineError`, `MemoryLimitError` or `AbortedError`.
        """
        bounds = limits or self.limits
        passed = admit(text, bounds)
        header = {"kind": "query", "default_graphs": [*default_graphs], "named_graphs": [*named_graphs], "dataset": passed.dataset,
                  "rows": bounds.query_rows, "bytes": bounds.query_bytes}
        budget = Budget("the query", "query_deadline", bounds.query_deadline, "query_memory", bounds.query_memory)
        reply, number = self._read("query", text, header, budget)
        return _answer(reply, passed, bounds, number)

    def _read(self, kind: str, text: str, header: dict[str, Any], budget: Budget) -> tuple[Frame, int]:
        for _ in range(_TRIES):
            generation = self._current()
            try:
                return self._ask(kind, text, header, budget, generation), generation.number
            except NotFoundError:
                # pruned between looking and opening
                continue
        raise StoreError("the current generation cannot be opened", why="its files are missing", way_out="restore a backup")

    def _ask(self, kind: str, text: str, header: dict[str, Any], budget: Budget, generation: Generation) -> Frame:
        whole = {"op": kind, **header, "generation": str(generation.folder), "memory": budget.mebibytes,
                 "cache": self.limits.geometry_cache}
        kept: EarthweaveError | None = None
        reply = Frame({})
        with self._pool.worker(budget.seconds) as worker, self._layout.runs.register(kind, text, worker.pid, generation.folder.name):
            until = time.monotonic() + budget.seconds
            try:
                worker.send(Frame(whole, text.encode()), until, budget)
                reply = worker.receive(until, budget)
            except EarthweaveError as error:
                if not worker.alive:
                    raise
                # the worker answered with an error and is as good as before
                kept = error
            if worker.grown(reply) > budget.mebibytes / 2:
                # what the allocator keeps would be missing from the next query's share
                worker.kill()
        if kept is not None:
            raise kept
        return reply

    def _current(self) -> Generation:
        found = self._layout.current()
        if found is None:
            raise StoreError("the store has no current generation", why="the file CURRENT is missing", way_out="restore a backup")
        return found

    def export(self, path: str | Path, *, format: str | None = None) -> None:
        """Write everything to a file: ``ntriples``, ``nquads``, ``turtle``, ``trig``, ``rdfxml`` or ``jsonld``; by extension unless given.

        A name that ends in ``.gz`` is packed with gzip. Syntaxes without graphs get all graphs in one. The file appears when it is whole.
        """
        target = Path(path).absolute()
        kind = _documents.syntax(format) if format else _documents.syntax_of(target)
        if not target.parent.is_dir():
            raise NotFoundError(f"there is no folder {target.parent.name} for {target.name}", way_out="make it first")
        part = target.with_name(f".{target.name}.part")
        try:
            header = {"kind": "export", "path": str(part), "format": kind, "packed": _documents.gzipped(target)}
            self._read("export", target.name, header, self._write_budget("the export"))
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)

    # writing

    def load(self, files: Sequence[str | Path], *, graph: str | None = None, axis_order: AxisOrder = AxisOrder.AUTO,
             progress: ProgressSink = silent) -> LoadReport:
        """Load RDF files, all or nothing: N-Triples, Turtle, N-Quads, TriG, RDF/XML or JSON-LD by extension, also ``.gz``.

        Args:
            graph: IRI for statements that are in no named graph.
            axis_order: how literals under latitude-first systems are read, see `earthweave.ontology.geometry.prove_axis`.
            progress: told the file, and statements per second.

        Raises `RdfSyntaxError` (file, line, column), `ForbiddenError`, `SizeLimitError`, `StoreBusyError` …
        """
        entries = [_entry(Path(file)) for file in files]
        if not entries:
            raise ParameterError("no file was given to load")
        return self._load(entries, None, graph, axis_order, progress)

    def load_quads(self, chunks: Iterable[bytes], *, name: str, graph: str | None = None, axis_order: AxisOrder = AxisOrder.AUTO,
                   progress: ProgressSink = silent) -> LoadReport:
        """Load N-Quads that arrive in pieces, all or nothing, in bounded memory; ``name`` stands for a file name in the report."""
        return self._load([{"name": name, "path": "", "format": "nquads"}], chunks, graph, axis_order, progress)

    def _load(self, entries: list[dict[str, str]], chunks: Iterable[bytes] | None, graph: str | None, axis_order: AxisOrder,
              progress: ProgressSink) -> LoadReport:
        start = time.perf_counter()
        header = {"files": entries, "graph": _graph_iri(graph), "axis_order": AxisOrder(axis_order).value, "bytes": self.limits.load_bytes,
                  "nesting": self.limits.load_nesting}
        plain = [entry for entry in entries if entry["path"] and not entry["path"].endswith(".gz")]
        sizes = {entry["name"]: Path(entry["path"]).stat().st_size for entry in plain}
        names = ", ".join(entry["name"] for entry in entries)
        done, generation = self._write("load", names, header, chunks=chunks, heard=_teller(progress, sizes))
        files = tuple(FileReport(**{**one, "problems": tuple(one["problems"])}) for one in done["files"])
        return LoadReport(files, sum(one.triples for one in files), done["after"] - done["before"], time.perf_counter() - start,
                          sum(one.geometries for one in files), sum(one.unreadable for one in files), generation)

    def update(self, text: str) -> UpdateReport:
        """Run a SPARQL 1.1 update, all or nothing. Raises as `query` does, and `StoreBusyError`; ``LOAD`` is refused."""
        start = time.perf_counter()
        passed = admit(text, self.limits, update=True)
        done, generation = self._write("update", text, {})
        notices = (*passed.notices, *(Notice(*one) for one in done["notices"]))
        return UpdateReport(done["before"], done["after"], time.perf_counter() - start, generation, notices)

    def _write_budget(self, work: str) -> Budget:
        return Budget(work, "load_deadline", self.limits.load_deadline, "load_memory", self.limits.load_memory)

    def _write(self, kind: str, text: str, header: dict[str, Any], *, chunks: Iterable[bytes] | None = None,
               heard: Callable[[Frame], None] = lambda _: None) -> tuple[dict[str, Any], int]:
        """Clone, let a worker change the clone, publish it."""
        with self._layout.writing(self.limits.write_wait):
            staged = self._layout.stage()
            try:
                current = self._layout.current()
                whole = {"op": kind, "kind": kind, **header, "staged": str(staged.folder), "lonlat": str(current.lonlat) if current else "",
                         "memory": self.limits.load_memory, "cache": self.limits.geometry_cache}
                done = self._work(kind, text, Frame(whole, text.encode()), chunks, heard)
                generation = self._layout.publish(staged, {"triples": done["after"], "named_graphs": done["named_graphs"]})
            finally:
                shutil.rmtree(staged.folder, ignore_errors=True)
        return done, generation.number

    def _work(self, kind: str, text: str, request: Frame, chunks: Iterable[bytes] | None, heard: Callable[[Frame], None]) -> dict[str, Any]:
        budget = self._write_budget(f"the {kind}")
        worker = Worker("writer")
        try:
            with self._layout.runs.register(kind, text, worker.pid):
                until = time.monotonic() + budget.seconds
                worker.send(request, until, budget)
                if chunks is not None:
                    for piece in portions(chunks):
                        worker.send(Frame({"op": "chunk"}, piece), until, budget)
                        for frame in worker.pending():
                            heard(frame)
                    worker.send(Frame({"op": "end"}), until, budget)
                while (frame := worker.receive(until, budget)).op != "done":
                    heard(frame)
                return frame.header
        finally:
            worker.kill()

    # keeping

    def backup(self, folder: str | Path) -> Statistics:
        """Copy the current generation into a new folder, which is itself a store; nothing is shared with this one.

        Readers and writers go on meanwhile. Raises `StoreError` if the folder is not empty.
        """
        target = Path(folder)
        with self._layout.pinned(target.name) as generation:
            return _statistics(_copied(generation, target))

    def statistics(self) -> Statistics:
        """How much there is in the current generation."""
        generation = self._layout.current()
        return _statistics(generation) if generation else Statistics(0, 0, 0)

    def network(self) -> str:
        """Why query workers still have a network; empty if the system let them cut it off."""
        with self._pool.worker(self.limits.query_deadline) as worker:
            return worker.network

    def running(self) -> tuple[RunningQuery, ...]:
        """What runs now on this store in any process, oldest first."""
        return self._layout.runs.running()

    def abort(self, query_id: str) -> None:
        """Stop something that `running` lists, whichever process it belongs to; raises `NotFoundError`."""
        self._layout.runs.abort(query_id)


def restore(folder: str | Path, path: str | Path) -> Statistics:
    """Copy a backup into the new or empty folder ``path``, which can then be opened. Raises `NotFoundError`, `StoreError`."""
    source = Layout(Path(folder).absolute())
    source.check()
    generation = source.current()
    if generation is None:
        raise StoreError(f"the store in {source.root.name} has no generation", way_out="restore another backup")
    return _statistics(_copied(generation, Path(path)))


def _copied(generation: Generation, folder: Path) -> Generation:
    target = Layout(folder.absolute())
    if target.root.exists() and any(target.root.iterdir()):
        raise StoreError(f"the folder {target.root.name} is not empty", way_out="give a new folder")
    target.create()
    staged = Generation(target.staging / "copy")
    copy_database(generation.database, staged.database, link=False)
    shutil.copy2(generation.lonlat, staged.lonlat)
    return target.publish(staged, generation.facts)


def _found(layout: Layout) -> None:
    """Publish the empty first generation."""
    with layout.writing(10.0):
        if layout.current() is None:
            staged = layout.stage()
            ox.Store(str(staged.database)).flush()
            write_hashes(staged.lonlat, ())
            layout.publish(staged, {"triples": 0, "named_graphs": False})


def _statistics(generation: Generation) -> Statistics:
    size = sum(path.stat().st_size for path in generation.folder.rglob("*") if path.is_file())
    return Statistics(int(generation.facts["triples"]), generation.number, size)


def _answer(reply: Frame, passed: Passed, limits: Limits, generation: int) -> Answer:
    header = reply.header
    kind = header["form"]
    notices = (*passed.notices, *(Notice(*one) for one in header["notices"]))
    answer = Answer(kind, notices=notices, truncated=header["truncated"], seconds=header["seconds"], limits=limits, generation=generation)
    if kind == "boolean":
        return replace(answer, boolean=header["boolean"])
    if kind == "graph":
        return replace(answer, graph=reply.body)
    table = pa.ipc.open_stream(reply.body).read_all()
    return replace(answer, table=table, lonlat={name: tuple(rows) for name, rows in header["lonlat"].items()})


def _entry(path: Path) -> dict[str, str]:
    if path.is_dir():
        raise ParameterError(f"{path.name} is a folder", why="only files are loaded", way_out="name the files in it")
    if not path.is_file():
        raise NotFoundError(f"there is no file {path.name}", way_out="check the path")
    return {"name": path.name, "path": str(path.absolute()), "format": _documents.syntax_of(path)}


def _graph_iri(graph: str | None) -> str:
    if graph and not _ABSOLUTE.fullmatch(graph):
        raise ParameterError(f"{graph} is no absolute IRI", way_out="name the graph like http://example.org/graph")
    return graph or ""


def _teller(progress: ProgressSink, sizes: dict[str, int]) -> Callable[[Frame], None]:
    def heard(frame: Frame) -> None:
        header = frame.header
        size = sizes.get(header["name"])
        fraction = min(1.0, header["read"] / size) if size else None
        progress(Progress(f"loading {header['name']}", fraction, f"{header['triples']:,} triples, {header['rate']:,.0f} triples/s"))

    return heard
