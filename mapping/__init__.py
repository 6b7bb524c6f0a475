"""From rows to RDF: R2RML and RML rules, sources, the columnar executor, the mapping generator, zonal statistics, ready rules."""

from ._generate import generate
from ._options import Options
from ._plan import (
    Call,
    Constant,
    Kind,
    LogicalSource,
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
from ._reader import read_rules
from ._rules import rules, shipped_rules
from ._run import MappingRun, map_source
from ._sources import formats
from ._zonal import ZonalLimits, ZonalRows, zonal

__all__ = [
    "Call", "Constant", "Kind", "LogicalSource", "MappingRun", "Options", "Plan", "PredicateObjects", "Problem", "Reference", "Report",
    "Template", "TermMap", "TriplesMap", "Variable", "ZonalLimits", "ZonalRows",
    "formats", "generate", "map_source", "read_rules", "rules", "shipped_rules", "zonal",
]
