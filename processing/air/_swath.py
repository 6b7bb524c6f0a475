"""Sentinel-5P level 2 carbon monoxide (product user manual SRON-S5P-LEV2-MA-002): NetCDF-4, PRODUCT over time, scanline, ground pixel.

Numbers are as in the file: columns in mol m-2, degrees, qa_value 0 … 1; what is a fill value there is NaN here.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from earthweave.ontology import Interval, ProductError

Array = np.ndarray[Any, Any]
COLUMN = "carbonmonoxide_total_column"
_PRECISION = f"{COLUMN}_precision"
_NEEDED = ("latitude", "longitude", "delta_time", "qa_value", COLUMN, _PRECISION)
_UNITS = ("mol m-2", "mol/m2", "mol m^-2")
_MOST = 20_000_000
"""Pixels of a product at most; an orbit has 0.9 million, and a file of a kilobyte can claim any number."""

_ALONE = threading.RLock()
"""The NetCDF library lets go of the interpreter's lock while it reads, and is not made for two threads."""


@dataclass(frozen=True)
class Pixels:
    """Ground pixels of some scanlines, as arrays of (scanlines, ground pixels).

    Attributes:
        first: number of the first scanline.
        value: CO column, mol m-2.
        precision: its standard error, mol m-2.
        quality: ``qa_value``, in hundredths.
    """

    first: int
    value: Array
    precision: Array
    quality: Array


@dataclass(frozen=True)
class Swath:
    """An open product.

    Attributes:
        id: product identifier.
        orbit: absolute orbit number.
        shape: scanlines, ground pixels.
        simulated: True if the file says that a simulator made it.
        times: of each scanline, datetime64[ms] UTC; NaT where the product says none.
        longitude, latitude: of the pixel centres, degrees, arrays of ``shape``.
    """

    id: str
    orbit: int
    shape: tuple[int, int]
    simulated: bool
    times: Array
    longitude: Array
    latitude: Array
    _file: Any
    _path: Path

    @property
    def coverage(self) -> Interval:
        """From the first to the last scanline."""
        known = self.times[~np.isnat(self.times)]
        first, last = (moment.astype("datetime64[ms]").astype(datetime).replace(tzinfo=UTC) for moment in (known.min(), known.max()))
        return Interval(first, last)

    def pixels(self, rows: slice) -> Pixels:
        """Columns, precision and quality of these scanlines."""
        with _reading(self._path):
            value, precision = (_numbers(self._file, name, rows) for name in (COLUMN, _PRECISION))
            found = Pixels(rows.start, value, precision, _quality(self._file, rows))
            if not value.shape == precision.shape == found.quality.shape == (rows.stop - rows.start, self.shape[1]):
                raise ValueError(f"column, precision and quality are {value.shape}, {precision.shape} and {found.quality.shape}")
            return found

    def corners(self, rows: slice) -> tuple[Array, Array]:
        """Longitudes and latitudes of the pixels' corners, (scanlines, ground pixels, 4); raises `ProductError` if there are none."""
        places = self._file.groups.get("SUPPORT_DATA")
        group = places.groups.get("GEOLOCATIONS") if places else None
        names = ("longitude_bounds", "latitude_bounds")
        if group is None or not set(names) <= set(group.variables):
            raise ProductError(
                f"{self._path.name} has no corners of its pixels",
                why="PRODUCT/SUPPORT_DATA/GEOLOCATIONS has no longitude_bounds and latitude_bounds",
                way_out="go by the centres of the pixels: --pixels centre",
            )
        with _reading(self._path):
            found = [_numbers(group, name, rows) for name in names]
        if any(one.shape != (rows.stop - rows.start, self.shape[1], 4) for one in found):
            raise ProductError(f"{self._path.name}: pixels do not have four corners each", why=f"the bounds are {found[0].shape}")
        return found[0], found[1]


@contextmanager
def open_swath(path: Path) -> Iterator[Swath]:
    """Open a product and read where and when it looked; raises `ProductError` for anything that is no such product.

    One product at a time is open in a process; others wait.
    """
    import netCDF4

    if not path.is_file():
        raise ProductError(f"{path.name} is no file", why="there is none of this name", way_out="check the path")
    with _ALONE:
        try:
            dataset = netCDF4.Dataset(path.absolute())
        except (OSError, RuntimeError) as error:
            way_out = "give a Sentinel-5P L2__CO____ product (.nc)"
            raise ProductError(f"{path.name} cannot be read as NetCDF", why=_reason(error), way_out=way_out) from error
        with dataset:
            yield _swath(dataset, path)


def _swath(dataset: Any, path: Path) -> Swath:
    product = _product(dataset, path)
    shape = (len(product.dimensions["scanline"]), len(product.dimensions["ground_pixel"]))
    if not 0 < shape[0] * shape[1] <= _MOST:
        raise ProductError(f"{path.name} claims {shape[0]} × {shape[1]} pixels", why=f"a product has 1 … {_MOST:,}", way_out="get it again")
    said = str(getattr(dataset, "EARTHWEAVE_SIMULATED", "")).lower() == "true"
    with _reading(path):
        id, orbit = str(getattr(dataset, "id", "")) or path.stem, int(getattr(dataset, "orbit", 0))
        longitude, latitude = (_numbers(product, name, slice(0, shape[0])) for name in ("longitude", "latitude"))
        times = _times(dataset, product, path)
    if longitude.shape != shape or latitude.shape != shape or times.shape != shape[:1]:
        raise ProductError(f"{path.name}: PRODUCT is not over time, scanline and ground_pixel", why=f"longitude is {longitude.shape}")
    return Swath(id, orbit, shape, said, times, longitude, latitude, product, path)


def _product(dataset: Any, path: Path) -> Any:
    """The group PRODUCT with all that is needed; the error tells a product without arrays from a file of another kind."""
    product = dataset.groups.get("PRODUCT")
    way_out = "give a Sentinel-5P L2__CO____ product as it was delivered"
    if product is None or not {"scanline", "ground_pixel"} <= set(product.dimensions):
        raise ProductError(f"{path.name} is no Sentinel-5P level 2 product", why="it has no group PRODUCT over scanlines", way_out=way_out)
    if not product.variables:
        why = "its group PRODUCT has dimensions and no arrays: the data were stripped from the file"
        raise ProductError(f"{path.name} holds no measurements", why=why, way_out=way_out)
    missing = [name for name in _NEEDED if name not in product.variables]
    if missing:
        kind = str(getattr(dataset, "title", "")) or "a product of another kind"
        raise ProductError(f"{path.name} has no {', '.join(missing)}", why=f"it is {kind}", way_out=way_out)
    for name in (COLUMN, _PRECISION):
        if (unit := str(getattr(product[name], "units", ""))) not in _UNITS:
            raise ProductError(f"{path.name}: {name} is in {unit or 'no unit'}", why="columns are read in mol m-2", way_out=way_out)
    return product


def _numbers(group: Any, name: str, rows: slice) -> Array:
    """A floating-point variable over (time, scanline, …) at its one time; NaN for fill values."""
    variable = group[name]
    if variable.ndim < 3 or variable.shape[0] != 1 or np.dtype(variable.dtype).kind != "f":
        raise ValueError(f"{name} is {variable.dtype} of {variable.shape}")
    variable.set_auto_maskandscale(False)
    values: Array = np.asarray(variable[0, rows])
    fill = np.asarray(getattr(variable, "_FillValue", np.nan), values.dtype)
    values[(values == fill) | ~np.isfinite(values) | (np.abs(values) > 1e36)] = np.nan
    return values


def _quality(group: Any, rows: slice) -> Array:
    """``qa_value`` in hundredths (uint8), 0 for its fill value; whole numbers, so that a threshold means what it says."""
    variable = group["qa_value"]
    variable.set_auto_maskandscale(False)
    raw = np.asarray(variable[0, rows])
    scale = float(getattr(variable, "scale_factor", 1.0))
    hundredths = np.rint(raw * (scale * 100))
    known = (raw != getattr(variable, "_FillValue", 255)) & (hundredths >= 0) & (hundredths <= 100)
    return np.where(known, hundredths, 0).astype(np.uint8)


def _times(dataset: Any, product: Any, path: Path) -> Array:
    """Time of each scanline: ``time_reference`` and the milliseconds of ``delta_time`` behind it."""
    variable = product["delta_time"]
    variable.set_auto_maskandscale(False)
    unit = str(getattr(variable, "units", "milliseconds"))
    if not unit.startswith("milliseconds") or variable.ndim != 2:
        raise ValueError(f"delta_time is in {unit} over {', '.join(variable.dimensions)}")
    text = str(getattr(dataset, "time_reference", "")).removesuffix("Z")
    raw = np.asarray(variable[0]).astype("int64")
    times = np.datetime64(text, "ms") + raw.astype("timedelta64[ms]")
    times[raw == int(getattr(variable, "_FillValue", -(2**31) + 1))] = np.datetime64("NaT")
    if np.isnat(times).all():
        raise ValueError("no scanline has a time")
    return np.asarray(times)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Tell damaged or misshapen arrays by the name of the file."""
    try:
        yield
    except (OSError, RuntimeError, ValueError, TypeError, IndexError) as error:
        raise ProductError(f"{path.name} cannot be read", why=_reason(error), way_out="get the product again") from error


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).splitlines()[0]
