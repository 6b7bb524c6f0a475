"""Layer to N-Quads: our mapper on four formats beside morph-kgc, rdflib, GDAL's own CSV writer and the floor, in turn.

Every job runs in a process of its own; figures are CPU seconds (user and system, start-up and imports left out) and peak resident memory.
The layers are those of `_mapping_data`. morph-kgc runs in one process, in an environment of its own, and its statements are compared with
ours of the same file: numbers, booleans and moments by value. The floor reads the GeoPackage through Arrow and writes the bytes of our
result. Corrupt layers have one row in a hundred spoiled each in its geometry, its date and its name; *clean* is the same unspoiled.

    python -m benchmarks.mapping [--tier L] [--folder DIR]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks._mapping_data import FORMATS, NAMES, make
from benchmarks._mapping_peers import TYPES, Unavailable, differences, morph

ROOT = Path(__file__).resolve().parents[1]
TIERS = {"S": (1_000, 10_000, 100_000), "M": (100_000, 1_000_000), "L": (100_000, 1_000_000, 10_000_000)}
"""Polygons; at `ALONE` only our run on the GeoPackage, which writes to nowhere, for its memory."""
PEERS = 100_000
"""Polygons from which morph-kgc runs."""
ALONE = 10_000_000
SHORT = 3.0
"""Seconds under which a job is run three times, for neighbours disturb it."""
GOALS = {
    "morph-kgc csv": "≥ 12", "morph-kgc shp": "≥ 40", "gdal csv+wkt": "≥ 5", "floor": "≥ 0.4", "ours corrupt": "≤ 1.3",
    "store, map and load": "≤ 1.5",
}
HEADS = (
    "polygons (simulated)", "job", "CPU s", "of it system", "wall s", "statements (rows)", "per CPU s", "CPU, ours = 1", "ours gpkg = 1",
    "goal", "CPU growth", "peak MiB", "",
)  # fmt: skip
"""Writing a file costs the system what it likes: from 0.3 to 3 seconds a gigabyte on the same machine within an hour."""
RULE = """@prefix rr: <http://www.w3.org/ns/r2rml#> .
@prefix rrx: <http://www.w3.org/ns/r2rml-ext#> .
@prefix rrxf: <http://www.w3.org/ns/r2rml-ext/functions/def/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix geo: <http://www.opengis.net/ont/geosparql#> .
@prefix v: <http://example.org/ontology#> .
<#Feature> rr:logicalTable [ rr:tableName "parcels" ] ;
    rr:subjectMap [ rr:template "http://example.org/parcels/id/{key}" ; rr:class v:Parcel ] ;
    COLUMNS
    rr:predicateObjectMap [ rr:predicate geo:hasGeometry ; rr:objectMap [ rr:template "http://example.org/parcels/Geometry/{key}" ] ] .
<#Geometry> rr:logicalTable [ rr:tableName "parcels" ] ;
    rr:subjectMap [ rr:template "http://example.org/parcels/Geometry/{key}" ; rr:class geo:Geometry ] ;
    rr:predicateObjectMap [ rr:predicate geo:asWKT ;
        rr:objectMap [ rrx:function rrxf:asWKT ; rrx:argumentMap ( [ rr:column "geometry" ] ) ] ] .
"""


def rule() -> str:
    """The mapping: one class, ten columns, a geometry."""
    types = {name: f" ; rr:datatype xsd:{kind}" for name, kind in TYPES.items()}
    one = 'rr:predicateObjectMap [ rr:predicate v:{0} ; rr:objectMap [ rr:column "{0}"{1} ] ] ;'
    return RULE.replace("COLUMNS", "\n    ".join(one.format(name, types.get(name, "")) for name in NAMES))


def result(layer: Path) -> Path:
    """Where our statements of a layer are written."""
    return layer.with_name(f"{layer.name}.nq")


def ours(layer: Path, folder: Path) -> int:
    """Map the layer; returns statements."""
    from earthweave.mapping import map_source, read_rules

    run = map_source(read_rules(rule()), layer)
    with result(layer).open("wb") as file:
        file.writelines(run)
    return run.report.quads


def rdflib_graph(layer: Path, folder: Path) -> int:
    """The same statements through an rdflib graph and its N-Triples writer."""
    import geopandas
    from rdflib import RDF, Graph, Literal, Namespace, URIRef

    geo, v = Namespace("http://www.opengis.net/ont/geosparql#"), Namespace("http://example.org/ontology#")
    graph = Graph()
    frame = geopandas.read_file(layer)
    for geometry, row in zip(frame.geometry, frame[list(NAMES)].itertuples(index=False, name=None), strict=True):
        feature, shape = URIRef(f"http://example.org/parcels/id/{row[0]}"), URIRef(f"http://example.org/parcels/Geometry/{row[0]}")
        graph.add((feature, RDF.type, v.Parcel))
        graph.add((feature, geo.hasGeometry, shape))
        graph.add((shape, RDF.type, geo.Geometry))
        graph.add((shape, geo.asWKT, Literal(geometry.wkt, datatype=geo.wktLiteral)))
        for name, value in zip(NAMES, row, strict=True):
            if value is not None and value == value:
                graph.add((feature, v[name], Literal(value)))
    graph.serialize(folder / "rdflib.nt", format="nt", encoding="utf-8")
    return len(graph)


def gdal_csv(layer: Path, folder: Path) -> int:
    """GDAL's CSV driver with WKT, through Arrow; returns rows."""
    import pyogrio

    with pyogrio.open_arrow(layer, use_pyarrow=True) as (meta, reader):
        table = reader.read_all()
    target = folder / "gdal.csv"
    target.unlink(missing_ok=True)
    described = {"geometry_name": meta["geometry_name"], "geometry_type": "Polygon", "crs": meta["crs"]}
    pyogrio.write_arrow(table, target, driver="CSV", **described, GEOMETRY="AS_WKT")
    return int(table.num_rows)


def floor(layer: Path, folder: Path) -> int:
    """Read the layer and write as many bytes as we did."""
    import pyogrio

    with pyogrio.open_arrow(layer, use_pyarrow=True, batch_size=8192) as (_, reader):
        rows = sum(batch.num_rows for batch in reader)
    with result(layer).open("rb") as source, (folder / "floor.nq").open("wb") as target:
        while chunk := source.read(1 << 20):
            target.write(chunk)
    return rows


JOBS: dict[str, Callable[[Path, Path], int]] = {"ours": ours, "floor": floor, "gdal csv+wkt": gdal_csv, "rdflib": rdflib_graph}


def run_job(job: str, layer: Path, folder: Path) -> None:
    """Run one job in this process and print its figures as JSON."""
    import geopandas  # noqa: F401
    import polars  # noqa: F401
    import pyogrio  # noqa: F401
    import rdflib  # noqa: F401

    import earthweave.mapping  # noqa: F401

    before, started = os.times(), time.perf_counter()
    count = JOBS[job](layer, folder)
    after = os.times()
    figures = {"cpu": after.user + after.system - before.user - before.system, "system": after.system - before.system,
               "wall": time.perf_counter() - started, "count": count}
    sys.stdout.write(json.dumps(figures | {"rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def _again(*arguments: object) -> str:
    """This program in a process of its own: a child inherits the peak of the memory of its parent."""
    command = [sys.executable, "-m", "benchmarks.mapping", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def measure(job: str, layer: Path, folder: Path) -> dict[str, float]:
    """Run one job in a process of its own, a short one three times: the least of each figure."""
    runs = [dict(json.loads(_again("--job", job, "--layer", layer, "--folder", folder)))]
    while len(runs) < 3 and runs[0]["wall"] < SHORT:
        runs.append(dict(json.loads(_again("--job", job, "--layer", layer, "--folder", folder))))
    return {name: min(one[name] for one in runs) for name in runs[0]}


class Lines:
    """The rows of the table; ratios are to our run on the same format and size, and to that on the GeoPackage of that size."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}
        self._layer = 1.0

    def line(self, rows: int, job: str, found: dict[str, float], mine: float, note: str = "") -> str:
        """One row."""
        growth = f"{found['cpu'] / self._last[job]:.1f}×" if job in self._last else ""
        self._last[job] = found["cpu"]
        if job == f"ours {FORMATS[0]}":
            self._layer = mine
        rate = found["count"] / found["cpu"]
        ratios = f"{found['cpu'] / mine:.2f} | {found['cpu'] / self._layer:.2f}"
        return (
            f"| {rows:,} | {job} | {found['cpu']:.2f} | {found['system']:.2f} | {found['wall']:.2f} | {found['count']:,.0f} | "
            f"{rate:,.0f} | {ratios} | {GOALS.get(job, '')} | {growth} | {found['rss']:.0f} | {note} |"
        )


def compare(layer: Path, other: Path) -> str:
    """Whether our statements of a layer are those in another file."""
    with result(layer).open("rb") as here, other.open("rb") as there:
        return differences(here, there)


def _format(suffix: str, rows: int, folder: Path, lines: Lines, *, peers: bool) -> Iterator[str]:
    """Our run and morph-kgc's on one format."""
    layer = folder / f"parcels.{suffix}"
    _again("--make", rows, "--layer", layer)
    mine = measure("ours", layer, folder)
    yield lines.line(rows, f"ours {suffix}", mine, mine["cpu"])
    if suffix == "gpkg":
        for job in ("floor", "gdal csv+wkt", *(["rdflib"] if rows <= 1000 else [])):
            yield lines.line(rows, job, measure(job, layer, folder), mine["cpu"])
        yield from _stored(rows, layer, folder, lines)
    elif peers:
        try:
            theirs = morph(layer, folder)
            said = _again("--compare", folder / f"morph-{suffix}.nt", "--layer", layer)
            yield lines.line(rows, f"morph-kgc {suffix}", theirs, mine["cpu"], said)
        except Unavailable as reason:
            yield f"| {rows:,} | morph-kgc {suffix} | | | | | | | | {GOALS.get(f'morph-kgc {suffix}', '')} | | | not installed: {reason} |"


def _alone(layer: Path, lines: Lines) -> str:
    """Our run on the largest layer."""
    _again("--make", ALONE, "--layer", layer)
    result(layer).unlink(missing_ok=True)
    result(layer).symlink_to(os.devnull)
    found = measure("ours", layer, layer.parent)
    layer.unlink()
    return lines.line(ALONE, f"ours {FORMATS[0]}", found, found["cpu"], "written to nowhere")


def _stored(rows: int, layer: Path, folder: Path, lines: Lines) -> Iterator[str]:
    """Into our store: columns that lie ready, and mapped on the way; the second is told as a ratio to the first."""
    command = [sys.executable, "-m", "benchmarks._mapping_store", str(layer), str(folder)]
    ready, mapped = (
        dict(json.loads(subprocess.run([*command, how], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout))
        for how in ("ready", "map")
    )
    yield lines.line(rows, "store, ready columns", ready, ready["cpu"])
    yield lines.line(rows, "store, map and load", mapped, ready["cpu"])


def _corrupt(rows: int, folder: Path, lines: Lines) -> Iterator[str]:
    clean = 0.0
    for name in ("clean", "corrupt"):
        layer = folder / f"{name}.parquet"
        _again("--make", rows, "--layer", layer)
        found = measure("ours", layer, folder)
        clean = clean or found["cpu"]
        yield lines.line(rows, f"ours {name}", found, clean)


def table(tier: str, folder: Path) -> Iterator[str]:
    """All sizes and jobs."""
    yield "| " + " | ".join(HEADS) + " |"
    yield "|---" * len(HEADS) + "|"
    lines = Lines()
    for rows in TIERS[tier]:
        if rows == ALONE:
            yield _alone(folder / "alone.gpkg", lines)
            continue
        for suffix in FORMATS:
            yield from _format(suffix, rows, folder, lines, peers=rows >= PEERS)
        yield from _corrupt(rows, folder, lines)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tier", choices=list(TIERS), default="L", help="sizes; L takes half an hour and 15 GB of disk")
    parser.add_argument("--folder", type=Path, help="where to work (default: a temporary folder)")
    parser.add_argument("--job", choices=list(JOBS), help=argparse.SUPPRESS)
    parser.add_argument("--layer", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--make", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--compare", type=Path, help=argparse.SUPPRESS)
    given: Any = parser.parse_args()
    if given.make:
        make(given.layer, given.make)
        return
    if given.job or given.compare:
        run_job(given.job, given.layer, given.folder) if given.job else sys.stdout.write(compare(given.layer, given.compare))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for line in table(given.tier, folder.resolve()):
            sys.stdout.write(line + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
