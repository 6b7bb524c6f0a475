"""Small layers and ways to look at N-Quads."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas
import pyoxigraph
import pytest
import shapely
from rdflib import Graph

from earthweave.mapping import MappingRun, Options, map_source, read_rules, rules


@pytest.fixture(scope="session")
def mapped() -> Callable[..., tuple[Graph, MappingRun]]:
    """Run a shipped rule and read the result: graph and run."""

    def run(rule: str, source: Any, options: Options | None = None, **variables: str) -> tuple[Graph, MappingRun]:
        done = map_source(read_rules(rules(rule)), source, variables=variables, options=options)
        graph = Graph()
        graph.parse(data=b"".join(done), format="nt")
        return graph, done

    return run


@pytest.fixture(scope="session")
def quads() -> Callable[[Any], set[pyoxigraph.Quad]]:
    """The quads that an independent parser reads from a run."""
    return lambda run: set(pyoxigraph.parse(b"".join(run), pyoxigraph.RdfFormat.N_QUADS))


@pytest.fixture(scope="session")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Write a small layer."""

    def write(columns: dict[str, list[Any]], geometries: list[Any], *, name: str = "flood_mask.gpkg", crs: int | None = 4326) -> Path:
        path = tmp_path_factory.mktemp("layer") / name
        mixed = {"geometry_type": "Unknown", "promote_to_multi": False} if path.suffix == ".gpkg" else {}
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "'crs' was not provided")
            geopandas.GeoDataFrame(columns, geometry=geometries, crs=crs).to_file(path, **mixed)
        return path

    return write


@pytest.fixture(scope="session")
def flood_mask(layer: Callable[..., Path]) -> Path:
    """Three flooded areas in UTM 56S, as Flood-mask writes them: one with a hole, one of two parts."""
    ring = shapely.box(290_000, 6_270_000, 290_400, 6_270_400).difference(shapely.box(290_100, 6_270_100, 290_200, 6_270_200))
    two = shapely.union_all([shapely.box(291_000, 6_270_000, 291_100, 6_270_100), shapely.box(291_300, 6_270_000, 291_400, 6_270_100)])
    return layer({"floodLevel": [7, 4, 20]}, [ring, two, shapely.box(292_000, 6_270_000, 292_020, 6_270_020)], crs=32756)


@pytest.fixture(scope="session")
def nuts(shared: Path) -> Path:
    """NUTS 2021 units of all levels, EPSG:3035."""
    return shared / "data/vector/ecmwf+earthkit-data/tests/data/NUTS_RG_20M_2021_3035.geojson"


@pytest.fixture(scope="session")
def emsr332(shared: Path) -> Path:
    """Flood polygons of Copernicus EMS EMSR332."""
    return shared / "data/derived/flood/emsr332_observed_event_shared.gpkg"
