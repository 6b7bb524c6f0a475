"""Requests for Earth-observation data with their slots annotated by hand: a request is right if all of its slots are.

What counts as the same: a place by its name in the store or as it was typed, letters and figures alone; ``within`` and ``intersects`` of a
place, which the annotation does not keep apart; a relative time by the days that it means on the reference day; numbers in the same unit;
a vague word ("cloud-free") by whatever number its stated assumption gives it; the one best of something as a limit of one or none;
a limit of a number, where it is told that all are counted;
mission and product type as they are or as the catalogue's collection of both. Everything else is compared as it is.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from earthweave.ontology import EW
from earthweave.qa import Dialogue
from earthweave.qa.answering import understand
from earthweave.qa.grammar import Parsed
from earthweave.qa.knowledge import kinds_of, lemmas
from earthweave.qa.language import Reading, collection, read
from earthweave.qa.request import (
    AnyOf,
    Box,
    Compare,
    Concept,
    Interval,
    Measure,
    Named,
    Property,
    Request,
    Spatial,
    Temporal,
    Text,
    Things,
    converted,
)  # fmt: skip

from .cases import Case
from .pipeline import TODAY, Asker
from .stores import QA

_FILTERS = {"cloud cover": "cloud_cover", "vegetation percentage": "vegetation", "snow cover": "snow", "snow percentage": "snow",
            "water percentage": "water", "time": "datetime", "acquisition date": "datetime"}  # fmt: skip
_TITLES = frozenset({"mission", "collection", "theme", "product type", "processing level", "timeliness", "tile"})
_PRODUCT, _HAPPENED = str(EW.EarthObservationProduct), {str(EW.FloodedArea), str(EW.ObservedArea)}
_EARLIER = Named("Vindobona", ("http://example.org/earlier",))
_SCENE = Named("Scene 1", ("http://example.org/scene",))
_THERE = Spatial("intersects", (Things(named=(_EARLIER,)),))
_BEFORE = Dialogue(Request("find", Things((Concept("Earth-observation product", _PRODUCT),), constraints=(_THERE,))), (_SCENE,))
"""What was asked before each request, to see which of them go on with it."""


def items() -> list[dict[str, Any]]:
    """The annotated requests."""
    found: list[dict[str, Any]] = json.loads((QA / "eo_requests.json").read_text("utf-8"))["items"]
    return found


@dataclass(frozen=True)
class Heard:
    """A request, and the words that it was read from."""

    question: str
    parsed: Parsed

    @property
    def request(self) -> Request:
        """What was understood."""
        return self.parsed.request

    def typed(self, *kinds: str) -> Iterator[tuple[Reading, str]]:
        """The readings of some kinds that it is made of, with their words."""
        question = read(self.question)
        yield from ((one, question.words(one.start, one.end)) for one in self.parsed.used if one.kind in kinds)


def slots(heard: Heard) -> dict[str, Any]:
    """The slots of a request, in the terms of the set; of places and features, see `place_right` and `feature_right`."""
    request = heard.request
    conditions = [*_all(request.target)]
    texts = {one.value.label: one.than.value for one in conditions if _is_text(one)}
    return {
        "intent": _intent(request, texts),
        "collection": _collection(request, conditions, texts),
        "product_type": texts.get("product type"),
        "time": _time(conditions),
        "filters": sorted(_filters(request, conditions)),
        "limit": request.limit or (request.target.pick.count if request.target.pick and request.target.pick.count > 1 else None),
        "order": _order(request),
    }


def _intent(request: Request, texts: dict[str, str]) -> str:
    """The set's names for what is wanted."""
    classes = {one.iri or one.label for one in request.target.classes}
    if request.form == "run":
        return "time_series" if "series" in request.service else "map_service"
    if "collection" in classes:
        return "collection_search"
    if _PRODUCT in classes or texts:
        return "count" if request.form == "count" else "search_images"
    happened = bool(classes & _HAPPENED) or any(not one.iri for one in request.target.classes)
    return "map_service" if request.draw or (request.form == "find" and happened and not request.columns) else "geo_qa"


def _collection(request: Request, conditions: list[Any], texts: dict[str, str]) -> str | None:
    """The collection that mission and themes speak of, or the mission itself."""
    themes = [one.than.value for one in conditions if _is_text(one) and one.value.label in {"theme", "instrument"}]
    told = texts.get("collection") or texts.get("mission", "")
    if told == "Sentinel":
        return "sentinel-*"
    if (themes and request.form != "run" and not _gathers(request)) or told == "HLS":
        return (collection(told, themes) or told).lower() or None
    return told.lower() or None


def _as_said(heard: Heard) -> Iterator[tuple[str | None, str | None]]:
    """Collection and product type in the other ways to write them: "Sentinel-2 L1C" is a mission and a type, or the collection of both; a
    mission alone is its collection of most use, which a catalogue's own annotation names."""
    texts = {one.value.label: one.than.value for one in _all(heard.request.target) if _is_text(one)}
    kind = texts.get("product type") or texts.get("processing level")
    mission = texts.get("mission") or ("Sentinel-2" if kind and kind.startswith("S2") else "")
    if mission:
        yield mission.lower(), kind
        yield collection(mission, [kind] if kind else []), None


def _gathers(request: Request) -> bool:
    return any(one.label == "collection" for one in request.target.classes)


def _all(things: Things) -> Iterator[Any]:
    for one in things.constraints:
        yield one
        for inner in one.of if isinstance(one, Spatial) else ():
            if isinstance(inner, Things):
                yield from _all(inner)
        yield from one.options if isinstance(one, AnyOf) else ()


def _is_text(one: Any) -> bool:
    return isinstance(one, Compare) and isinstance(one.than, Text) and isinstance(one.value, Property)


# places
def _plain(text: str) -> str:
    return "".join(one for one in unicodedata.normalize("NFKD", text.casefold()) if one.isalnum())


@dataclass(frozen=True)
class Place:
    """A place in a request: the ways to write it, how things stand to it, and what it lies in."""

    ways: frozenset[str]
    relation: str
    inside: tuple[Place, ...] = ()

    def wholes(self) -> Iterator[str]:
        """It with what it lies in: "Houston, Texas"."""
        yield from (one + other for one in self.ways for outer in self.inside for other in outer.ways)


_TOLD = {"near": "near", "distance": "within_distance"}


def places(heard: Heard) -> list[Place]:
    """The places of a request."""
    typed = [(one, words) for one, words in heard.typed("name")]
    return [*_places(heard.request.target, "in", typed), *_boxes(heard.request)]


def _places(things: Things, relation: str, typed: Sequence[tuple[Reading, str]]) -> Iterator[Place]:
    inner = [
        place
        for one in things.constraints
        if isinstance(one, Spatial)
        for each in one.of
        if isinstance(each, Things)
        for place in _places(each, _TOLD.get(one.relation, "in"), typed)
    ]
    if things.named:
        yield Place(frozenset(way for one in things.named for way in _ways(one, typed)), relation, tuple(inner))
    else:
        yield from inner


def _ways(named: Named, typed: Sequence[tuple[Reading, str]]) -> Iterator[str]:
    spoken = [named.name, *(words for reading, words in typed if any(_same(one.value, named) for one in reading.value))]
    parts = (f"{named.part}ern", named.part, f"{named.part} of") if named.part else ("",)
    yield from (_plain(part + words) for words in spoken for part in parts)


def _same(one: Named, other: Named) -> bool:
    return (one.name, one.iris) == (other.name, other.iris)


def _boxes(request: Request) -> Iterator[Place]:
    found = [inner for one in _all(request.target) if isinstance(one, Spatial) for inner in one.of]
    found += [one.of for one in request.columns if isinstance(one, Measure) and one.of]
    for box in found:
        if isinstance(box, Box):
            yield Place(frozenset({_plain(f"bbox{box.west:g},{box.south:g},{box.east:g},{box.north:g}")}), "in")


def places_right(found: Sequence[Place], wanted: Sequence[str]) -> bool:
    """Whether every place is one that is wanted, and every one that is wanted is there."""
    left = {_plain(one) for one in wanted}
    return all(_takes(place, left) for place in found) and not left


def _takes(place: Place, left: set[str]) -> bool:
    if own := left & place.ways:
        left -= own
        return all(_takes(outer, left) for outer in place.inside)
    whole = left & {*place.wholes()}
    left -= whole
    return bool(whole)


def relation_right(found: Sequence[Place], wanted: str | None) -> bool:
    """Whether the things stand to the places as is wanted; nothing is said where the annotation is empty."""
    return wanted is None or {one.relation for one in found} == {{"within": "in", "intersects": "in"}.get(wanted, wanted)}


# what is looked for in images, or mapped
def feature_right(heard: Heard, wanted: str | None) -> bool:
    """Whether the kind of things that is looked for is the one that is wanted, by its own words or by another word for the same."""
    found = [*_features(heard)]
    if wanted is None:
        return not found
    kind = set(kinds_of(wanted))
    services = {word for _, words in heard.typed("operator") for word in lemmas(words)}
    return any(
        lemmas(one) == lemmas(wanted) or kind & set(kinds_of(one)) or set(lemmas(one)) < set(lemmas(wanted)) <= {*lemmas(one), *services}
        for one in found
    )


def _features(heard: Heard) -> Iterator[str]:
    """Words for kinds of things other than products, and themes that do not make a collection."""
    request = heard.request
    told = [(words, one.value) for one, words in heard.typed("product") if any(map(_is_theme, one.value))]
    themes = [words for words, _ in told]
    plain = [*themes, *(each.than.value for _, value in told for each in value if _is_text(each))]
    named = next((one.than.value.lower() for one in _all(request.target) if _is_text(one) and one.value.label == "collection"), "")
    searched = request.form != "run" and not _gathers(request)
    for one, words in heard.typed("class"):
        kinds = {each.value.iri or each.value.label for each in one.value}
        of_named = named and collection("", [words.lower()]) == named
        if not kinds & {_PRODUCT, "collection"} and not (searched and (of_named or _of_theme(words, plain))):
            yield words
    yield from () if searched else themes
    yield from (one.measure for one in request.columns if isinstance(one, Measure))


def _is_theme(one: Any) -> bool:
    return _is_text(one) and one.value.label == "theme"


def _of_theme(words: str, themes: Sequence[str]) -> bool:
    """Whether a class is but another word of the theme that makes the collection: "fire modis thermal anomalies"."""
    return any(set(kinds_of(words)) & set(kinds_of(theme)) or lemmas(words) == lemmas(theme) for theme in themes)


# the other slots
def _time(conditions: list[Any]) -> tuple[str | None, str | None] | None:
    for one in conditions:
        if isinstance(one, Temporal):
            return _days(one.intervals[0], one.intervals[-1]) if one.intervals else (None, f"P{one.days}D")
    return None


def _days(first: Interval, last: Interval) -> tuple[str | None, str | None]:
    return first.start.isoformat() if first.start else None, (last.end - timedelta(days=1)).isoformat() if last.end else None


def _filters(request: Request, conditions: list[Any]) -> Iterator[tuple[str, str, str]]:
    vague = {one.code for one in request.assumptions}
    for one in conditions:
        if isinstance(one, Spatial) and one.metres is not None:
            yield "distance", one.op or "<=", f"{one.metres:g}"
        if isinstance(one, Compare) and isinstance(one.value, Property) and one.value.label not in _TITLES | {"instrument"}:
            value = one.than.value if hasattr(one.than, "value") else None
            name = _FILTERS.get(one.value.label, one.value.label.replace(" ", "_"))
            plain = f"{value:g}" if isinstance(value, float) else str(value).lower()
            yield name, one.op, "vague" if name == "cloud_cover" and "cloud-free" in vague else plain


def _order(request: Request) -> tuple[str, str] | None:
    inner = [each.pick for one in request.target.constraints if isinstance(one, Spatial) for each in one.of if isinstance(each, Things)]
    by = request.order or request.target.pick or next((one for one in inner if one), None)
    if by is None:
        return None
    value = by.by
    name = value.label if isinstance(value, Property) else value.measure if isinstance(value, Measure) else "ratio"
    return _FILTERS.get(name, name.replace(" ", "_")), "desc" if by.descending else "asc"


def gold(row: dict[str, Any], vague: bool = False) -> dict[str, Any]:
    """The annotated slots, in the same form."""
    given, order = row["slots"], row["slots"]["order"]
    return {
        "intent": given["intent"],
        "collection": given["collection"] and given["collection"].lower(),
        "product_type": given["product_type"],
        "time": _gold_time(given["time"]),
        "filters": sorted((one["property"], one["op"], _gold_value(one, vague)) for one in given["filters"]),
        "limit": given["limit"],
        "order": order and (order["property"], order["direction"]),
    }


def _gold_value(one: dict[str, Any], vague: bool) -> str:
    if one["property"] == "distance":
        return f"{converted(one['value'], one['unit'], 'm'):g}"
    return "vague" if vague and one["property"] == "cloud_cover" else str(one["value"]).lower()


def _gold_time(time: dict[str, Any] | None) -> tuple[str | None, str | None] | None:
    if time and time.get("relative") == "last week":
        monday = reference_day() - timedelta(days=reference_day().weekday() + 7)
        return monday.isoformat(), (monday + timedelta(days=6)).isoformat()
    return (time.get("start"), time.get("end") or time.get("duration")) if time else None


def reference_day() -> date:
    """What "last week" counts from."""
    return date.fromisoformat(json.loads((QA / "eo_requests.json").read_text("utf-8"))["reference_date_for_relative_expressions"])


# judging
def outcome(asking: Asker, question: str) -> str:
    """``followup`` if it goes on with what was asked before, ``clarify`` if nothing comes of it alone, else empty."""
    later = understand(question, asking.knowledge, TODAY, dialogue=_BEFORE)
    if later.requests and {_EARLIER, _SCENE} & {*_named(later.requests[0].target)}:
        return "followup"
    alone = understand(question, asking.knowledge, TODAY)
    return "clarify" if alone.refusal and alone.refusal.code in _ASKED_BACK else ""


_ASKED_BACK = {"not-understood", "not-a-question", "missing-place", "missing-time"}


def _named(things: Things) -> Iterator[Named]:
    yield from things.named
    for one in things.constraints:
        for inner in one.of if isinstance(one, Spatial) else ():
            if isinstance(inner, Things):
                yield from _named(inner)


def wrong(heard: Heard | None, row: dict[str, Any]) -> dict[str, Any]:
    """The slots that are not right, with what was understood and what is wanted."""
    given = row["slots"]
    vague = heard is not None and any(one.code == "cloud-free" for one in heard.request.assumptions)
    wanted, got = gold(row, vague), slots(heard) if heard else None
    found = {name: (got and got[name], value) for name, value in wanted.items() if got is None or got[name] != value}
    if heard:
        if (wanted["collection"], wanted["product_type"]) in _as_said(heard):
            found.pop("collection", None)
            found.pop("product_type", None)
        if wanted["intent"] == "count" and any(one.code == "counted-all" for one in heard.request.assumptions):
            found.pop("limit", None)
        if wanted["limit"] == 1 and heard.request.target.pick and heard.request.target.pick.count == 1:
            found.pop("limit", None)
        there = places(heard)
        if not places_right(there, given["place"] or []):
            found["place"] = [sorted(one.ways) for one in there], given["place"]
        elif not relation_right(there, given["place_relation"]):
            found["place_relation"] = [one.relation for one in there], given["place_relation"]
        if not feature_right(heard, given["feature_class"]):
            found["feature_class"] = [*_features(heard)], given["feature_class"]
    return found


def cases(asking: Asker) -> Iterator[Case]:
    """Every request, judged by its slots; of those that are to be asked back about or that go on with another, what comes of them."""
    for row in items():
        intent, text = row["slots"]["intent"], row["question"]
        found, seconds = asking.understand(text)
        heard = Heard(text, found[0]) if found else None
        if intent in {"clarify", "followup"}:
            came = outcome(asking, text)
            right, note = came == intent, f"{came or 'a request of its own'}: {heard and slots(heard)}"
        else:
            lost = wrong(heard, row)
            right, note = not lost, f"got, wanted: {lost} unknown={heard and list(heard.request.unknown)}"
        yield Case(row["id"], intent, text, right, "" if right else "answer" if heard else "grammar", note, seconds)
