"""SPARQL 1.1 text to algebra: the one function through which a query enters the engine.

The text is read once by a recursive-descent parser of our own that gives the algebra of §18.2, and checked by pyoxigraph's parser,
which knows every rule of grammar and scope and says where one is broken; it evaluates nothing. rdflib's parser was measured first: it
fails on ``-01.50`` and on ``"\\u00e9dead"``, loses ``^`` in negated property sets, and takes 12 ms for the tutorial's query 2a.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import pyoxigraph

from earthweave.ontology import QueryError, SizeLimitError, UnsupportedError

from ..algebra import Query
from ._parse_query import QueryParser
from ._parse_tokens import code_points

_REMEMBERED = 256
_PLACE = re.compile(r"error at (\d+):(\d+): (.*)", re.DOTALL)
_CHOICES = 12
_CALLS = 4000
_EXTENSIONS = frozenset(
    "LATERAL VERSION TRIPLE SUBJECT PREDICATE OBJECT ISTRIPLE LANGDIR HASLANG HASLANGDIR STRLANGDIR ADJUST UNFOLD".split()
)
"""Words of SPARQL 1.2 and of single stores that the checker lets pass."""
_WORDS_OF_A_SENTENCE = 4
_ABSENT: dict[pyoxigraph.Variable, pyoxigraph.NamedNode | pyoxigraph.BlankNode | pyoxigraph.Literal | pyoxigraph.Triple] = {
    pyoxigraph.Variable("earthweave_absent"): pyoxigraph.NamedNode("urn:x-earthweave:absent")
}
"""To substitute a variable that the text does not select is refused between parsing and evaluation."""


@lru_cache(maxsize=_REMEMBERED)
def parse(text: str) -> Query:
    """A SPARQL 1.1 query as algebra; the latest texts are remembered.

    Raises `QueryError` (no SPARQL 1.1; with line and column), `UnsupportedError` (SERVICE, and what only extensions of SPARQL 1.1
    know) or `SizeLimitError` (nested too deep).
    """
    try:
        with _room_for_nesting():
            return _parsed(text)
    except QueryError:
        decoded = code_points(text)
        if decoded == text:
            raise
        return _parsed(decoded)
    except RecursionError as error:
        raise SizeLimitError("the query is nested too deep", way_out="write it with fewer brackets") from error


@contextmanager
def _room_for_nesting() -> Iterator[None]:
    """A level of brackets takes up to five calls, and the gate lets hundreds of levels pass."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _CALLS))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def _parsed(text: str) -> Query:
    parser = QueryParser(text)
    try:
        query = parser.query()
    except (QueryError, UnsupportedError) as error:
        _check(parser)
        if isinstance(error, QueryError) and _extends(parser):
            raise UnsupportedError(f"{error.what}: this is more than SPARQL 1.1", why=error.why) from error
        raise
    _check(parser)
    return query


def _extends(parser: QueryParser) -> bool:
    """Whether the parser stopped where an extension begins."""
    return parser.key in _EXTENSIONS or parser.text.startswith(("<<", "{|"), parser.start)


def _check(parser: QueryParser) -> None:
    """Check the syntax of what was read, without evaluating anything; raises `QueryError` with line and column."""
    text = _checkable(parser)
    custom = {pyoxigraph.NamedNode(name): _refused for name in parser.custom}
    try:
        pyoxigraph.Store().query(text, substitutions=_ABSENT, custom_aggregate_functions=custom)
    except SyntaxError as error:
        raise explained(str(error)) from error
    except UnicodeEncodeError as error:
        raise QueryError("the text holds half a character (a lone surrogate)", way_out="send it as UTF-8") from error
    except RuntimeError:
        # the substitution is refused, or a custom function is missing: both come after the syntax was found right
        return


def _checkable(parser: QueryParser) -> str:
    """The text without what is right and the checker does not know; all that stays keeps its place, but for a grouped ASK or CONSTRUCT."""
    text = parser.text
    for start in parser.distinct:
        text = text[:start] + " " * len("DISTINCT") + text[start + len("DISTINCT") :]
    for start in parser.lowered:
        text = text[:start] + text[start : start + len("false")].lower() + text[start + len("false") :]
    if parser.head is not None:
        start, stop = parser.head
        text = f"{text[:start]}SELECT (1 AS ?earthweave_grouped) {text[stop:]}"
    return text


def _refused() -> pyoxigraph.AggregateFunctionAccumulator:
    raise UnsupportedError("the checker evaluates nothing")


def explained(message: str) -> QueryError:
    """A complaint of pyoxigraph's parser as an error of ours, with line and column."""
    match = _PLACE.match(message)
    if match is None:
        return QueryError("the text is not SPARQL 1.1", why=message[:300])
    line, column, detail = match.groups()
    return QueryError(f"line {line}, column {column}: the text is not SPARQL 1.1", why=_readable(detail),
                      way_out="look at what stands just before that place")


def _readable(detail: str) -> str:
    """What the parser expected, without its character classes, shortened; if it names a broken rule, only that."""
    head, _, rest = " ".join(detail.split()).partition("expected ")
    choices = [one for one in re.split(r", (?=[\w\"\[])", rest.removeprefix("one of ")) if not one.startswith("[")]
    rules = [one for one in choices if len(one.split()) >= _WORDS_OF_A_SENTENCE]
    if rules:
        return "; ".join(rules)
    shown = ", ".join(choices[:_CHOICES]) + (", …" if len(choices) > _CHOICES else "")
    return f"{head}expected {shown}" if shown else head or "it ends too early or goes on too long"
