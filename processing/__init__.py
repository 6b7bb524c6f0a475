"""From scenes to layers: services that read Earth-observation data and leave rasters, polygons, and a record of how they were made."""

from ._registry import service, services
from .service import Output, Parameters, Question, Reference, Result, ServiceSpec, run_service

__all__ = ["Output", "Parameters", "Question", "Reference", "Result", "ServiceSpec", "run_service", "service", "services"]
