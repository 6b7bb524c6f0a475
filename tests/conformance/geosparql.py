"""The GeoSPARQL compliance benchmark (Jovanovik, Homburg and Spasić, 2021) as its own harness counts it.

Its 206 queries are those named after a requirement of GeoSPARQL 1.0 (11-052r4); six more files are examples that it does not count. An
answer is right if its SPARQL-JSON form is that of the expected answer, or of one of its alternatives, row by row in order, after the
harness has taken blanks and lines out of WKT literals, made them lower case, and brought GML literals to canonical XML. A requirement is
worth a thirtieth; R17 has no query and counts as met.

``python -m tests.conformance.geosparql`` runs it and writes the result to docs/conformance.md.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from earthweave.ontology import GEO, EarthweaveError
from earthweave.server.store import Limits, Store, open_store

HOME = "data/linked/OpenLinkSoftware+GeoSPARQLBenchmark/src/main/resources"
PAGE = Path(__file__).resolve().parents[2] / "docs/conformance.md"
BEGIN, END = "<!-- written by tests/conformance/geosparql.py; do not edit -->\n", "<!-- end of geosparql -->\n"
EXTENSIONS = {**dict.fromkeys((25, 26, 27), "rdfs"), **dict.fromkeys((28, 29, 30), "relations")}
"""Requirement → what the store is asked to entail; the others are about what is stated and what functions give."""
REQUIREMENTS = 30
_SPARQL = "{http://www.w3.org/2005/sparql-results#}"
_SERIALISED = (1 / 3, 1 / 3, 1 / 6, 1 / 6)
Cell = tuple[str, str, str]
Rows = list[dict[str, Cell]]


@dataclass(frozen=True)
class Query:
    """One query.

    Attributes:
        name: as in its file's name, without ``query-``.
        weight: its share of the whole.
    """

    name: str
    text: str
    answers: tuple[Rows, ...]
    weight: float

    @property
    def requirement(self) -> int:
        """Number in GeoSPARQL 1.0."""
        return int(self.name[1:3])


def queries(shared: Path) -> list[Query]:
    """All 206, in order."""
    home = shared / HOME
    names = sorted(path.stem.removeprefix("query-") for path in (home / "gsb_queries").glob("query-r*.rq"))
    weights = shares(names)
    texts = {name: (home / f"gsb_queries/query-{name}.rq").read_text("utf-8") for name in names}
    return [Query(name, texts[name], tuple(_answers(home / "gsb_answers", name)), weights[name]) for name in names]


def shares(names: list[str]) -> dict[str, float]:
    """A thirtieth for each requirement, in equal parts; four queries that differ in their literals' form share one part unequally."""
    parts: dict[int, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for name in names:
        fields = name.split("-")
        # R21 has one function, all others with a third number have several
        part = "-".join(fields[:2]) if len(fields) == 3 else fields[0] if fields[0] == "r21" else name
        parts[int(name[1:3])][part].append(name)
    found: dict[str, float] = {}
    for groups in parts.values():
        for group in groups.values():
            for place, name in enumerate(sorted(group)):
                within = _SERIALISED[place] if len(group) == len(_SERIALISED) else 1 / len(group)
                found[name] = within / len(groups) / REQUIREMENTS
    return found


def _answers(home: Path, name: str) -> Iterator[Rows]:
    for path in [home / f"query-{name}.srx", *sorted(home.glob(f"query-{name}-alternative-*.srx"))]:
        rows = ET.fromstring(path.read_text("utf-8")).iter(f"{_SPARQL}result")
        yield [{one.attrib["name"]: _cell(one[0].tag.removeprefix(_SPARQL), one[0].text or "", one[0].get("datatype", "")) for one in row}
               for row in rows]


def _cell(kind: str, value: str, datatype: str) -> Cell:
    """A term as the harness compares it."""
    if datatype == str(GEO.wktLiteral):
        value = value.replace(" ", "").replace("\n", "").strip().lower()
    elif datatype in (str(GEO.gmlLiteral), str(GEO.kmlLiteral)):
        value = _canonical(value)
    return kind, value, datatype


def _canonical(document: str) -> str:
    try:
        return ET.canonicalize(document)
    except ET.ParseError:
        return document


def answer(store: Store, query: Query, entailment: str) -> Rows | str:
    """What the store answers under an entailment, or the error."""
    try:
        found = store.query(query.text, limits=replace(Limits(), entailment=entailment))
    except EarthweaveError as error:
        return str(error)
    return [{name: _cell(cell["kind"], cell["value"], cell["datatype"] or "") for name, cell in row.items() if cell}
            for row in found.table.to_pylist()]


def outcome(shared: Path, folder: Path, entailment: str = "") -> dict[str, tuple[Query, Rows | str]]:
    """Every query with the store's answer, under one entailment for all, or under that of its requirement's conformance class."""
    with open_store(folder / "store") as store:
        store.load([shared / HOME / "gsb_dataset/dataset.rdf"])
        return {one.name: (one, answer(store, one, entailment or EXTENSIONS.get(one.requirement, "simple"))) for one in queries(shared)}


def right(found: dict[str, tuple[Query, Rows | str]]) -> set[str]:
    """Names of the queries whose answer is one of those expected."""
    return {name for name, (query, rows) in found.items() if rows in query.answers}


def compliance(found: dict[str, tuple[Query, Rows | str]]) -> float:
    """The benchmark's percentage."""
    return 100 * (sum(found[name][0].weight for name in right(found)) + 1 / REQUIREMENTS)


def table(found: dict[str, tuple[Query, Rows | str]], known: dict[str, str]) -> str:
    """The result as Markdown: a row per requirement, and what is not as expected with its reason."""
    good = right(found)
    lines = ["| requirement | right | of |", "|---|---|---|"]
    for number in sorted({query.requirement for query, _ in found.values()}):
        mine = [name for name, (query, _) in found.items() if query.requirement == number]
        lines.append(f"| R{number} | {sum(name in good for name in mine)} | {len(mine)} |")
    lines += [f"| **all** | **{len(good)}** | **{len(found)}** ({compliance(found):.2f} % compliance) |", "", "Not as expected:", ""]
    by_reason: dict[str, list[str]] = defaultdict(list)
    for name in sorted(found.keys() - good):
        by_reason[known.get(name, "not known before")].append(f"`{name}`")
    lines += [f"- {', '.join(names)}: {reason}" for reason, names in by_reason.items()]
    return "\n".join([*lines, ""])


def configurations(single: dict[str, dict[str, tuple[Query, Rows | str]]]) -> str:
    """What the table was asked under, and the score under one entailment for all."""
    lines = ["", "Each requirement is asked under the entailment of its conformance class: what is stated (`simple`) for R1–R24, `rdfs` "
             "for R25–R27, `relations` for R28–R30. Under one entailment for all (the answers to R4–R6 contradict those to R28–R30):", ""]
    lines += [f"- `{name}`: {len(right(one))} of {len(one)}, {compliance(one):.2f} %" for name, one in single.items()]
    return "\n".join([*lines, ""])


def written(page: str, part: str) -> str:
    """A page with its generated part replaced, or added at its end."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}{part}{END}{rest.partition(END)[2]}"


def report(shared: Path, folder: Path) -> str:
    """Run everything; the part of the page."""
    from tests.conformance.test_geosparql_benchmark import KNOWN

    single = {name: outcome(shared, folder / name, name) for name in ("simple", "relations", "rdfs")}
    return table(outcome(shared, folder), KNOWN) + configurations(single)


if __name__ == "__main__":
    shared_data = Path(os.environ.get("EARTHWEAVE_SHARED", PAGE.parents[2] / "shared"))
    with tempfile.TemporaryDirectory() as scratch:
        PAGE.write_text(written(PAGE.read_text("utf-8"), report(shared_data, Path(scratch))), "utf-8")
    sys.stdout.write(re.search(r"\| \*\*all.*", PAGE.read_text("utf-8").partition(BEGIN)[2])[0] + "\n")  # type: ignore[index]
