"""The closed vocabulary: words that say what is wanted, as data.

One line per meaning: kind, value, and phrases of lemmas. In a phrase ``a|b`` is a choice, ``a?`` may be left out. Names of classes and
properties are not here; they come from the ontology's labels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from ._domain import AREA, FLOOD_LEVEL
from ._spans import Kind, Reading
from ._text import Question, Token

_PHRASES: tuple[tuple[Kind, Any, float, str], ...] = (
    ("intent", "count", 1, "how many, the? number of, count, count of, how many different|distinct"),
    ("intent", "list", 0.9, "which, what, list, find, give, tell, get, name, return, enumerate, list up, what kind of"),
    ("intent", "map", 0.9,
     "show, map, display, draw, plot, visualise, visualize, highlight, see, view, where, locate, make|create|draw a? map of, "
     "map of"),
    ("intent", "measure", 1,
     "how large|big|extensive|much|wide, size|surface|extent of, area of, what is|was|are the? total? size|extent|surface, "
     "calculate, measure, how much area|land|surface|ground"),
    ("aggregate", "sum", 1, "total, overall, combined, sum of, total size|extent of, altogether, in total|all, total area of"),
    ("aggregate", "avg", 1, "average, mean"),
    ("superlative", (AREA, True), 1, "largest, biggest, greatest, widest, most extensive, single largest"),
    ("superlative", (AREA, False), 1, "smallest, tiniest, least extensive"),
    ("superlative", (FLOOD_LEVEL, True), 1, "highest, strongest, worst, severest, most severe, most severely, maximum, maximal, peak"),
    ("superlative", (FLOOD_LEVEL, False), 1, "lowest, weakest, mildest, least severe, minimum, minimal"),
    ("flooded", None, 1, "flooded, inundated, submerged, underwater, under water|floodwater"),
    ("generic", None, 0.8, "area, place, zone, polygon, feature, spot, location, site, land, patch, extent, ground, surface, part"),
    ("negation", None, 1,
     "not, no, never, without, nt, n't, unflooded, dry, none, weren't, wasn't, isn't, aren't, didn't, hasn't, haven't"),
    ("within", None, 1, "completely|entirely|fully|wholly|totally in|inside|within"),
    ("limit", None, 0.5, "top, first"),
    ("run", "s2-cd", 1,
     "detect, run, process, segment, launch, monitor, change detection, detect change, sentinel, sentinel - 1|2|1a|2a|1b|2b, "
     "radar, scene, satellite image|imagery|scene, imagery"),
    ("run", "crop-map", 1, "classify, crop map, map crop"),
    ("future", None, 1,
     "will, tomorrow, forecast, predict, prediction, going to, expect to, expected to, likely, risk, at risk, probability, "
     "chance, might, next week|month|year|day|time, soon, future, in the future, prone"),
    ("opinion", None, 1,
     "should, why, do you think, your opinion, opinion, believe, best, recommend, safe, dangerous, worth, better, how come, "
     "whose fault, who is responsible"),
    ("unsupported", "nearness", 1,
     "near, nearby, close to, nearest, closest, next to, around, beside, adjacent to, in the vicinity of, neighbouring, "
     "bordering, along, within km|m of"),
    ("unsupported", "directions", 1,
     "north|south|east|west of, north|south - east|west of, northeast|northwest|southeast|southwest of, "
     "northern|southern|eastern|western"),
    ("unsupported", "grouping", 1, "per, each, by unit|municipality|region|level|month|day, for each|every, respectively"),
    ("unsupported", "comparison", 1,
     "compare, versus, vs, difference, growth, grow, trend, change, increase, decrease, than in, most, the most, least, the least"),
    ("unsupported", "shares", 1, "percentage, percent, share, fraction, proportion, %, how much of"),
    ("unsupported", "depth", 1, "how deep, depth, deep, deepest"),
    ("unsupported", "frequency or duration", 1, "how often, how long, duration, when, how many time, frequency, first time, last time"),
    ("unsupported", "choices", 1, "or, except, other than, but not, excluding, besides, apart from"),
    ("in", None, 0.4,
     "in, inside, within, at, across, over, throughout, intersect, intersecting, overlap, overlapping, touch, touching, of, "
     "cross, crossing, covering, cover"),
    ("constrains", None, 0.2,
     "with, by, for, from, to, and, as, on, during, than, about, but, because, if, while, after, before, since, until, between"),
    ("filler", None, 0.3,
     "the, a, an, be, is, are, was, were, am, been, being, there, that, who, whom, have, has, had, having, do, does, did, any, "
     "all, some, every, me, us, i, you, we, it, they, them, these, those, please, can, could, would, want, like, know, need, "
     "let, 's, hello, hi, hey, thank, thanks, kindly, ever, also, just, only, exactly, currently, now, really, actually, "
     "affected by, hit by, struck by, covered by, experience, experienced, experiencing, suffered, suffer, suffering, record, "
     "recorded, report, reported, observe, observed, see, saw, seen, store, exist, occur, occurred, occurring, happen, "
     "happened, happening, value, lie, lying, located, situated, contain, containing, found, data, you have, do you know, "
     "i "
     "want to, i would like to, would you, can|could you, in the store|data|database, on a|the map, whose"),
)  # fmt: skip
_OTHER = "_"
_MARKS = frozenset(".,;:?!\"'()[]{}/-…")
_AUXILIARIES = frozenset("is are was were did does do has have had any were".split())


def phrases(question: Question) -> Iterator[Reading]:
    """What the closed vocabulary reads, with marks as fillers and an auxiliary in front as a yes/no question."""
    for row, start, end in _found(question):
        kind, value, score, _ = _PHRASES[row]
        # "the area of" asks for a size, "the areas of" for things
        if value != "measure" or question.tokens[start].lower != "areas":
            yield Reading(kind, start, end, value, score, "words")
    words = [at for at, token in enumerate(question.tokens) if token.is_word]
    for at, token in enumerate(question.tokens):
        if token.text in _MARKS and not _is_minus(question.tokens, at):
            yield Reading("filler", at, at + 1, score=0.3, rule="mark")
    if words and question.tokens[words[0]].lower in _AUXILIARIES:
        yield Reading("intent", words[0], words[0] + 1, "ask", rule="auxiliary")


def _is_minus(tokens: Sequence[Token], at: int) -> bool:
    """A dash that stands before a number and behind a space: negative numbers mean nothing here and must not lose their sign."""
    glued = at + 1 < len(tokens) and tokens[at + 1].start == tokens[at].end and tokens[at + 1].text[0].isdigit()
    return tokens[at].text == "-" and glued and (at == 0 or tokens[at - 1].end < tokens[at].start)


def _found(question: Question) -> Iterator[tuple[int, int, int]]:
    """Row of the vocabulary, first token, and the one after the last, for every phrase."""
    from spacy.tokens import Doc

    matcher, known = _matcher()
    # spaCy keeps every word that it meets: those of no phrase must not come to it
    words = [token.lemma if token.lemma in known else _OTHER for token in question.tokens]
    for key, start, end in matcher(Doc(matcher.vocab, words=words)):
        yield int(matcher.vocab.strings[key]), start, end


@lru_cache(maxsize=1)
def _matcher() -> tuple[Any, frozenset[str]]:
    """The phrases, and all words in them."""
    from spacy.matcher import Matcher
    from spacy.vocab import Vocab

    matcher, known = Matcher(Vocab()), set[str]()
    for row, (_, _, _, texts) in enumerate(_PHRASES):
        patterns = [_pattern(text) for text in texts.split(",")]
        known.update(word for pattern in patterns for piece in pattern for word in piece["TEXT"]["IN"])
        matcher.add(str(row), patterns)
    return matcher, frozenset(known)


def _pattern(phrase: str) -> list[dict[str, Any]]:
    pattern = []
    for word in phrase.split():
        piece: dict[str, Any] = {"TEXT": {"IN": word.removesuffix("?").split("|")}}
        pattern.append(piece | ({"OP": "?"} if word.endswith("?") else {}))
    return pattern
