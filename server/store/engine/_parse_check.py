"""Syntax of a query checked by pyoxigraph's parser, which knows every rule of grammar and scope, and says where one is broken.

It parses, plans and runs a query in one call, and planning takes the third power of the depth of brackets. An update it parses as a
whole before any of it is run. So the query is made the sub-select of an update that fails at its first operation::

    prologue CREATE GRAPH <a> ; CREATE GRAPH <a> ; INSERT { template } WHERE { SELECT … }
"""

from __future__ import annotations

import re

import pyoxigraph

from earthweave.ontology import QueryError, UnsupportedError

from ._parse_query import QueryParser

STOP = "CREATE GRAPH <urn:x-earthweave:twice> ; CREATE GRAPH <urn:x-earthweave:twice> ; "
"""What fails as soon as the syntax of all that follows was found right, before any of it is run."""
_PLACE = re.compile(r"error at (\d+):(\d+): (.*)", re.DOTALL)
_ONE = "<urn:x-earthweave:one>"
"""What stands for an aggregate whose name is that of a function too."""
_CHOICES = 12
_WORDS_OF_A_SENTENCE = 4
_ABSENT: dict[pyoxigraph.Variable, pyoxigraph.NamedNode | pyoxigraph.BlankNode | pyoxigraph.Literal | pyoxigraph.Triple] = {
    pyoxigraph.Variable("earthweave_absent"): pyoxigraph.NamedNode("urn:x-earthweave:absent")
}
"""To substitute a variable that the text does not select is refused between parsing and evaluation."""
_Edit = tuple[int, int, str]


def check_syntax(parser: QueryParser) -> None:
    """Check what a parser has read, right or not; raises `QueryError` with line and column in the text as it came.

    A text whose form it has not come to is left to the parser's own complaint.
    """
    if parser.form < 0:
        return
    edits = _edits(parser)
    custom = {pyoxigraph.NamedNode(name): _refused for name in (*parser.custom, _ONE[1:-1])}
    try:
        pyoxigraph.Store().update(_edited(parser.text, edits), base_iri=parser.address or None, custom_aggregate_functions=custom)
    except SyntaxError as error:
        raise explained(_rule(parser) or _placed(str(error), parser.text, edits)) from error
    except UnicodeEncodeError as error:
        raise QueryError("the text holds half a character (a lone surrogate)", way_out="send it as UTF-8") from error
    except RuntimeError:
        # what was put in front has failed: the syntax was found right
        return


def _rule(parser: QueryParser) -> str:
    """The complaint about a query that keeps to the grammar and breaks a rule, empty if it does not; of updates no such rule is named."""
    custom = {pyoxigraph.NamedNode(name): _refused for name in (*parser.custom, _ONE[1:-1])}
    try:
        pyoxigraph.Store().query(_edited(parser.text, _unknown(parser)), base_iri=parser.address or None,
                                 substitutions=_ABSENT, custom_aggregate_functions=custom)
    except SyntaxError as error:
        match = _PLACE.match(str(error))
        return str(error) if match and _rules(_choices(match[3])[1]) else ""
    except RuntimeError:
        return ""
    return ""


def _refused() -> pyoxigraph.AggregateFunctionAccumulator:
    raise UnsupportedError("the checker evaluates nothing")


def _edits(parser: QueryParser) -> list[_Edit]:
    """Start, end and what to read instead: the form, and what is right and the checker does not know."""
    end = len(parser.text)
    found = [(parser.form, parser.form, STOP), *parser.instead, (end, end, "\n}"), *_unknown(parser)]
    return sorted(found, key=lambda edit: edit[0])


def _unknown(parser: QueryParser) -> list[_Edit]:
    """What is right and the checker does not know; all else keeps its place."""
    found = [(start, start + len("DISTINCT"), " " * len("DISTINCT")) for start in parser.distinct]
    found += [(start, stop, _ONE) for start, stop in parser.ones]
    found += [(start, stop, " " * (stop - start)) for start, stop in parser.times]
    found += [(start, start + len(instead), instead) for start, instead in parser.dotted.items()]
    for start in parser.lowered:
        stop = start + len("false")
        found.append((start, stop, parser.text[start:stop].lower()))
    return sorted(found)


def _edited(text: str, edits: list[_Edit]) -> str:
    pieces, last = list[str](), 0
    for start, stop, instead in edits:
        pieces += [text[last:start], instead]
        last = stop
    return "".join([*pieces, text[last:]])


def _placed(message: str, text: str, edits: list[_Edit]) -> str:
    """A complaint about the edited text with line and column of the text itself."""
    match = _PLACE.match(message)
    if match is None:
        return message
    before = _edited(text, edits).split("\n")[: int(match[1])]
    place = sum(len(line) + 1 for line in before[:-1]) + int(match[2]) - 1
    for start, stop, instead in edits:
        if start >= place:
            break
        # within what was put in, the place is where that stands
        place = max(place - len(instead) + stop - start, start)
    ahead = text[:place]
    return f"error at {ahead.count(chr(10)) + 1}:{place - ahead.rfind(chr(10))}: {match[3]}"


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
    head, choices = _choices(detail)
    rules = _rules(choices)
    if rules:
        return "; ".join(rules)
    shown = ", ".join(choices[:_CHOICES]) + (", …" if len(choices) > _CHOICES else "")
    return f"{head}expected {shown}" if shown else head or "it ends too early or goes on too long"


def _choices(detail: str) -> tuple[str, list[str]]:
    """What stands before ``expected``, and each of the things that were."""
    head, _, rest = " ".join(detail.split()).partition("expected ")
    return head, [one for one in re.split(r", (?=[\w\"\[])", rest.removeprefix("one of ")) if not one.startswith("[")]


def _rules(choices: list[str]) -> list[str]:
    return [one for one in choices if len(one.split()) >= _WORDS_OF_A_SENTENCE]
