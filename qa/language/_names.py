"""Names of things in a question: as the store writes them, by alias or adjective, with a word for their kind, misspelt, unknown.

::

    windows ─▶ found in the index, by alias or adjective ─▶ ranked with each other ─▶ "Dublin"        name
                                                            with a word for their kind ─▶ "County Cork"  typed
                                                            with what they lie in ─▶ "Athens, Ohio"      apposition
    words that nothing explains ─▶ similar names, or a name that the store does not have
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from ..knowledge import Knowledge, NameMatch, by_words, key, kind_words
from ..request import Assumption, Named
from ._classes import class_table
from ._facets import value_table
from ._properties import property_table
from ._reading import Reading, Scored
from ._tokens import Question
from ._windows import Words, singulars, tight, windows
from ._words import COMMON, PREPOSITIONS

_SHOWN = 8
_LONGEST = 8
EXACT, LOWER, ALIAS, ADJECTIVE, UNTYPED, ABSENT = 0.95, 0.85, 0.9, 0.88, 0.6, 0.35
SHORTENED = 0.88


@dataclass(frozen=True)
class Found:
    """A run of tokens with the things of that name."""

    start: int
    end: int
    words: Words
    matches: tuple[NameMatch, ...]
    score: float
    rule: str


def readings(question: Question, knowledge: Knowledge, today: date | None = None) -> Iterator[Reading]:
    """Readings of all names, overlapping; each with what it may stand for, likeliest first."""
    found = list(_found(question, knowledge))
    ranked = [replace(one, matches=_ranked(one, found)) for one in found]
    typed = list(_typed(question, knowledge, ranked))
    yield from map(_reading, ranked)
    yield from map(_reading, typed)
    yield from map(_reading, _appositions(question, [*ranked, *typed]))
    yield from _unexplained(question, knowledge, [*ranked, *typed])


def _reading(one: Found) -> Reading:
    return Reading("name", one.start, one.end, _scored(one.matches), one.score, one.rule)


def _scored(matches: Iterable[NameMatch]) -> tuple[Scored, ...]:
    return tuple(Scored(match.named, match.score) for match in matches)[:_SHOWN]


def _found(question: Question, knowledge: Knowledge) -> Iterator[Found]:
    longest = min(max(knowledge.names.longest(), 4), _LONGEST)
    mixed = sum(token.text[:1].isupper() for token in question.tokens[1:]) > 0
    for start, end, words in windows(question, longest):
        if (matches := knowledge.names.find(words)) and not _is_nothing(question, start, words):
            sure = _sureness(question, knowledge, start, end, words, mixed=mixed) * _wholeness(words, matches)
            yield Found(start, end, words, matches, sure, "name")
        if (len(words[0]) > 2 and words[0] not in COMMON) or question.tokens[start].text.isupper():
            yield from _by_alias(knowledge, start, end, words)


def _wholeness(words: Words, matches: Sequence[NameMatch]) -> float:
    """Less than one if no thing is called just so, and the words are but a part of a name."""
    return 1.0 if any(key(match.named.name) == words for match in matches[:_SHOWN]) else SHORTENED


def _is_nothing(question: Question, start: int, words: Words) -> bool:
    """Whether one word is too slight to be a name as it is written: "in", "the", "80"."""
    slight = (words[0] in COMMON and len(words[0]) < 4 and not question.tokens[start].text[:1].isupper()) or words[0].isdigit()
    return len(words) == 1 and slight


def _by_alias(knowledge: Knowledge, start: int, end: int, words: Words) -> Iterator[Found]:
    """What other names and adjectives of places stand for; what is written like the name asked for comes with it already."""
    for wanted, share in (("alias", ALIAS), ("adjective", ADJECTIVE)):
        names = [other for rule, other in aliases().get(words, ()) if rule == wanted]
        matches = {match.named.iris: match for other in names for match in knowledge.names.find(other)}
        if matches:
            rows = sorted(matches.values(), key=lambda match: -match.score)
            total = sum(row.score for row in rows)
            sure = share * max(_wholeness(other, rows) for other in names)
            yield Found(start, end, words, tuple(replace(row, score=row.score / total) for row in rows), sure, wanted)


def _sureness(question: Question, knowledge: Knowledge, start: int, end: int, words: Words, *, mixed: bool) -> float:
    """How sure these words are a name here: common words in lower case hardly are."""
    tokens = question.tokens[start:end]
    capital = tokens[0].text[:1].isupper() and (start > 0 or not mixed or len(words) > 1)
    if all(word.isdigit() for word in words):
        return 0.1
    if len(words) == 1:
        if words in aliases() and tokens[0].text.isupper() and len(words[0]) < 5:
            return UNTYPED
        common = words[0] in COMMON or _is_word(knowledge, words)
        if common:
            return 0.7 if capital and start > 0 else 0.15
        if len(words[0]) < 3 and not tokens[0].text.isupper():
            return 0.15
    elif all(word in COMMON for word in words) and not capital:
        return 0.2
    elif _is_word(knowledge, words) and not capital:
        return 0.5
    if not tight(question, start, end):
        return 0.6
    return EXACT if capital or tokens[0].text[:1].isdigit() or not mixed else 0.7 if start else LOWER


def _is_word(knowledge: Knowledge, words: Words, values: bool = False) -> bool:
    some = singulars(words)
    return some in class_table(knowledge) or some in property_table(knowledge) or (values and words in value_table(knowledge))


@lru_cache(maxsize=1)
def aliases() -> dict[Words, tuple[tuple[str, Words], ...]]:
    """Words → names of places that they stand for: other names and abbreviations, and adjectives ("Greek")."""
    found: dict[Words, list[tuple[str, Words]]] = {}
    for lexeme in {one.iri: one for rows in by_words("places").values() for one in rows}.values():
        names = [key(label) for label in lexeme.labels]
        for words in names:
            found.setdefault(words, []).extend(("alias", other) for other in names if other != words)
        for hint in lexeme.hints:
            for words in {key(hint), key(hint + "s")}:
                found.setdefault(words, []).extend(("adjective", other) for other in names)
    return {words: tuple(dict.fromkeys(rows)) for words, rows in found.items()}


def _ranked(one: Found, others: Sequence[Found]) -> tuple[NameMatch, ...]:
    """Its things, weighed by whether other names of the question say where they lie."""
    around = [other for other in others if (other.end <= one.start or other.start >= one.end) and other.score > 0.5]
    weights = [match.score * _agreement(match, around) for match in one.matches]
    total = sum(weights) or 1.0
    rows = [replace(match, score=weight / total) for match, weight in zip(one.matches, weights, strict=True)]
    return tuple(sorted(rows, key=lambda match: -match.score))


def _agreement(match: NameMatch, around: Sequence[Found]) -> float:
    if any(lies_in(match, other) for other in around):
        return 4.0
    return 1.3 if any(_near(match, second) for other in around for second in other.matches[:5]) else 1.0


def lies_in(match: NameMatch, other: Found) -> bool:
    """Whether the store says that a thing lies in what the other name stands for."""
    names = {" ".join(other.words), *(" ".join(words) for rule, words in aliases().get(other.words, ()) if rule == "alias")}
    return bool(names & set(match.context)) or any(_inside(match, second) for second in other.matches[:5])


def _inside(match: NameMatch, other: NameMatch) -> bool:
    if match.lon is None or match.lat is None or other.box is None or match.named.iris == other.named.iris:
        return False
    west, south, east, north = other.box
    return west < match.lon < east and south < match.lat < north


def _near(match: NameMatch, other: NameMatch) -> bool:
    if match.lon is None or match.lat is None or other.lon is None or other.lat is None:
        return False
    return abs(match.lon - other.lon) < 3 and abs(match.lat - other.lat) < 3


def _typed(question: Question, knowledge: Knowledge, found: Sequence[Found]) -> Iterator[Found]:
    """Names with a word for their kind beside them: "County Galway", "Galway county", "the city of Cork", "River Thames"."""
    table = class_table(knowledge)
    for one in found:
        for first, last, kind in _kinds_beside(question, one):
            classes = table.get(singulars(kind), ())
            if (classes or kind in kind_words()) and one.rule != "adjective":
                wanted = {scored.value.iri: scored.score for scored in classes if scored.value.iri and scored.score >= 0.45}
                agreeing = _agreeing(knowledge, one.matches, wanted, kind)
                if agreeing:
                    score = max(one.score, EXACT) if one.score > 0.15 or first < one.start else 0.5
                    yield Found(first, last, one.words, agreeing, score, "typed")
                elif (
                    one.score > UNTYPED
                    and kind == singulars(kind)
                    and kind[0] not in COMMON
                    and last - first == len(kind) + one.end - one.start
                ):
                    yield Found(first, last, one.words, one.matches, UNTYPED, "typed otherwise")


def _kinds_beside(question: Question, one: Found) -> Iterator[tuple[int, int, Words]]:
    tokens = question.tokens
    for size in (3, 2, 1):
        first = one.start - size
        if first >= 0 and tight(question, first, one.start):
            yield first, one.end, key(question.words(first, one.start))
        if first >= 1 and tokens[one.start - 1].lower in ("of", "called", "named") and tight(question, first - 1 + 0, one.start):
            yield one.start - 1 - size, one.end, key(question.words(one.start - 1 - size, one.start - 1))
        last = one.end + size
        if last <= len(tokens) and tight(question, one.end, last):
            yield one.start, last, key(question.words(one.end, last))


def _agreeing(knowledge: Knowledge, matches: Sequence[NameMatch], wanted: dict[str, float], kind: Words) -> tuple[NameMatch, ...]:
    rows = []
    for match in matches:
        if _tells(match.named.name, kind):
            rows.append(replace(match, score=match.score * 1.5))
            continue
        if not match.classes:
            rows.append(replace(match, score=match.score * 0.8))
            continue
        kinds = {iri for cls in match.classes or (match.named.cls,) for iri in (cls, *_parents(knowledge, cls)) if iri in wanted}
        if kinds:
            best = max(kinds, key=lambda iri: (wanted[iri], iri))
            cls = best if best in match.classes else match.named.cls
            rows.append(replace(match, named=replace(match.named, cls=cls), score=match.score * wanted[best]))
    total = sum(row.score for row in rows) or 1.0
    return tuple(sorted((replace(row, score=row.score / total) for row in rows), key=lambda row: -row.score))


def _tells(name: str, kind: Words) -> bool:
    """Whether a name itself says the kind, in some language: "Dimos Athens" that it is a municipality."""
    words, known = key(name), kind_words()
    meant = known.get(kind)
    return meant is not None and len(words) > 1 and meant in (known.get(words[:1]), known.get(words[-1:]))


def _parents(knowledge: Knowledge, cls: str) -> tuple[str, ...]:
    entry = knowledge.classes.get(cls)
    return entry.parents if entry else ()


def _appositions(question: Question, found: Sequence[Found]) -> Iterator[Found]:
    """Names with what they lie in behind a comma, once or more: "Windsor, NSW", "Bozeman, MT", "Houston Texas"."""
    for one in found:
        if one.rule in ("name", "alias", "typed") and one.score > UNTYPED - 0.2:
            rows, end, score = one.matches, one.end, one.score
            while step := _next(question, rows, end, found):
                rows, end = step
                total = sum(row.score for row in rows) or 1.0
                rows = tuple(replace(row, score=row.score / total) for row in rows)
                score = max(score, 0.98)
                yield Found(one.start, end, one.words, rows, score, "apposition")
            if end == one.end and len(one.words) > 1 and (last := _address(question, end)):
                yield Found(one.start, last, one.words, rows, EXACT - 0.01, "address")


def _address(question: Question, end: int) -> int:
    """The end of ", Weybridge, VT" or ", Ohio" behind a name, of which the store says nothing; 0 if there is none."""
    tokens = question.tokens
    for last in range(end + 2, min(end + 8, len(tokens)) + 1):
        commas = [at for at in range(end, last) if tokens[at].text == ","]
        if (
            commas
            and commas[0] == end
            and len(commas) <= 2
            and all(token.text[:1].isupper() or not token.is_word for token in tokens[end:last])
        ):
            words = key(question.words(commas[-1] + 1, last)) if last > commas[-1] + 1 else ()
            following = tokens[last].text[:1].isupper() if last < len(tokens) else False
            if words in aliases() and not following and (tokens[last - 1].text.isupper() or len(words[0]) > 3):
                return last
    return 0


def _next(question: Question, rows: Sequence[NameMatch], end: int, found: Sequence[Found]) -> tuple[tuple[NameMatch, ...], int] | None:
    tokens = question.tokens
    comma = end < len(tokens) and tokens[end].text in (",", "(")
    start = end + 1 if comma else end
    if start >= len(tokens) or not tokens[start].is_word:
        return None
    best: tuple[tuple[NameMatch, ...], int] | None = None
    for last in range(start + 1, min(start + 4, len(tokens)) + 1):
        words = key(question.words(start, last))
        other = Found(
            start, last, words, tuple(match for one in found if (one.start, one.end) == (start, last) for match in one.matches), 1.0, ""
        )
        inside = tuple(row for row in rows if lies_in(row, other))
        if inside and (comma or tokens[start].text[:1].isupper()) and tight(question, start, last):
            best = inside, last + (comma and last < len(tokens) and tokens[end].text == "(" and tokens[last].text == ")")
    return best


def _unexplained(question: Question, knowledge: Knowledge, found: Sequence[Found]) -> Iterator[Reading]:
    """Words that nothing explains and that stand where names do: names like them, and a name that the store does not have."""
    covered = {at for one in found if one.score > 0.4 for at in range(one.start, one.end)}
    covered |= {at for start, end, words in windows(question, 5) if _is_word(knowledge, words, True) for at in range(start, end)}
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


def _unknown_spans(question: Question, covered: set[int], named: set[int]) -> Iterator[tuple[int, int]]:
    tokens = question.tokens
    mixed = any(token.text[:1].isupper() for token in tokens[1:])
    open_ = [
        at not in covered and token.is_word and not token.text[0].isdigit() and token.lower not in COMMON and len(token.lower) > 1
        for at, token in enumerate(tokens)
    ]
    at = 0
    while at < len(tokens):
        last = at
        while last < len(tokens) and (
            open_[last] or (last > at and tokens[last].text in "-'" and last + 1 < len(tokens) and open_[last + 1])
        ):
            last += 1
        if last > at:
            yield from _plausible(question, at, last, named.__contains__, mixed=mixed)
        at = max(last, at + 1)


def _plausible(question: Question, start: int, end: int, follows: Callable[[int], bool], *, mixed: bool) -> Iterator[tuple[int, int]]:
    """The part of a run of unknown words that may be a name: from its first capital, or all of it behind a preposition."""
    tokens = question.tokens
    capital = [at for at in range(start, end) if tokens[at].text[:1].isupper() and (at > 0 or not mixed or end - start > 1)]
    before = tokens[start - 1].lower if start else ""
    if capital:
        yield capital[0], max(capital) + 1
    elif before in PREPOSITIONS and not tokens[start].lower.endswith("ing") and (end == len(tokens) or not follows(end)):
        yield start, end
