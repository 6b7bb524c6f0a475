"""The choice of a format for a client (RFC 9110 §12.5.1; SPARQL 1.1 Protocol §2.1.6)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from earthweave.server.results import FORMATS, Format, fitting, named_format, not_acceptable

_PARAMETER = re.compile(r";\s*(?!q\s*=)[^\s;,=\"]+\s*=\s*(\"(?:[^\"\\]|\\.)*\"|[^\s;,\"]*)", re.IGNORECASE)


def _parsed(accept: str) -> MIMEAccept:
    """The header without parameters: no format has variants, and all text is UTF-8, whichever is asked for (RFC 9110 §12.5.2)."""
    return parse_accept_header(_PARAMETER.sub("", accept).strip(" ,") or "*/*", MIMEAccept)


def content_type(format: Format, accept: str) -> str:
    """The ``Content-Type`` to send: the alias the client named, or the registered type; text is UTF-8."""
    named = {value.lower() for value, quality in _parsed(accept) if quality > 0}
    chosen = next((media_type for media_type in format.media_types if media_type in named), format.media_type)
    return f"{chosen}; charset=utf-8" if chosen.startswith("text/") else chosen


def select(name: str | None, accept: str, offered: Sequence[Format]) -> Format:
    """The one of some formats that is named, or that an ``Accept`` header likes best; raises `NotAcceptableError`."""
    if name:
        wanted = fitting(named_format(name), "graph")
        if wanted not in offered:
            raise not_acceptable("graph", f"{wanted.name} cannot hold it")
        return wanted
    header = _parsed(accept)
    quality, best = max(((max(header.quality(m) for m in f.media_types), f) for f in offered), key=lambda offer: offer[0])
    if quality <= 0:
        offers = ", ".join(one.media_type for one in offered)
        raise not_acceptable("graph", f"the Accept header names {accept[:120]!r}, and only {offers} can hold it")
    return best


def negotiate(accept: str, kind: str | None = None) -> Format:
    """Choose the format that an ``Accept`` header likes best.

    Args:
        accept: the header; empty means anything.
        kind: ``table``, ``graph`` or ``boolean``; None before the query has run, to refuse early what can never be served.

    Raises:
        NotAcceptableError: nothing that is accepted can hold such a result (HTTP 406).
    """
    header = _parsed(accept)
    offers = [(max(header.quality(m) for m in f.media_types), f) for f in FORMATS if kind is None or kind in f.kinds]
    quality, best = max(offers, key=lambda offer: offer[0])
    if quality <= 0:
        raise not_acceptable(kind, f"the Accept header names {accept[:120]!r}")
    return best


def choose(name: str | None, accept: str, kind: str) -> Format:
    """The format for an answer: ``?format=`` wins over ``Accept``; a named format that cannot hold the kind is refused."""
    return fitting(named_format(name), kind) if name else negotiate(accept, kind)
