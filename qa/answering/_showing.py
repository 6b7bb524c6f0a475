"""What is told of things beside what was asked: why these, how much, where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..knowledge import Knowledge, product_classes, products_linked
from ..planning import Output
from ..request import Amount, Compare, Measure, Property, Request, Spatial, Things, Value
from ._figures import listed, plural

_PRODUCTS = (
    frozenset({"timestamp", "acquisition date", "acquisition time", "sensing time", "phenomenon start", "date time", "start date"}),
    frozenset({"cloud cover"}),
    frozenset({"thumbnail", "quicklook", "download", "download link", "access URL", "link"}),
)
"""What people look for in a list of products: labels of properties that say it."""
_AREAL = frozenset({"intersects", "contains", "overlaps", "within"})


def listing(request: Request) -> Request:
    """ "Is there a park near X?" is answered by which ones; whether a named thing is somewhere, by yes or no."""
    return replace(request, form="find") if request.form == "ask" and request.target.classes and not request.target.named else request


def shown(request: Request, knowledge: Knowledge) -> Request:
    """The request with columns for what it picks, compares, or has an area in common with, in front of those asked for."""
    if request.form != "find" or not request.target.classes:
        return request
    ranked = request.order.by if request.order else None
    wanted: list[Value] = []
    for one in _told(request, knowledge):
        if not any(_same(one, other) for other in (ranked, *request.columns, *wanted)):
            wanted.append(one)
    return replace(request, columns=(*wanted, *request.columns))


def heading(output: Output) -> str:
    """Of a column: what lies on things, instead of the bare word "share"."""
    one = output.value
    via = one.via if isinstance(one, Measure) and one.measure == "share" else None
    if not isinstance(via, Spatial):
        return output.label
    kinds = [plural(kind.label) for things in via.of if isinstance(things, Things) for kind in things.classes]
    return listed(dict.fromkeys(kinds), "or") or output.label


def _same(one: Value, other: Value | None) -> bool:
    """Whether two values are of one property."""
    return one == other or (isinstance(one, Property) and isinstance(other, Property) and bool(one.iri) and one.iri == other.iri)


def _told(request: Request, knowledge: Knowledge) -> Iterator[Value]:
    target = request.target
    if target.pick and target.pick.share is None:
        yield target.pick.by
    for one in target.constraints:
        if isinstance(one, Compare) and isinstance(one.than, Amount) and isinstance(one.value, Property):
            yield one.value
        if isinstance(one, Spatial) and not request.columns and _shares(target, one, knowledge):
            yield Measure("share", "km2", via=replace(one, count=None))
    if not request.columns:
        yield from _of_products(products_linked(request, knowledge).target, knowledge)


def _of_products(target: Things, knowledge: Knowledge) -> Iterator[Property]:
    """When products were taken, how cloudy they are, and where they can be had."""
    kinds = {entry.iri for entry in product_classes(knowledge)} & {one.iri for one in target.classes}
    for labels in _PRODUCTS if kinds else ():
        own = (entry for entry in knowledge.properties.values() if not kinds.isdisjoint(entry.domains))
        found = next((entry for entry in own if not labels.isdisjoint(entry.labels)), None)
        if found:
            yield Property(found.labels[0], found.iri, found.unit)


def _shares(target: Things, one: Spatial, knowledge: Knowledge) -> bool:
    """Whether areas are asked for by other areas on them, so that people want to know how much."""
    if one.negated or one.relation not in _AREAL or len(one.of) != 1 or not isinstance(one.of[0], Things) or one.of[0].named:
        return False
    return all(kind in _areas(knowledge) for things in (target, one.of[0]) for kind in ([c.iri for c in things.classes] or [""]))


def _areas(knowledge: Knowledge) -> set[str]:
    return {iri for iri, entry in knowledge.classes.items() if entry.geometry == 2}
