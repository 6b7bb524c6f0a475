"""Valid time of stRDF: periods and instants as columns of microseconds, their relations and constructors, and statements with a time.

::

    literals ──read_periods──▶ Periods (int64 start, end) ──RELATIONS, CONSTRUCTORS──▶ truth values, periods ──write_periods──▶ literals
    N-Quads ──without_times──▶ N-Triples, times ──with_times──▶ Quads
"""

from ._algebra import CONSTRUCTORS, RELATIONS
from ._functions import EXTENSIONS, functions
from ._lines import with_times, without_times
from ._periods import FOREVER, STRDF_PERIOD, Periods, instants, read_moments, read_periods, write_moments, write_periods

__all__ = [
    "CONSTRUCTORS", "EXTENSIONS", "FOREVER", "RELATIONS", "STRDF_PERIOD", "Periods", "functions", "instants", "read_moments",
    "read_periods", "with_times", "without_times", "write_moments", "write_periods",
]
