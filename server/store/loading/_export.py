"""The story of an export: any format, and a file that appears when it is whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from earthweave.ontology import NotFoundError, ParameterError, UnsupportedError

from ..reports import ExportReport
from ..snapshot import Order, Snapshot, iri
from ._documents import ABBREVIATIONS, SUFFIXES, SYNTAXES
from ._features import Features
from ._gis import DRIVERS, write_features
from ._rdf import write_rdf

EXPORT_SUFFIXES = {
    **SUFFIXES, ".parquet": "geoparquet", ".geoparquet": "geoparquet", ".gpkg": "geopackage", ".fgb": "flatgeobuf", ".kml": "kml",
    ".geojson": "geojson",
}
"""File name extension → format of an export."""
_SPOKEN = {**ABBREVIATIONS, "gpkg": "geopackage", "fgb": "flatgeobuf", "parquet": "geoparquet"}
_FORMATS = (*SYNTAXES, "geoparquet", *DRIVERS)


def export(snapshot: Snapshot, path: Path, format: str | None = None, *, graph: str | None = None) -> ExportReport:
    """Write a snapshot to a file: every RDF syntax (also ``.gz``), or its features as GeoParquet, GeoPackage, FlatGeobuf, KML or GeoJSON.

    Args:
        format: instead of what the extension says.
        graph: IRI of a named graph, or empty for the default graph, to write that one alone, as RDF and without its name.

    Raises `NotFoundError` for a folder or graph that is not there, `ParameterError` for an unknown format, and `UnsupportedError` for an
    extension that names none, a packed file of features, and statements that a syntax cannot write.
    """
    form = _format(path, format)
    only = None if graph is None else _number(snapshot, graph)
    if not path.parent.is_dir():
        raise NotFoundError(f"there is no folder {path.parent.name} for {path.name}", way_out="make it first")
    # drivers look at the extension, so it stays the last one
    part = path.with_name(f".{path.stem}.part{path.suffix}")
    part.unlink(missing_ok=True)
    try:
        report = _written(snapshot, part, form, only)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return report


def _format(path: Path, given: str | None) -> str:
    if given:
        form = _SPOKEN.get(given.lower(), given.lower())
        if form not in _FORMATS:
            raise ParameterError(f"unknown format {given}", way_out="one of " + ", ".join(_FORMATS))
    else:
        suffix = (path.with_suffix("") if path.suffix.lower() == ".gz" else path).suffix.lower()
        form = EXPORT_SUFFIXES.get(suffix, "")
    if not form:
        raise UnsupportedError(f"{path.name}: the extension names no format", way_out="rename it to one of " + ", ".join(EXPORT_SUFFIXES))
    if form not in SYNTAXES and path.suffix.lower() == ".gz":
        raise UnsupportedError(f"{path.name}: only RDF is packed with gzip", way_out="take .gz off the name")
    return form


def _number(snapshot: Snapshot, graph: str) -> int:
    """The number of a graph with statements, or of the default graph."""
    place = np.flatnonzero(snapshot.graphs == snapshot.find(iri(graph))) if graph else np.array([-1])
    number = int(place[0]) + 1 if len(place) else -1
    if number and not snapshot.statistics.graphs.get(number):
        raise NotFoundError(f"there is no graph <{graph}>", why="a graph without statements does not exist")
    return number


def _written(snapshot: Snapshot, part: Path, form: str, only: int | None) -> ExportReport:
    untimed = 0 if form == "nquads" else _timed(snapshot, only)
    if form in SYNTAXES:
        return ExportReport(write_rdf(snapshot, part, form, packed=part.suffix.lower() == ".gz", only=only), untimed=untimed)
    if only is not None:
        raise UnsupportedError("features are written of all graphs at once", way_out="write the graph as RDF")
    features = Features(snapshot)
    write_features(features, snapshot.geometries, part, form)
    return ExportReport(len(features), features.unreadable, tuple(features.left_out), untimed)


def _timed(snapshot: Snapshot, only: int | None) -> int:
    """How many statements have a valid time, in one graph or in all."""
    orders = (segment.so for one in snapshot.predicates if (segment := snapshot.segment(one)) is not None and segment.timed)
    return sum(int(np.count_nonzero(_of_graph(order, only)[np.asarray(order.time) > 0])) for order in orders)


def _of_graph(order: Order, only: int | None) -> Any:
    if only is None or order.graph is None:
        return np.full(len(order), not only)
    return np.asarray(order.graph) == only
