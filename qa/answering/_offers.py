"""Runs of services that would bring what a request asks for: templates are data of the services, matched by what they are about.

::

    template   Map the floods in {place} between {date1} and {date2}     about: flooded area     slots: place → aoi, date1 → start, …
    request    find administrative units meeting flooded areas …         about: administrative unit, flooded area
                    ╰ north-west of Sydney ─▶ place    ╰ from 15 to 25 March 2021 ─▶ date1, date2
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import shapely

from earthweave.ontology.geometry import read_wkt, write_wkt

from .._ports import Endpoint, Estimate, Launcher, Limits, Offer
from ..knowledge import Knowledge, key, kinds_of, lemmas
from ..language import Reading, RelationWord, annotate, read
from ..planning import plan, run
from ..request import Amount, Assumption, Box, Compare, Concept, Interval, Named, Point, Property, Request, Spatial, Temporal, Things
from ._chips import near_metres
from ._figures import listed, metres, plural
from ._linking import linked
from ._refusals import Refusal
from ._tree import all_things, walk

_SLOT = re.compile(r"\{(\w+)\}")
_SIDE = 60_000.0
"""Metres of the square that a direction, or a place without extent, stands for."""
_DEGREE = 111_320.0
"""Metres of a degree of latitude, roughly; the square is a convention, not a measure."""
_POINTS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "north": (0, 1), "south": (0, -1), "east": (1, 0), "west": (-1, 0), "northeast": (1, 1), "northwest": (-1, 1),
        "southeast": (1, -1), "southwest": (-1, -1),
    }
)  # fmt: skip
"""Direction → east, north."""


@dataclass(frozen=True)
class Proposal:
    """A run that would answer a request, if somebody starts it.

    Attributes:
        service, title: of the service.
        parameters: what the request says of it, JSON values.
        request: that is answered from what the run brings.
        area: to work on, a geometry of GeoJSON; None if the service asks for none.
        start, end: first and last day, ISO 8601; empty if the service asks for none.
        assumptions: made on the way.
        estimate: what it would cost, None if nobody can tell.
        makes: the kinds of things that it brings, as the lexicon calls them.
    """

    service: str
    title: str
    parameters: Mapping[str, Any]
    request: Request | None = None
    area: Mapping[str, Any] | None = None
    start: str = ""
    end: str = ""
    assumptions: tuple[Assumption, ...] = ()
    estimate: Estimate | None = None
    makes: frozenset[str] = frozenset()

    @property
    def text(self) -> str:
        """A sentence that offers it, or says what stands in its way."""
        if self.estimate and self.estimate.obstacle:
            return f"That needs a run of {self.service} ({self.title}), which would fail as things stand: {self.estimate.obstacle}"
        cost = f", some {max(1, round(self.estimate.seconds)):,} s" if self.estimate else ""
        return f"That needs a run of {self.service} ({self.title}{cost}). It is not started until you say so."

    def to_json(self) -> dict[str, Any]:
        """As JSON data."""
        cost = self.estimate and {
            "seconds": self.estimate.seconds, "memory_mib": self.estimate.memory_mib, "notes": [*self.estimate.notes],
            "obstacle": self.estimate.obstacle,
        }  # fmt: skip
        return {
            "service": self.service, "title": self.title, "text": self.text, "parameters": dict(self.parameters), "area": self.area,
            "start": self.start or None, "end": self.end or None, "assumptions": [one.text for one in self.assumptions],
            "estimate": cost, "request": self.request and self.request.to_json(),
        }  # fmt: skip


def propose(request: Request, launcher: Launcher, knowledge: Knowledge, endpoint: Endpoint, limits: Limits) -> Proposal | Refusal | None:
    """The run that a request asks for; a refusal if it lacks a place or a time; None if no service makes what it is about."""
    lacking: Refusal | None = None
    for offer in launcher.offers():
        if _fits(request, offer):
            found = _beyond(request, offer) or _Filling(request, offer, knowledge, endpoint, limits).proposal(launcher)
            if isinstance(found, Proposal):
                return found
            lacking = lacking or found
    return lacking


def _beyond(request: Request, offer: Offer) -> Refusal | None:
    """The refusal where a request is also about what neither the store has nor the run brings: roads beside floods."""
    made = makes(offer.text)
    kinds = [one.label for _, things in all_things(request) for one in things.classes if not one.iri and _kind(one.label) not in made]
    values = [one.label for _, one in walk(request) if isinstance(one, Property) and not one.iri and not _told_of(one.label, made)]
    if not kinds and not values:
        return None
    said = listed(dict.fromkeys([*map(plural, kinds), *values]))
    text = f"The store has no data about {said}, and a run of {offer.service} brings none."
    hint = f"Load data about {said} into the store, then ask again."
    return Refusal("no-data-layer" if kinds else "unknown-property", text, hint, tuple(dict.fromkeys([*kinds, *values])))


def _told_of(label: str, kinds: Iterable[str]) -> bool:
    """Whether a property is called like one of things of these kinds: the flood level of flooded areas."""
    words = [word for kind in kinds for word in lemmas(kind)]
    return any(word.startswith(part) for part in lemmas(label) for word in words)


def mapped_already(request: Request, proposal: Proposal, knowledge: Knowledge, endpoint: Endpoint, limits: Limits) -> bool:
    """Whether the store has, in the area and time of a run, what that would bring: then a request is empty for another reason."""
    for _, things in all_things(request):
        kinds = tuple(one for one in things.classes if one.iri and _kind(one.label) in proposal.makes)
        if not kinds:
            continue
        times = tuple(one for _, one in walk(request) if isinstance(one, Temporal))[:1]
        where = (Spatial("intersects", (Box(*shapely.geometry.shape(dict(proposal.area)).bounds),)),) if proposal.area else ()
        planned = plan(Request("ask", Things(kinds, constraints=(*where, *times))), knowledge, limits)
        return not planned.refusal and bool(run(planned, endpoint, limits).truth)
    return False


def _fits(request: Request, offer: Offer) -> bool:
    if request.form == "run" and request.service:
        said = {*lemmas(offer.title), *lemmas(offer.text), *lemmas(offer.service)}
        return said.issuperset(lemmas(request.service)) or bool(_about(request) & makes(offer.text))
    return bool(_about(request) & makes(offer.text))


@lru_cache(maxsize=64)
def makes(template: str) -> frozenset[str]:
    """The kinds of things, and the properties, that a template is about, as the lexicon calls them."""
    question = read(_SLOT.sub(" ", template))
    found: set[str] = set()
    for reading in annotate(question, Knowledge(), date.min):
        if reading.kind == "class":
            found |= {_kind(one.value.label) for one in reading.value}
        elif reading.kind == "property":
            found |= {one.value.property.label for one in reading.value if one.value.property}
    return frozenset(found)


def templated(text: str, offers: Sequence[Offer], knowledge: Knowledge, today: date) -> Request | None:
    """A request in the words of a template that the grammar does not read: what it is about, at the place and time that are named.

    Every word must belong to the template, the place, the time, or the small words between.
    """
    question = read(text)
    readings = annotate(question, knowledge, today)
    for offer in offers:
        wanted = {token.lemma for token in read(_SLOT.sub(" ", offer.text)).tokens if token.is_word}
        said = {at for at, token in enumerate(question.tokens) if token.lemma in wanted or not token.is_word}
        content = wanted - _SMALL
        if content and content <= {token.lemma for token in question.tokens}:
            found = _pieces(readings, said, len(question.tokens))
            if found is not None:
                kinds = tuple(Concept(kind) for kind in sorted(makes(offer.text)))[:1]
                return linked(Request("find", Things(kinds, constraints=found), draw=True), knowledge)
    return None


_SMALL = frozenset("the a an in on at of for and or between from to there are is were was which what where how many".split())


def _pieces(readings: Sequence[Reading], said: set[int], size: int) -> tuple[Spatial | Temporal, ...] | None:
    """The place and the time of a question; None if words are left over."""
    best = [max((one for one in readings if one.kind == kind), key=lambda one: (one.score, one.end - one.start), default=None)
            for kind in ("name", "time")]  # fmt: skip
    name, time = best
    if name is None or time is None:
        return None
    relation = next((one.value for one in readings if one.kind == "relation" and one.end == name.start), RelationWord("within"))
    covered = {at for one in readings if one in best or one.kind in ("relation", "filler") for at in range(one.start, one.end)}
    if set(range(size)) - said - covered:
        return None
    return Spatial(relation.relation, (Things(named=(name.value[0].value,)),)), time.value


def _kind(label: str) -> str:
    return (kinds_of(label) or (label,))[0]


def _about(request: Request) -> frozenset[str]:
    kinds = {_kind(one.label) for _, things in all_things(request) for one in things.classes}
    return frozenset(kinds | {one.label for _, one in walk(request) if isinstance(one, Property)})


@dataclass
class _Filling:
    request: Request
    offer: Offer
    knowledge: Knowledge
    endpoint: Endpoint
    limits: Limits
    notes: list[Assumption] = field(default_factory=list)
    area: Any = None
    span: Interval | None = None

    def proposal(self, launcher: Launcher) -> Proposal | Refusal | None:
        values: dict[str, Any] = {}
        for slot, parameter in self.offer.slots.items():
            fill = _FILLS.get(slot)
            found = fill(self) if fill else None
            if isinstance(found, Refusal):
                return found
            if found is None and not fill:
                return None
            values[parameter] = found
        values = {name: value for name, value in values.items() if value is not None}
        area = None if self.area is None else shapely.geometry.mapping(self.area)
        start, end = (self.span.start, self.span.end) if self.span else (None, None)
        last = end and end - timedelta(days=1)
        return Proposal(
            self.offer.service, self.offer.title, values, self.request, area, start.isoformat() if start else "",
            last.isoformat() if last else "", tuple(self.notes), launcher.estimate(self.offer.service, values),
            makes(self.offer.text),
        )  # fmt: skip

    # slots
    def place(self) -> str | Refusal:
        """WKT of the area: the first place that the request names, or the square beside it in a direction."""
        for spatial in self.spatial():
            for argument in spatial.of:
                if isinstance(argument, Things) and not argument.named:
                    continue
                shape, name = self.shape(argument)
                if isinstance(shape, Refusal):
                    return shape
                self.area = self.region(spatial, shape, name)
                return str(write_wkt([self.area])[0])
        return Refusal("missing-place", f"Where? {self.offer.title} needs a place to work on.", "Name a place, or draw an area on the map.")

    def region(self, spatial: Spatial, shape: Any, name: str) -> Any:
        """What a relation to a place speaks of."""
        outlined = shapely.area(shape) > 0
        if outlined and spatial.relation in ("within", "intersects"):
            return self.box(shape, name)
        if outlined and spatial.relation == "near":
            return self.around(shape, name, near_metres(spatial, self.knowledge))
        if spatial.relation == "distance" and spatial.metres and spatial.op in (None, "<", "<="):
            return self.around(shape, name, spatial.metres)
        return self.beside(shape, name, _POINTS.get(spatial.relation, (0, 0)))

    def spatial(self) -> Iterator[Spatial]:
        yield from (one for _, one in walk(self.request) if isinstance(one, Spatial) and not one.negated)
        if self.request.target.named:
            yield Spatial("within", (Things(named=self.request.target.named),))

    def shape(self, argument: Things | Point | Box) -> tuple[Any, str]:
        """A geometry, or the refusal of a place that has none."""
        if isinstance(argument, Point):
            return shapely.Point(argument.lon, argument.lat), "the point"
        if isinstance(argument, Box):
            return shapely.box(argument.west, argument.south, argument.east, argument.north), "the area"
        named = argument.named[0]
        if not named.iris:
            return unknown_place(named, self.knowledge), named.name
        found = outline(named, self.knowledge, self.endpoint, self.limits)
        if found is None:
            text = f"The store has no outline of {named.name}, so that there is no area to work on."
            return Refusal("missing-place", text, "Draw an area on the map.", (named.name,)), named.name
        return found, named.name

    def box(self, shape: Any, name: str) -> Any:
        self.notes.append(Assumption("area", f"The area is the box around {name}.", name))
        return shape.envelope

    def around(self, shape: Any, name: str, reach: float) -> Any:
        """The box of a place, with so many metres to each side."""
        west, south, east, north = shape.bounds
        up = reach / _DEGREE
        aside = up / max(0.1, math.cos(math.radians((south + north) / 2)))
        self.notes.append(Assumption("area", f"The area is the box around {name}, with {metres(reach)} to each side.", name))
        return shapely.box(*(round(value, 5) for value in (west - aside, south - up, east + aside, north + up)))

    def beside(self, shape: Any, name: str, direction: tuple[int, int]) -> Any:
        """The box of a place, or the square beside its middle in a direction."""
        west, south, east, north = shape.bounds
        middle = (west + east) / 2, (south + north) / 2
        side = _SIDE / _DEGREE / max(0.1, math.cos(math.radians(middle[1]))), _SIDE / _DEGREE
        if direction == (0, 0):
            if east - west >= side[0] or north - south >= side[1]:
                return self.box(shape, name)
            text = f"The area is a square of {_SIDE / 1000:.0f} km around the middle of {name}."
        else:
            words = "-".join(filter(None, ({1: "north", -1: "south"}.get(direction[1]), {1: "east", -1: "west"}.get(direction[0]))))
            text = f"'{words} of {name}' is read as the square of {_SIDE / 1000:.0f} km that begins at its middle."
        self.notes.append(Assumption("area", text, name))
        corner = [centre + (point - 1) / 2 * length for centre, point, length in zip(middle, direction, side, strict=True)]
        return shapely.box(*(round(value, 5) for value in (corner[0], corner[1], corner[0] + side[0], corner[1] + side[1])))

    def days(self) -> Interval | Refusal:
        """All the time that the request speaks of, as one span."""
        if self.span is None:
            times = [one for _, one in walk(self.request) if isinstance(one, Temporal)]
            spans = [interval for one in times for interval in one.intervals]
            if not spans or any(one.start is None or one.end is None for one in spans):
                text = f"When? {self.offer.title} needs a first and a last day."
                return Refusal("missing-time", text, "Say from when to when, as in: between 15 and 25 March 2021.")
            starts, ends = zip(*((one.start, one.end) for one in spans if one.start and one.end), strict=True)
            self.span = Interval(min(starts), max(ends))
        return self.span

    def first(self) -> str | Refusal:
        """The first day, as a date-time."""
        found = self.days()
        return found if isinstance(found, Refusal) else f"{found.start}T00:00:00Z"

    def last(self) -> str | Refusal:
        """The last day, as a date-time."""
        found = self.days()
        if isinstance(found, Refusal):
            return found
        assert found.end, "days are closed"
        return f"{found.end - timedelta(days=1)}T00:00:00Z"

    def cloud(self) -> float | None:
        """The highest share of clouds that is asked for; a run has a usual one if none is."""
        for _, one in walk(self.request):
            if isinstance(one, Compare) and isinstance(one.value, Property) and "cloud" in one.value.label and isinstance(one.than, Amount):
                return one.than.value
        return None

    def number(self) -> int | None:
        """How many are asked for."""
        return self.request.limit


_FILLS: Mapping[str, Callable[[_Filling], Any]] = MappingProxyType(
    {
        "place": _Filling.place, "date": _Filling.first, "date1": _Filling.first, "date2": _Filling.last, "cloud": _Filling.cloud,
        "number": _Filling.number,
    }
)  # fmt: skip
"""Slot of a template → what the request says for it."""
SLOTS: Sequence[str] = tuple(_FILLS)


def unknown_place(named: Named, knowledge: Knowledge) -> Refusal:
    """A place is named that the store does not have."""
    found = knowledge.names.similar(key(named.name)) if named.name else ()
    names = tuple(dict.fromkeys(match.named.name for match, _ in found))[:5]
    meant = f" Did you mean {' or '.join(names)}?" if names else ""
    return Refusal("unknown-place", f"The store has nothing called {named.name!r}.{meant}", about=(named.name,), suggestions=names)


def outline(named: Named, knowledge: Knowledge, endpoint: Endpoint, limits: Limits) -> Any:
    """The geometry of a named thing; None if it has none that can be read."""
    planned = plan(Request("find", Things(named=(named,))), knowledge, limits)
    rows = () if planned.refusal else run(planned, endpoint, limits).rows
    texts = [row.feature.geometry for row in rows if row.feature.geometry]
    found = read_wkt(texts[:1]).geometries[0] if texts else None
    return None if found is None or found.is_empty else found
