"""A survey understood: classes, properties and relations with the words that people have for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import cast

from earthweave.ontology import EW, GEO, OWL, SKOS, XSD, Lexeme

from ..request import Relation
from ._knowledge import ClassEntry, PropertyEntry, RelationEntry
from ._normal import fold, lemmas, local, singular, spoken, without_prefix
from ._survey import MAX_VALUES, Predicate, Survey
from ._vocabulary import by_words, kinds_of, lexemes, ontology_labels

_NUMBERS = {str(XSD[name]) for name in ("integer", "decimal", "double", "float", "int", "long", "short", "byte", "nonNegativeInteger",
                                        "positiveInteger", "unsignedInt", "unsignedLong", "unsignedShort", "unsignedByte")}  # fmt: skip
_TIMES = {str(XSD[name]) for name in ("date", "dateTime", "gYear", "gYearMonth", "time", "dateTimeStamp")} | {
    "http://strdf.di.uoa.gr/ontology#period"
}
_UNITS = {
    "km2": ("km2", "area"), "sqkm": ("km2", "area"), "m2": ("m2", "area"), "sqm": ("m2", "area"), "ha": ("har", "area"),
    "hectares": ("har", "area"), "km": ("km", "length"), "m": ("m", "length"), "metres": ("m", "length"), "meters": ("m", "length"),
    "ft": ("[ft_i]", "length"), "mm": ("mm", "length"), "mw": ("MW", "power"), "kw": ("kW", "power"), "gw": ("GW", "power"),
    "gwh": ("GW.h", "energy"),    "mwh": ("MW.h", "energy"), "pct": ("%", "1"), "percent": ("%", "1"), "percentage": ("%", "1"),
    "kg": ("kg", "mass"), "t": ("t", "mass"),
    "tonnes": ("t", "mass"), "deg": ("deg", "angle"),
}  # fmt: skip
_FILLERS = {"has", "have", "is", "get", "of", "the", "with", "per"}
_GENERIC = re.compile(r"^(?P<head>.+) (council|authority|unit|area|zone|division|feature|class|type|object|entity|place)$")
_OF = re.compile(r"^(?:wikicategory |category )?(?P<head>[\w ]+?) (?:of|in) (?:the )?.+$")
_LEVEL = re.compile(r"^(?P<head>.+) (?:level|order|lvl) \d+$")
_ORDINALS = {"1st": "first", "2nd": "second", "3rd": "third", "4th": "fourth", "5th": "fifth", "6th": "sixth"}
_NAMES = {"name", "label", "title", "toponym", "names"}
_NAMING = {
    str(SKOS.prefLabel), str(SKOS.altLabel), "http://www.w3.org/2000/01/rdf-schema#label", "http://www.geonames.org/ontology#name",
    "http://www.geonames.org/ontology#officialName", "http://www.geonames.org/ontology#alternateName",
    "http://www.geonames.org/ontology#shortName", "http://xmlns.com/foaf/0.1/name", "http://schema.org/name", "https://schema.org/name",
    "http://purl.org/dc/terms/title",
}  # fmt: skip
_IDENTIFIERS = re.compile(r"(^|[\W_ ])(id|identifier|uuid|guid|gid|fid|objectid|hash|code)s?$")
MAX_FACETS = 500
PLACES = frozenset({"city", "state", "country", "county", "region", "continent"})
"""Properties that say where a thing is, by a name."""


def classes(found: Survey) -> dict[str, ClassEntry]:
    """What classes people can ask about: those of types, without nodes that only hold properties of others."""
    total = dict(found.classes)
    for iri, count in found.classes.items():
        for one in found.parents[iri]:
            if one in total:
                total[one] = max(total[one], count)
    entries = {}
    for iri in found.classes:
        labels, others = class_labels(iri, [cell.value for _, cell in found.labels.get(iri, ())])
        entries[iri] = ClassEntry(iri, labels, found.parents[iri], total[iri], found.dimensions.get(iri), None, others)
    return entries


def class_labels(iri: str, stated: Iterable[str] = ()) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Labels and weaker labels of a class: as stated, as our ontology has them, else the words of its local name."""
    name = local(iri)
    strong = [singular(label) for label in (*stated, *ontology_labels().get(iri, ())) if 0 < len(label) <= 100]
    bare = singular(spoken(without_prefix(name)))
    strong = strong or [bare or name.lower() or iri.lower()]
    weak = [singular(spoken(name)), bare]
    looser = [shorter for label in strong for shorter in _looser(label)]
    strong += [_ordinal(label) for label in strong]
    weak = [*filter(kinds_of, looser), *weak, *looser]
    return tuple(dict.fromkeys(filter(None, strong))), tuple(dict.fromkeys(one for one in weak if one and one not in strong))


def _ordinal(label: str) -> str:
    return " ".join(_ORDINALS.get(word, word) for word in label.split())


def _looser(label: str) -> Iterator[str]:
    """What a label may be shortened to: "county council" → county; "civil parish or community" → its parts; "states of the US" → state."""
    if match := _LEVEL.match(label):
        yield singular(match["head"])
    elif re.search(r" (?:or|and) ", label):
        parts = re.split(r" (?:or|and) ", label)
        yield from map(singular, parts)
        yield from (shorter for part in parts for shorter in _looser(singular(part)))
    elif (match := _OF.match(label)) and singular(match["head"]) != match["head"]:
        yield singular(match["head"])
    elif match := _GENERIC.match(label):
        yield singular(match["head"])


Through = Mapping[str, Mapping[str, Mapping[str, int]]]
"""Predicate to nodes that hold properties of others → their predicates → classes of the others."""


def properties(found: Survey, sidecars: Mapping[str, str], through: Through) -> dict[str, PropertyEntry]:
    """What can be asked of things; ``sidecars``: class of nodes that hold properties of others → predicate that leads there."""
    entries = {}
    for one in found.predicates.values():
        if not (one.spatial or one.iri in sidecars.values() or _is_plumbing(one)):
            entries[one.iri] = _property(one, found, sidecars, through)
    return entries


def _is_plumbing(one: Predicate) -> bool:
    return one.iri in (str(GEO.hasGeometry), str(GEO.hasDefaultGeometry), str(GEO.hasSerialization)) or bool(
        re.fullmatch(r"[0-9a-f]{16,}.*", local(one.iri))
    )


def _property(one: Predicate, found: Survey, sidecars: Mapping[str, str], through: Through) -> PropertyEntry:
    labels, others = property_labels(one.iri, [cell.value for _, cell in found.labels.get(one.iri, ())])
    via = next((link for cls, link in sidecars.items() if cls in one.domains), "")
    domains = (through[via].get(one.iri) if via else one.domains) or {str(OWL.Thing): one.count}
    unit, dimension = unit_of(one, labels)
    values, listed = _values(one, labels)
    naming = is_naming(one)
    category = not naming and bool(values) and any(meaning.dimension == "category" for meaning in meanings(labels[0]))
    return PropertyEntry(
        one.iri, labels, _ordered(domains), dimension, unit, _ordered(one.ranges), () if naming else values, others, via, one.datatype,
        one.count, listed, category, naming,
    )  # fmt: skip


def _ordered(counts: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(sorted(counts, key=lambda cls: (-counts[cls], cls)))


def property_labels(iri: str, stated: Iterable[str] = ()) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Labels and weaker labels of a property: as stated, as our ontology has them, else the words of its local name without its unit."""
    words = spoken(local(iri)).split()
    begun = len(words) > 1 and words[0] in _FILLERS
    bare = _without_unit(local(iri)[len(words[0]) :] if begun else local(iri))
    strong = [label.lower() for label in (*stated, *ontology_labels().get(iri, ())) if 0 < len(label) <= 100] or [bare or local(iri) or iri]
    weak = [bare, " ".join(words[begun:]), " ".join(words)]
    strong += [one.label for label in list(strong) for one in meanings(label)[:1] if one.dimension != "category"]
    return tuple(dict.fromkeys(strong)), tuple(dict.fromkeys(one for one in weak if one and one not in strong))


def _without_unit(name: str) -> str:
    words = spoken(without_prefix(name.lstrip("_"))).split()
    while len(words) > 1 and words[-1] in _UNITS and words[-1] not in ("percent", "percentage"):
        words = words[:-1]
    return " ".join(words)


def meanings(label: str) -> tuple[Lexeme, ...]:
    """Concepts of properties that a label means."""
    return by_words("properties").get(lemmas(label), ())


def unit_of(one: Predicate, labels: Iterable[str]) -> tuple[str, str]:
    """UCUM code and dimension of what a property stores; the unit ``1`` where nothing in the store tells it."""
    if not one.datatype and one.sample:
        return "1", "thing"
    if one.datatype in _TIMES:
        return "1", "time"
    if not _numeric(one):
        return "1", "text"
    if one.iri == str(GEO.hasMetricArea):
        return "m2", "area"
    words = spoken(local(one.iri)).split()
    named = next((_UNITS[word] for word in reversed(words) if len(words) > 1 and word in _UNITS), None)
    return ("%", "%") if named and named[0] == "%" else named or _usual(labels)


def _usual(labels: Iterable[str]) -> tuple[str, str]:
    """Unit and dimension that go without saying: percentages, metres above the sea."""
    known = next((meaning for label in labels for meaning in meanings(label)), None)
    if known and (known.unit == "%" or known.measure == "elevation"):
        return known.unit, "%" if known.unit == "%" else known.dimension
    return "1", known.dimension if known and known.dimension in ("area", "length", "power", "energy", "mass", "time") else "1"


def _numeric(one: Predicate) -> bool:
    if one.datatype in _NUMBERS:
        return True
    # tables without types give numbers as texts; identifiers are texts all the same
    texts = [cell.value for cell in one.sample]
    return (
        bool(texts)
        and not _IDENTIFIERS.search(spoken(local(one.iri)))
        and all(re.fullmatch(r"-?\d+(\.\d+)?([eE]-?\d+)?", text) for text in texts)
    )


def _values(one: Predicate, labels: Iterable[str]) -> tuple[tuple[str, ...], bool]:
    listed = sum(";" in value for value in one.values) > len(one.values) / 20
    weights: dict[str, int] = {}
    for value, count in one.values.items():
        for part in value.split(";") if listed else [value]:
            if 0 < len(part.strip()) <= 60:
                weights[part.strip()] = weights.get(part.strip(), 0) + count
    if any("://" in value for value in weights) and one.datatype:
        return (), False
    # names of places are worth having all
    places = any(meaning.label in PLACES for label in labels for meaning in meanings(label))
    return tuple(sorted(weights, key=lambda value: (-weights[value], value))[: MAX_VALUES if places else MAX_FACETS]), listed


def is_naming(one: Predicate) -> bool:
    """Whether the values of a predicate are names of what has it."""
    if one.iri in _NAMING:
        return True
    words = spoken(local(one.iri)).split()
    texts = [cell.value for cell in one.sample]
    if not texts or not one.datatype or _numeric(one) or not _NAMES.intersection(words[-1:]):
        return False
    return len(words) < 3 or words[0] in _FILLERS


def looks_like_names(one: Predicate) -> bool:
    """Whether the values of a predicate of which nothing is known are mostly different, short and written with a capital."""
    texts = [cell.value for cell in one.sample if cell.kind == "literal"]
    good = [text for text in texts if text[:1].isupper() and len(text) < 60 and not any(map(str.isdigit, text)) and not text.isupper()]
    return len(texts) > 3 and one.distinct > one.count / 2 and len(good) > 0.8 * len(texts)


def category_classes(
    entries: Iterable[PropertyEntry], counts: Mapping[str, Mapping[str, int]], known: Iterable[str]
) -> Iterator[ClassEntry]:
    """Classes that are values of a property such as ``amenity``, unless a class of the store has the same name already."""
    taken = {fold(label) for label in known}
    for entry in entries:
        if entry.category:
            for value in entry.values:
                label = singular(spoken(value) if not value.startswith("http") else spoken(local(value)))
                if label and label not in ("yes", "no") and label.replace(" ", "") not in {one.replace(" ", "") for one in taken}:
                    iri = f"{entry.iri}#{value}"
                    count = counts.get(entry.iri, {}).get(value, 0)
                    above = entry.domains if len(entry.domains) == 1 and str(OWL.Thing) not in entry.domains else ()
                    yield ClassEntry(iri, (label,), above, count, None, (entry.iri, value), tuple(_looser(label)), entry.via)


def sidecars(found: Survey) -> dict[str, str]:
    """Classes of nodes that hold all properties of the one thing that points to them, with the predicate that does."""
    telling = {cls for one in found.predicates.values() if one.datatype and not one.spatial for cls in one.domains}
    rows = {}
    for one in found.predicates.values():
        for cls, count in one.ranges.items():
            own = found.classes.get(cls, 0)
            alone = one.count == one.distinct == count == own and len(one.ranges) == 1
            if alone and cls not in found.dimensions and cls not in one.domains and set(one.domains) & set(found.dimensions) - telling:
                rows[cls] = one.iri
    return rows


def relations(found: Survey, entries: Mapping[str, PropertyEntry]) -> tuple[RelationEntry, ...]:
    """Spatial relations that the store has as properties."""
    rows = []
    for entry in entries.values():
        if entry.dimension == "thing":
            name = _relation(entry, found)
            if name:
                domain, range_ = (only[0] if len(only) == 1 else "" for only in (entry.domains, entry.ranges))
                rows.append(RelationEntry(cast(Relation, name), entry.iri, domain, range_))
    return tuple(rows)


def _relation(entry: PropertyEntry, found: Survey) -> str:
    table = by_words("relations")
    for label in (*entry.labels, *entry.others):
        if known := table.get(lemmas(label)):
            return known[0].label
    # "state" of a city, whose value is a state: administrative units hold what names them so
    if entry.iri in (str(EW.unitLevel),):
        return ""
    for label in entry.labels:
        for lexeme in by_words("things").get(lemmas(label), ()):
            above = {lexemes()[iri].label for iri in lexeme.broader} | {lexeme.label}
            if "administrative unit" in above and found.predicates[entry.iri].ranges:
                return "within"
    return ""
