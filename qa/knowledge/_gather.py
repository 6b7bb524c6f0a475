"""The named things of a store, one at a time: sorted streams of pages, merged by thing, so that memory does not grow with the store."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import groupby
from operator import itemgetter
from typing import Literal
from urllib.parse import unquote

from earthweave.ontology import GEO, GEOF

from .._ports import Cell
from ._entries import PLACES, looks_like_names, meanings
from ._indexing import Called
from ._knowledge import ClassEntry, PropertyEntry, RelationEntry
from ._normal import key, local, spoken
from ._survey import Reader, Survey, n3
from ._vocabulary import kinds_of

Fact = tuple[str, str, str]
"""Thing, what is told of it, and the value."""

MAX_PAGES = 200
_FAMED = 1.5
"""An IRI that spells the name is of the best known thing of that name: encyclopedias give such IRIs, with additions for all others."""
_WEAK_NAMES = re.compile(r"alt|short|other|former|old|loc_?name|nick|code", re.I)
_CORNERS = " ".join(f"(<{GEOF[name]}>(?w) AS ?{name})" for name in ("minX", "minY", "maxX", "maxY"))
_POINT = re.compile(r"(-?\d+(?:\.\d+)?(?:[eE]-?\d+)?)[ ,]+(-?\d+(?:\.\d+)?(?:[eE]-?\d+)?)")
_PRIORS = {
    "country": 8.0, "continent": 8.0, "state": 5.0, "region": 4.0, "province": 4.0, "city": 4.0, "county": 3.5, "sea": 3.0, "island": 2.5,
    "municipality": 2.5, "district": 2.0, "town": 2.0, "river": 2.0, "lake": 1.6, "mountain": 1.6, "settlement": 1.5,
    "administrative unit": 2.0,    "village": 1.2, "road": 0.5, "building": 0.5, "bus stop": 0.3,
}  # fmt: skip


@dataclass(frozen=True)
class Source:
    """Where facts about things come from: a pattern with ``?s``, the columns made of it, and what they tell.

    ``inner``: variable that the columns are computed from, for the things of a page alone.
    """

    kind: Literal["name", "weak", "class", "value", "population", "context", "box", "place"]
    pattern: str
    value: str = "?v"
    inner: str = ""
    prefix: str = ""


def gather(reader: Reader, found: Survey, entries: Mapping[str, PropertyEntry], kinds: Mapping[str, ClassEntry],
           ways: Sequence[tuple[str, ...]], links: Iterable[RelationEntry], page: int) -> Iterator[Called]:  # fmt: skip
    """Every thing that has a name, with its classes, place and context; sorted by IRI."""
    boxes = max(found.dimensions.values(), default=1) > 0 and bool(
        reader.rows(f'SELECT (<{GEOF.minX}>("POINT (1 2)"^^<{GEO.wktLiteral}>) AS ?x) WHERE {{}}')
    )
    sources = list(_sources(found, entries, ways, links, boxes=boxes))
    streams = [_stream(reader, source, page) for source in sources]
    for iri, facts in groupby(merge(*streams, key=itemgetter(0)), key=itemgetter(0)):
        if called := _called(iri, list(facts), kinds):
            yield called


def _sources(found: Survey, entries: Mapping[str, PropertyEntry], ways: Sequence[tuple[str, ...]],
             links: Iterable[RelationEntry], *, boxes: bool) -> Iterator[Source]:  # fmt: skip
    naming = _naming(found, entries)
    for entry in naming:
        pattern = f"?s {_way(entry)} ?v FILTER (isIRI(?s))"
        yield Source("weak" if _WEAK_NAMES.search(local(entry.iri)) else "name", pattern)
        yield Source("class", f"?s {_way(entry)} ?l ; a ?v FILTER (isIRI(?s))")
        for way in ways[:2]:
            pattern = f"?s {_way(entry)} ?l ; {'/'.join(map(n3, way))} ?w FILTER (isIRI(?s))"
            yield Source("place", pattern, "(SUBSTR(STR(?w), 1, 160) AS ?v)", "?w")
            if boxes:
                yield Source("box", f'{pattern} FILTER (!CONTAINS(SUBSTR(STR(?w), 1, 80), "POINT"))', _CORNERS, "?w")
    named = {cls for entry in naming for cls in entry.domains}
    for cls in set(found.classes) - named:
        yield Source("class", f"?s a {n3(cls)} BIND ({n3(cls)} AS ?v) FILTER (isIRI(?s))")
    within = {link.property for link in links if link.relation == "within" and not link.inverse}
    names = "|".join(n3(entry.iri) for entry in naming if not entry.via)
    for entry in entries.values():
        yield from _telling(entry, names, leads=entry.iri in within)


def _naming(found: Survey, entries: Mapping[str, PropertyEntry]) -> list[PropertyEntry]:
    """Properties whose values are names; for classes that have none, the first whose values look like names."""
    naming = [entry for entry in entries.values() if entry.naming]
    covered = {cls for entry in naming for cls in entry.domains}
    likely = [one for one in found.predicates.values() if one.iri in entries and looks_like_names(one)]
    for cls in set(found.classes) - covered:
        naming += [entries[one.iri] for one in likely if cls in one.domains and entries[one.iri] not in naming][:1]
    return naming


def _telling(entry: PropertyEntry, names: str, *, leads: bool) -> Iterator[Source]:
    """What a property tells of its things: their class, how many people they have, or what they lie in."""
    pattern = f"?s {_way(entry)} ?v FILTER (isIRI(?s))"
    means = {one.label for label in entry.labels for one in meanings(label)}
    if entry.category:
        yield Source("value", pattern, prefix=entry.iri + "#")
    elif "population" in means and entry.dimension == "1":
        yield Source("population", pattern)
    elif entry.dimension == "text" and means & PLACES:
        yield Source("context", pattern)
    elif names and (leads or (entry.dimension == "thing" and means & PLACES)):
        yield Source("context", f"?s {_way(entry)}/({names}) ?v FILTER (isIRI(?s))")


def _way(entry: PropertyEntry) -> str:
    return f"{n3(entry.via)}/{n3(entry.iri)}" if entry.via else n3(entry.iri)


def _stream(reader: Reader, source: Source, page: int) -> Iterator[Fact]:
    start = 0
    for _ in range(MAX_PAGES):
        columns = source.inner or source.value
        query = f"SELECT ?s {columns} WHERE {{ {source.pattern} }} ORDER BY ?s LIMIT {page} OFFSET {start}"
        if source.inner:
            query = f"SELECT ?s {source.value} WHERE {{ {{ {query} }} }} ORDER BY ?s"
        table = reader.table(query, f"facts of kind '{source.kind}'")
        for subject, *cells in table.rows:
            if subject and n3(subject.value) and (value := _value(cells)):
                yield subject.value, source.kind, source.prefix + value
        start += len(table.rows)
        if len(table.rows) < page and not (table.truncated and table.rows):
            break


def _value(cells: Sequence[Cell | None]) -> str:
    return " ".join(cell.value for cell in cells if cell is not None and cell.kind != "bnode")


def _called(iri: str, facts: Sequence[Fact], kinds: Mapping[str, ClassEntry]) -> Called | None:
    told: dict[str, list[str]] = {}
    for _, kind, value in facts:
        told.setdefault(kind, []).append(value)
    classes = _order([one for one in (*told.get("class", ()), *told.get("value", ())) if one in kinds], kinds)
    names = [(name, 1.0) for name in told.get("name", ())] + [(name, 0.8) for name in told.get("weak", ())]
    if not names and classes and (own := _own_name(iri)):
        names = [(own, 0.9)]
    if not names:
        return None
    box = next(filter(None, map(_box, (*told.get("box", ()), *told.get("place", ())))), None)
    chance = prior(classes, told, kinds) * (_FAMED if _spells(iri, names) else 1.0)
    return Called(iri, tuple(dict(reversed(names)).items())[::-1], classes, chance, box, tuple(told.get("context", ())))


def _spells(iri: str, names: Iterable[tuple[str, float]]) -> bool:
    words = key(unquote(local(iri)).partition("_(")[0].replace("_", " "))
    return any(key(name) == words for name, _ in names)


def _order(classes: Iterable[str], kinds: Mapping[str, ClassEntry]) -> tuple[str, ...]:
    """Those with a common word for them first, then the rarest."""
    return tuple(sorted(set(classes), key=lambda cls: (not kinds_of(kinds[cls].labels[0]), kinds[cls].count, cls)))


def _own_name(iri: str) -> str:
    words = re.split(r"[\W_]+", local(iri))
    wordy = [word for word in words if len(word) > 2 and word.isalpha() and re.search(r"[^bcdfghjklmnpqrstvwxz]", word.casefold())]
    if not wordy or len(words) > 8 or any(re.search(r"\d{3}|[a-f]+\d|\d[a-f]+", word) for word in words):
        return ""
    return " ".join(filter(None, words)) if len(words) > 1 else spoken(local(iri)).title()


def prior(classes: Sequence[str], told: Mapping[str, Sequence[str]], kinds: Mapping[str, ClassEntry]) -> float:
    """How likely people mean a thing among those of the same name: by its kind and its population."""
    names = [kind for cls in classes for label in (*kinds[cls].labels, *kinds[cls].others) for kind in kinds_of(label)]
    weight = max((_PRIORS.get(name, 1.0) for name in names), default=1.0)
    people = max((_number(text) for text in told.get("population", ())), default=0.0)
    return weight * (1 + math.log10(1 + people)) if people > 0 else weight


def _number(text: str) -> float:
    try:
        return max(float(text), 0.0)
    except ValueError:
        return 0.0


def _box(text: str) -> tuple[float, float, float, float] | None:
    numbers = text.split(" ")
    if len(numbers) == 4 and (text[0].isdigit() or text[0] == "-"):
        west, south, east, north = map(float, numbers)
    else:
        match = _POINT.search(text.partition(">")[2] if text.startswith("<") else text)
        if not match:
            return None
        west, south = map(float, match.groups())
        if text.startswith("<") and "4326" in text[:60]:
            west, south = south, west
        east, north = west, south
    return (west, south, east, north) if abs(west) <= 180 and abs(east) <= 180 and abs(south) <= 90 and abs(north) <= 90 else None
