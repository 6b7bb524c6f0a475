"""Which engine a request is for: search of products, questions about features, or one that looks into the pixels of images.

::

    "similar to this"                                     → by image
    names nothing, is about what an image shows           → counting, yes/no, segmentation of the image at hand
    wants images, says how they look                      → by caption
    wants images, says where, when, of what platform, …   → by metadata
    else                                                  → features

What we run ourselves is the search and the features; the others are told apart, so that they are refused with the right reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from ._reading import Reading
from ._tokens import Question, Token

Engine = Literal["metadata", "caption", "image", "counting", "visual", "segmentation", "features"]
_IMAGES = frozenset("image imagery picture photo photograph scene snapshot".split())
_PRODUCTS = frozenset("product acquisition granule tile dataset".split())
"""Words for products that nobody has who speaks of the things in an image."""
_SIMILAR = frozenset("similar akin resemble resembling resembles similarity alike lookalike look-alike comparable".split())
_AT_HAND = frozenset("this these that those mine ours it one".split())
_GIVEN = frozenset("given uploaded shown selected present current provided attached same above".split())
"""What the image is called that others are to be like."""
_CUT_OUT = frozenset("extract isolate segment segmentation delineate outline mask separate".split())
_COUNT = (("how", "many"), ("number", "of"), ("amount", "of"), ("count",), ("quantity", "of"))
_YES_NO = frozenset("is are does do was were has have can".split())
_FRAME = frozenset(
    (
        "upper lower left right center centre middle top bottom corner upper-right upper-left lower-right lower-left side background"
        " foreground"
    ).split()
)
_SIGHT = frozenset("contain containing show showing with without depict depicting include including displaying featuring where".split())
_INSIDE = frozenset("in from of on within inside".split())
_BEHIND = frozenset("image picture photo scene".split())
_SURE = {"class": 0.4}
"""Scores from which on a reading counts; 0.5 for the other kinds."""


def route(question: Question, readings: Iterable[Reading]) -> Engine:
    """The engine that a request is for, from its words and what they were read as."""
    words, lower = [token.lemma for token in question.tokens if token.is_word], _lower(question.tokens)
    found = [one for one in readings if one.score > _SURE.get(one.kind, 0.5)]
    named, product = _is_named(question, found), _is_of_products(found)
    shown = not _IMAGES.isdisjoint(words)
    if shown and _like_one(words, lower):
        return "image"
    wants_images = (shown and not _about_one(lower)) or not _PRODUCTS.isdisjoint(words)
    if not (named or product):
        return _by_sight(words, lower, wants_images=wants_images)
    return "metadata" if wants_images or not (named or lower[:1] == ["which"]) else "features"


def _by_sight(words: list[str], lower: list[str], *, wants_images: bool) -> Engine:
    """For what names nothing: what images show, as it is put; else it may be about features."""
    if not _CUT_OUT.isdisjoint(words[:6]):
        return "segmentation"
    if wants_images:
        return "metadata" if (_FRAME | _SIGHT).isdisjoint(lower) else "caption"
    if lower and lower[0] in _YES_NO:
        return "visual"
    if any(tuple(lower[at : at + len(start)]) == start for start in _COUNT for at in range(min(5, len(lower)))):
        return "counting"
    return "features"


def _like_one(words: list[str], lower: list[str]) -> bool:
    """Whether something is to be like the image at hand: "similar", "like this", "look like the given one"."""
    if not _SIMILAR.isdisjoint(words):
        return True
    behind = [lower[at + 1 : at + 3] for at, word in enumerate(lower) if word == "like"]
    return any(piece[0] in _AT_HAND or (piece[0] == "the" and piece[-1] in _GIVEN) for piece in behind if piece)


def _lower(tokens: Iterable[Token]) -> list[str]:
    return [token.lower for token in tokens if token.is_word]


def _is_named(question: Question, found: Iterable[Reading]) -> bool:
    """Whether a place or time is said that is more than a place in the image: "at the upper-right"."""
    kinds = [one for one in found if one.kind == "class"]
    told = (one for one in found if one.kind in {"name", "coordinates", "time"} and not _is_kind(question, one, kinds))
    return any(not _FRAME.issuperset(_lower(question.tokens[one.start : one.end])) for one in told)


def _is_kind(question: Question, one: Reading, kinds: list[Reading]) -> bool:
    """Whether a name in small letters is a word for a kind of things as well: "the meadows", though somewhere is called so."""
    small = one.kind == "name" and question.words(one.start, one.end).islower()
    return small and any(other.start >= one.start and other.end == one.end for other in kinds)


def _is_of_products(found: Iterable[Reading]) -> bool:
    """Whether a product is spoken of, or a share of the scene: clouds, snow, vegetation in percent."""
    return any(one.kind == "product" or (one.kind == "quantity" and one.value.unit == "%") for one in found)


def _about_one(lower: list[str]) -> bool:
    """Whether the image is the one at hand: "in the image", "from this image"."""
    triples = zip(lower, lower[1:], lower[2:], strict=False)
    if lower[:1] and lower[0] in _YES_NO and lower[1:2] in (["the"], ["this"], ["that"]) and lower[2:3] and lower[2] in _BEHIND:
        return True
    return any(a in _INSIDE and b in {"the", "this", "that"} and c in _BEHIND for a, b, c in triples)
