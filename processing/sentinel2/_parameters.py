"""Parameters of S2-CD and S2-preprocess."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from ..frame import Moment, Parameters, parameter


def split(value: Any) -> Any:
    """``B3,B4`` as a list; anything else is left to the check of its type."""
    return [part for part in value.replace(",", " ").split()] if isinstance(value, str) else value


BandList = Annotated[tuple[str, ...], BeforeValidator(split)]
Classes = Annotated[tuple[Annotated[int, Field(ge=0, le=11)], ...], BeforeValidator(split)]
Vector = Annotated[tuple[float, ...], BeforeValidator(split)]

_FOLDER = parameter(..., "folder for the results", options=["-outdir", "--output_path", "--outdir"], role="output")
_AOI = parameter(
    None,
    "area of interest: WKT in lon lat, or a GeoJSON or GeoPackage file; default the whole scene",
    options=["-p", "--AoI", "--aoi"],
    role="aoi",
)
_CLOUD_CLASSES = parameter(
    (1, 3, 8, 9, 10),
    "scene classes that hide the ground: saturated, cloud shadow, clouds and thin cirrus",
    options=["--cloud-classes"],
    min_length=1,
)
_CLOUD_DILATE = parameter(0.0, "also hide what is this near to a cloud", options=["--cloud-dilate"], unit="m", ge=0, le=5000)
TILE = parameter(
    None,
    "tile to read from products of several (before December 2016)",
    options=["--tile"],
    pattern=r"^[Tt]?\d{2}[A-Za-z]{3}$",
    examples=["T56HKH"],
)
HARMONISED = parameter(
    False, "the product's numbers were shifted already by who keeps it: do not apply its offset", options=["--harmonised"]
)
_STACK_BANDS = parameter(
    None, "bands of GeoTIFF stacks in the order of the file; default their band descriptions", options=["--stack-bands"], min_length=1
)
_STACK_OFFSET = parameter(
    0.0,
    "added to the numbers of GeoTIFF stacks (−1000 if made from baseline 04.00 and not yet harmonised)",
    options=["--stack-offset"],
    unit="DN",
    ge=-10_000,
    le=10_000,
)
_STACK_QUANTIFICATION = parameter(
    10_000.0, "numbers of GeoTIFF stacks per unit of reflectance", options=["--stack-quantification"], unit="DN", gt=0
)


class Change(Parameters):
    """Parameters of S2-CD."""

    input1: Path = parameter(
        ..., "first scene: SAFE folder, SAFE zip, or a GeoTIFF stack of bands", options=["-i1", "--input1"], role="input"
    )
    input2: Path = parameter(..., "second scene, not older than the first", options=["-i2", "--input2"], role="input")
    output_path: Path = _FOLDER
    aoi: str | None = _AOI
    bands: BandList = parameter(("B3", "B4", "B8"), "bands to compare, two or more", options=["-b", "--bands"], min_length=2, max_length=13)
    resolution: float | None = parameter(
        None,
        "pixel size of the result; default the finest of the bands",
        options=["-r", "--resolution"],
        unit="units of the projection (m)",
        gt=0,
        le=100_000,
    )
    projection: str | None = parameter(
        None, "coordinate reference system of the result, e.g. EPSG:4326; default that of the first scene", options=["--projection"]
    )
    number_of_classes: int = parameter(
        8, "equal sectors into which the direction of change is divided", options=["--numberOfClasses"], ge=1, le=254
    )
    reference_vector: Vector | None = parameter(
        None, "direction from which angles are measured, one number per band; default all equal", options=["--referenceVector"]
    )
    level_confidence: float = parameter(
        0.999,
        "of chi2: share of unchanged pixels that must stay below the threshold; of rayleigh-rice: least probability of change above it",
        options=["--levelConfidence"],
        gt=0,
        lt=1,
    )
    threshold: Literal["chi2", "rayleigh-rice", "otsu", "fixed"] = parameter(
        "chi2",
        "where change begins: chi-square quantile of the confidence, Rayleigh-Rice mixture of all amplitudes, Otsu's split, or a given one",
        options=["--threshold"],
    )
    threshold_value: float = parameter(
        4.0, "amplitude above which a pixel has changed, for the threshold fixed", options=["--threshold-value"], unit="as units", gt=0
    )
    units: Literal["sigma", "reflectance"] = parameter(
        "sigma", "of the vectors: robust standard deviations of each band's difference, or reflectance", options=["--units"]
    )
    whitening: Literal["band", "full"] = parameter(
        "band",
        "scale each band by its own standard deviation, or also take out the correlation between bands (Mahalanobis length)",
        options=["--whitening"],
    )
    normalisation: Literal["robust", "irmad", "none"] = parameter(
        "robust",
        "fit the second date to the first on unchanged pixels: trimmed regression, iteratively re-weighted MAD, or not at all",
        options=["--normalisation"],
    )
    coregistration: Literal["shift", "none"] = parameter(
        "shift", "find the shift between the dates, and take it out if it is a tenth of a pixel or more", options=["--coregistration"]
    )
    cloud_mask: Literal["auto", "scl", "builtin", "none"] | Path = parameter(
        "auto",
        "clouds to hide on either date: by the scene classes where both have them (auto) or must have them (scl), by spectral tests "
        "(builtin), or a raster or vector file that covers them",
        options=["--cloudmask"],
        role="input",
    )
    cloud_classes: Classes = _CLOUD_CLASSES
    cloud_dilate: float = _CLOUD_DILATE
    any_orbit: bool = parameter(
        False, "compare scenes of different relative orbits, though they see the ground from different sides", options=["--any-orbit"]
    )
    tile: str | None = TILE
    harmonised: bool = HARMONISED
    output_format: Literal["GTiff", "COG"] = parameter("GTiff", "format of the rasters", options=["--output_format"])
    stack_bands: BandList | None = _STACK_BANDS
    stack_offset: float = _STACK_OFFSET
    stack_quantification: float = _STACK_QUANTIFICATION
    time1: Moment | None = parameter(None, "acquisition of a first stack that does not say it, ISO 8601", options=["--time1"])
    time2: Moment | None = parameter(None, "acquisition of a second stack that does not say it", options=["--time2"])


class Preprocess(Parameters):
    """Parameters of S2-preprocess."""

    input: Path = parameter(
        ...,
        "scene: SAFE folder or zip (L1C or L2A, either naming), or a GeoTIFF stack of bands",
        options=["-i", "--input"],
        role="input",
    )
    output_path: Path = _FOLDER
    aoi: str | None = _AOI
    bands: BandList | None = parameter(
        None, "bands to write, also SCL, AOT, WVP; default every spectral band of the scene", options=["-b", "--bands"], min_length=1
    )
    resolution: float | None = parameter(
        None,
        "pixel size of the result, the same for all bands; default the finest of them",
        options=["-r", "--resolution"],
        unit="units of the projection (m)",
        gt=0,
        le=100_000,
    )
    projection: str | None = parameter(
        None, "coordinate reference system of the result, e.g. EPSG:4326; default that of the scene", options=["--projection"]
    )
    resampling: Literal["auto", "nearest", "bilinear", "cubic", "average"] = parameter(
        "auto", "auto averages finer pixels and interpolates coarser ones bilinearly; classes are always nearest", options=["--resampling"]
    )
    cloud_mask: Literal["none", "scl", "builtin"] | Path = parameter(
        "none",
        "clouds to hide: by the scene classes of L2A (scl), by spectral tests (builtin), or a raster or vector file that covers them",
        options=["--cloudmask"],
        role="input",
    )
    cloud_classes: Classes = _CLOUD_CLASSES
    cloud_dilate: float = _CLOUD_DILATE
    land_sea_mask: Literal["none", "land", "sea"] | Path = parameter(
        "none",
        "what to keep: land or sea (by the scene class of water, patches from 1 km2), or what a raster or vector file covers",
        options=["--landseamask"],
        role="input",
    )
    scale: Literal["number", "reflectance"] = parameter(
        "number", "write whole numbers (reflectance × 10000, offsets removed) or reflectance", options=["--scale"]
    )
    output_format: Literal["GTiff", "COG", "NetCDF"] = parameter("GTiff", "format of the result", options=["--output_format"])
    tile: str | None = TILE
    harmonised: bool = HARMONISED
    stack_bands: BandList | None = _STACK_BANDS
    stack_offset: float = _STACK_OFFSET
    stack_quantification: float = _STACK_QUANTIFICATION
    time: Moment | None = parameter(None, "acquisition of a stack that does not say it, ISO 8601", options=["--time"])
