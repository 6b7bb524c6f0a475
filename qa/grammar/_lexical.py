"""Readings as the first edges of the chart, and what it costs to skip a word."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..language import Comparator, Question, Reading, Scored, Superlative, Token
from ..request import Concept, Pick, Things
from ._chart import MARK, Edge
from ._context import Context
from ._meaning import Asked, Noun

_UNKNOWN, _CONTENT, _RELATION, _DOUBTFUL, _FUNCTION, _NEGATION = 1.0, 1.0, 0.7, 0.4, 0.3, 2.0
_CONTENTS = frozenset(
    ("class", "name", "facet", "property", "quantity", "number", "time", "superlative", "product", "coordinates", "anaphor")
)
_ENDS, _SENTENCE = ("?", "!"), 0.5
"""Marks between two sentences, and what it costs to read on over them."""
_NEGATIONS = frozenset(("not", "nor", "no", "without"))
_CLOSED = frozenset(("operator", "filler", "relation", "comparator", "superlative"))
_HARDLY = 0.6
"""Cost of small words of the closed vocabulary as names."""

_FAINT = 0.4
"""Readings less sure than this do not tell that a word matters."""

_KINDS = 3
"""Kinds of things of one name that are tried; of each kind, the likeliest."""

_ALIKE = 0.9
"""Concepts nearly as likely as the likeliest are meant together: a store's several classes for one word."""

_FUNCTIONS: Mapping[str, Any] = {"total": "sum", "combined": "sum", "overall": "sum", "average": "avg", "mean": "avg"}
_MANNERS = {"verb": "relv", "symmetric": "sym", "beside": "beside"}


def skips(question: Question, readings: Iterable[Reading]) -> list[float]:
    """What it costs to leave out each token: nothing for fillers, most for a negation."""
    costs = [_UNKNOWN if token.is_word else MARK for token in question.tokens]
    kinds: list[set[str]] = [set() for _ in question.tokens]
    for reading in readings:
        for at in range(reading.start, reading.end):
            kinds[at].add(_skipped_as(reading))
    for at, found in enumerate(kinds):
        if question.tokens[at].text in _ENDS and at + 1 < len(costs):
            costs[at] = _SENTENCE
        if _small(question.tokens[at]) and found & {"filler", "operator"}:
            found -= {"name", "facet"}
        costs[at] = _skip(found, costs[at])
    return costs


def _skipped_as(reading: Reading) -> str:
    if reading.kind == "operator":
        # without its "or" a question asks for both
        return str(reading.value) if reading.value in _NEGATIONS else "property" if reading.value in ("cloud-free", "or") else "operator"
    if reading.kind in _CONTENTS and reading.score < _FAINT:
        return "faint"
    return "operator" if reading.kind == "relation" and reading.value.loose else str(reading.kind)


def _skip(kinds: set[str], cost: float) -> float:
    if kinds & _NEGATIONS:
        return _NEGATION
    if kinds == {"faint"}:
        return cost
    if "filler" in kinds:
        return _DOUBTFUL if kinds & _CONTENTS else 0.0
    if kinds & _CONTENTS:
        return _CONTENT
    if "relation" in kinds or "comparator" in kinds:
        return _RELATION
    return min(cost, _FUNCTION) if kinds else cost


def _small(token: Token) -> bool:
    return token.text.islower() or not token.is_word or token.lower == "i"


def telling(question: Question, readings: Iterable[Reading]) -> tuple[Reading, ...]:
    """The readings without names that are parts of longer names: written with capitals, those are meant."""
    found = tuple(readings)
    whole = [one for one in found if one.kind == "name" and one.rule in _WHOLE and one.score >= _SURE]
    long = [one for one in whole if _capital(question, one) and not _choice(question, one)]
    inner = {id(one) for one in found if one.kind == "name" and any(_inside(one, other) for other in long)}
    return tuple(one for one in found if id(one) not in inner)


def _choice(question: Question, reading: Reading) -> bool:
    """Whether it may be a place and the first of two to choose from: "closer to Bath, Oxford or London"."""
    return reading.rule == "apposition" and reading.end < len(question.tokens) and question.tokens[reading.end].lower == "or"


_WHOLE = frozenset(("name", "apposition", "address"))
_SURE = 0.9


def _inside(one: Reading, other: Reading) -> bool:
    return other.start <= one.start and one.end <= other.end and one.end - one.start < other.end - other.start and one.score <= other.score


def _capital(question: Question, reading: Reading) -> bool:
    words = [token for token in question.tokens[reading.start : reading.end] if token.is_word]
    return len(words) > 1 and words[0].text[0].isupper() and words[-1].text[0].isupper() and bool(reading.value[0].value.iris)


def edges(context: Context, question: Question, readings: Iterable[Reading]) -> Iterator[Edge]:
    """An edge for each meaning of each reading; the surer the cheaper."""
    found = tuple(readings)
    closed = {at for one in found if one.kind in _CLOSED for at in range(one.start, one.end)}
    for reading in found:
        make = _MAKERS.get(reading.kind) if not _is_of_property(question, reading, found) else None
        if make:
            base = 0.5 * (1.0 - reading.score) + 0.02
            if (reading.kind in ("name", "facet") or "misspelt" in reading.rule) and closed.issuperset(range(reading.start, reading.end)):
                # "me" is Maine, and "in" is Indiana, only in capitals
                # the first word of a sentence has its capital anyway
                small = reading.end == 1 or all(_small(token) for token in question.tokens[reading.start : reading.end])
                base += _HARDLY if small else 0.0
            for cat, value, cost in make(context, question, reading):
                yield Edge(cat, reading.start, reading.end, value, base + cost, (), reading, reading.assumptions)


def _is_of_property(question: Question, reading: Reading, found: Sequence[Reading]) -> bool:
    """Whether the level of "with unit level 3" is that of a property, and no unit of level 3."""
    return str(reading.value).startswith("level:") and any(
        one.kind == "property"
        and one.start < reading.start < one.end
        and question.tokens[one.start - 1].lower in ("with", "having", "whose")
        for one in found
    )


Lexical = Iterator[tuple[str, Any, float]]


def _class(context: Context, question: Question, reading: Reading) -> Lexical:
    if not reading.value:
        return
    best = reading.value[0].score
    alike = tuple(one.value for one in reading.value if one.score >= _ALIKE * best)
    plural = _plural(question.tokens[reading.start : reading.end])
    for noun, cost in ((Noun(Things(alike), plural=plural), 0.0), *_others(reading, alike, plural)):
        # a label may say it itself: "highest point"
        best_first = context.superlatives.get(reading.start)
        ways = (
            context.resolve(Asked(hints=best_first.hints), noun)[:1]
            if best_first and not plural and reading.end - reading.start > 1
            else []
        )
        yield "NP", noun.picked(Pick(ways[0].value, best_first.descending)) if ways and best_first else noun, cost


def _plural(tokens: Sequence[Token]) -> bool:
    """Whether the head of a label is: "areas" in "areas under water"."""
    head = next((at for at, token in enumerate(tokens) if token.lower in _BEHIND_HEADS), len(tokens)) - 1
    return head >= 0 and tokens[head].lemma != tokens[head].lower


_BEHIND_HEADS = frozenset("under of in with for".split())


def _others(reading: Reading, alike: tuple[Concept, ...], plural: bool) -> Iterator[tuple[Noun, float]]:
    best = reading.value[0].score
    for one in reading.value[len(alike) : len(alike) + 2]:
        yield Noun(Things((one.value,)), plural=plural), 0.3 * (best - one.score) + 0.1


def _name(context: Context, question: Question, reading: Reading) -> Lexical:
    if not reading.value:
        return
    best, text = reading.value[0].score, question.words(reading.start, reading.end)
    adjective = "adjective" in reading.rule
    names = tuple(one.value for one in reading.value[:12])
    kinds: dict[str, Scored] = {}
    for one in reading.value:
        kinds.setdefault(one.value.cls, one)
    for one in list(kinds.values())[:_KINDS]:
        yield (
            "NP",
            Noun(Things(named=(one.value,)), names=names, text=text, adjective=adjective),
            0.5 * (best - one.score) + (0.0 if one.value is names[0] else 0.05),
        )


def _property(context: Context, question: Question, reading: Reading) -> Lexical:
    # a label may begin with it: "total area"
    function: Any = _FUNCTIONS.get(question.tokens[reading.start].lower, "") if reading.end - reading.start > 1 else ""
    yield "prop", Asked(tuple(reading.value), function=function), 0.0


def _operator(context: Context, question: Question, reading: Reading) -> Lexical:
    code, _, rest = str(reading.value).partition(":")
    if code in ("nth", "level"):
        yield code, int(rest), 0.0
    elif code in ("part", "service", "unit", "land"):
        yield code, rest, 0.0
    else:
        yield code, None, 0.0


def _relation(context: Context, question: Question, reading: Reading) -> Lexical:
    towards = reading.value.relation == "towards"
    yield "towards" if towards else _MANNERS.get(reading.rule, "relv" if reading.value.verb else "rel"), reading.value, 0.0


def _comparator(context: Context, question: Question, reading: Reading) -> Lexical:
    word: Comparator = reading.value
    yield "cmp-range" if word.range else "cmp-after" if word.after else "cmp", word, 0.0


def _superlative(context: Context, question: Question, reading: Reading) -> Lexical:
    word: Superlative = reading.value
    yield "adj" if word.positive else "sup", word, 0.0


def _as(cat: str) -> Callable[[Context, Question, Reading], Lexical]:
    def make(context: Context, question: Question, reading: Reading) -> Lexical:
        yield cat, reading.value, 0.0

    return make


_MAKERS: Mapping[str, Callable[[Context, Question, Reading], Lexical]] = {
    "class": _class, "name": _name, "property": _property, "operator": _operator, "relation": _relation, "comparator": _comparator,
    "superlative": _superlative, "facet": _as("facet"), "quantity": _as("qty"), "number": _as("num"), "time": _as("time"),
    "product": _as("product"), "coordinates": _as("coord"),
}  # fmt: skip
