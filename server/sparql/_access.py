"""Who may write: the bearer of the one token that the server was started with (RFC 6750).

Clients that know no bearers, such as Strabon's, send it as the password of any user name (RFC 7617).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from earthweave.ontology import ForbiddenError

_REALM = "earthweave"


class Gatekeeper:
    """Knows the token by its digest alone, and compares in a time that tells nothing of it."""

    def __init__(self, token: str = "") -> None:
        self._digest = _digest(token) if token else b""

    @property
    def writable(self) -> bool:
        """Whether there is a token at all."""
        return bool(self._digest)

    def admit(self, authorization: str | None, wish: str) -> None:
        """Let the bearer of the token pass.

        Args:
            authorization: the header of that name.
            wish: what is asked for, as messages call it, e.g. ``updates``.

        Raises `ForbiddenError` if the server has no token, `Unauthorized` (HTTP 401) for a missing or wrong one.
        """
        if not self._digest:
            way_out = "start the server with EARTHWEAVE_UPDATE_TOKEN, or work on the machine of the store with the command line"
            raise ForbiddenError(f"{wish} over HTTP are refused", why="this server has no token that would allow them", way_out=way_out)
        given = _token(authorization or "")
        if not given:
            raise _refused(f"{wish} need the header Authorization: Bearer and the token of the server")
        if not hmac.compare_digest(_digest(given), self._digest):
            raise _refused("the token is not that of this server", error="invalid_token")


def _token(authorization: str) -> str:
    """The token in a header, empty if there is none."""
    scheme, _, given = authorization.partition(" ")
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(given.strip(), validate=True).decode("utf-8", "surrogateescape").partition(":")[2]
        except binascii.Error:
            return ""
    return given.strip() if scheme.lower() == "bearer" else ""


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def _refused(text: str, **details: str) -> Unauthorized:
    # a realm must be quoted (RFC 9110 §11.5)
    told = ", ".join(f'{name}="{value}"' for name, value in {"realm": _REALM, **details}.items())
    return Unauthorized(text, www_authenticate=WWWAuthenticate("bearer", token=told))
