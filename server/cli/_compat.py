"""Names that people's notes and scripts use already: the AI4Copernicus services; GeoTriples and Strabon stand beside.

The tutorial's lines run verbatim from the verb onward (BiDS 2023 tutorial, §3.5).
"""

from __future__ import annotations

from earthweave.ontology import UnsupportedError
from earthweave.server.processes import keep_gdal_offline

from ._console import Outcome, run
from ._process_verbs import find_service, service_command


def run_command(name: str) -> None:
    """Find the service of that executable and hand it the command line."""
    keep_gdal_offline()
    service_command(find_service(name), name)(prog_name=name)


def later(name: str, why: str) -> None:
    """Say that a service comes later."""

    def refuse() -> Outcome:
        raise UnsupportedError(f"{name} is not offered yet", why=why, way_out="S2-CD works now: S2-CD --help")

    run(refuse)
