"""``serve-grpc``: the broker and the analyser of the sample use case."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from earthweave.ontology import MissingDependencyError
from earthweave.processing.catalogue import open_catalogue
from earthweave.server.settings import PipelineSettings, read
from earthweave.server.workflows import CoMaxDesk, guarded_door

from ._console import Outcome, run
from ._job_verbs import jobs_option, open_jobs


def _pipeline() -> Any:
    """The room that speaks gRPC; raise `MissingDependencyError` without the extra."""
    try:
        from earthweave.server import pipeline
    except ModuleNotFoundError as error:
        way_out = "pip install 'earthweave[grpc]'"
        raise MissingDependencyError("gRPC needs the extra grpc", why=str(error), way_out=way_out) from error
    return pipeline


@click.command("serve-grpc")
@click.option("--products", type=click.Path(path_type=Path), help="Folder of Sentinel-5P CO products (or set EARTHWEAVE_CO_PRODUCTS).")
@click.option("--port", type=click.IntRange(0, 65535), help="Port; 8061 unless said, 0 for any that is free.")
@click.option("--host", help="Address to listen on; 127.0.0.1 unless said.")
@click.option(
    "--catalogue", help="Ask this catalogue for products, by name or address, in place of the folder (earthweave catalogue list)."
)
@click.option("--proto", is_flag=True, help="Print model.proto, which clients are made from, and leave.")
@jobs_option
def serve_grpc(products: Path | None, port: int | None, host: str | None, catalogue: str | None, proto: bool, folder: str | None) -> None:
    """Serve the highest carbon monoxide column over gRPC: Broker.find and Analyser.max.

    \b
    Example:  earthweave serve-grpc --products /data/s5p --port 8061
    """

    def work() -> Outcome:
        pipeline = _pipeline()
        if proto:
            return Outcome(None, pipeline.model_text().rstrip())
        settings = read(PipelineSettings, {"co_products": products and str(products), "grpc_port": port, "grpc_host": host})
        jobs = open_jobs(folder)
        broker = open_catalogue(catalogue, guarded_door()) if catalogue else None
        server, bound = pipeline.pipeline_server(CoMaxDesk(jobs, settings, broker), settings)
        with jobs.worker():
            server.start()
            click.echo(f"gRPC     {settings.grpc_host}:{bound}  (Broker, Analyser, grpc.health.v1.Health)", err=True)
            click.echo("stop with Ctrl-C", err=True)
            try:
                server.wait_for_termination()
            except KeyboardInterrupt:
                server.stop(grace=5).wait()
        return Outcome(None)

    run(work)
