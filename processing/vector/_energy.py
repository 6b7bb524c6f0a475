"""Energy-datasets: power plants of open data sets, cleaned, in one vocabulary, with a flag and a reason for every doubt.

::

    JRC-PPDB-OPEN, GPPD, WRI tables, EMODnet replies ──▶ units ──▶ checks ──▶ AoI ──▶ layer power_units, table generation
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import shapely

from earthweave.ontology import CRS84, BBox, ProcessingError, ProductError, Source

from ..frame import Context, Estimate, Outcome, Output, Parameters, Product, Question, Reference, ServiceSpec, digest, parameter
from ..raster import read_aoi
from ._check_energy import check_units, generation, join_tables
from ._countries import countries, with_boundaries
from ._layers import MEDIA, Sheet, open_writer
from ._read_energy import Found, Unit, energy_table, read_energy

UNITS = "power_units"
YEARS = "generation"
_COLUMNS = {
    "key": "text",
    "unit_id": "text",
    "name": "text",
    "class": "text",
    "technology": "text",
    "capacity_mw": "real",
    "status": "text",
    "commissioned": "integer",
    "decommissioned": "integer",
    "plant_id": "text",
    "plant": "text",
    "plant_mw": "real",
    "country": "text",
    "listed": "text",
    "region": "text",
    "owner": "text",
    "water": "text",
    "cooling": "text",
    "turbines": "text",
    "min_load": "real",
    "ramp_up": "real",
    "ramp_down": "real",
    "min_up_h": "real",
    "min_down_h": "real",
    "efficiency": "real",
    "eprtr_id": "text",
    "wri_id": "text",
    "geo_id": "text",
    "fresna_id": "text",
    "source": "text",
    "source_class": "text",
    "source_lat": "text",
    "source_lon": "text",
    "row": "integer",
    "flags": "text",
    "reason": "text",
}
_YEAR_COLUMNS = {
    "unit_id": "text",
    "source": "text",
    "year": "integer",
    "generation_gwh": "real",
    "load_factor": "real",
    "coverage": "real",
    "co2_t": "real",
    "flags": "text",
    "reason": "text",
}
_MEANING = {
    "class": "fuel: " + ", ".join(energy_table()["fuels"]),
    "capacity_mw": "net capacity, MW",
    "plant_mw": "net capacity of the plant, MW",
    "key": "what tells it from all others of its source, in this run and in others: its id if that is its alone, else file and row",
    "unit_id": "id in the source: EIC code, GPPD id, WFS feature id",
    "name": "of the unit, else of the plant",
    "status": "of the unit",
    "technology": "run_of_river, reservoir, pumped_storage, onshore, offshore, combined_cycle …",
    "country": "ISO 3166-1 alpha-2 of the place",
    "listed": "country as the source lists it",
    "min_load": "share of the capacity",
    "ramp_up": "share of the capacity per minute",
    "ramp_down": "share of the capacity per minute",
    "min_up_h": "hours",
    "min_down_h": "hours",
    "efficiency": "net, 0 … 1",
    "source_class": "fuel as the source writes it",
    "source_lat": "latitude as the source writes it",
    "row": "number of the unit in its source, files in the order of their names",
    "source_lon": "longitude as the source writes it",
    "flags": "what is doubted, codes with commas",
    "reason": "why, with semicolons",
}
_YEAR_MEANING = {
    "generation_gwh": "GWh in the year",
    "load_factor": "0 … 1",
    "coverage": "share of the year's hours that is reported",
    "co2_t": "tonnes",
    "flags": "what is doubted, codes with commas",
    "reason": "why, with semicolons",
}


class EnergyParameters(Parameters):
    """Parameters of Energy-datasets."""

    input: Path = parameter(
        ..., "table of a known source (.csv, .geojson, .json), or a folder of them", options=["-i", "--input"], role="input"
    )
    output_path: Path = parameter(..., "folder for the results", options=["-outdir", "--output_path", "--outdir"], role="output")
    source: Literal["auto", "jrc-ppdb", "gppd", "wri", "emodnet"] = parameter(
        "auto", "take one source alone; auto knows each by its columns and takes all", options=["--source"]
    )
    aoi: str | None = parameter(
        None,
        "area of interest: WKT in lon lat, or a GeoJSON or GeoPackage file; default everywhere",
        options=["-p", "--AoI", "--aoi"],
        role="aoi",
    )
    boundaries: Path | None = parameter(
        None,
        "polygons of countries to check places against; default the boxes that come with the package",
        options=["--boundaries"],
        role="input",
        suffixes=(".gpkg", ".geojson", ".shp"),
    )
    tolerance: float = parameter(
        25.0,
        "how far from its country a place may lie before it is doubted; offshore 200 nautical miles",
        options=["--tolerance"],
        unit="km",
        ge=0,
        le=1000,
    )
    output_format: Literal["GPKG", "GeoJSON", "CSV"] = parameter("GPKG", "format of layer and table", options=["--output_format"])


def _run(p: EnergyParameters, context: Context) -> Outcome:
    area = read_aoi(p.aoi) if p.aoi else None
    where = with_boundaries(p.boundaries) if p.boundaries else countries()
    context.progress("reading", 0.0, p.input.name)
    found = read_energy(p.input, p.source)
    context.progress("checking", 0.3, f"{len(found.units):,} units")
    orphans = join_tables(found)
    check_units(found, where, p.tolerance)
    rows: Counter[str] = Counter()
    for unit in found.units:
        rows[unit.source] += 1
        unit.values["row"] = rows[unit.source]
    years, lost = generation(found)
    units = [unit for unit in found.units if area is None or (unit.geometry is not None and shapely.intersects(area, unit.geometry))]
    if not units:
        raise ProcessingError(
            f"{p.input.name} has no power plants in the area of interest",
            why=f"{len(found.units):,} were read",
            way_out="take a larger area",
        )
    context.progress("writing", 0.7, f"{len(units):,} units")
    taken = {(unit.source, unit.values["unit_id"]) for unit in units}
    years = [row for row in years if (row["source"], row["unit_id"]) in taken]
    return _outcome(p, context, found, units, years, orphans + lost)


def _outcome(
    p: EnergyParameters, context: Context, found: Found, units: list[Unit], years: list[dict[str, Any]], orphans: list[str]
) -> Outcome:
    sources = energy_table()["sources"]
    attribution = tuple(sources[name]["attribution"] for name in sorted({unit.source for unit in found.units}))
    writer = open_writer(p.output_format, context.folder, "energy")
    word = " (simulated)" if found.simulated else ""
    title = f"Power plants: {', '.join(sorted({unit.source for unit in units}))}{word}"
    sheets = (
        Sheet(UNITS, title, _COLUMNS, "Unknown", " | ".join(attribution)),
        Sheet(YEARS, f"Generation by unit and year{word}", _YEAR_COLUMNS, None, " | ".join(attribution)),
    )
    shapes = [unit.geometry for unit in units]
    writer.write(sheets[0], [None if one is None else shapely.to_wkb(one) for one in shapes], _columns(sheets[0], map(_row, units)))
    if years:
        writer.write(sheets[1], [], _columns(sheets[1], years))
    files = writer.close()
    box = _box(shapes)
    products = [Product(UNITS, files[UNITS], "vector", UNITS, title, MEDIA[p.output_format], CRS84, box, None, _MEANING)]
    if years:
        products.append(
            Product(YEARS, files[YEARS], "table", YEARS, sheets[1].title, MEDIA[p.output_format], CRS84, box, None, _YEAR_MEANING)
        )
    read = tuple(Source(path.name, digest(path), found.simulated) for path in found.paths)
    return Outcome(tuple(products), read, _figures(found, units, years, orphans), attribution)


def _row(unit: Unit) -> dict[str, Any]:
    flags = ",".join(dict.fromkeys(flag for flag, _ in unit.doubts))
    return {**unit.values, "flags": flags or None, "reason": "; ".join(f"{flag}: {reason}" for flag, reason in unit.doubts) or None}


def _columns(sheet: Sheet, rows: Iterable[dict[str, Any]]) -> list[list[Any]]:
    some = list(rows)
    return [[row.get(name) for row in some] for name in sheet.columns]


def _box(shapes: Sequence[Any]) -> BBox:
    placed = [shape for shape in shapes if shape is not None]
    west, south, east, north = map(float, shapely.total_bounds(placed)) if placed else (-180.0, -90.0, 180.0, 90.0)
    return BBox(west, south, east, north)


def _figures(found: Found, units: list[Unit], years: list[dict[str, Any]], orphans: list[str]) -> dict[str, Any]:
    flags = Counter(flag for unit in units for flag in {flag for flag, _ in unit.doubts})
    return {
        "units": len(units),
        "read": len(found.units),
        "outside_the_area": len(found.units) - len(units),
        "with_place": sum(unit.geometry is not None for unit in units),
        "doubted": sum(bool(unit.doubts) for unit in units),
        "per_source": dict(Counter(unit.source for unit in units)),
        "flags": dict(sorted(flags.items())),
        "capacity_mw": {"all": _megawatts(units), **_grouped(units, "class")},
        "capacity_mw_per_country": _grouped(units, "country"),
        "capacity_mw_per_status": _grouped(units, "status"),
        "generation_rows": len(years),
        "generation_flags": dict(Counter(flag for row in years for flag in (row["flags"] or "").split(",") if flag)),
        "rows_without_unit": {"count": len(orphans), "first": orphans[:20]},
        "files": found.files,
        "replies_cut": found.cut,
    }


def _grouped(units: list[Unit], column: str) -> dict[str, float]:
    names = sorted({str(unit.values.get(column) or "unknown") for unit in units})
    return {name: _megawatts([unit for unit in units if str(unit.values.get(column) or "unknown") == name]) for name in names}


def _megawatts(units: list[Unit]) -> float:
    return round(sum(unit.values["capacity_mw"] or 0 for unit in units), 3)


def _estimate(p: EnergyParameters) -> Estimate:
    if not p.input.exists():
        raise ProductError(f"input = {p.input.name} cannot be read", why="there is no such file or folder", way_out="check the path")
    size = sum(one.stat().st_size for one in (p.input.rglob("*") if p.input.is_dir() else [p.input]) if one.is_file()) / 2**20
    return Estimate(1 + size, 150 + 15 * size, f"{size:.1f} MiB of tables")


ENERGY_DATASETS = ServiceSpec(
    id="energy-datasets",
    executable="Energy-datasets",
    version="1.0",
    title="Power plants of open data sets, cleaned and flagged",
    abstract=(
        "Reads JRC-PPDB-OPEN (units, linkages, performance, temporal), national tables of the Global Power Plant Database, WRI's raw "
        "tables, and wind farms of EMODnet Human Activities (GeoJSON of its WFS, from a file). Gives one layer with fuels, technologies "
        "and states of one vocabulary and capacities in MW, and a table of generation by year. Every doubt is a flag with a reason; no "
        "unit is left out. "
        "Limits: without boundaries places are checked against boxes of countries only; a place that is wrong within its country is not "
        "found; plants of two sources are marked as the same only where ids say so, so that capacities of several sources must not be "
        "added up; they hold those of retired and planned units too, as the status says; EMODnet was not at hand, its reply is read as "
        "its documentation has it; nothing is fetched."
    ),
    parameters=EnergyParameters,
    outputs=(
        Output(UNITS, "vector", MEDIA["GPKG"], "energy.gpkg", f"units, points or outlines: {', '.join(_COLUMNS)}"),
        Output(YEARS, "table", MEDIA["GPKG"], "energy.gpkg", f"generation by unit and year: {', '.join(_YEAR_COLUMNS)}"),
    ),
    run=_run,
    references=(
        Reference("Kanellopoulos et al.: JRC Open Power Plants Database (JRC-PPDB-OPEN), 2019", "10.5281/zenodo.3266808"),
        Reference("Byers et al.: A Global Database of Power Plants, World Resources Institute, 2018"),
        Reference("EMODnet Human Activities: Wind farms, https://emodnet.ec.europa.eu/en/human-activities"),
    ),
    attribution=tuple(source["attribution"] for source in energy_table()["sources"].values()),
    licence="CC-BY-4.0",
    questions=(
        Question("Which power plants are there in {place}?", {"place": "aoi"}),
        Question("How much generating capacity is there in {place}?", {"place": "aoi"}),
    ),
    domain="energy",
    keywords=("power plants", "energy", "generating units", "wind farms", "exposure"),
    estimate=_estimate,
)
