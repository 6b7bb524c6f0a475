"""Names that people's notes and scripts use already: Strabon and the AI4Copernicus services; GeoTriples stands beside.

The tutorial's lines run verbatim from the verb onward (BiDS 2023 tutorial, §3.5).
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from earthweave.ontology import UnsupportedError
from earthweave.ontology.geometry import AxisOrder
from earthweave.server.settings import read
from earthweave.server.store import Limits, open_store

from ._console import Outcome, Reporter, run, verb
from ._process_verbs import find_service, service_command
from ._store_verbs import answer_outcome, existing_store, load_text

_STRABON_FORMATS = {"xml": "xml", "html": "table", "geojson": "geojson", "json": "json", "tsv": "tsv"}


@click.group()
@click.option("-db", "database", default="endpoint", show_default=True, help="Name of the database: here the folder of the store.")
@click.option("-h", "host", hidden=True)
@click.option("-p", "port", hidden=True)
@click.option("-u", "user", hidden=True)
@click.option("-pass", "password", hidden=True)
@click.pass_context
def strabon(context: click.Context, /, database: str, **server: str | None) -> None:
    """Strabon's verbs on Earthweave's store; there is no database server, so -h -p -u -pass have no effect."""
    if any(server.values()):
        click.echo("notice: -h, -p, -u and -pass have no effect: the store is a folder, not a database server", err=True)
    context.obj = database


@strabon.command("store")
@click.option("-f", "form", help="Accepted and ignored: the format follows from the file's ending.")
@click.option("-g", "graph", help="Named graph.")
@click.option("--inference", is_flag=True, help="Not offered yet.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.pass_obj
@verb
def strabon_store(database: str, form: str | None, graph: str | None, inference: bool, files: tuple[Path, ...]) -> Outcome:
    """Load RDF files."""
    if inference:
        raise UnsupportedError("--inference is not offered yet", way_out="load without it; class hierarchies come with the complete store")
    with open_store(database, limits=read(Limits)) as store, Reporter() as reporter:
        report = store.load(files, graph=graph, axis_order=AxisOrder.AUTO, progress=reporter)
    return Outcome(asdict(report), load_text(report))


@strabon.command("query")
@click.argument("sparql")
@click.argument("form", required=False, default="xml", type=click.Choice(sorted(_STRABON_FORMATS)))
@click.pass_obj
@verb
def strabon_query(database: str, sparql: str, form: str) -> Outcome:
    """Answer a query; formats as Strabon names them."""
    with existing_store(database) as store:
        answer = store.query(sparql)
    return answer_outcome(answer, _STRABON_FORMATS[form] if answer.kind != "graph" else "ntriples")


@strabon.command("update")
@click.argument("sparql")
@click.pass_obj
@verb
def strabon_update(database: str, sparql: str) -> Outcome:
    """Run a SPARQL Update."""
    with existing_store(database) as store:
        report = store.update(sparql)
    return Outcome(asdict(report), f"{report.before:,} → {report.after:,} triples")


@strabon.command("describe")
@click.argument("sparql")
@click.argument("form", required=False, default="N-Triples", type=click.Choice(["N-Triples", "TURTLE"]))
@click.pass_obj
@verb
def strabon_describe(database: str, sparql: str, form: str) -> Outcome:
    """Answer a DESCRIBE or CONSTRUCT query as RDF."""
    with existing_store(database) as store:
        return answer_outcome(store.query(sparql), "turtle" if form == "TURTLE" else "ntriples")


def run_command(name: str) -> None:
    """Find the service of that executable and hand it the command line."""
    service_command(find_service(name), name)(prog_name=name)


def later(name: str, why: str) -> None:
    """Say that a service comes later."""

    def refuse() -> Outcome:
        raise UnsupportedError(f"{name} is not offered yet", why=why, way_out="S2-CD works now: S2-CD --help")

    run(refuse)
