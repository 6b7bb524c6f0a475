"""LOAD of SPARQL 1.1 Update (W3C, 2013, §3.1.4): the statements of a document as the next snapshot."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from earthweave.ontology import EarthweaveError, ForbiddenError
from earthweave.ontology.geometry import AxisOrder

from ..algebra import Remark
from ..snapshot import Snapshot, SnapshotBuilder
from ._update import Load

Loader = Callable[[SnapshotBuilder, str, str], None]
"""Adds what is in the document of an IRI to a named graph, or if that is empty to the default graph; raises an `EarthweaveError`."""


def refuse(builder: SnapshotBuilder, source: str, graph: str) -> None:
    """The loader of those who have none."""
    raise ForbiddenError(f"LOAD <{source}> is refused", why="the setting load_roots names no folder",
                         way_out="load the file itself, or name the folders to load from in load_roots (EARTHWEAVE_LOAD_ROOTS)")


def loaded(operation: Load, base: Snapshot, folder: Path, loader: Loader, *, durable: bool) -> tuple[Snapshot, list[Remark]]:
    """The snapshot after a LOAD in a folder of its own; one like ``base``, and a remark, if it is SILENT and fails."""
    builder = SnapshotBuilder(folder, base, durable=durable)
    try:
        loader(builder, operation.source, operation.graph)
        return builder.finish(), []
    except EarthweaveError as error:
        if not operation.silent:
            raise
        shutil.rmtree(folder, ignore_errors=True)
        same = SnapshotBuilder(folder, base, durable=durable)
        same.begin("update", AxisOrder.STRICT)
        same.end()
        return same.finish(), [Remark("load", f"LOAD SILENT: {error.what}")]
