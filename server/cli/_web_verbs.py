"""``serve``."""

from __future__ import annotations

import json
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from earthweave.ontology import InputError, MissingDependencyError, ParameterError, StoreError
from earthweave.server.questions import JobLauncher, StoreAsker
from earthweave.server.settings import (
    EndpointSettings,
    JobSettings,
    PipelineSettings,
    ProcessSettings,
    QuestionLimits,
    ServeSettings,
    WebSettings,
    read,
)
from earthweave.server.store import Store
from earthweave.server.workflows import CoMaxDesk

from ._ask_verb import fixed_parameters
from ._console import Outcome, run, store_option
from ._job_verbs import open_jobs
from ._store_verbs import existing_store

_READ = 8 * 2**20
"""Bytes of a body that are read at least, so that the app itself can say what is too long."""
LOOPBACK = ("localhost", "127.0.0.1")


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


@contextmanager
def offered_processes(store: Store) -> Iterator[Any]:
    """The services as processes for the length of a block, and a worker beside us that runs their jobs.

    None, and a notice, where the folder of jobs cannot be used: the store is served all the same.
    """
    from earthweave.server.api import Processes

    try:
        jobs = open_jobs()
    except StoreError as error:
        click.echo(f"notice: no processes are offered: {error.what}; {error.way_out}", err=True)
        yield None
        return
    roots = tuple(Path(one).expanduser() for one in read(JobSettings).input_roots.split(os.pathsep) if one.strip())
    with jobs.worker():
        yield Processes(jobs, read(ProcessSettings), roots, fixed_parameters(Path(store.path)))


def open_app(store: Store, map_path: Path | None, host: str, processes: Any = None) -> Any:
    """The web application over a store, with the map's layers preset; on loopback it answers to loopback names only."""
    create_app, _ = _web()
    preset = read_map(map_path)
    settings = read(WebSettings)
    if host in LOOPBACK and not settings.trusted_hosts:
        settings = replace(settings, trusted_hosts=",".join(LOOPBACK))
    columns = _columns(processes)
    launcher = JobLauncher(lambda: processes.jobs, processes.jobs.services(), processes.own) if processes else None
    questions = StoreAsker(store, limits=read(QuestionLimits), launcher=launcher)
    return create_app(
        store, questions=questions, banner=preset["banner"], layers=preset["layers"],
        settings=settings, endpoint=read(EndpointSettings), processes=processes, columns=columns,
    )


def _columns(processes: Any) -> CoMaxDesk | None:
    """Who answers ``/co/max``, if a folder of products is set and jobs can be run."""
    settings = read(PipelineSettings)
    return CoMaxDesk(processes.jobs, settings) if processes and settings.co_products else None


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
    """Serve endpoint, viewer, question box and processes until interrupted."""
    _web()
    check_port(settings.serve_host, settings.serve_port)
    with offered_processes(store) as processes:
        _serve(store, settings, open_app(store, map_path, settings.serve_host, processes), processes is not None)


def _serve(store: Store, settings: ServeSettings, app: Any, processes: bool) -> None:
    _, listening_server = _web()
    if reachable := store.network():
        click.echo(
            f"notice: the query workers could not give up their network ({reachable}); the engine in them calls nobody by itself",
            err=True,
        )
    click.echo(f"map      http://{settings.serve_host}:{settings.serve_port}/", err=True)
    click.echo(f"SPARQL   http://{settings.serve_host}:{settings.serve_port}/sparql", err=True)
    if processes:
        click.echo(f"process  http://{settings.serve_host}:{settings.serve_port}/processes", err=True)
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
    """Serve the SPARQL endpoint, the map, the question box and the processes.

    \b
    Example:  earthweave serve --store my-store --port 8080
    """

    def work() -> Outcome:
        with existing_store(store_path) as store:
            serve_store(store, read(ServeSettings, {"serve_port": port, "serve_host": host}), map_path)
        return Outcome(None)

    run(work)
