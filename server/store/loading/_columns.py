"""From byte ranges of terms to a block of statements: distinct tokens are checked and decoded once each."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyoxigraph as ox

from earthweave.ontology.arrow import arrow_of

from ..snapshot import BNODE, IRI, STRING, Quads, TermType
from ._arrow import pc
from ._parsed import text_and_type
from ._pool import Pool, encoded, illegal_iris, joined, matching, unusual_labels
from ._scan import OPEN, UNDERSCORE, Block, Cuts

_SUFFIX = re.compile(r"@[A-Za-z0-9-]+|\^\^<[^<>\"{}|^`\\\x00-\x20]*>")
_BODY = r"""^(?:[^"\\\n\r]|\\[tbnrf"'\\]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*$"""
_ESCAPE = re.compile(r"""\\(?:([tbnrf"'\\])|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))""")
_CONTROLS = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}
_LONG, _SAMPLE = 64, 1000
_KNOWN = 10_000


@dataclass
class Suffixes:
    """Types by what stands behind the closing mark of a literal, each asked of the parser once."""

    known: dict[str, TermType | None] = field(default_factory=lambda: {"": STRING})

    def type(self, suffix: str) -> TermType | None:
        """The type, None if it is not a legal suffix or one that the store cannot hold."""
        if suffix not in self.known:
            if len(self.known) > _KNOWN:
                self.known = {"": STRING}
            self.known[suffix] = self._asked(suffix)
        return self.known[suffix]

    @staticmethod
    def _asked(suffix: str) -> TermType | None:
        if not _SUFFIX.fullmatch(suffix):
            return None
        try:
            found = next(iter(ox.parse(f'<a:s> <a:p> ""{suffix} .'.encode(), format=ox.RdfFormat.N_TRIPLES)))
        except SyntaxError:
            return None
        # a base direction cannot be stored; the parser of single lines will say so
        return None if found.object.direction else text_and_type(found.object, "")[1]


class Columns:
    """A block of statements in the making.

    Attributes:
        bad: rows with a token that is not legal, or that has to be looked at by the parser; the block is good only if there is none.
    """

    def __init__(self, block: Block, cuts: Cuts, suffixes: Suffixes, token: str) -> None:
        self._block, self._cuts, self._token = block, cuts, token
        self._columns = [cuts.subject, cuts.predicate, cuts.value, cuts.graph]
        self._first = [np.where(start < 0, 0, block.at(start)) for start, _ in self._columns]
        self._places = [np.full(len(cuts.line), -1, dtype=np.int32) for _ in self._columns]
        self._pool = Pool()
        self._bad = np.zeros(len(cuts.line), dtype=bool)
        self._names()
        self._labels()
        self._literals(suffixes)

    @property
    def bad(self) -> Any:
        """Rows that must go to the parser."""
        return np.flatnonzero(self._bad)

    def quads(self) -> Quads:
        """The block; only if there are no bad rows."""
        return Quads(self._pool.terms(), *self._places)

    def _names(self) -> None:
        rows, parts = self._tokens(OPEN, 1, 1)
        texts, codes = encoded(parts)
        self._put(rows, codes, illegal_iris(texts))
        self._pool.put(texts, IRI)

    def _labels(self) -> None:
        rows, parts = self._tokens(UNDERSCORE, 2, 0)
        texts, codes = encoded(parts)
        self._put(rows, codes, unusual_labels(texts))
        self._pool.put(joined(self._token, texts), BNODE)

    def _tokens(self, first: int, before: int, behind: int) -> tuple[list[Any], list[Any]]:
        """Rows and texts, per column, of the terms that begin with a byte."""
        rows = [np.flatnonzero(found == first) for found in self._first]
        pairs = zip(self._columns, rows, strict=True)
        return rows, [cut(self._block, start[some] + before, end[some] - behind) for (start, end), some in pairs]

    def _put(self, rows: list[Any], codes: list[Any], wrong: Any) -> None:
        """Write places of terms into the columns, and note the rows of wrong ones."""
        for place, some, code in zip(self._places, rows, codes, strict=True):
            place[some] = code + self._pool.count
            if len(wrong):
                self._bad[some[np.isin(code, wrong)]] = True

    def _literals(self, suffixes: Suffixes) -> None:
        rows = np.flatnonzero(self._cuts.quote >= 0)
        found, (codes,) = encoded([cut(self._block, self._cuts.quote[rows] + 1, self._cuts.value[1][rows])])
        kinds = [suffixes.type(one) for one in found.to_pylist()]
        # different suffixes may be one type (an explicit xsd:string, a language in capitals)
        groups = {kind: place for place, kind in enumerate(dict.fromkeys(kinds))}
        group = np.array([groups[kind] for kind in kinds], dtype=np.int32)[codes]
        order = np.argsort(group, kind="stable")
        bounds = np.searchsorted(group[order], np.arange(len(groups) + 1))
        for place, kind in enumerate(groups):
            some = rows[order[bounds[place]: bounds[place + 1]]]
            if kind is None:
                self._bad[some] = True
            else:
                self._bodies(some, kind)

    def _bodies(self, rows: Any, kind: TermType) -> None:
        bodies = cut(self._block, self._cuts.value[0][rows] + 1, self._cuts.quote[rows])
        escaped = self._cuts.escaped[rows]
        if escaped.any():
            bodies, wrong = _decoded(bodies, escaped)
            self._bad[rows[wrong]] = True
        texts, codes = bodies, np.arange(len(bodies), dtype=np.int32)
        if not _seldom_repeated(bodies):
            texts, (codes,) = encoded([bodies])
        self._places[2][rows] = codes + self._pool.count
        self._pool.put(texts, kind)


def _seldom_repeated(bodies: Any) -> bool:
    """True for long texts, most often geometries, of which a sample has none twice: the few that are will be found by their hash."""
    sample = bodies.take(arrow_of(np.arange(0, len(bodies), max(1, len(bodies) // _SAMPLE))))
    return bool(pc.sum(pc.binary_length(sample)).as_py() > _LONG * len(sample) > 0 and len(sample.unique()) == len(sample))


def cut(block: Block, start: Any, end: Any) -> Any:
    """Ranges of the block, in ascending order and apart from each other, as strings."""
    bounds = np.empty(2 * len(start) + 1, dtype=np.int64)
    bounds[:-1:2], bounds[1::2] = start, end
    bounds[-1] = len(block.data)
    # strings and the gaps between them in turn share the block's bytes; taking every other one copies only what is wanted
    whole = pa.LargeStringArray.from_buffers(len(bounds) - 1, pa.py_buffer(bounds), pa.py_buffer(block.data))
    return whole.take(arrow_of(np.arange(0, len(bounds) - 1, 2)))


def _decoded(bodies: Any, escaped: Any) -> tuple[Any, Any]:
    """Texts with their escapes replaced where some may be, and the rows where one is wrong."""
    rows = np.flatnonzero(escaped)
    texts, (codes,) = encoded([bodies.take(pa.array(rows))])
    legal = matching(texts, _BODY).copy()
    plain: list[str] = []
    for place, text in enumerate(texts.to_pylist()):
        decoded = _unescaped(text) if legal[place] else None
        legal[place] = decoded is not None
        plain.append(decoded or "")
    values = pa.array(plain, type=pa.large_string()).take(pa.array(codes))
    return pc.replace_with_mask(bodies, pa.array(escaped), values), rows[~legal[codes]]


def _unescaped(text: str) -> str | None:
    """A lexical form with its escapes replaced; None if one names no character."""
    try:
        plain = _ESCAPE.sub(_character, text)
        plain.encode()
    except (ValueError, UnicodeEncodeError):
        return None
    return plain


def _character(found: re.Match[str]) -> str:
    short, four, eight = found.groups()
    return _CONTROLS.get(short, short) if short else chr(int(four or eight, 16))
