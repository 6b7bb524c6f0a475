"""The columnar SPARQL engine: text to algebra, algebra to vectorised operators, operators to solutions in chunks.

::

    text ─▶ parse ─▶ Query ─▶ plan ─▶ Operator ─▶ batches of term ids ─▶ TermSpace ─▶ terms
"""

from ..algebra import Batch
from ._apply import apply_update
from ._commit import Commit, Request
from ._evaluate import Budget, Result, evaluate
from ._explain import plan_report
from ._forms import ntriples, statements
from ._functions import unknown_function
from ._load import Loader, refuse
from ._parse import parse
from ._registry import aggregates, functions
from ._terms import TermSpace
from ._whyempty import why_empty

__all__ = ["Batch", "Budget", "Commit", "Loader", "Request", "Result", "TermSpace", "aggregates", "apply_update", "evaluate",
           "functions", "ntriples", "parse", "plan_report", "refuse", "statements", "unknown_function", "why_empty"]
