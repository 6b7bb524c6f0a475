"""Other services that are asked by GET, such as catalogues: through the same guarded door, to the addresses that are allowed alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import Request

from earthweave.ontology import DeadlineError, EndpointError, ForbiddenError, ParameterError, SizeLimitError

from ._allowed import lies_within, plain_path
from ._outbound import LOUDEST, Watch, check_address, guarded_opener, reach_failure, taken

Reply = tuple[int, dict[str, str], bytes]
"""HTTP status, headers by their name in lower case, body."""
_NONE = "none"


@dataclass(frozen=True)
class AllowedServices:
    """The way to services that an operator, or this release, has named, and to no others.

    Attributes:
        entries: addresses; one that ends in ``/`` stands for all below it.
        deadline: seconds that one reply may take.
        largest: bytes to take at most.
    """

    entries: tuple[str, ...]
    deadline: float
    largest: int

    def get(self, url: str, params: Sequence[tuple[str, str]] = ()) -> Reply:
        """Fetch an address with a query string; the status may be any.

        Raises `ForbiddenError` for an address that is not allowed, `EndpointError` for one that cannot be reached, `DeadlineError` and
        `SizeLimitError`.
        """
        address = f"{url}{'&' if '?' in url else '?'}{urlencode(params, quote_via=quote)}" if params else url
        return fetch(address, deadline=self.deadline, largest=self.largest, check=self.check)

    def check(self, url: str) -> None:
        """Raise `ForbiddenError` for an address that is not allowed."""
        check_address(url)
        asked = urlsplit(url)
        if not plain_path(asked) or not any(lies_within(asked, urlsplit(one)) for one in self.entries):
            hosts = sorted({urlsplit(one).hostname or "" for one in self.entries})
            raise ForbiddenError(
                f"{asked.scheme}://{asked.netloc}{asked.path} is not asked",
                why=f"it is none of the allowed services: {', '.join(hosts) or 'none is allowed'}",
                way_out=f"if you trust it, add {asked.scheme}://{asked.netloc}/ to catalogue_allow (EARTHWEAVE_CATALOGUE_ALLOW)",
            )


def allowed_services(known: Sequence[str], further: str, *, deadline: float, largest: int) -> AllowedServices:
    """The way to all on the hosts of known services, and to further ones that a setting writes with commas.

    ``none`` in the setting allows nothing at all. Raises `ParameterError` for what is no address.
    """
    written = tuple(one.strip() for one in further.split(",") if one.strip())
    if _NONE in written:
        return AllowedServices((), deadline, largest)
    for one in written:
        try:
            check_address(one)
        except ForbiddenError as error:
            raise ParameterError(f"catalogue_allow names {one}, which is no address", why=error.why, way_out=error.way_out) from error
    hosts = tuple(f"{urlsplit(one).scheme}://{urlsplit(one).netloc}/" for one in known)
    return AllowedServices(tuple(dict.fromkeys((*hosts, *written))), deadline, largest)


def fetch(url: str, *, deadline: float, largest: int, check: Callable[[str], None] = check_address) -> Reply:
    """The reply to one GET, of any status; of what a refusal says, the beginning.

    Args:
        deadline: seconds until the whole reply must be there.
        largest: bytes to take at most.
        check: raises for an address that may not be called; it also sees where a redirect leads.

    Raises `ForbiddenError`, `EndpointError` if it cannot be reached, `DeadlineError` and `SizeLimitError`.
    """
    check(url)
    watch, start = Watch(), time.monotonic()
    request = Request(url, headers={"Accept": "application/geo+json, application/json;q=0.9, */*;q=0.1", "User-Agent": "earthweave"})
    try:
        with watch.running(deadline):
            try:
                response = guarded_opener(watch, check).open(request, timeout=deadline)
            except HTTPError as error:
                with error:
                    return error.code, _lowered(error.headers.items()), error.read(LOUDEST)
            return int(response.status), _lowered(response.headers.items()), taken(response, url, largest, watch).body
    except SizeLimitError as error:
        raise SizeLimitError(error.what, way_out="ask for fewer products, or raise EARTHWEAVE_REMOTE_BYTES") from error
    except (HTTPException, URLError, OSError, ValueError) as error:
        late = isinstance(error, TimeoutError) or isinstance(getattr(error, "reason", None), TimeoutError)
        failure = reach_failure(error, url, deadline, late=watch.late or (late and time.monotonic() - start > deadline / 2))
        if isinstance(failure, DeadlineError):
            raise failure from error
        raise EndpointError(failure.what, why=failure.why, way_out="is the network there, and the address right?") from error


def _lowered(headers: Sequence[tuple[str, str]]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers}
