"""Space in queries: functions and aggregates of ``geof:``, conditions that an index answers, and operators that answer them.

::

    recognise(expression) ──▶ SpatialCondition ──▶ SpatialSeed      constant: geometries from the store's tree begin the plan
                                   │               SpatialSelect    constant, or both geometries in one row: a filter
                                   │               SpatialJoin      two patterns: pairs of rows, tree to tree
                                   │               SpatialSemiJoin  the same, if only the existence of a partner counts
                                   └── share ──▶ what to expect
    nearest_key(expression) ─────▶ NearestSeed, Nearest             ORDER BY distance LIMIT k
    functions, aggregates ───────▶ everything else, on columns of ids
"""

from ._aggregates import aggregates, grouped
from ._call import Call, Refused, function
from ._condition import Operand, SpatialCondition, check_call, recognise
from ._estimate import share
from ._functions import functions
from ._join import SpatialJoin, SpatialSemiJoin
from ._literals import bounds_of, shapes_of, system_of
from ._nearest import Nearest, NearestKey, NearestSeed, all_geometries, nearest_key
from ._rows import Rows, expanded, materialised, paired
from ._select import SpatialSeed, SpatialSelect
from ._shapes import Shapes
from ._synonyms import POSTGIS, STRDF

__all__ = [
    "POSTGIS", "STRDF",
    "Call", "Nearest", "NearestKey", "NearestSeed", "Operand", "Refused", "Rows", "Shapes", "SpatialCondition", "SpatialJoin",
    "SpatialSeed", "SpatialSelect", "SpatialSemiJoin", "aggregates", "all_geometries", "bounds_of", "check_call", "expanded",
    "function", "functions", "grouped", "materialised", "nearest_key", "paired", "recognise", "shapes_of", "share", "system_of",
]
