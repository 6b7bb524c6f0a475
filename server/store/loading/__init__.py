"""Loading and exporting: every RDF syntax to and from blocks of statements.

::

    N-Triples, N-Quads ─▶ _lines    many lines at once ──┐
    other syntaxes     ─▶ _parsed   pyoxigraph ──────────┼─▶ Quads ─▶ SnapshotBuilder
    Arrow tables       ─▶ _tables   a column per term ───┘     │
                                                           _staging   finished files of a load that was cut off

    Snapshot ─▶ _statements  subject by subject ─▶ _rdf   every RDF syntax
             ╰▶ _features    row by row ─▶ _gis            GeoParquet, GPKG, FlatGeobuf, KML, GeoJSON
"""

from ._documents import SYNTAXES, syntax, syntax_of
from ._export import EXPORT_SUFFIXES, export
from ._lines import Rejected, blocks_ntriples
from ._load import LoadOptions, load
from ._parsed import blocks_other, quads_of
from ._sources import Bounds, Document
from ._staging import Staging
from ._tables import quads_from_arrow

__all__ = [
    "EXPORT_SUFFIXES", "SYNTAXES", "Bounds", "Document", "LoadOptions", "Rejected", "Staging", "blocks_ntriples", "blocks_other", "export",
    "load", "quads_from_arrow", "quads_of", "syntax", "syntax_of",
]
