"""How likely people mean a thing among those of the same name, before anything else of the question is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ._knowledge import ClassEntry
from ._survey import Survey
from ._vocabulary import kinds_of

FAMED = 1.5
"""An IRI that spells the name is of the best known thing of that name: encyclopedias give such IRIs, with additions for all others."""
_PRIORS = {
    "country": 8.0, "continent": 8.0, "state": 5.0, "region": 4.0, "province": 4.0, "city": 4.0, "county": 3.5, "sea": 3.0, "island": 2.5,
    "municipality": 2.5, "district": 2.0, "town": 2.0, "river": 2.0, "lake": 1.6, "mountain": 1.6, "settlement": 1.5,
    "administrative unit": 2.0, "village": 1.2, "road": 0.5, "building": 0.5, "bus stop": 0.3,
}  # fmt: skip
_RARITY, _RAREST = 0.12, 2.0
_FACTS, _USUAL, _MOST = 0.1, 4.0, 10.0
_CELL, _CROWD = 0.2, 0.1
_ROW = 100_000


def prior(classes: Sequence[str], kinds: Mapping[str, ClassEntry]) -> float:
    """Weight of a thing by its kind."""
    names = [kind for cls in classes for label in (*kinds[cls].labels, *kinds[cls].others) for kind in kinds_of(label)]
    return max((_PRIORS.get(name, 1.0) for name in names), default=1.0)


def salience(kinds: Mapping[str, ClassEntry], found: Survey) -> dict[str, float]:
    """Weights of classes: few things of which much is told are what a store is about, a gazetteer beside them is not."""
    largest = max((entry.count for entry in kinds.values()), default=1)
    told = {cls: sum(one.domains.get(cls, 0) for one in found.predicates.values()) / max(count, 1) for cls, count in found.classes.items()}
    return {
        cls: min((largest / max(entry.count, 1)) ** _RARITY, _RAREST) * (1 + _FACTS * min(told.get(cls, _USUAL), _MOST))
        for cls, entry in kinds.items()
    }


def crowds(boxes: Any) -> Any:
    """Weights of things by how much is named around them, where nothing tells how many people live there: towns have suburbs."""
    x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    placed = np.isfinite(x) & np.isfinite(y)
    weights = np.ones(len(boxes), np.float32)
    row = np.floor(y[placed] / _CELL).astype(np.int64)
    column = np.floor(x[placed] * np.cos(np.radians(row * _CELL)) / _CELL).astype(np.int64)
    cells, counts = np.unique(row * _ROW + column, return_counts=True)
    around = sum(_looked_up(cells, counts, (row + down) * _ROW + column + right) for down in (-1, 0, 1) for right in (-1, 0, 1))
    weights[placed] += _CROWD * np.log2(1 + around)
    return weights


def _looked_up(cells: Any, counts: Any, wanted: Any) -> Any:
    at = np.minimum(np.searchsorted(cells, wanted), max(len(cells) - 1, 0))
    return np.where(cells[at] == wanted, counts[at], 0) if len(cells) else np.zeros(len(wanted))
