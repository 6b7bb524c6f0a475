"""A layer's provenance as a file of its own, beside layers that no run of one service leaves."""

from __future__ import annotations

from pathlib import Path

from earthweave.ontology import Layer
from earthweave.server.records import provenance_graph


def write_provenance(layer: Layer, folder: Path) -> Path:
    """Write ``<layer>.prov.ttl`` beside the product; returns its path."""
    target = folder / f"{layer.path.stem}.prov.ttl"
    part = target.with_name(target.name + ".part")
    provenance_graph(layer).serialize(part, format="turtle")
    part.replace(target)
    return target
