"""Solutions out of a document that a foreign endpoint has sent (SPARQL 1.1 Query Results JSON Format, W3C 2013); nothing in it is trusted.

The document is read binding by binding, so that what it takes does not depend on how much of it is no solution.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from earthweave.ontology import XSD, EndpointError

from ..snapshot import BNODE, Term, iri, literal, tagged

_SPACE = re.compile(r"[ \t\r\n]*+")
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*+:[^\x00-\x20<>\"{}|^`\\]*+")
_TAG = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*+")
_STRING = str(XSD.string)
_DECODER = json.JSONDecoder(strict=False)


class ResultDocument:
    """One answer to a SELECT.

    Attributes:
        truncated: whether its sender says that a limit cut it; known at the end.
    """

    def __init__(self, body: bytes) -> None:
        self.truncated = False
        try:
            self._text = body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise wrong("it is not UTF-8") from error
        self._place = 0

    def bindings(self) -> Iterator[dict[str, Term]]:
        """Its solutions; raises `EndpointError` where it is no such document."""
        found = False
        for name in self._members():
            if name == "results":
                found = True
                yield from self._results()
            else:
                value = self._value()
                self.truncated |= name == "truncated" and value is True
        if not found:
            raise wrong("it has no results")
        if self._peek():
            raise wrong("it goes on behind its end")

    def _results(self) -> Iterator[dict[str, Term]]:
        for name in self._members():
            if name != "bindings":
                self._value()
                continue
            for _ in self._listed("[", "]"):
                yield _binding(self._value())

    def _members(self) -> Iterator[str]:
        """Names of an object, each to be followed by reading its value."""
        for _ in self._listed("{", "}"):
            name = self._value()
            self._sign(":")
            yield str(name)

    def _listed(self, first: str, last: str) -> Iterator[None]:
        self._sign(first)
        if self._peek() == last:
            self._sign(last)
            return
        while True:
            yield
            if self._peek() != ",":
                self._sign(last)
                return
            self._sign(",")

    def _peek(self) -> str:
        space = _SPACE.match(self._text, self._place)
        self._place = space.end() if space else self._place
        return self._text[self._place : self._place + 1]

    def _sign(self, sign: str) -> None:
        if self._peek() != sign:
            raise wrong(f"{sign} was expected at character {self._place:,}")
        self._place += 1

    def _value(self) -> Any:
        self._peek()
        try:
            value, self._place = _DECODER.raw_decode(self._text, self._place)
        except ValueError as error:
            raise wrong(f"it is no JSON at character {self._place:,}") from error
        except RecursionError as error:
            raise wrong("it is nested too deep") from error
        return value


class BadDocumentError(EndpointError):
    """A document that is no solutions."""


@contextmanager
def sent_by(endpoint: str) -> Iterator[None]:
    """Let errors about a document tell who sent it."""
    try:
        yield
    except BadDocumentError as error:
        raise EndpointError(f"<{endpoint}> sent something that is no SPARQL JSON result", why=error.why, way_out=error.way_out) from error


def wrong(why: str) -> BadDocumentError:
    """The error for a document that is not what was asked for."""
    return BadDocumentError("the endpoint sent something that is no SPARQL JSON result", why=why,
                            way_out="is this the address of a SPARQL endpoint?")


def _binding(row: Any) -> dict[str, Term]:
    if not isinstance(row, dict):
        raise wrong("a solution is no object")
    return {str(name): _term(value) for name, value in row.items()}


def _term(value: Any) -> Term:
    """A term of a binding; blank nodes keep the labels of the document."""
    if not isinstance(value, dict):
        raise wrong("a term is no object")
    kind, text = value.get("type"), _encodable(value.get("value"))
    if kind == "uri":
        return iri(_checked(_IRI, text, "IRI"))
    if kind == "bnode":
        return Term(text, BNODE)
    if kind not in ("literal", "typed-literal"):
        raise wrong(f"it has a term of the type {str(kind)[:40]}")
    if "xml:lang" in value:
        return tagged(text, _checked(_TAG, value["xml:lang"], "language tag"))
    return literal(text, _checked(_IRI, value.get("datatype", _STRING), "IRI"))


def _checked(pattern: re.Pattern[str], text: Any, what: str) -> str:
    if not isinstance(text, str) or not pattern.fullmatch(_encodable(text)):
        raise wrong(f"{str(text)[:40]!r} is no {what}")
    return text


def _encodable(text: Any) -> str:
    if not isinstance(text, str):
        raise wrong("a term has no text")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise wrong("a term holds half a character (a lone surrogate)") from error
    return text
