"""Simulated Sentinel-5P level 2 CO products: the swath of a true orbit, groups, dimensions, units and fill values of real files.

A circular orbit of 98.74° inclination and 101.5 minutes over a turning sphere; 4172 scanlines of 0.84 s with 215 ground pixels across
2600 km, as orbit 12367 of 3 March 2020 has them. Columns are a smooth field drawn by chance, with the median and spread that the quality
statistics of that orbit tell; where the sun is too low or a cloud too high there is no value. Nothing here was observed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from ._safe import simulator

Array = np.ndarray[Any, Any]
SCANLINES, GROUND_PIXELS = 4172, 215
_FILL = np.float32(9.96921e36)
_INCLINATION = np.radians(98.74)
_PERIOD = 6090.0
_DAY = 86164.0905
_CLOUDED = 0.3
_SCAN = 0.84
_HALF_SWATH = np.radians(11.7)
_OBLIQUITY = np.radians(23.44)
_TITLE = "SIMULATED: TROPOMI/S5P CO Column 1-Orbit L2 Swath 7x7km"


@dataclass(frozen=True)
class CoOrbit:
    """What a simulated product looks at, and when.

    Attributes:
        start: time of the first scanline of the whole orbit, UTC.
        orbit: absolute number.
        crossing: longitude at which the day side crosses the equator, degrees.
        rows: scanlines of the orbit that the product has; all of them are an off-line product, some a granule.
        seed: of the random numbers.
    """

    start: datetime = datetime(2020, 3, 3, 1, 57, 22, tzinfo=UTC)
    orbit: int = 12367
    crossing: float = 165.46729
    rows: tuple[int, int] = (0, SCANLINES)
    seed: int = 5


def sentinel5p_co(folder: Path, made: CoOrbit | None = None) -> Path:
    """Write a *simulated* CO product and return it; its file class is ``TEST``, and metadata and title say that it is simulated."""
    made = made or CoOrbit()
    lines = np.arange(made.rows[0], made.rows[1] + 1, dtype=float)
    edges = _ground(made, lines - 0.5, np.linspace(-1.0, 1.0, GROUND_PIXELS + 1))
    centres = _ground(made, lines[:-1], (np.arange(GROUND_PIXELS) + 0.5) / GROUND_PIXELS * 2 - 1)
    times = [made.start + timedelta(seconds=_SCAN * row) for row in range(*made.rows)]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{_name(made, times)}.nc"
    _write(path, made, times, centres, edges, _atmosphere(made, centres, times))
    return path


def _name(made: CoOrbit, times: list[datetime]) -> str:
    first, last = (f"{moment:%Y%m%dT%H%M%S}" for moment in (times[0], times[-1] + timedelta(seconds=1)))
    return f"S5P_TEST_L2__CO_____{first}_{last}_{made.orbit:05d}_01_010302_{times[-1] + timedelta(days=3):%Y%m%dT%H%M%S}"


def _ground(made: CoOrbit, lines: Array, across: Array) -> Array:
    """Unit vectors (lines, across, 3) of points on the turning globe; ``across`` is −1 … 1 from edge to edge of the swath."""
    seconds = (lines - SCANLINES / 2) * _SCAN
    along = 2 * np.pi * seconds / _PERIOD
    turned = np.radians(made.crossing) - 2 * np.pi * seconds / _DAY
    below = np.stack([np.cos(along), np.cos(_INCLINATION) * np.sin(along), np.sin(_INCLINATION) * np.sin(along)], -1)
    normal = np.array([0.0, -np.sin(_INCLINATION), np.cos(_INCLINATION)])
    # pixels are wider towards the edges
    angle = _HALF_SWATH * (0.6 * across + 0.4 * across**3)
    points = np.cos(angle)[None, :, None] * below[:, None, :] - np.sin(angle)[None, :, None] * normal
    east, north = np.cos(turned)[:, None], np.sin(turned)[:, None]
    x, y = points[..., 0] * east - points[..., 1] * north, points[..., 0] * north + points[..., 1] * east
    found: Array = np.stack([x, y, points[..., 2]], -1)
    return found


def _lonlat(points: Array) -> tuple[Array, Array]:
    longitude = np.degrees(np.arctan2(points[..., 1], points[..., 0]))
    return longitude.astype(np.float32), np.degrees(np.arcsin(np.clip(points[..., 2], -1, 1))).astype(np.float32)


def _waves(points: Array, rng: np.random.Generator, size: float, count: int = 12) -> Array:
    """A smooth random field on the sphere, mean 0 and deviation 1; ``size`` is the length of its waves in radians."""
    vectors = rng.standard_normal((count, 3)) * (2 * np.pi / size / np.sqrt(3))
    phases = rng.uniform(0, 2 * np.pi, count)
    field = sum(np.cos(points @ vector + phase) for vector, phase in zip(vectors, phases, strict=True))
    scaled: Array = np.asarray(field) * np.sqrt(2 / count)
    return scaled


def _atmosphere(made: CoOrbit, points: Array, times: list[datetime]) -> tuple[Array, Array, Array]:
    """Column and precision (mol m-2, float32, fill value where there is none) and quality (uint8, hundredths)."""
    rng = np.random.default_rng([made.seed, made.orbit])
    north = points[..., 2]
    column = 0.0285 + 0.016 * north + 0.003 * _waves(points, rng, 0.6) + 0.0015 * _waves(points, rng, 0.05)
    plumes = np.clip(_waves(points, rng, 0.08) - 2.0, 0, None)
    column = np.clip(column + 0.02 * plumes + 0.0008 * rng.standard_normal(north.shape), 0.004, None)
    cloud = _waves(points, rng, 0.25) + 0.5 * _waves(points, rng, 0.04)
    quality = np.select([cloud < -0.3, cloud < 0.1, cloud < _CLOUDED], [100, 70, 40], 0)
    low = np.degrees(np.arccos(np.clip(_sunlight(points, times), -1, 1))) > 80
    quality[low] = 0
    quality[:, :2] = 0
    lost = low | (cloud >= _CLOUDED)
    precision = column * (0.02 + 0.02 * rng.random(north.shape))
    return np.where(lost, _FILL, column).astype(np.float32), np.where(lost, _FILL, precision).astype(np.float32), quality.astype(np.uint8)


def _sunlight(points: Array, times: list[datetime]) -> Array:
    """Cosine of the sun's zenith angle, to about a degree."""
    days = np.array([(moment - datetime(moment.year, 3, 21, tzinfo=UTC)).total_seconds() / 86400 for moment in times])
    declination = np.arcsin(np.sin(_OBLIQUITY) * np.sin(2 * np.pi * days / 365.25))
    noon = np.radians([180.0 - (moment.hour + moment.minute / 60 + moment.second / 3600) * 15 for moment in times])
    sun = np.stack([np.cos(declination) * np.cos(noon), np.cos(declination) * np.sin(noon), np.sin(declination)], -1)
    found: Array = np.einsum("ijk,ik->ij", points, sun)
    return found


def _write(path: Path, made: CoOrbit, times: list[datetime], centres: Array, edges: Array, measured: tuple[Array, Array, Array]) -> None:
    import netCDF4

    with netCDF4.Dataset(path, "w", format="NETCDF4") as file:
        file.setncatts(_attributes(path.stem, made, times, centres))
        product = file.createGroup("PRODUCT")
        for name, size in (("scanline", len(times)), ("ground_pixel", GROUND_PIXELS), ("corner", 4), ("time", 1), ("layer", 50)):
            product.createDimension(name, size)
        _axes(product, made, times)
        _measurements(product, centres, measured)
        _bounds(product.createGroup("SUPPORT_DATA").createGroup("GEOLOCATIONS"), edges)
        metadata = file.createGroup("METADATA")
        metadata.createGroup("GRANULE_DESCRIPTION").setncatts(_granule(made, times))
        metadata.createGroup("QA_STATISTICS").setncatts(_statistics(measured))


def _array(group: Any, name: str, values: Array, axes: tuple[str, ...], attributes: dict[str, Any], fill: Any = _FILL) -> None:
    """A variable over ``axes``, packed as the real ones are."""
    variable = group.createVariable(
        name, values.dtype, axes, fill_value=fill, compression="zlib", complevel=3, shuffle=True, fletcher32=True
    )
    variable.setncatts(attributes)
    variable.set_auto_maskandscale(False)
    variable[:] = values


def _axes(product: Any, made: CoOrbit, times: list[datetime]) -> None:
    midnight = _midnight(times)
    for name, values, text in (
        ("scanline", np.arange(*made.rows, dtype=np.int32), "along-track dimension index"),
        ("ground_pixel", np.arange(GROUND_PIXELS, dtype=np.int32), "across-track dimension index"),
        ("corner", np.arange(4, dtype=np.int32), "pixel corner index"),
    ):
        _array(product, name, values, (name,), {"units": "1", "long_name": text}, None)
    zero = np.array([(midnight - datetime(2010, 1, 1, tzinfo=UTC)).total_seconds()], np.int32)
    _array(product, "time", zero, ("time",), {"units": "seconds since 2010-01-01 00:00:00", "standard_name": "time"}, None)
    delta = np.array([[round((moment - midnight).total_seconds() * 1000) for moment in times]], np.int32)
    unit = f"milliseconds since {midnight:%Y-%m-%d %H:%M:%S}"
    text = "offset of start time of measurement relative to time_reference"
    _array(product, "delta_time", delta, ("time", "scanline"), {"long_name": text, "units": unit}, np.int32(-(2**31) + 1))
    spelled = product.createVariable("time_utc", str, ("time", "scanline"))
    spelled.long_name = "Time of observation as ISO 8601 date-time string"
    spelled[0] = np.array([f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z" for moment in times], object)


def _measurements(product: Any, centres: Array, measured: tuple[Array, Array, Array]) -> None:
    longitude, latitude = _lonlat(centres)
    axes = ("time", "scanline", "ground_pixel")
    place = {"coordinates": "longitude latitude"}
    north = {"units": "degrees_north", "standard_name": "latitude", "valid_min": np.float32(-90), "valid_max": np.float32(90)}
    east = {"units": "degrees_east", "standard_name": "longitude", "valid_min": np.float32(-180), "valid_max": np.float32(180)}
    _array(
        product, "latitude", latitude[None], axes, {**north, "long_name": "pixel center latitude", "bounds": f"{_PLACES}/latitude_bounds"}
    )
    _array(
        product,
        "longitude",
        longitude[None],
        axes,
        {**east, "long_name": "pixel center longitude", "bounds": f"{_PLACES}/longitude_bounds"},
    )
    column, precision, quality = measured
    name, mole = "carbonmonoxide_total_column", "atmosphere_mole_content_of_carbon_monoxide"
    factor = {"multiplication_factor_to_convert_to_molecules_percm2": np.float32(6.02214e19)}
    said = {**place, "units": "mol m-2", **factor}
    first = {"standard_name": mole, "long_name": "Vertically integrated CO column", "ancillary_variables": f"{name}_precision"}
    second = {"standard_name": f"{mole} standard_error", "long_name": "Standard error of the vertically integrated CO column"}
    _array(product, name, column[None], axes, {**said, **first})
    _array(product, f"{name}_precision", precision[None], axes, {**said, **second})
    scale = {
        "units": "1",
        "scale_factor": np.float32(0.01),
        "add_offset": np.float32(0),
        "valid_min": np.uint8(0),
        "valid_max": np.uint8(100),
    }
    _array(product, "qa_value", quality[None], axes, {**place, **scale, "long_name": "data quality value"}, np.uint8(255))


_PLACES = "/PRODUCT/SUPPORT_DATA/GEOLOCATIONS"


def _bounds(group: Any, edges: Array) -> None:
    """Corners in order around each pixel."""
    axes = ("time", "scanline", "ground_pixel", "corner")
    for name, values in zip(("longitude_bounds", "latitude_bounds"), _lonlat(edges), strict=True):
        corners = np.stack([values[:-1, :-1], values[:-1, 1:], values[1:, 1:], values[1:, :-1]], -1)
        _array(group, name, corners[None], axes, {})


def _midnight(times: list[datetime]) -> datetime:
    return times[0].replace(hour=0, minute=0, second=0, microsecond=0)


def _second(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}Z"


def _attributes(id: str, made: CoOrbit, times: list[datetime], centres: Array) -> dict[str, Any]:
    """Of the file: those of real ones as far as they hold, and the word *simulated*."""
    midnight = _midnight(times)
    longitude, latitude = _lonlat(centres)
    return {
        "EARTHWEAVE_SIMULATED": "true",
        "simulator": simulator(),
        "Conventions": "CF-1.7",
        "institution": "Earthweave (simulated)",
        "source": "simulated; no satellite data",
        "summary": _TITLE,
        "title": _TITLE,
        "id": id,
        "time_reference": _second(midnight),
        "time_reference_days_since_1950": np.int32((midnight - datetime(1950, 1, 1, tzinfo=UTC)).days),
        "time_reference_julian_day": (midnight - datetime(2000, 1, 1, 12, tzinfo=UTC)).total_seconds() / 86400 + 2451545.0,
        "time_reference_seconds_since_1970": np.int64(midnight.timestamp()),
        "time_coverage_start": _second(times[0]),
        "time_coverage_end": _second(times[-1]),
        "time_coverage_duration": f"PT{_SCAN * (len(times) - 1):.3f}S",
        "time_coverage_resolution": f"PT{_SCAN:.3f}S",
        "orbit": np.int32(made.orbit),
        "processor_version": "1.3.2",
        "cdm_data_type": "Swath",
        "geospatial_lat_min": latitude.min(),
        "geospatial_lat_max": latitude.max(),
        "geospatial_lon_min": longitude.min(),
        "geospatial_lon_max": longitude.max(),
        "platform": "S5P",
        "sensor": "TROPOMI",
        "spatial_resolution": "7x7km2",
        "geolocation_grid_from_band": np.int32(7),
    }


def _granule(made: CoOrbit, times: list[datetime]) -> dict[str, Any]:
    return {
        "GranuleStart": _second(times[0]),
        "GranuleEnd": _second(times[-1]),
        "InstrumentName": "TROPOMI",
        "MissionName": "Sentinel-5 precursor",
        "MissionShortName": "S5P",
        "ProcessLevel": "2",
        "ProcessingCenter": "simulated",
        "ProcessingNode": "simulated",
        "ProcessorVersion": "1.3.2",
        "ProductFormatVersion": np.int32(10100),
        "ProcessingMode": "Simulation",
        "LongitudeOfDaysideNadirEquatorCrossing": np.float32(made.crossing),
        "ProductShortName": "L2__CO____",
    }


def _statistics(measured: tuple[Array, Array, Array]) -> dict[str, Any]:
    known = int((measured[0] != _FILL).sum())
    size = measured[0].size
    return {
        "number_of_groundpixels": str(size),
        "number_of_processed_pixels": str(size),
        "number_of_successfully_processed_pixels": str(known),
        "number_of_failed_retrievals": str(size - known),
        "global_processing_warnings": "None",
    }
