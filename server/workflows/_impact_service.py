"""Flood-impact: what flooded areas in the store hit, as table, map layers, RDF and report."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import time, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import shapely

from earthweave.mapping import Form, distinct, map_source, read_rules, rules, write_rdf
from earthweave.ontology import CRS84, EWR, BBox, Interval, ParameterError, Source
from earthweave.processing import Estimate, Output, Question, Reference, ServiceSpec, service
from earthweave.processing.frame import Context, Moment, Outcome, Product, digest, parameter
from earthweave.processing.raster import read_aoi
from earthweave.server.records import entity_iri
from earthweave.server.settings import read
from earthweave.server.store import Limits, Store, open_store

from ._given import ImpactInputs, load_given
from ._impact import KINDS, Impact, Selection, find_impact
from ._impact_files import MEANING, STEM, UNITS, Written, impact_rows, total_row, write_layers, write_table
from ._report import LEGEND, report_text


class FloodImpact(ImpactInputs):
    """Parameters of Flood-impact."""

    layer: str | None = parameter(
        None,
        "IRI of the layer or product that the flooded areas were derived from; default any",
        options=["--layer"],
        min_length=8,
        max_length=2000,
        pattern=r"^[A-Za-z][A-Za-z0-9+.\-]*:[^\s<>\"{}|\\^`]+$",
        examples=["https://w3id.org/earthweave/id/entity/0123456789abcdef0123"],
    )
    aoi: str | None = parameter(
        None,
        "area that the flooded areas must meet: WKT in lon lat, or a GeoJSON or GeoPackage file; default everywhere",
        options=["-p", "--AoI", "--aoi"],
        role="aoi",
    )
    start: Moment | None = parameter(None, "beginning of the period in which the flood was observed, ISO 8601", options=["--start"])
    end: Moment | None = parameter(None, "end of that period; a day is meant whole", options=["--end"])
    output_path: Path = parameter(..., "folder for the results", options=["-outdir", "--output_path"], role="output")


def _run(p: FloodImpact, context: Context) -> Outcome:
    with open_store(p.store, limits=read(Limits)) as store:
        return _run_on(store, p, context)


def impact_on(store: Store) -> ServiceSpec:
    """The service over a store that is open already: opening one again starts its workers again."""
    return replace(FLOOD_IMPACT, run=partial(_run_on, store))


def _run_on(store: Store, p: FloodImpact, context: Context) -> Outcome:
    selection = Selection(p.layer, read_aoi(p.aoi) if p.aoi else None, _period(p.start, p.end), p.near, p.unit_level)
    given = load_given(store, p, context.folder / ".scratch", lambda told: context.progress("loading given layers", 0.0, told.note))
    impact = find_impact(store, selection, progress=context.sink)
    products = _products(impact, context.folder)
    context.progress("loading the impact", 0.95)
    _load(store, impact, context.folder)
    sources = (Source(f"flooded areas of {p.layer or 'the store'}", _digest(impact), impact.simulated), *given)
    title = _title("Impact of the flood", impact)
    report, rights = context.folder / "flood_report.md", _rights(p, impact)
    report.write_text(report_text(title, impact, rights), "utf-8")
    products = (*products, document(report, title, impact))
    return Outcome(products, sources, figures(impact), rights)


_WHOSE = {"osm": ("osm-layers", (f"{EWR}osm/",)), "power": ("energy-datasets", (f"{EWR}power/", f"{EWR}power-unit/"))}
"""Parameter → the service that makes such layers, and how the IRIs of things in them begin."""


def _rights(p: ImpactInputs, impact: Impact) -> tuple[str, ...]:
    """The sentences that go with data that were handed in, or lay in the store and are among the things that are hit."""
    things = [one.iri for rows in impact.hits.values() for one in rows]
    whose = [made for name, (made, begins) in _WHOSE.items() if getattr(p, name) or any(iri.startswith(begins) for iri in things)]
    return tuple(sentence for made in whose for sentence in service(made).attribution)


def _period(start: Any, end: Any) -> Interval | None:
    first, last = start or end, end or start
    if first is None or last is None:
        return None
    if last < first:
        raise ParameterError("end is before start", why=f"{last.isoformat()} < {first.isoformat()}", way_out="swap --start and --end")
    whole = last.time() == time() and last.utcoffset() == timedelta()
    return Interval(first, last + timedelta(days=1, microseconds=-1) if whole else last)


def figures(impact: Impact) -> dict[str, Any]:
    """The totals as JSON values, for the record of a run."""
    return {
        "flooded_areas": impact.areas,
        "units": len(impact.units),
        "total": total_row(impact),
        "known": sorted(impact.hits),
        "notices": list(impact.notices),
        "legend": LEGEND,
    }


def _digest(impact: Impact) -> str:
    return f"sha256:{hashlib.sha256(shapely.to_wkb(shapely.normalize(impact.extent))).hexdigest()}"


def _title(words: str, impact: Impact) -> str:
    days = f" {impact.time.start:%Y-%m-%d} – {impact.time.end:%Y-%m-%d}" if impact.time else ""
    return f"{words}{days}{' (simulated)' if impact.simulated else ''}"


@dataclass(frozen=True)
class _Place:
    """What all products of one impact share."""

    bbox: BBox
    time: Interval | None


def _place(impact: Impact) -> _Place:
    shapes = [impact.extent, *(unit.border for unit in impact.units)]
    return _Place(BBox(*shapely.total_bounds(shapes).tolist()), impact.time)


def document(path: Path, title: str, impact: Impact) -> Product:
    """A report as a product."""
    place = _place(impact)
    return Product("report", path, "document", path.stem, title, "text/markdown", CRS84, place.bbox, place.time)


def _products(impact: Impact, folder: Path) -> tuple[Product, ...]:
    """Write table and layers."""
    place = _place(impact)
    table = write_table(folder / f"{STEM}_table.csv", impact)
    rows = Product("impact_table", table, "table", table.stem, _title("Impact by unit", impact), "text/csv", CRS84, place.bbox, place.time,
                   MEANING)  # fmt: skip
    return (rows, *(_layer(one, impact, place) for one in write_layers(folder, impact)))


def _layer(one: Written, impact: Impact, place: _Place) -> Product:
    geojson = one.path.suffix == ".geojson"
    role = "impact_map" if geojson else f"impact_{one.name.removeprefix(STEM + '_')}"
    media = "application/geo+json" if geojson else "application/geopackage+sqlite3"
    title = _title(f"Flooded: {one.name.removeprefix(STEM + '_').replace('_', ' ')}", impact)
    return Product(role, one.path, "vector", one.name, title, media, CRS84, place.bbox, place.time, one.meaning)


def _load(store: Store, impact: Impact, folder: Path) -> None:
    """Map the figures by the rules ``impact`` into a file that stays, and load it; nothing if there is no unit or no time."""
    rows = impact_rows(impact)
    if not rows.num_rows or impact.time is None:
        return
    table = folder / f"{STEM}_table.csv"
    iri = entity_iri(digest(table))
    start, end = impact.time.texts
    variables = {"layer": iri, "name": iri.rpartition("/")[2], "start": start, "end": end, "simulated": str(impact.simulated).lower()}
    rdf = folder / f"{STEM}.nt"
    run = map_source(read_rules(rules("impact")), rows, variables=variables)
    write_rdf(rdf, distinct(run.chunks()), Form("ntriples"), may_hold_graphs=False)
    store.load([rdf])


def _estimate(p: FloodImpact) -> Estimate:
    """From the sizes of what is handed in; what the store holds is not looked at."""
    given = sum(path.stat().st_size for path in (p.units, p.osm, p.power) if path is not None and path.is_file())
    return Estimate(2 + given / 2e6, 400 + given / 2**20, "2 MB of given layers are mapped and loaded in a second; the store is not asked")


def impact_outputs() -> tuple[Output, ...]:
    """What an impact leaves, also as part of an assessment."""
    columns = "; ".join(f"{name}: {text}" for name, text in MEANING.items())
    layers = tuple(
        Output(f"impact_{kind.name}", "vector", "application/geopackage+sqlite3", f"{STEM}.gpkg, layer {kind.name}",
               f"{kind.name.replace('_', ' ')} that are hit, lon lat: class, name, confidence (0 … 1)")
        for kind in KINDS
    )  # fmt: skip
    return (
        Output("impact_table", "table", "text/csv", f"{STEM}_table.csv", columns),
        Output("impact_map", "vector", "application/geo+json", f"{UNITS}.geojson", "the same with the units' borders, lon lat"),
        Output("impact_units", "vector", "application/geopackage+sqlite3", f"{STEM}.gpkg, layer {UNITS}", "the same, lon lat"),
        *layers,
        Output("report", "document", "text/markdown", "flood_report.md", "what was found (km2, km, MW), and what that does not say"),
    )


FLOOD_IMPACT = ServiceSpec(
    id="flood-impact",
    executable="Flood-impact",
    version="1.1",
    title="What flooded areas in the store hit",
    abstract="Asks the store by GeoSPARQL which administrative units, roads, buildings and power units the flooded areas in it meet: "
    "flooded km2 per unit, roads with their length in the water, buildings, power units with their capacity, each with a "
    "confidence. Layers that are handed in are mapped and loaded first. Areas and lengths are geodesic; flooded areas that "
    "overlap count once. Limits: a road on a bridge counts as flooded; units of one level are counted, the finest unless "
    "another is asked for; where the store has no things of a kind within half a degree, their number is told as unknown.",
    parameters=FloodImpact,
    outputs=impact_outputs(),
    run=_run,
    references=(
        Reference("OGC GeoSPARQL 1.1, 22-047r1"),
        Reference("Karney: Algorithms for geodesics, J. Geodesy 87, 2013", "10.1007/s00190-012-0578-z"),
    ),
    questions=(
        Question(
            "Which roads, buildings and power units were hit in {place} between {date1} and {date2}?",
            {"place": "aoi", "date1": "start", "date2": "end"},
        ),
    ),
    domain="security",
    keywords=("flood", "impact", "infrastructure", "administrative units"),
    estimate=_estimate,
    reusable=False,
)
