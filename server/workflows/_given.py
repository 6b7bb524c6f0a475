"""Layers that are handed in for an impact: mapped by the shipped rules that fit, and loaded, so that the store is what is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import replace
from pathlib import Path

from earthweave.mapping import Form, LogicalSource, Plan, distinct, map_source, read_rules, rules, write_rdf
from earthweave.ontology import CrsError, MappingError, NotFoundError, ParameterError, ProgressSink, Source
from earthweave.processing.frame import Parameters, digest, parameter
from earthweave.server.store import Store

_DRIVERS = {".gpkg": "GPKG", ".geojson": "GeoJSON", ".shp": "ESRI Shapefile", ".fgb": "FlatGeobuf"}
_RDF = (".nt", ".ttl", ".nq", ".trig", ".rdf", ".owl", ".jsonld")


class ImpactInputs(Parameters):
    """What a flood may have hit, and how that is counted: parameters of flood-impact and flood-assessment."""

    units: Path | None = parameter(
        None,
        "administrative units (GADM, NUTS, local government areas; a vector file, or RDF); default those in the store",
        options=["--units"],
        role="input",
    )
    osm: Path | None = parameter(
        None,
        "GeoPackage of OSM-layers, or RDF: its roads, buildings and power facilities are loaded; default those in the store",
        options=["--osm"],
        role="input",
    )
    power: Path | None = parameter(
        None,
        "power units: table of JRC-PPDB-OPEN, layer of Energy-datasets, or RDF; default those in the store",
        options=["--power"],
        role="input",
    )
    unit_level: int | None = parameter(
        None, "level of the administrative units; default the finest that the flood reaches", options=["--unit-level"], ge=0, le=5
    )
    near: float = parameter(0.0, "also count power units this near to the water", options=["--near"], unit="m", ge=0, le=100_000)
    store: Path = parameter(Path("earthweave-store"), "store that is asked and loaded into", options=["--store"])


WAYS: Mapping[str, tuple[str, ...]] = {"units": ("nuts", "gadm", "lga"), "osm": ("osm",), "power": ("power", "energy")}
"""Parameter → rules to try, in this order; the first whose columns are there are taken."""
_TABLES = frozenset({"roads", "buildings", "power"})
"""Layers of OSM that are loaded; the others say nothing about the impact."""


def load_given(store: Store, values: ImpactInputs, scratch: Path, progress: ProgressSink) -> tuple[Source, ...]:
    """Map and load what was handed in; returns it as sources. Raises `ParameterError` for a file that no shipped rules fit."""
    found, files = [], list[Path]()
    for name, path in _handed_in(values):
        # what RDF says of itself is asked of the store
        layers = {} if is_rdf(path) else _layers(path)
        simulated = any("SIMULATED" in fields for fields in layers.values())
        files.append(path if is_rdf(path) else _mapped(name, path, scratch, layers, simulated, progress))
        found.append(Source(path.stem, digest(path), simulated))
    if files:
        store.load(files, progress=progress)
    return tuple(found)


def _handed_in(values: ImpactInputs) -> Iterator[tuple[str, Path]]:
    for name in WAYS:
        path: Path | None = getattr(values, name)
        if path is None:
            continue
        if not path.is_file():
            raise ParameterError(f"{name} = {path.name} cannot be used", why="there is no such file", way_out="check the path")
        yield name, path


def is_rdf(path: Path) -> bool:
    """True if the name is that of an RDF file, or of a packed one."""
    return any(suffix in _RDF for suffix in path.suffixes[-2:])


def _mapped(name: str, path: Path, scratch: Path, layers: Mapping[str, frozenset[str]], simulated: bool, progress: ProgressSink) -> Path:
    """The file as N-Triples, by the first rules that fit it."""
    scratch.mkdir(exist_ok=True)
    target, tried = scratch / f"{name}.nt", list[str]()
    for rule in WAYS[name]:
        plan = read_rules(rules(rule))
        plan = _restricted(plan, _TABLES & set(layers)) if name == "osm" else plan
        said = {"simulated": str(simulated).lower()} if any(one.name == "simulated" for one in plan.variables) else {}
        if not plan.triples_maps:
            tried.append(f"{rule}: the file has no layer {' or '.join(sorted(_TABLES))}")
            continue
        try:
            run = map_source(plan, path, variables=said, progress=progress)
            write_rdf(target, distinct(run.chunks()), Form("ntriples"), may_hold_graphs=False)
        except (CrsError, MappingError, NotFoundError) as error:
            tried.append(f"{rule}: {error.what}")
            continue
        if run.report.quads:
            return target
        reasons = ", ".join(run.report.reasons) or "what the rules need is empty"
        tried.append(f"{rule}: none of {run.report.rows:,} rows could be mapped: {reasons}")
    raise ParameterError(
        f"{name} = {path.name} is not a file that our rules can map",
        why="; ".join(tried),
        way_out="map it yourself (earthweave map generate, map run), load it, and leave this parameter out",
    )


def _restricted(plan: Plan, tables: Set[str]) -> Plan:
    """The triples maps over some layers."""
    maps = (one for one in plan.triples_maps if isinstance(one.source, LogicalSource) and one.source.name in tables)
    return replace(plan, triples_maps=tuple(maps))


def _layers(path: Path) -> dict[str, frozenset[str]]:
    """Layers of a vector file and the names of their columns in capitals; nothing for another file. Raises `ParameterError`."""
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError

    driver = _DRIVERS.get(path.suffix.lower())
    if driver is None:
        return {}
    try:
        names = [str(name) for name, _ in pyogrio.list_layers(path)]
        found = {name: pyogrio.read_info(path, layer=name) for name in names}
    except (DataSourceError, DataLayerError) as error:
        raise ParameterError(f"{path.name} cannot be read", why=str(error), way_out="give a complete file") from error
    if any(info["driver"] != driver for info in found.values()):
        raise ParameterError(f"{path.name} is not what its suffix says", why="it is of another format", way_out="rename or export it")
    return {name: frozenset(str(field).upper() for field in info["fields"]) for name, info in found.items()}
