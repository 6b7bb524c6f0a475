"""Words that nothing explains, where names stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ..knowledge import Knowledge, key
from ..request import Assumption, Named
from ._classes import class_table
from ._facets import value_table
from ._found import ABSENT, UNTYPED, Found
from ._properties import property_table
from ._reading import Reading, Scored
from ._tokens import Question
from ._windows import Words, singulars, windows
from ._words import COMMON, PREPOSITIONS

_WINDOW = 5


def unexplained(question: Question, knowledge: Knowledge, found: Sequence[Found]) -> Iterator[Reading]:
    """Words that nothing explains and that stand where names do: names like them, and a name that the store does not have."""
    covered = {at for one in found if one.score > 0.4 for at in range(one.start, one.end)}
    covered |= {at for start, end, words in windows(question, _WINDOW) if _is_word(knowledge, words) for at in range(start, end)}
    named = {one.start for one in found if one.score > UNTYPED}
    for start, end in _unknown_spans(question, covered, named):
        words = key(question.words(start, end))
        typed = question.words(start, end)
        similar = knowledge.names.similar(words) if len("".join(words)) > 3 else ()
        if similar:
            likely = tuple(Scored(match.named, close * match.score) for match, close in similar)
            told = Assumption("misspelt", f"“{typed}” is taken as {likely[0].value.name}.", typed)
            yield Reading("name", start, end, likely, 0.5 + 0.35 * similar[0][1], "misspelt", (told,))
        yield Reading("name", start, end, (Scored(Named(typed), 1.0),), ABSENT, "unknown")


def _is_word(knowledge: Knowledge, words: Words) -> bool:
    some = singulars(words)
    return some in class_table(knowledge) or some in property_table(knowledge) or words in value_table(knowledge)


def _unknown_spans(question: Question, covered: set[int], named: set[int]) -> Iterator[tuple[int, int]]:
    mixed = any(token.text[:1].isupper() for token in question.tokens[1:])
    for start, end in _runs([_is_open(question, at) and at not in covered for at in range(len(question.tokens))], question):
        yield from _plausible(question, start, end, named.__contains__, mixed=mixed)


def _is_open(question: Question, at: int) -> bool:
    token = question.tokens[at]
    return token.is_word and not token.text[0].isdigit() and token.lower not in COMMON and len(token.lower) > 1


def _runs(open_: Sequence[bool], question: Question) -> Iterator[tuple[int, int]]:
    """Runs of open tokens, with a dash or an apostrophe between two of them."""
    start = None
    for at in range(len(open_) + 1):
        joins = 0 < at < len(open_) - 1 and question.tokens[at].text in ("-", "'") and open_[at + 1]
        if at < len(open_) and (open_[at] or (start is not None and joins)):
            start = at if start is None else start
        elif start is not None:
            yield start, at
            start = None


def _plausible(question: Question, start: int, end: int, follows: Callable[[int], bool], *, mixed: bool) -> Iterator[tuple[int, int]]:
    """The part of a run of unknown words that may be a name: from its first capital, or all of it behind a preposition."""
    tokens = question.tokens
    capital = [at for at in range(start, end) if tokens[at].text[:1].isupper() and (at > 0 or not mixed or end - start > 1)]
    before = tokens[start - 1].lower if start else ""
    if capital:
        yield capital[0], max(capital) + 1
    elif before in PREPOSITIONS and not tokens[start].lower.endswith("ing") and (end == len(tokens) or not follows(end)):
        yield start, end
