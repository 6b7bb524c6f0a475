"""Valid time of stRDF: relations between periods and instants, which are columns of microseconds, and what makes new ones.

::

    ids ──periods_of──▶ Periods (int64 start, end) ──RELATIONS, CONSTRUCTORS──▶ truth values, periods ──write_periods──▶ literals
"""

from ._algebra import CONSTRUCTORS, RELATIONS
from ._condition import TemporalCondition, passing, recognise
from ._functions import EXTENSIONS, functions

__all__ = [
    "CONSTRUCTORS", "EXTENSIONS", "RELATIONS", "TemporalCondition", "functions", "passing", "recognise",
]
