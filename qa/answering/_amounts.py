"""How much of the land something happened to: "how many hectares were flooded", "how much land was burnt"."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from ..grammar import parse_fragment
from ..knowledge import Knowledge
from ..language import Phrases, Question, Reading
from ..request import Aggregate, Measure, Request, Spatial, Things

_ASKED = Phrases([
    ("har", "how many hectares|ha, number of hectares"), ("km2", "how many square kilometres|kilometers|km, how many km2|km²"),
    ("[acr_br]", "how many acres"), ("[smi_us]", "how many square miles"), ("m2", "how many square metres|meters"),
    ("km2", "how much land|area|ground|surface|territory, how much of the land|area|surface"),
])  # fmt: skip


def amount(question: Question, readings: Sequence[Reading], knowledge: Knowledge, today: date) -> Request | None:
    """The sum of the areas of what happened, with the place and time that are said; None if no such thing is asked."""
    asked = max(_ASKED.find(question.tokens), key=lambda row: row[2] - row[1], default=None)
    things = _happened(readings)
    if asked is None or asked[1] > 1 or things is None:
        return None
    unit, _, end = asked
    rest = [one for one in readings if one.start >= end and one.rule != "events"]
    said = next(iter(parse_fragment(question, rest, knowledge, today, things)), None)
    constraints = said.constraints if said and not said.pick else ()
    wanted = Aggregate("sum", Measure("area", unit))
    return Request("measure", Things(things.classes, constraints=constraints), aggregates=(wanted,))


def _happened(readings: Sequence[Reading]) -> Things | None:
    """The kind of things of the first participle that denies nothing."""
    for one in readings:
        if one.rule == "events" and one.kind == "product":
            (spatial,) = one.value
            if isinstance(spatial, Spatial) and not spatial.negated and isinstance(spatial.of[0], Things):
                return spatial.of[0]
    return None
