"""Which queries tell the named things of a store: their names, classes, places, people, and what they lie in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from earthweave.ontology import GEOF

from ._entries import PLACES, looks_like_names, meanings
from ._knowledge import PropertyEntry, RelationEntry
from ._normal import local
from ._survey import Survey, n3

_WEAK_NAMES = re.compile(r"alt|short|other|former|old|loc_?name|nick|code", re.I)
_CORNERS = " ".join(f"(<{GEOF[name]}>(?w) AS ?{name})" for name in ("minX", "minY", "maxX", "maxY"))


@dataclass(frozen=True)
class Source:
    """Where facts about things come from: a pattern with ``?s``, the columns made of it, and what they tell.

    ``inner``: variable that the columns are computed from, for the things of a page alone. ``nameless``: things that no property names.
    """

    kind: Literal["name", "weak", "class", "value", "population", "context", "box", "place"]
    pattern: str
    value: str = "?v"
    inner: str = ""
    prefix: str = ""
    nameless: bool = False

    @property
    def width(self) -> int:
        """Columns beside the thing."""
        return 4 if self.kind == "box" else 1

    def page(self, size: int, start: int) -> str:
        """The query for some of the things, by their order."""
        query = f"SELECT ?s {self.inner or self.value} WHERE {{ {self.pattern} }} ORDER BY ?s LIMIT {size} OFFSET {start}"
        return f"SELECT ?s {self.value} WHERE {{ {{ {query} }} }}" if self.inner else query


def sources(found: Survey, entries: Mapping[str, PropertyEntry], ways: Sequence[tuple[str, ...]],
            links: Iterable[RelationEntry], *, boxes: bool) -> Iterator[Source]:  # fmt: skip
    """Those of names first; ``boxes``: whether the store can tell the corners of a geometry."""
    naming = _naming(found, entries)
    for entry in naming:
        pattern = f"?s {_way(entry)} ?v FILTER (isIRI(?s))"
        yield Source("weak" if _WEAK_NAMES.search(local(entry.iri)) else "name", pattern)
        yield Source("class", f"?s {_way(entry)} ?l ; a ?v FILTER (isIRI(?s))")
        for way in _telling_ways(found, ways)[:2]:
            pattern = f"?s {_way(entry)} ?l ; {'/'.join(map(n3, way))} ?w FILTER (isIRI(?s))"
            yield Source("place", pattern, "(SUBSTR(STR(?w), 1, 160) AS ?v)", "?w")
            if boxes:
                yield Source("box", f'{pattern} FILTER (!CONTAINS(SUBSTR(STR(?w), 1, 80), "POINT"))', _CORNERS, "?w")
    named = {cls for entry in naming for cls in entry.domains}
    for cls in sorted(set(found.classes) - named):
        yield Source("class", f"?s a {n3(cls)} BIND ({n3(cls)} AS ?v) FILTER (isIRI(?s))", nameless=True)
    within = {link.property for link in links if link.relation == "within" and not link.inverse}
    names = "|".join(n3(entry.iri) for entry in naming if not entry.via)
    for entry in entries.values():
        yield from _telling(entry, names, leads=entry.iri in within)


def _telling_ways(found: Survey, ways: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The ways to geometries without those that lead to the same: a default geometry is mostly the only one."""
    kept = dict[tuple[object, ...], tuple[str, ...]]()
    for way in ways:
        link = found.predicates[way[0]]
        kept.setdefault((way[1:], link.count, tuple(sorted(link.domains.items()))) if len(way) > 1 else way, way)
    return list(kept.values())


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
