"""``doctor``: versions of what we stand on, what is missing, and how to get it."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import click

from earthweave.server.store import open_store

from ._console import Outcome, store_option, verb

EXTRAS = {
    "qa": ("spacy",),
    "server": ("flask", "waitress"),
    "ml": ("torch", "safetensors"),
    "sql": ("sqlalchemy",),
    "osm": ("osmium",),
    "grpc": ("grpc",),
    "catalogue": ("pystac_client", "eodag"),
    "dev": ("pyshacl", "pytest"),
}
"""Extra → modules that it brings."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: what, its state, and what to do if it is not well."""

    subject: str
    state: str
    well: bool = True
    way_out: str = ""


def _libraries() -> Iterator[Finding]:
    import pyogrio
    import pyproj
    import rasterio
    import shapely

    yield Finding("Python", platform.python_version())
    yield Finding("GDAL (rasters, rasterio)", rasterio.__gdal_version__)
    yield Finding("GDAL (vectors, pyogrio)", ".".join(map(str, pyogrio.__gdal_version__)))
    yield Finding("GEOS", shapely.geos_version_string)
    yield Finding("PROJ", pyproj.proj_version_str)
    yield Finding("RDF documents, syntax of queries", f"pyoxigraph {version('pyoxigraph')}")
    yield Finding("columns (pyarrow, polars)", f"{version('pyarrow')}, {version('polars')}")
    yield _jpeg2000(rasterio)


def _jpeg2000(rasterio: object) -> Finding:
    from rasterio.drivers import raster_driver_extensions

    known = "jp2" in raster_driver_extensions()
    return Finding(
        "JPEG 2000 (Sentinel-2 bands)",
        "yes" if known else "no",
        known,
        "" if known else "install rasterio from its wheel: pip install rasterio",
    )


def _extras() -> Iterator[Finding]:
    for extra, modules in EXTRAS.items():
        missing = [name for name in modules if find_spec(name) is None]
        state = "installed" if not missing else f"not installed ({', '.join(missing)})"
        yield Finding(f"extra {extra}", state, True, f"pip install 'earthweave[{extra}]'" if missing else "")


def _store(path: str) -> Iterator[Finding]:
    if not Path(path, "store.json").is_file():
        yield Finding("store", f"none at {path}", True, "earthweave load FILE, or earthweave demo")
        return
    with open_store(path, create=False) as store:
        found = store.statistics()
        yield Finding("store", f"{path}: {found.triples:,} triples, generation {found.generation}")
        refused = store.network()
    state = "none, as it should be" if not refused else f"reachable ({refused})"
    yield Finding(
        "network of the query workers",
        state,
        not refused,
        refused and "run where user namespaces are allowed; the engine in them calls nobody by itself anyway",
    )


def findings(store_path: str) -> list[Finding]:
    """Look at libraries, extras, the store and the isolation of its workers."""
    try:
        own = version("earthweave")
    except PackageNotFoundError:
        own = "not installed as a package"
    return [Finding("Earthweave", own), *_libraries(), *_extras(), *_store(store_path)]


@click.command()
@store_option
@verb
def doctor(store_path: str) -> Outcome:
    """Say which versions are at work, what is missing, and how to get it."""
    found = findings(store_path)
    width = max(len(one.subject) for one in found)
    lines = [
        f"{'ok ' if one.well else 'NO '} {one.subject.ljust(width)}  {one.state}{'   → ' + one.way_out if one.way_out else ''}"
        for one in found
    ]
    return Outcome([asdict(one) for one in found], "\n".join(lines))
