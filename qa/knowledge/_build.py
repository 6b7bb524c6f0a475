"""Knowledge of a store: asked for once, kept in a file of its generation, opened in a moment.

::

    survey ─▶ classes, properties, relations ─▶ Knowledge ─▶ file
       └────▶ named things, sorted ─▶ NameIndex ─┘
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from earthweave.ontology import OWL

from .._ports import Endpoint, Limits
from ._alike import joined_alike
from ._entries import category_classes, classes, properties, relations, sidecars
from ._file import read, write
from ._gather import gather
from ._indexing import index_of
from ._knowledge import ClassEntry, Knowledge, PropertyEntry
from ._likeness import likeness
from ._names import NameIndex
from ._normal import key
from ._survey import Reader, domains_through, n3, of_values, paths, survey
from ._vocabulary import by_words, lexemes

PAGE = 50_000
_ALIKE, _KNOWN, _SHARE = 5, 3, 0.15
"""Things of a known name that are looked at; members of a class that must be known, and which share of all they must be."""


def build(endpoint: Endpoint, limits: Limits | None = None, *, generation: str = "", page: int = PAGE) -> Knowledge:
    """Learn what a store knows; queries that fail are told in ``notices``, and what they would have brought is not known.

    Args:
        generation: of the store as it is now, to be kept with what is learned.
        page: rows that one query of names asks for.
    """
    limits = limits or Limits()
    found = survey(endpoint, limits)
    reader = Reader(endpoint, limits, found.notices.append)
    held = sidecars(found)
    through = {link: domains_through(reader, link) for link in set(held.values())}
    kinds = {iri: entry for iri, entry in classes(found).items() if iri not in held}
    entries = properties(found, held, through)
    counts = {one.iri: one.values for one in found.predicates.values()}
    known = [label for entry in kinds.values() for label in entry.labels]
    ways = paths(found.predicates)
    kinds |= {entry.iri: entry for entry in category_classes(entries.values(), counts, known)}
    for entry in [entry for entry in entries.values() if entry.category]:
        _with_values(reader, entry, kinds, entries, ways)
    links = relations(found, entries)
    names = index_of(gather(reader, found, entries, kinds, ways, links, page))
    kinds = called_by_members(names, kinds)
    told = tuple(dict.fromkeys(found.notices))
    return Knowledge(names, kinds, joined_alike(entries), links, ways, generation, told, likeness(kinds))


def called_by_members(names: NameIndex, kinds: Mapping[str, ClassEntry]) -> dict[str, ClassEntry]:
    """Classes of which many members are countries, or states, that everybody knows are called so as well, whatever their labels.

    Where the store has a class of that very name nothing is added: rivers are called like states too.
    """
    members = _members(names)
    found, taken = dict(kinds), {label for entry in kinds.values() for label in entry.labels}
    for (cls, label), known in members.items():
        entry = found.get(cls)
        if entry and label not in taken and len(known) >= max(_KNOWN, _SHARE * entry.count) and label not in entry.others:
            found[cls] = replace(entry, others=(*entry.others, label))
    return found


def _members(names: NameIndex) -> dict[tuple[str, str], set[str]]:
    """Class of the store and kind of place → things of the class that are called like a place of this kind."""
    members: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for place in {one.iri: one for rows in by_words("places").values() for one in rows}.values():
        iris = {(cls, match.named.iris[0]) for label in place.labels for match in names.find(key(label))[:_ALIKE] for cls in match.classes}
        for above in place.broader[:1]:
            for cls, iri in iris:
                members[cls, lexemes()[above].label].add(iri)
    return members


def _with_values(
    reader: Reader,
    category: PropertyEntry,
    kinds: dict[str, ClassEntry],
    entries: dict[str, PropertyEntry],
    ways: Iterable[tuple[str, ...]],
) -> None:
    """Give the classes that are values of a property their dimensions, and other properties these classes as domains."""
    owners, dimensions = of_values(reader, f"{n3(category.via)}/" if category.via else "", category.iri, ways)
    for value, size in dimensions.items():
        if (iri := f"{category.iri}#{value}") in kinds:
            kinds[iri] = replace(kinds[iri], geometry=size)
    for other, values in owners.items():
        if other in entries and entries[other].via == category.via:
            more = sorted(iri for value in values if (iri := f"{category.iri}#{value}") in kinds)
            told = (one for one in entries[other].domains if not more or one != str(OWL.Thing))
            entries[other] = replace(entries[other], domains=(*told, *more))


def opened(endpoint: Endpoint, path: Path, generation: str, limits: Limits | None = None) -> Knowledge:
    """What the file knows, if it is of this generation and of this version; else learned anew and kept there."""
    known = read(path)
    if known is None or known.generation != generation:
        learned = replace(build(endpoint, limits), generation=generation)
        write(learned, path)
        # mapped from the file, the index takes no memory of its own
        known = read(path) or learned
    return known
