"""Where nothing is near a place: what is nearest to it."""

from __future__ import annotations

from dataclasses import replace

from ..knowledge import Knowledge
from ..request import Assumption, Measure, Pick, Request, Spatial
from ._chips import near_metres
from ._figures import metres
from ._words import noun


def nearest(request: Request, knowledge: Knowledge) -> Request | None:
    """The request for the nearest instead of those near by; None if nearness is not what it asks for, or more is."""
    target = request.target
    close = [one for one in target.constraints if isinstance(one, Spatial) and one.relation == "near" and not one.negated]
    if request.form != "find" or target.pick or request.order or len(close) != 1 or len(close[0].of) != 1 or not target.classes:
        return None
    place = close[0].of[0]
    rest = tuple(one for one in target.constraints if one is not close[0])
    pick = Pick(Measure("distance", "m", to=place), descending=False, count=request.limit or 1)
    reach = metres(near_metres(close[0], knowledge))
    told = Assumption("nearest", f"Nothing is near {noun(place)}, within {reach}: the nearest is told instead.", "near")
    assumptions = (*request.assumptions, told)
    return replace(request, target=replace(target, constraints=rest, pick=pick), limit=None, assumptions=assumptions)
