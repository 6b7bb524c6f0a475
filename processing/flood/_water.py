"""Water-mask: open water in one Sentinel-2 scene by a water index and Otsu's threshold.

NDWI: McFeeters, IJRS 17(7), 1996, doi:10.1080/01431169608948714. MNDWI: Xu, IJRS 27(14), 2006, doi:10.1080/01431160600589179.
Threshold: Otsu, IEEE TSMC 9(1), 1979, doi:10.1109/TSMC.1979.4310076.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np

from earthweave.ontology import Crs, Interval, ProcessingError

from ..frame import Context, Moment, Outcome, Output, Parameters, Product, Question, Reference, ServiceSpec, parameter
from ..raster import Grid, Polygons, Tags, create_raster, inside, polygonise, project, read_aoi, sieve, write_polygons
from ..sentinel2 import BandList, Scene, open_scene, read_band

Array = np.ndarray[Any, Any]
_PARTNER = {"mndwi": "B11", "ndwi": "B08"}
_BINS = 512


class WaterMask(Parameters):
    """Parameters of Water-mask."""

    input: Path = parameter(..., "scene: SAFE folder, SAFE zip, or a GeoTIFF stack of bands", options=["-i", "--input"], role="input")
    output_path: Path = parameter(..., "folder for the results", options=["-outdir", "--output_path"], role="output")
    aoi: str | None = parameter(
        None,
        "area of interest: WKT in lon lat, or a GeoJSON or GeoPackage file; default the whole scene",
        options=["-p", "--AoI", "--aoi"],
        role="aoi",
    )
    index: Literal["mndwi", "ndwi"] = parameter(
        "mndwi", "water index: green and short-wave infrared, or green and near infrared", options=["--index"]
    )
    threshold: float | None = parameter(
        None, "index above which a pixel is water; default by Otsu's method", options=["--threshold"], ge=-1, le=1
    )
    resolution: float | None = parameter(
        None,
        "pixel size; default the finest of the two bands",
        options=["-r", "--resolution"],
        unit="units of the scene's projection (m)",
        gt=0,
        le=100_000,
    )
    sieve: int = parameter(
        10, "patches smaller than this join their largest neighbour; 0 for none", options=["--sieve"], unit="pixels", ge=0
    )
    stack_bands: BandList | None = parameter(
        None, "bands of a GeoTIFF stack in the order of the file; default its band descriptions", options=["--stack-bands"], min_length=1
    )
    stack_offset: float = parameter(
        0.0, "added to the numbers of a GeoTIFF stack", options=["--stack-offset"], unit="DN", ge=-10_000, le=10_000
    )
    stack_quantification: float = parameter(
        10_000.0, "numbers of a GeoTIFF stack per unit of reflectance", options=["--stack-quantification"], unit="DN", gt=0
    )
    time: Moment | None = parameter(None, "acquisition of a stack that does not say it, ISO 8601", options=["--time"])


def water_index(green: Array, other: Array) -> Array:
    """Normalised difference ``(green − other) / (green + other)`` of reflectances, −1 … 1; NaN where the sum is not above 0.

    Reflectances below 0, which dark water has after the offset of baseline 04.00, count as 0.
    """
    a, b = np.maximum(green, 0), np.maximum(other, 0)
    total = a + b
    index: Array = np.divide(a - b, total, out=np.full_like(total, np.nan), where=total > 0)
    return index


def otsu(values: Array) -> float:
    """Threshold that best parts values of −1 … 1 into two classes: largest variance between them, 512 bins; NaN is left out.

    Raises `ProcessingError` if there are not two different values.
    """
    counts, edges = np.histogram(values[np.isfinite(values)], _BINS, (-1.0, 1.0))
    if np.count_nonzero(counts) < 2:
        raise ProcessingError("no threshold can be found", why="the index has one value in the whole area", way_out="give --threshold")
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)[:-1].astype(float)
    above = counts.sum() - below
    moment = np.cumsum(counts * centres)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (moment[:-1] / below - (moment[-1] - moment[:-1]) / above) ** 2
    return float(edges[1 + int(np.nanargmax(between))])


def _run(p: WaterMask, context: Context) -> Outcome:
    context.progress("reading metadata", 0.0)
    scene = open_scene(p.input, stack_bands=p.stack_bands, offset=p.stack_offset, quantification=p.stack_quantification, time=p.time)
    names = ("B03", _PARTNER[p.index])
    area = read_aoi(p.aoi) if p.aoi else None
    grid = _grid(p, scene, names, area)
    index = _index(scene, names, grid, area, context)
    limit = otsu(index) if p.threshold is None else p.threshold
    valid = ~np.isnan(index)
    context.progress("outlining", 0.7, f"threshold {limit:.3f}")
    water = sieve((valid & (index > limit)).astype(np.int32), p.sieve, valid)
    polygons = polygonise(water, grid, valid & (water == 1))
    return _publish(scene, names, grid, (index, water, valid), polygons, (p, limit), context)


def _grid(p: WaterMask, scene: Scene, names: tuple[str, str], area: Any) -> Grid:
    if p.resolution is None and area is None and scene.level == "stack":
        return scene.grid
    bounds = project(area, Crs.parse("CRS84"), scene.grid.crs).bounds if area is not None else scene.grid.bounds
    return scene.grid.snapped(bounds, p.resolution or scene.finest(names))


def _index(scene: Scene, names: tuple[str, str], grid: Grid, area: Any, context: Context) -> Array:
    index = np.full((grid.height, grid.width), np.nan, np.float32)
    with read_band(scene, names, grid) as read:
        for block in grid.blocks():
            part = water_index(read(names[0], block), read(names[1], block))
            index[block.slices] = part if area is None else np.where(inside(area, grid.part(block)), part, np.nan)
            context.progress("reading bands", 0.6 * (block.row + block.height) / grid.height)
    if np.isnan(index).all():
        raise ProcessingError(
            f"{scene.id} has no valid pixels here", why="all are no data or outside the area of interest", way_out="check the area"
        )
    return index


def _publish(
    scene: Scene,
    names: tuple[str, str],
    grid: Grid,
    pixels: tuple[Array, Array, Array],
    polygons: Polygons,
    said: tuple[WaterMask, float],
    context: Context,
) -> Outcome:
    (index, water, valid), (p, limit) = pixels, said
    time = Interval(scene.time, scene.time) if scene.time else None
    stem = f"{scene.time:%Y%m%dT%H%M%SZ}" if scene.time else scene.id
    raster, vector = context.folder / f"Water_{p.index.upper()}_{stem}.tif", context.folder / f"water_mask_{stem}.gpkg"
    with create_raster(
        raster, grid, "uint8", 255, ("1 water, 0 dry, 255 invalid",), Tags(time, scene.simulated, (scene.id,), (scene.attribution,))
    ) as dataset:
        dataset.write(np.where(valid, water, 255).astype(np.uint8), 1)
    areas = polygons.areas
    media, crs = write_polygons(vector, polygons, "water_mask", {"water": polygons.values, "area_m2": areas})
    word = " (simulated)" if scene.simulated else ""
    products = (
        Product(
            "water",
            raster,
            "raster",
            raster.stem,
            f"Water {stem}{word}",
            "image/tiff; application=geotiff",
            grid.crs,
            grid.bbox,
            time,
            {"1": "1 water, 0 dry, 255 invalid"},
        ),
        Product(
            "water_areas",
            vector,
            "vector",
            "water_mask",
            f"Water areas {stem}{word}",
            media,
            crs,
            grid.bbox,
            time,
            {"water": "1", "area_m2": "geodesic area, m2"},
        ),
    )
    figures = {
        "index": p.index,
        "threshold": round(limit, 5),
        "polygons": len(polygons),
        "water_km2": round(float(areas.sum()) / 1e6, 6),
        "index_range": [round(float(np.nanmin(index)), 4), round(float(np.nanmax(index)), 4)],
    }
    return Outcome(products, (scene.source(names, grid.xres),), figures, (scene.attribution,))


WATER_MASK = ServiceSpec(
    id="water-mask",
    executable="Water-mask",
    version="1.0",
    title="Open water in one Sentinel-2 scene",
    abstract=(
        "Normalised difference water index (NDWI or MNDWI), thresholded by Otsu's method or a given value, small patches "
        "removed, outlined. "
        "Limits: a threshold for the whole area; shadows, dark roofs and clouds can pass for water and very turbid water can be missed; "
        "whether water is a flood is not said."
    ),
    parameters=WaterMask,
    outputs=(
        Output("water", "raster", "image/tiff; application=geotiff", "Water_{index}_{time}.tif", "byte: 1 water, 0 dry, 255 invalid"),
        Output(
            "water_areas", "vector", "application/geopackage+sqlite3", "water_mask_{time}.gpkg", "polygons; water = 1, area_m2 geodesic"
        ),
    ),
    run=_run,
    references=(
        Reference("McFeeters: The use of the normalized difference water index, IJRS 17(7), 1996", "10.1080/01431169608948714"),
        Reference("Xu: Modification of normalised difference water index, IJRS 27(14), 2006", "10.1080/01431160600589179"),
        Reference("Otsu: A threshold selection method from gray-level histograms, IEEE TSMC 9(1), 1979", "10.1109/TSMC.1979.4310076"),
    ),
    attribution=("Contains modified Copernicus Sentinel data.",),
    questions=(Question("Where was open water around {place} on {date}?", {"place": "aoi", "date": "input"}),),
)
