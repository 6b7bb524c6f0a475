"""What can be run: the services of the processing room and the workflows composed here."""

from __future__ import annotations

from earthweave.processing import ServiceSpec, services

from ._assessment import FLOOD_ASSESSMENT
from ._impact_service import FLOOD_IMPACT


def registry() -> tuple[ServiceSpec, ...]:
    """All services, those of one step first."""
    return (*services(), FLOOD_IMPACT, FLOOD_ASSESSMENT)
