"""Names with what stands beside them: a word for their kind, or what they lie in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ..knowledge import Knowledge, NameMatch, key, kind_words, kinds_of, lemmas
from ._classes import class_table
from ._found import EXACT, UNTYPED, Found, aliases, lies_in, shared
from ._tokens import Question, Token
from ._windows import Words, singulars, tight
from ._words import COMMON

_TOLD, _UNCLASSED, _KIND = 2.5, 0.8, 0.45
Step = tuple[tuple[NameMatch, ...], int]


def typed(question: Question, knowledge: Knowledge, found: Sequence[Found]) -> list[Found]:
    """Names with a word for their kind beside them: "County Galway", "Galway county", "the city of Cork", "River Thames"."""
    whole = {(one.start, one.end) for one in found if one.score >= EXACT}
    return [
        replace(more, score=min(more.score, _BESIDE)) if (first, last) in whole else more
        for one in found
        if one.rule != "adjective"
        for first, last, kind in _kinds_beside(question, one)
        for more in _with_kind(knowledge, one, first, last, kind)
        if (first, last) not in whole or more.rule == "typed"
    ]


_BESIDE = 0.9
"""How sure a thing of the kind told is where something else has all of the words for its name: the Colorado, and a point on it."""


def _with_kind(knowledge: Knowledge, one: Found, first: int, last: int, kind: Words) -> Iterator[Found]:
    wanted = _classes_of(knowledge, singulars(kind))
    if not wanted and kind not in kind_words() and singulars(kind) not in class_table(knowledge):
        return
    agreeing = [more for match in one.matches if (more := _of_kind(knowledge, match, wanted, kind))]
    if agreeing:
        score = max(one.score, EXACT) if one.score > 0.15 or first < one.start else 0.5
        yield Found(first, last, one.words, shared(agreeing), score, "typed")
    elif one.score > UNTYPED and kind == singulars(kind) and kind[0] not in COMMON and last - first == len(kind) + one.end - one.start:
        yield Found(first, last, one.words, one.matches, UNTYPED, "typed otherwise")


def _classes_of(knowledge: Knowledge, kind: Words) -> dict[str, float]:
    """The classes that a word for a kind means, or of what is above it: a store may have cities as settlements."""
    for words in (kind, *(lemmas(above) for above in kinds_of(" ".join(kind))[1:])):
        scored = [one for one in class_table(knowledge).get(words, ()) if one.value.iri and one.score >= _KIND]
        if scored:
            return {one.value.iri: one.score for one in scored}
    return {}


def _kinds_beside(question: Question, one: Found) -> Iterator[tuple[int, int, Words]]:
    tokens = question.tokens
    for size in (3, 2, 1):
        first = one.start - size
        if first >= 0 and tight(question, first, one.start):
            yield first, one.end, key(question.words(first, one.start))
        if first >= 1 and tokens[one.start - 1].lower in ("of", "called", "named") and tight(question, first - 1, one.start):
            yield one.start - 1 - size, one.end, key(question.words(one.start - 1 - size, one.start - 1))
        last = one.end + size
        if last <= len(tokens) and tight(question, one.end, last):
            yield one.start, last, key(question.words(one.end, last))


def _of_kind(knowledge: Knowledge, match: NameMatch, wanted: Mapping[str, float], kind: Words) -> NameMatch | None:
    """The thing, weighed by how well it is of that kind; None if it is not."""
    if _tells(match.named.name, kind):
        return replace(match, score=match.score * _TOLD)
    if not match.classes:
        return replace(match, score=match.score * _UNCLASSED)
    kinds = {iri for cls in match.classes for iri in (cls, *_parents(knowledge, cls)) if iri in wanted}
    if not kinds:
        return None
    best = max(kinds, key=lambda iri: (wanted[iri], iri))
    cls = best if best in match.classes else match.named.cls
    return replace(match, named=replace(match.named, cls=cls), score=match.score * wanted[best])


def _tells(name: str, kind: Words) -> bool:
    """Whether a name itself says the kind, in some language: "Dimos Athens" that it is a municipality."""
    words, known = key(name), kind_words()
    meant = known.get(kind)
    return meant is not None and len(words) > 1 and meant in (known.get(words[:1]), known.get(words[-1:]))


def _parents(knowledge: Knowledge, cls: str) -> tuple[str, ...]:
    entry = knowledge.classes.get(cls)
    return entry.parents if entry else ()


def appositions(question: Question, found: Sequence[Found]) -> Iterator[Found]:
    """Names with what they lie in behind a comma, once or more: "Windsor, NSW", "Bozeman, MT", "Houston Texas"."""
    spans: dict[tuple[int, int], tuple[NameMatch, ...]] = {}
    for one in found:
        spans[one.start, one.end] = spans.get((one.start, one.end), ()) + one.matches
    for one in found:
        if one.rule in ("name", "alias", "typed") and one.score > UNTYPED - 0.2:
            rows, end = one.matches, one.end
            while step := _next(question, rows, end, spans):
                rows, end = step
                yield Found(one.start, end, one.words, shared(rows), max(one.score, 0.98), "apposition")
            if end == one.end and len(one.words) > 1 and (last := _address(question, end)):
                yield Found(one.start, last, one.words, rows, EXACT - 0.01, "address")


def _next(question: Question, rows: Sequence[NameMatch], end: int, spans: Mapping[tuple[int, int], tuple[NameMatch, ...]]) -> Step | None:
    """The things that lie in what is named next, and the end of that name; None if nothing does."""
    tokens = question.tokens
    mark = tokens[end].text if end < len(tokens) else ""
    start = end + (mark in (",", "("))
    if start >= len(tokens) or not tokens[start].is_word or not (start > end or tokens[start].text[:1].isupper()):
        return None
    best: Step | None = None
    for last in range(start + 1, min(start + 4, len(tokens)) + 1):
        other = Found(start, last, key(question.words(start, last)), spans.get((start, last), ()), 1.0, "")
        if tight(question, start, last) and (inside := tuple(row for row in rows if lies_in(row, other))):
            closed = mark == "(" and last < len(tokens) and tokens[last].text == ")"
            best = inside, last + closed
    return best


def _address(question: Question, end: int) -> int:
    """The end of ", Weybridge, VT" or ", Ohio" behind a name, of which the store says nothing; 0 if there is none."""
    tokens = question.tokens
    for last in range(end + 2, min(end + 8, len(tokens)) + 1):
        following = last < len(tokens) and tokens[last].text[:1].isupper()
        if not following and (start := _last_part(tokens[end:last])):
            words = key(question.words(end + start, last))
            if words in aliases() and (tokens[last - 1].text.isupper() or len(words[0]) > 3):
                return last
    return 0


def _last_part(tokens: Sequence[Token]) -> int:
    """Where the last part of one or two begins, each behind a comma and written with capitals; 0 if it is otherwise."""
    commas = [at for at, token in enumerate(tokens) if token.text == ","]
    capitals = all(token.text[:1].isupper() or not token.is_word for token in tokens)
    return commas[-1] + 1 if capitals and commas[:1] == [0] and len(commas) <= 2 and commas[-1] < len(tokens) - 1 else 0
