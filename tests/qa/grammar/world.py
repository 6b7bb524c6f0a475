"""A small world to ask about: classes, properties and names as a store would have them, and readings of them."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from earthweave.ontology import EW
from earthweave.qa.grammar import Parsed, parse
from earthweave.qa.knowledge import Called, ClassEntry, Knowledge, PropertyEntry, index_of
from earthweave.qa.language import Question, Reading, annotate, read
from earthweave.qa.request import Request

TODAY = date(2026, 11, 20)
E = "https://example.org/"
PRODUCT = str(EW.EarthObservationProduct)
_AREAS = "lake park forest municipality county state country island region beach district townland reservoir municipality barony"
_LINES = "river stream canal road"
_POINTS = "city village hotel restaurant hospital museum mountain town airport"
_NAMES = (
    ("Greece", "country"), ("Albania", "country"), ("Ireland", "country"), ("England", "country"), ("Scotland", "country"),
    ("Athens", "city"), ("Dublin", "city"), ("Cork", "city"), ("Paris", "city"), ("Hamburg", "city"), ("Oxford", "city"),
    ("Bath", "city"), ("Boston", "city"), ("Austin", "city"), ("Albany", "city"), ("Springfield", "city"), ("London", "city"),
    ("Texas", "state"), ("Alabama", "state"), ("Kentucky", "state"), ("Colorado", "state"), ("New Mexico", "state"),
    ("Crete", "island"), ("Corfu", "island"), ("County Mayo", "county"), ("Kent", "county"), ("Essex", "county"), ("Cumbria", "county"),
    ("Cork", "county"), ("Norfolk", "county"), ("Mississippi", "river"), ("Colorado", "river"), ("Rhine", "river"), ("Red", "river"),
    ("Loch Ness", "lake"), ("Thessaly", "region"), ("Epirus", "region"), ("Attica", "region"), ("Amazon", "region"), ("Rome", "city"),
    ("Calton Hill", "park"), ("Cologne", "city"), ("Bonn", "city"), ("Windsor", "city"), ("NSW", "state"), ("Windsor", "town"),
    ("Verona", "city"), ("Sydney", "city"), ("Sonny's Place", "hotel"), ("Arklow", "town"), ("Waterford", "city"), ("Limerick", "city"),
)  # fmt: skip


def _class(name: str, geometry: int | None) -> ClassEntry:
    return ClassEntry(E + name, (name,), count=10, geometry=geometry)


@lru_cache(maxsize=1)
def knowledge() -> Knowledge:
    """All of it."""
    kinds = [(name, size) for size, names in ((2, _AREAS), (1, _LINES), (0, _POINTS)) for name in names.split()]
    classes = {E + name: _class(name, size) for name, size in kinds} | {
        PRODUCT: ClassEntry(PRODUCT, ("Earth-observation product",), count=9, geometry=2)
    }
    units = tuple(E + one for one in ("municipality", "county", "state", "country", "city", "village", "town", "region", "island"))
    rows = (
        PropertyEntry(E + "population", ("population",), units, "1"),
        PropertyEntry(E + "capital", ("capital",), (E + "state", E + "country"), "thing", ranges=(E + "city",)),
        PropertyEntry(E + "elevation", ("elevation",), (E + "mountain", E + "city"), "length", "m"),
        PropertyEntry(E + "name", ("name",), (), "text", naming=True),
        PropertyEntry(E + "cloud", ("cloud cover",), (PRODUCT,), "%", "%"),
        PropertyEntry(E + "snow", ("snow cover",), (PRODUCT,), "%", "%"),
        PropertyEntry(E + "date", ("date", "acquisition date"), (PRODUCT,), "time"),
        PropertyEntry(E + "cuisine", ("cuisine",), (E + "restaurant",), "text", values=("italian", "greek", "korean")),
    )
    things = [
        Called(E + f"{name}_{kind}".replace(" ", "_").replace("'", ""), ((name, 1.0),), (E + kind,), 1.0 / (place + 1))
        for place, (name, kind) in enumerate(_NAMES)
    ]
    return Knowledge(index_of(things), classes, {row.iri: row for row in rows})


def readings(question: Question) -> list[Reading]:
    """What the annotators say."""
    return annotate(question, knowledge(), TODAY)


def understand(text: str) -> list[Parsed]:
    """All ways to understand a question."""
    question = read(text)
    return parse(question, readings(question), knowledge(), TODAY)


def best(text: str) -> Request:
    """The best way, without notes."""
    ways = understand(text)
    assert ways, text
    return ways[0].request.without_notes()
