"""Errors on their way from one process to another, as JSON values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from earthweave import ontology
from earthweave.ontology import EarthweaveError


def told(error: EarthweaveError) -> dict[str, str]:
    """An error as JSON values."""
    return {"type": type(error).__name__, "what": error.what, "why": error.why, "way_out": error.way_out}


def error_of(values: Mapping[str, Any]) -> EarthweaveError:
    """The error that these values tell; of a kind that is unknown here, the plain one."""
    kind = getattr(ontology, values["type"], EarthweaveError)
    error: EarthweaveError = kind(values["what"], why=values["why"], way_out=values["way_out"])
    return error
