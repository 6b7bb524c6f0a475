"""How the bands of a result are described: in a GeoTIFF, in NetCDF, in STAC, and to a viewer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..raster import Variable
from ._bands import BANDS, plain_name
from ._scene import Scene

_NAMES = "coastal blue green red rededge rededge rededge nir nir08 nir09 cirrus swir16 swir22"
_COMMON = dict(zip(BANDS, _NAMES.split(), strict=True))
"""STAC's common names (eo extension 1.1)."""
_CENTRES = dict(zip(BANDS, (442.7, 492.7, 559.8, 664.6, 704.1, 740.5, 782.8, 832.8, 864.7, 945.1, 1373.5, 1613.7, 2202.4), strict=True))
"""Central wavelengths of Sentinel-2A in nm, for scenes that do not say their own (PSD 14.9)."""
_OTHERS = {"SCL": ("scene classification", "1"), "AOT": ("aerosol optical thickness", "1"), "WVP": ("water vapour", "cm")}
_CLASSES = (
    "no_data saturated_or_defective dark_area cloud_shadow vegetation not_vegetated water unclassified "
    "cloud_medium_probability cloud_high_probability thin_cirrus snow_or_ice"
)
_RED_GREEN_BLUE = (("B04", "B03", "B02"), ("B08", "B04", "B03"), ("B12", "B8A", "B04"))


def shown_bands(names: Sequence[str]) -> tuple[int, ...]:
    """Numbers of the bands (from 1) that a viewer shows as red, green and blue: true colour, else infrared; else the first alone."""
    found = next((combination for combination in _RED_GREEN_BLUE if set(combination) <= set(names)), names[:1])
    return tuple(names.index(name) + 1 for name in found)


def describe_band(dataset: Any, scene: Scene, names: Sequence[str], scale: str) -> None:
    """Say in an open GeoTIFF what its numbers and colours are."""
    from rasterio.enums import ColorInterp

    for number, name in enumerate(names, 1):
        if name in BANDS:
            dataset.update_tags(number, WAVELENGTH_NM=f"{_centre(scene, name):g}")
    dataset.scales = tuple(_factor(scene, name, scale) for name in names)
    shown = shown_bands(names)
    colours = dict(zip(shown, (ColorInterp.red, ColorInterp.green, ColorInterp.blue), strict=True)) if len(shown) == 3 else {}
    dataset.colorinterp = [
        colours.get(number, ColorInterp.undefined if colours else ColorInterp.gray) for number in range(1, len(names) + 1)
    ]


def variable(scene: Scene, name: str, scale: str) -> Variable:
    """A band as a NetCDF variable."""
    said: dict[str, Any] = {"long_name": f"reflectance of band {plain_name(name)}", "units": "1"}
    if name in BANDS:
        word = {"L1C": "toa_bidirectional_reflectance", "L2A": "surface_bidirectional_reflectance"}.get(scene.level)
        said |= {"radiation_wavelength": _centre(scene, name), "radiation_wavelength_unit": "nm"} | (
            {"standard_name": word} if word else {}
        )
    else:
        said["long_name"], said["units"] = _OTHERS[name]
    if name == "SCL":
        import numpy as np

        said |= {"flag_values": np.arange(12, dtype=np.int16 if scale == "number" else np.float32), "flag_meanings": _CLASSES}
    factor = _factor(scene, name, scale)
    return Variable(plain_name(name), said | ({"scale_factor": factor, "add_offset": 0.0} if factor != 1 else {}))


def band_fields(scene: Scene, names: Sequence[str], scale: str, dtype: str, nothing: float) -> dict[str, Any]:
    """The bands in STAC's words (eo 1.1, raster 1.1), in the order of the file."""
    raster = [
        {
            "data_type": dtype,
            "nodata": "nan" if nothing != nothing else int(nothing),
            "scale": _factor(scene, name, scale),
            "offset": 0,
            "unit": _OTHERS.get(name, ("", "1"))[1],
        }
        for name in names
    ]
    return {"eo:bands": [_eo(scene, name) for name in names], "raster:bands": raster}


def _eo(scene: Scene, name: str) -> dict[str, Any]:
    if name not in BANDS:
        return {"name": name, "description": _OTHERS[name][0]}
    return {"name": name, "common_name": _COMMON[name], "center_wavelength": round(_centre(scene, name) / 1000, 4)}


def _centre(scene: Scene, name: str) -> float:
    known = scene.product.wavelengths if scene.product else {}
    return known.get(name, _CENTRES[name])


def _factor(scene: Scene, name: str, scale: str) -> float:
    """What a number of the file is to be multiplied with."""
    return 1.0 if scale == "reflectance" else 1 / scene.band(name, 0.0).quantification
