"""All functions and aggregates with an IRI: of GeoSPARQL, of stSPARQL in space, and of stSPARQL in time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import spatial, strdf, temporal

functions: dict[str, Callable[..., Any]] = {**spatial.functions, **strdf.functions, **temporal.functions}
"""IRI → function of the context and columns of ids."""
aggregates: dict[str, Callable[..., Any]] = {**spatial.aggregates, **strdf.aggregates}
"""IRI → aggregate of the context, ids of the values, the group number of each, and the number of groups."""
