"""Tokens of SPARQL 1.1 (W3C, 2013, §19.8), as far as a gate needs them: what is a string, an IRI or a comment, and what is not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# possessive quantifiers: a hostile text must not make the scanner go back
_PATTERN = re.compile(
    r"""(?P<space>\s++|\#[^\n\r]*+)
      | (?P<iri><(?:[^<>"{}|^`\\\x00-\x20]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*+>)
      | (?P<string>\"{3}(?:\"{0,2}(?:[^"\\]|\\.))*+\"{3} | '{3}(?:'{0,2}(?:[^'\\]|\\.))*+'{3}
                  | (?!\"{3})"(?:[^"\\\n\r]|\\.)*+" | (?!'{3})'(?:[^'\\\n\r]|\\.)*+')
      | (?P<unclosed>["'])
      | (?P<variable>[?$]\w++)
      | (?P<blank>_:[\w.\-]++)
      | (?P<name>(?:[^\W\d_][\w.\-]*+)?:(?:[\w:.\-]|%[0-9A-Fa-f]{2}|\\.)*+)
      | (?P<tag>@[A-Za-z]++(?:-[A-Za-z0-9]++)*+)
      | (?P<word>[^\W\d_][\w.\-]*+)
      | (?P<number>(?:\d++\.?\d*+|\.\d++)(?:[eE][+\-]?\d++)?)
      | (?P<open>[{(\[])
      | (?P<close>[})\]])
      | (?P<sign>[!+\-])
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")


@dataclass(frozen=True, slots=True)
class Token:
    """One token: its kind (a group of the pattern), its text, and where it begins."""

    kind: str
    text: str
    start: int


END = Token("end", "", 0)
"""Stands behind the last token."""


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a text without spaces and comments, then `END`; stops behind a string that is not closed."""
    for match in _PATTERN.finditer(text):
        kind = match.lastgroup or "other"
        if kind != "space":
            yield Token(kind, match.group(), match.start())
        if kind == "unclosed":
            break
    yield END


def unescaped(text: str) -> str:
    r"""The text with ``\u0041`` and ``\U00000041`` replaced, as §19.2 lets an engine do before it reads."""
    return _ESCAPE.sub(lambda match: _character(match[1] or match[2]), text)


def _character(digits: str) -> str:
    code = int(digits, 16)
    return chr(code) if code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else "\ufffd"


def place(text: str, start: int) -> tuple[int, int]:
    """Line and column (from 1) of an offset."""
    before = text[:start]
    return before.count("\n") + 1, start - (before.rfind("\n") + 1) + 1
