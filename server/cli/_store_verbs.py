"""``load``, ``query``, ``update``, ``export`` and ``store …``."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click

from earthweave.ontology import InputError, NotFoundError
from earthweave.ontology.geometry import AxisOrder
from earthweave.server.federation import allowed_endpoints
from earthweave.server.results import serialise
from earthweave.server.settings import RemoteSettings, read
from earthweave.server.store import Answer, FileReport, Limits, LoadReport, Store, open_store, restore

from ._console import Outcome, Reporter, store_option, text_table, verb
from ._remote import ask_remote

RDF_FORMATS = ("ntriples", "turtle", "nquads", "trig", "n3", "rdfxml", "jsonld")
FEATURE_FORMATS = ("geoparquet", "geopackage", "flatgeobuf", "kml", "geojson")
FORMATS = ("table", "json", "xml", "csv", "tsv", "geojson", "turtle", "ntriples")


def existing_store(path: str) -> Store:
    """Open a store that must exist; raise `NotFoundError` with the way to make one."""
    if not Path(path, "store.json").is_file():
        raise NotFoundError(
            f"there is no store at {path}",
            why="no store.json in that folder",
            way_out=f"make one: earthweave load FILE --store {path}, or earthweave demo; or name another with --store or EARTHWEAVE_STORE",
        )
    remote = read(RemoteSettings)
    allowed = allowed_endpoints(remote.service_allow, remote.remote_deadline)
    return open_store(path, limits=read(Limits), create=False, remote=allowed)


def load_text(report: LoadReport) -> str:
    """A load report for people: figures, then what the axis policy and the geometry check found in each file."""
    new = f", {report.added:,} of them new" if report.added != report.triples else ""
    lines = [f"loaded {report.triples:,} triples from {len(report.files)} file(s){new} in {report.seconds:.1f} s"]
    return "\n".join([*lines, *(line for file in report.files for line in _findings(file))])


def _findings(file: FileReport) -> Iterator[str]:
    if file.proof:
        yield f"{file.name}: latitude-first literals are read longitude first, as this one proves: {file.proof[:100]}"
    if file.contradiction:
        yield f"{file.name}: read latitude first, because this literal speaks against the other order: {file.contradiction[:100]}"
    if file.resumed:
        yield f"{file.name}: taken over from the load that was cut off"
    if file.bad:
        samples = "; ".join(f"line {one.line}: {one.reason}: {one.sample[:60]}" for one in file.bad_lines[:3])
        many = "1 line is no statement and was" if file.bad == 1 else f"{file.bad:,} lines are no statements and were"
        yield f"{file.name}: {many} left out, e.g. {samples}"
    if file.unreadable:
        yield f"{file.name}: {file.unreadable:,} geometry literals cannot be read, e.g. {'; '.join(file.problems[:3])}"


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE…")
@click.option("--graph", metavar="IRI", help="Named graph for the triples that are in none; quads keep theirs.")
@click.option(
    "--axis-order",
    type=click.Choice([one.value for one in AxisOrder]),
    default=AxisOrder.AUTO.value,
    show_default=True,
    help="How EPSG:4326 is read: strict = latitude first, lonlat = longitude first, auto = longitude first only where a literal proves it.",
)
@click.option("--strict", is_flag=True, help="Stop at the first bad line of N-Triples or N-Quads, instead of leaving it out and telling.")
@click.option("--resume", is_flag=True, help="Keep what was read of each finished file, and go on there if a load was cut off.")
@store_option
@verb
def load(files: tuple[Path, ...], graph: str | None, axis_order: str, strict: bool, resume: bool, store_path: str) -> Outcome:
    """Load RDF files (N-Triples, N-Quads, Turtle, TriG, N3, RDF/XML, JSON-LD; also .gz) into the store.

    All or nothing: if one file fails, the store stays as it was. Lines of N-Triples and N-Quads that are no statements are left out,
    counted and shown, unless --strict. A single - reads N-Triples or N-Quads from standard input.

    A load of many files may be given --resume from its start: if it is cut off (power, kill), the same command takes over the files that
    were read to their end, and goes on behind them. A file that has changed since is read again.

    \b
    Examples:  earthweave load floods.nt AUS_level2.nt --store my-store
               earthweave load checked.nq --strict
               earthweave load part-*.nt.gz --resume
               earthweave map run flood floods.shp | earthweave load - --graph http://example.org/floods
    """
    with open_store(store_path, limits=read(Limits)) as store, Reporter() as reporter:
        order = AxisOrder(axis_order)
        if [str(file) for file in files] == ["-"]:
            report = store.load_quads(_standard_input(), name="standard input", graph=graph, axis_order=order, strict=strict,
                                      progress=reporter)
        else:
            report = store.load(files, graph=graph, axis_order=order, strict=strict, resume=resume, progress=reporter)
    return Outcome(asdict(report), load_text(report))


def _standard_input() -> Iterator[bytes]:
    while chunk := sys.stdin.buffer.read(1 << 20):
        yield chunk


def _text_of(text: str | None, file: str | None, kind: str) -> str:
    if (text is None) == (file is None):
        raise click.UsageError(f"give the {kind} as an argument, or a file with -f (- for standard input)")
    if text is not None:
        return sys.stdin.read() if text == "-" else text
    if file == "-":
        return sys.stdin.read()
    try:
        return Path(str(file)).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file} cannot be read", why=str(error), way_out=f"name a UTF-8 text file that holds the {kind}") from error


def answer_outcome(answer: Answer, format_name: str | None, *, limits: Mapping[str, Any] | None = None) -> Outcome:
    """An answer as outcome: a table for people, the bytes of a format, or the JSON of the envelope; ``limits`` that applied elsewhere."""
    notices = tuple(notice.text for notice in answer.notices)
    applied = {**(asdict(answer.limits) if limits is None else limits), "truncated": answer.truncated}
    if format_name in (None, "table"):
        return Outcome(lambda: _as_json(answer), answer_text(answer), notices=notices, limits=applied)
    return Outcome(None, raw=serialise(answer, str(format_name)), notices=notices, limits=applied)


def _as_json(answer: Answer) -> Any:
    return serialise(answer, "ntriples").decode() if answer.kind == "graph" else json.loads(serialise(answer, "json"))


def answer_text(answer: Answer) -> str:
    """An answer as a plain table, long cells cut; graphs as N-Triples."""
    if answer.kind == "boolean":
        return "yes" if answer.boolean else "no"
    if answer.kind == "graph":
        return (answer.graph or b"").decode().rstrip()
    assert answer.table is not None
    rows = [[term["value"] if term else "" for term in row.values()] for row in answer.table.to_pylist()]
    count = f"({len(rows):,} row{'' if len(rows) == 1 else 's'}{', cut' if answer.truncated else ''})"
    return "\n".join([*text_table(answer.table.column_names, rows), count])


@click.command()
@click.argument("text", required=False, metavar="[SPARQL]")
@click.option("-f", "--file", help="Read the query from a file (- for standard input).")
@click.option("--endpoint", metavar="URL", help="Ask this SPARQL endpoint instead of the store.")
@click.option("--format", "format_name", type=click.Choice(FORMATS), help="Format of the result; a table unless said.")
@click.option("--explain", is_flag=True,
              help="Run it and show the plan instead: steps, expected and real rows, time, index used or why not.")
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS",
              help="Stop after so long; query_deadline unless said.")
@click.option("--limit-rows", type=click.IntRange(min=1), metavar="N",
              help="Cut the result after N rows, and say so; query_rows unless said.")
@store_option
@verb
def query(text: str | None, file: str | None, endpoint: str | None, format_name: str | None, explain: bool, timeout: float | None,
          limit_rows: int | None, store_path: str) -> Outcome:
    """Answer a SPARQL 1.1 query (SELECT, ASK, CONSTRUCT, DESCRIBE) with GeoSPARQL functions.

    What should be known about the answer is on standard error: why it is empty, that it was cut, what could not be computed. --explain
    shows the plan as text, with --format json as JSON.

    \b
    Examples:  earthweave query 'SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }'
               earthweave query -f floods.rq --format geojson > floods.geojson
               earthweave query -f slow.rq --explain --timeout 120
               earthweave query -f many.rq --limit-rows 1000000 --format csv > many.csv
               earthweave query --endpoint http://localhost:8080/sparql -f floods.rq
    """
    wanted = _text_of(text, file, "query")
    if explain and format_name not in (None, "table", "json"):
        raise click.UsageError("a plan is text, or JSON with --format json")
    if endpoint:
        if explain or timeout or limit_rows:
            raise click.UsageError("--explain, --timeout and --limit-rows are for the store; another endpoint has limits of its own")
        return answer_outcome(ask_remote(endpoint, wanted), format_name, limits=asdict(read(RemoteSettings)))
    with existing_store(store_path) as store:
        limits = replace(store.limits, **_given(query_deadline=timeout, query_rows=limit_rows))
        answer = store.query(wanted, limits=limits, explain=explain)
    return _plan_outcome(answer, format_name) if explain else answer_outcome(answer, format_name)


def _given(**limits: Any) -> dict[str, Any]:
    return {name: value for name, value in limits.items() if value is not None}


def _plan_outcome(answer: Answer, format_name: str | None) -> Outcome:
    plan = dict(answer.plan or {})
    text = str(plan.pop("text", ""))
    raw = json.dumps(plan, ensure_ascii=False, indent=1).encode() + b"\n" if format_name == "json" else None
    return Outcome(plan, text, raw=raw, notices=tuple(notice.text for notice in answer.notices))


@click.command()
@click.argument("text", required=False, metavar="[SPARQL]")
@click.option("-f", "--file", help="Read the update from a file (- for standard input).")
@store_option
@verb
def update(text: str | None, file: str | None, store_path: str) -> Outcome:
    """Run a SPARQL 1.1 Update; all or nothing.

    Patterns outside GRAPH see the default graph alone; WITH and USING name another. LOAD reads
    below load_roots and SERVICE asks what service_allow names; both are refused unless you set these.

    \b
    Examples:  earthweave update 'DELETE WHERE { ?s <http://example.org/p> ?o }'
               earthweave update -f correct.ru
    """
    with existing_store(store_path) as store:
        report = store.update(_text_of(text, file, "update"))
    return Outcome(
        asdict(report),
        f"done in {report.seconds:.2f} s: {report.before:,} → {report.after:,} statements",
        notices=tuple(one.text for one in report.notices),
    )


@click.command("export")
@click.argument("target", type=click.Path(path_type=Path), metavar="FILE")
@click.option(
    "--format",
    "format_name",
    type=click.Choice([*RDF_FORMATS, *FEATURE_FORMATS]),
    help="By the file's ending unless said.",
)
@store_option
@verb
def export_(target: Path, format_name: str | None, store_path: str) -> Outcome:
    """Write the whole store as RDF, or its features for a GIS; - writes RDF to standard output, N-Quads unless --format says otherwise.

    N-Triples, Turtle, N3 and RDF/XML have no named graphs: all statements go into one. A name that ends in .gz is packed. GeoParquet,
    GeoPackage, FlatGeobuf, KML and GeoJSON hold one row per feature and geometry (longitude first), with its class and its single-valued
    literals as columns.

    \b
    Examples:  earthweave export everything.nq          N-Quads: all graphs
               earthweave export everything.trig.gz     TriG, packed; also .nt .ttl .n3 .rdf .jsonld
               earthweave export features.parquet       GeoParquet
               earthweave export features.gpkg          GeoPackage; also .fgb .kml .geojson
               earthweave export - --format turtle | less
    """
    with existing_store(store_path) as store:
        if str(target) == "-":
            return Outcome(None, raw=_exported(store, format_name))
        if target.is_dir():
            raise InputError(f"{target} is a folder", why="an export is one file", way_out=f"name a file in it: {target / 'everything.nq'}")
        report = store.export(target, format=format_name)
    lines = [f"wrote {report.rows:,} rows to {target} ({target.stat().st_size:,} bytes)"]
    if report.unreadable:
        lines.append(f"{report.unreadable:,} geometry literals cannot be read and are in no row")
    if report.untimed:
        lines.append(f"without their valid times, which only N-Quads can write: {report.untimed:,} statements")
    if report.left_out:
        lines.append("no columns, because they have several values or no literals: " + ", ".join(report.left_out))
    return Outcome({"file": target.name, "bytes": target.stat().st_size, **asdict(report)}, "\n".join(lines))


def _exported(store: Store, format_name: str | None) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "export"
        store.export(target, format=format_name or "nquads")
        return target.read_bytes()


@click.group()
def store() -> None:
    """Back up, restore and watch a store."""


@store.command()
@click.argument("folder", type=click.Path(path_type=Path))
@store_option
@verb
def backup(folder: Path, store_path: str) -> Outcome:
    """Copy the published state into FOLDER; readers and writers go on."""
    if folder.is_file() or folder.resolve().is_relative_to(Path(store_path).resolve()):
        raise InputError(f"{folder} cannot take a backup", why="it is a file, or lies in the store", way_out="name a new folder elsewhere")
    with existing_store(store_path) as source:
        source.backup(folder)
    return Outcome({"folder": folder.name}, f"backed up to {folder}")


@store.command("restore")
@click.argument("folder", type=click.Path(path_type=Path, exists=True))
@store_option
@verb
def restore_(folder: Path, store_path: str) -> Outcome:
    """Make a new store from a backup; refuses to overwrite one."""
    restore(folder, Path(store_path))
    return Outcome({"store": Path(store_path).name}, f"restored {folder} to {store_path}")


@store.command()
@store_option
@verb
def queries(store_path: str) -> Outcome:
    """List the queries that are running now, with their ids."""
    with existing_store(store_path) as source:
        found = source.running()
    lines = [f"{one.id}  {one.kind}  since {one.started:%H:%M:%S} UTC  {' '.join(one.text.split())[:100]}" for one in found]
    return Outcome([asdict(one) for one in found], "\n".join(lines) or "no query is running")


@store.command()
@click.argument("query_id")
@store_option
@verb
def abort(query_id: str, store_path: str) -> Outcome:
    """Stop a running query by its id (see: earthweave store queries)."""
    with existing_store(store_path) as source:
        source.abort(query_id)
    return Outcome({"aborted": query_id}, f"aborted {query_id}")
