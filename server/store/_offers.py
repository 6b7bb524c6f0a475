"""Inside a query worker: which functions and aggregates can be called beyond SPARQL 1.1, from the tables that the engine calls from."""

from __future__ import annotations

from .reports import Extensions
from .spatial import aggregates, functions


def offers() -> Extensions:
    """IRIs of extension functions and aggregates, sorted."""
    return Extensions(tuple(sorted(functions)), tuple(sorted(aggregates)))
