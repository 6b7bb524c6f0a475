"""Values that all of the mapping room shares: what a mapping document says, how it runs, what a run did."""

from ._chunk import Chunk
from ._namespaces import EWF, EWM, RML, RML_LEGACY, RR, RRX, RRXF
from ._options import Options
from ._plan import Plan, PredicateObjects, TriplesMap, Variable
from ._report import Problem, Report
from ._schema import ColumnSchema, ForeignKey, TableSchema
from ._sources import (
    COUNTER,
    Access,
    DatabaseAccess,
    Dialect,
    Field,
    FileAccess,
    LogicalSource,
    OtherAccess,
    Root,
    Target,
    View,
    ViewJoin,
)
from ._terms import (
    Call,
    Condition,
    Constant,
    Expression,
    Fresh,
    Gather,
    Join,
    Kind,
    Reference,
    Template,
    TermMap,
    own_expressions,
    references,
)

__all__ = [
    "COUNTER", "EWF", "EWM", "RML", "RML_LEGACY", "RR", "RRX", "RRXF", "Access", "Call", "Chunk", "ColumnSchema",
    "Condition", "Constant", "DatabaseAccess", "Dialect", "Expression", "Field", "FileAccess", "ForeignKey", "Fresh",
    "Gather", "Join", "Kind", "LogicalSource", "Options", "OtherAccess", "Plan", "PredicateObjects", "Problem",
    "Reference", "Report", "Root", "TableSchema", "Target", "Template", "TermMap", "TriplesMap", "Variable", "View",
    "ViewJoin", "own_expressions", "references",
]
