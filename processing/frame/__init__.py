"""The frame of a processing service: what it takes, what it makes, and how a run is checked, recorded and published."""

from ._parameters import Moment, Parameters, parameter
from ._run import Context, Outcome, Product, Result, digest, run_service
from ._spec import Output, Question, Reference, ServiceSpec

__all__ = [
    "Context",
    "Moment",
    "Outcome",
    "Output",
    "Parameters",
    "Product",
    "Question",
    "Reference",
    "Result",
    "ServiceSpec",
    "digest",
    "parameter",
    "run_service",
]
