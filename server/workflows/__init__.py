"""Service → mapping → load: chains that look like services to everybody above."""

from earthweave.server.records import layer_iri, provenance_graph

from ._catalogue import Loaded, load_products, search_and_load
from ._co_max import CoMaxDesk, CoQuestion
from ._delivery import Delivery, ProblemFile, loadable, report_figures
from ._download import WAYS, download
from ._flood import TUTORIAL_AOI, detect_change, layer_of, map_flood, outline_flood
from ._impact import Impact, Selection, find_impact
from ._links import local_path
from ._mapping import layer_variables, map_file, map_layer, writable, write_atomically
from ._pair import Pair, Rejected, Wanted, choose_pair, obtain
from ._products import Shelf
from ._provenance import write_provenance
from ._reach import Reach, guarded_door, reach
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
    "Loaded",
    "Pair",
    "ProblemFile",
    "Reach",
    "Rejected",
    "Selection",
    "Shelf",
    "Wanted",
    "choose_pair",
    "detect_change",
    "download",
    "find_impact",
    "guarded_door",
    "layer_iri",
    "layer_of",
    "layer_variables",
    "load_products",
    "loadable",
    "local_path",
    "map_file",
    "map_flood",
    "map_layer",
    "obtain",
    "outline_flood",
    "provenance_graph",
    "reach",
    "registry",
    "report_figures",
    "search_and_load",
    "tutorial_layers",
    "tutorial_query",
    "writable",
    "write_atomically",
    "write_provenance",
]
