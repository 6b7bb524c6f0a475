"""Saying no: a reason that programs can tell apart, a sentence for people, and what can be asked or done instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal

from ..language import Phrases, Question, Reading, route

Code = Literal[
    "not-a-question", "too-long", "not-understood", "prediction", "opinion", "unsupported-operation", "needs-pixels", "no-data-layer",
    "unknown-place", "unknown-class", "unknown-property", "missing-place", "missing-time", "outside-space", "outside-time", "no-geometry",
    "no-time", "unit", "needs-a-run", "limit",
]  # fmt: skip
CODES: Mapping[str, str] = MappingProxyType(
    {
        "not-a-question": "nothing is asked for",
        "too-long": "more characters than are read",
        "not-understood": "too much of it was not understood",
        "prediction": "it is about the future",
        "opinion": "it asks for a judgement, an advice or a cause",
        "unsupported-operation": "it needs an operation that is not there: travel times, routes, interpolation, changes of data",
        "needs-pixels": "only a look into the pixels of images could tell",
        "no-data-layer": "it is understood, and the store has no data of that kind",
        "unknown-place": "the store has nothing of that name",
        "unknown-class": "a word for a kind of things that is not known",
        "unknown-property": "a property that the store does not have",
        "missing-place": "a run, or “near me”, needs a place, and none was named",
        "missing-time": "a run needs a first and a last day",
        "outside-space": "all data of that kind lie far from the place",
        "outside-time": "all data of that kind are of other times",
        "no-geometry": "the store has no geometries of what is asked about",
        "no-time": "what is asked about has no times in the store",
        "unit": "units that do not fit",
        "needs-a-run": "a service would have to run first, and none that can be started does that",
        "limit": "the answer would cost more than is allowed",
    }
)
"""Every code with what it means."""
HINT = "Ask what things there are, where, when, how many, how large, the nearest or the largest of them."


@dataclass(frozen=True)
class Refusal:
    """A question that is not answered.

    Attributes:
        code: stable reason, one of `CODES`.
        text: the reason for people; a clarifying question where one would do.
        hint: what can be asked or done instead.
        about: the words that it is about.
        suggestions: what may have been meant.
    """

    code: Code
    text: str
    hint: str = HINT
    about: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As JSON data."""
        return {
            "code": self.code, "text": self.text, "hint": self.hint, "about": [*self.about], "suggestions": [*self.suggestions],
        }  # fmt: skip


_INTENTS: tuple[tuple[Code, str, str], ...] = (
    ("prediction", "That is about the future: the store knows what was observed.",
     "going to be, will be, will there be, when|what|where|how|who will, "
     "will it, will they, tomorrow, in the future, forecast, forecasts, predict, "
     "prediction, predicted, "
     "next week|month|year|decade|summer|winter|spring|autumn|days, likely to, expected to, is|are expected, projected to, "
     "at risk of, risk of, by 2030|2040|2050|2100, how likely, probability of, chance of"),
    ("opinion", "That asks for a judgement or a cause: the store knows facts.",
     "why, should i|we|they|one, do|would you think|believe|prefer|recommend living, your opinion|favourite|favorite, in your opinion, "
     "worth it|visiting, is it safe|good|bad|nice|better|worth, most|more beautiful|interesting|boring, prettiest, nicest, "
     "better place|country|city, who is to blame, whose fault, good idea, what do you think, how come"),
    ("unsupported-operation", "Travel times and routes are not computed: distances are as the crow flies.",
     "travel time, travel times, travelling time, driving time, journey time, walking time, "
     "minutes' walk|drive, minutes walk|drive, minute walk|drive, "
     "minutes by car|train|foot|bus|bike, minutes on foot, hours by car|train|foot, hours' drive, hour drive, hours drive, "
     "how long does|would|will|do it|i take, long does it take, time does it take, fastest way|route|road, quickest way|route, "
     "shortest path|route, best route, route from, directions from, navigate to, traffic jam"),
    ("unsupported-operation", "That analysis is not there: questions find, count, measure and compare what the store holds.",
     "interpolate, interpolated, interpolation, kriging, extrapolate, extrapolation, correlation, correlate, "
     "correlated, regression, cluster analysis, clustering, "
     "heat map, heatmap, hot spot analysis, hotspot analysis, viewshed, watershed of, line of sight"),
    ("missing-place", "Where you are is not known here: name the place, or ask about the area on the map.",
     "near me|us, around me|us, close to me|us, my location|position|neighbourhood|neighborhood, where i am|live"),
    ("unsupported-operation", "Questions only read: they change nothing in the store.",
     "delete, drop table|all|database|the, insert into, erase, overwrite, drop, update the"),
)  # fmt: skip
_PIXELS: Mapping[str, str] = MappingProxyType(
    {
        "caption": "That is about what images show: finding images by what is seen in them is not there; by place, time and clouds it is.",
        "image": "Finding images that look alike is not there.",
        "counting": "Counting things in the pixels of an image is not there; things that the store holds can be counted.",
        "visual": "That needs a look into the pixels of an image, which questions do not take.",
        "segmentation": "Cutting things out of an image is a service of its own, not a question.",
    }
)


def declined(question: Question, readings: list[Reading]) -> Refusal | None:
    """The refusal of what no store can answer, by its words; None where they are words of the store."""
    return _declined_at_once(question) or _declined_by_phrase(question, readings)


def _declined_at_once(question: Question) -> Refusal | None:
    """The refusal of a sentence that begins with "will", or with the command to change something."""
    first = [token.lower for token in question.tokens[:2]]
    if first[:1] == ["will"] and first[1:] not in (["you"], ["we"]):
        return Refusal("prediction", _INTENTS[0][1], about=(question.words(0, 1),))
    if first[:1] and first[0] in _COMMANDS:
        return Refusal("unsupported-operation", "Questions only read: they change nothing in the store.", about=(question.words(0, 1),))
    return None


def _declined_by_phrase(question: Question, readings: list[Reading]) -> Refusal | None:
    """The refusal that the first phrase of an intent stands for, unless the store has something of these words."""
    held = {at for one in readings if _linked(one) for at in range(one.start, one.end)}
    # "in which direction should I go" asks for a bearing, not for advice
    headed = any(one.kind == "operator" and one.value == "bearing" for one in readings)
    for number, start, end in _phrases().find(question):
        code, text, _ = _INTENTS[number]
        if headed and question.tokens[start].lower == "should":
            continue
        if not held.issuperset(range(start, end)) and not _asked_politely(question, start):
            return Refusal(code, text, about=(question.words(start, end),))
    return None


_COMMANDS = frozenset("add remove insert rename edit modify update email mail translate".split())
"""Verbs that, at the head of a sentence, ask for a change; what they edit in a dialogue is read before."""


@lru_cache(maxsize=1)
def _phrases() -> Phrases[int]:
    return Phrases([(number, words) for number, (_, _, words) in enumerate(_INTENTS)])


def _linked(one: Reading) -> bool:
    """Whether a reading is of something that the store has."""
    if one.kind == "name":
        return one.score > 0.8 and one.end - one.start > 1 and bool(one.value[0].value.iris)
    return one.kind == "class" and bool(one.value[0].value.iri) and one.score > 0.8


def _asked_politely(question: Question, start: int) -> bool:
    return question.tokens[start].lower == "will" and [token.lower for token in question.tokens[start + 1 : start + 2]] == ["you"]


def engine(question: Question, readings: list[Reading]) -> str:
    """Which look into the pixels of images a question may need; empty if none.

    What is counted, or asked with yes or no, is as likely of a kind that the store does not have, unless images are spoken of.
    """
    found = route(question, readings)
    spoken = any(token.lemma in _IMAGES for token in question.tokens)
    return found if found in _PIXELS and (spoken or found not in ("counting", "visual")) else ""


_IMAGES = frozenset("image imagery picture photo photograph pixel scene snapshot".split())


def pixels(engine: str) -> Refusal | None:
    """The refusal of what only a look into images could tell."""
    return Refusal("needs-pixels", _PIXELS[engine]) if engine else None
