"""All functions, by IRI."""

from __future__ import annotations

from ._evaluation import Function
from ._geometric import GEOMETRIC

FUNCTIONS: dict[str, Function] = {**GEOMETRIC}
"""IRI → function."""
