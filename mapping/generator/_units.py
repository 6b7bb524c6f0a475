"""Units of columns, by their names (``area_km2``, ``depth [m]``) or by what a file's metadata says, as UCUM code and QUDT unit."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Unit:
    """A unit.

    Attributes:
        ucum: code of the Unified Code for Units of Measure.
        qudt: local name of the unit in QUDT, or empty if it is not known there.
    """

    ucum: str
    qudt: str = ""


_UCUM = {
    "m": "M", "km": "KiloM", "cm": "CentiM", "mm": "MilliM", "m2": "M2", "km2": "KiloM2", "har": "HA", "m3": "M3", "l": "L", "g": "GM",
    "kg": "KiloGM", "t": "TONNE", "s": "SEC", "min": "MIN", "h": "HR", "d": "DAY", "deg": "DEG", "rad": "RAD", "Cel": "DEG_C", "K": "K",
    "%": "PERCENT", "W": "W", "kW": "KiloW", "MW": "MegaW", "GW": "GigaW", "kW.h": "KiloW-HR", "MW.h": "MegaW-HR", "GW.h": "GigaW-HR",
    "Pa": "PA", "hPa": "HectoPA", "m/s": "M-PER-SEC", "km/h": "KiloM-PER-HR", "ug/m3": "MicroGM-PER-M3", "mm/h": "MilliM-PER-HR",
    "/km2": "PER-KiloM2", "dB": "DeciB", "1": "UNITLESS", "[ft_i]": "FT", "[mi_i]": "MI",
}
_SPELLED = {
    "m": "m", "metre": "m", "metres": "m", "meter": "m", "meters": "m", "km": "km", "kilometres": "km", "cm": "cm", "mm": "mm",
    "m2": "m2", "sqm": "m2", "m^2": "m2", "m²": "m2", "m-2": "/m2", "km2": "km2", "sqkm": "km2", "km^2": "km2", "km²": "km2",
    "ha": "har", "hectare": "har", "hectares": "har", "har": "har", "m3": "m3", "m^3": "m3", "m³": "m3", "g": "g", "kg": "kg", "t": "t",
    "tonnes": "t", "s": "s", "sec": "s", "seconds": "s", "min": "min", "minutes": "min", "h": "h", "hours": "h", "days": "d",
    "deg": "deg", "degree": "deg", "degrees": "deg", "°": "deg", "celsius": "Cel", "degc": "Cel", "°c": "Cel", "kelvin": "K", "k": "K",
    "%": "%", "pct": "%", "percent": "%", "percentage": "%", "w": "W", "kw": "kW", "mw": "MW", "gw": "GW", "kwh": "kW.h", "mwh": "MW.h",
    "gwh": "GW.h", "pa": "Pa", "hpa": "hPa", "m/s": "m/s", "m s-1": "m/s", "ms-1": "m/s", "kmh": "km/h", "km/h": "km/h",
    "ug/m3": "ug/m3", "µg/m³": "ug/m3", "μg/m³": "ug/m3", "ugm3": "ug/m3", "ug_m3": "ug/m3", "ug m-3": "ug/m3", "µg m-3": "ug/m3",
    "db": "dB", "ft": "[ft_i]", "miles": "[mi_i]", "mi": "[mi_i]", "1": "1", "per_km2": "/km2", "/km2": "/km2", "km-2": "/km2",
    "per_sqkm": "/km2", "1/km2": "/km2",
}
# behind an underscore these are as often something else: a code, a type, a year
_DOUBTFUL = {"1", "s", "t", "g", "k", "h", "w", "l", "mi", "min", "pa", "days", "°", "db"}
_BRACKETED = re.compile(r"[(\[]\s*([^()\[\]]+?)\s*[)\]]\s*$")
_TAIL = re.compile(r"[_\s.-]((?:per[_ ])?[A-Za-z0-9µμ²³°/^%]+(?:_m3)?)$")


def stated_unit(text: str) -> Unit | None:
    """The unit that metadata state: a UCUM code as it is, or a common spelling of one (CF conventions)."""
    return _unit(text) if text in _UCUM else _spelled(text)


def unit_of(name: str) -> Unit | None:
    """The unit that a column's name ends in, in brackets or behind an underscore, or None."""
    bracketed = _BRACKETED.search(name)
    if bracketed:
        return stated_unit(bracketed.group(1))
    snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
    per = re.search(r"(?i)(?:^|[_\s])(per[_\s]?(?:sq)?km2?)$", snake)
    if per:
        return _spelled("per_km2")
    density = re.search(r"(?i)[_\s](u?µ?μ?g[_/]?m3)$", snake)
    tail = density or _TAIL.search(snake)
    return None if tail is None or tail.group(1).lower() in _DOUBTFUL else _spelled(tail.group(1))


def _spelled(text: str) -> Unit | None:
    code = _SPELLED.get(text.strip().lower())
    return None if code is None else _unit(code)


def _unit(code: str) -> Unit:
    return Unit(code, _UCUM.get(code, ""))
