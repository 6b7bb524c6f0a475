"""The frame of a processing service: what it takes, what it makes, and how a run is checked, recorded and published."""

from ._key import altered, at_home, content_key, digest, spelled_out
from ._parameters import Described, Moment, Parameters, checked, described, extra, parameter
from ._run import Context, Outcome, Product, Record, Result, run_service
from ._spec import Estimate, Output, Question, Reference, ServiceSpec
from ._stac import footprint

__all__ = [
    "Context",
    "Described",
    "Estimate",
    "Moment",
    "Outcome",
    "Output",
    "Parameters",
    "Product",
    "Question",
    "Record",
    "Reference",
    "Result",
    "ServiceSpec",
    "altered",
    "at_home",
    "checked",
    "content_key",
    "described",
    "digest",
    "extra",
    "footprint",
    "parameter",
    "run_service",
    "spelled_out",
]
