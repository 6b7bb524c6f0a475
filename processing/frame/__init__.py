"""The frame of a processing service: what it takes, what it makes, and how a run is checked, recorded and published."""

from ._key import altered, content_key, digest, spelled_out
from ._parameters import Moment, Parameters, checked, extra, parameter
from ._run import Context, Outcome, Product, Result, run_service
from ._spec import Estimate, Output, Question, Reference, ServiceSpec

__all__ = [
    "Context",
    "Estimate",
    "Moment",
    "Outcome",
    "Output",
    "Parameters",
    "Product",
    "Question",
    "Reference",
    "Result",
    "ServiceSpec",
    "altered",
    "checked",
    "content_key",
    "digest",
    "extra",
    "parameter",
    "run_service",
    "spelled_out",
]
