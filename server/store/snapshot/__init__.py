"""What lies on the disk: terms as 64-bit ids, statements per predicate in two orders, geometries in columns; all immutable, memory-mapped.

::

    Quads ──▶ SnapshotBuilder ──▶ folder ──▶ Snapshot ──▶ Segment.so / .os (ids) ──▶ terms(ids), numbers(ids), geometries
"""

from ._arrow import filled, numpy_of, text_scalar
from ._builder import SnapshotBuilder
from ._change import Change, combined, decoded
from ._drafting import Draft, differences, drafted, emptied
from ._geometries import EMPTY, READABLE, TURNED, VALID, VALIDITY_KNOWN, Geometries
from ._grown import Grown, grown
from ._ids import BIAS, BITS, DECIMAL_BIAS, UNBOUND, Tag, make, payloads, signed, tags
from ._inline import inline, inline_term, outline
from ._segments import Order, Segment, bisected
from ._snapshot import Snapshot
from ._source import SourceSummary, shorten
from ._statistics import PredicateStatistics, Statistics
from ._terms import BNODE, IRI, STRING, Kind, Quads, Term, Terms, TermType, iri, literal, tagged

__all__ = [
    "BIAS", "BITS", "BNODE", "DECIMAL_BIAS", "EMPTY", "IRI", "READABLE", "STRING", "TURNED", "UNBOUND", "VALID", "VALIDITY_KNOWN",
    "Change", "Draft", "Geometries", "Grown", "Kind", "Order", "PredicateStatistics", "Quads", "Segment", "Snapshot", "SnapshotBuilder",
    "SourceSummary", "Statistics", "Tag", "Term", "TermType", "Terms",
    "bisected", "combined", "decoded", "differences", "drafted", "emptied", "filled", "grown", "inline", "inline_term", "iri", "literal",
    "make", "numpy_of", "outline", "payloads", "shorten", "signed", "tagged", "tags", "text_scalar",
]
