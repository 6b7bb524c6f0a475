"""Flood-assessment: from a period, or a pair of scenes, to what the flood hit: the whole chain as one service, step by step.

::

    catalogue ─▶ pair ─▶ S2-CD ─▶ Flood-mask − permanent water ─▶ rules `flood` ─▶ store ─▶ Flood-impact ─▶ table, layers, RDF, report
                          ╰──────────┴── finished steps stay beside the store until the run is through
"""

from __future__ import annotations

import math
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import shapely
from pydantic import Field

from earthweave.ontology import (
    CRS84,
    Crs,
    EarthweaveError,
    ForbiddenError,
    Layer,
    MissingDependencyError,
    ParameterError,
    ProcessingError,
    Progress,
    ProgressSink,
    Source,
    UnsupportedError,
    silent,
)
from earthweave.ontology.geometry import area_m2
from earthweave.processing import Estimate, Output, Question, Reference, Result, ServiceSpec, service
from earthweave.processing.catalogue import KNOWN, Catalogue, Found, Replay, Search, open_catalogue
from earthweave.processing.frame import Context, Moment, Outcome, Product, at_home, checked, content_key, digest, parameter
from earthweave.processing.raster import project, read_aoi
from earthweave.processing.sentinel2 import BandList, open_scene
from earthweave.server.records import layer_iri
from earthweave.server.settings import read
from earthweave.server.store import Limits, open_store

from ._flood import layer_of, load_provenance, map_flood
from ._given import ImpactInputs
from ._impact_service import FLOOD_IMPACT, impact_on, impact_outputs
from ._links import OWN
from ._pair import Pair, Wanted, choose_pair, obtain
from ._products import Shelf
from ._reach import Reach, reach
from ._report import LEGEND, SOURCES, pair_text, rights_text, seen_text
from ._steps import Steps, held

_STAGES = 6
_MOST = 1000
"""Products that one search may bring."""
_FEW = 3
REPLIES = "flood_catalogue_replies"
"""Folder of the results with what the catalogue in the network answered; the same search can be replayed from it."""
Service = Annotated[
    str, Field(pattern=rf"^({'|'.join(one.name for one in KNOWN)}|((stac|odata|finder|hub)\+)?https?://\S+)$", examples=["cdse"])
]
"""A catalogue in the network, by name or address; any other text is a path."""


class FloodAssessment(ImpactInputs):
    """Parameters of Flood-assessment: either a pair of scenes, or a period and a catalogue in which the pair is looked for."""

    input1: Path | None = parameter(
        None,
        "scene before the flood: SAFE folder, zip or GeoTIFF stack; default found by the period",
        options=["-i1", "--input1"],
        role="input",
    )
    input2: Path | None = parameter(None, "scene after the flood; default found by the period", options=["-i2", "--input2"], role="input")
    start: Moment | None = parameter(None, "first day of the flood, UTC, ISO 8601", options=["--start"])
    end: Moment | None = parameter(None, "last day of the flood, UTC, ISO 8601", options=["--end"])
    scenes: Service | Path | None = parameter(
        None,
        "where the pair is looked for: a folder of scenes, a file of STAC items, or a catalogue in the network by name or address",
        options=["--scenes", "--catalogue"],
    )
    collection: str = parameter(
        "SENTINEL-2", "collection of the catalogue, if it is not its own for Sentinel-2", options=["--collection"], max_length=200
    )
    replay: Path | None = parameter(
        None, "folder of recorded replies that are asked instead of the network, from which then nothing is fetched", options=["--replay"]
    )
    products: Path | None = parameter(
        None, "folder in which fetched products are kept for later runs; default beside the store", options=["--products"]
    )
    aoi: str | None = parameter(
        None,
        "area of interest: WKT in lon lat, or a GeoJSON or GeoPackage file; needed for a search, default the whole scene",
        options=["-p", "--AoI", "--aoi"],
        role="aoi",
    )
    cloud_cover: float = parameter(40.0, "most clouds of a scene that is taken", options=["--cloudcover"], unit="%", ge=0, le=100)
    coverage: float = parameter(20.0, "least part of the area that the pair must cover", options=["--coverage"], unit="%", ge=0, le=100)
    days: int = parameter(30, "how long before or after the period a scene may be taken", options=["--days"], unit="d", ge=0, le=3660)
    any_orbit: bool = parameter(
        False, "compare scenes of different relative orbits, though they see the ground from different sides", options=["--any-orbit"]
    )
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


@dataclass(frozen=True)
class Scenes:
    """What is compared: where both scenes lie, and, if they were found, how the pair was chosen and what to know about the search."""

    before: Path
    after: Path
    pair: Pair | None = None
    notices: tuple[str, ...] = ()

    def figures(self) -> dict[str, Any] | None:
        """As JSON values; None for a pair that was given."""
        return {**self.pair.figures(), "notices": list(self.notices)} if self.pair else None


def _run(p: FloodAssessment, context: Context) -> Outcome:
    context.progress("looking for the pair of scenes", 0.0)
    scenes = _scenes(p, context)
    change = {"input1": scenes.before, "input2": scenes.after, "aoi": p.aoi, "bands": p.bands, "resolution": p.resolution,
              "any_orbit": p.any_orbit}  # fmt: skip
    kept = _beside(p, "steps") / _key(change)
    with held(kept, lambda: context.progress("waiting for another run of the same change")):
        steps = Steps(kept, context.folder, context.sink, _STAGES)
        try:
            outcome = _chain(p, change, steps, scenes)
        except BaseException:
            _tidy(kept)
            raise
        # nobody has to go on from here
        shutil.rmtree(kept, ignore_errors=True)
        _tidy(kept)
    return outcome


def _beside(p: FloodAssessment, what: str) -> Path:
    """A folder beside the store."""
    store = Path(os.path.normpath(at_home(p.store).absolute()))
    return store.with_name(f"{store.name}.{what}")


def _tidy(kept: Path) -> None:
    """Remove folders of steps in which nothing is; finished steps stay."""
    for folder in (*(kept.iterdir() if kept.is_dir() else ()), kept, kept.parent):
        with suppress(OSError):
            folder.rmdir()


def _key(change: dict[str, Any]) -> str:
    """What the folder of finished steps is called: runs with the same change share it, one at a time."""
    spec = service("s2-cd")
    return content_key(spec, checked(spec.parameters, {**change, "output_path": Path("change")}, spec.executable)).rpartition(":")[2][:24]


def _scenes(p: FloodAssessment, context: Context) -> Scenes:
    """The pair that was given, or the one that is found, fetched if it lies elsewhere."""
    if p.input1 is not None and p.input2 is not None:
        return Scenes(p.input1, p.input2)
    missing = [name for name in ("start", "end", "scenes", "aoi") if getattr(p, name) is None]
    if missing or p.input1 or p.input2:
        half = "one scene of a pair was given" if p.input1 or p.input2 else f"{', '.join(missing)} was not said"
        raise ParameterError(
            "there is no pair of scenes to compare",
            why=half,
            way_out="give both scenes (--input1, --input2), or all of --start, --end, --scenes and --AoI to have them found",
        )
    return _looked_for(p, context)


def _looked_for(p: FloodAssessment, context: Context) -> Scenes:
    """The pair that is found by the period."""
    ways = reach(p.replay, context.folder / REPLIES)
    assert p.scenes
    catalogue = open_catalogue(p.scenes, ways.searches)
    found, wanted = _found(p, catalogue, context.sink)
    notices = _notices(catalogue, ways, found)
    return _obtained(p, context, found, wanted, Shelf(p.products or _beside(p, "products"), ways.links, os.environ, context.sink), notices)


def _found(p: FloodAssessment, catalogue: Catalogue, sink: ProgressSink) -> tuple[tuple[Found, ...], Wanted]:
    """The products among which the pair is chosen, and what it must meet."""
    assert p.start and p.end and p.aoi
    if p.end < p.start:
        raise ParameterError("end is before start", why=f"{p.end:%Y-%m-%d} < {p.start:%Y-%m-%d}", way_out="swap --start and --end")
    wanted = Wanted(p.start, p.end, read_aoi(p.aoi), p.cloud_cover, p.coverage / 100, p.days, p.any_orbit)
    try:
        search = Search(p.collection, wanted.area, wanted.search, limit=_MOST)
    except OverflowError as error:
        raise ParameterError(f"the period {wanted.period} ends beyond the calendar", why=str(error), way_out="give other days") from error
    found = tuple(catalogue.search(search, sink))
    if isinstance(p.scenes, str):
        # an item may claim to be another catalogue's, whose account its link must not get
        found = tuple(replace(one, catalogue=catalogue.name) for one in found)
    return found, wanted


def _notices(catalogue: Catalogue, ways: Reach, found: tuple[Found, ...]) -> tuple[str, ...]:
    cut = (f"The search was cut at {_MOST:,} products: a shorter period or a smaller area may bring a better pair.",)
    return (*catalogue.notices, *ways.notices(), *(cut if len(found) == _MOST else ()))


def _obtained(
    p: FloodAssessment, context: Context, found: tuple[Found, ...], wanted: Wanted, shelf: Shelf, notices: tuple[str, ...]
) -> Scenes:
    """The best pair that can be had; errors say what else is known."""
    asked = list[Pair]()

    def get(product: Found, pair: Pair) -> Path:
        asked.append(pair)
        context.progress("getting the pair of scenes", 0.0, product.id)
        return shelf.get(product)

    try:
        pair, before, after = obtain(found, wanted, get)
    except (ForbiddenError, MissingDependencyError, UnsupportedError) as error:
        whose = f"the pair is {asked[-1].before.id} and {asked[-1].after.id}, both of {asked[-1].before.catalogue}"
        way_out = error.way_out if "--scenes" in error.way_out else f"{error.way_out}; {OWN}"
        raise type(error)(error.what, why="; ".join(filter(None, (error.why, whose))), way_out=way_out) from error
    except ProcessingError as error:
        why = "; ".join(filter(None, (error.why, *notices[:_FEW])))
        raise type(error)(error.what, why=why, way_out=error.way_out) from error
    context.progress("found the pair of scenes", 0.0, f"{pair.before.id}, {pair.after.id}: {pair.why}")
    return Scenes(before, after, pair, notices)


def _chain(p: FloodAssessment, change: dict[str, Any], steps: Steps, scenes: Scenes) -> Outcome:
    changed = steps.run("change between the scenes", service("s2-cd"), change)
    water, wet = _permanent(p, change, steps)
    given = {"input": layer_of(changed, "raster", "CVA").path, "sieve": p.sieve, "threshold": p.threshold}
    mask = steps.run("flood mask", service("flood-mask"), {**given, **water}, "flood_mask.shp")
    flooded = layer_of(mask, "vector")
    stage = steps.stage("linked data")
    rdf, mapped = map_flood(changed, mask, steps.target, lineage=wet, progress=stage)
    with open_store(p.store, limits=read(Limits)) as store:
        store.load([rdf], progress=steps.stage("store"))
        shared = {name: getattr(p, name) for name in ImpactInputs.model_fields}
        hit = steps.run("impact", impact_on(store), {**shared, "layer": layer_iri(flooded)})
        load_provenance(store, hit.layers, steps.target)
    seen = _seen(p, changed)
    layers = [(role, one) for result in (changed, mask, hit) for role, one in _roles(result)]
    rights = _rights(layers)
    _tell(steps.target / "flood_report.md", scenes, seen, steps, _scene_names(changed), rights)
    figures = {"pair": scenes.figures(), "seen": seen, "rows": mapped.rows, "statements": mapped.quads, "reused_steps": steps.reused,
               "impact": hit.report["figures"], "legend": LEGEND}  # fmt: skip
    used = sources(p, changed, mask, hit)
    return Outcome(tuple(_product(role, one) for role, one in layers), used, figures, rights)


def _seen(p: FloodAssessment, changed: Result) -> float | None:
    """Share of the area whose ground both scenes show, without clouds; None without an area."""
    if not p.aoi:
        return None
    figures = changed.report["figures"]
    grid = figures["grid"]
    ground = project(shapely.box(*grid["bounds"]), Crs.parse(grid["crs"]), CRS84)
    share = figures["valid_pixels"] / (grid["width"] * grid["height"]) * float(area_m2(ground)) / float(area_m2(read_aoi(p.aoi)))
    return round(min(1.0, float(share)), 3)


def _permanent(p: FloodAssessment, change: dict[str, Any], steps: Steps) -> tuple[dict[str, Any], tuple[Layer, ...]]:
    """What Flood-mask is told of water that is no flood, and the layers that were made for it."""
    if p.permanent_water == "none":
        steps.stage("permanent water")(Progress("none is taken away", 1.0))
        return {}, ()
    if isinstance(p.permanent_water, Path):
        steps.stage("permanent water")(Progress("as given", 1.0))
        return {"permanent_water": p.permanent_water}, ()
    # an index above 0 is water (McFeeters); a threshold found in a scene with little water would part land from land
    given = {"input": change["input1"], "aoi": p.aoi, "index": "ndwi", "threshold": 0.0, "resolution": p.resolution}
    found = steps.run("permanent water", service("water-mask"), given)
    return {"permanent_water": layer_of(found, "raster").path}, found.layers


def _roles(result: Result) -> list[tuple[str, Layer]]:
    """The layers of a step with the roles that its record tells."""
    return list(zip((one["role"] for one in result.report["outputs"]), result.layers, strict=True))


def _product(role: str, one: Layer) -> Product:
    return Product(role, one.path, one.kind, one.name, one.title, one.media_type, one.crs, one.bbox, one.time, one.meaning)


def sources(p: FloodAssessment, changed: Any, mask: Any, hit: Any) -> tuple[Source, ...]:
    """The scenes and what was handed in; what the steps handed on among themselves is in their own records."""
    given = digest(p.permanent_water) if isinstance(p.permanent_water, Path) else None
    water = (one for one in mask.layers[0].provenance.used if one.digest == given)
    return (*changed.layers[0].provenance.used, *water, *hit.layers[0].provenance.used)


def _rights(layers: list[tuple[str, Layer]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(sentence for _, one in layers for sentence in one.provenance.attribution))


def _scene_names(changed: Result) -> list[str]:
    return [one.id for one in changed.layers[0].provenance.used]


def _tell(report: Path, scenes: Scenes, seen: float | None, steps: Steps, given: list[str], rights: tuple[str, ...]) -> None:
    """Put in front of the report of the impact which scenes were compared and what they show, and behind it whose data they are."""
    head, mark, rest = report.read_text("utf-8").partition("## What was hit")
    pair = scenes.figures()
    compared = pair_text(pair) if pair else ["## The pair of scenes", "\n".join(f"- `{one}` (given)" for one in given)]
    notes = [f"- {service} was taken over from a run that was cut off." for service in steps.reused]
    body = mark + rest.partition(SOURCES)[0].rstrip()
    ends = [*(["## Steps", "\n".join(notes)] if notes else []), *rights_text(rights)]
    made = "\n\n".join([head.strip(), *compared, *seen_text(seen), body, *ends]) + "\n"
    # the file is a link to that of the step
    report.unlink()
    report.write_text(made, "utf-8")


def _estimate(p: FloodAssessment) -> Estimate:
    """From the pixels that will be compared: of the part of the area that the pair shows, or of the first scene."""
    pair, note, obstacle = _foreseen(p)
    pixels = _extent(p) / p.resolution**2 * (pair.covered if pair else 1.0)
    size = f"{pixels / 1e6:,.{1 if pixels >= 50_000 else 3}f} million pixels of {p.resolution:g} m in {len(p.bands)} bands"
    return Estimate(8 + pixels * 4e-6, 600 + pixels * 5e-5, "; ".join(filter(None, (size, note))), obstacle)


def _extent(p: FloodAssessment) -> float:
    """Square metres of the box of the area, of the first scene, or of a tile."""
    if p.aoi:
        west, south, east, north = read_aoi(p.aoi).bounds
        return float((east - west) * (north - south) * 111_320**2 * max(0.01, _parallel((south + north) / 2)))
    if p.input1:
        bounds = open_scene(p.input1).grid.bounds
        return float((bounds[2] - bounds[0]) * (bounds[3] - bounds[1]))
    return 110e3**2


def _foreseen(p: FloodAssessment) -> tuple[Pair | None, str, str]:
    """Which scenes would be compared and why, or why none can be; catalogues in the network are not asked, nothing is fetched."""
    if isinstance(p.scenes, str) and p.replay is None:
        return None, "products of a catalogue in the network have to be fetched first", ""
    if not (p.start and p.end and p.aoi) or p.input1 or p.input2:
        return None, "", ""
    if not p.scenes:
        return None, "", "nobody said where to look for scenes: --scenes, or EARTHWEAVE_SCENES_FOLDER for runs that questions start"
    try:
        pair = choose_pair(*_found(p, open_catalogue(p.scenes, Replay(p.replay) if p.replay else None), silent))
    except EarthweaveError as error:
        return None, error.what, ". ".join(filter(None, (error.what, error.why)))
    return pair, f"scenes {pair.before.id} and {pair.after.id}: {pair.why}", ""


def _parallel(latitude: float) -> float:
    """Length of a degree of longitude over that of one of latitude."""
    return math.cos(math.radians(latitude))


FLOOD_ASSESSMENT = ServiceSpec(
    id="flood-assessment",
    executable="Flood-assessment",
    version="1.1",
    title="Flooded areas between two dates and what they hit",
    abstract="Finds the pair of Sentinel-2 scenes nearest before and after a period in a folder of scenes or any catalogue (or takes a "
    "given pair), fetches it once, detects change, outlines what changed as strongly as a flood without permanent water, maps it to "
    "RDF by the rules `flood`, loads it, and tells per administrative unit the flooded km2, and the roads, buildings and power units "
    "that are hit, each with a confidence. Takes scenes of one tile and relative orbit that are nearest, and says which were taken and "
    "why, and why not others; where no pair meets the wishes, which would if more were allowed. A run that was cut off goes on behind "
    "the last step it finished. Limits: the levels are magnitudes of change, not depths; any other strong change counts as well; one "
    "pair is compared, so an area that spans several tiles is covered in part, and the report says how much; catalogues in the network "
    "are asked as the setting catalogue_allow says, and most give products to account holders alone; fetched products stay in their "
    "folder until you remove them; what a run loaded into the store stays there when a later step fails.",
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
