"""Names with typing errors: the words that nothing explains, with those beside them that a name may have too."""

from __future__ import annotations

from collections.abc import Iterator

from ..knowledge import Knowledge, NameMatch, key
from ..request import Assumption
from ._found import SHOWN, aliases, merged
from ._reading import Reading, Scored
from ._tokens import Question
from ._windows import Words
from ._words import COMMON

_SPELLED = 5
"""Letters of a word from which on a typing error can be told from another word."""
_CLOSE = 0.8
"""Similarity from which on a name may be a slip of another: one letter in five."""
_ALIKE = 6
"""Letters from which on the first may be another: "Bublin"."""
_BESIDE = 4
"""Tokens to each side that may belong to the same name."""
_SMALL = frozenset("of the on in at upon and under by".split())
_OF_ONE = 4


def misspelt(question: Question, knowledge: Knowledge, start: int, end: int) -> Iterator[Reading]:
    """The name that words without a meaning may be a slip of: the longest run around them that is one."""
    for first, last in _runs(question, start, end):
        words = key(question.words(first, last))
        whole = (first, last) == (start, end)
        # in small letters an ordinary word cannot be told from a slip of a name
        if not any(token.text[:1].isupper() for token in question.tokens[first:last]):
            continue
        if words in aliases() or (whole and _begins(question, start)) or len("".join(words)) < _SPELLED:
            continue
        found = knowledge.names.similar(words) if whole else knowledge.names.slips(words)
        close = [(match, near) for match, near in found if near >= _CLOSE and _slipped(words, match)]
        if close:
            yield _read_as(question, knowledge, first, last, close)
            return


def _read_as(question: Question, knowledge: Knowledge, start: int, end: int, close: list[tuple[NameMatch, float]]) -> Reading:
    typed, (best, near) = question.words(start, end), close[0]
    same = merged(knowledge.names.find(key(best.named.name)))[:_OF_ONE] or (best,)
    likely = [Scored(match.named, near * match.score) for match in same]
    likely += [Scored(match.named, other * match.score * same[0].score) for match, other in close[1:]]
    told = Assumption("misspelt", f"“{typed}” is taken as {best.named.name}.", typed)
    return Reading("name", start, end, tuple(likely[:SHOWN]), 0.5 + 0.35 * near, "misspelt", (told,))


def _runs(question: Question, start: int, end: int) -> list[tuple[int, int]]:
    """The run and longer ones around it, longest first."""
    tokens, first, last = question.tokens, start, end
    while first > max(0, start - _BESIDE) and _joins(question, first - 1, first - 2):
        first -= 1
    while last < min(len(tokens), end + _BESIDE) and _joins(question, last, last + 1):
        last += 1
    ends = [(a, b) for a in range(first, start + 1) for b in range(end, last + 1) if tokens[a].is_word and tokens[b - 1].is_word]
    return sorted(ends, key=lambda one: (one[0] - one[1], one[0]))


def _joins(question: Question, at: int, beyond: int) -> bool:
    """Whether a token beside a name may be a part of it: "de" and "Victoria" beside "Durnago", "-" and "of" between two capitals."""
    token = question.tokens[at]
    if token.text in ("-", "'") or (token.text[:1].isupper() and not _begins(question, at)):
        return True
    if token.lower in _SMALL or token.lower in COMMON:
        further = question.tokens[beyond].text[:1] if 0 < beyond < len(question.tokens) else ""
        return token.lower in _SMALL and further.isupper()
    return token.is_word and token.text[:1].islower()


def _slipped(words: Words, match: NameMatch) -> bool:
    """Whether a name may have been meant: hardly anybody leaves out the first letter, and Amazon is not Mazon."""
    typed, meant = " ".join(words), " ".join(key(match.named.name))
    if len(meant.split()) != len(words):
        return typed.replace(" ", "") == meant.replace(" ", "")
    other = len(typed) == len(meant) >= _ALIKE and (typed[1:] == meant[1:] or typed[1::-1] + typed[2:] == meant)
    return typed[0] == meant[0] or other


def _begins(question: Question, start: int) -> bool:
    """Whether a sentence begins here, so that the capital tells nothing."""
    return start == 0 or question.tokens[start - 1].text in (".", "?", "!")
