"""From rows to RDF: R2RML and RML rules, sources, the columnar executor, the mapping generator, zonal statistics, ready rules."""

from ._rules import rules, shipped_rules
from ._run import MappingRun, map_source, source_files
from .documents import direct_mapping, read_rules
from .generator import Draft, draft, generate
from .grids import ZonalLimits, ZonalRows, zonal
from .output import (
    PACKINGS,
    SYNTAXES,
    Form,
    Kept,
    OutputLimits,
    RdfFile,
    Written,
    distinct,
    form_of,
    holds_graphs,
    named_syntax,
    run_digest,
    write_rdf,
    write_targets,
)
from .plan import (
    Call,
    Chunk,
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
from .sources import RasterOptions, formats, raster_source, schema_of

__all__ = [
    "PACKINGS", "SYNTAXES", "Call", "Chunk", "Constant", "Draft", "Form", "Kept", "Kind", "LogicalSource", "MappingRun",
    "Options", "OutputLimits", "Plan", "PredicateObjects", "Problem", "RasterOptions", "RdfFile", "Reference", "Report",
    "Template", "TermMap", "TriplesMap", "Variable", "Written", "ZonalLimits", "ZonalRows", "direct_mapping", "distinct", "draft",
    "form_of", "formats", "generate", "holds_graphs", "map_source", "named_syntax", "raster_source", "read_rules", "rules",
    "run_digest", "schema_of", "shipped_rules", "source_files", "write_rdf", "write_targets", "zonal",
]
