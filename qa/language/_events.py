"""What happened to a place: "flooded" where the store has flooded areas, "burnt" where it has burnt areas; "hit by", "affected by"."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import lru_cache

from earthweave.ontology import EW

from ..knowledge import Knowledge
from ..request import Concept, Spatial, Things
from ._classes import class_table
from ._phrases import Phrases
from ._reading import Reading, RelationWord, Scored
from ._tokens import Question
from ._unknown import LANDFORM
from ._windows import Words

_AREAS = frozenset({"area", "zone", "extent", "polygon", "region"})
_BE = frozenset("is are was were be been being get got became".split())
_HAVE = frozenset("have has had".split())
_JOINTS = frozenset("that which who where".split())
_NOT = frozenset({"not", "never", "n't"})
_HAVING = frozenset("have has had with having of whose".split())
_LEAST = 0.4
_HAPPENED = Phrases([(
    "intersects", "affected|hit|struck|impacted|touched|damaged|devastated|covered by, exposed to, subject to, subjected to, suffered from",
)])  # fmt: skip


def readings(question: Question, knowledge: Knowledge, today: date | None = None) -> Iterator[Reading]:
    """A constraint for every participle, with the auxiliaries and the negation in front of it; not where a word for an area follows."""
    del today
    for _, start, end in _HAPPENED.find(question):
        first, _ = _auxiliaries(question, start)
        yield Reading("relation", first, end, RelationWord("intersects"), 0.9, "events")
    table, tokens = participles(knowledge), question.tokens
    for start in range(len(tokens)):
        for size in (1, 2):
            words = tuple(token.lower for token in tokens[start : start + size])
            behind = tokens[start + size].lemma if start + size < len(tokens) else ""
            if len(words) == size and words in table and behind not in _AREAS:
                concept, score = table[words]
                first, negated = _auxiliaries(question, start)
                spatial = Spatial("intersects", (Things(classes=(concept,)),), negated=negated)
                yield Reading("product", first, start + size, (spatial,), max(score, 0.9), "events")


def _auxiliaries(question: Question, start: int) -> tuple[int, bool]:
    """The first token of "that have not been", and whether it denies."""
    first, negated = start, False
    while first > 0 and question.tokens[first - 1].lower in _BE | _HAVE | _NOT:
        first -= 1
        negated = negated or question.tokens[first].lower in _NOT
    if 0 < first < start and question.tokens[first - 1].lower in _JOINTS:
        first -= 1
    # at the start of a question the auxiliary asks
    return (first if first > 0 or not negated else start), negated


def settled(question: Question, knowledge: Knowledge, readings: Iterable[Reading]) -> list[Reading]:
    """Without readings that a longer one leaves no room for; with "areas" as the kind of things that has the property that is asked for,
    and with administrative units as the places to which something happened.
    """
    found = list(readings)
    found += _areas(question, knowledge, [one for one in found if _stored_property(one)])
    found += _places_hit(question, knowledge, [one for one in found if _happened(one)], found)
    longer = [(gives_way, [one for one in found if leaves_no_room(one)]) for leaves_no_room, gives_way in _SHORTER]
    return [one for one in found if not any(gives_way(one, other) for gives_way, others in longer for other in others)]


def _areas(question: Question, knowledge: Knowledge, linked: list[Reading]) -> Iterator[Reading]:
    """ "How many areas have a flood level above 10": flooded areas."""
    for at, token in enumerate(question.tokens[:-1]):
        if token.lemma in _AREAS and question.tokens[at + 1].lower in _HAVING:
            behind = [one for one in linked if at < one.start <= at + 4]
            domains = {iri for one in behind[:1] for iri in one.value[0].value.domains if iri in knowledge.classes}
            if len(domains) == 1:
                entry = knowledge.classes[domains.pop()]
                yield Reading("class", at, at + 1, (Scored(Concept(entry.labels[0], entry.iri), 0.9),), 0.9, "areas")


def _places_hit(question: Question, knowledge: Knowledge, happened: list[Reading], found: list[Reading]) -> list[Reading]:
    """ "Which places were flooded": administrative units, if the store has no things that are called places."""
    unit = knowledge.classes.get(str(EW.AdministrativeUnit))
    known = {one.start for one in found if one.kind == "class" and one.value[0].value.iri}
    spots = [one.start - 1 for one in happened if one.start > 0 and question.tokens[one.start - 1].lemma in _SPOTS]
    concept = unit and Concept(unit.labels[0], unit.iri)
    return [Reading("class", at, at + 1, (Scored(concept, 0.9),), 0.9, "areas") for at in spots if concept and at not in known]


_SPOTS = frozenset(("place", "location", "area", "region", "district", "community"))


def _inside(one: Reading, other: Reading) -> bool:
    return other.start <= one.start and one.end <= other.end


def _stored_property(one: Reading) -> bool:
    return one.kind == "property" and bool(one.value[0].value.property) and bool(one.value[0].value.property.iri)


def _lacking_property(one: Reading, stored: Reading) -> bool:
    """Whether it is a property that the store lacks, in the words of a longer one that it has."""
    prop = one.value[0].value.property if one.kind == "property" else None
    absent = prop is not None and not prop.iri
    return absent and _inside(one, stored) and stored.end - stored.start > one.end - one.start


def _happened(one: Reading) -> bool:
    return one.rule == "events" and one.kind == "product"


def _of_participle(one: Reading, happened: Reading) -> bool:
    """Whether it is a participle taken for a kind of things, or for the kind in a name."""
    if one.kind == "class":
        return _inside(one, happened) and one.score < 0.9
    return one.kind == "name" and one.rule.startswith("typed") and one.start < happened.start < one.end


_SURE = 0.9


def _products(one: Reading) -> bool:
    return one.rule == "products" and one.score > _SURE


def _lacking_in_products(one: Reading, products: Reading) -> bool:
    """Whether it is a kind of things, or a name, that the store does not have, in words for the mission or collection of products."""
    absent = one.kind == "class" and not any(each.value.iri for each in one.value)
    absent = absent or (one.kind == "name" and one.rule == "unknown")
    return absent and _inside(one, products)


def _landform(one: Reading) -> bool:
    return one.kind == "name" and one.rule == "unknown" and one.score >= LANDFORM


def _of_landform(one: Reading, landform: Reading) -> bool:
    """Whether it is a name in the words of the name of a sea or a mountain that the store does not have."""
    return one.kind == "name" and one is not landform and _inside(one, landform)


def _polite(one: Reading) -> bool:
    return one.kind == "operator" and one.value == "list" and one.end - one.start > 2


def _of_polite(one: Reading, polite: Reading) -> bool:
    """Whether it is a verb in "could I have", which asks for no yes or no."""
    return one.kind == "operator" and one.value in _VERBS and _inside(one, polite)


_VERBS = frozenset(("can", "have", "cover", "do", "be"))
_SHORTER: tuple[tuple[Callable[[Reading], bool], Callable[[Reading, Reading], bool]], ...] = (
    (_stored_property, _lacking_property),
    (_happened, _of_participle),
    (_products, _lacking_in_products),
    (_landform, _of_landform),
    (_polite, _of_polite),
)
"""Which readings leave no room for others, and whether another gives way to one of them."""


@lru_cache(maxsize=8)
def participles(knowledge: Knowledge) -> Mapping[Words, tuple[Concept, float]]:
    """Participle → the class of areas that it makes, likeliest: of "flooded area", and "area under water"."""
    found: dict[Words, tuple[Concept, float]] = {}
    for words, classes in class_table(knowledge).items():
        made = words[:-1] if words[-1] in _AREAS else words[1:] if words[0] in _AREAS and words[1:2] == ("under",) else ()
        participle = made and (made[-1].endswith("ed") or made[-1] == "burnt" or made[0] == "under")
        if made and participle and classes[0].score > _LEAST and classes[0].score > found.get(made, (None, 0.0))[1]:
            found[made] = (classes[0].value, classes[0].score)
    return found
