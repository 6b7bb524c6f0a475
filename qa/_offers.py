"""Questions that a run of a service can answer: its templates, which are data of its descriptor, matched and filled.

::

    template   Map the floods in {place} between {date1} and {date2}          slots: place → aoi, date1 → start, date2 → end
    question   Map the floods north-west of Sydney between 15 and 25 March 2021
               ╰── all words of the template that say something ──╯ ╰ place ╯ ╰── period ──╯

Every word of the question must belong to the template, a place, a direction, a period or the small words between: a word that is left over
could change what is asked for, and then nothing is proposed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import shapely

from earthweave.ontology.geometry import read_wkt, write_wkt

from ._lexicon import Lexicon, Match
from ._ports import Endpoint, Estimate, Limits, Offer
from ._refusal import Refusal, missing_place
from ._request import Assumption, Place, Temporal
from ._spans import Reading, best
from ._text import Question, Token, read
from ._time import find_times
from ._words import phrases

_SLOT = re.compile(r"\{(\w+)\}")
_SMALL = frozenset({"filler", "in", "constrains", "generic"})
_SIDE = 60_000.0
"""Metres of the square that a direction, or a place without extent, stands for."""
_DEGREE = 111_320.0
"""Metres of a degree of latitude, roughly; the square is a convention, not a measure."""
_COMPASS: Mapping[str, tuple[int, int]] = {"north": (0, 1), "south": (0, -1), "east": (1, 0), "west": (-1, 0)}
_AROUND = frozenset({"around", "near", "nearby"})


@dataclass(frozen=True)
class Proposal:
    """A run that would answer a question, if somebody starts it.

    Attributes:
        service, title: of the service.
        parameters: what the question says of it, JSON values.
        assumptions: made on the way.
        estimate: what it would cost, None if nobody can tell.
    """

    service: str
    title: str
    parameters: Mapping[str, Any]
    assumptions: tuple[Assumption, ...] = ()
    estimate: Estimate | None = None

    def to_json(self) -> dict[str, Any]:
        """As JSON data."""
        cost = self.estimate and {"seconds": self.estimate.seconds, "notes": [*self.estimate.notes]}
        return {
            "service": self.service, "title": self.title, "parameters": dict(self.parameters),
            "assumptions": [one.text for one in self.assumptions], "estimate": cost,
        }  # fmt: skip


def propose(
    question: str, offers: Sequence[Offer], lexicon: Lexicon, endpoint: Endpoint, *, today: date, limits: Limits
) -> Proposal | Refusal | None:
    """The run that a question asks for; a refusal if its place is not known; None if it fits no template."""
    asked = read(question)
    for offer in offers:
        found = _Attempt(asked, offer, lexicon, today).filled()
        if isinstance(found, Refusal):
            return found
        if found is not None:
            return _with_area(offer, found, endpoint, limits)
    return None


Filled = tuple[Match, tuple[int, int], Temporal, tuple[Assumption, ...]]
"""Place, direction (east, north), period, and what was assumed."""


@dataclass
class _Attempt:
    question: Question
    offer: Offer
    lexicon: Lexicon
    today: date

    def filled(self) -> Filled | Refusal | None:
        """What the question says for the slots of the template."""
        tokens = self.question.tokens
        times = [time for time in find_times(tokens, self.today) if time.interval.start and time.interval.end]
        wanted = _words(self.offer.text)
        if len(times) != 1 or not wanted <= {token.lemma for token in tokens}:
            return None
        taken = set(range(times[0].start, times[0].end)) | {at for at, token in enumerate(tokens) if token.lemma in wanted}
        direction, used = _direction(tokens, taken)
        small, place = self._rest(taken | used)
        covered = taken | used | small | (set(range(place.start, place.end)) if place else set())
        left = sorted(set(range(len(tokens))) - covered)
        if place is None:
            return self._nameless(left)
        return None if left else (place.value, direction, times[0].interval, times[0].assumptions)

    def _nameless(self, left: Sequence[int]) -> Refusal | None:
        """No place was read: if one run of words is left over, that is a name which the store does not have."""
        if not left or left[-1] - left[0] >= len(left):
            return None
        name = self.question.words(left[0], left[-1] + 1)
        return missing_place(name, self.lexicon.suggest(name))

    def _rest(self, taken: set[int]) -> tuple[set[int], Reading | None]:
        """Tokens that say nothing, and the one place, among those that are not taken."""
        readings = (*phrases(self.question), *self.lexicon.read(self.question))
        kinds = _SMALL | {"place"}
        free = [one for one in readings if one.kind in kinds and taken.isdisjoint(range(one.start, one.end))]
        chosen = best(free, len(self.question.tokens), 1)[0]
        places = [one for one in chosen if one.kind == "place"]
        small = {at for one in chosen if one.kind != "place" for at in range(one.start, one.end)}
        return small, places[0] if len(places) == 1 else None


def _words(template: str) -> frozenset[str]:
    """Lemmas of a template that say something: neither slots nor small words."""
    plain = read(_SLOT.sub(" ", template))
    small = {at for one in phrases(plain) if one.kind in _SMALL for at in range(one.start, one.end)}
    return frozenset(token.lemma for at, token in enumerate(plain.tokens) if token.is_word and at not in small)


def _direction(tokens: Sequence[Token], taken: set[int]) -> tuple[tuple[int, int], set[int]]:
    """``north-west of``, ``northwest of``, ``around``: (east, north) and the tokens that say so; (0, 0) if none does."""
    east = north = 0
    used = set[int]()
    for at, token in enumerate(tokens):
        if at in taken:
            continue
        if token.lower in _AROUND:
            used.add(at)
        for points in _points(token.lower):
            east, north = east + points[0], north + points[1]
            used |= {at} | ({at + 1} if at + 1 < len(tokens) and tokens[at + 1].text == "-" else set())
    behind = max(used, default=-2) + 1
    return (east, north), used | ({behind} if 0 < behind < len(tokens) and tokens[behind].lower == "of" else set())


def _points(word: str) -> Iterator[tuple[int, int]]:
    """The points of the compass that a word is made of; nothing if anything else is in it."""
    rest, found = word.replace("-", ""), []
    for name, point in _COMPASS.items():
        if name in rest:
            rest = rest.replace(name, "", 1)
            found.append(point)
    if not rest:
        yield from found


def _with_area(offer: Offer, filled: Filled, endpoint: Endpoint, limits: Limits) -> Proposal | Refusal:
    match, direction, period, notes = filled
    place = match.places[0]
    shape = _shape(place, endpoint, limits)
    if shape is None:
        return Refusal("missing-place", f"The store has no outline of {place.name}, so that there is no area to work on.")
    area, note = _area(place, shape, direction)
    assert period.start and period.end
    said = {"place": write_wkt([area])[0], "date1": period.start, "date2": period.end - timedelta(days=1)}
    parameters = {parameter: _plain(said[slot]) for slot, parameter in offer.slots.items() if slot in said}
    return Proposal(offer.service, offer.title, parameters, (note, *notes))


def _plain(value: Any) -> str:
    return f"{value.isoformat()}T00:00:00Z" if isinstance(value, date) else str(value)


def _shape(place: Place, endpoint: Endpoint, limits: Limits) -> Any:
    """The place's geometry; None if it has none that can be read."""
    geometry = "<http://www.opengis.net/ont/geosparql#hasGeometry>/<http://www.opengis.net/ont/geosparql#asWKT>"
    table = endpoint.select(f"SELECT ?wkt WHERE {{ <{place.iri}> {geometry} ?wkt }} LIMIT 1", limits)
    texts = [row[0].value for row in table.rows if row[0] is not None]
    found = read_wkt(texts).geometries[0] if texts else None
    return None if found is None or found.is_empty else found


def _area(place: Place, shape: Any, direction: tuple[int, int]) -> tuple[Any, Assumption]:
    """The box of a place, or the square beside its middle in a direction."""
    west, south, east, north = shape.bounds
    middle = (west + east) / 2, (south + north) / 2
    side = _SIDE / _DEGREE / max(0.1, math.cos(math.radians(middle[1]))), _SIDE / _DEGREE
    if direction == (0, 0):
        small = east - west < side[0] and north - south < side[1]
        if not small:
            return shape.envelope, Assumption("area", f"The area is the box around {place.name}.")
        text = f"The area is a square of {_SIDE / 1000:.0f} km around the middle of {place.name}."
    else:
        words = "-".join(name for name in (_name(direction, 1), _name(direction, 0)) if name)
        text = f"'{words} of {place.name}' is read as the square of {_SIDE / 1000:.0f} km that begins at its middle."
    corner = [centre + (point - 1) / 2 * length for centre, point, length in zip(middle, direction, side, strict=True)]
    box = shapely.box(*(round(value, 5) for value in (corner[0], corner[1], corner[0] + side[0], corner[1] + side[1])))
    return box, Assumption("area", text)


def _name(direction: tuple[int, int], axis: int) -> str:
    return next((name for name, point in _COMPASS.items() if point[axis] and point[axis] == direction[axis]), "")
