"""Requests are UTF-8 and not packed, or they are refused: what is read wrongly would be asked, or stored, wrongly."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from flask import request
from werkzeug.exceptions import UnsupportedMediaType

from earthweave.ontology import ParameterError

_CHARSETS = frozenset({"", "utf-8", "utf8", "us-ascii"})
_FORM = "application/x-www-form-urlencoded"


def check_charset() -> None:
    """Raise `UnsupportedMediaType` (HTTP 415) for a body that is said to be in another charset than UTF-8."""
    charset = request.mimetype_params.get("charset", "")
    if charset.lower() not in _CHARSETS:
        raise UnsupportedMediaType(f"the charset {charset[:40]} is not read; send UTF-8")


def check_text() -> None:
    """The same, and for a packed body; raises `ParameterError` for parameters, in the address or a form, that are not UTF-8.

    Keeps the body of a form in memory, so let the size of it be limited before.
    """
    check_charset()
    packing = request.headers.get("Content-Encoding", "identity").lower()
    if packing != "identity":
        raise UnsupportedMediaType(f"the Content-Encoding {packing[:40]} is not read here; send the text as it is")
    _check(request.query_string, "address")
    if request.mimetype.lower() == _FORM:
        _check(request.get_data(), "form")


def _check(encoded: bytes, place: str) -> None:
    try:
        unquote_to_bytes(encoded).decode("utf-8")
    except UnicodeDecodeError as error:
        raise ParameterError(f"the {place} is not UTF-8", why=f"byte 0x{error.object[error.start]:02X} cannot be read",
                             way_out="send UTF-8, with percent signs where bytes are not ASCII") from error
