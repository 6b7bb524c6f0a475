"""What a join tells of the calls that it stands for, in the numbers that testing every pair of rows would give."""

from __future__ import annotations

from typing import Any

import numpy as np

from earthweave.ontology.geometry import RELATIONS

from ..algebra import Context, Expression
from ._condition import SpatialCondition, geof
from ._literals import failure, is_geometry
from ._tests import Near
from ._units import PLANAR

_TOLD = 1000
_COUNTED = frozenset({*RELATIONS, "relate", "distance", "metricDistance"})


def called(expression: Expression) -> tuple[str, ...]:
    """Local names of the relations and distances in a condition."""
    if geof(expression) in _COUNTED:
        return (geof(expression),)
    return tuple(name for one in getattr(expression, "arguments", ()) for name in called(one))


def counted(condition: SpatialCondition, rows: int, context: Context) -> None:
    """Count the calls in a condition, and tell if one of them is planar where another unit would be on the ground."""
    for name in called(condition.expression):
        context.tally.calls[name] += rows
    if rows and any(isinstance(test, Near) for test in condition.tests):
        context.tally.hint("unit", PLANAR)


def noted(condition: SpatialCondition, left: tuple[Any, Any], right: tuple[Any, Any], context: Context) -> None:
    """Count the calls for all pairs of rows, and those that fail because a literal cannot be read.

    Args:
        left: distinct ids and the number of rows of each; right: likewise.
    """
    lost = [unreadable(*side, context) for side in (left, right)]
    rows = [int(side[1].sum()) for side in (left, right)]
    counted(condition, rows[0] * rows[1], context)
    for identifier, count in lost[0]:
        context.tally.note(*failure(identifier, context), count=count * rows[1])
    whole = rows[0] - sum(count for _, count in lost[0])
    for identifier, count in lost[1]:
        context.tally.note(*failure(identifier, context), count=count * whole)


def unreadable(ids: Any, counts: Any, context: Context) -> list[tuple[int, int]]:
    """Ids without a geometry, with their number of rows; not more than can be told."""
    lost = np.flatnonzero(~is_geometry(ids, context))[:_TOLD]
    return list(zip(ids[lost].tolist(), counts[lost].tolist(), strict=True))
