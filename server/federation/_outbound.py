"""The one door to other SPARQL endpoints (SPARQL 1.1 Protocol, W3C 2013).

::

    command line ─▶ query_endpoint ◀─ AllowedEndpoints ◀─ SERVICE of a query, which the operator's allow-list must name
                          │
                     SPARQLWrapper, its own opener: time and bytes are counted, no redirect leaves the host
"""

from __future__ import annotations

import ast
import json
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPMessage, HTTPSConnection
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPHandler, HTTPRedirectHandler, HTTPSHandler, OpenerDirector, Request, build_opener

from earthweave.ontology import DeadlineError, EarthweaveError, EndpointError, ForbiddenError, QueryError, SizeLimitError

_PORTION = 1 << 16
LOUDEST = 1 << 16
"""Bytes that are read of what an endpoint says about an error."""


@dataclass(frozen=True)
class RemoteAnswer:
    """What an endpoint sent: the body as it came, and its media type without parameters."""

    body: bytes
    media_type: str


def check_address(url: str) -> None:
    """Raise `ForbiddenError` for what is no plain address of http or https."""
    try:
        parts = urlsplit(url)
        fine = parts.scheme in ("http", "https") and parts.hostname and parts.username is None and (parts.port or 1) > 0
    except ValueError:
        fine = False
    if not fine:
        raise ForbiddenError(
            f"{url} is not an endpoint that may be called",
            why="only http and https, with a host and without a user name in the address",
            way_out="give an address such as http://localhost:8080/sparql",
        )


class _Redirects(HTTPRedirectHandler):
    """Follow a redirect only on the host that the user named, and only to what may be called."""

    def __init__(self, check: Callable[[str], None]) -> None:
        self._check = check

    def redirect_request(self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str) -> Request | None:
        """Refuse a redirect to another host or scheme."""
        if urlsplit(newurl).hostname != urlsplit(req.full_url).hostname:
            raise ForbiddenError(
                f"{req.full_url} redirects to another host",
                why=f"it points to {newurl}",
                way_out="name that endpoint yourself if you trust it",
            )
        self._check(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class Watch:
    """Ends connections when their time is up, however slowly the other end goes on sending."""

    def __init__(self) -> None:
        self.late = False
        self._sockets: list[Any] = []

    @contextmanager
    def running(self, seconds: float) -> Iterator[None]:
        """Watch for the length of a block."""
        timer = threading.Timer(seconds, self._end)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def add(self, opened: Any) -> None:
        """Watch one more socket."""
        self._sockets.append(opened)

    def _end(self) -> None:
        self.late = True
        for opened in self._sockets:
            try:
                opened.shutdown(2)
            except OSError:
                continue


def guarded_opener(watch: Watch, check: Callable[[str], None]) -> OpenerDirector:
    """An opener of one call, whose connections are watched."""

    class Plain(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            watch.add(self.sock)

    class Secure(HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            watch.add(self.sock)

    class PlainHandler(HTTPHandler):
        def do_open(self, http_class: Any, req: Request, **arguments: Any) -> Any:
            return super().do_open(Plain, req, **arguments)

    class SecureHandler(HTTPSHandler):
        def do_open(self, http_class: Any, req: Request, **arguments: Any) -> Any:
            return super().do_open(Secure, req, **arguments)

    return build_opener(_Redirects(check), PlainHandler(), SecureHandler())


def query_endpoint(
    url: str, text: str, *, accept: str, deadline: float, largest: int, check: Callable[[str], None] = check_address
) -> RemoteAnswer:
    """Send a query (SELECT, ASK, CONSTRUCT or DESCRIBE) by POST and return the raw answer.

    Args:
        accept: media types to ask for.
        deadline: seconds until the whole answer must be there.
        largest: bytes to take at most.
        check: raises for an address that may not be called; it also sees where a redirect leads.

    Raises `ForbiddenError` for an address that may not be called, `QueryError` if the endpoint refuses the query, `EndpointError` if it
    cannot be reached, `DeadlineError` and `SizeLimitError`.
    """
    from SPARQLWrapper.SPARQLExceptions import SPARQLWrapperException

    check(url)
    watch = Watch()
    start = time.monotonic()
    try:
        with watch.running(deadline):
            return taken(_sent(url, text, accept, deadline, guarded_opener(watch, check)), url, largest, watch)
    except SPARQLWrapperException as error:
        raise QueryError(f"{url} refused the query", why=_reason(error), way_out="try the query in the endpoint's own page") from error
    except (HTTPError, HTTPException, URLError, OSError, ValueError) as error:
        late = isinstance(error, TimeoutError) or isinstance(getattr(error, "reason", None), TimeoutError)
        raise reach_failure(error, url, deadline, late=watch.late or (late and time.monotonic() - start > deadline / 2)) from error


def _sent(url: str, text: str, accept: str, deadline: float, opener: OpenerDirector) -> Any:
    """The response, read as far as its headers."""
    from SPARQLWrapper import POST, SPARQLWrapper
    from SPARQLWrapper.SPARQLExceptions import EndPointInternalError, EndPointNotFound, QueryBadFormed, Unauthorized, URITooLong

    refusals = {400: QueryBadFormed, 401: Unauthorized, 404: EndPointNotFound, 414: URITooLong, 500: EndPointInternalError}

    class Guarded(SPARQLWrapper):
        def _query(self) -> Any:
            """As its own, but through the opener of this call instead of the one that the whole process shares."""
            try:
                return opener.open(self._createRequest(), timeout=deadline), self.returnFormat
            except HTTPError as error:
                if error.code in refusals:
                    raise refusals[error.code](error.read(LOUDEST)) from error
                raise

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # it warns of every query whose form it does not recognise
        wrapper = Guarded(url, agent="earthweave")
        wrapper.setMethod(POST)
        wrapper.setOnlyConneg(True)
        wrapper.addCustomHttpHeader("Accept", accept)
        wrapper.setQuery(text)
        return wrapper.query().response


def taken(response: Any, url: str, largest: int, watch: Watch) -> RemoteAnswer:
    """The whole body of a response; raises `SizeLimitError` as soon as it is too large, `EndpointError` if it is packed."""
    with response:
        if (packing := response.headers.get("Content-Encoding", "identity").lower()) != "identity":
            raise EndpointError(f"{url} packed its answer", why=f"the Content-Encoding {packing[:40]} was not asked for and is not read")
        parts, size = list[bytes](), 0
        while part := response.read1(_PORTION):
            parts.append(part)
            size += len(part)
            if size > largest:
                raise SizeLimitError(
                    f"the answer of {url} is larger than {largest:,} bytes",
                    way_out="add a LIMIT, or raise EARTHWEAVE_REMOTE_BYTES",
                )
        length = response.headers.get("Content-Length", "")
        if watch.late or (length.isdecimal() and size < int(length)):
            raise HTTPException("its answer ended too early")
        return RemoteAnswer(b"".join(parts), str(response.headers.get("Content-Type", "")).split(";")[0].strip())


def reach_failure(error: Exception, url: str, deadline: float, *, late: bool) -> EarthweaveError:
    """What to raise for an endpoint that could not be asked."""
    if late:
        return DeadlineError(f"{url} did not answer within {deadline:g} s", way_out="raise EARTHWEAVE_REMOTE_DEADLINE")
    if isinstance(error, HTTPError) and error.code < 500:
        return QueryError(f"{url} refused the query", why=f"HTTP status {error.code}: {_reason_of(error.read(LOUDEST))}")
    return EndpointError(f"{url} cannot be reached", why=str(error), way_out="is the address right and the server running?")


def _reason(error: Exception) -> str:
    """What the endpoint said."""
    said = next((one for one in error.args if isinstance(one, bytes)), None)
    text = said.decode("utf-8", "replace") if said is not None else str(error)
    text = text.partition("Response:")[2].strip() or text
    try:
        text = ast.literal_eval(text).decode("utf-8", "replace") if text.startswith(("b'", 'b"')) else text
    except (ValueError, SyntaxError, AttributeError):
        pass
    return _reason_of(text.encode())


def _reason_of(said: bytes) -> str:
    """``detail`` of a problem document (RFC 9457), else the text."""
    text = said.decode("utf-8", "replace")
    try:
        problem = json.loads(text)
        text = " ".join(str(problem[key]) for key in ("detail", "why") if problem.get(key)) or text
    except (ValueError, AttributeError, RecursionError):
        pass
    return " ".join(text.split())[:500]
