"""Flood-mask: sieve, threshold and outline a raster of change, as the flood exercise does with three GDAL tools.

::

    gdal_sieve -st 10  →  gdal_calc "(A>=4)*A" --NoDataValue=0  →  gdal_polygonize … flood_mask floodLevel

The same polygons and values, without the two rasters in between: the raster is read once, block by block, and polygons are written as
they end. The order of the polygons is that of their last rows; GDAL's own follows its release. One thing differs on purpose: pixels
without data never become flood, where the tools outline a no-data value that reaches the threshold and is no whole number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Any, Literal

import numpy as np

from earthweave.ontology import InputError, Interval, ParameterError, ProductError, Source

from ..frame import Context, Estimate, Moment, Outcome, Output, Parameters, Product, Question, Reference, ServiceSpec, digest, parameter
from ..raster import VECTOR_SUFFIXES, Block, Grid, Tags, aoi_file, grid_of, open_raster, raster_tags, reading, run_blocks
from ._permanent import permanent_water
from ._stream import FIELDS, FloodStream, Mark, whole_levels

Array = np.ndarray[Any, Any]
_TIMES = re.compile(r"(\d{8}T\d{6})Z?_(\d{8}T\d{6})Z?")
_SHARE = re.compile("confidence|probability", re.IGNORECASE)
_CONFIDENCE = "EARTHWEAVE_LEVELCONFIDENCE"
_NAME = 10
_CACHE = 64


class FloodMask(Parameters):
    """Parameters of Flood-mask."""

    input: Path = parameter(..., "raster of change, e.g. S2_CVA_….tif", options=["-i", "--input"], role="input")
    output_path: Path = parameter(
        ...,
        "vector file to write: .shp, .gpkg or .geojson",
        options=["-o", "--output_path"],
        role="output",
        suffixes=VECTOR_SUFFIXES,
    )
    band: int = parameter(1, "band of the raster", options=["--band"], ge=1)
    sieve: int = parameter(
        10, "patches smaller than this join their largest neighbour; 0 for none", options=["--sieve", "-st"], unit="pixels", ge=0
    )
    threshold: int = parameter(4, "lowest level that counts as flooded", options=["--threshold"], unit="units of the band, rounded", ge=1)
    connectivity: Literal[4, 8] = parameter(
        4,
        "neighbours of a pixel: by edges, or also by corners (then an outline may touch itself, as gdal_polygonize -8 has it)",
        options=["--connectivity"],
    )
    field: str = parameter("floodLevel", "name of the field that holds the level", options=["--field"], pattern=r"^[A-Za-z_]\w{0,62}$")
    layer: str = parameter("flood_mask", "name of the layer", options=["--layer"], pattern=r"^[A-Za-z_]\w{0,62}$")
    confidence_band: int | None = parameter(
        None,
        "band of confidence or probability, 0 … 1 (integers: percent); default the one whose description says so",
        options=["--confidenceBand", "--confidence-band"],
        ge=1,
    )
    permanent_water: Path | None = parameter(
        None,
        "raster or vector file of permanent water, which is taken out",
        options=["--permanentWater", "--permanent-water"],
        role="input",
    )
    permanent_from: float = parameter(
        1.0,
        "value of that raster from which on a pixel is permanent water",
        options=["--permanentFrom", "--permanent-from"],
        unit="units of that raster",
    )
    permanent_overlap: float | None = parameter(
        None,
        "leave out whole areas of which at least this share is permanent water; default: cut its pixels out of every area",
        options=["--permanentOverlap", "--permanent-overlap"],
        gt=0,
        le=1,
    )
    start: Moment | None = parameter(None, "first date, for rasters that do not say it, ISO 8601", options=["--start"])
    end: Moment | None = parameter(None, "second date, for rasters that do not say it", options=["--end"])


@dataclass(frozen=True)
class _Source:
    """An opened raster of change: blocks of levels and of confidence, and what the file says of its band and of itself."""

    read: Callable[[Block], tuple[Array, Array | None]]
    grid: Grid
    tags: Tags
    nodata: float | None
    confidence: float | None
    meaning: str


def _run(p: FloodMask, context: Context) -> Outcome:
    context.progress("reading", 0.0)
    _check(p)
    with _opened(p) as source, _water(p, source.grid) as wet:
        tags = replace(source.tags, time=_time(p, source.tags))
        options: dict[str, Any] = {"sieve": p.sieve, "threshold": p.threshold, "connectivity": p.connectivity, "nodata": source.nodata}
        with FloodStream(source.grid, context.folder / ".scratch", **options) as flood:

            def put(block: Block, made: tuple[Array, Array | None]) -> None:
                flood.put(block, made[0], confidence=made[1])

            run_blocks(source.grid, source.read, put, tell=lambda share: context.progress("reading", 0.4 * share), cache=_CACHE)
            path = context.folder / p.output_path.name
            written = flood.write(
                path,
                Mark(tags.time, tags.simulated, source.confidence),
                layer=p.layer,
                field=p.field,
                wet=wet,
                overlap=p.permanent_overlap,
                tell=lambda share: context.progress("sieving and outlining", 0.4 + 0.6 * share),
            )
    title = f"Flooded areas {_days(tags.time)}{' (simulated)' if tags.simulated else ''}".replace("  ", " ").strip()
    meaning = {p.field: f"{source.meaning}, rounded; not a water depth", **_MEANING}
    product = Product("flood_mask", path, "vector", p.layer, title, written.media, written.crs, source.grid.bbox, tags.time, meaning)
    figures = {**written.figures, "rests_on": list(tags.sources)}
    return Outcome((product,), _sources(p, tags), figures, tags.attribution)


def _sources(p: FloodMask, tags: Tags) -> tuple[Source, ...]:
    change = Source(p.input.stem, digest(p.input), tags.simulated)
    return (change, _water_source(p.permanent_water)) if p.permanent_water else (change,)


def _water_source(path: Path) -> Source:
    """Permanent water as a source; a raster of ours says whether it is simulated."""
    if aoi_file(str(path)):
        return Source(path.stem, digest(path))
    with open_raster(path) as dataset:
        return Source(path.stem, digest(path), raster_tags(dataset).simulated)


def _check(p: FloodMask) -> None:
    """Names of fields, before any work."""
    if p.field.lower() in FIELDS:
        raise ParameterError(f"field = {p.field} is taken", why="the mask has a field of this name", way_out="choose another --field")
    if p.output_path.suffix.lower() == ".shp" and len(p.field) > _NAME:
        raise ParameterError(
            f"field = {p.field} does not fit into a shapefile",
            why=f"its names have {_NAME} characters at most",
            way_out="give a shorter --field, or write .gpkg",
        )


def _water(p: FloodMask, grid: Grid) -> Any:
    if p.permanent_overlap is not None and p.permanent_water is None:
        raise ParameterError(
            "permanent_overlap needs permanent water", why="there is nothing to overlap with", way_out="give --permanentWater as well"
        )
    return permanent_water(p.permanent_water, grid, p.permanent_from) if p.permanent_water else nullcontext()


@contextmanager
def _opened(p: FloodMask) -> Iterator[_Source]:
    with open_raster(p.input) as dataset:
        share = p.confidence_band or next((at for at, text in enumerate(dataset.descriptions, 1) if _is_share(p, at, text)), None)
        for name, band in (("band", p.band), ("confidence_band", share or 1)):
            if band > dataset.count:
                raise ParameterError(
                    f"{name} = {band} does not exist", why=f"{p.input.name} has {dataset.count}", way_out=f"give 1 … {dataset.count}"
                )
        if "complex" in dataset.dtypes[p.band - 1]:
            raise ProductError(f"{p.input.name} holds complex numbers", why="levels are real", way_out="give a raster of amplitudes")
        turn = Lock()

        def read(block: Block) -> tuple[Array, Array | None]:
            with turn, reading(p.input):
                values = dataset.read(p.band, window=block.window)
                valid = dataset.read_masks(p.band, window=block.window) > 0
                shares = dataset.read(share, window=block.window, masked=True) if share else None
            return whole_levels(values, valid), None if shares is None else _shares(shares)

        nodata, text = (told[p.band - 1] for told in (dataset.nodatavals, dataset.descriptions))
        yield _Source(read, grid_of(dataset), raster_tags(dataset), nodata, _confidence(dataset.tags()), text or "level of change")


def _confidence(tags: dict[str, str]) -> float | None:
    """Of all pixels, 0 … 1; None where the file does not say it as a number."""
    try:
        return float(tags[_CONFIDENCE])
    except (KeyError, ValueError):
        return None


def _is_share(p: FloodMask, band: int, text: str | None) -> bool:
    return band != p.band and bool(_SHARE.search(text or ""))


def _shares(values: Any) -> Array:
    """Confidence 0 … 1, NaN where unknown."""
    found: Array = values.astype(np.float64).filled(np.nan) / (100 if values.dtype.kind in "iu" else 1)
    return found


def _time(p: FloodMask, tags: Tags) -> Interval | None:
    if p.start or p.end:
        start, end = (moment for moment in (p.start or p.end, p.end or p.start) if moment)
        if end < start:
            raise ParameterError("end is before start", why=f"{end.isoformat()} < {start.isoformat()}", way_out="swap --start and --end")
        return Interval(start, end)
    named = _TIMES.search(p.input.stem)
    if tags.time or named is None:
        return tags.time
    try:
        return Interval.parse(named[1], named[2])
    except (ValueError, InputError):
        # digits that only look like two dates
        return None


def _days(time: Interval | None) -> str:
    return f"{time.start:%Y-%m-%d} – {time.end:%Y-%m-%d}" if time else ""


def _estimate(p: FloodMask) -> Estimate:
    """From the header: pixels, at the pace of a noisy raster (the worst for a sieve)."""
    with open_raster(p.input) as dataset:
        pixels, width = dataset.width * dataset.height, dataset.width
    return Estimate(2 + pixels * 2.5e-7, 300 + width * 0.04 * (1 + p.sieve / 100), f"{pixels / 1e6:.1f} million pixels")


_MEANING = {
    "area_m2": "geodesic area, m2",
    "start_time": "first date, ISO 8601",
    "end_time": "second date, ISO 8601",
    "confidence": (
        "0 … 1: mean of the raster's band of confidence or probability over the area; else the confidence of the raster's own threshold "
        "(levelConfidence: how often an unchanged pixel stays below it), the same for all areas; empty if neither is known"
    ),
    "simulated": "1 if simulated data went in, else 0",
}


FLOOD_MASK = ServiceSpec(
    id="flood-mask",
    executable="Flood-mask",
    version="1.1",
    title="Flood mask from a raster of change",
    abstract=(
        "Rounds a raster of change to whole levels, joins small patches to their largest neighbour, keeps what reaches the threshold "
        "and outlines it. Gives the polygons of gdal_sieve, gdal_calc and gdal_polygonize. Limits: the level is an amplitude of change, "
        "not a water depth; any other strong change (harvest, fire, cloud shadow) is outlined as well; permanent water is taken out only "
        "if a file of it is given."
    ),
    parameters=FloodMask,
    outputs=(
        Output(
            "flood_mask",
            "vector",
            "application/vnd.shp",
            "{output_path}",
            "polygons in the CRS of the raster (GeoJSON: lon lat); floodLevel integer (σ), area_m2 (m2), start_time, end_time, "
            "confidence (0 … 1), simulated (0, 1)",
        ),
    ),
    run=_run,
    estimate=_estimate,
    domain="security",
    keywords=("flood", "water", "change", "polygon"),
    references=(Reference("GDAL documentation: gdal_sieve, gdal_calc, gdal_polygonize, https://gdal.org/programs/"),),
    questions=(
        Question(
            "Which areas around {place} were flooded between {date1} and {date2}?", {"place": "input", "date1": "start", "date2": "end"}
        ),
        Question("How many areas have each flood level?", {}),
    ),
)
