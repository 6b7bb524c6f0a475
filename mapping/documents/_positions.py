"""Where the nodes of a Turtle document stand: parsers keep no lines, so a light scan of the text finds those of subjects and brackets.

Nothing is checked here, that is the parser's work; a text that is no Turtle has been refused before.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import urljoin

Position: TypeAlias = tuple[int, int]
"""Line and column, from 1."""

_TOKEN = re.compile(
    r'''(?P<skip>\#[^\n]*
    |"""(?:[^"\\]|\\.|"(?!""))*""" | \'\'\'(?:[^'\\]|\\.|'(?!''))*\'\'\'
    |"(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*')
    |(?P<iri><[^<>\s]*>)
    |(?P<mark>[\[\]();,])
    |(?P<word>(?:[^\s<>"'\[\]();,\#\\]|\\.)+)''',
    re.VERBOSE | re.DOTALL,
)


@dataclass
class Positions:
    """What a scan found.

    Attributes:
        named: IRI → where it is first the subject of a statement.
        labelled: label of a blank node → where it first stands.
        roots: brackets that are themselves the subject of a statement, in document order.
        closed: all other brackets, in the order in which they end.
    """

    named: dict[str, Position] = field(default_factory=dict)
    labelled: dict[str, Position] = field(default_factory=dict)
    roots: list[Position] = field(default_factory=list)
    closed: list[Position] = field(default_factory=list)


def scan(text: str, base: str) -> Positions:
    """Find the nodes of a Turtle text; relative IRIs are relative to ``base`` until the text says otherwise."""
    scanner = _Scanner(text, base)
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        if kind == "mark":
            scanner.mark(match[0], match.start())
        elif kind == "skip":
            scanner.fresh = scanner.fresh and match[0].startswith("#")
        elif kind == "iri":
            scanner.name(match[0], match.start())
        else:
            scanner.word(match[0], match.start())
    return scanner.found


class _Scanner:
    """State of a scan; ``fresh`` at the start of a statement."""

    def __init__(self, text: str, base: str) -> None:
        self.found = Positions()
        self.fresh = True
        self._base = base
        self._prefixes: dict[str, str] = {}
        self._open: list[tuple[bool, int]] = []
        self._lists = 0
        self._directive: list[str] = []
        self._lines = [match.start() for match in re.finditer("\n", text)]

    def _position(self, offset: int) -> Position:
        line = bisect_right(self._lines, offset - 1)
        return line + 1, offset - (self._lines[line - 1] if line else -1)

    def mark(self, text: str, offset: int) -> None:
        if text == "[":
            self._open.append((self.fresh, offset))
        elif text == "]" and self._open:
            self._close()
        elif text in "()":
            self._lists += 1 if text == "(" else -1
        self.fresh = False

    def _close(self) -> None:
        root, offset = self._open.pop()
        (self.found.roots if root else self.found.closed).append(self._position(offset))

    def word(self, text: str, offset: int) -> None:
        ends = text.endswith(".")
        text = text.rstrip(".")
        if self._directive:
            self._directive.append(text)
        elif text:
            self.name(text, offset)
        if ends and not self._open and not self._lists:
            self.fresh, self._directive = True, []

    def name(self, text: str, offset: int) -> None:
        """An IRI, a prefixed name, a label or the head of a directive."""
        if self._directive:
            self._declare(text)
            return
        if text.startswith("_:"):
            self.found.labelled.setdefault(text[2:], self._position(offset))
        elif self.fresh and text.lower() in ("@prefix", "prefix", "@base", "base"):
            self._directive = [text]
            return
        elif self.fresh and not self._open and not self._lists:
            self.found.named.setdefault(self._resolved(text), self._position(offset))
        self.fresh = False

    def _declare(self, iri: str) -> None:
        target = _joined(self._base, iri)
        if len(self._directive) > 1:
            self._prefixes[self._directive[1].removesuffix(":")] = target
        else:
            self._base = target
        self._directive, self.fresh = [], True

    def _resolved(self, text: str) -> str:
        if text.startswith("<"):
            return _joined(self._base, text)
        prefix, _, tail = text.partition(":")
        return self._prefixes.get(prefix, "") + re.sub(r"\\(.)", r"\1", tail)


def _joined(base: str, text: str) -> str:
    """An IRI in angle brackets, resolved; one that cannot be is left as it is."""
    relative = text[1:-1]
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", relative):
        return relative
    try:
        joined = urljoin(base, relative)
    except ValueError:
        return relative
    # urljoin drops an empty fragment, which namespaces are full of
    return joined + "#" if relative.endswith("#") and not joined.endswith("#") else joined
