"""One table from exception to status code of gRPC, as there is one for HTTP."""

from __future__ import annotations

import logging
import secrets

import grpc

from earthweave.ontology import (
    AbortedError,
    DeadlineError,
    EarthweaveError,
    EndpointError,
    ForbiddenError,
    InputError,
    LimitError,
    MissingDependencyError,
    NotFoundError,
    ProductError,
    UnsupportedError,
)

_log = logging.getLogger("earthweave.server")
CODES: dict[type[EarthweaveError], grpc.StatusCode] = {
    InputError: grpc.StatusCode.INVALID_ARGUMENT,
    ProductError: grpc.StatusCode.FAILED_PRECONDITION,
    NotFoundError: grpc.StatusCode.NOT_FOUND,
    ForbiddenError: grpc.StatusCode.PERMISSION_DENIED,
    UnsupportedError: grpc.StatusCode.UNIMPLEMENTED,
    MissingDependencyError: grpc.StatusCode.UNIMPLEMENTED,
    DeadlineError: grpc.StatusCode.DEADLINE_EXCEEDED,
    LimitError: grpc.StatusCode.RESOURCE_EXHAUSTED,
    AbortedError: grpc.StatusCode.CANCELLED,
    EndpointError: grpc.StatusCode.UNAVAILABLE,
    EarthweaveError: grpc.StatusCode.INTERNAL,
}
"""The nearest ancestor of an exception decides. A product is the server's own: that it cannot be read is not the caller's mistake."""


def status_of(error: Exception) -> tuple[grpc.StatusCode, str]:
    """Status code and text of an exception; a failure of ours is told by an incident number, its text goes to the log only."""
    if isinstance(error, EarthweaveError):
        code = next(CODES[kind] for kind in type(error).__mro__ if kind in CODES)
        if code is not grpc.StatusCode.INTERNAL:
            return code, "; ".join(part for part in (error.what, error.why, error.way_out) if part)
    number = secrets.token_hex(4)
    _log.error("incident %s", number, exc_info=error)
    return grpc.StatusCode.INTERNAL, f"the server could not finish this call (incident {number}); the log of the server tells more"
