"""Flood-assessment: from a period, or a pair of scenes, to what the flood hit: the whole chain as one service, step by step.

::

    catalogue ─▶ pair ─▶ S2-CD ─▶ Flood-mask − permanent water ─▶ rules `flood` ─▶ store ─▶ Flood-impact ─▶ table, layers, RDF, report
                          ╰──────────┴── finished steps stay beside the store until the run is through
"""

from __future__ import annotations

import math
import shutil
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from earthweave.ontology import EarthweaveError, Layer, ParameterError, Progress, ProgressSink, Source, silent
from earthweave.processing import Estimate, Output, Question, Reference, Result, ServiceSpec, service
from earthweave.processing.catalogue import Search, open_catalogue
from earthweave.processing.frame import Context, Moment, Outcome, Product, checked, content_key, parameter
from earthweave.processing.raster import read_aoi
from earthweave.processing.sentinel2 import BandList, open_scene
from earthweave.server.records import layer_iri
from earthweave.server.settings import read
from earthweave.server.store import Limits, open_store

from ._flood import layer_of, load_provenance, map_flood
from ._given import ImpactInputs
from ._impact_service import FLOOD_IMPACT, impact_on, impact_outputs
from ._pair import Pair, Wanted, choose_pair, local_path
from ._report import LEGEND, pair_text
from ._steps import Steps, held

_STAGES = 6
_MOST = 1000
"""Products that one search may bring."""


class FloodAssessment(ImpactInputs):
    """Parameters of Flood-assessment: either a pair of scenes, or a period and a folder in which the pair is looked for."""

    input1: Path | None = parameter(
        None,
        "scene before the flood: SAFE folder, zip or GeoTIFF stack; default found by the period",
        options=["-i1", "--input1"],
        role="input",
    )
    input2: Path | None = parameter(None, "scene after the flood; default found by the period", options=["-i2", "--input2"], role="input")
    start: Moment | None = parameter(None, "first day of the flood, UTC, ISO 8601", options=["--start"])
    end: Moment | None = parameter(None, "last day of the flood, UTC, ISO 8601", options=["--end"])
    scenes: Path | None = parameter(None, "folder of scenes in which the pair is looked for", options=["--scenes"])
    aoi: str | None = parameter(
        None,
        "area of interest: WKT in lon lat, or a GeoJSON or GeoPackage file; needed for a search, default the whole scene",
        options=["-p", "--AoI", "--aoi"],
        role="aoi",
    )
    cloud_cover: float = parameter(40.0, "most clouds of a scene that is taken", options=["--cloudcover"], unit="%", ge=0, le=100)
    coverage: float = parameter(20.0, "least part of the area that the pair must cover", options=["--coverage"], unit="%", ge=0, le=100)
    days: int = parameter(30, "how long before or after the period a scene may be taken", options=["--days"], unit="d", ge=0, le=3660)
    bands: BandList = parameter(("B3", "B4", "B8"), "bands to compare, two or more", options=["-b", "--bands"], min_length=2, max_length=13)
    resolution: float = parameter(
        20.0, "pixel size of the change and of the mask", options=["-r", "--resolution"], unit="m", gt=0, le=100_000
    )
    threshold: int = parameter(
        4, "lowest magnitude of change that counts as flooded", options=["--threshold"], unit="robust standard deviations", ge=1
    )
    sieve: int = parameter(
        10, "patches smaller than this join their largest neighbour; 0 for none", options=["--sieve"], unit="pixels", ge=0
    )
    permanent_water: Literal["before", "none"] | Path = parameter(
        "before",
        "water that is no flood: what the scene before shows as water, none, or a file with water areas",
        options=["--permanent-water"],
        role="input",
    )
    output_path: Path = parameter(..., "folder for the results", options=["-outdir", "--output_path"], role="output")


def _run(p: FloodAssessment, context: Context) -> Outcome:
    context.progress("looking for the pair of scenes", 0.0)
    before, after, pair = _scenes(p, context)
    change = {"input1": before, "input2": after, "aoi": p.aoi, "bands": p.bands, "resolution": p.resolution}
    kept = p.store.with_name(f"{p.store.name}.steps") / _key(change)
    with held(kept, lambda: context.progress("waiting for another run of the same change")):
        steps = Steps(kept, context.folder, context.sink, _STAGES)
        outcome = _chain(p, change, steps, pair)
        # nobody has to go on from here
        shutil.rmtree(kept, ignore_errors=True)
        with suppress(OSError):
            kept.parent.rmdir()
    return outcome


def _key(change: dict[str, Any]) -> str:
    """What the folder of finished steps is called: runs with the same change share it, one at a time."""
    spec = service("s2-cd")
    return content_key(spec, checked(spec.parameters, {**change, "output_path": Path("change")}, spec.executable)).rpartition(":")[2][:24]


def _scenes(p: FloodAssessment, context: Context) -> tuple[Path, Path, Pair | None]:
    """The pair that was given, or the one that is found."""
    if p.input1 is not None and p.input2 is not None:
        return p.input1, p.input2, None
    missing = [name for name in ("start", "end", "scenes", "aoi") if getattr(p, name) is None]
    if missing or p.input1 or p.input2:
        half = "one scene of a pair was given" if p.input1 or p.input2 else f"{', '.join(missing)} was not said"
        raise ParameterError(
            "there is no pair of scenes to compare",
            why=half,
            way_out="give both scenes (--input1, --input2), or all of --start, --end, --scenes and --AoI to have them found",
        )
    assert p.start and p.end and p.scenes and p.aoi
    if p.end < p.start:
        raise ParameterError("end is before start", why=f"{p.end:%Y-%m-%d} < {p.start:%Y-%m-%d}", way_out="swap --start and --end")
    pair = _found(p, p.start, p.end, p.scenes, p.aoi, context.sink)
    context.progress("found the pair of scenes", 0.0, f"{pair.before.id}, {pair.after.id}: {pair.why}")
    return local_path(pair.before), local_path(pair.after), pair


def _found(p: FloodAssessment, start: datetime, end: datetime, scenes: Path, aoi: str, sink: ProgressSink) -> Pair:
    wanted = Wanted(start, end, read_aoi(aoi), p.cloud_cover, p.coverage / 100, p.days)
    return choose_pair(open_catalogue(scenes).search(Search("SENTINEL-2", wanted.area, wanted.search, limit=_MOST), sink), wanted)


def _chain(p: FloodAssessment, change: dict[str, Any], steps: Steps, pair: Pair | None) -> Outcome:
    changed = steps.run("change between the scenes", service("s2-cd"), change)
    water = _permanent(p, change, steps)
    given = {"input": layer_of(changed, "raster", "CVA").path, "sieve": p.sieve, "threshold": p.threshold}
    mask = steps.run("flood mask", service("flood-mask"), {**given, **water}, "flood_mask.shp")
    flooded = layer_of(mask, "vector")
    stage = steps.stage("linked data")
    rdf, mapped = map_flood(changed, mask, steps.target, progress=stage)
    with open_store(p.store, limits=read(Limits)) as store:
        store.load([rdf], progress=steps.stage("store"))
        shared = {name: getattr(p, name) for name in ImpactInputs.model_fields}
        hit = steps.run("impact", impact_on(store), {**shared, "layer": layer_iri(flooded)})
        load_provenance(store, hit.layers, steps.target)
    _tell(steps.target / "flood_report.md", pair, steps, changed)
    figures = {"pair": pair and pair.figures(), "rows": mapped.rows, "statements": mapped.quads, "reused_steps": steps.reused,
               "impact": hit.report["figures"], "legend": LEGEND}  # fmt: skip
    layers = [(role, one) for result in (changed, mask, hit) for role, one in _roles(result)]
    return Outcome(tuple(_product(role, one) for role, one in layers), _sources(changed, hit), figures, _rights(layers))


def _permanent(p: FloodAssessment, change: dict[str, Any], steps: Steps) -> dict[str, Any]:
    """What Flood-mask is told of water that is no flood."""
    if p.permanent_water == "none":
        steps.stage("permanent water")(Progress("none is taken away", 1.0))
        return {}
    if isinstance(p.permanent_water, Path):
        steps.stage("permanent water")(Progress("as given", 1.0))
        return {"permanent_water": p.permanent_water}
    # an index above 0 is water (McFeeters); a threshold found in a scene with little water would part land from land
    given = {"input": change["input1"], "aoi": p.aoi, "index": "ndwi", "threshold": 0.0, "resolution": p.resolution}
    found = steps.run("permanent water", service("water-mask"), given)
    return {"permanent_water": layer_of(found, "raster").path}


def _roles(result: Result) -> list[tuple[str, Layer]]:
    """The layers of a step with the roles that its record tells."""
    return list(zip((one["role"] for one in result.report["outputs"]), result.layers, strict=True))


def _product(role: str, one: Layer) -> Product:
    return Product(role, one.path, one.kind, one.name, one.title, one.media_type, one.crs, one.bbox, one.time, one.meaning)


def _sources(changed: Result, hit: Result) -> tuple[Source, ...]:
    """The scenes and what was handed in; what the steps handed on among themselves is in their own records."""
    return (*changed.layers[0].provenance.used, *hit.layers[0].provenance.used)


def _rights(layers: list[tuple[str, Layer]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(sentence for _, one in layers for sentence in one.provenance.attribution))


def _tell(report: Path, pair: Pair | None, steps: Steps, changed: Result) -> None:
    """Put in front of the report of the impact which scenes were compared, and behind it whose data they are."""
    text = report.read_text("utf-8")
    head, mark, rest = text.partition("## What was hit")
    scenes = pair_text(pair.figures()) if pair else [scene.id for scene in changed.layers[0].provenance.used]
    compared = "\n\n".join(scenes) if pair else "## The pair of scenes\n\n" + "\n".join(f"- `{one}` (given)" for one in scenes)
    notes = [f"- {service} was taken over from a run that was cut off." for service in steps.reused]
    rights = [f"- {one}" for one in changed.layers[0].provenance.attribution]
    ends = [*(["## Steps", "\n".join(notes)] if notes else []), *(["## Sources", "\n".join(rights)] if rights else [])]
    made = "\n\n".join([head.strip(), compared, mark + rest.rstrip(), *ends]) + "\n"
    # the file is a link to that of the step
    report.unlink()
    report.write_text(made, "utf-8")


def _estimate(p: FloodAssessment) -> Estimate:
    """From the pixels of the area, or of the first scene."""
    if p.aoi:
        west, south, east, north = read_aoi(p.aoi).bounds
        metres = (east - west) * (north - south) * 111_320**2 * max(0.01, _parallel((south + north) / 2))
    elif p.input1:
        bounds = open_scene(p.input1).grid.bounds
        metres = (bounds[2] - bounds[0]) * (bounds[3] - bounds[1])
    else:
        metres = 110e3**2
    pixels = metres / p.resolution**2
    note = f"{pixels / 1e6:,.1f} million pixels of {p.resolution:g} m in {len(p.bands)} bands"
    return Estimate(8 + pixels * 4e-6, 600 + pixels * 5e-5, note + _scenes_note(p))


def _scenes_note(p: FloodAssessment) -> str:
    """Which scenes would be compared, or why none can be."""
    if not (p.start and p.end and p.scenes and p.aoi) or p.input1:
        return ""
    try:
        pair = _found(p, p.start, p.end, p.scenes, p.aoi, silent)
    except EarthweaveError as error:
        return f"; {error.what}"
    return f"; scenes {pair.before.id} and {pair.after.id}: {pair.why}"


def _parallel(latitude: float) -> float:
    """Length of a degree of longitude over that of one of latitude."""
    return math.cos(math.radians(latitude))


FLOOD_ASSESSMENT = ServiceSpec(
    id="flood-assessment",
    executable="Flood-assessment",
    version="1.0",
    title="Flooded areas between two dates and what they hit",
    abstract="Finds the pair of Sentinel-2 scenes nearest before and after a period in a folder of scenes (or takes a given pair), "
    "detects change, outlines what changed as strongly as a flood without permanent water, maps it to RDF by the rules "
    "`flood`, loads it, and tells per administrative unit the flooded km2, and the roads, buildings and power units that "
    "are hit, each with a confidence. Prefers scenes of one tile and relative orbit, and says which were taken and why, and "
    "why not others. A run that was cut off goes on behind the last step it finished. Limits: the levels are magnitudes of "
    "change, not depths; any other strong change counts as well; one pair is compared, so an area that spans several tiles "
    "is covered in part, and the report says how much; products that lie in a catalogue of the network have to be "
    "downloaded first; what a run loaded into the store stays there when a later step fails.",
    parameters=FloodAssessment,
    outputs=(
        Output(
            "cva",
            "raster",
            "image/tiff; application=geotiff",
            "S2_CVA_<t1>_<t2>_<bands>_<res>.tif",
            "magnitude (robust standard deviations) and angle (degrees) of change",
        ),
        Output(
            "classes",
            "raster",
            "image/tiff; application=geotiff",
            "S2-CD_<t1>_<t2>_<bands>_<res>.tif",
            "classes of change by direction, no unit",
        ),
        Output(
            "flood_mask",
            "vector",
            "application/vnd.shp",
            "flood_mask.shp",
            "flooded areas in the CRS of the scenes: floodLevel is the magnitude of change (σ), not a depth",
        ),
        *impact_outputs(),
    ),
    run=_run,
    references=(
        Reference("BiDS 2023 tutorial of AI4Copernicus: Assessment of Impact of Natural Hazards"),
        *service("s2-cd").references,
        *FLOOD_IMPACT.references,
    ),
    attribution=service("s2-cd").attribution,
    questions=(
        Question("Map the floods in {place} between {date1} and {date2}", {"place": "aoi", "date1": "start", "date2": "end"}),
        Question("Assess the flood damage in {place} between {date1} and {date2}", {"place": "aoi", "date1": "start", "date2": "end"}),
    ),
    domain="security",
    keywords=("flood", "change detection", "impact", "Sentinel-2", "linked data"),
    estimate=_estimate,
    reusable=False,
)
