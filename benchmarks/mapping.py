"""Layer to N-Quads: our mapper, rdflib, GDAL's own CSV writer and the floor, in turn, at 1×, 10× and 100×.

Every job runs in a process of its own; figures are CPU seconds (user and system, start-up and imports left out) and peak resident memory.
The layer is made with a fixed seed: polygons of 8 to 24 corners with ten attributes, a third of one column NULL (EPSG:4326, GeoPackage).
rdflib runs at 1× alone. The floor reads the layer through Arrow and writes the bytes of our result.

    python benchmarks/mapping.py [--rows 1000] [--folder DIR]
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

SEED = 20210323
RULE = """@prefix rr: <http://www.w3.org/ns/r2rml#> .
@prefix rrx: <http://www.w3.org/ns/r2rml-ext#> .
@prefix rrxf: <http://www.w3.org/ns/r2rml-ext/functions/def/> .
@prefix geo: <http://www.opengis.net/ont/geosparql#> .
@prefix v: <http://example.org/ontology#> .
<#Feature> rr:logicalTable [ rr:tableName "parcels" ] ;
    rr:subjectMap [ rr:template "http://example.org/parcels/id/{key}" ; rr:class v:Parcel ] ;
    COLUMNS
    rr:predicateObjectMap [ rr:predicate geo:hasGeometry ; rr:objectMap [ rr:template "http://example.org/parcels/Geometry/{key}" ] ] .
<#Geometry> rr:logicalTable [ rr:tableName "parcels" ] ;
    rr:subjectMap [ rr:template "http://example.org/parcels/Geometry/{key}" ; rr:class geo:Geometry ] ;
    rr:predicateObjectMap [ rr:predicate geo:asWKT ;
        rr:objectMap [ rrx:function rrxf:asWKT ; rrx:argumentMap ( [ rr:column "the_geom" ] ) ] ] .
"""
NAMES = ("key", "name", "note", "level", "height", "share", "seen", "done", "maybe", "class")


def make_layer(path: Path, rows: int) -> None:
    """Write the layer of one size."""
    import geopandas
    import shapely

    random = np.random.default_rng(SEED)
    corners = random.integers(8, 25, rows)
    owner = np.repeat(np.arange(rows), corners)
    starts = np.cumsum(corners) - corners
    turn = 2 * np.pi * (np.arange(len(owner)) - starts[owner]) / corners[owner]
    radius = random.uniform(2e-4, 1e-3, len(owner))
    center = random.uniform((150.4, -33.9), (151.0, -33.4), (rows, 2))
    ring = center[owner] + np.column_stack([radius * np.cos(turn), radius * np.sin(turn)])
    polygons = shapely.polygons(shapely.linearrings(ring, indices=owner))
    columns = {
        "key": np.arange(1, rows + 1), "name": [f'Parcel "{n}" of Saint-Étienne' for n in range(rows)],
        "note": [f"row {n}\nline two" for n in range(rows)], "level": random.integers(0, 25, rows),
        "height": random.normal(100, 20, rows), "share": random.random(rows),
        "seen": np.datetime64("2021-03-15") + random.integers(0, 365, rows).astype("timedelta64[D]"), "done": random.random(rows) < 0.5,
        "maybe": [None if chance < 0.3 else "here" for chance in random.random(rows)],
        "class": random.choice(["water", "crop", "built"], rows),
    }
    geopandas.GeoDataFrame(columns, geometry=polygons, crs=4326).to_file(path, layer="parcels")


def rule() -> str:
    """The mapping: one class, ten columns, a geometry."""
    one = "rr:predicateObjectMap [ rr:predicate v:{0} ; rr:objectMap [ rr:column \"{0}\" ] ] ;"
    return RULE.replace("COLUMNS", "\n    ".join(one.format(name) for name in NAMES))


def ours(layer: Path, folder: Path) -> int:
    """Map the layer; returns statements."""
    from earthweave.mapping import map_source, read_rules

    run = map_source(read_rules(rule()), layer)
    with (folder / "ours.nq").open("wb") as file:
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

    result = folder / "ours.nq"
    with pyogrio.open_arrow(layer, use_pyarrow=True, batch_size=8192) as (_, reader):
        rows = sum(batch.num_rows for batch in reader)
    with result.open("rb") as source, (folder / "floor.nq").open("wb") as target:
        while chunk := source.read(1 << 20):
            target.write(chunk)
    return rows


JOBS: dict[str, Callable[[Path, Path], int]] = {"ours": ours, "floor": floor, "gdal csv+wkt": gdal_csv, "rdflib": rdflib_graph}


def run_job(job: str, layer: Path, folder: Path) -> None:
    """Run one job in this process and print its figures as JSON."""
    import geopandas  # noqa: F401
    import pyogrio  # noqa: F401

    import earthweave.mapping  # noqa: F401

    before, started = time.process_time(), time.perf_counter()
    count = JOBS[job](layer, folder)
    figures = {"cpu": time.process_time() - before, "wall": time.perf_counter() - started, "count": count}
    sys.stdout.write(json.dumps(figures | {"rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def measure(job: str, layer: Path, folder: Path) -> dict[str, float]:
    """Run one job in a process of its own."""
    command = [sys.executable, __file__, "--job", job, "--layer", str(layer), "--folder", str(folder)]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def table(rows: int, folder: Path) -> str:
    """All sizes and jobs, ratios to ours in the same run."""
    heads = ("polygons", "job", "CPU s", "wall s", "statements (rows)", "per CPU s", "CPU, ours = 1", "CPU growth", "peak MiB")
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    last: dict[str, float] = {}
    for factor in (1, 10, 100):
        layer = folder / f"parcels{factor}.gpkg"
        # in a process of its own, for a child inherits the peak of the memory of its parent
        subprocess.run([sys.executable, __file__, "--make", str(rows * factor), "--layer", str(layer)], check=True)
        mine = 0.0
        for job in JOBS if factor == 1 else list(JOBS)[:3]:
            found = measure(job, layer, folder)
            mine = mine or found["cpu"]
            growth = f"{found['cpu'] / last[job]:.1f}×" if job in last else ""
            last[job] = found["cpu"]
            lines.append(
                f"| {rows * factor:,} | {job} | {found['cpu']:.3f} | {found['wall']:.3f} | {found['count']:,.0f} | "
                f"{found['count'] / found['cpu']:,.0f} | {found['cpu'] / mine:.2f} | {growth} | {found['rss']:.0f} |"
            )
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1000, help="polygons at 1×")
    parser.add_argument("--folder", type=Path, help="where to work (default: a temporary folder)")
    parser.add_argument("--job", choices=list(JOBS), help=argparse.SUPPRESS)
    parser.add_argument("--layer", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--make", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.make:
        make_layer(given.layer, given.make)
        return
    if given.job:
        run_job(given.job, given.layer, given.folder)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        sys.stdout.write(table(given.rows, folder) + "\n")


if __name__ == "__main__":
    main()
