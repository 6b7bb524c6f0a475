"""The simulated data of the engine's benchmark: floods, administrative units, places and tracks, with fixed seeds.

Modelled as in the tutorial (``geo:hasGeometry``, ``geo:asWKT``, ``flo:has_floodLevel``, ``gadmo:hasName``,
``gadmo:hasNationalLevel``): floods under EPSG:4326 with longitude first, as there, all others without a CRS. Written as N-Triples, and
as tab-separated rows for PostgreSQL's COPY (geometry as hexadecimal EWKB) with the same coordinates to the bit. Everything is
**simulated**; nothing is measured.

    python -m benchmarks.data [--tier S] [--folder DIR]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from benchmarks import _shapes
from earthweave.ontology import FLO, GADMO, GADMR, GEO, RDF

SRID = 4326
AXIS = "<http://www.opengis.net/def/crs/EPSG/0/4326> "
LEVELS = 20
EXAMPLE = "http://example.org/"
LABEL = "<http://www.w3.org/2000/01/rdf-schema#label>"
FLOOD, FLOOD_SHAPE = "http://ai.di.uoa.gr/flood/flood_levels/id/", "http://ai.di.uoa.gr/flood/flood_levels/Geometry/"


@dataclass(frozen=True)
class Tier:
    """A size: numbers of floods, places and tracks, and columns and rows of the grid of units."""

    name: str
    floods: int
    columns: int
    rows: int
    points: int
    lines: int


TIERS = {
    "S": Tier("S", 10_000, 40, 25, 10_000, 1_000),
    "M": Tier("M", 100_000, 103, 103, 100_000, 10_000),
    "L": Tier("L", 1_000_000, 103, 103, 1_000_000, 100_000),
}
TRIPLES = {"floods": 5, "units": 6, "points": 4, "lines": 4}
"""Statements per feature."""


@dataclass
class Count:
    """How many features of a kind there are, and how many coordinates (a ring's last one counts) they have."""

    features: int = 0
    coordinates: list[Any] = field(default_factory=list)

    def add(self, geometries: Any) -> None:
        """Count a block."""
        self.features += len(geometries)
        self.coordinates.append(shapely.get_num_coordinates(geometries).astype(np.int32))

    def summary(self) -> dict[str, float]:
        """Features, and mean, 99th percentile and maximum of the coordinates of one."""
        found = np.concatenate(self.coordinates)
        return {"features": self.features, "mean": float(found.mean()), "p99": float(np.percentile(found, 99)), "max": int(found.max())}


def blocks(tier: Tier) -> dict[str, Iterable[Any]]:
    """Kind → its geometries in blocks, in the order in which they are numbered from 1."""
    grid = (tier.columns, tier.rows)
    return {
        "floods": _shapes.floods(*grid, tier.floods), "units": iter([_shapes.units(*grid)]),
        "points": _shapes.points(*grid, tier.points), "lines": _shapes.lines(*grid, tier.lines),
    }


def _scalar(value: str) -> Any:
    return pa.scalar(value, pa.large_string())


def _texts(values: Any) -> Any:
    return pc.cast(pa.array(values), pa.large_string())


def _join(*parts: Any) -> Any:
    """Constant texts and columns of texts joined row by row."""
    return pc.binary_join_element_wise(*(_scalar(part) if isinstance(part, str) else part for part in parts), _scalar(""))


def _bytes(column: Any) -> memoryview:
    """All texts of a column one after the other."""
    offsets = np.frombuffer(column.buffers()[1], np.int64, len(column) + 1, column.offset * 8)
    return memoryview(column.buffers()[2])[offsets[0] : offsets[-1]]


def _wkt(geometries: Any) -> Any:
    """The shortest text that gives the same coordinates back."""
    return pa.array(shapely.to_wkt(geometries, rounding_precision=-1), pa.large_string())


def _ewkb(geometries: Any) -> Any:
    """Hexadecimal EWKB."""
    binary = pa.array(shapely.to_wkb(shapely.set_srid(geometries, SRID), include_srid=True), pa.large_binary())
    offsets = np.frombuffer(binary.buffers()[1], np.int64, len(binary) + 1)
    digits = _bytes(binary).hex().encode()
    return pa.LargeStringArray.from_buffers(len(binary), pa.py_buffer((2 * offsets).tobytes()), pa.py_buffer(digits))


def _geometry(feature: Any, shape: Any, geometries: Any, prefix: str = "") -> tuple[Any, ...]:
    """Parts of the two statements that tie a feature to its literal."""
    tie, literal = f" <{GEO.hasGeometry}> ", f' <{GEO.asWKT}> "{prefix}'
    return (feature, tie, shape, " .\n", shape, literal, _wkt(geometries), f'"^^<{GEO.wktLiteral}> .\n')


def _nodes(prefix: str, number: Any) -> Any:
    return _join(f"<{prefix}", number, ">")


def _floods(number: Any, geometries: Any) -> tuple[Any, Any]:
    """Statements and rows of a block: number, level, geometry."""
    level = _texts(1 + (number * 7919 + number // 13) % LEVELS)
    key = _texts(number)
    feature, shape = _nodes(FLOOD, key), _nodes(FLOOD_SHAPE, key)
    statements = _join(
        feature, f" <{RDF.type}> <{FLO.flood_levels}> .\n",
        feature, f' <{FLO.has_floodLevel}> "', level, '"^^<http://www.w3.org/2001/XMLSchema#integer> .\n',
        shape, f" <{RDF.type}> <{GEO.Geometry}> .\n", *_geometry(feature, shape, geometries, AXIS),
    )
    return statements, _join(key, "\t", level, "\t", _ewkb(geometries), "\n")


def _units(number: Any, geometries: Any) -> tuple[Any, Any]:
    """Number, name, level, geometry."""
    key = _texts(number)
    feature, shape = _nodes(str(GADMR), key), _nodes(f"{GADMR}Geometry/", key)
    statements = _join(
        feature, f" <{RDF.type}> <{GADMR.AdministrativeUnit}> .\n", feature, f' <{GADMO.hasName}> "Unit ', key, '"@en .\n',
        feature, f' <{GADMO.hasNationalLevel}> "3rdOrder" .\n',
        shape, f" <{RDF.type}> <{GEO.Geometry}> .\n", *_geometry(feature, shape, geometries),
    )
    return statements, _join(key, "\tUnit ", key, "\t3rdOrder\t", _ewkb(geometries), "\n")


def _labelled(kind: str, number: Any, geometries: Any) -> tuple[Any, Any]:
    """Number, name, geometry of places and tracks."""
    key = _texts(number)
    feature, shape = _nodes(f"{EXAMPLE}{kind.lower()}/", key), _nodes(f"{EXAMPLE}{kind.lower()}/geometry/", key)
    statements = _join(
        feature, f" <{RDF.type}> <{EXAMPLE}{kind}> .\n", feature, f' {LABEL} "{kind} ', key, '" .\n',
        *_geometry(feature, shape, geometries),
    )
    return statements, _join(key, f"\t{kind} ", key, "\t", _ewkb(geometries), "\n")


def _written(kind: str, number: Any, geometries: Any) -> tuple[Any, Any]:
    if kind == "floods":
        return _floods(number, geometries)
    if kind == "units":
        return _units(number, geometries)
    return _labelled("Place" if kind == "points" else "Track", number, geometries)


def _write(kind: str, source: Iterable[Any], statements: BinaryIO, rows: BinaryIO) -> Count:
    count = Count()
    for geometries in source:
        number = np.arange(count.features + 1, count.features + len(geometries) + 1)
        text, table = _written(kind, number, geometries)
        statements.write(_bytes(text))
        rows.write(_bytes(table))
        count.add(geometries)
    return count


def make(tier: Tier, folder: Path) -> dict[str, Any]:
    """Write ``data.nt`` and ``<kind>.tsv`` into ``folder`` and return their statistics; what is whole there already is kept.

    Memory stays bounded by a block (a tile of floods, 100,000 points, 10,000 lines).
    """
    folder.mkdir(parents=True, exist_ok=True)
    done = folder / "done.json"
    if done.exists() and json.loads(done.read_text())["tier"] == asdict(tier):
        return dict(json.loads(done.read_text()))
    done.unlink(missing_ok=True)
    started, cpu = time.perf_counter(), time.process_time()
    kinds = {}
    with (folder / "data.nt").open("wb") as statements:
        for kind, source in blocks(tier).items():
            with (folder / f"{kind}.tsv").open("wb") as rows:
                kinds[kind] = _write(kind, source, statements, rows).summary()
    found = {
        "tier": asdict(tier), "kinds": kinds, "triples": sum(TRIPLES[kind] * int(one["features"]) for kind, one in kinds.items()),
        "bytes": (folder / "data.nt").stat().st_size, "seconds": time.perf_counter() - started, "cpu": time.process_time() - cpu,
    }
    done.write_text(json.dumps(found))
    return found


def table(found: dict[str, Any]) -> Iterator[str]:
    """Lines of a Markdown table of what was made."""
    yield "| kind (simulated) | features | coordinates, mean | p99 | max |"
    yield "|---|---|---|---|---|"
    for kind, one in found["kinds"].items():
        yield f"| {kind} | {one['features']:,} | {one['mean']:.1f} | {one['p99']:.0f} | {one['max']} |"
    yield f"| tier {found['tier']['name']} | {found['triples']:,} triples | {found['bytes'] / 1e6:,.0f} MB | {found['cpu']:.1f} CPU s | |"


def main() -> None:
    """Make a tier and print its statistics."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tier", choices=list(TIERS), default="S")
    parser.add_argument("--folder", type=Path, help="where to write (default: a temporary folder)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        found = make(TIERS[given.tier], given.folder or Path(temporary))
    sys.stdout.write("\n".join(table(found)) + "\n")


if __name__ == "__main__":
    main()
