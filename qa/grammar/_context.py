"""What the rules ask of the knowledge: whether a property fits a class, and what an adjective measures there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from earthweave.ontology import EW, terms

from ..knowledge import Knowledge, PropertyEntry, product_classes
from ..language import PropertyWord, Superlative
from ..request import Concept, Measure, Property, Ratio, Temporal, Things, Value
from ._chart import Out
from ._meaning import Asked, Noun

UNITS: Mapping[str, str] = {
    "area": "m2",
    "length": "m",
    "perimeter": "m",
    "elevation": "m",
    "distance": "m",
    "bearing": "deg",
    "share": "m2",
}
"""Unit of each measure, as a UCUM code."""

DIMENSIONS: Mapping[str, str] = {
    "m2": "area", "km2": "area", "har": "area", "[acr_br]": "area", "[smi_us]": "area", "[sft_i]": "area", "km": "length", "m": "length",
    "cm": "length", "mm": "length", "[mi_i]": "length", "[ft_i]": "length", "[yd_i]": "length", "[nmi_i]": "length", "%": "%",
    "MW": "power", "kW": "power", "GW": "power", "W": "power", "t": "mass", "kg": "mass", "1": "1", "/km2": "density",
    "/[smi_us]": "density",
}  # fmt: skip
METRES: Mapping[str, float] = {
    "km": 1e3,
    "m": 1.0,
    "cm": 1e-2,
    "mm": 1e-3,
    "[mi_i]": 1609.344,
    "[ft_i]": 0.3048,
    "[yd_i]": 0.9144,
    "[nmi_i]": 1852.0,
}
"""UCUM code of a length → metres."""

_MEASURED = {"area": (2,), "length": (1,), "perimeter": (2,), "elevation": (0, 1, 2), "distance": (0, 1, 2)}
_DIMENSION_OF = {"area": "area", "length": "length", "width": "length", "height": "length", "elevation": "length", "depth": "length",
                 "distance": "length", "population": "1", "count": "1", "cloud cover": "%", "population density": "density"}  # fmt: skip


_STORED = 0.02
_SHAPELY = frozenset(("area", "length", "perimeter"))
PRODUCT = Concept("Earth-observation product", str(EW.EarthObservationProduct))
"""What a mission or a product type without a noun is of."""

_EVENTS = frozenset(map(str, (EW.EarthObservationProduct, EW.FloodedArea, EW.ObservedArea)))
_EVENT_LABELS = frozenset(one.label for one in terms() if one.kind == "class" and one.iri in _EVENTS)
_SHAPES: Mapping[str, Callable[[str, str], tuple[tuple[str, int], ...]]] = {
    "crosses": lambda one, other: ((one, 1), (other, 2)),
    "within": lambda one, other: ((other, 2),),
    "contains": lambda one, other: ((one, 2),),
    "touches": lambda one, other: ((one, 2), (other, 2)),
}
"""Relation that a store states → the dimensions that its two ends have."""


def bare(label: str) -> str:
    """A label as it is compared: lower case, one space."""
    return " ".join(label.lower().replace("_", " ").split())


@dataclass(frozen=True)
class Context:
    """The knowledge, and indexes over it; ``superlatives`` of the question by their first token."""

    knowledge: Knowledge
    today: date
    superlatives: Mapping[int, Superlative] = field(default_factory=dict)

    @cached_property
    def by_label(self) -> Mapping[str, tuple[PropertyEntry, ...]]:
        """Properties by each of their labels."""
        found: dict[str, list[PropertyEntry]] = {}
        for entry in self.knowledge.properties.values():
            for label in entry.labels:
                found.setdefault(bare(label), []).append(entry)
        return {label: tuple(entries) for label, entries in found.items()}

    @cached_property
    def products(self) -> tuple[str, ...]:
        """Classes of products that a store calls by names of its own."""
        return tuple(entry.iri for entry in product_classes(self.knowledge) if entry.iri != PRODUCT.iri)

    def lineage(self, iri: str) -> frozenset[str]:
        """A class and all above it."""
        entry = self.knowledge.classes.get(iri)
        return frozenset((iri, *(entry.parents if entry else ())))

    def classes_of(self, noun: Noun) -> tuple[str, ...]:
        """IRIs of the classes of a noun; none if they are not known."""
        found = tuple(one.iri for one in noun.things.classes if one.iri)
        found += self.products if PRODUCT.iri in found else ()
        return found or tuple(one.cls for one in noun.things.named if one.cls)

    def related(self, one: str, other: str) -> bool:
        """Whether one class is above the other."""
        return one == other or one in self.lineage(other) or other in self.lineage(one)

    def fits(self, domains: Sequence[str], classes: Sequence[str]) -> float:
        """Cost of a property with these domains for things of these classes: 0 if it belongs to them."""
        if not domains:
            return 0.05
        if not classes:
            return 0.1
        return 0.0 if any(self.related(domain, cls) for domain in domains for cls in classes) else 0.7

    def geometries(self, noun: Noun) -> tuple[int, ...]:
        """Dimensions that the geometries of a noun may have."""
        entries = [self.knowledge.classes[iri] for iri in self.classes_of(noun) if iri in self.knowledge.classes]
        known = {entry.geometry for entry in entries}
        return tuple(one for one in (0, 1, 2) if one in known or not entries)

    def shapes(self, noun: Noun) -> frozenset[int]:
        """Dimensions of the geometries of a noun, or of what stands for them where there are none: what crosses is a line."""
        found: set[int] = set()
        # where lines are told, what is not told to be one is none
        unsaid = {0, 2} if any(1 in sizes for sizes in self._stated.values()) else {0, 1, 2}
        for iri in self.classes_of(noun):
            entry = self.knowledge.classes.get(iri)
            found |= self._stated.get(iri, unsaid) if entry is None or entry.geometry is None else {entry.geometry}
        return frozenset(found or (0, 1, 2))

    @cached_property
    def _stated(self) -> Mapping[str, set[int]]:
        """Class → the same, from the relations that the store states: lines cross, areas contain and are bordered."""
        found: dict[str, set[int]] = {}
        for entry in self.knowledge.relations:
            one, other = (entry.range, entry.domain) if entry.inverse else (entry.domain, entry.range)
            ends = _SHAPES.get(entry.relation)
            for iri, size in ends(one, other) if ends else ():
                found.setdefault(iri, set()).add(size)
        return found

    def resolve(self, asked: Asked, noun: Noun, unit: str = "") -> list[Out]:
        """The values that a property word, or an adjective, may mean for a noun, cheapest first.

        ``unit``: of what it is compared with, which must have its dimension.
        """
        if asked.words:
            found = list(self._of_words(asked, noun, unit))
        else:
            found = list(self._of_hints(asked.hints, noun, unit))
        best = min((out.cost for out in found), default=0.0)
        # what can be drawn can be measured, of all of them and in one way
        rated = [out._replace(cost=best) if self._drawn(out.value, noun) else out._replace(cost=out.cost + _STORED) for out in found]
        return sorted(rated, key=lambda out: out.cost)[:2]

    def _drawn(self, value: Value, noun: Noun) -> bool:
        return isinstance(value, Measure) and value.measure in _SHAPELY and bool(set(_MEASURED[value.measure]) & set(self.geometries(noun)))

    def headed(self, head: str, noun: Noun) -> Property | None:
        """The property of a noun whose name ends with a word, if there is one only: the "level" of floods, and of units."""
        classes = self.classes_of(noun)
        known = [entry for entry in self.knowledge.properties.values() if bare(entry.labels[0]).rpartition(" ")[2] == head]
        fitting = [one for one in known if one.domains and classes and not self.fits(one.domains, classes)]
        labels = {bare(one.labels[0]) for one in fitting}
        return Property(fitting[0].labels[0], fitting[0].iri, fitting[0].unit) if len(labels) == 1 else None

    def _of_words(self, asked: Asked, noun: Noun, unit: str) -> Iterable[Out]:
        classes = self.classes_of(noun)
        for scored in asked.words:
            word: PropertyWord = scored.value
            cost = self.fits(word.domains, classes) + 0.4 * (asked.words[0].score - scored.score)
            if word.property and not word.property.iri:
                # the store does not have it, but what it can be computed from
                label = bare(word.property.label)
                yield from (Out(out.value, out.cost + cost) for out in self.hinted(label, noun))
                if not noun.named and (alike := self.headed(label.rpartition(" ")[2], noun)):
                    yield Out(alike, cost)
                cost += 0.5
            if unit and unit != "1" and DIMENSIONS.get(unit) != word.dimension:
                cost += 2.0 if word.dimension == "time" else 0.5
            yield Out(self.value(word), cost)

    def value(self, word: PropertyWord) -> Value:
        """What a property word stands for."""
        if word.property:
            return word.property
        return Measure(word.measure, UNITS.get(word.measure, "1"))  # type: ignore[arg-type]

    def _of_hints(self, hints: Sequence[str], noun: Noun, unit: str) -> Iterable[Out]:
        dimension = DIMENSIONS.get(unit, "") if unit else ""
        fitting = [hint for hint in hints if not dimension or _DIMENSION_OF.get(hint, dimension) == dimension]
        if self.geometries(noun) == (1,):
            # of lines, size is length
            fitting.sort(key=lambda hint: hint != "length")
        for place, hint in enumerate(fitting):
            for value, cost, _ in self.hinted(hint, noun):
                yield Out(value, cost + 0.25 * place)
        if fitting and not any(True for hint in fitting for _ in self.hinted(hint, noun)):
            lone = fitting[0]
            yield Out(Measure(lone, UNITS[lone]) if lone in _SHAPELY else Property(lone), 0.6)  # type: ignore[arg-type]

    def hinted(self, hint: str, noun: Noun) -> list[Out]:
        """Values of one hint: what the store has for the class, else what can be computed."""
        classes = self.classes_of(noun)
        stored = [(self.fits(entry.domains, classes), entry) for entry in self.by_label.get(hint, ())]
        found = [Out(Property(hint, entry.iri, entry.unit), cost) for cost, entry in stored if cost < 0.5]
        found += self._measured(hint, noun)
        return sorted(found or self._derived(hint, noun), key=lambda out: out.cost)

    def _measured(self, hint: str, noun: Noun) -> list[Out]:
        sizes = self.geometries(noun)
        if hint not in _MEASURED or (sizes and not set(_MEASURED[hint]) & set(sizes)):
            return []
        # of heights, and of what has no geometries that are known, only records tell, if there are any
        doubtful = not sizes or (hint == "elevation" and self.classes_of(noun))
        return [Out(Measure(hint, UNITS[hint]), 0.4 if doubtful else 0.02)]  # type: ignore[arg-type]

    def _derived(self, hint: str, noun: Noun) -> list[Out]:
        if hint == "time":
            return [Out(Property("time", entry.iri)) for entry in self._timed(self.classes_of(noun))][:1] or [Out(Property("time"), 0.05)]
        if hint in ("population density", "density"):
            count, area = self.hinted("population", noun), self.hinted("area", noun)
            return [Out(Ratio(count[0].value, area[0].value))] if count and area else []
        return []

    def _timed(self, classes: Sequence[str]) -> list[PropertyEntry]:
        entries = [entry for entry in self.knowledge.properties.values() if entry.dimension == "time"]
        return [entry for entry in entries if classes and self.fits(entry.domains, classes) < 0.1]

    def timed(self, noun: Noun) -> bool:
        """Whether a noun is of things that surely have a time: products and events, which names are not."""
        classes = self.classes_of(noun)
        return bool(classes and self._timed(classes)) or any(iri in _EVENTS for iri in classes)

    def event(self, things: Things) -> bool:
        """Whether things are events or products without a time yet, by class or, where the store has none, by what they are called."""
        known = any(one.label in _EVENT_LABELS for one in things.classes) or self.timed(Noun(things))
        return bool(things.classes) and known and not any(isinstance(one, Temporal) for one in things.constraints)

    def lasts(self, noun: Noun) -> bool:
        """Whether a noun is of things that have a time, or may be."""
        classes = self.classes_of(noun)
        return not noun.named and (not classes or self.timed(noun))
