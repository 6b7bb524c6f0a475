"""Inside a query worker: which functions and aggregates can be called beyond SPARQL 1.1, from the tables that the engine calls from."""

from __future__ import annotations

from earthweave.ontology import GEOF

from ._catalogue import ALIASES
from .engine import aggregates, functions
from .reports import Extensions


def offers() -> Extensions:
    """IRIs of extension functions and aggregates, sorted; a slip that runs is not offered."""
    slips = {str(GEOF) + name for name in ALIASES}
    return Extensions(tuple(sorted(functions.keys() - slips)), tuple(sorted(aggregates)))
