"""Words for spatial relations: prepositions, participles and verbs, as data."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import Any, Literal, get_args

from ..request import Direction, Relation
from ._phrases import Phrases
from ._reading import Reading, RelationWord
from ._tokens import Question

_PREPOSITIONS: tuple[tuple[Relation, str], ...] = (
    ("within",
     "in, inside, inside of, within, located|situated|lying|found|placed|positioned in|inside|within|on|at, part of, parts of, "
     "belonging to, within|inside|in the? boundaries|boundary|limits|limit|borders|confines|territory|region|bounds|area|extent of, "
     "contained in|by|within, encompassed by|within|in, enclosed by|in|within, on, on an|the, "
     "entirely|completely|fully|wholly in|inside|within, "
     "entirely|completely|fully|wholly contained|encompassed|enclosed|located|situated in|by|within, throughout, all over"),
    ("contains", "containing, including, encompassing, enclosing, engulfing, comprising, home to, hosting, that is home to"),
    ("touches",
     "bordering, bordering with|on|to, adjacent to, adjacent with, next to, right next to, directly next to, neighbouring, neighboring, "
     "neighbouring|neighboring with|to, on the border|borders|boundary of|with, located on the border of|with, at the border of|with, "
     "adjoining, beside, touching, sharing a? border|boundary|borders with, surrounding, contiguous to|with, abutting, "
     "in direct contact with, side by side with"),
    ("crosses", "crossing, traversing, flowing|running|passing|going|winding through|across|over|in|into, crossing over|through, "
         "through, across"),
    ("intersects",
     "intersecting, intersecting with, over, covering, showing, depicting, connected to|with, linked to|with, joined to|with, off, "
     "in or as part|parts of"),
    ("overlaps", "overlapping, overlapping with"),
    ("near",
     "near, near to, close to, nearby, nearby to, in the? vicinity of, around, not far from, not too far from, in the? proximity of|to, "
     "in close proximity to, in the? neighbourhood|neighborhood|surroundings of, a? short distance away? from, not far away from, "
     "within walking distance of|from, located|situated near|close"),
    ("along", "along, along the? bank|banks|course|shore|shores|coast of, alongside"),
    ("between", "between, in between, located|situated|lying between"),
    ("towards",
     "towards, toward, on|along the? way|route|path|road|journey to|towards|toward, in the? direction of, en route to|towards, "
     "heading|moving|travelling|traveling|going|driving|walking towards|toward|to, "
     "as you|i|we move|head|progress|go|travel|drive towards|toward|to, "
     "when|while|by moving|travelling|traveling|heading|going|progressing|driving towards|toward|to, when|while approaching, "
     "approaching, "
     "on the? path|road|route|way leading to, leading to"),
    ("disjoint", "outside, outside of, disjoint from|with|to, not touching"),
)  # fmt: skip
_LOOSE: tuple[tuple[Relation, str], ...] = (("within", "of, from, for, at, among, amongst, across"),)
_PASSIVE: tuple[tuple[Relation, str], ...] = (
    ("crosses", "crossed|traversed|cut by, washed by, run through by"), ("touches", "bordered|surrounded|adjoined|neighboured by"),
    ("intersects", "intersected by, covered by|with, touched by"), ("within", "inhabited by"),
)  # fmt: skip
_VERBS: tuple[tuple[Relation, str], ...] = (
    ("within", "belong to, comprise, lie in|inside|within|on, sit in|inside|within|on, exist in|on|within, occur in, make up, "
         "constitute, form part of, fall in|inside|within"),
    ("contains", "contain, include, encompass, engulf, enclose, host, hold, fully|entirely|completely contain"),
    ("touches",
     "border, border with|on|to, adjoin, neighbour, neighbor, share a? border|boundary|borders|boundaries with, touch, abut, surround, "
     "have a? border|boundary with, have common? border with, lie next to, be next to, lie on the border of|with"),
    ("crosses", "cross, pass, pass by|along, wash, cross over|through|into, traverse, "
         "flow|run|pass|go|wind|cut|travel|stream through|across|over|in|into|past"),
    ("intersects", "intersect, intersect with, meet, cover, show, depict, imaged, photographed, affect, affected, "
     "hit, struck, strike, damaged, devastated, impacted, connect to|with, flow into, join"),
    ("overlaps", "overlap, overlap with"),
    ("near", "lie near, lie close to, sit near"),
)  # fmt: skip
_SYMMETRIC: tuple[tuple[Relation, str], ...] = (
    ("touches", "share a? common? border|boundary|borders|boundaries, border each other, border one another, "
         "be neighbours|neighbors, touch each other, touch, next to each other, "
     "next to eachother, neighbouring, neighboring, adjacent, adjacent to each other, border, neighbours, neighbors"),
    ("intersects", "intersect, intersect each other, connected"), ("overlaps", "overlap, overlap each other"),
    ("crosses", "cross, cross each other"), ("near", "close, close to each other, near each other, close together"),
)  # fmt: skip
_BESIDE: tuple[tuple[Relation, str], ...] = (
    ("touches", "neighbouring, neighboring, adjacent, adjoining, bordering, surrounding, neighbour, neighbor, contiguous, "
         "adjacent neighbouring"),
    ("near", "nearby, close-by"),
)  # fmt: skip


def spellings(direction: Direction) -> tuple[str, str]:
    """How a direction is written as a noun and as an adjective, as pieces of phrases."""
    first, second = (direction[:5], direction[5:]) if direction[0] in "ns" else ("", direction)
    if not first or not second:
        word = first or second
        return word, f"{word}ern, {word}ernmost"
    return f"{first}{second}, {first} - {second}, {first} {second}, {first[0]}{second[0]}", (
        f"{first}{second}ern, {first} - {second}ern, {first} {second}ern, {first}ern {second}ern"
    )


def _directions() -> Iterator[tuple[RelationWord, float, str]]:
    for direction in get_args(Direction):
        nouns = spellings(direction)[0].split(", ")
        frames = (
            "{} of, to the {} of, in the {} direction of|from, in the direction of {} from|of, towards|toward the {} of, {} from, "
            "further|farther|more {} than|of, located|situated|lying|positioned|placed {} of, {} side of, to the {} side of, "
            "directly {} of, "
            "located|situated|lying|positioned|placed to|towards|on the {} of, lie to? the? {} of"
        )
        sides = "on the {} side of, located|situated|lying on the {} side of, {} side of"
        words = [(frames + ", " + sides, nouns), (sides, spellings(direction)[1].split(", "))]
        phrases = ", ".join(text.replace("{}", word) for text, some in words for word in some)
        yield RelationWord(direction, "may"), 1.0, phrases
        # more often a part of it
        yield (
            RelationWord(direction, "may"),
            0.6,
            ", ".join(f"in|at the {word} of" for some in spellings(direction) for word in some.split(", ")),
        )


Manner = Literal["preposition", "loose", "passive", "verb", "symmetric", "beside"]


@lru_cache(maxsize=1)
def _table() -> Phrases[tuple[RelationWord, float, Manner]]:
    return Phrases(_rows())


def _rows() -> Iterator[tuple[tuple[RelationWord, float, Manner], str]]:
    for relation, phrases in _PREPOSITIONS:
        yield (RelationWord(relation, "may" if relation in ("near", "along", "towards") else "none"), 1.0, "preposition"), phrases
    for relation, phrases in _LOOSE:
        yield (RelationWord(relation, loose=True), 0.8, "loose"), phrases
    for relation, phrases in _PASSIVE:
        yield (RelationWord(relation, passive=True), 1.0, "passive"), phrases
    for relation, phrases in _VERBS:
        yield (RelationWord(relation, verb=True), 1.0, "verb"), phrases
    for relation, phrases in _SYMMETRIC:
        yield (RelationWord(relation), 0.95, "symmetric"), phrases
    for relation, phrases in _BESIDE:
        yield (RelationWord(relation), 0.95, "beside"), phrases
    for word, score, phrases in _directions():
        yield (word, score, "preposition"), phrases


def readings(question: Question, knowledge: Any, today: date) -> Iterator[Reading]:
    """Relations; ``rule`` tells how the word is used: ``preposition``, ``loose``, ``passive``, ``verb``, ``symmetric``, ``beside``."""
    del knowledge, today
    for (word, score, manner), start, end in _table().find(question):
        yield Reading("relation", start, end, word, score, manner)


__all__ = ["readings", "spellings"]


def words() -> frozenset[str]:
    """All words of the table."""
    return _table().words()
