"""The impact of a flood as files: GeoPackage of units and things, GeoJSON and table of units, and rows for the rules ``impact``."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import shapely

from ._impact import KINDS, Hit, Impact, Kind, Unit

STEM = "flood_impact"
UNITS = f"{STEM}_units"
_SQUARE = 1e6

MEANING: Mapping[str, str] = {
    "flooded_km2": "flooded area in the unit, km2, geodesic; overlapping areas count once",
    "unit": "IRI of the administrative unit",
    "name": "name",
    "code": "code of the unit in its scheme",
    "level": "level of division",
    "area_km2": "area of the unit, km2",
    "flooded_share": "flooded area over area of the unit, 0 … 1",
    "flooded_confidence": "mean confidence of the flooded areas, weighted by size, 0 … 1; empty if they tell none",
    "roads": "roads of which a part is under water",
    "roads_km": "length of these parts in the unit, km",
    "roads_confidence": "mean confidence, 0 … 1",
    "buildings": "buildings that touch the water",
    "buildings_confidence": "mean confidence, 0 … 1",
    "power_units": "power units in the water, or as near to it as was asked",
    "power_units_mw": "their capacity, MW, without retired units and those not built yet; empty if none of them tells it",
    "power_units_confidence": "mean confidence, 0 … 1",
    "power_facilities": "other facilities of the power supply (OSM: plants, substations, lines) that touch the water",
    "power_facilities_confidence": "mean confidence, 0 … 1",
}
"""Columns of the table of units; a figure is empty where nothing is known, which is not 0."""
HIT_MEANING: Mapping[str, str] = {
    "class": "class as the source has it",
    "name": "name",
    "thing": "IRI in the store",
    "km": "length under water, km",
    "mw": "capacity, MW",
    "confidence": "mean confidence of the flooded areas that it meets, 0 … 1",
    "units": "names of the administrative units in which it is hit",
}


@dataclass(frozen=True)
class Written:
    """A layer that was written: file, name in it, what its columns mean."""

    path: Path
    name: str
    meaning: Mapping[str, str]


def unit_row(unit: Unit) -> dict[str, Any]:
    """One unit as a row of the table; None where nothing is known."""
    row: dict[str, Any] = {
        "unit": unit.iri,
        "name": unit.name,
        "code": unit.code,
        "level": unit.level,
        "area_km2": unit.area / _SQUARE,
        "flooded_km2": unit.flooded / _SQUARE,
        "flooded_share": unit.flooded / unit.area if unit.area else None,
        "flooded_confidence": unit.confidence,
    }
    for kind in KINDS:
        row |= _figures(kind, unit.hit.get(kind.name))
    return row


def total_row(impact: Impact) -> dict[str, Any]:
    """The whole impact as one row, with the columns of the table that apply."""
    row: dict[str, Any] = {"flooded_km2": impact.flooded / _SQUARE, "flooded_confidence": impact.confidence}
    for kind in KINDS:
        row |= _figures(kind, impact.total(kind))
    return row


def _figures(kind: Kind, tally: Any) -> dict[str, Any]:
    row: dict[str, Any] = {kind.name: tally and tally.count}
    if kind.lines:
        row[f"{kind.name}_km"] = tally and tally.kilometres
    if kind.power:
        row[f"{kind.name}_mw"] = tally and tally.megawatts
    return row | {f"{kind.name}_confidence": tally and tally.confidence}


def write_table(path: Path, impact: Impact) -> Path:
    """The units as CSV (RFC 4180, UTF-8)."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        rows = csv.DictWriter(stream, unit_row_names())
        rows.writeheader()
        rows.writerows({name: _short(value) for name, value in unit_row(unit).items()} for unit in impact.units)
    return path


def unit_row_names() -> tuple[str, ...]:
    """Columns of the table in their order: who is hit first, then by what."""
    first = ("unit", "name", "code", "level", "area_km2")
    return (*first, *(name for name in MEANING if name not in first))


def _short(value: Any) -> Any:
    """Nine significant digits: square metres of a country."""
    return float(f"{value:.9g}") if isinstance(value, float) else value


def write_layers(folder: Path, impact: Impact) -> list[Written]:
    """Units as GeoJSON and, with the things that are hit, as layers of a GeoPackage; layers without a row are left out."""
    package, found = folder / f"{STEM}.gpkg", list[Written]()
    names = {unit.iri: unit.name for unit in impact.units}
    if impact.units:
        rows, borders = [unit_row(unit) for unit in impact.units], [unit.border for unit in impact.units]
        columns = {name: [row[name] for row in rows] for name in unit_row_names()}
        for path in (folder / f"{UNITS}.geojson", package):
            _write(path, UNITS, borders, columns)
            found.append(Written(path, UNITS, MEANING))
    for kind in KINDS:
        if hits := impact.hits.get(kind.name, ()):
            _write(package, kind.name, [one.shape for one in hits], _columns(kind, hits, names))
            found.append(Written(package, kind.name, {key: text for key, text in HIT_MEANING.items() if _applies(kind, key)}))
    return found


def _applies(kind: Kind, column: str) -> bool:
    return {"km": kind.lines, "mw": kind.power}.get(column, True)


def _columns(kind: Kind, hits: Sequence[Hit], names: Mapping[str, str]) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {
        "thing": [one.iri for one in hits],
        "name": [one.name for one in hits],
        "class": [one.cls for one in hits],
        "km": [one.metres / 1000 for one in hits],
        "mw": [one.megawatts for one in hits],
        "confidence": [one.confidence for one in hits],
        "units": [", ".join(sorted(names[unit] for unit in one.units)) for one in hits],
    }
    return {name: values for name, values in columns.items() if _applies(kind, name)}


def _write(path: Path, layer: str, shapes: Sequence[Any], columns: Mapping[str, Sequence[Any]]) -> None:
    from pyogrio.raw import write

    json = path.suffix == ".geojson"
    options: dict[str, Any] = {"RFC7946": "YES"} if json else {}
    missing = [np.array([value is None for value in values]) for values in columns.values()]
    data = [_array(values) for values in columns.values()]
    kinds = {shape.geom_type.removeprefix("Multi") for shape in shapes}
    write(
        path,
        geometry=shapely.to_wkb(np.array(shapes, object)),
        field_data=data,
        fields=np.array(list(columns), object),
        field_mask=missing,
        layer=layer,
        driver="GeoJSON" if json else "GPKG",
        geometry_type=f"Multi{next(iter(kinds))}" if len(kinds) == 1 else "Unknown",
        promote_to_multi=len(kinds) == 1,
        crs="OGC:CRS84" if json else "EPSG:4326",
        append=path.exists(),
        **options,
    )


def _array(values: Sequence[Any]) -> Any:
    """A column as GDAL takes it; what is missing is masked."""
    known = [value for value in values if value is not None]
    if known and all(isinstance(value, int) for value in known):
        return np.array([value or 0 for value in values], np.int64)
    if known and isinstance(known[0], str):
        return np.array([value or "" for value in values], object)
    return np.array([np.nan if value is None else value for value in values], np.float64)


_MEASURES = (
    ("FloodedExtent", "flooded_km2", "km2", "flooded_confidence"),
    ("FloodedRoads", "roads", "1", "roads_confidence"),
    ("FloodedRoadLength", "roads_km", "km", "roads_confidence"),
    ("FloodedBuildings", "buildings", "1", "buildings_confidence"),
    ("FloodedPowerUnits", "power_units", "1", "power_units_confidence"),
    ("FloodedCapacity", "power_units_mw", "MW", "power_units_confidence"),
    ("FloodedPowerFacilities", "power_facilities", "1", "power_facilities_confidence"),
)
"""Concept of the ontology, column of its value, UCUM unit, column of its confidence."""


def impact_rows(impact: Impact) -> Any:
    """What the rules ``impact`` read: an Arrow table with a row per unit and measure; measures that nothing is known of have none."""
    rows = list(_measured(impact))
    names = ("key", "unit", "measure", "value", "symbol", "confidence")
    types = (pa.string(), pa.string(), pa.string(), pa.float64(), pa.string(), pa.float64())
    columns = list(zip(*rows, strict=True)) if rows else [() for _ in names]
    return pa.table({name: pa.array(column, kind) for name, column, kind in zip(names, columns, types, strict=True)})


def _measured(impact: Impact) -> Iterator[tuple[str, str, str, float, str, float | None]]:
    for unit in impact.units:
        row, key = unit_row(unit), _key(unit.iri)
        for measure, column, symbol, trust in _MEASURES:
            if row[column] is not None:
                yield key, unit.iri, measure, float(row[column]), symbol, row[trust]


def _key(iri: str) -> str:
    """A unit in the IRIs of what was observed in it: the end of its own, for people, and a piece of a digest, for schemes share ends."""
    return f"{iri.rstrip('/#').rpartition('/')[2]}-{hashlib.sha256(iri.encode()).hexdigest()[:8]}"
