"""Valid time of stRDF: relations between periods and instants, which are columns of microseconds, and what makes new ones.

::

    ids ──periods_of──▶ Periods (int64 start, end) ──RELATIONS, CONSTRUCTORS──▶ truth values, periods ──write_periods──▶ literals
    a filter on one time ──passing──▶ which of the snapshot's distinct times
    a filter on two      ──related──▶ TemporalPair ──▶ TemporalJoin: pairs of rows
"""

from ._algebra import CONSTRUCTORS, RELATIONS
from ._condition import TemporalCondition, passing, recognise
from ._functions import EXTENSIONS, functions
from ._join import TemporalJoin, TemporalPair, related, share_of

__all__ = [
    "CONSTRUCTORS", "EXTENSIONS", "RELATIONS", "TemporalCondition", "TemporalJoin", "TemporalPair", "functions", "passing", "recognise",
    "related", "share_of",
]
