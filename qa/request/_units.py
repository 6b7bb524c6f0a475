"""Units of measure that questions use, by their UCUM codes (https://ucum.org): what they measure, and how large they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from earthweave.ontology import ParameterError


@dataclass(frozen=True)
class Unit:
    """A unit: its dimension, and its size in the base unit of that dimension (m, m2, m3, W, g, s, 1)."""

    dimension: str
    size: float


UNITS: Mapping[str, Unit] = MappingProxyType(
    {
        "1": Unit("1", 1.0), "%": Unit("%", 1.0), "deg": Unit("angle", 1.0), "Cel": Unit("temperature", 1.0),
        "m": Unit("length", 1.0), "km": Unit("length", 1e3), "cm": Unit("length", 1e-2), "mm": Unit("length", 1e-3),
        "[mi_i]": Unit("length", 1609.344), "[ft_i]": Unit("length", 0.3048), "[yd_i]": Unit("length", 0.9144),
        "[nmi_i]": Unit("length", 1852.0),
        "m2": Unit("area", 1.0), "km2": Unit("area", 1e6), "har": Unit("area", 1e4), "[acr_br]": Unit("area", 4046.8564224),
        "[smi_us]": Unit("area", 2589988.110336), "[sft_i]": Unit("area", 0.09290304),
        "m3": Unit("volume", 1.0), "km3": Unit("volume", 1e9), "L": Unit("volume", 1e-3),
        "W": Unit("power", 1.0), "kW": Unit("power", 1e3), "MW": Unit("power", 1e6), "GW": Unit("power", 1e9),
        "g": Unit("mass", 1.0), "kg": Unit("mass", 1e3), "t": Unit("mass", 1e6),
        "s": Unit("time", 1.0), "min": Unit("time", 60.0), "h": Unit("time", 3600.0), "d": Unit("time", 86400.0),
        "B": Unit("bytes", 1.0), "MB": Unit("bytes", 1e6), "GB": Unit("bytes", 1e9),
        "ug/m3": Unit("concentration", 1.0), "mg/m3": Unit("concentration", 1e3), "mol/m2": Unit("column", 1.0),
        "/km2": Unit("density", 1e-6), "/[smi_us]": Unit("density", 1 / 2589988.110336),
    }
)  # fmt: skip


def converted(value: float, unit: str, to: str) -> float:
    """The same amount in another unit of its dimension; raises `ParameterError` if the dimensions differ or a code is not known."""
    for code in (unit, to):
        if code not in UNITS:
            raise ParameterError(f"{code!r} is not a unit that is known", way_out=f"use one of {', '.join(UNITS)}")
    if UNITS[unit].dimension != UNITS[to].dimension:
        raise ParameterError(f"{unit} does not measure what {to} measures", why=f"{UNITS[unit].dimension} is not {UNITS[to].dimension}")
    return value * (UNITS[unit].size / UNITS[to].size)
