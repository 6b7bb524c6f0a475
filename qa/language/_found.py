"""Names found in a question, and how they are weighed against each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from ..knowledge import NameMatch, by_words, key
from ._windows import Words

SHOWN = 8
EXACT, LOWER, ALIAS, ADJECTIVE, UNTYPED, ABSENT = 0.95, 0.85, 0.9, 0.88, 0.6, 0.35
SHORTENED = 0.88
_INSIDE = 6.0
"""How much likelier a thing is that lies in what another name of the question stands for."""
TOWN = 0.3
"""Degrees that a town is across at most: what is larger and bears its name is named after it."""


@dataclass(frozen=True)
class Found:
    """A run of tokens with the things of that name."""

    start: int
    end: int
    words: Words
    matches: tuple[NameMatch, ...]
    score: float
    rule: str


def shared(matches: Iterable[NameMatch]) -> tuple[NameMatch, ...]:
    """Things with scores that add up to one, likeliest first."""
    rows = sorted(matches, key=lambda match: -match.score)
    total = sum(match.score for match in rows) or 1.0
    return tuple(replace(match, score=match.score / total) for match in rows)


def merged(matches: Sequence[NameMatch]) -> tuple[NameMatch, ...]:
    """Things of one name in one place as one, likeliest first: a town and its municipality, or what several data sets have of it."""
    groups: list[NameMatch] = []
    for match in matches:
        at = next((at for at, one in enumerate(groups) if _same(one, match)), None)
        if at is None:
            groups.append(match)
        else:
            one = groups[at]
            iris = (*one.named.iris, *(iri for iri in match.named.iris if iri not in one.named.iris))
            groups[at] = replace(one, named=replace(one.named, iris=iris), score=one.score + match.score)
    return tuple(sorted(groups, key=lambda one: -one.score))


def _same(one: NameMatch, other: NameMatch) -> bool:
    """Whether two things of a name lie in one another, and are of one kind or as large as a town."""
    if one.box is None or other.box is None or not (_extent(one.box) or _extent(other.box)):
        return False
    (a, b, c, d), (w, s, e, n) = one.box, other.box
    kin = bool(set(one.classes) & set(other.classes)) or not (one.classes and other.classes)
    return a <= e and w <= c and b <= n and s <= d and (kin or max(_extent(one.box), _extent(other.box)) <= TOWN)


def _extent(box: tuple[float, float, float, float]) -> float:
    return max(box[2] - box[0], box[3] - box[1])


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


def ranked(one: Found, others: Sequence[Found]) -> tuple[NameMatch, ...]:
    """Its things, weighed by whether other names of the question say where they lie."""
    around = [other for other in others if (other.end <= one.start or other.start >= one.end) and other.score > 0.5]
    return shared(replace(match, score=match.score * _agreement(match, around)) for match in one.matches)


def _agreement(match: NameMatch, around: Sequence[Found]) -> float:
    if any(lies_in(match, other) for other in around):
        return _INSIDE
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
