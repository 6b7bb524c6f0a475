"""Flood-mask: sieve, threshold and outline a raster of change, as the flood exercise does with three GDAL tools.

::

    gdal_sieve -st 10  →  gdal_calc "(A>=4)*A" --NoDataValue=0  →  gdal_polygonize … flood_mask floodLevel

The same polygons and values (their order follows the release of GDAL), without the two rasters in between.
The whole raster is held in memory (about 16 bytes per pixel).
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from earthweave.ontology import Interval, ParameterError, ProcessingError, ProductError, Source

from ..frame import Context, Moment, Outcome, Output, Parameters, Product, Question, Reference, ServiceSpec, digest, parameter
from ..raster import (
    VECTOR_SUFFIXES,
    Grid,
    Polygons,
    Tags,
    grid_of,
    open_raster,
    polygonise,
    raster_tags,
    reading,
    round_half_up,
    sieve,
    write_polygons,
)

Array = np.ndarray[Any, Any]
_TIMES = re.compile(r"(\d{8}T\d{6})Z?_(\d{8}T\d{6})Z?")


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
    connectivity: Literal[4, 8] = parameter(4, "neighbours of a pixel: by edges, or also by corners", options=["--connectivity"])
    field: str = parameter("floodLevel", "name of the field that holds the level", options=["--field"], pattern=r"^[A-Za-z_]\w{0,62}$")
    layer: str = parameter("flood_mask", "name of the layer", options=["--layer"], pattern=r"^[A-Za-z_]\w{0,62}$")
    start: Moment | None = parameter(None, "first date, for rasters that do not say it, ISO 8601", options=["--start"])
    end: Moment | None = parameter(None, "second date, for rasters that do not say it", options=["--end"])


def _run(p: FloodMask, context: Context) -> Outcome:
    context.progress("reading", 0.0)
    values, valid, grid, tags = _read(p)
    tags = replace(tags, time=_time(p, tags))
    context.progress("sieving", 0.2, f"{values.size:,} pixels")
    levels = sieve(round_half_up(values, valid), p.sieve, valid, p.connectivity)
    context.progress("outlining", 0.5)
    polygons = polygonise(levels, grid, levels >= p.threshold, p.connectivity)
    if not len(polygons):
        raise ProcessingError(
            f"nothing in {p.input.name} reaches level {p.threshold}",
            why=f"the highest level after the sieve is {int(levels.max())}",
            way_out="lower --threshold or --sieve, or take a pair of scenes with a change",
        )
    context.progress("writing", 0.8, f"{len(polygons):,} polygons")
    path = context.folder / p.output_path.name
    media, crs = write_polygons(path, polygons, p.layer, {p.field: polygons.values})
    title = f"Flooded areas {_days(tags.time)}{' (simulated)' if tags.simulated else ''}"
    meaning = {p.field: "amplitude of change, rounded, in robust standard deviations; not a water depth"}
    product = Product("flood_mask", path, "vector", p.layer, title.replace("  ", " "), media, crs, grid.bbox, tags.time, meaning)
    return Outcome((product,), (Source(p.input.stem, digest(p.input), tags.simulated),), _figures(polygons, tags), tags.attribution)


def _read(p: FloodMask) -> tuple[Array, Array, Grid, Tags]:
    with open_raster(p.input) as dataset:
        if p.band > dataset.count:
            raise ParameterError(
                f"band = {p.band} does not exist", why=f"{p.input.name} has {dataset.count}", way_out=f"give 1 … {dataset.count}"
            )
        with reading(p.input):
            values, valid = dataset.read(p.band), dataset.read_masks(p.band).astype(bool)
        if np.iscomplexobj(values):
            raise ProductError(f"{p.input.name} holds complex numbers", why="levels are real", way_out="give a raster of amplitudes")
        if values.dtype.kind == "f":
            valid &= np.isfinite(values) & (np.abs(values) < 2**31)
        return values, valid, grid_of(dataset), raster_tags(dataset)


def _time(p: FloodMask, tags: Tags) -> Interval | None:
    if p.start or p.end:
        start, end = (moment for moment in (p.start or p.end, p.end or p.start) if moment)
        if end < start:
            raise ParameterError("end is before start", why=f"{end.isoformat()} < {start.isoformat()}", way_out="swap --start and --end")
        return Interval(start, end)
    named = _TIMES.search(p.input.stem)
    return tags.time or (Interval.parse(named[1], named[2]) if named else None)


def _days(time: Interval | None) -> str:
    return f"{time.start:%Y-%m-%d} – {time.end:%Y-%m-%d}" if time else ""


def _figures(polygons: Polygons, tags: Tags) -> dict[str, Any]:
    levels, counts = np.unique(polygons.values, return_counts=True)
    return {
        "polygons": len(polygons),
        "per_level": {str(level): int(count) for level, count in zip(levels, counts, strict=True)},
        "area_km2": round(float(polygons.areas.sum()) / 1e6, 4),
        "rests_on": list(tags.sources),
    }


FLOOD_MASK = ServiceSpec(
    id="flood-mask",
    executable="Flood-mask",
    version="1.0",
    title="Flood mask from a raster of change",
    abstract=(
        "Rounds a raster of change to whole levels, joins small patches to their largest neighbour, keeps what reaches the threshold "
        "and outlines it. Gives the polygons of gdal_sieve, gdal_calc and gdal_polygonize. Limits: the level is an amplitude of change, "
        "not a water depth; any other strong change (harvest, fire, cloud shadow) is outlined as well; the raster is held in memory."
    ),
    parameters=FloodMask,
    outputs=(
        Output(
            "flood_mask",
            "vector",
            "application/vnd.shp",
            "{output_path}",
            "polygons in the CRS of the raster (GeoJSON: lon lat); floodLevel integer",
        ),
    ),
    run=_run,
    references=(Reference("GDAL documentation: gdal_sieve, gdal_calc, gdal_polygonize, https://gdal.org/programs/"),),
    questions=(
        Question(
            "Which areas around {place} were flooded between {date1} and {date2}?", {"place": "input", "date1": "start", "date2": "end"}
        ),
        Question("How many areas have each flood level?", {}),
    ),
)
