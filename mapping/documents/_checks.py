"""Where the reading of a document stands, and how what is wrong there is told: file, line, triples map, reason, way out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from typing import NoReturn

import pyoxigraph as ox

from earthweave.ontology import MappingError, UnsupportedError

from ._document import Document, Node
from ._vocabulary import KNOWN, SINGLE

_DEEPEST = 64
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|^`\\]*")
# BCP 47 without grandfathered tags: language, extended language, script, region, variants, extensions, private use
_LANGUAGE = re.compile(
    r"(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}(?:-[a-z]{4})?(?:-(?:[a-z]{2}|[0-9]{3}))?(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*"
    r"(?:-[a-wy-z0-9](?:-[a-z0-9]{2,8})+)*(?:-x(?:-[a-z0-9]{1,8})+)?|x(?:-[a-z0-9]{1,8})+)",
    re.IGNORECASE,
)


class Checks:
    """What every part of the reader asks of a document's nodes.

    Attributes:
        document: under reading.
        rule: the triples map under reading, or None.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.rule: Node | None = None
        self._at: list[Node] = []

    @contextmanager
    def at(self, node: Node) -> Iterator[None]:
        """While this node is read, it is where problems are."""
        if len(self._at) >= _DEEPEST:
            self.fail(f"more than {_DEEPEST} descriptions inside one another, or one inside itself")
        self._at.append(node)
        try:
            yield
        finally:
            self._at.pop()

    @contextmanager
    def within(self, rule: Node) -> Iterator[None]:
        """While this triples map is read."""
        before, self.rule = self.rule, rule
        try:
            with self.at(rule):
                yield
        finally:
            self.rule = before

    def place(self) -> str:
        """Where reading stands: file, line, triples map."""
        found = (self.document.position(node)[0] for node in reversed(self._at))
        line = next((line for line in found if line), 0)
        rule = f", triples map {self.document.name(self.rule)}" if self.rule is not None else ""
        return f"{self.document.origin}{f', line {line}' if line else ''}{rule}"

    def fail(self, why: str, *, way_out: str = "") -> NoReturn:
        """Raise `MappingError` for what stands here."""
        raise MappingError(self.place(), why=why, way_out=way_out)

    def refuse(self, why: str, *, way_out: str = "") -> NoReturn:
        """Raise `UnsupportedError` for what stands here."""
        raise UnsupportedError(self.place(), why=f"not offered: {why}", way_out=way_out or "docs/limits.md lists what the mapper reads")

    # -- nodes and their properties

    def known(self, node: Node, kind: str) -> set[str]:
        """The mapping properties of a node, which must be those of its kind."""
        if isinstance(node, ox.Literal):
            self.fail(f"{shown(node)} stands where a node must be")
        given = self.document.properties(node)
        for name in sorted(given - KNOWN[kind]):
            others = [other for other in KNOWN if name in KNOWN[other]]
            self.fail(
                f"unknown property {name!r} here" if others else f"unknown property {name!r}",
                way_out=suggestion(name, KNOWN[kind]) or f"known here: {', '.join(sorted(KNOWN[kind]))}",
            )
        for name in sorted(given & SINGLE):
            self.exactly_one(node, name)
        return given

    def exactly_one(self, node: Node, name: str) -> Node:
        """The value of a property that must be there once."""
        found = self.document.all(node, name)
        if len(found) != 1:
            self.fail(f"needs exactly one {name}, has {len(found)}")
        return found[0]

    def one_of(self, node: Node, *names: str) -> str:
        """Which of these properties a node has, if it has exactly one of them."""
        given = [name for name in names if self.document.all(node, name)]
        if len(given) != 1:
            self.fail(f"needs exactly one of {', '.join(names)}, has {' and '.join(given) or 'none'}")
        return given[0]

    # -- values

    def literal(self, node: Node, name: str) -> str:
        """The text of a property that must be there once, as a literal."""
        found = self.exactly_one(node, name)
        if not isinstance(found, ox.Literal):
            self.fail(f"{name} must be a text, not {shown(found)}")
        return found.value

    def iri(self, node: Node, what: str) -> str:
        """The IRI that a node must be."""
        if not isinstance(node, ox.NamedNode) or not _IRI.fullmatch(node.value):
            self.fail(f"{what} must be an IRI, not {shown(node)}")
        return node.value

    def absolute(self, text: str, what: str) -> str:
        """A text that must be an absolute IRI."""
        if not absolute(text):
            self.fail(f"{what} must be an absolute IRI, not {text!r}")
        return text

    def language(self, tag: str) -> str:
        """A language tag (BCP 47)."""
        if not _LANGUAGE.fullmatch(tag):
            self.fail(f"{tag!r} is not a language tag", way_out="write en, or pt-BR (BCP 47)")
        return tag

    def flag(self, node: Node, name: str) -> bool:
        """The truth of a boolean property that is false unless given."""
        text = self.document.text(node, name)
        if text not in ("", "true", "false", "1", "0"):
            self.fail(f"{name} must be true or false, not {text!r}")
        return text in ("true", "1")


def absolute(text: str) -> bool:
    """True for a text that is an absolute IRI."""
    return _IRI.fullmatch(text) is not None


def shown(node: Node) -> str:
    """A node as messages show it."""
    return "a blank node" if isinstance(node, ox.BlankNode) else str(node)


def suggestion(name: str, known: Iterable[str]) -> str:
    """Did you mean …, or empty."""
    close = get_close_matches(name, sorted(known), 1)
    return f"did you mean {close[0]!r}?" if close else ""
