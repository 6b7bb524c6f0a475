"""Follow-up questions: edits of the last request, read by the same grammar as whole questions.

::

    "and in 2022?"                    a time        ─▶ in the place of the last time
    "what about Bavaria?"             a name        ─▶ in the place of the last place
    "only with less than 10 % cloud"  conditions    ─▶ beside the last ones, or in the place of one of the same kind
    "sort by date", "the first five"  order, limit
    "without the clouds", "any time"  takes away
    "how many are there?"             another form
    "show the second one"             one thing of the last answer
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from earthweave.ontology import EW, ParameterError

from ..grammar import Fragment, parse_fragment
from ..knowledge import Knowledge
from ..language import Phrases, Question, Reading, add_months
from ..request import Assumption, Box, Compare, Constraint, Interval, Named, Property, Request, Spatial, Temporal, Text, Things
from ._merge import merged, placed, timed, without_kind
from ._tree import all_things, walk

_LEAST = 0.5
"""Share of the words with content that a follow-up must use."""
_MOST = 1000
"""Things that a follow-up may pick at most."""
_LEADS = frozenset(
    "and what about how only just now but also then same the for show me ones those them these instead please with ok okay so again "
    "do it that this of".split()
)
_TRAILS = frozenset("instead please then too only alone".split())
_CUES = frozenset("and only just instead also but now then same ones those them these it they sort order without".split())
_NTH = {
    word: place
    for place, words in enumerate(
        (
            "first 1st", "second 2nd", "third 3rd", "fourth 4th", "fifth 5th", "sixth 6th", "seventh 7th", "eighth 8th", "ninth 9th",
            "tenth 10th",
        )
    )
    for word in words.split()
} | {"last": -1}  # fmt: skip
_ABOUT_ONE = frozenset(
    "show me the only just open zoom to on display one result item please and what about is map details of tell more number which "
    "a pick take see ? ! .".split()
)
_COUNTING = frozenset("how many are there is that of them in total altogether those these count and were was the so ? ! .".split())
_LISTING = frozenset("list them show me which ones are they what those these the please and all give name on as a map ? ! .".split())
_AWAY = frozenset("without ignore drop remove forget clear any no whatever regardless anywhere everywhere whenever ignoring leave".split())
_HAVING = frozenset("have has had having with".split())
_KINDS = {
    "time": "when", "date": "when", "day": "when", "month": "when", "year": "when", "period": "when", "whenever": "when", "place": "where",
    "where": "where", "location": "where", "area": "where", "region": "where", "anywhere": "where", "everywhere": "where",
    "limit": "limit", "order": "order", "sorting": "order",
}  # fmt: skip
_VIEW = Phrases([
    (0, "area i|we am|'m|are looking at, area i|we see, current view, map view, current map, visible area, area shown, "
        "area on the map|screen, map extent, current extent, what i see, in view, in the view, part of the map i see, "
        "on the screen, this area, this view, the viewport")
])  # fmt: skip


@dataclass(frozen=True)
class Dialogue:
    """What was said before: the last request, and the things of its answer in the order in which they were listed.

    A thing without an IRI (a blank node) has its place, but cannot be asked about.
    """

    request: Request
    things: tuple[Named, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As JSON data; `Dialogue.from_json` is its inverse."""
        return {"request": self.request.to_json(), "things": [{"iri": (*one.iris, "")[0], "name": one.name} for one in self.things]}

    @classmethod
    def from_json(cls, data: Any) -> Dialogue:
        """Read JSON data; raises `ParameterError` that says where it does not fit."""
        if not isinstance(data, dict) or not isinstance(data.get("things", []), list):
            raise ParameterError(
                "a dialogue is an object with a request, and with things", way_out="send back what came with the last answer"
            )
        rows = [one for one in data.get("things", []) if isinstance(one, dict)]
        things = tuple(Named(str(one.get("name", "")), (str(one["iri"]),) if one.get("iri") else ()) for one in rows)
        return cls(Request.from_json(data.get("request")), things)


def seen(question: Question, view: Box | None) -> list[Reading]:
    """Words for what the map shows, as coordinates."""
    if view is None:
        return []
    return [Reading("coordinates", start, end, view, 1.0, "view") for _, start, end in _VIEW.find(question)]


def follow(
    question: Question, readings: Sequence[Reading], own: Request | None, knowledge: Knowledge, today: date, last: Dialogue
) -> Request | None:
    """The last request, edited as a follow-up says; None if it is a question of its own.

    Args:
        own: what the question means by itself, None if nothing.
    """
    words = [token.lower for token in question.tokens]
    if not words:
        return None
    for form in (_one_thing, _this, _other_form, _taken_away, _unsimulated):
        found = form(words, last, knowledge)
        if found is not None:
            return found
    if own is not None and _independent(own) and not _cued(words) and not _adds_only(own, last.request):
        return None
    return _fragment(question, readings, knowledge, today, last.request)


def _cued(words: Sequence[str]) -> bool:
    last = next((word for word in reversed(words) if word not in ("?", "!", ".", "please")), "")
    return (
        words[0] in _CUES
        or last in ("only", "instead")
        or words[:2] in (["what", "about"], ["how", "about"])
        or not {"those", "them", "these", "ones"}.isdisjoint(words)
    )


def _adds_only(own: Request, last: Request) -> bool:
    """Whether it says only which of them, or in what order: "select the clearest scene" is one of those that were found."""
    kinds = {one.iri for one in own.target.classes}
    alike = bool(kinds) and kinds == {one.iri for one in last.target.classes}
    return alike and not own.target.named and not own.target.constraints and bool(own.target.pick or own.order)


def _independent(own: Request) -> bool:
    """Whether a request says itself what it is about."""
    return bool(own.target.classes) or bool(own.target.named) or own.form == "run"


def _one_thing(words: Sequence[str], last: Dialogue, knowledge: Knowledge) -> Request | None:
    """``the second one``."""
    del knowledge
    said = [word for word in words if word not in _ABOUT_ONE]
    if len(said) != 1 or (said[0] not in _NTH and not said[0].isdecimal()) or "one" not in words and "number" not in words:
        return None
    numbered = said[0].isdecimal()
    place = int(said[0]) - 1 if numbered else _NTH[said[0]]
    if not (0 if numbered else -len(last.things)) <= place < len(last.things):
        return None
    return Request("find", Things(named=(last.things[place],)), draw=True)


def _this(words: Sequence[str], last: Dialogue, knowledge: Knowledge) -> Request | None:
    """``show this scene``: the one thing that was found, or the first."""
    del knowledge
    at = next((at for at, word in enumerate(words[:-1]) if word == "this"), None)
    if at is None or words[at + 1] not in _FOUND or not last.things:
        return None
    said = [word for word in words if word not in _ABOUT_ONE and word not in _FOUND and word != "this"]
    return Request("find", Things(named=last.things[:1]), draw=True, unknown=tuple(said))


_FOUND = frozenset("scene image picture photo product granule tile acquisition result item".split())


def _other_form(words: Sequence[str], last: Dialogue, knowledge: Knowledge) -> Request | None:
    """``how many are there?``, ``list them``, ``on a map``."""
    del knowledge
    request = last.request
    if _COUNTING.issuperset(words) and ("count" in words or "many" in words):
        return Request("count", replace(request.target, pick=None))
    if _LISTING.issuperset(words) and not {"list", "them", "which", "those", "these", "map", "they"}.isdisjoint(words):
        draw = "map" in words or request.draw
        return replace(request, draw=draw) if request.form == "find" else Request("find", request.target, draw=draw)
    return None


def _taken_away(words: Sequence[str], last: Dialogue, knowledge: Knowledge) -> Request | None:
    """``without the clouds``, ``at any time``, ``anywhere``."""
    del knowledge
    # "how many have no clouds" asks for cloud-free ones
    if _AWAY.isdisjoint(words) or ("no" in words and not _HAVING.isdisjoint(words)):
        return None
    kinds = {kind for word in words for kind in (_KINDS.get(word) or _KINDS.get(word.rstrip("s")),) if kind}
    return without_kind(
        last.request, kinds, frozenset(words) - _AWAY - _LEADS - {"condition", "restriction", "filter", "cover", "coverage"}
    )


def _unsimulated(words: Sequence[str], last: Dialogue, knowledge: Knowledge) -> Request | None:
    """``without the simulated ones``, ``only the simulated ones``."""
    if "simulated" not in words or str(EW.simulated) not in knowledge.properties or len(words) > 8:
        return None
    op = "!=" if not {"without", "not", "no", "except", "drop", "remove"}.isdisjoint(words) else "="
    mark = Compare(Property("simulated", str(EW.simulated)), op, Text("true"))  # type: ignore[arg-type]
    return merged(last.request, Request("find", Things(last.request.target.classes, constraints=(mark,))), knowledge)


def _fragment(question: Question, readings: Sequence[Reading], knowledge: Knowledge, today: date, last: Request) -> Request | None:
    readings = _of_the_year(readings, last)
    start = 0
    while start < len(question.tokens) and question.tokens[start].lower in _LEADS:
        start += 1
    end = len(question.tokens)
    while end > start and (not question.tokens[end - 1].is_word or question.tokens[end - 1].lower in _TRAILS):
        end -= 1
    # a preposition in front of a name or a time belongs to what it replaces
    single = _single(question, readings, start, end)
    if single is not None and single.kind == "name":
        return placed(last, Things(named=(single.value[0].value,)), knowledge)
    if single is not None and single.kind == "product":
        return merged(last, Request("find", Things(last.target.classes, constraints=single.value)), knowledge)
    if single is not None and single.kind == "coordinates":
        return placed(last, single.value, knowledge)
    if single is not None:
        return timed(last, single.value, knowledge, single.assumptions)
    return _by_grammar(question, readings, knowledge, today, last)


def _of_the_year(readings: Iterable[Reading], last: Request) -> list[Reading]:
    """Times without a year are of the year that was spoken of last: "and in May?"."""
    years = [year for _, one in walk(last) if isinstance(one, Temporal) for interval in one.intervals[-1:] if (year := _year(interval))]
    return [_moved(one, years[-1]) if years and one.kind == "time" else one for one in readings]


def _moved(reading: Reading, year: int) -> Reading:
    """The reading in a year, if it said none itself."""
    time: Temporal = reading.value
    own = _year(time.intervals[-1]) if time.intervals else None
    if own is None or not any(one.code == "year" for one in reading.assumptions):
        return reading
    months = 12 * (year - own)
    intervals = tuple(
        Interval(one.start and add_months(one.start, months), one.end and add_months(one.end, months)) for one in time.intervals
    )
    told = Assumption("year", f"No year was given: {year} is taken, as before.")
    notes = tuple(told if one.code == "year" else one for one in reading.assumptions)
    return replace(reading, value=replace(time, intervals=intervals), assumptions=notes)


def _year(interval: Interval) -> int | None:
    """The year that an interval is called by: that of its last day."""
    last = interval.end - timedelta(days=1) if interval.end else interval.start
    return last.year if last else None


def _single(question: Question, readings: Iterable[Reading], start: int, end: int) -> Reading | None:
    """The one name, place or time that is all that is said."""
    while start < end and question.tokens[start].lower in ("in", "at", "on", "for", "during", "within", "from", "the", "of"):
        start += 1
    found = [one for one in readings if one.start <= start and one.end == end and one.kind in ("name", "time", "coordinates", "product")]
    named = [one for one in found if one.kind != "name" or one.value[0].value.iris]
    return max(named or found, key=lambda one: (one.score, one.end - one.start), default=None)


def _by_grammar(question: Question, readings: Sequence[Reading], knowledge: Knowledge, today: date, last: Request) -> Request | None:
    """What a follow-up says of the things of the last request: of the target, or of what that is related to."""
    about = [things for _, things in all_things(last) if things.classes] or [last.target]
    ways = [parse_fragment(question, readings, knowledge, today, things) for things in about]
    said = [one for way in ways for one in [each for each in way if _says(each) and each.coverage >= _LEAST][:1]]
    if not said:
        return None
    best = _picked(max(said, key=lambda one: (one.coverage, one.score)), readings, last)
    return _put(best, last, knowledge)


def _picked(best: Fragment, readings: Sequence[Reading], last: Request) -> Fragment:
    """ "The three least cloudy" are three; "and the highest?" after the lowest of something is the highest of that."""
    if not best.pick:
        return best
    pick, before = best.pick, last.target.pick
    heights = [one for one in best.used if one.kind == "superlative" and "height" in one.value.hints]
    if before and heights and before.by != pick.by:
        pick = replace(before, descending=pick.descending)
    counts = [int(one.value.value) for one in readings if one.kind == "number" and one not in best.used and one.value.value.is_integer()]
    if len(counts) == 1 and pick.count == 1 and 1 < counts[0] <= _MOST:
        pick = replace(pick, count=counts[0])
    return replace(best, pick=pick)


def _put(best: Fragment, last: Request, knowledge: Knowledge) -> Request:
    if best.named and not best.constraints:
        return placed(last, Things(named=best.named), knowledge)
    constraints = tuple(part for one in best.constraints for part in _own(one, last))
    said = Request("find", Things(last.target.classes, constraints=constraints, pick=best.pick), order=best.order, limit=best.limit)
    notes = tuple(dict.fromkeys(note for reading in best.used for note in reading.assumptions))
    return replace(merged(last, said, knowledge), assumptions=notes, unknown=best.unknown)


def _own(one: Constraint, last: Request) -> Sequence[Constraint]:
    """ "From Sentinel-2B" says what the images are, not what they lie in."""
    inner = one.of[0] if isinstance(one, Spatial) and len(one.of) == 1 else None
    if isinstance(inner, Things) and not inner.named and inner.constraints and set(inner.classes) <= set(last.target.classes):
        return inner.constraints
    return (one,)


def _says(one: Fragment) -> bool:
    return bool(one.constraints or one.pick or one.order or one.limit or one.named)
