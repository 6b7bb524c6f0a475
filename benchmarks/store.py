"""The store against a named peer: load rate, and the tutorial's query 2a as printed, at growing sizes.

Run ``python benchmarks/store.py [--sizes 1,10]``. At size 1 there are 1,000 simulated flooded areas, 50 administrative units and
20,000 observations; floods and observations grow with the size, units with its square root, so pairs grow with its power 1.5.
Peer: rdflib with a shapely function and parsed literals kept, on the smallest size only. Both get the same bytes.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from functools import cache
from math import cos, pi, sin, sqrt
from pathlib import Path
from random import Random
from typing import Any

from rdflib import Graph, Literal, URIRef
from rdflib.plugins.sparql.operators import register_custom_function

from earthweave.ontology import FLO, GADMO, GADMR, GEO, GEOF, RDF
from earthweave.ontology.geometry import AxisOrder, read_wkt, relate
from earthweave.server.store import Limits, Store, open_store
from earthweave.server.workflows import tutorial_query

QUERY_2A = tutorial_query("query-2a")
FLOODS, UNITS, OBSERVATIONS = 1_000, 50, 20_000
HEADINGS = f"{'triples':>10}{'load s':>9}{'triples/s':>12}{'2a s':>10}{'again s':>10}{'update s':>10}{'rows':>7}"
PATIENT = Limits(query_deadline=150.0)
AXIS = "<http://www.opengis.net/def/crs/EPSG/0/4326> "


def units(size: int) -> int:
    """How many administrative units there are."""
    return round(UNITS * sqrt(size))


def ring(random: Random, x: float, y: float, radius: float, corners: int) -> str:
    """A star-shaped ring around a place, as WKT coordinates, longitude first."""
    angles = (2 * pi * i / corners for i in range(corners))
    radii = [radius * random.uniform(0.6, 1.0) for _ in range(corners)]
    points = [f"{x + r * cos(a):.12f} {y + r * sin(a):.12f}" for a, r in zip(angles, radii, strict=True)]
    return ", ".join([*points, points[0]])


def simulated(size: int) -> Iterator[str]:
    """N-Triples in the shape of the tutorial: floods with longitude first under EPSG:4326, units without a prefix."""
    random = Random(7)
    for i in range(FLOODS * size):
        node, geometry = f"<http://ai.di.uoa.gr/flood/flood_levels/id/{i}>", f"<http://ai.di.uoa.gr/flood/flood_levels/Geometry/{i}>"
        wkt = f"MULTIPOLYGON ((({ring(random, random.uniform(150, 151), random.uniform(-34, -33), 0.005, 23)})))"
        yield f'{node} <{FLO.has_floodLevel}> "{random.randint(1, 20)}"^^<http://www.w3.org/2001/XMLSchema#integer> .\n'
        yield f"{node} <{GEO.hasGeometry}> {geometry} .\n"
        yield f'{geometry} <{GEO.asWKT}> "{AXIS}{wkt}"^^<{GEO.wktLiteral}> .\n'
    for i in range(units(size)):
        node, geometry = f"<{GADMR}{i}>", f"<{GADMR}Geometry/{i}>"
        wkt = f"POLYGON (({ring(random, random.uniform(150, 155), random.uniform(-38, -33), 0.2, 80)}))"
        yield f"{node} <{RDF.type}> <{GADMR.AdministrativeUnit}> .\n{node} <{GADMO.hasName}> \"Unit {i}\"@en .\n"
        yield f'{node} <{GADMO.hasNationalLevel}> "3rdOrder" .\n{node} <{GEO.hasGeometry}> {geometry} .\n'
        yield f'{geometry} <{GEO.asWKT}> "{wkt}"^^<{GEO.wktLiteral}> .\n'
    for i in range(OBSERVATIONS * size):
        yield f'<http://example.org/observation/{i}> <http://example.org/value> "{random.random():.6f}" .\n'


def timed_query(store: Store) -> tuple[float, int]:
    """Seconds, start of a worker left out, and rows."""
    store.query("ASK {}")
    start = time.perf_counter()
    rows = store.query(QUERY_2A).table.num_rows
    return time.perf_counter() - start, rows


def ours(path: Path, folder: Path) -> dict[str, float]:
    """Load and query with the store; also what one small update costs, which clones the generation."""
    with open_store(folder, limits=PATIENT) as store:
        report = store.load([path])
        first, rows = timed_query(store)
        again, _ = timed_query(store)
        start = time.perf_counter()
        store.update("INSERT DATA { <http://example.org/a> <http://example.org/b> 1 }")
        return {"triples": report.triples, "load": report.seconds, "first": first, "again": again, "rows": rows,
                "update": time.perf_counter() - start}


def theirs(path: Path) -> dict[str, float]:
    """The same with rdflib: literals of RDF 1.0, so that the query needs the level without a datatype; axis order told by hand."""
    @cache
    def shape(literal: str) -> Any:
        return read_wkt([literal], AxisOrder.LONLAT).geometries[0]

    def intersects(a: Literal, b: Literal) -> Literal:
        return Literal(bool(relate("sfIntersects", shape(str(a)), shape(str(b)))))

    register_custom_function(URIRef(str(GEOF) + "sIntersects"), intersects)
    graph = Graph()
    start = time.perf_counter()
    graph.parse(path, format="nt")
    loaded = time.perf_counter()
    rows = len(list(graph.query(QUERY_2A.replace("^^<http://www.w3.org/2001/XMLSchema#string>", ""))))
    return {"triples": len(graph), "load": loaded - start, "first": time.perf_counter() - loaded, "rows": rows}


def line(name: str, found: dict[str, float]) -> str:
    """One row of the table."""
    update = f"{found['update']:>10.2f}" if "update" in found else f"{'':>10}"
    return (f"{name:<18}{found['triples']:>10,.0f}{found['load']:>9.2f}{found['triples'] / found['load']:>12,.0f}"
            f"{found['first']:>10.2f}{found.get('again', found['first']):>10.2f}{update}{found['rows']:>7.0f}")


def main() -> None:
    """Print the table, ratios to the peer, and how cost grows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="1,10")
    sizes = [int(size) for size in parser.parse_args().sizes.split(",")]
    print(f"{'simulated data':<18}" + HEADINGS)
    results = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for size in sizes:
            path = folder / f"{size}.nt"
            path.write_text("".join(simulated(size)))
            results.append(ours(path, folder / f"store{size}"))
            print(line(f"Earthweave {size}x", results[-1]), flush=True)
        peer = theirs(folder / f"{sizes[0]}.nt")
    print(line(f"rdflib {sizes[0]}x", peer))
    if peer["rows"] != results[0]["rows"]:
        raise SystemExit("the two disagree on the number of rows")
    print(f"\nratio to rdflib at {sizes[0]}x: load {peer['load'] / results[0]['load']:.1f} times as fast, "
          f"query 2a {peer['first'] / results[0]['first']:.1f} times as fast")
    for before, after, small, large in zip(results, results[1:], sizes, sizes[1:], strict=False):
        pairs = large * units(large) / (small * units(small))
        print(f"growth {small}x → {large}x: load × {after['load'] / before['load']:.1f}, query 2a × {after['first'] / before['first']:.1f} "
              f"for × {pairs:.0f} pairs, update × {after['update'] / before['update']:.1f}")


if __name__ == "__main__":
    main()
