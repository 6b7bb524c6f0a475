"""All functions, by IRI."""

from __future__ import annotations

from ._catalogued import CATALOGUED
from ._evaluation import Function
from ._generated import GENERATED
from ._geometric import GEOMETRIC
from ._texts import TEXTS

FUNCTIONS: dict[str, Function] = {**GEOMETRIC, **CATALOGUED, **GENERATED, **TEXTS}
"""IRI → function."""
