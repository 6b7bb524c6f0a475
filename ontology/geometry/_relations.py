"""Topological relations of GeoSPARQL 1.1 (OGC 22-047r1, §9.2–9.5 and Annex) as patterns over one DE-9IM matrix.

The three families are Simple Features (``sf``), Egenhofer (``eh``) and RCC8 (``rcc8``). Relations are planar, on longitudes and
latitudes as they stand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from .. import ParameterError


@dataclass(frozen=True)
class Relation:
    """One relation: its local name in ``geof:``, its DE-9IM patterns (any may match), and GEOS' own predicate if it has one."""

    name: str
    patterns: tuple[str, ...]
    predicate: Callable[..., Any] | None = None


_AREA = 2
_HOLLOW = (shapely.GeometryType.MULTIPOINT, shapely.GeometryType.MULTILINESTRING, shapely.GeometryType.GEOMETRYCOLLECTION)


def _contains(a: Any, b: Any) -> Any:
    """As `shapely.contains`, which crashes (GEOS 3.14) where a is prepared and the first member of b is an empty point or line."""
    hollow = np.isin(shapely.get_type_id(b), _HOLLOW)
    if not hollow.any() or not np.any(shapely.is_prepared(a) & hollow):
        return shapely.contains(a, b)
    a, b, hollow = np.broadcast_arrays(np.asarray(a, dtype=object), np.asarray(b, dtype=object), hollow)
    found = np.empty(a.shape, dtype=bool)
    found[hollow] = shapely.relate_pattern(a[hollow], b[hollow], "T*****FF*")
    found[~hollow] = shapely.contains(a[~hollow], b[~hollow])
    return found[()]


SF = (
    Relation("sfEquals", ("T*F**FFF*",), shapely.equals),
    Relation("sfDisjoint", ("FF*FF****",), shapely.disjoint),
    Relation("sfIntersects", ("T********", "*T*******", "***T*****", "****T****"), shapely.intersects),
    Relation("sfTouches", ("FT*******", "F**T*****", "F***T****"), shapely.touches),
    Relation("sfCrosses", ("T*T***T**", "0********"), shapely.crosses),
    Relation("sfWithin", ("T*F**F***",), shapely.within),
    Relation("sfContains", ("T*****FF*",), _contains),
    Relation("sfOverlaps", ("T*T***T**", "1*T***T**"), shapely.overlaps),
)
"""Simple Features; which of the patterns of crosses and overlaps applies depends on dimensions, so GEOS decides."""
EH = (
    Relation("ehEquals", ("TFFFTFFFT",)),
    Relation("ehDisjoint", ("FF*FF****",), shapely.disjoint),
    Relation("ehMeet", ("FT*******", "F**T*****", "F***T****"), shapely.touches),
    Relation("ehOverlap", ("T*T***T**",)),
    Relation("ehCovers", ("T*TFT*FF*",)),
    Relation("ehCoveredBy", ("TFF*TFT**",)),
    Relation("ehInside", ("TFF*FFT**",)),
    Relation("ehContains", ("T*TFF*FF*",)),
)
"""Egenhofer."""
RCC8 = (
    Relation("rcc8eq", ("TFFFTFFFT",)),
    Relation("rcc8dc", ("FFTFFTTTT",)),
    Relation("rcc8ec", ("FFTFTTTTT",)),
    Relation("rcc8po", ("TTTTTTTTT",)),
    Relation("rcc8tppi", ("TTTFTTFFT",)),
    Relation("rcc8tpp", ("TFFTTFTTT",)),
    Relation("rcc8ntpp", ("TFFTFFTTT",)),
    Relation("rcc8ntppi", ("TTTFFTFFT",)),
)
"""Region connection calculus, between areas alone."""
RELATIONS: dict[str, Relation] = {relation.name: relation for relation in (*SF, *EH, *RCC8)}
"""All by name."""

SLIPS = {"sIntersects": "sfIntersects"}
"""Names in published queries that are none of `RELATIONS`, and what they mean."""
_APART = frozenset({"sfDisjoint", "ehDisjoint", "rcc8dc"})


def intersecting(name: str) -> bool:
    """True if the relation can hold only where boxes meet, so that an index may answer it."""
    return _find(name).name not in _APART


def relate(name: str, a: Any, b: Any) -> Any:
    """Tell for each pair whether the relation holds; arrays broadcast, None gives False, scalars give a scalar.

    ``name`` is one of `RELATIONS`, or a DE-9IM pattern of nine characters from ``TF*012``. Raises `ParameterError` for others.
    """
    if is_pattern(name):
        return shapely.relate_pattern(a, b, name.upper())
    relation = _find(name)
    if relation.predicate is not None:
        return relation.predicate(a, b)
    found = np.logical_or.reduce([shapely.relate_pattern(a, b, pattern) for pattern in relation.patterns])
    return (found & areal(a, b))[()] if relation in RCC8 else found


def areal(a: Any, b: Any) -> Any:
    """For which pairs both are areas, as RCC8 asks (22-047r1, §9.5, "Applies to Geometry Types: A/A")."""
    return (shapely.get_dimensions(a) == _AREA) & (shapely.get_dimensions(b) == _AREA)


def is_pattern(name: str) -> bool:
    """True for a DE-9IM pattern."""
    return len(name) == 9 and set(name.upper()) <= set("TF*012")


def _find(name: str) -> Relation:
    try:
        return RELATIONS[name]
    except KeyError:
        raise ParameterError(f"unknown relation {name}", way_out="one of " + ", ".join(RELATIONS)) from None
