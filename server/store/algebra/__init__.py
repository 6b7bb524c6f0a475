"""What a query is made of, as plain values, and what every part of its evaluation shares; the rooms above act on it.

::

    Query: patterns and expressions ──▶ Operator ──▶ Batch ──▶ Batch …      all within one Context, which counts, limits and remembers
"""

from ._context import Context, Dataset, Entailment, Services, resident
from ._expression import Aggregate, And, Call, Constant, Exists, Expression, Or, Variable, conjuncts, variables
from ._operator import FIRST_ROWS, MOST_ROWS, UNIT, Batch, Measured, Operator, concatenated
from ._patterns import (
    Alternative,
    Bgp,
    Computed,
    Distinct,
    EachGraph,
    Extend,
    Filter,
    GraphNames,
    Group,
    Inverse,
    Join,
    LeftJoin,
    Link,
    Minus,
    Negated,
    Node,
    OrderBy,
    Path,
    PathPattern,
    Place,
    Project,
    Query,
    Repeat,
    Sequence,
    Service,
    Slice,
    Triple,
    Union,
    Values,
    children,
    expressions,
    in_scope,
    mentioned,
    places,
)
from ._remembered import remembered
from ._tally import Remark, Tally

__all__ = [
    "Aggregate", "Alternative", "And", "Batch", "Bgp", "Call", "Computed", "Constant", "Context", "Dataset", "Distinct", "EachGraph",
    "Entailment", "Exists", "Expression", "Extend", "FIRST_ROWS", "Filter", "GraphNames", "Group", "Inverse", "Join", "LeftJoin", "Link",
    "MOST_ROWS", "Measured", "Minus", "Negated", "Node", "Operator", "Or", "OrderBy", "Path", "PathPattern", "Place", "Project", "Query",
    "Remark", "Repeat", "Sequence", "Service", "Services", "Slice", "Tally", "Triple", "UNIT", "Union", "Values", "Variable", "children",
    "concatenated", "conjuncts", "expressions", "in_scope", "mentioned", "places", "remembered", "resident", "variables",
]
