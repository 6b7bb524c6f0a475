"""Why a spatial condition is answered without an index, in words for EXPLAIN."""

from __future__ import annotations

from collections.abc import Iterator

from earthweave.ontology import GEOF
from earthweave.ontology.geometry import RELATIONS

from ..algebra import Batch, Call, Context, Expression, Operator, Or, Variable, variables
from ..spatial import SpatialCondition, SpatialSelect, recognise
from ._items import Condition, has_exists
from ._operators import Restrict

_ASKED = frozenset({*RELATIONS, "sIntersects", "relate", "distance", "metricDistance"})
_SIDES = 2
_MEETING, _OTHER = f"{GEOF}sfIntersects", Variable("#other")


class Compared(SpatialSelect):
    """A spatial filter behind patterns, which says why no index began the plan.

    Attributes:
        why: that.
    """

    def __init__(self, condition: SpatialCondition, why: str, *, estimate: float, scope: frozenset[str]) -> None:
        super().__init__(condition, estimate=estimate, scope=scope)
        self.why = why

    def produce(self, context: Context, seed: Batch) -> Iterator[Batch]:
        """What it lets through."""
        for batch in super().produce(context, seed):
            if self.why not in self.measured.remarks:
                self.measured.remarks.append(self.why)
            yield batch


def without_index(item: Condition, condition: SpatialCondition | None, rows: float) -> Operator:
    """A filter as it is, with a remark if an index might have been expected to answer it.

    Args:
        condition: what an index could do for it.
        rows: that are expected to pass.
    """
    if condition is not None and condition.variables <= item.sees:
        return Compared(condition, _unused(condition, item), estimate=rows, scope=item.sees)
    operator = Restrict(item.expression, item.sees, rows)
    why = unindexed(item.expression)
    operator.measured.remarks += [f"index not used: {why}"] if why else []
    return operator


def bound_before(condition: SpatialCondition, share: float) -> str:
    """Of a condition on one variable that other patterns bind before an index could, because they are expected to give fewer solutions."""
    (name,) = condition.variables
    return f"index not used: ?{name} is bound before, because the condition leaves {share:.0%} of the store's geometries"


def _unused(condition: SpatialCondition, item: Condition) -> str:
    names = condition.variables
    if len(names) == _SIDES:
        return "index not used: what binds the two variables is joined otherwise"
    name = next(iter(names))
    if name not in item.stored:
        return f"index not used: ?{name} is the object of no triple pattern that must match in this group"
    if item.after or name not in item.reads:
        return f"index not used: ?{name} may be bound by an OPTIONAL or the like, so the condition comes after it"
    return f"index not used: ?{name} is bound by then"


def unindexed(expression: Expression) -> str:
    """Why no index can answer a condition; empty if it has nothing to do with relations or distances of what varies."""
    call = next(_called(expression), None)
    if call is None or not variables(expression) or recognise(expression) is not None:
        return ""
    if has_exists(expression):
        return "the condition holds an EXISTS"
    if isinstance(expression, Or):
        return "in an OR with a condition that no index answers, or on other geometries"
    if not variables(call):
        return "the relation is between constants"
    sides = call.arguments[:_SIDES]
    if sides[:1] == sides[1:]:
        return "both arguments are the same"
    if any(isinstance(one, Call) and variables(one) and recognise(Call(_MEETING, (one, _OTHER))) is None for one in sides):
        return "an argument is computed"
    return "it may hold for geometries that are apart"


def _called(expression: Expression) -> Iterator[Call]:
    """Relations and distances in an expression, the outermost first."""
    if isinstance(expression, Call) and expression.name.removeprefix(str(GEOF)) in _ASKED and expression.name.startswith(str(GEOF)):
        yield expression
    for one in getattr(expression, "arguments", ()):
        yield from _called(one)
