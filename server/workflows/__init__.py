"""Service → mapping → load: chains that look like services to everybody above."""

from earthweave.server.records import layer_iri, provenance_graph

from ._catalogue import Loaded, load_products, search_and_load
from ._co_max import CoMaxDesk, CoQuestion
from ._delivery import Delivery, ProblemFile, loadable, report_figures
from ._download import WAYS, download
from ._flood import TUTORIAL_AOI, detect_change, layer_of, map_flood, outline_flood
from ._impact import Impact, Selection, find_impact
from ._mapping import layer_variables, map_file, map_layer, writable, write_atomically
from ._pair import Pair, Rejected, Wanted, choose_pair, local_path
from ._provenance import write_provenance
from ._registry import registry
from ._tutorial import QUERIES, tutorial_layers, tutorial_query

__all__ = [
    "QUERIES",
    "TUTORIAL_AOI",
    "WAYS",
    "CoMaxDesk",
    "CoQuestion",
    "Delivery",
    "Impact",
    "Pair",
    "Loaded",
    "ProblemFile",
    "Rejected",
    "Selection",
    "Wanted",
    "choose_pair",
    "detect_change",
    "find_impact",
    "download",
    "layer_iri",
    "layer_of",
    "layer_variables",
    "load_products",
    "local_path",
    "loadable",
    "map_file",
    "map_flood",
    "map_layer",
    "outline_flood",
    "provenance_graph",
    "registry",
    "report_figures",
    "search_and_load",
    "tutorial_layers",
    "tutorial_query",
    "writable",
    "write_atomically",
    "write_provenance",
]
