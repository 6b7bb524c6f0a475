"""Regular expressions of XPath (Functions and Operators 3.1 §5.6) as those of Python.

What differs is rewritten: ``$`` without the flag m, ``\\i \\c``, ``\\p{…}``, ``\\d`` and ``\\w`` of Unicode categories, subtraction
``[a-z-[aeiou]]``, anchors ``\\A \\Z \\b`` that XPath has not. What is no XPath expression fails.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from ._values import Failed

_FLAGS = {"s": re.DOTALL, "m": re.MULTILINE, "i": re.IGNORECASE}
_START = r":A-Z_a-z\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02FF\u0370-\u037D\u037F-\u1FFF\u200C-\u200D\u2070-\u218F\u2C00-\u2FEF" \
    r"\u3001-\uD7FF\uF900-\uFDCF\uFDF0-\uFFFD\U00010000-\U000EFFFF"
_NAME = _START + r"\-.0-9\u00B7\u0300-\u036F\u203F-\u2040"
_CLASSES = {"i": (_START, False), "I": (_START, True), "c": (_NAME, False), "C": (_NAME, True), "s": (r" \t\n\r", False),
            "S": (r" \t\n\r", True)}
_SAME = frozenset("nrtdD")
_LITERAL = frozenset("\\|.-^?*+{}()[]$")
_COUNT = re.compile(r"[0-9]+(?:,[0-9]*)?\}(?!\+)")
_CATEGORY = re.compile(r"\{(\^?)([A-Z][a-z]?|Is[A-Za-z0-9\-]+)\}")
_BLOCKS = {
    "BasicLatin": (0x0, 0x7F), "Latin-1Supplement": (0x80, 0xFF), "LatinExtended-A": (0x100, 0x17F), "LatinExtended-B": (0x180, 0x24F),
    "IPAExtensions": (0x250, 0x2AF), "SpacingModifierLetters": (0x2B0, 0x2FF), "CombiningDiacriticalMarks": (0x300, 0x36F),
    "Greek": (0x370, 0x3FF), "GreekandCoptic": (0x370, 0x3FF), "Cyrillic": (0x400, 0x4FF), "Armenian": (0x530, 0x58F),
    "Hebrew": (0x590, 0x5FF), "Arabic": (0x600, 0x6FF), "Devanagari": (0x900, 0x97F), "Thai": (0xE00, 0xE7F), "Georgian": (0x10A0, 0x10FF),
    "GreekExtended": (0x1F00, 0x1FFF), "GeneralPunctuation": (0x2000, 0x206F), "CurrencySymbols": (0x20A0, 0x20CF),
    "Arrows": (0x2190, 0x21FF), "MathematicalOperators": (0x2200, 0x22FF), "BoxDrawing": (0x2500, 0x257F),
    "Hiragana": (0x3040, 0x309F), "Katakana": (0x30A0, 0x30FF), "CJKUnifiedIdeographs": (0x4E00, 0x9FFF),
    "HangulSyllables": (0xAC00, 0xD7AF),
}


@lru_cache(maxsize=256)
def compiled(pattern: str, flags: str = "") -> re.Pattern[str]:
    """A pattern ready to search with; flags are any of ``s m i x q``. `Failed` for what XPath does not know."""
    options = 0
    for flag in flags:
        if flag not in "smixq":
            raise Failed(f"there is no flag {flag}")
        options |= _FLAGS.get(flag, 0)
    if "q" in flags:
        return re.compile(re.escape(pattern), options & re.IGNORECASE)
    translated = _Translation(pattern, spaced="x" in flags, lines="m" in flags).run()
    try:
        return re.compile(translated, options)
    except (re.error, RecursionError, OverflowError) as error:
        raise Failed(f"no regular expression: {error}") from None


class _Translation:
    """One pass over a pattern."""

    def __init__(self, pattern: str, *, spaced: bool, lines: bool) -> None:
        self.pattern, self.spaced, self.lines = pattern, spaced, lines
        self.place = 0

    def run(self) -> str:
        """The whole pattern in Python's syntax."""
        parts = []
        while self.place < len(self.pattern):
            parts.append(self._next())
        return "".join(parts)

    def _next(self) -> str:
        sign = self._take()
        if sign == "\\":
            return self._escape(within=False)
        if sign == "[":
            return self._class()
        if sign == "$":
            # Python's $ also matches before a newline at the end
            return "$" if self.lines else r"\Z"
        if sign == "(" and self.pattern.startswith("?", self.place) and not self.pattern.startswith("?:", self.place):
            raise Failed("XPath has no such group")
        if self.spaced and sign in " \t\n\r":
            return ""
        if sign == "{":
            return self._count()
        if sign in "*+?" and self.pattern.startswith("+", self.place):
            raise Failed("XPath has no possessive quantifiers")
        if sign in "]}":
            raise Failed(f"{sign} is escaped in XPath")
        return sign if sign in "^.|()*+?" else re.escape(sign)

    def _count(self) -> str:
        match = _COUNT.match(self.pattern, self.place)
        if match is None:
            raise Failed("a quantity is a number, or two, in braces")
        self.place = match.end()
        return "{" + match[0]

    def _take(self) -> str:
        if self.place >= len(self.pattern):
            raise Failed("the regular expression ends too early")
        self.place += 1
        return self.pattern[self.place - 1]

    def _escape(self, *, within: bool) -> str:
        sign = self._take()
        if sign in _LITERAL:
            return "\\" + sign
        if sign in _SAME:
            return "\\" + sign
        if sign in "wW":
            # all but punctuation, separators and others
            return self._wrapped(_members("PZC"), sign == "w", within=within)
        if sign in _CLASSES:
            return self._wrapped(*_CLASSES[sign], within=within)
        if sign in "pP":
            return self._category(sign == "P", within=within)
        if sign.isdigit() and sign != "0" and not within:
            return "\\" + sign + "(?:)"
        raise Failed(f"XPath has no escape \\{sign}")

    def _wrapped(self, members: str, negated: bool, *, within: bool) -> str:
        if within and negated:
            members, negated = _complement(members), False
        return members if within else f"[{'^' if negated else ''}{members}]"

    def _category(self, negated: bool, *, within: bool) -> str:
        match = _CATEGORY.match(self.pattern, self.place)
        if match is None:
            raise Failed(r"\p is followed by a category in braces")
        self.place = match.end()
        name = match[2]
        if name.startswith("Is"):
            if name[2:] not in _BLOCKS:
                raise Failed(f"the block {name} is not known here")
            first, last = _BLOCKS[name[2:]]
            members = f"{_code(first)}-{_code(last)}"
        else:
            members = _members(name) if len(name) == 1 else _members_of(name)
        return self._wrapped(members, negated != bool(match[1]), within=within)

    def _class(self) -> str:
        negated = self.pattern.startswith("^", self.place)
        self.place += negated
        parts: list[str] = []
        while True:
            sign = self._take()
            if sign == "]" and parts:
                return f"[{'^' if negated else ''}{''.join(parts)}]"
            if sign == "-" and self.pattern.startswith("[", self.place):
                return self._subtracted(f"[{'^' if negated else ''}{''.join(parts)}]")
            if sign in "[]":
                raise Failed("a bracket in a character class is escaped in XPath")
            if not (self.spaced and sign in " \t\n\r"):
                parts.append(self._escape(within=True) if sign == "\\" else sign if sign == "-" else re.escape(sign))

    def _subtracted(self, whole: str) -> str:
        self.place += 1
        less = self._class()
        if self._take() != "]":
            raise Failed("a subtraction ends its character class")
        return f"(?:(?!{less}){whole})"


def _code(point: int) -> str:
    return f"\\U{point:08x}"


@lru_cache(maxsize=64)
def _members(initials: str) -> str:
    """Members, in a class, of the general categories that begin with one of the letters."""
    return _ranges(lambda point: unicodedata.category(chr(point))[0] in initials)


@lru_cache(maxsize=64)
def _members_of(category: str) -> str:
    found = _ranges(lambda point: unicodedata.category(chr(point)) == category)
    if not found:
        raise Failed(f"there is no category {category}")
    return found


@lru_cache(maxsize=64)
def _complement(members: str) -> str:
    inside = re.compile(f"[{members}]")
    return _ranges(lambda point: inside.match(chr(point)) is None)


def _ranges(test: object) -> str:
    """Ranges of the code points for which ``test`` holds."""
    accept: list[int] = [point for point in range(0x11_0000) if test(point)]  # type: ignore[operator]
    parts: list[str] = []
    start = previous = -2
    for point in [*accept, -9]:
        if point != previous + 1:
            if start >= 0:
                parts.append(_code(start) if start == previous else f"{_code(start)}-{_code(previous)}")
            start = point
        previous = point
    return "".join(parts)


@lru_cache(maxsize=256)
def replacement(text: str, groups: int, flags: str = "") -> str:
    """A replacement string of XPath (``$1``, ``\\$``, ``\\\\``) as Python's; `Failed` for a lone ``$`` or backslash."""
    if "q" in flags:
        return text.replace("\\", r"\\")
    parts: list[str] = []
    place = 0
    while place < len(text):
        sign = text[place]
        following = text[place + 1:place + 2]
        if sign == "\\":
            if following not in ("\\", "$"):
                raise Failed("a backslash in a replacement is followed by $ or a backslash (FORX0004)")
            parts.append(r"\\" if following == "\\" else "$")
            place += 2
        elif sign == "$":
            digits = _group(text[place + 1:], groups)
            parts.append(rf"\g<{digits}>" if int(digits) <= groups else "")
            place += 1 + len(digits)
        else:
            parts.append(sign)
            place += 1
    return "".join(parts)


def _group(rest: str, groups: int) -> str:
    """The longest number at the beginning that is a group, else its first digit."""
    match = re.match(r"[0-9]+", rest)
    if match is None:
        raise Failed("$ in a replacement is followed by a digit (FORX0004)")
    digits = match[0]
    while len(digits) > 1 and int(digits) > groups:
        digits = digits[:-1]
    return digits
