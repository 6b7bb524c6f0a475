"""Links that a request lacks, made once the store has what it speaks of: a run may have brought it."""

from __future__ import annotations

from dataclasses import replace

from ..knowledge import Knowledge, key, kinds_of, lemmas
from ..request import Concept, Named, Property, Request
from ._tree import edited, replacement, walk


def linked(request: Request, knowledge: Knowledge) -> Request:
    """The request with IRIs for the classes, properties and names that had none and that the store has now."""
    for path, one in tuple(walk(request)):
        found: Concept | Named | Property | None = None
        if isinstance(one, Concept) and not one.iri:
            found = _concept(one, knowledge)
        elif isinstance(one, Named) and not one.iris:
            match = next(iter(knowledge.names.find(key(one.name))), None)
            found = replace(match.named, part=one.part) if match else None
        elif isinstance(one, Property) and not one.iri:
            found = _property(one, knowledge)
        if found is not None:
            request = edited(request, replacement(path, found))
    return request


def _concept(one: Concept, knowledge: Knowledge) -> Concept | None:
    """The class of most things that is called so, or by another word for the same."""
    kind = kinds_of(one.label)[:1]
    entries = [
        entry for entry in knowledge.classes.values()
        if any(lemmas(label) == lemmas(one.label) or (kind and kinds_of(label)[:1] == kind) for label in entry.labels)
    ]  # fmt: skip
    best = max(entries, key=lambda entry: entry.count, default=None)
    return Concept(best.labels[0], best.iri) if best else None


def _property(one: Property, knowledge: Knowledge) -> Property | None:
    entries = [entry for entry in knowledge.properties.values() if any(lemmas(label) == lemmas(one.label) for label in entry.labels)]
    best = max(entries, key=lambda entry: entry.count, default=None)
    return replace(one, iri=best.iri) if best else None
