"""Words as they are compared: folded, singular, taken out of names and of the local names of IRIs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_WORD = re.compile(r"[^\W_]+")
_POSSESSIVE = re.compile(r"'s\b")
_QUOTES = str.maketrans("’‘ʼ", "'''")
_LATIN = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th", "ð": "d"})
EARLY = {"saint": "st", "mt": "mount", "ft": "fort"}
_KEPT = "was is has does this its us less yes always analysis data gas focus across series species"
_IRREGULAR = {word: word for word in _KEPT.split()} | {
    "children": "child", "people": "person", "men": "man", "women": "woman", "metres": "metre", "meters": "metre", "meter": "metre",
    "kilometers": "kilometre", "kilometer": "kilometre", "volcanoes": "volcano", "leaves": "leaf", "wharves": "wharf", "indices": "index",
    "buses": "bus", "movies": "movie",
}  # fmt: skip
_CAMEL = re.compile(r"k?m[23](?![^\W_])|[^\W\d_]?[^\W\d_A-Z]+|[A-Z]+(?![a-z])|\d+(?:st|nd|rd|th)(?![a-z])|\d+")
_PREFIX = re.compile(r"[A-Z]{2,6}_(?=.)")


def fold(text: str) -> str:
    """Case-folded without diacritics."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in plain if not unicodedata.combining(character)).translate(_LATIN)


def lemma(lower: str) -> str:
    """Singular by rule: enough for a closed vocabulary, where a wrong lemma matches nothing."""
    if lower in _IRREGULAR or len(lower) < 4:
        return _IRREGULAR.get(lower, lower)
    if lower.endswith("ies"):
        return lower[:-3] + "y"
    if lower.endswith(("sses", "shes", "ches", "xes")):
        return lower[:-2]
    return lower[:-1] if lower.endswith("s") and not lower.endswith(("ss", "us", "is")) else lower


def key(name: str) -> tuple[str, ...]:
    """What names are compared by: words without case, diacritics, punctuation or a possessive; "Saint" is "St", "Mt" is "Mount"."""
    if name.isascii():
        folded = name.lower()
        words = _WORD.findall(_POSSESSIVE.sub("", folded) if "'s" in folded else folded)
    else:
        words = _WORD.findall(_POSSESSIVE.sub("", fold(name.translate(_QUOTES))))
    if len(words) > 1:
        words[:-1] = [EARLY.get(word, word) for word in words[:-1]]
    return tuple(words)


def lemmas(text: str) -> tuple[str, ...]:
    """What labels of classes and properties are compared by."""
    return tuple(map(lemma, _WORD.findall(fold(text.translate(_QUOTES)))))


def local(iri: str) -> str:
    """What follows the namespace."""
    return re.split(r"[#/:]", iri.rstrip("#/"))[-1]


def spoken(name: str) -> str:
    """A local name as words in lower case: ``hasCloudCover``, ``nature_reserve`` → "has cloud cover", "nature reserve"."""
    return " ".join(word.lower() for part in re.split(r"[\W_]+", name) for word in _CAMEL.findall(part))


def without_prefix(name: str) -> str:
    """The local name without the letters of its source: ``OSM_lake`` → ``lake``."""
    return _PREFIX.sub("", name, count=1)


def singular(text: str) -> str:
    """Lower case, and the last word singular."""
    words = text.lower().split()
    return " ".join([*words[:-1], lemma(words[-1])]) if words else ""


def joined(words: Sequence[str]) -> str:
    """The key as one string."""
    return " ".join(words)
