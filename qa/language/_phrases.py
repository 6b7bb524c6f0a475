"""Tables of phrases, and where they stand in a question.

In a phrase ``a|b`` is a choice and ``a?`` may be left out; a token matches by its plain form or its lemma.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, TypeVar

from ._tokens import Token

T = TypeVar("T")


class _Node(Generic[T]):
    __slots__ = ("following", "values")

    def __init__(self) -> None:
        self.following: dict[str, _Node[T]] = {}
        self.values: list[T] = []


class Phrases(Generic[T]):
    """A trie of phrases, each with a value."""

    def __init__(self, rows: Iterable[tuple[T, str]]) -> None:
        self._root: _Node[T] = _Node()
        for value, phrases in rows:
            for phrase in phrases.split(", "):
                self._insert(phrase.split(), value)

    def _insert(self, pieces: Sequence[str], value: T) -> None:
        nodes = [self._root]
        for piece in pieces:
            optional = len(piece) > 1 and piece.endswith("?")
            following = [node.following.setdefault(word, _Node()) for node in nodes for word in piece.rstrip("?").split("|")]
            nodes = nodes + following if optional else following
        for node in nodes:
            if value not in node.values:
                node.values.append(value)

    def find(self, tokens: Sequence[Token]) -> Iterator[tuple[T, int, int]]:
        """Value, first token and the one after the last, of every phrase in ``tokens``."""
        for start in range(len(tokens)):
            level = [self._root]
            for end in range(start, len(tokens)):
                words = {tokens[end].lower, tokens[end].lemma}
                level = [node.following[word] for node in level for word in words if word in node.following]
                if not level:
                    break
                for node in level:
                    for value in node.values:
                        yield value, start, end + 1
