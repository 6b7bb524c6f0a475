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
from ._periods import FOREVER, STRDF_PERIOD, Moments, Periods, instants, read_moments, read_periods, write_moments, write_periods
from ._segments import Order, Segment, bisected
from ._snapshot import Snapshot
from ._source import SourceSummary, shorten
from ._statistics import PredicateStatistics, Statistics
from ._terms import BNODE, IRI, STRING, Kind, Quads, Term, Terms, TermType, iri, literal, tagged
from ._times import ANY, GOOD, PRESENT, TIME_TYPES, Spans, Times, lasting, lasts, periods_of

__all__ = [
    "ANY", "BIAS", "BITS", "BNODE", "DECIMAL_BIAS", "EMPTY", "FOREVER", "GOOD", "IRI", "PRESENT", "READABLE", "STRDF_PERIOD", "STRING",
    "TIME_TYPES", "TURNED", "UNBOUND", "VALID", "VALIDITY_KNOWN",
    "Change", "Draft", "Geometries", "Grown", "Kind", "Moments", "Order", "Periods", "PredicateStatistics", "Quads", "Segment", "Snapshot",
    "SnapshotBuilder", "SourceSummary", "Spans", "Statistics", "Tag", "Term", "TermType", "Terms", "Times",
    "bisected", "combined", "decoded", "differences", "drafted", "emptied", "filled", "grown", "inline", "inline_term", "instants", "iri",
    "lasting", "lasts", "literal", "make", "numpy_of", "outline", "payloads", "periods_of", "read_moments", "read_periods", "shorten",
    "signed", "tagged", "tags", "text_scalar", "write_moments", "write_periods",
]
