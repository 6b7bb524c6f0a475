"""How much a spatial condition is expected to leave, from the boxes in the store's tree."""

from __future__ import annotations

import numpy as np

from earthweave.ontology.geometry import PackedTree, grown_boxes

from ..algebra import Context, Variable
from ._condition import SpatialCondition
from ._constant import Constant

_SAMPLE = 256


def share(condition: SpatialCondition, context: Context) -> float:
    """The share of the stored geometries (condition with a constant) or of their pairs (with two variables) whose boxes meet; 0 … 1.

    With a constant the boxes are counted in the tree; for pairs a sample of boxes is looked up in it.
    """
    geometries = context.shapes.geometries
    if not geometries.count:
        return 0.0
    if not isinstance(condition.left, Variable) or not isinstance(condition.right, Variable):
        return len(Constant(condition, context).stored()) / geometries.count
    rows = np.unique(np.linspace(0, geometries.count - 1, _SAMPLE).astype(np.int64))
    reach = condition.metres + condition.left_operand.reach + condition.right_operand.reach
    boxes = np.asarray(geometries.bounds[rows]).reshape(-1, 4)
    boxes = grown_boxes(boxes, reach) if reach else boxes
    return float(PackedTree.build(boxes).join(geometries.tree).shape[1] / (len(rows) * geometries.count))
