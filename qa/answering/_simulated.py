"""Whether anything that an answer rests on is simulated: if the store says so of what was found, or of what was looked among."""

from __future__ import annotations

from dataclasses import replace

from earthweave.ontology import EW

from .._ports import Endpoint, Limits
from ..knowledge import Knowledge
from ..planning import plan, run
from ..request import Compare, Property, Request, Spatial, Temporal, Text, Things
from ._tree import all_things, node

_SIMULATED = str(EW.simulated)


def simulated(request: Request, found: bool, knowledge: Knowledge, endpoint: Endpoint, limits: Limits) -> bool:
    """Asks the store, if it marks things as simulated at all; a no rests on all that was looked among, wherever it lies."""
    if _SIMULATED not in knowledge.properties:
        return False
    marked = Compare(Property("simulated", _SIMULATED), "=", Text("true"))
    for path, things in all_things(request):
        if not _may_be(things, knowledge):
            continue
        target = _marked(request.target, path[1:], marked) if found else None
        if target is None:
            kept = tuple(one for one in things.constraints if isinstance(one, Temporal))
            target = replace(things, constraints=(*kept, marked), pick=None)
        planned = plan(Request("ask", replace(target, pick=None)), knowledge, limits)
        if not planned.refusal and run(planned, endpoint, limits).truth:
            return True
    return False


def _may_be(things: Things, knowledge: Knowledge) -> bool:
    """Whether things of this kind can be marked."""
    domains = knowledge.properties[_SIMULATED].domains
    kinds = [one.iri for one in things.classes] or [one.cls for one in things.named if one.cls]
    return (
        not domains
        or not kinds
        or any(knowledge.is_a(kind, domain) or knowledge.is_a(domain, kind) for kind in kinds for domain in domains)
    )


def _marked(target: Things, path: tuple[str | int, ...], mark: Compare) -> Things | None:
    """The target with a mark on the things at a path; None where a relation denies or counts."""
    if not path:
        return replace(target, constraints=(*target.constraints, mark))
    if len(path) >= 4 and path[0] == "constraints" and path[2] == "of":
        at, place = int(path[1]), int(path[3])
        one = target.constraints[at]
        if isinstance(one, Spatial) and not one.negated and not one.count:
            inner = _marked(node(one, ("of", place)), path[4:], mark)
            if inner is not None:
                changed = replace(one, of=tuple(inner if n == place else of for n, of in enumerate(one.of)))
                return replace(target, constraints=tuple(changed if n == at else other for n, other in enumerate(target.constraints)))
    return None
