"""Strabon's own pairs of query and answer: GeoSPARQL of today's main branch, and valid time of the branch ``temporals``.

Strabon's test (testsuite/…/utils/Utils.java) wants the names of the variables, the number of rows, and the lexical forms of each row to be
the same, rows in any order; it looks at no datatype. Here a lexical form may differ where the value is the same: numbers and the
vertices of geometries within a tolerance, and times where the answer has the offset of the session that made it (``+02``) and the data
have none. ``python -m tests.conformance.test_strabon`` writes the table of docs/conformance.md.
"""

from __future__ import annotations

import math
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pyarrow as pa
import pytest
import shapely

from earthweave.ontology import EarthweaveError
from earthweave.ontology.geometry import AxisOrder
from earthweave.server.store import Store, open_store
from earthweave.server.store.snapshot import read_periods
from tests.conformance.mapping import PAGE, Results, lines, missing

HEAD = """PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
PREFIX geo: <http://www.opengis.net/ont/geosparql#>
PREFIX geof: <http://www.opengis.net/def/function/geosparql/>
PREFIX ogc: <http://www.opengis.net/def/uom/OGC/1.0/>
PREFIX strdf: <http://strdf.di.uoa.gr/ontology#>
PREFIX ex: <http://example.org/>
"""
"""What Strabon's test puts in front of each query."""
_ECHO = "the answer writes the stored period with `)`, and its own data with `]`; what is computed from it is the same"
_AREAS = "it expects the relation between a line and an area; GeoSPARQL 1.1 §9.5 has RCC8 between areas alone (A/A)"
KNOWN: dict[str, str] = {
    "BasicFunctionsTest/getSRIDFromDBTest": "it expects CRS84 for a geo:wktLiteral that says EPSG/0/4326, and 4326 for strdf:WKT that says "
    "none, which getSRIDFromConstantTest5 expects as CRS84; GeoSPARQL 1.1 §8.7, getSRID gives the CRS of the literal",
    "EhSpatialRelationsTest/EhOverlapTest": "it has no overlap between a line and an area; GeoSPARQL 1.1 §9.4 has T*T***T** for all "
    "geometries",
    "Rcc8SpatialRelationsTest/Rcc8DcTest": _AREAS, "Rcc8SpatialRelationsTest/Rcc8EcTest": _AREAS,
    **{f"TemporalConstructsTest/period_{name}": _ECHO for name in ("end", "intersect", "minus", "start", "union")},
}
"""Pairs that contradict a standard, or each other, and how."""
BEGIN, END = "<!-- written by tests/conformance/test_strabon.py; do not edit -->\n", "<!-- end of strabon -->\n"
NUMBERS, DEGREES = 2e-7, 3.5e-3
"""Relative tolerance of numbers (Strabon's are of 32 bits), and distance between outlines in degrees: its buffers of 55 km are made in a
plane, and 330 m off the geodesic."""
_SESSION = re.compile(r"\+02(?=[,)\]]|$)")
_SPARQL = "{http://www.w3.org/2005/sparql-results#}"
_EMPTY = "-EMPTY-"
"""What Strabon prints where two periods have no moment in common; here there is no value."""
INFERENCE = ("FeatureClassTest", "GeometryClassTest", "SpatialObjectClassTest")
"""Folders that Strabon's test loads with inference."""
NAME, COUNT = "Strabon, GeoSPARQL and valid time", 66
Row = tuple[str | None, ...]
Answer = tuple[list[str], list[Row]]


@dataclass(frozen=True)
class Case:
    """A pair: folder and name, the query, the answer, and the data of the folder."""

    name: str
    query: Path
    answer: Path
    data: Path


def suite() -> Path:
    """Where the pairs lie."""
    return Path(os.environ.get("EARTHWEAVE_SHARED", Path(__file__).parents[3] / "shared")) / "suites/strabon"


def cases() -> Iterator[Case]:
    """All pairs."""
    for query in sorted(suite().glob("*/*/*.rq")):
        data = next(path for path in query.parent.iterdir() if path.suffix in (".nt", ".nq"))
        yield Case(f"{query.parent.name}/{query.stem}", query, query.with_suffix(".srx"), data)


@contextmanager
def opened() -> Iterator[Store]:
    """A store with all data, a graph for each file, longitude first as Strabon reads them; the fourth terms of N-Quads are times."""
    with tempfile.TemporaryDirectory(prefix="strabon-") as folder, open_store(Path(folder) / "store") as store:
        for data in sorted({case.data for case in cases()}):
            store.load([data], graph=_graph(data), axis_order=AxisOrder.LONLAT)
        yield store


def _graph(data: Path) -> str:
    return f"http://example.org/{data.stem}"


def expected(case: Case) -> Answer:
    """Variables and lexical forms of an answer."""
    root = ElementTree.parse(case.answer).getroot()
    names = [one.attrib["name"] for one in root.iter(f"{_SPARQL}variable")]
    found = [{one.attrib["name"]: one[0].text or "" for one in row} for row in root.iter(f"{_SPARQL}result")]
    return names, [tuple(row.get(name) for name in names) for row in found]


def given(case: Case, store: Store) -> Answer:
    """The same of ours."""
    text = HEAD + case.query.read_text("utf-8")
    regime = "rdfs" if case.query.parent.name in INFERENCE else store.limits.entailment
    answer = store.query(text, limits=replace(store.limits, entailment=regime), default_graphs=[_graph(case.data)])
    assert answer.table is not None
    rows = [tuple(None if cell is None else cell["value"] for cell in row.values()) for row in answer.table.to_pylist()]
    return answer.table.column_names, rows


def compared(wanted: Answer, found: Answer, names: Sequence[str]) -> str:
    """How two answers differ in some variables, rows in any order; empty if they do not."""
    if set(wanted[0]) != set(found[0]):
        return f"variables {found[0]}, not {wanted[0]}"
    left, rest = _picked(wanted, names), _picked(found, names)
    if len(left) != len(rest):
        return f"{len(rest)} rows, not {len(left)}"
    for row in left:
        match = next((one for one in rest if all(map(alike, row, one))), None)
        if match is None:
            return f"no row {row}"[:200]
        rest.remove(match)
    return ""


def _picked(answer: Answer, names: Sequence[str]) -> list[Row]:
    places = [answer[0].index(name) for name in names]
    return sorted((tuple(row[place] for place in places) for row in answer[1]), key=str)


def alike(wanted: str | None, found: str | None) -> bool:
    """Whether two lexical forms are the same, or of the same value."""
    if wanted == found or wanted is None or found is None:
        return wanted == found or (wanted == _EMPTY and found is None)
    if wanted.startswith("POLYGON"):
        shapes = shapely.from_wkt([wanted, found.rpartition(">")[2]], on_invalid="ignore")
        return not shapely.is_missing(shapes).any() and bool(shapely.hausdorff_distance(*shapely.boundary(shapes)) <= DEGREES)
    try:
        return math.isclose(float(wanted), float(found), rel_tol=NUMBERS)
    except ValueError:
        return _period(_SESSION.sub("", wanted)) == _period(found)


def _period(text: str) -> Any:
    read = read_periods(pa.array([text], type=pa.large_string()), 0)
    return (int(read.start[0]), int(read.end[0])) if read.good[0] else text


def results() -> Results:
    """Every pair with ``passed``, ``known fault`` or ``failed``, and the reason."""
    found = []
    with opened() as store:
        for case in cases():
            reason = difference(case, store)
            state = "passed" if not reason else "known fault" if case.name in KNOWN else "failed"
            found.append((case.name, state, KNOWN.get(case.name, reason) if reason else ""))
    return found


def difference(case: Case, store: Store) -> str:
    """How our answer differs, empty if it does not."""
    wanted = expected(case)
    try:
        return compared(wanted, given(case, store), wanted[0])
    except EarthweaveError as error:
        return f"{type(error).__name__}: {error.what}"


@pytest.fixture(scope="module")
def run(shared: Path) -> Results:
    assert (shared / "suites/strabon").is_dir()
    return results()


def test_all_pairs_are_run(run: Results) -> None:
    assert len(run) == len({name for name, _, _ in run}) == COUNT


def test_what_fails_is_what_is_listed(run: Results) -> None:
    assert {name: reason for name, state, reason in run if state != "passed"} == KNOWN


def test_the_page_tells_the_result(run: Results) -> None:
    assert missing(NAME, run) == []


@pytest.mark.parametrize("name", [name for name, reason in KNOWN.items() if reason == _ECHO])
def test_what_is_computed_from_a_period_is_right_where_only_its_echo_differs(name: str, run: Results) -> None:
    case = next(one for one in cases() if one.name == name)
    wanted = expected(case)
    computed = [one for one in wanted[0] if not re.fullmatch(r"t\d", one)]
    with opened() as store:
        assert compared(wanted, given(case, store), computed) == ""


def test_a_wrong_answer_is_seen() -> None:
    assert compared((["a"], [("1.0",)]), (["a"], [("1.1",)]), ["a"])
    assert compared((["a"], [("x",), ("x",)]), (["a"], [("x",), ("y",)]), ["a"])
    assert not alike("[2012-01-01T00:00:00,2012-01-02T00:00:00]", "[2012-01-01T00:00:00,2012-01-02T00:00:00)")
    assert not alike("POLYGON ((0 0, 1 0, 1 1, 0 0))", "POLYGON ((0 0, 2 0, 1 1, 0 0))")


def test_a_plain_string_is_one_of_xsd_string(tmp_path: Path) -> None:
    with open_store(tmp_path / "store") as store:
        typed = '"3rdOrder"^^<http://www.w3.org/2001/XMLSchema#string>'
        store.load_quads([f'<http://e/a> <http://e/p> "3rdOrder" .\n<http://e/b> <http://e/p> {typed} .\n'.encode()], name="names")
        for text in ('"3rdOrder"', '"3rdOrder"^^xsd:string'):
            answer = store.query(f"{HEAD} SELECT ?s {{ ?s <http://e/p> {text} }}")
            assert answer.table is not None and answer.table.num_rows == 2


def main() -> None:
    """Run all pairs and write the table."""
    row, others = lines(NAME, results())
    print("\n".join([row, *others]))
    head, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    table = "\n".join(["| suite | passed | known faults | failed | of |", "|---|---|---|---|---|", row, "", *others])
    PAGE.write_text(f"{head}{BEGIN}{table}\n{END}{rest.partition(END)[2]}", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
