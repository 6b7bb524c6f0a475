"""A SPARQL engine in memory with the geometry functions of the ontology room, and the names of the made-up units."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pyoxigraph as ox
import pytest

from earthweave.ontology import EW, GEO, GEOF, XSD
from earthweave.ontology.geometry import read_wkt, relate
from earthweave.qa import Cell, Lexicon, Limits, Place, Table

TRUTH = {found: ox.Literal(found) for found in (True, False)}


def _test(name: str) -> Callable[[ox.Literal, ox.Literal], ox.Literal]:
    return lambda a, b: TRUTH[bool(relate(name, read_wkt([a.value]).geometries, read_wkt([b.value]).geometries)[0])]


FUNCTIONS = {ox.NamedNode(str(GEOF[name])): _test(name) for name in ("sfIntersects", "sfWithin")}


class MemoryEndpoint:
    """Implements the port over pyoxigraph; remembers what it was asked."""

    def __init__(self, *files: Path) -> None:
        self.store, self.asked = ox.Store(), list[str]()
        for file in files:
            self.store.load(path=str(file), format=ox.RdfFormat.TURTLE)

    def _run(self, query: str) -> ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples:
        self.asked.append(query)
        return self.store.query(query, custom_functions=FUNCTIONS)

    def select(self, query: str, limits: Limits) -> Table:
        found = self._run(query)
        names = tuple(one.value for one in found.variables)
        return Table(names, tuple(tuple(_cell(row[name]) for name in names) for row in found))

    def ask(self, query: str, limits: Limits) -> bool:
        return bool(self._run(query))

    def construct(self, query: str, limits: Limits) -> bytes:
        return "\n".join(f"{triple} ." for triple in self._run(query)).encode()


def _cell(term: ox.NamedNode | ox.BlankNode | ox.Literal | None) -> Cell | None:
    if isinstance(term, ox.Literal):
        return Cell("literal", term.value, term.datatype.value, term.language or "")
    return term and Cell("uri" if isinstance(term, ox.NamedNode) else "bnode", term.value)


@pytest.fixture(scope="session")
def floods() -> Path:
    """Three units, a state around two of them, and four flooded areas: drawn by hand."""
    return Path(__file__).parent / "data" / "floods.ttl"


@pytest.fixture
def endpoint(floods: Path) -> MemoryEndpoint:
    return MemoryEndpoint(floods)


@pytest.fixture
def stating(tmp_path: Path) -> Callable[[str], MemoryEndpoint]:
    """An endpoint over Turtle given as text, with our prefixes."""

    def load(turtle: str) -> MemoryEndpoint:
        head = "".join(f"@prefix {name}: <{space}> .\n" for name, space in (("ew", EW), ("geo", GEO), ("xsd", XSD)))
        file = tmp_path / "stated.ttl"
        file.write_text(f"{head}@base <http://example.org/> .\n{turtle}", "utf-8")
        return MemoryEndpoint(file)

    return load


@pytest.fixture
def empty() -> MemoryEndpoint:
    return MemoryEndpoint()


@pytest.fixture(scope="session")
def lexicon() -> Lexicon:
    rows = [("Hawkesbury", "hawkesbury", 3), ("Penrith - East", "penrith", 3), ("Blacktown - North", "blacktown", 3)]
    rows.append(("Westland", "state", 1))
    return Lexicon(Place(name, f"http://example.org/{iri}", level) for name, iri, level in rows)


@pytest.fixture(scope="session")
def today() -> date:
    return date(2026, 11, 20)
