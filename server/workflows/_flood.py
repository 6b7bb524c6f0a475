"""Scene pair → change map → flood mask → RDF → store: the first exercise of the BiDS tutorial as one service.

It carries a `ServiceSpec`, so that the command line, the API and the question layer see it like any other service.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from earthweave.mapping import Report
from earthweave.ontology import Layer, ProcessingError, Progress, ProgressSink, silent
from earthweave.processing import Output, Parameters, Result, ServiceSpec, run_service, service, services
from earthweave.processing.frame import Context, Outcome, Product, parameter
from earthweave.server.settings import read
from earthweave.server.store import Limits, LoadReport, Store, open_store

from ._mapping import map_layer
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


def map_flood(change: Result, mask: Result, folder: Path, *, progress: ProgressSink = silent) -> tuple[Path, Report]:
    """Map the flooded areas by the rules ``flood``, with the lineage of both runs, and write each layer's provenance beside it."""
    rdf = folder / "flood_levels.nt"
    report = map_layer(layer_of(mask, "vector"), "flood", rdf, lineage=change.layers, progress=progress)
    for layer in (*change.layers, *mask.layers):
        write_provenance(layer, folder)
    return rdf, report


@dataclass(frozen=True)
class FloodAssessment:
    """What the chain made: results of both services, the RDF file, and the reports of mapping and loading."""

    change: Result
    mask: Result
    rdf: Path
    mapped: Report
    loaded: LoadReport


def assess_flood(
    before: Path, after: Path, folder: Path, store: Store, *, aoi: str = TUTORIAL_AOI, progress: ProgressSink = silent
) -> FloodAssessment:
    """Run the whole chain; every file stays in ``folder``."""
    change = detect_change(before, after, folder, aoi=aoi, progress=progress)
    mask = outline_flood(layer_of(change, "raster", "CVA"), folder, progress=progress)
    rdf, mapped = map_flood(change, mask, folder, progress=progress)
    return FloodAssessment(change, mask, rdf, mapped, store.load([rdf], progress=progress))


class FloodParameters(Parameters):
    """Parameters of the flood assessment."""

    input1: Path = parameter(
        ..., "Sentinel-2 scene before the flood: SAFE folder, zip or GeoTIFF stack", options=["-i1", "--input1"], role="input"
    )
    input2: Path = parameter(..., "Sentinel-2 scene after the flood", options=["-i2", "--input2"], role="input")
    aoi: str = parameter(TUTORIAL_AOI, "Area of interest: WKT polygon, lon lat, WGS 84", options=["-p", "--AoI"], role="aoi")
    store: Path = parameter(Path("earthweave-store"), "Store to load the flooded areas into", options=["--store"], role="option")
    output_path: Path = parameter(..., "Folder for the products", options=["-outdir", "--output_path"], role="output")


def _run(values: FloodParameters, context: Context) -> Outcome:
    with open_store(values.store, limits=read(Limits)) as store:
        done = assess_flood(values.input1, values.input2, context.folder, store, aoi=values.aoi, progress=context.sink)
    context.sink(Progress("loaded", 1.0, f"{done.loaded.triples:,} triples"))
    for record in (done.change.record, done.change.item):
        record.rename(record.with_name(f"s2-cd.{record.name}"))  # the plain names are those of this run
    cva, flood = layer_of(done.change, "raster", "CVA"), layer_of(done.mask, "vector")
    products = tuple(
        Product(role, one.path, one.kind, one.name, one.title, one.media_type, one.crs, one.bbox, one.time, one.meaning)
        for role, one in (("cva", cva), ("flood_mask", flood))
    )
    figures = {"rows": done.mapped.rows, "statements": done.mapped.quads, "triples": done.loaded.triples}
    return Outcome(products, cva.provenance.used, figures, attribution=flood.provenance.attribution)


FLOOD_ASSESSMENT = ServiceSpec(
    id="flood-assessment",
    executable="Flood-assessment",
    version="0.1.0",
    title="Flooded areas from a pair of Sentinel-2 scenes, mapped to RDF and loaded",
    abstract="Change vector analysis, the tutorial's sieve–threshold–polygonise recipe, mapping by the rules `flood`, load. "
    "A change of that amplitude is taken for flooding: the user judges whether that holds for the scene.",
    parameters=FloodParameters,
    attribution=service("s2-cd").attribution,
    outputs=(
        Output("cva", "raster", "image/tiff; application=geotiff", "S2_CVA_<t1>_<t2>_<bands>_<res>.tif", "amplitude and angle of change"),
        Output("flood_mask", "vector", "application/vnd.shp", "flood_mask.shp", "flooded areas with floodLevel"),
    ),
    run=_run,
    reusable=False,
)


def registry() -> tuple[ServiceSpec, ...]:
    """All services of the processing room and the workflows composed here."""
    return (*services(), FLOOD_ASSESSMENT)
