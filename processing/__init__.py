"""From scenes to layers: services that read Earth-observation data and leave rasters, polygons, and a record of how they were made.

::

    spec = service("s2-cd")                       what it takes, makes, cites; its parameters are a Pydantic model
    result = run_service(spec, {"input1": …})     layers, item.json (STAC), run.json (parameters, versions, digests, figures)

Limits of this release: no radar preprocessing; scenes are not corrected for terrain, and only one shift is taken out between them; a run
that is killed leaves a hidden folder ``.earthweave-…`` beside its results, and nothing else; the next run there removes it. The
abstract of each service says its own.
"""

from ._registry import service, services
from .frame import Estimate, Output, Parameters, Question, Reference, Result, ServiceSpec, run_service

__all__ = ["Estimate", "Output", "Parameters", "Question", "Reference", "Result", "ServiceSpec", "run_service", "service", "services"]
