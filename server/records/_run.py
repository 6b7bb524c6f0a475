"""Run a service and leave its provenance beside what it makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from earthweave.ontology import Layer, ProgressSink, silent
from earthweave.processing import Result, ServiceSpec, run_service
from earthweave.processing.frame import Record

from ._provenance import provenance_graph


def _turtle(layers: Sequence[tuple[Layer, str]]) -> str:
    """The provenance of all layers of a run as one document."""
    first, *others = (provenance_graph(layer, content) for layer, content in layers)
    for other in others:
        first += other
    return first.serialize(format="turtle")


RECORDS = (Record("prov.ttl", "text/turtle", "Provenance (PROV-O)", _turtle),)
"""What is written besides ``item.json`` and ``run.json``."""


def run_recorded(spec: ServiceSpec, parameters: Mapping[str, Any] | BaseModel, *, progress: ProgressSink = silent) -> Result:
    """Run a service as `earthweave.processing.run_service` does, and write ``prov.ttl`` beside its other records."""
    return run_service(spec, parameters, progress=progress, records=RECORDS)
