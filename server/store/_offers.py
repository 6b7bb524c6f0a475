"""Inside a query worker: which functions and aggregates can be called beyond SPARQL 1.1, from the tables that the engine calls from."""

from __future__ import annotations

from .engine import aggregates, functions
from .reports import Extensions


def offers() -> Extensions:
    """IRIs of extension functions and aggregates, sorted."""
    return Extensions(tuple(sorted(functions)), tuple(sorted(aggregates)))
