"""Water-mask: open water in one scene, optical or radar, by water indices or backscatter and Otsu's threshold.

The bands are read twice, first for the histograms, then for the mask; only the latter if the threshold is given. Memory does not grow
with the scene: pixels go through the same sieve and outlines as Flood-mask's.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from earthweave.ontology import CRS84, ParameterError, ProcessingError

from ..frame import Context, Estimate, Moment, Outcome, Output, Parameters, Product, Question, Reference, ServiceSpec, parameter
from ..raster import NOTHING, Block, Grid, create_raster, create_vector, inside, media_type, open_raster, project, read_aoi, run_blocks
from ..sentinel2 import HARMONISED, TILE, BandList, Scene, scene_of
from ._indices import INDICES, RADAR, VOTERS, Index, agreed
from ._stream import FloodStream
from ._views import View, optical, radar

Array = np.ndarray[Any, Any]
_RASTER = "image/tiff; application=geotiff"


class WaterMask(Parameters):
    """Parameters of Water-mask."""

    input: Path = parameter(
        ...,
        "scene: SAFE folder, SAFE zip, a GeoTIFF stack of bands, or for vv and vh a GeoTIFF of backscatter",
        options=["-i", "--input"],
        role="input",
    )
    output_path: Path = parameter(..., "folder for the results", options=["-outdir", "--output_path"], role="output")
    aoi: str | None = parameter(
        None,
        "area of interest: WKT in lon lat, or a GeoJSON or GeoPackage file; default the whole scene",
        options=["-p", "--AoI", "--aoi"],
        role="aoi",
    )
    index: Literal["vote", "mndwi", "ndwi", "awei_nsh", "awei_sh", "vv", "vh"] = parameter(
        "vote",
        "water index: vote is the majority of ndwi, mndwi and awei_nsh; vv and vh are radar backscatter",
        options=["--index"],
    )
    threshold: float | None = parameter(
        None,
        "index above which (vv, vh: dB below which) a pixel is water; default by Otsu's method; not for vote",
        options=["--threshold"],
        ge=-50,
        le=50,
    )
    scale: Literal["auto", "db", "linear"] = parameter(
        "auto", "backscatter of vv and vh: dB, or linear power; auto: linear if nothing in the middle is negative", options=["--scale"]
    )
    resolution: float | None = parameter(
        None,
        "pixel size; default the finest of the bands; vv and vh keep their own",
        options=["-r", "--resolution"],
        unit="units of the scene's projection (m)",
        gt=0,
        le=100_000,
    )
    sieve: int = parameter(
        10, "patches smaller than this join their largest neighbour; 0 for none", options=["--sieve"], unit="pixels", ge=0
    )
    tile: str | None = TILE
    harmonised: bool = HARMONISED
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


@dataclass(frozen=True)
class _Rule:
    """Which pixels are water: the indices that vote, and their thresholds."""

    indices: tuple[Index, ...]
    limits: tuple[float, ...]

    def levels(self, values: list[Array]) -> Array:
        """1 water, 0 dry, `NOTHING` invalid (int32)."""
        valid = ~np.isnan(values).any(0)
        wet = agreed([index.wet(one, limit) for index, one, limit in zip(self.indices, values, self.limits, strict=True)])
        return np.where(valid, wet, np.int32(NOTHING)).astype(np.int32)


def _run(p: WaterMask, context: Context) -> Outcome:
    context.progress("reading metadata", 0.0)
    names = VOTERS if p.index == "vote" else (p.index,)
    if p.index == "vote" and p.threshold is not None:
        raise ParameterError(
            "threshold needs one index", why="the voters have different scales", way_out="choose --index, e.g. mndwi, or leave it out"
        )
    area = read_aoi(p.aoi) if p.aoi else None
    indices = tuple(INDICES[name] for name in names)
    with _view(p, area) as view:

        def make(block: Block) -> list[Array]:
            return _indices(view, indices, area, block)

        if p.threshold is None:
            limits = _limits(view, indices, make, context)
        else:
            limits = (p.threshold,)
        return _publish(p, view, _Rule(indices, limits), make, context)


def _view(p: WaterMask, area: Any) -> AbstractContextManager[View]:
    if p.index in RADAR:
        return radar(p.input, p.index.upper(), p.scale, p.time)
    scene = scene_of(p, p.input, p.time)
    bands = tuple(dict.fromkeys(band for name in (VOTERS if p.index == "vote" else (p.index,)) for band in INDICES[name].bands))
    return optical(scene, _grid(p, scene, bands, area), bands)


def _grid(p: WaterMask, scene: Scene, names: tuple[str, ...], area: Any) -> Grid:
    if p.resolution is None and area is None and scene.level == "stack":
        return scene.grid
    bounds = project(area, CRS84, scene.grid.crs).bounds if area is not None else scene.grid.bounds
    return scene.grid.snapped(bounds, p.resolution or scene.finest(names))


def _indices(view: View, indices: tuple[Index, ...], area: Any, block: Block) -> list[Array]:
    bands = {name: view.read(name, block) for name in dict.fromkeys(name for index in indices for name in index.bands)}
    found = [index.make(*(bands[name] for name in index.bands)) for index in indices]
    return found if area is None else [np.where(inside(area, view.grid.part(block)), one, np.nan) for one in found]


def _limits(view: View, indices: tuple[Index, ...], make: Any, context: Context) -> tuple[float, ...]:
    """Otsu's thresholds over the whole area."""
    counts = [np.zeros(index.bins, np.int64) for index in indices]

    def add(_: Block, values: list[Array]) -> None:
        for total, index, one in zip(counts, indices, values, strict=True):
            total += index.counts(one)

    run_blocks(view.grid, make, add, tell=lambda share: context.progress("reading bands", 0.4 * share))
    if not counts[0].any():
        raise ProcessingError(
            f"{view.id} has no valid pixels here", why="all are no data or outside the area of interest", way_out="check the area"
        )
    return tuple(index.threshold(total) for index, total in zip(indices, counts, strict=True))


def _publish(p: WaterMask, view: View, rule: _Rule, make: Any, context: Context) -> Outcome:
    context.progress("masking", 0.4)
    raster, vector = context.folder / f"Water_{p.index.upper()}_{view.stem}.tif", context.folder / f"water_mask_{view.stem}.gpkg"
    with FloodStream(view.grid, context.folder / ".scratch", sieve=p.sieve, threshold=1) as water:
        run_blocks(
            view.grid, lambda block: rule.levels(make(block)), water.put, tell=lambda share: context.progress("masking", 0.4 + 0.4 * share)
        )
        found = _write(view, water, raster, vector)
    if water.highest == NOTHING:
        raise ProcessingError(
            f"{view.id} has no valid pixels here", why="all are no data or outside the area of interest", way_out="check the area"
        )
    limits = [round(limit, 5) for limit in rule.limits]
    figures = {
        "index": p.index,
        "threshold": limits[0] if len(limits) == 1 else dict(zip(VOTERS, limits, strict=True)),
        "polygons": found[0],
        "water_km2": round(found[1] / 1e6, 6),
    }
    return Outcome(_products(view, raster, vector), (view.source,), figures, view.tags.attribution)


def _write(view: View, water: FloodStream, raster: Path, vector: Path) -> tuple[int, float]:
    """Write mask and areas strip by strip; returns how many areas, and their m2."""
    count, area = 0, 0.0
    with (
        create_raster(raster, view.grid, "uint8", 255, ("1 water, 0 dry, 255 invalid",), view.tags) as dataset,
        create_vector(vector, view.grid.crs, "water_mask", {"water": "int32", "area_m2": "float"}) as write,
    ):

        def see(block: Block, levels: Array) -> None:
            dataset.write(np.where(levels == NOTHING, 255, levels).astype(np.uint8), 1, window=block.window)

        for patches in water.patches(see=see):
            if len(patches):
                areas = patches.areas
                write(patches.geometries, {"water": patches.values, "area_m2": areas})
                count, area = count + len(patches), area + float(areas.sum())
    return count, area


def _products(view: View, raster: Path, vector: Path) -> tuple[Product, Product]:
    word = " (simulated)" if view.tags.simulated else ""
    meanings = ({"1": "1 water, 0 dry, 255 invalid"}, {"water": "1", "area_m2": "geodesic area, m2"})
    grid, time = view.grid, view.tags.time
    return (
        Product(
            "water",
            raster,
            "raster",
            raster.stem,
            f"Water {view.stem}{word}",
            _RASTER,
            grid.crs,
            grid.bbox,
            time,
            meanings[0],
            legend={1: "water", 0: "dry"},
        ),
        Product(
            "water_areas",
            vector,
            "vector",
            "water_mask",
            f"Water areas {view.stem}{word}",
            media_type(vector),
            grid.crs,
            grid.bbox,
            time,
            meanings[1],
        ),
    )


def _estimate(p: WaterMask) -> Estimate:
    """From the metadata: the bands are decoded twice."""
    if p.index in RADAR:
        with open_raster(p.input) as dataset:
            pixels, bands = dataset.width * dataset.height, 1
    else:
        scene = scene_of(p, p.input, p.time)
        pixels, bands = scene.grid.width * scene.grid.height, 4
    return Estimate(2 + pixels * bands * 4e-7, 700, f"{pixels / 1e6:.1f} million pixels in {bands} bands")


WATER_MASK = ServiceSpec(
    id="water-mask",
    executable="Water-mask",
    version="1.1",
    title="Open water in one scene, optical or radar",
    abstract=(
        "Water of one Sentinel-2 scene by the majority of three indices (NDWI, MNDWI, AWEI without shadows), or by one of them; or of "
        "radar backscatter, VV or VH. Thresholds by Otsu's method or given; small patches join their neighbour; water is outlined. "
        "Limits: one threshold for the whole area; shadows, dark roofs and clouds can pass for water and very turbid water can be missed; "
        "radar is neither filtered for speckle nor corrected for terrain here, and smooth sand or asphalt looks like water to it; "
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
    estimate=_estimate,
    domain="security",
    keywords=("water", "flood", "NDWI", "Otsu", "radar"),
    references=(
        Reference("McFeeters: The use of the normalized difference water index, IJRS 17(7), 1996", "10.1080/01431169608948714"),
        Reference("Xu: Modification of normalised difference water index, IJRS 27(14), 2006", "10.1080/01431160600589179"),
        Reference("Feyisa et al.: Automated Water Extraction Index, RSE 140, 2014", "10.1016/j.rse.2013.08.029"),
        Reference("Otsu: A threshold selection method from gray-level histograms, IEEE TSMC 9(1), 1979", "10.1109/TSMC.1979.4310076"),
    ),
    attribution=("Contains modified Copernicus Sentinel data.",),
    questions=(Question("Where was open water around {place} on {date}?", {"place": "aoi", "date": "input"}),),
)
