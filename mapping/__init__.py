"""From rows to RDF: R2RML and RML rules, sources, the columnar executor, the mapping generator, zonal statistics, ready rules."""

from ._rules import rules, shipped_rules
from ._run import MappingRun, map_source
from .documents import read_rules
from .generator import generate
from .grids import ZonalLimits, ZonalRows, zonal
from .plan import (
    Call,
    Constant,
    Kind,
    LogicalSource,
    Options,
    Plan,
    PredicateObjects,
    Problem,
    Reference,
    Report,
    Template,
    TermMap,
    TriplesMap,
    Variable,
)
from .sources import formats

__all__ = [
    "Call", "Constant", "Kind", "LogicalSource", "MappingRun", "Options", "Plan", "PredicateObjects", "Problem", "Reference", "Report",
    "Template", "TermMap", "TriplesMap", "Variable", "ZonalLimits", "ZonalRows",
    "formats", "generate", "map_source", "read_rules", "rules", "shipped_rules", "zonal",
]
