"""Crop-map: land cover and crop season from a monthly Sentinel-2 cube, by documented rules."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from earthweave.ontology import Interval, ProcessingError, ProductError, Source

from ..frame import Context, Estimate, Outcome, Output, Parameters, Product, Question, Reference, ServiceSpec, digest, parameter
from ..raster import Tags, create_raster, polygonise, sieve, write_polygons
from ._cube import Cube, read_cube
from ._phenology import LandCover, land_cover

Array = np.ndarray[Any, Any]


class CropMap(Parameters):
    """Parameters of Crop-map."""

    input: Path = parameter(..., "cube of the bands B03, B04, B08 over a year of months, NetCDF", options=["-i", "--input"], role="input")
    output_path: Path = parameter(..., "folder for the results", options=["-outdir", "--output_path"], role="output")
    sieve: int = parameter(
        10, "patches smaller than this join their largest neighbour; 0 for none", options=["--sieve"], unit="pixels", ge=0
    )


def _run(p: CropMap, context: Context) -> Outcome:
    context.progress("reading cube", 0.0)
    if not p.input.exists():
        raise ProductError(f"{p.input.name} does not exist", why="no file has this name", way_out="check the path")
    cube = read_cube(p.input, ("B03", "B04", "B08"))
    months = _months(cube)
    context.progress("classifying", 0.4, f"{len(months)} months")
    green, red, infrared = (cube.bands[name] for name in ("B03", "B04", "B08"))
    found = land_cover(_ratio(infrared, red), _ratio(green, infrared), months)
    valid = found != 255
    if not valid.any():
        raise ProcessingError(
            f"{p.input.name} has no pixel with half a year of valid months", why="too many are no data", way_out="give a denser cube"
        )
    merged = sieve(found.astype(np.int32), p.sieve, valid)
    context.progress("outlining", 0.7)
    return _publish(p, cube, merged, valid, context)


def _ratio(a: Array, b: Array) -> Array:
    """Normalised difference, NaN where the sum is not above 0."""
    total = a + b
    index: Array = np.divide(a - b, total, out=np.full_like(total, np.nan), where=total > 0)
    return index


def _months(cube: Cube) -> list[int]:
    """Calendar months as the northern hemisphere has them; raises `ProductError` if spring, summer or most of the year is missing."""
    shift = 6 if cube.grid.bbox.north < 0 else 0
    months = [(moment.month - 1 + shift) % 12 + 1 for moment in cube.times]
    if len(set(months)) < 8 or not {4, 5} & set(months) or not {7, 8, 9} & set(months):
        raise ProductError(
            "the cube does not cover a growing season",
            why=f"it has the months {sorted({moment.month for moment in cube.times})}",
            way_out="give at least eight months with spring and late summer",
        )
    return months


def _publish(p: CropMap, cube: Cube, classes: Array, valid: Array, context: Context) -> Outcome:
    time = Interval(cube.times[0], _end(cube))
    stem = f"{time.start:%Y%m%d}_{cube.times[-1]:%Y%m%d}"
    raster, vector = context.folder / f"LandCover_{stem}.tif", context.folder / f"land_cover_{stem}.gpkg"
    with create_raster(
        raster, cube.grid, "uint8", 255, ("land cover class, 255 unknown",), Tags(time, cube.simulated, (p.input.stem,), _attribution(cube))
    ) as dataset:
        dataset.write(np.where(valid, classes, 255).astype(np.uint8), 1)
    polygons = polygonise(classes, cube.grid, valid)
    areas = polygons.areas
    media, crs = write_polygons(vector, polygons, "land_cover", {"landCover": polygons.values, "area_m2": areas})
    named = {one.value: one.name.lower().replace("_", " ") for one in LandCover}
    legend = ", ".join(f"{value} {name}" for value, name in named.items())
    word = " (simulated)" if cube.simulated else ""
    products = (
        Product(
            "land_cover",
            raster,
            "raster",
            raster.stem,
            f"Land cover {stem}{word}",
            "image/tiff; application=geotiff",
            cube.grid.crs,
            cube.grid.bbox,
            time,
            {"1": f"land cover: {legend}, 255 unknown"},
            legend=named,
        ),
        Product(
            "land_cover_areas",
            vector,
            "vector",
            "land_cover",
            f"Land cover areas {stem}{word}",
            media,
            crs,
            cube.grid.bbox,
            time,
            {"landCover": legend, "area_m2": "geodesic area, m2"},
            legend=named,
        ),
    )
    hectares = {one.name.lower(): round(float(areas[polygons.values == one].sum()) / 1e4, 4) for one in LandCover}
    return Outcome(
        products,
        (Source(p.input.stem, digest(p.input), cube.simulated),),
        {"polygons": len(polygons), "hectares": hectares},
        _attribution(cube),
    )


def _attribution(cube: Cube) -> tuple[str, ...]:
    years = " – ".join(dict.fromkeys(str(moment.year) for moment in (cube.times[0], cube.times[-1])))
    return (
        "Simulated data; contains no Copernicus Sentinel data."
        if cube.simulated
        else f"Contains modified Copernicus Sentinel data {years}.",
    )


def _end(cube: Cube) -> datetime:
    """First day after the last month."""
    last = cube.times[-1]
    return last.replace(year=last.year + last.month // 12, month=last.month % 12 + 1, day=1)


def _estimate(p: CropMap) -> Estimate:
    """From the size of the file: a number takes two bytes there and some forty in memory, and a second goes over ten million of them."""
    if not p.input.is_file():
        raise ProductError(f"{p.input.name} does not exist", why="no file has this name", way_out="check the path")
    numbers = p.input.stat().st_size / 2
    return Estimate(1 + numbers / 1e7, 300 + 40 * numbers / 2**20, f"{numbers / 1e6:.1f} million numbers")


CROP_MAP = ServiceSpec(
    id="crop-map",
    executable="Crop-map",
    version="0.1",
    title="Land cover and crop season from a year of Sentinel-2",
    abstract=(
        "Bare or built, sparse vegetation, summer crop, winter crop, permanent vegetation and open water, from the course of the monthly "
        "vegetation index. Limits: a rule-based first cut; the rules are generic phenology of temperate regions, not fitted and not "
        "validated against any reference; orchards, greenhouses, double cropping and mown meadows are not told apart, and crop species "
        "are not named."
    ),
    parameters=CropMap,
    outputs=(
        Output(
            "land_cover", "raster", "image/tiff; application=geotiff", "LandCover_{first}_{last}.tif", "byte: classes 1 … 6, 255 unknown"
        ),
        Output(
            "land_cover_areas",
            "vector",
            "application/geopackage+sqlite3",
            "land_cover_{first}_{last}.gpkg",
            "polygons; landCover integer 1 … 6, area_m2 geodesic",
        ),
    ),
    run=_run,
    references=(
        Reference(
            "Tucker: Red and photographic infrared linear combinations for monitoring vegetation, RSE 8(2), 1979",
            "10.1016/0034-4257(79)90013-0",
        ),
        Reference("McFeeters: The use of the normalized difference water index, IJRS 17(7), 1996", "10.1080/01431169608948714"),
    ),
    attribution=("Contains modified Copernicus Sentinel data.",),
    questions=(Question("How many hectares of each crop season does {cube} show?", {"cube": "input"}),),
    domain="agriculture",
    keywords=("Sentinel-2", "land cover", "crops", "phenology", "NDVI"),
    estimate=_estimate,
)
