"""Which endpoints a query may reach with SERVICE, and the way there."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from earthweave.ontology import DeadlineError, EndpointError, ForbiddenError, ParameterError, QueryError, SizeLimitError

from ._outbound import check_address, query_endpoint

_JSON = "application/sparql-results+json"
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class AllowedEndpoints:
    """The endpoints that an operator has named, and no others.

    Attributes:
        entries: addresses; one that ends in ``/`` stands for all below it.
        deadline: seconds that one call may take.
    """

    entries: tuple[str, ...]
    deadline: float

    def fetch(self, endpoint: str, query: str, *, seconds: float, largest: int) -> bytes:
        """Send a SELECT to an endpoint and give its answer as SPARQL JSON.

        Args:
            seconds: to wait at most, if that is less than ``deadline``.
            largest: bytes to take at most.

        Raises `ForbiddenError` for an endpoint that is not allowed, `EndpointError` for one that refuses or sends too much,
        `DeadlineError` for one that is late.
        """
        within = max(min(seconds, self.deadline), 0.001)
        try:
            return query_endpoint(endpoint, query, accept=_JSON, deadline=within, largest=largest, check=self.check).body
        except QueryError as error:
            # what it refuses was written here, not by whoever wrote the query
            raise EndpointError(error.what, why=error.why, way_out=error.way_out) from error
        except SizeLimitError as error:
            # nothing that the client sent is too large
            raise EndpointError(error.what, why=f"the limit service_bytes is {largest:,}",
                                way_out="narrow the pattern, or raise service_bytes (EARTHWEAVE_SERVICE_BYTES)") from error
        except DeadlineError as error:
            limit = "query_deadline" if seconds < self.deadline else "remote_deadline"
            raise DeadlineError(error.what, why=f"the limit {limit}",
                                way_out=f"narrow the pattern, or raise {limit} (EARTHWEAVE_{limit.upper()})") from error

    def check(self, endpoint: str) -> None:
        """Raise `ForbiddenError` for an endpoint that is not allowed."""
        check_address(endpoint)
        asked = urlsplit(endpoint)
        if not plain_path(asked) or not any(lies_within(asked, urlsplit(one)) for one in self.entries):
            raise ForbiddenError(
                f"SERVICE <{endpoint}> is refused",
                why="the setting service_allow does not name it",
                way_out="add it to service_allow (EARTHWEAVE_SERVICE_ALLOW) if you trust that endpoint",
            )


def allowed_endpoints(entries: str, deadline: float) -> AllowedEndpoints | None:
    """The allow-list that a setting writes with commas; None if it is empty. Raises `ParameterError` for what is no address."""
    found = tuple(one.strip() for one in entries.split(",") if one.strip())
    for one in found:
        try:
            check_address(one)
        except ForbiddenError as error:
            raise ParameterError(f"service_allow names {one}, which is no endpoint", why=error.why, way_out=error.way_out) from error
    return AllowedEndpoints(found, deadline) if found else None


def plain_path(asked: SplitResult) -> bool:
    """Whether a path says where it leads."""
    path = unquote(asked.path)
    return not asked.fragment and "\\" not in path and not {".", ".."} & set(path.split("/"))


def lies_within(asked: SplitResult, entry: SplitResult) -> bool:
    """Whether an address is an entry of an allow-list, or below one that ends in ``/``."""
    if _place(asked) != _place(entry):
        return False
    if entry.path.endswith("/") or not entry.path:
        return asked.path.startswith(entry.path)
    return asked.path == entry.path and asked.query in ("", entry.query)


def _place(address: SplitResult) -> tuple[str, str | None, int | None]:
    return address.scheme, address.hostname, address.port or _PORTS.get(address.scheme)
