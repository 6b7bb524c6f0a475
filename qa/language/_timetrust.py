"""How surely words that may be a time are one, by the words around them: "in March" is, "May Pen" and "3000 residents" are not."""

from __future__ import annotations

from collections.abc import Sequence

from ._calendar import MONTHS, WEEKDAYS, Part
from ._tokens import Token

AT = frozenset({"in", "during", "on", "for", "over", "within", "throughout", "across", "at", "dated"})
"""Words that a time stands behind."""
LEADS = AT | frozenset("of from since before after until till by around between to about circa and or".split())
UNSURE = 0.4
"""Of a time that may as well be a number or a name."""
_STRONG = frozenset("in during since until till throughout dated".split())
_AFTER_YEARS = frozenset(["", *"? . ! , ; ) in near at over of with for and or sorted cloud clouds vs versus only on from by".split()])
_COMPARING = frozenset("than above over below under least most exceeding > < =".split())
_NUMBERED = frozenset(
    "number level orbit id top no nr road highway route motorway freeway street avenue exit postcode postal code zip tile path row track"
    " frame pass version collection epsg band channel line bus train flight section sector zone district unit block building house room"
    " page chapter figure table station gate pier kilometre km".split()
)
_MEASURES = frozenset(
    "m km cm mm ft mi ha metre meter kilometre mile foot feet hectare acre square sq cubic percent % degree tonne ton mw gw kw people"
    " person inhabitant resident capita euro km2 m2".split()
)
_DATED = frozenset(
    "image imagery scene acquisition product picture photo photograph mosaic composite map flood flooding fire wildfire eruption earthquake"
    " quake storm hurricane cyclone landslide drought heatwave season harvest burn campaign census data dataset ndvi edition survey event"
    " disaster crop".split()
)
_NAMING = frozenset(("named", "called"))
_BEST = frozenset("highest largest longest smallest deepest biggest tallest oldest newest nearest".split())
_PLACED = frozenset("at by on near around within across dated".split())


class Trust:
    """Looks at the words around a time."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = tokens

    def word(self, at: int) -> str:
        """The word at a place, folded; empty beyond the ends."""
        return self.tokens[at].lower if 0 <= at < len(self.tokens) else ""

    def behind(self, part: Part, end: int) -> float:
        """How surely a part that ends at ``end`` is a time, by what stands behind it; 0 if it is none."""
        if part.season and part.needs_year and not part.past and self.word(end) == "of":
            return 0.0
        if _is_month(part) and self._capital(end):
            return UNSURE
        return self._counted(end) if _is_year(part) else 1.0

    def _counted(self, end: int) -> float:
        """Whether a figure that could be a year counts or measures what follows it."""
        if end >= len(self.tokens):
            return 1.0
        token = self.tokens[end]
        if token.lemma in _MEASURES:
            return 0.0
        plural = token.lower != token.lemma and token.lower.isalpha() and token.lemma not in _DATED
        return UNSURE if plural and self.word(end - 2) not in _STRONG else 1.0

    def bare(self, part: Part, at: int, begin: int, end: int) -> float:
        """How surely a part in ``[begin, end)`` is a time, where nothing but the word at ``at`` may say so; 0 if it is none."""
        if self.word(begin - 1) in _NAMING:
            return 0.0
        if _is_month(part):
            return float(self._led_month(part, begin) and not self._named(end))
        if part.day is None and self.word(begin) in MONTHS and self.word(begin - 1).isdecimal():
            return UNSURE
        if end - begin == 1 and self.word(begin) in WEEKDAYS:
            return float(not self._capital(end))
        if part.needs_year and part.day is not None and MONTHS.get(self.word(begin)) == 5 and not self.tokens[begin].text[0].isupper():
            return 0.0
        return self._year(part, at, begin, end) if end - begin == 1 and _is_year(part) else 1.0

    def _led_month(self, part: Part, begin: int) -> bool:
        before = self._before(begin)
        if self.word(begin - 1) == "the" and not part.months and not part.edge:
            return False
        whose = self.tokens[begin - 2].lemma if before in ("of", "about") and begin > 1 else ""
        if (whose in _DATED and before == "of") or (whose in ("what", "how") and before == "about"):
            # "images of September" and "what about July?", but neither "the mayor of March" nor "images of May Pen"
            return bool(part.edge) or not self._capital(begin + 1)
        return bool(part.edge) or before in LEADS - {"of", "to", "about", "or", "and"} - (_PLACED if part.season else frozenset())

    def _named(self, end: int) -> bool:
        """Whether a place follows that a month's name would be in: "March, Cambridgeshire"."""
        return self.word(end) == "," and self._capital(end + 1)

    def _capital(self, at: int) -> bool:
        return at < len(self.tokens) and self.tokens[at].text[:1].isupper()

    def _before(self, begin: int) -> str:
        return self.word(begin - 2) if self.word(begin - 1) in {"the", "year"} else self.word(begin - 1)

    def _year(self, part: Part, at: int, begin: int, end: int) -> float:
        before = self._before(begin)
        number = self.tokens[begin - 1 - (self.word(begin - 1) in {":", "#", "."})].lemma if begin else ""
        if before in LEADS - {"over", "to", "about", "around", "between"} or (at < begin and self.word(at) in AT - {"over"}):
            return 1.0
        if before in _COMPARING or number in _NUMBERED:
            return 0.0
        if before == "between" or (self.word(end) in {"and", "or", "to", "-"} and self.word(end + 1).isdecimal()):
            return UNSURE
        return 0.9 if self.word(end) in _AFTER_YEARS or self._dates(part, begin, end) else UNSURE

    def _dates(self, part: Part, begin: int, end: int) -> bool:
        """Whether the year tells which: "the 2021 eruption", "2020 images"; a round number of images is a count."""
        token = self.tokens[end]
        if token.lower == token.lemma and token.lower not in _BEST:
            return self.word(begin - 1) in {"the", "a", "an", "'s"} and token.lower.isalpha()
        return token.lemma in _DATED and bool((part.year or 0) % 100)


def _is_year(part: Part) -> bool:
    return part.year is not None and part.month is None and not part.fixed and not part.edge


def _is_month(part: Part) -> bool:
    return part.needs_year and not part.past and part.day is None
