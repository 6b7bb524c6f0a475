"""From a request to a query and from its result to values: ``plan`` and ``run``.

::

    Request + Knowledge ─▶ plan ─▶ Plan (algebra, never text; columns with units; assumptions; refusal) ─▶ run ─▶ Result
"""

from ._algebra import Column, Select, Triple, Values, var
from ._build import plan
from ._run import Datum, Feature, Figure, Result, Row, Shape, run
from ._text import text_of
from ._types import Code, Conventions, Directions, Lookup, Output, Plan, Refusal

__all__ = [
    "Code",
    "Column",
    "Conventions",
    "Datum",
    "Directions",
    "Feature",
    "Figure",
    "Lookup",
    "Output",
    "Plan",
    "Refusal",
    "Result",
    "Row",
    "Select",
    "Shape",
    "Triple",
    "Values",
    "plan",
    "run",
    "text_of",
    "var",
]
