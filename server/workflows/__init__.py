"""Service → mapping → load: chains that look like services to everybody above."""

from ._delivery import Delivery, ProblemFile, loadable, report_figures
from ._flood import TUTORIAL_AOI, FloodAssessment, assess_flood, detect_change, layer_of, map_flood, outline_flood, registry
from ._mapping import layer_variables, map_file, map_layer, writable, write_atomically
from ._provenance import layer_iri, provenance_graph, write_provenance
from ._tutorial import QUERIES, tutorial_layers, tutorial_query

__all__ = [
    "QUERIES",
    "TUTORIAL_AOI",
    "Delivery",
    "FloodAssessment",
    "ProblemFile",
    "assess_flood",
    "detect_change",
    "layer_iri",
    "layer_of",
    "layer_variables",
    "loadable",
    "map_file",
    "map_flood",
    "map_layer",
    "outline_flood",
    "provenance_graph",
    "registry",
    "report_figures",
    "tutorial_layers",
    "tutorial_query",
    "writable",
    "write_atomically",
    "write_provenance",
]
