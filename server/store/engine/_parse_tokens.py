"""Tokens of SPARQL 1.1 (W3C, 2013, §19.8), read one ahead of the parser."""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from functools import cached_property
from typing import NoReturn

from earthweave.ontology import QueryError

_BASE = (
    "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff"
    "\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_START = f"_{_BASE}"
_NAMED = f"{_START}0-9\u00b7\u0300-\u036f\u203f-\u2040"
_CHARS = rf"{_NAMED}\-"
_CODE = r"\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}"
_ESCAPED = r"%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?\#@%]"
# possessive quantifiers: a hostile text must not make the scanner go back
_TOKEN = re.compile(
    rf"""(?P<iri><(?:[^<>"{{}}|^`\\\x00-\x20]|{_CODE})*+>)
       | (?P<string>\"{{3}}(?:\"{{0,2}}(?:[^"\\]|\\.))*+\"{{3}} | '{{3}}(?:'{{0,2}}(?:[^'\\]|\\.))*+'{{3}}
                   | "(?:[^"\\\n\r]|\\.)*+" | '(?:[^'\\\n\r]|\\.)*+')
       | (?P<variable>[?$][{_START}0-9][{_NAMED}]*+)
       | (?P<blank>_:[{_START}0-9](?:[{_CHARS}]|\.++(?=[{_CHARS}]))*+)
       | (?P<name>(?:[{_BASE}](?:[{_CHARS}]|\.++(?=[{_CHARS}]))*+)?
                  :(?:(?:[{_START}0-9:]|{_ESCAPED})(?:[{_CHARS}:]|{_ESCAPED}|\.++(?=[{_CHARS}:%\\]))*+)?)
       | (?P<tag>@[A-Za-z]++(?:-[A-Za-z0-9]++)*+)
       | (?P<number>(?:\d++\.\d*+|\.\d++|\d++)[eE][+\-]?\d++|\d*+\.\d++|\d++)
       | (?P<word>[A-Za-z]\w*+)
       | (?P<sign>\^\^|&&|\|\||!=|<=|>=|.)""",
    re.VERBOSE | re.DOTALL,
)
_SPACE = re.compile(r"(?:[ \t\r\n]++|\#[^\n\r]*+)*+")
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_CODE_POINT = re.compile(r"\\\\|\\u(?![Dd][89A-Fa-f])([0-9A-Fa-f]{4})|\\U(00(?:0[0-9A-Fa-f]|10)[0-9A-Fa-f]{4})")
_CONTROL = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}
_LOCAL_ESCAPE = re.compile(r"\\(.)")


class Tokens:
    """The token at hand, and the way to the next.

    Attributes:
        text: that is read.
        kind: of the token at hand: ``iri string variable blank name tag number word sign``, or ``end``.
        word: its text as written; a keyword in upper case is in ``key``.
        key: upper-case text of a word, the text of a sign, empty for all others.
        start, stop: where it lies; ``before`` is where the one before it ends.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.kind, self.word, self.key = "", "", ""
        self.start = self.stop = self.before = 0
        self.advance()

    def advance(self) -> str:
        """Go on to the next token; the text of the one left is returned."""
        left = self.word
        self.before = self.stop
        space = _SPACE.match(self.text, self.stop)
        self.start = space.end() if space else self.stop
        match = _TOKEN.match(self.text, self.start)
        self.kind = (match.lastgroup if match else None) or "end"
        self.word = match.group() if match else ""
        self.stop = self.start + len(self.word)
        self.key = self.word.upper() if self.kind == "word" else self.word if self.kind == "sign" else ""
        return left

    def compared(self) -> None:
        """Where an operator must follow, raise `QueryError` if ``<`` and a ``>`` further on make an IRI."""
        if self.kind == "iri":
            self.break_rule(f"{self.word[:40]} is an IRI, and an operator was expected", "the longest token counts (§19.8)",
                            "to compare, put a space behind <")

    def accept(self, key: str) -> bool:
        """Step over a keyword or sign if it is at hand."""
        if self.key != key:
            return False
        self.advance()
        return True

    def expect(self, key: str) -> None:
        """Step over a keyword or sign that must be at hand; raises `QueryError`."""
        if not self.accept(key):
            self.fail(key)

    def fail(self, expected: str) -> NoReturn:
        """Raise `QueryError` with line and column of the token at hand."""
        line, column = self.place(self.start)
        found = f"found {self.word[:40]}" if self.word else "the text ends"
        raise QueryError(f"line {line}, column {column}: {expected} was expected", why=found)

    def break_rule(self, what: str, why: str, way_out: str, start: int | None = None) -> NoReturn:
        """Raise `QueryError` with line and column of what begins at ``start``, or of the token at hand."""
        line, column = self.place(self.start if start is None else start)
        raise QueryError(f"line {line}, column {column}: {what}", why=why, way_out=way_out)

    def place(self, start: int) -> tuple[int, int]:
        """Line and column of a place in the text, from 1."""
        line = bisect_right(self._lines, start)
        return line, start - self._lines[line - 1] + 1

    @cached_property
    def _lines(self) -> list[int]:
        """Where each line begins."""
        return [0, *(match.end() for match in re.finditer("\n", self.text))]

    def touching(self) -> str:
        """The character right behind the token at hand, empty at the end."""
        return self.text[self.stop : self.stop + 1]


def string_value(word: str) -> str:
    """What a quoted string stands for."""
    width = 3 if word.startswith(('"""', "'''")) else 1
    return unescaped(word[width:-width])


def unescaped(text: str) -> str:
    """A text with the escapes of strings (§19.7) and code points (§19.2) replaced."""
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def local_name(text: str) -> str:
    """The local part of a prefixed name without its backslashes."""
    return _LOCAL_ESCAPE.sub(r"\1", text) if "\\" in text else text


def _character(match: re.Match[str]) -> str:
    digits = match[1] or match[2]
    if not digits:
        return _CONTROL.get(match[3], match[3])
    code = int(digits, 16)
    if code > sys.maxunicode or 0xD800 <= code <= 0xDFFF:
        raise QueryError(f"{match[0]} is no character", why="code points end at 10FFFF, and D800 to DFFF are halves of characters")
    return chr(code)


def code_points(text: str) -> str:
    """A text with the code points that are written as escapes replaced, wherever they stand (§19.2)."""
    return _CODE_POINT.sub(lambda match: match[0] if match[0].startswith("\\\\") else chr(int(match[1] or match[2], 16)), text)
