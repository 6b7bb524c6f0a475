"""Strabon's verbs on Earthweave's store: ``strabon-cmd [OPTIONS] store|query|update|describe|help``, verbatim (BiDS 2023 tutorial, §3.5).

Options, aliases and formats are those of Strabon 3.3's script. There is no database server: what names one is accepted without effect.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import click

from earthweave.ontology import PREFIXES, ForbiddenError, InputError, QueryError, UnsupportedError
from earthweave.ontology.geometry import AxisOrder
from earthweave.server.settings import read
from earthweave.server.store import Limits, open_store

from ._console import Outcome, Reporter, verb
from ._store_verbs import answer_outcome, existing_store, load_text

Command = Callable[..., Any]
_HOTSPOT = "http://teleios.di.uoa.gr/ontologies/noaOntology.owl#Hotspot"
_QUERIES = {
    "size": "SELECT (COUNT(*) AS ?C) WHERE { ?s ?p ?o }", "all": "SELECT * WHERE { ?s ?p ?o }",
    "hotspots": f"SELECT (COUNT(*) AS ?C) WHERE {{ ?h a <{_HOTSPOT}> }}",
}
"""Aliases of queries."""
_RESULTS = {
    "xml": "xml", "html": "html", "kml": "kml", "kmz": "kmz", "geojson": "geojson", "tsv": "tsv", "json": "json", "sparql/json": "json",
    "sparql/xml": "xml", "???": "table",
}
"""Strabon's formats of results and ours."""
_GRAPHS = {"N-Triples": "ntriples", "RDF/XML": "rdfxml", "N3": "turtle", "TURTLE": "turtle", "TRIG": "trig"}
_SUFFIXES = {"ntriples": ".nt", "n3": ".n3", "rdfxml": ".rdf", "turtle": ".ttl", "nquads": ".nq"}
"""Formats of files to store, and the ending that says so here."""
_NO_SERVER = "-e, -h, -p, -u, -pass, -m, -M and -MM have no effect: the store is a folder, not a database server"
_VIRTUAL = "--inference stores nothing: hierarchies are answered when they are asked for, with EARTHWEAVE_ENTAILMENT=rdfs"
_SETTING = re.compile(r"^\s*DB=[\"']?([^\"'#\n]*?)[\"']?\s*$", re.MULTILINE)
_STRDF = "http://strdf.di.uoa.gr/ontology#"


def _server_options(function: Command) -> Command:
    for name in ("-e", "-h", "-p", "-u", "-pass", "-MM"):
        function = click.option(name, f"server_{name.strip('-').lower()}", hidden=True)(function)
    for name, field in (("-m", "server_more"), ("-M", "server_most")):
        function = click.option(name, field, is_flag=True, hidden=True)(function)
    return function


@click.group(context_settings={"help_option_names": ["--help"]})
@click.option("-db", "database", help="Name of the database: here the folder of the store; else what the configuration says, or endpoint.")
@click.option("-c", "configuration", type=click.Path(path_type=Path), help="File with DB=NAME; ~/.strabon unless said.")
@click.option("-i", "prefixed", is_flag=True, help="Put the usual prefixes in front of the query.")
@click.option("-d", "dry", is_flag=True, help="Run nothing, say what would be run on which store.")
@_server_options
@click.pass_context
def strabon(context: click.Context, /, database: str | None, configuration: Path | None, prefixed: bool, dry: bool, **server: Any) -> None:
    """Strabon's verbs on Earthweave's store; there is no database server, so -e -h -p -u -pass -m -M -MM have no effect."""
    if any(server.values()):
        click.echo(f"notice: {_NO_SERVER}", err=True)
    name = database or _configured(configuration) or "endpoint"
    if dry:
        click.echo(f"strabon-cmd: debug is ON: {context.invoked_subcommand} on the store {name}")
        context.exit()
    context.obj = name, _head() if prefixed else ""


def _configured(path: Path | None) -> str:
    """What a configuration file of Strabon names as the database; empty if there is none."""
    if path is not None and not path.is_file():
        raise click.UsageError(f'configuration file "{path}" does not exist')
    found = path or Path.home() / ".strabon"
    match = _SETTING.search(found.read_text("utf-8", "replace")) if found.is_file() else None
    return match[1] if match else ""


def _head() -> str:
    known = {**PREFIXES, "strdf": _STRDF, "ogc": PREFIXES["uom"]}
    return "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in known.items())


@strabon.command("store")
@click.option("-f", "form", type=click.Choice(sorted(_SUFFIXES), case_sensitive=False),
              help="Format of the files; else what their ending says.")
@click.option("-g", "graph", help="Named graph.")
@click.option("--inference", is_flag=True, help="Accepted with a notice: hierarchies are computed when they are asked for.")
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.pass_obj
@verb
def strabon_store(base: tuple[str, str], form: str | None, graph: str | None, inference: bool, files: tuple[str, ...]) -> Outcome:
    """Load RDF files, longitude first whatever their CRS says, as Strabon reads them."""
    paths = [_local(one) for one in files]
    with tempfile.TemporaryDirectory() as folder, open_store(base[0], limits=read(Limits)) as store, Reporter() as reporter:
        named = paths if form is None else [_renamed(path, Path(folder) / str(place), form) for place, path in enumerate(paths)]
        report = store.load(named, graph=graph, axis_order=AxisOrder.LONLAT, progress=reporter)
    return Outcome(asdict(report), load_text(report), notices=(_VIRTUAL,) if inference else ())


def _local(name: str) -> Path:
    """The file that a name or a file: URL means."""
    parts = urlsplit(name)
    if parts.scheme in ("http", "https", "ftp"):
        raise ForbiddenError(f"{name} is not fetched", why="the store fetches nothing from the network",
                             way_out="download it, then store the file")
    return Path(unquote(parts.path) if parts.scheme == "file" else name)


def _renamed(path: Path, folder: Path, form: str) -> Path:
    """A link to the file whose ending says its format."""
    if not path.is_file():
        raise InputError(f"{path} is no file", way_out="name an RDF file")
    packed = ".gz" if path.suffix == ".gz" else ""
    folder.mkdir()
    link = folder / (path.name.removesuffix(packed).partition(".")[0] + _SUFFIXES[form] + packed)
    link.symlink_to(path.absolute())
    return link


@strabon.command("query")
@click.option("--force-delete", is_flag=True, hidden=True, expose_value=False)
@click.argument("sparql")
@click.argument("form", required=False, default="xml", type=click.Choice(list(_RESULTS), case_sensitive=False))
@click.pass_obj
@verb
def strabon_query(base: tuple[str, str], sparql: str, form: str) -> Outcome:
    """Answer a query, or one of the aliases size, all and hotspots; formats as Strabon names them.

    \b
    Examples:  strabon-cmd -db endpoint query size
               strabon-cmd -db endpoint query "SELECT …" KML > places.kml
    """
    with existing_store(base[0]) as store:
        answer = store.query(_QUERIES.get(sparql) or base[1] + sparql)
    return answer_outcome(answer, _RESULTS[form.lower()] if answer.kind != "graph" else "ntriples")


@strabon.command("update")
@click.argument("sparql")
@click.pass_obj
@verb
def strabon_update(base: tuple[str, str], sparql: str) -> Outcome:
    """Run a SPARQL Update, or the alias clear, which deletes everything."""
    with existing_store(base[0]) as store:
        report = store.update("CLEAR ALL" if sparql == "clear" else base[1] + sparql)
    return Outcome(asdict(report), f"{report.before:,} → {report.after:,} statements", notices=tuple(one.text for one in report.notices))


@strabon.command("describe")
@click.argument("sparql")
@click.argument("form", required=False, default="N-Triples", type=click.Choice([*_GRAPHS, "TRIX", "BinaryRDF"], case_sensitive=False))
@click.pass_obj
@verb
def strabon_describe(base: tuple[str, str], sparql: str, form: str) -> Outcome:
    """Answer a DESCRIBE or CONSTRUCT query as RDF; the alias export gives everything."""
    if form not in _GRAPHS:
        raise UnsupportedError(f"{form} is not written", why="few programs read it", way_out="one of " + ", ".join(_GRAPHS))
    with existing_store(base[0]) as store:
        if sparql != "export":
            answer = store.query(base[1] + sparql)
            if answer.kind != "graph":
                raise QueryError("describe takes DESCRIBE and CONSTRUCT", why=f"the answer is a {answer.kind}", way_out="strabon-cmd query")
            return answer_outcome(answer, _GRAPHS[form])
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "export"
            store.export(target, format=_GRAPHS[form])
            return Outcome(None, raw=target.read_bytes())


@strabon.command("help")
@click.argument("name", required=False, metavar="[VERB]")
@click.pass_context
def strabon_help(context: click.Context, name: str | None) -> None:
    """Explain a verb."""
    parent = context.parent
    assert parent is not None
    command = strabon.commands.get(name or "")
    click.echo(command.get_help(click.Context(command, parent, name)) if command else parent.get_help())
