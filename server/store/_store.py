"""The store as others see it: one folder, one writer at a time, any number of readers, nothing foreign parsed in this process."""

from __future__ import annotations

import json
import re
import shutil
import time
import weakref
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa

from earthweave.ontology import (
    DeadlineError,
    EarthweaveError,
    LimitError,
    NotFoundError,
    ParameterError,
    Progress,
    ProgressSink,
    QueryError,
    StoreError,
    silent,
)
from earthweave.ontology.geometry import AxisOrder
from earthweave.server.processes import Budget

from ._commits import Commits
from ._drawn import unpacked
from ._frames import Frame
from ._gate import admit
from ._layout import Generation, Layout
from ._limits import Limits
from ._log import records
from ._pool import Pool
from ._process import portions
from ._remote import Remote, receive
from ._runs import QUERY
from ._serve import disk
from ._tables import ipc_chunks
from ._types import Answer, LoadReport, Notice, Replaced, RunningQuery, Statistics, UpdateReport
from .reports import BadStatement, Census, Contents, ExportReport, Extensions, FileReport, PropertyPartition

_TRIES = 3
_NOT_KEPT = "the copy of the store cannot be written; the store is as it was"
_SPARE = 256
"""MiB that an idle writer may hold."""
_GRACE = 0.05
"""Seconds beyond the deadline in which a query may still end itself, so that its worker need not be killed."""
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\s<>\"{}|\\^`]+")


def open_store(path: str | Path, *, limits: Limits | None = None, create: bool = True, remote: Remote | None = None) -> Store:
    """Open the store in the folder ``path``; make an empty one if there is none and ``create`` is true.

    What killed writers left behind is swept away. ``remote`` answers SERVICE, which is refused without it.
    Raises `NotFoundError` or `StoreError`.
    """
    layout = Layout(Path(path).absolute())
    with disk():
        if create:
            layout.create()
        layout.check()
        if create and layout.current() is None:
            _found(layout)
        layout.sweep()
    return Store(layout, limits or Limits(), remote)


class _NotShortError(LimitError):
    """A query wants the worker kept for short ones for longer than they may have it."""


class Store:
    """An RDF store with GeoSPARQL functions; use it as a context manager, or call `close`. Threads may share it.

    Queries see the union of the default graph and all named graphs outside ``GRAPH``, unless a dataset is given (FROM, or the
    arguments of `query`); a triple that is in two graphs is found once. In updates, patterns outside ``GRAPH`` see the default
    graph only (SPARQL 1.1 Update §3.1.3). Literals come back as they were written, language tags in lower case.

    Geometry literals are read under the axis order of their CRS; those of a source that proved (or was said) to write longitude first
    are read so ever after, by their lexical form. Constants in queries are strict, unless one repeats such a literal to the letter.
    """

    def __init__(self, layout: Layout, limits: Limits, remote: Remote | None = None) -> None:
        self._layout = layout
        self._remote = remote
        self.limits = limits
        self._pool, self._writers = Pool(limits.query_workers), Pool(1, "writer")
        self._commits = Commits(layout, limits, self._work, self._beyond)
        self._end = weakref.finalize(self, _close, self._pool, self._writers)

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
              named_graphs: Sequence[str] = (), explain: bool = False, address: str = "", draw: str | None = None,
              began: Callable[[str], None] = lambda _: None) -> Answer:
        """Evaluate a SPARQL 1.1 query on the newest generation, in a worker process.

        Args:
            limits: instead of the store's own; ``query_workers``, ``short_query`` and ``geometry_cache`` stay as they are.
            default_graphs, named_graphs: the dataset of the SPARQL Protocol (§2.1.4); it wins over FROM.
            explain: also tell the plan with what each step did (``Answer.plan``).
            address: what relative IRIs are relative to before any BASE.
            draw: read the geometries of this variable too, within the limits of the query (`Answer.drawn`); empty for the first that
                holds any.
            began: told the id under which `running` lists the query, when it has its worker; what it raises ends the query.

        Raises `QueryError`, `ForbiddenError`, `SizeLimitError`, `DeadlineError`, `MemoryLimitError` or `AbortedError`.
        """
        bounds = limits or self.limits
        _check_graphs(*default_graphs, *named_graphs)
        told = admit(text, bounds)
        header = {"kind": "query", "address": address, "default_graphs": [*default_graphs], "named_graphs": [*named_graphs],
                  "rows": bounds.query_rows, "bytes": bounds.query_bytes, "seconds": bounds.query_deadline, "explain": explain,
                  "draw": draw, "services": self._services(bounds), "entailment": bounds.entailment}
        budget = Budget("the query", "query_deadline", bounds.query_deadline, "query_memory", bounds.query_memory)
        reply, number = self._read("query", text, header, budget, began)
        return _answer(reply, told, bounds, number)

    def census(self) -> Census:
        """What is in the store, graph by graph: partitions by predicate and class, bounding boxes, periods; reads every statement."""
        bounds = self.limits
        budget = Budget("the census", "query_deadline", bounds.query_deadline, "query_memory", bounds.query_memory)
        reply, number = self._read("census", "census", {"kind": "census"}, budget)
        told = json.loads(reply.body)
        return Census(number, _contents(told["whole"]), {name: _contents(one) for name, one in told["graphs"].items()}, told["left_out"])

    def extensions(self) -> Extensions:
        """Functions and aggregates that queries can call beyond SPARQL 1.1."""
        budget = Budget("the list of functions", "query_deadline", self.limits.query_deadline, "query_memory", self.limits.query_memory)
        told = json.loads(self._read("offers", "offers", {"kind": "offers"}, budget)[0].body)
        return Extensions(tuple(told["functions"]), tuple(told["aggregates"]))

    def _read(self, kind: str, text: str, header: dict[str, Any], budget: Budget,
              began: Callable[[str], None] = lambda _: None) -> tuple[Frame, int]:
        for _ in range(_TRIES):
            generation = self._layout.needed()
            try:
                return self._ask(kind, text, header, budget, generation, began), generation.number
            except NotFoundError:
                if generation.snapshot.is_dir():
                    raise
                # pruned between looking and opening
        raise StoreError("the current generation cannot be opened", why="its files are missing", way_out="restore a backup")

    def _ask(self, kind: str, text: str, header: dict[str, Any], budget: Budget, generation: Generation,
             began: Callable[[str], None]) -> Frame:
        """Ask a worker; where all are busy, the one kept for short queries first, which has no effects and may be done again."""
        whole = {"op": kind, **header, "generation": str(generation.folder), "length": generation.length, "memory": budget.mebibytes,
                 "cache": self.limits.geometry_cache}
        request = Frame(whole, text.encode())
        if kind == QUERY and 0 < self.limits.short_query < budget.seconds:
            with suppress(_NotShortError):
                return self._answered(request, budget, began, brief=True)
        return self._answered(request, budget, began, brief=False)

    def _answered(self, request: Frame, budget: Budget, began: Callable[[str], None], *, brief: bool) -> Frame:
        kept: EarthweaveError | None = None
        reply = Frame({})
        with (self._pool.place(budget.seconds, brief=brief) as (worker, short),
              self._layout.runs.register(request.op, request.body.decode(), worker.pid, Path(request.header["generation"]).name) as name):
            began(name)
            seconds = self.limits.short_query if short else budget.seconds
            until = time.monotonic() + seconds + _GRACE
            try:
                worker.send(Frame({**request.header, "seconds": seconds}, request.body), until, budget)
                reply = receive(worker, until, budget, self._remote, self.limits.service_bytes)
            except EarthweaveError as error:
                kept = _NotShortError("the query is not short") if short and isinstance(error, DeadlineError) else error
                if not worker.alive:
                    raise kept from kept.__cause__
                # the worker answered with an error and is as good as before
            if worker.grown(reply) > budget.mebibytes / 2:
                # what the allocator keeps would be missing from the next query's share
                worker.kill()
        if kept is not None:
            raise kept
        return reply

    def _services(self, bounds: Limits) -> dict[str, int] | None:
        """What a worker needs to know to have SERVICE answered, None if it is not."""
        return {"batch": bounds.service_batch, "rows": bounds.service_rows} if self._remote else None

    def _beyond(self) -> dict[str, Any]:
        """What an update may reach beyond the store: other endpoints, and documents for LOAD."""
        bounds = self.limits
        return {"services": self._services(bounds), "roots": bounds.load_roots, "bytes": bounds.load_bytes, "nesting": bounds.load_nesting}

    def export(self, path: str | Path, *, format: str | None = None, graph: str | None = None) -> ExportReport:
        """Write everything to a file, in the format that its extension or ``format`` says.

        RDF: ``ntriples``, ``nquads``, ``turtle``, ``trig``, ``rdfxml``, ``jsonld``, ``n3``; a name that ends in ``.gz`` is packed, syntaxes
        without graphs get all graphs in one. Features with their geometry in CRS84 and their literals as columns: ``geoparquet``,
        ``geopackage``, ``flatgeobuf``, ``kml``, ``geojson``. The file appears when it is whole. ``graph`` is the IRI of a named graph, or
        empty for the default graph, to write alone as RDF; raises `NotFoundError` for one without statements.
        """
        target = Path(path).absolute()
        budget = self._write_budget("the export")
        header = {"kind": "export", "path": str(target), "format": format or "", "graph": graph, "seconds": budget.seconds}
        try:
            reply, _ = self._read("export", target.name, header, budget)
        finally:
            with suppress(OSError):
                target.with_name(f".{target.stem}.part{target.suffix}").unlink(missing_ok=True)
        facts = reply.header
        return ExportReport(facts["rows"], facts["unreadable"], tuple(facts["left_out"]), facts["untimed"])

    # writing

    def load(self, files: Sequence[str | Path], *, graph: str | None = None, axis_order: AxisOrder = AxisOrder.AUTO, strict: bool = False,
             resume: bool = False, replace: Replaced = "nothing", address: str = "", one_graph: bool = False,
             progress: ProgressSink = silent) -> LoadReport:
        """Load RDF files: N-Triples, Turtle, N-Quads, TriG, RDF/XML, JSON-LD or N3 by extension, also ``.gz``; all files or none.

        Args:
            graph: IRI for statements that are in no named graph.
            axis_order: how literals under latitude-first systems are read, see `earthweave.ontology.geometry.prove_axis`.
            strict: stop at the first bad line of N-Triples or N-Quads; otherwise such lines are left out, counted and told.
                The other syntaxes always stop.
            resume: keep what was read of each finished file, and go on behind it if an earlier load was cut off.
            replace: what goes in the same transaction: ``nothing``, what is in ``graph`` (the default graph if it is None), or ``all``.
            address: what relative IRIs are relative to; the name of each file unless given.
            one_graph: refuse documents with statements in named graphs.
            progress: told the file, statements per second, and the seconds that remain.

        Raises `RdfSyntaxError` (file, line, column), `ParameterError`, `ForbiddenError`, `SizeLimitError`, `StoreBusyError` …
        """
        entries = [_entry(Path(file)) for file in files]
        if not entries:
            raise ParameterError("no file was given to load")
        options = _Options(_graph_iri(graph), AxisOrder(axis_order).value, strict, replace,
                           str(self._layout.interrupted) if resume else "", address, one_graph)
        return self._load(entries, None, options, progress)

    def load_quads(self, chunks: Iterable[bytes], *, name: str, graph: str | None = None, axis_order: AxisOrder = AxisOrder.AUTO,
                   strict: bool = True, replace: Replaced = "nothing", progress: ProgressSink = silent) -> LoadReport:
        """Load N-Quads that arrive in pieces, in bounded memory; ``name`` stands for a file name in the report. Otherwise as `load`."""
        entry = {"name": name, "path": "", "format": "nquads"}
        return self._load([entry], chunks, _Options(_graph_iri(graph), AxisOrder(axis_order).value, strict, replace), progress)

    def load_tables(self, batches: Iterable[Any], *, name: str, graph: str | None = None, axis_order: AxisOrder = AxisOrder.AUTO,
                    progress: ProgressSink = silent) -> LoadReport:
        """Load statements that arrive as pyarrow record batches with a column per term, so that no text is written and read on the way.

        Columns: ``subject``, ``predicate``, ``object``, and if wanted ``object_type`` (``iri``, ``bnode``, ``literal``), ``datatype``,
        ``language``, ``graph``; all strings, dictionary-encoded or not; and ``wkb``, well-known binary of geometry literals in CRS84,
        longitude first. Batches may differ in which they have. Blank nodes keep their labels. Otherwise as `load_quads`.
        """
        entry = {"name": name, "path": "", "format": "arrow"}
        return self._load([entry], ipc_chunks(batches), _Options(_graph_iri(graph), AxisOrder(axis_order).value, strict=True), progress)

    def _load(self, entries: list[dict[str, str]], chunks: Iterable[bytes] | None, options: _Options,
              progress: ProgressSink) -> LoadReport:
        start = time.perf_counter()
        header = {"files": entries, **asdict(options), "bytes": self.limits.load_bytes, "nesting": self.limits.load_nesting}
        names = ", ".join(entry["name"] for entry in entries)
        heard = _teller(progress)

        def work(kind: str, text: str, request: Frame) -> Frame:
            return self._work(kind, text, request, chunks, heard)

        with disk(), self._layout.writing(self.limits.write_wait):
            done, generation = self._commits.write("load", names, header, work=work)
        files = tuple(_file_report(one) for one in done["files"])
        return LoadReport(files, sum(one.triples for one in files), done["after"] - done["before"], time.perf_counter() - start,
                          sum(one.geometries for one in files), sum(one.unreadable for one in files), generation)

    def update(self, text: str, *, address: str = "", default_graphs: Sequence[str] = (), named_graphs: Sequence[str] = ()) -> UpdateReport:
        """Run a SPARQL 1.1 update, all or nothing. Raises as `query` does, and `StoreBusyError`; LOAD reads below ``load_roots`` alone.

        Args:
            address: what relative IRIs are relative to before any BASE.
            default_graphs, named_graphs: the dataset of patterns (SPARQL Protocol §2.2.3); `QueryError` beside USING or WITH.
        """
        start = time.perf_counter()
        _check_graphs(*default_graphs, *named_graphs)
        told = admit(text, self.limits, update=True)
        done, generation = self._commits.update({"text": text, "address": address, "default_graphs": [*default_graphs],
                                                 "named_graphs": [*named_graphs]})
        notices = (*told, *(Notice(*one) for one in done["notices"]))
        return UpdateReport(done["before"], done["after"], time.perf_counter() - start, generation, notices)

    def _write_budget(self, work: str) -> Budget:
        return Budget(work, "load_deadline", self.limits.load_deadline, "load_memory", self.limits.load_memory)

    def _work(self, kind: str, text: str, request: Frame, chunks: Iterable[bytes] | None = None,
              heard: Callable[[Frame], None] = lambda _: None) -> Frame:
        """Have the write worker do something; its last frame."""
        budget = self._write_budget(f"the {kind}")
        with self._writers.worker(budget.seconds) as worker, self._layout.runs.register(kind, text, worker.pid):
            until = time.monotonic() + budget.seconds
            worker.send(request, until, budget)
            if chunks is not None:
                for piece in portions(chunks):
                    worker.send(Frame({"op": "chunk"}, piece), until, budget)
                    for frame in worker.pending():
                        heard(frame)
                worker.send(Frame({"op": "end"}), until, budget)
            while (frame := receive(worker, until, budget, self._remote, self.limits.service_bytes)).op != "done":
                heard(frame)
            if worker.grown(frame) > _SPARE:
                # a big load leaves memory behind that an idle process should not hold
                worker.kill()
            return frame

    # keeping

    def backup(self, folder: str | Path) -> Statistics:
        """Copy the current generation into a new folder, which is itself a store; nothing is shared with this one.

        Readers and writers go on meanwhile. Raises `StoreError` if the folder is not empty.
        """
        target = Path(folder)
        with disk(_NOT_KEPT), self._layout.pinned(target.name) as generation:
            return _statistics(_copied(generation, target))

    def statistics(self) -> Statistics:
        """How much there is in the current generation."""
        generation = self._layout.current()
        return _statistics(generation) if generation else Statistics(0, 0, 0)

    def network(self) -> str:
        """Why query workers still have a network; empty if the system let them cut it off."""
        with self._pool.worker(self.limits.query_deadline) as worker:
            return worker.network

    @property
    def answers_service(self) -> bool:
        """Whether SERVICE may reach any other endpoint."""
        return self._remote is not None

    @property
    def workers_lost(self) -> int:
        """How many workers of this process were killed, or died, over a query or a write."""
        return self._pool.lost + self._writers.lost

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
    try:
        list(records(generation.log, 0, generation.length))
        with disk(_NOT_KEPT):
            target.create()
            staged = Generation(target.staging / "copy")
            for path in filter(Path.is_file, generation.snapshot.rglob("*")):
                copy = staged.snapshot / path.relative_to(generation.snapshot)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copy)
            log = b"" if not generation.length else generation.log.read_bytes()[: generation.length]
            if log:
                (staged.folder / "log").write_bytes(log)
            target.publish(staged, int(generation.folder.name), int(generation.facts["triples"]))
            with target.writing(0.0):
                # finds the end of the log
                return target.needed()
    except BaseException:
        # half a store would be in the way of the next attempt
        shutil.rmtree(target.root, ignore_errors=True)
        raise


def _close(*pools: Pool) -> None:
    for pool in pools:
        pool.close()


def _found(layout: Layout) -> None:
    """Publish the empty first generation."""
    # most processes that use a store only talk to its workers: they do without the engine's libraries, a quarter of a second
    from .snapshot import SnapshotBuilder

    with layout.writing(10.0):
        if layout.current() is None:
            staged = layout.stage()
            SnapshotBuilder(staged.snapshot).finish()
            layout.publish(staged, 1, 0)


def _statistics(generation: Generation) -> Statistics:
    return Statistics(generation.triples, generation.number, generation.size)


def _answer(reply: Frame, told: tuple[Notice, ...], limits: Limits, generation: int) -> Answer:
    header = reply.header
    kind = header["form"]
    notices = (*told, *(Notice(*one) for one in header["notices"]))
    answer = Answer(kind, notices=notices, truncated=header["truncated"], seconds=header["seconds"], limits=limits, generation=generation,
                    plan=header["plan"])
    if kind == "boolean":
        return replace(answer, boolean=header["boolean"])
    if kind == "graph":
        return replace(answer, graph=reply.body)
    table = pa.ipc.open_stream(reply.body).read_all()
    lonlat = {name: tuple(rows) for name, rows in header["lonlat"].items()}
    variable, place = header.get("drawn", ("", 0))
    return replace(answer, table=table, lonlat=lonlat, drawn={variable: unpacked(reply.body[place:])} if variable else {})


@dataclass(frozen=True)
class _Options:
    """How documents are loaded, as the header of the request has it; ``resume`` is a folder, or empty."""

    graph: str
    axis_order: str
    strict: bool
    replace: Replaced = "nothing"
    resume: str = ""
    address: str = ""
    one_graph: bool = False


def _entry(path: Path) -> dict[str, str]:
    from .loading import Document

    if path.is_dir():
        raise ParameterError(f"{path} is a folder", why="only files are loaded", way_out="name the files in it")
    if not path.is_file():
        raise NotFoundError(f"there is no file {path.name}", way_out="check the path")
    return {"name": path.name, "path": str(path.absolute()), "format": Document.of(path).syntax}


def _graph_iri(graph: str | None) -> str:
    if graph and not _ABSOLUTE.fullmatch(graph):
        raise ParameterError(f"{graph} is no absolute IRI", way_out="name the graph like http://example.org/graph")
    return graph or ""


def _file_report(facts: dict[str, Any]) -> FileReport:
    bad = tuple(BadStatement(**one) for one in facts["bad_lines"])
    return FileReport(**{**facts, "problems": tuple(facts["problems"]), "bad_lines": bad})


def _check_graphs(*graphs: str) -> None:
    for graph in graphs:
        if not _ABSOLUTE.fullmatch(graph):
            raise QueryError(f"{graph} is no absolute IRI", way_out="name graphs like http://example.org/graph")


def _contents(facts: dict[str, Any]) -> Contents:
    properties = {name: PropertyPartition(**one) for name, one in facts["properties"].items()}
    bounds, period = (tuple(one) if one else None for one in (facts["bounds"], facts["period"]))
    return Contents(**{**facts, "properties": properties, "bounds": bounds, "period": period})


def _teller(progress: ProgressSink) -> Callable[[Frame], None]:
    def heard(frame: Frame) -> None:
        progress(Progress(frame.header["stage"], frame.header["fraction"], frame.header["note"]))

    return heard
