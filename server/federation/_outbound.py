"""The one door to other SPARQL endpoints (SPARQL 1.1 Protocol, W3C 2013).

Only the command line opens it, for an endpoint that its user typed; the web server never calls out.
"""

from __future__ import annotations

import ast
import json
import warnings
from dataclasses import dataclass
from http.client import HTTPException, HTTPMessage
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener, install_opener

from earthweave.ontology import DeadlineError, ForbiddenError, ProcessingError, QueryError, SizeLimitError


@dataclass(frozen=True)
class RemoteAnswer:
    """What an endpoint sent: the body as it came, and its media type without parameters."""

    body: bytes
    media_type: str


class _SameHostRedirects(HTTPRedirectHandler):
    """Follow a redirect only on the host that the user named."""

    def redirect_request(self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str) -> Request | None:
        """Refuse a redirect to another host or scheme."""
        if urlsplit(newurl).hostname != urlsplit(req.full_url).hostname or urlsplit(newurl).scheme not in ("http", "https"):
            raise ForbiddenError(
                f"{req.full_url} redirects to another host",
                why=f"it points to {newurl}",
                way_out="name that endpoint yourself if you trust it",
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _check(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise ForbiddenError(
            f"{url} is not an endpoint that may be called",
            why="only http and https, with a host and without a user name in the address",
            way_out="give an address such as http://localhost:8080/sparql",
        )


def query_endpoint(url: str, text: str, *, accept: str, deadline: float, largest: int) -> RemoteAnswer:
    """Send a query (SELECT, ASK, CONSTRUCT or DESCRIBE) by POST and return the raw answer.

    Args:
        accept: media types to ask for.
        deadline: seconds to wait for each step of the connection.
        largest: bytes to take at most.

    Raises `ForbiddenError` for an address that may not be called, `QueryError` if the endpoint refuses the query, `ProcessingError` if it
    cannot be reached, `DeadlineError` and `SizeLimitError`.
    """
    from SPARQLWrapper import POST, SPARQLWrapper
    from SPARQLWrapper.SPARQLExceptions import SPARQLWrapperException

    _check(url)
    install_opener(build_opener(_SameHostRedirects))
    wrapper = SPARQLWrapper(url, agent="earthweave")
    wrapper.setMethod(POST)
    wrapper.setOnlyConneg(True)
    wrapper.setTimeout(max(1, int(deadline)))
    wrapper.addCustomHttpHeader("Accept", accept)
    wrapper.setQuery(text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # it warns of every query whose form it does not recognise
            return _take(wrapper.query().response, url, largest)
    except SPARQLWrapperException as error:
        raise QueryError(f"{url} refused the query", why=_reason(error), way_out="try the query in the endpoint's own page") from error
    except TimeoutError as error:
        raise _late(url, deadline) from error
    except (HTTPError, HTTPException, URLError, OSError) as error:
        if isinstance(getattr(error, "reason", None), TimeoutError):
            raise _late(url, deadline) from error
        raise ProcessingError(f"{url} cannot be reached", why=str(error), way_out="is the address right and the server running?") from error


def _take(response: Any, url: str, largest: int) -> RemoteAnswer:
    body = response.read(largest + 1)
    if len(body) > largest:
        raise SizeLimitError(
            f"the answer of {url} is larger than {largest:,} bytes", way_out="add a LIMIT, or raise EARTHWEAVE_REMOTE_BYTES"
        )
    return RemoteAnswer(bytes(body), str(response.headers.get("Content-Type", "")).split(";")[0].strip())


def _late(url: str, deadline: float) -> DeadlineError:
    return DeadlineError(f"{url} did not answer within {deadline:g} s", way_out="raise EARTHWEAVE_REMOTE_DEADLINE")


def _reason(error: Exception) -> str:
    """What the endpoint said: ``detail`` of a problem document (RFC 9457), else its text."""
    said = next((one for one in error.args if isinstance(one, bytes)), None)
    text = said.decode("utf-8", "replace") if said is not None else str(error)
    text = text.partition("Response:")[2].strip() or text
    try:
        text = ast.literal_eval(text).decode("utf-8", "replace") if text.startswith(("b'", 'b"')) else text
        problem = json.loads(text)
        text = " ".join(str(problem[key]) for key in ("detail", "why") if problem.get(key)) or text
    except (ValueError, SyntaxError, AttributeError):
        pass
    return " ".join(text.split())[:500]
