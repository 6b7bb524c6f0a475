"""What an answer rests on beside the things that it lists: units were flooded because of floods that the answer does not name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from .._ports import Endpoint, Limits
from ..knowledge import Knowledge
from ..planning import plan, run
from ..request import Named, Request, Spatial, Things
from ._tree import Path, all_things, node

_BOTH_WAYS = frozenset({"intersects", "touches", "crosses", "overlaps", "equals", "near", "distance"})
"""Relations that hold the other way round as well."""


def evidence(request: Request, iris: Iterable[str], endpoint: Endpoint, knowledge: Knowledge, limits: Limits) -> tuple[str, ...]:
    """The things of an answer, then those of other kinds that its request relates them to; raises as the endpoint.

    Args:
        iris: that the answer lists; without any, what was counted or measured is looked up.
    """
    listed = tuple(iris)
    found = dict.fromkeys(listed or _looked_up(request.target, endpoint, knowledge, limits))
    for path, things in all_things(request):
        if path != ("target",) and things.classes and not things.named:
            found |= dict.fromkeys(_looked_up(_of(things, path, request, listed), endpoint, knowledge, limits))
    return tuple(found)


def _of(things: Things, path: Path, request: Request, iris: tuple[str, ...]) -> Things:
    """Only those that are related to what is listed, where the relation can be turned round."""
    holder = node(request, path[:-2]) if len(path) > 2 else None
    if not iris or len(path) != 5 or not isinstance(holder, Spatial) or holder.relation not in _BOTH_WAYS or holder.negated:
        return things
    turned = replace(holder, of=(Things(request.target.classes, (Named("", iris),)),), count=None)
    return replace(things, constraints=(*things.constraints, turned))


def _looked_up(things: Things, endpoint: Endpoint, knowledge: Knowledge, limits: Limits) -> tuple[str, ...]:
    planned = plan(Request("find", things), knowledge, limits)
    return () if planned.refusal else tuple(row.feature.iri for row in run(planned, endpoint, limits).rows)
