"""What a query or update must pass before any engine sees it; text in, findings or an error out.

The scanner knows strings, IRIs and comments, but is no parser. What a text reaches beyond the store is not decided here: SERVICE and
LOAD are what the engine's own parser reads as such, a worker has no network, and the process that owns it calls only endpoints that its
operator has named.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from rapidfuzz import process

from earthweave.ontology import GEOF, PREFIXES, QueryError, SizeLimitError

from ._catalogue import ALIASES, FUNCTIONS
from ._limits import Limits
from ._tokens import END, Token, place, tokens, unescaped
from ._types import Notice

_UPDATES = frozenset({"INSERT", "DELETE", "CLEAR", "DROP", "CREATE", "COPY", "MOVE", "ADD", "WITH", "LOAD"})
_QUERIES = frozenset({"SELECT", "CONSTRUCT", "DESCRIBE", "ASK"})
_PROLOGUE = frozenset({"PREFIX", "BASE", "VERSION"})
_STEPS = {"open": 1, "close": -1}
_SURE = 75.0


def admit(text: str, limits: Limits, *, update: bool = False) -> tuple[Notice, ...]:
    """Check length, nesting, prefixes and GeoSPARQL functions.

    Returns what was read with good will. Raises `SizeLimitError`, `QueryError` (undeclared prefix, open string; with line and column)
    or `UnknownFunctionError`.
    """
    _measure(text, limits, update=update)
    inspection = _Inspection(text, limits.query_nesting)
    before = END
    for token, following in pairwise(tokens(text)):
        inspection.see(before, token, following)
        before = token
    _refuse_other_kind(inspection.verb, update=update)
    return tuple(inspection.notices)


def _refuse_other_kind(verb: str, *, update: bool) -> None:
    if verb in (_QUERIES if update else _UPDATES):
        this, other, name = ("a query", "an update", "query") if update else ("an update", "a query", "update")
        raise QueryError(f"{verb} begins {this}, and {other} was expected", way_out=f"use earthweave {name}, or Store.{name} in Python")


def _measure(text: str, limits: Limits, *, update: bool) -> None:
    name = "update_characters" if update else "query_characters"
    allowed: int = getattr(limits, name)
    if not _encodable(text):
        raise QueryError("the text holds half a character (a lone surrogate)", way_out="send it as UTF-8")
    if len(text) > allowed:
        raise SizeLimitError(f"the {'update' if update else 'query'} has {len(text):,} characters", why=f"the limit {name} is {allowed:,}",
                             way_out=f"shorten it, load data as a file, or raise {name} (EARTHWEAVE_{name.upper()})")


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@dataclass
class _Inspection:
    """State of one pass over the tokens of a text."""

    text: str
    nesting: int
    prefixes: dict[str, str] = field(default_factory=dict)
    notices: dict[Notice, None] = field(default_factory=dict)
    verb: str = ""
    depth: int = 0
    signs: int = 0

    def see(self, before: Token, token: Token, following: Token) -> None:
        """Check one token between its neighbours."""
        if token.kind == "unclosed":
            raise QueryError(f"{self._place(token)}: a string begins here and is not closed", way_out="add the closing quote")
        self._count(token)
        if token.kind == "word":
            word = token.text.upper()
            self.verb = self.verb or (word if word not in _PROLOGUE else "")
        elif token.kind in ("iri", "name"):
            if before.kind == "word" and before.text.upper() == "PREFIX":
                self.prefixes[token.text] = following.text[1:-1]
            else:
                self._name(token, following)

    def _count(self, token: Token) -> None:
        self.signs = self.signs + 1 if token.kind == "sign" else 0
        self.depth += _STEPS.get(token.kind, 0)
        deepest = max(self.depth, self.signs)
        if deepest > self.nesting:
            raise SizeLimitError(f"{self._place(token)}: nested {deepest:,} levels deep",
                                 why=f"the limit query_nesting is {self.nesting:,}",
                                 way_out="write it flatter, or raise query_nesting (EARTHWEAVE_QUERY_NESTING)")

    def _name(self, token: Token, following: Token) -> None:
        iri = self._expanded(token)
        if following.text == "(" and iri.startswith(str(GEOF)):
            self._function(token, iri.removeprefix(str(GEOF)))

    def _function(self, token: Token, name: str) -> None:
        if name in ALIASES:
            self.notices[Notice("alias", f"geof:{name} is no function of GeoSPARQL; it ran as geof:{ALIASES[name]}")] = None
        elif name not in FUNCTIONS:
            # only a mistake is worth the time in which the engine is loaded
            from .engine import unknown_function

            raise unknown_function(str(GEOF) + name, f"{self._place(token)}: ")

    def _expanded(self, token: Token) -> str:
        if token.kind == "iri":
            return unescaped(token.text[1:-1])
        prefix, _, local = token.text.partition(":")
        if prefix + ":" not in self.prefixes:
            raise QueryError(f"{self._place(token)}: the prefix {prefix}: of {token.text} is not declared",
                             way_out=self._declaration(prefix))
        return self.prefixes[prefix + ":"] + local

    def _declaration(self, prefix: str) -> str:
        if prefix in PREFIXES:
            return f"add PREFIX {prefix}: <{PREFIXES[prefix]}>"
        guess = process.extractOne(prefix, [*PREFIXES, *(name[:-1] for name in self.prefixes)], score_cutoff=_SURE)
        return f"did you mean {guess[0]}: ?" if guess else f"add PREFIX {prefix}: <…>"

    def _place(self, token: Token) -> str:
        line, column = place(self.text, token.start)
        return f"line {line}, column {column}"
