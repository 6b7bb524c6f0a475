"""Terms of Earth-observation products as a store has them: which of its classes are products, and which of its properties say mission,
platform, type, level …

Questions name them by the terms of STAC and OGC 17-003; stores have the same things under many names ("in constellation", "sentinel2").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from earthweave.ontology import EW

from ..request import AnyOf, Compare, Concept, Constraint, Property, Request, Spatial, Text, Things
from ._knowledge import ClassEntry, Knowledge, PropertyEntry

PRODUCT = str(EW.EarthObservationProduct)
TERMS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "mission": ("mission", "constellation", "in constellation", "satellite mission"),
    "platform": ("platform", "satellite", "spacecraft"),
    "product type": ("product type", "type of product", "s1 product type", "s2 product type"),
    "processing level": ("processing level", "level", "product level", "product type"),
    "polarisation": ("polarisation", "polarization", "polarisation channels", "polarisations", "polarization channels"),
    "orbit direction": ("orbit direction", "orbit state", "pass direction", "pass"),
    "instrument mode": ("instrument mode", "mode", "sensor mode", "operational mode"),
    "instrument": ("instrument", "sensor"),
    "collection": ("collection", "part of", "is part of"),
    "tile": ("tile", "code", "grid code", "mgrs tile", "tile id"),
    "orbit number": ("orbit number", "absolute orbit", "orbit"),
    "absolute orbit": ("absolute orbit", "orbit number"),
    "relative orbit": ("relative orbit", "relative orbit number"),
    "slice number": ("slice number",),
    "timeliness": ("timeliness",),
})  # fmt: skip
"""Term → labels that a property with that meaning may have, likeliest first."""
_NOUNS = frozenset({"product", "scene", "image", "satellite image", "earth observation product", "granule", "acquisition"})
_MISSION = re.compile(r"(sentinel|landsat|modis|cbers)\s*-?\s*\d?\w?")
_FEW = 2


def products_linked(request: Request, knowledge: Knowledge) -> Request:
    """The request with the store's own classes and properties of products; what the store does not have stays as it was said."""
    return replace(request, target=_things(request.target, knowledge))


def product_classes(knowledge: Knowledge) -> tuple[ClassEntry, ...]:
    """The classes of the store whose members are products: by their name, or by the properties that only products have."""
    if PRODUCT in knowledge.classes:
        return (knowledge.classes[PRODUCT],)
    told = {label for labels in TERMS.values() for label in labels} | {"cloud cover"}
    having: dict[str, set[str]] = {}
    for entry in knowledge.properties.values():
        if told & set(entry.labels):
            for domain in entry.domains:
                having.setdefault(domain, set()).add(entry.iri)
    return tuple(
        entry for iri, entry in knowledge.classes.items() if _called(entry) or len(having.get(iri, ())) > _FEW
    )  # fmt: skip


def _called(entry: ClassEntry) -> bool:
    return any(label in _NOUNS or _MISSION.fullmatch(label) for label in entry.labels)


def _things(things: Things, knowledge: Knowledge) -> Things:
    constraints = tuple(_constraint(one, knowledge) for one in things.constraints)
    found = product_classes(knowledge)
    known = {entry.iri for entry in found}
    told = {one.iri for one in things.classes}
    if not found or not (PRODUCT in told or known & told or any(map(_term, constraints))):
        return replace(things, constraints=constraints)
    classes = things.classes if known & told else tuple(Concept(one.labels[0], one.iri) for one in found)
    classes, left = _of_mission(classes, constraints)
    return replace(things, classes=classes, constraints=tuple(_stored(one, knowledge) if _term(one) else one for one in left))


def _of_mission(classes: tuple[Concept, ...], constraints: tuple[Constraint, ...]) -> tuple[tuple[Concept, ...], list[Constraint]]:
    """The classes that are called like the missions told, and the conditions without those that a class says already."""
    left = []
    for one in constraints:
        mine = tuple(each for each in classes if _same(each.label, _text(one))) if _term(one) == "mission" else ()
        classes = mine or classes
        if not mine:
            left.append(one)
    return classes, left


def _constraint(one: Constraint, knowledge: Knowledge) -> Constraint:
    if isinstance(one, Spatial):
        return replace(one, of=tuple(_things(each, knowledge) if isinstance(each, Things) else each for each in one.of))
    return one


def _term(one: Constraint) -> str:
    """The term that a condition is about, empty if it is none of a product, or linked already."""
    if isinstance(one, Compare) and isinstance(one.value, Property) and not one.value.iri and one.value.label in TERMS:
        return one.value.label
    return ""


def _text(one: Constraint) -> str:
    return one.than.value if isinstance(one, Compare) and isinstance(one.than, Text) else ""


def _stored(one: Constraint, knowledge: Knowledge) -> Constraint:
    """The condition on a property of the store whose values have the one that is told; else as it was."""
    assert isinstance(one, Compare)
    for entry in _entries(knowledge, _term(one)):
        value = Property(entry.labels[0], entry.iri)
        if not isinstance(one.than, Text):
            return replace(one, value=value)
        fitting = [text for text in entry.values if _same(text, one.than.value)]
        if fitting:
            each = tuple(Compare(value, one.op, Text(text)) for text in fitting)
            return each[0] if len(each) == 1 else AnyOf(each)
        if not entry.values:
            return replace(one, value=value, than=replace(one.than, contains=True))
    if _term(one) == "mission":
        return _by_platform(one, knowledge)
    return one


def _by_platform(one: Compare, knowledge: Knowledge) -> Constraint:
    """A mission as the platforms that fly it."""
    mission = _plain(_text(one))
    for entry in _entries(knowledge, "platform"):
        flown = tuple(
            Compare(Property(entry.labels[0], entry.iri), "=", Text(text)) for text in entry.values if _spelled(text).startswith(mission)
        )
        if flown:
            return flown[0] if len(flown) == 1 else AnyOf(flown)
    return one


def _entries(knowledge: Knowledge, term: str) -> Iterator[PropertyEntry]:
    for label in TERMS[term]:
        yield from (entry for entry in knowledge.properties.values() if label in entry.labels)


def _same(stored: str, told: str) -> bool:
    """Whether a stored text says what was told: letters and figures alone count, abbreviations of Sentinel are spelled out."""
    return _spelled(stored) == _spelled(told) or (_level(told) != "" and _level(stored) == _level(told))


def _spelled(text: str) -> str:
    return re.sub(r"^s(\d)([a-d]?)$", r"sentinel\1\2", _plain(text))


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _level(text: str) -> str:
    """The processing level in a text: "L2A" of "S2MSI2A", "Level-2A" and "L2A"."""
    match = re.search(r"(?:l|level|msi)-?\s?(\d[abc]?)$", text.lower())
    return match[1] if match else ""
