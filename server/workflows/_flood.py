"""Scene pair → change map → flood mask → RDF: the steps of the first exercise of the BiDS tutorial, for demo and workflow."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from earthweave.mapping import Form, Report, distinct, write_rdf
from earthweave.ontology import Layer, ProcessingError, ProgressSink, silent
from earthweave.processing import Result, run_service, service
from earthweave.server.store import Store

from ._mapping import lineage_chunks, map_layer
from ._provenance import write_provenance

TUTORIAL_AOI = "POLYGON((150.6266 -33.49, 150.952 -33.49, 150.952 -33.795, 150.6266 -33.795, 150.6266 -33.49))"
"""North-west of Sydney: lon lat, WGS 84 (BiDS 2023 tutorial, §3.3)."""


def detect_change(
    before: Path, after: Path, folder: Path, *, aoi: str = TUTORIAL_AOI, progress: ProgressSink = silent, **more: Any
) -> Result:
    """S2-CD with the tutorial's bands B3, B4, B8 at 20 m."""
    given = {"input1": before, "input2": after, "aoi": aoi, "bands": "B3,B4,B8", "resolution": 20, "output_path": folder, **more}
    return run_service(service("s2-cd"), given, progress=progress)


def outline_flood(amplitude: Layer, folder: Path, *, suffix: str = ".shp", progress: ProgressSink = silent) -> Result:
    """The tutorial's recipe: sieve 10, keep amplitudes of 4 and more, polygonise; field ``floodLevel``."""
    given = {"input": amplitude.path, "sieve": 10, "threshold": 4, "output_path": folder / f"flood_mask{suffix}"}
    return run_service(service("flood-mask"), given, progress=progress)


def layer_of(result: Result, kind: str, name_part: str = "") -> Layer:
    """The first layer of a result of this kind whose name holds ``name_part``."""
    for layer in result.layers:
        if layer.kind == kind and name_part.lower() in layer.path.name.lower():
            return layer
    raise ProcessingError(f"the run made no {kind} layer {name_part}", why=f"it made {[layer.path.name for layer in result.layers]}")


def map_flood(
    change: Result, mask: Result, folder: Path, *, lineage: Sequence[Layer] = (), progress: ProgressSink = silent
) -> tuple[Path, Report]:
    """Map the flooded areas by the rules ``flood``, with the lineage of both runs and of layers beside, and write each provenance too."""
    rdf = folder / "flood_levels.nt"
    layer = layer_of(mask, "vector")
    more = ("flood-confidence",) if "confidence" in _fields(layer.path) else ()
    report = map_layer(layer, "flood", rdf, also=more, lineage=(*change.layers, *lineage), progress=progress)
    for layer in (*change.layers, *mask.layers, *lineage):
        write_provenance(layer, folder)
    return rdf, report


def _fields(path: Path) -> frozenset[str]:
    """Names of the columns of a vector file of ours."""
    import pyogrio

    return frozenset(map(str, pyogrio.read_info(path)["fields"]))


def load_provenance(store: Store, layers: Sequence[Layer], folder: Path) -> None:
    """Load the lineage of layers, which goes with the statements that were derived from them."""
    path = folder / "lineage.nt"
    write_rdf(path, distinct(lineage_chunks(layers)), Form("ntriples"), may_hold_graphs=False)
    store.load([path])
