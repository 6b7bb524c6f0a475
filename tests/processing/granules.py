"""Small Sentinel-5P CO products written from arrays, without the simulator."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np

Array = np.ndarray[Any, Any]
FILL = np.float32(9.96921e36)
MIDNIGHT = datetime(2020, 3, 3, tzinfo=UTC)
COLUMN = "carbonmonoxide_total_column"


def name_of(seconds: float, orbit: int, stream: str = "OFFL", made: str = "20200306T000000", lines: int = 4) -> str:
    """A product's file name."""
    start = MIDNIGHT + timedelta(seconds=seconds)
    end = start + timedelta(seconds=lines + 1)
    return f"S5P_{stream}_L2__CO_____{start:%Y%m%dT%H%M%S}_{end:%Y%m%dT%H%M%S}_{orbit:05d}_01_010302_{made}.nc"


def write_granule(
    path: Path,
    corner_lon: Array,
    corner_lat: Array,
    value: Array,
    quality: Array,
    *,
    seconds: float = 3600.0,
    precision: Array | None = None,
    centres: tuple[Array, Array] | None = None,
    units: str = "mol m-2",
    without: tuple[str, ...] = (),
) -> Path:
    """Write a product of (scanlines, pixels) with corners of (scanlines, pixels, 4); a NaN is the fill value; one scanline a second."""
    lines, pixels = value.shape
    lon, lat = centres or (middle(corner_lon), corner_lat.mean(-1))
    with netCDF4.Dataset(path, "w") as file:
        file.setncatts({"id": path.stem, "time_reference": f"{MIDNIGHT:%Y-%m-%dT%H:%M:%SZ}", "orbit": 7, "title": "a test"})
        product = file.createGroup("PRODUCT")
        for name, size in (("time", 1), ("scanline", lines), ("ground_pixel", pixels), ("corner", 4)):
            product.createDimension(name, size)
        axes = ("time", "scanline", "ground_pixel")
        standard = value * 0.1 if precision is None else precision
        numbers = {"longitude": lon, "latitude": lat, COLUMN: value, f"{COLUMN}_precision": standard}
        for name, values in numbers.items():
            if name not in without:
                made = product.createVariable(name, "f4", axes, fill_value=FILL)
                made.units = units if name.startswith(COLUMN) else "degrees"
                made[0] = np.where(np.isnan(values), FILL, values)
        delta = product.createVariable("delta_time", "i4", axes[:2])
        delta.units = f"milliseconds since {MIDNIGHT:%Y-%m-%d} 00:00:00"
        delta[0] = (np.arange(lines) * 1000 + seconds * 1000).astype("i4")
        if "qa_value" not in without:
            flag = product.createVariable("qa_value", "u1", axes, fill_value=255)
            flag.setncatts({"scale_factor": np.float32(0.01), "add_offset": np.float32(0)})
            flag.set_auto_maskandscale(False)
            flag[0] = quality
        if "corners" not in without:
            places = product.createGroup("SUPPORT_DATA").createGroup("GEOLOCATIONS")
            for name, values in (("longitude_bounds", corner_lon), ("latitude_bounds", corner_lat)):
                made = places.createVariable(name, "f4", (*axes, "corner"), fill_value=FILL)
                made[0] = np.where(np.isnan(values), FILL, values)
    return path


def middle(corner_lon: Array) -> Array:
    """Longitude of the middle of corners, also across the antimeridian."""
    angle = np.radians(corner_lon)
    return np.degrees(np.arctan2(np.sin(angle).mean(-1), np.cos(angle).mean(-1)))


def lattice(lon: float, lat: float, step: float, lines: int, pixels: int) -> tuple[Array, Array]:
    """Corners of a grid of pixels around a place away from the poles; longitudes are brought to −180 … 180."""
    x = lon + (np.arange(pixels + 1) - pixels / 2) * step
    y = lat + (np.arange(lines + 1) - lines / 2) * step
    east, north = np.meshgrid((x + 180) % 360 - 180, y)
    return corners(east), corners(north)


def cap(sign: int, step: float, lines: int, pixels: int, shift: tuple[float, float] = (0.13, -0.21)) -> tuple[Array, Array]:
    """Corners of a square grid of pixels over a pole, ``step`` degrees wide, in the plane that touches it."""
    x = (np.arange(pixels + 1) - pixels / 2) * step + shift[0] * step
    y = (np.arange(lines + 1) - lines / 2) * step + shift[1] * step
    east, north = np.meshgrid(x, y)
    return corners(np.degrees(np.arctan2(north, east))), corners(sign * (90 - np.hypot(east, north)))


def corners(edges: Array) -> Array:
    """(lines, pixels, 4) from values at the edges, in order around."""
    found: Array = np.stack([edges[:-1, :-1], edges[:-1, 1:], edges[1:, 1:], edges[1:, :-1]], -1).astype(np.float32)
    return found
