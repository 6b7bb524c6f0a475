"""``ask`` and ``serve``."""

from __future__ import annotations

import json
import logging
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from earthweave.ontology import InputError, MissingDependencyError, ParameterError
from earthweave.server.questions import StoreAsker
from earthweave.server.settings import EndpointSettings, QuestionLimits, ServeSettings, WebSettings, read
from earthweave.server.store import Store

from ._console import Outcome, run, store_option, text_table, verb
from ._store_verbs import existing_store


def answer_lines(answer: dict[str, Any], most: int = 20) -> str:
    """An answer for people: the text, the first rows, what was assumed, what was not understood, why it was refused."""
    lines = [answer["text"], *_rows(answer, most)]
    lines += [f"  assumed: {item}" for item in answer["assumptions"]]
    if answer["unknown"]:
        lines.append(f"  not understood: {', '.join(answer['unknown'])}")
    if answer["status"] == "refused":
        lines.append(f"  refused: {answer['reason']['code']}")
    if answer["simulated"]:
        lines.append("  SIMULATED DATA: this answer rests on simulated data")
    return "\n".join(lines)


def _rows(answer: dict[str, Any], most: int) -> list[str]:
    hidden = {"simulated"} | ({"feature"} if "label" in answer["columns"] else set())
    shown = [column for column, name in enumerate(answer["columns"]) if name not in hidden]
    if not shown or not answer["rows"]:
        return []
    rows = [["" if row[column] is None else str(row[column]) for column in shown] for row in answer["rows"][:most]]
    left = len(answer["rows"]) - most
    more = [f"… and {left:,} more of those listed: --json gives them all"] if left > 0 else []
    return [f"  {line}" for line in [*text_table([answer["columns"][column] for column in shown], rows), *more]]


_READ = 8 * 2**20
"""Bytes of a body that are read at least, so that the app itself can say what is too long."""
LOOPBACK = ("localhost", "127.0.0.1")


@click.command()
@click.argument("question")
@store_option
@verb
def ask(question: str, store_path: str) -> Outcome:
    """Ask a question in English about the flooded areas in the store.

    \b
    Example:  earthweave ask "Which administrative units were flooded in March 2021?"
    """
    with existing_store(store_path) as store:
        answer = StoreAsker(store, limits=read(QuestionLimits)).ask(question)
    return Outcome(answer, answer_lines(answer), notices=tuple(notice["text"] for notice in answer["notices"]))


def read_map(path: Path | None) -> dict[str, Any]:
    """A map file: ``{"banner": text, "layers": [{"name", "query"}, …]}``; raise `InputError` if it is none."""
    if path is None:
        return {"banner": "", "layers": []}
    try:
        found = json.loads(path.read_text("utf-8"))
        layers = [{"name": str(one["name"]), "query": str(one["query"])} for one in found["layers"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path} is no map file", why=str(error), way_out='write {"layers": [{"name": "…", "query": "SELECT …"}]}'
        ) from error
    return {"banner": str(found.get("banner", "")), "layers": layers}


def _web() -> tuple[Any, Any]:
    """The application's factory and the WSGI server; raise `MissingDependencyError` without the extra."""
    try:
        from earthweave.server.api import create_app

        from ._listening import listening_server
    except ModuleNotFoundError as error:
        way_out = "pip install 'earthweave[server,qa]'"
        raise MissingDependencyError("serving needs the extra server", why=str(error), way_out=way_out) from error
    return create_app, listening_server


def open_app(store: Store, map_path: Path | None, host: str) -> Any:
    """The web application over a store, with the map's layers preset; on loopback it answers to loopback names only."""
    create_app, _ = _web()
    preset = read_map(map_path)
    settings = read(WebSettings)
    if host in LOOPBACK and not settings.trusted_hosts:
        settings = replace(settings, trusted_hosts=",".join(LOOPBACK))
    return create_app(
        store, questions=StoreAsker(store, limits=read(QuestionLimits)), banner=preset["banner"], layers=preset["layers"],
        settings=settings, endpoint=read(EndpointSettings),
    )


def waitress_options(largest: int) -> dict[str, Any]:
    """What the WSGI server must be told: to look for clients that leave, and how many bytes a body may have."""
    return {"ident": None, "channel_request_lookahead": 1, "max_request_body_size": max(largest, _READ)}


def check_port(host: str, port: int) -> None:
    """Raise `ParameterError` if nobody can listen there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ParameterError(f"cannot listen on {host}:{port}", why=str(error), way_out="choose another with --port") from error


def serve_store(store: Store, settings: ServeSettings, map_path: Path | None) -> None:
    """Serve endpoint, viewer and question box until interrupted."""
    _, listening_server = _web()
    check_port(settings.serve_host, settings.serve_port)
    app = open_app(store, map_path, settings.serve_host)
    if reachable := store.network():
        click.echo(
            f"notice: the query workers could not give up their network ({reachable}); the engine in them calls nobody by itself",
            err=True,
        )
    click.echo(f"map      http://{settings.serve_host}:{settings.serve_port}/", err=True)
    click.echo(f"SPARQL   http://{settings.serve_host}:{settings.serve_port}/sparql", err=True)
    click.echo("stop with Ctrl-C", err=True)
    endpoint = read(EndpointSettings)
    if endpoint.update_token:
        click.echo(f"graphs   http://{settings.serve_host}:{settings.serve_port}/rdf-graph-store (for the bearer of the token)", err=True)
    largest = max(read(WebSettings).request_size * 2**10, endpoint.upload_size * 2**20 if endpoint.update_token else 0)
    logging.basicConfig()
    options = waitress_options(largest)
    listening_server(app, host=settings.serve_host, port=settings.serve_port, threads=settings.serve_threads, **options).run()


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Port; 8080 unless said.")
@click.option("--host", help="Address to listen on; 127.0.0.1 unless said.")
@click.option("--map", "map_path", type=click.Path(path_type=Path), help="File with the layers to show first (the demo writes map.json).")
@store_option
def serve(port: int | None, host: str | None, map_path: Path | None, store_path: str) -> None:
    """Serve the SPARQL endpoint, the map and the question box.

    \b
    Example:  earthweave serve --store my-store --port 8080
    """

    def work() -> Outcome:
        with existing_store(store_path) as store:
            serve_store(store, read(ServeSettings, {"serve_port": port, "serve_host": host}), map_path)
        return Outcome(None)

    run(work)
