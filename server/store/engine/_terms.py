"""Ids of terms for one query: those of the snapshot, and scratch ids for what the query computes.

Equal ids are the same term and the other way round, also for computed ones: an id is looked for inline, then in the snapshot, then
among the scratch terms, before a new scratch id is made.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa

from earthweave.ontology import CRS84, GEO
from earthweave.ontology.arrow import arrow_of, text_array
from earthweave.ontology.geometry import write_wkt

from ..snapshot import (
    BNODE,
    UNBOUND,
    Kind,
    Snapshot,
    Tag,
    Term,
    Terms,
    TermType,
    inline,
    inline_term,
    make,
    payloads,
    tags,
)
from ._values import Number, nearest, value

WKT = TermType(Kind.LITERAL, str(GEO.wktLiteral))
_TERM_BYTES = 250
"""What a scratch term takes beside its text: tuple, string, places in the list and the dictionary."""


class TermSpace:
    """Ids to terms and back.

    Attributes:
        snapshot: where stored terms are.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._scratch: list[Term] = []
        self._places: dict[Term, int] = {}
        self._shapes: dict[int, Any] = {}
        self._labels = f"q{secrets.token_hex(8)}n"
        self._labelled: dict[int, str] = {}
        self._nodes = 0
        self._characters = 0

    @property
    def size(self) -> int:
        """Bytes that scratch terms take, roughly."""
        return len(self._scratch) * _TERM_BYTES + self._characters

    def id(self, term: Term, create: bool = True) -> int:
        """Id of a term; a new scratch id if it has none, or -1 if ``create`` is False."""
        found = inline_term(term)
        if found < 0:
            found = self.snapshot.find(term)
        if found < 0:
            place = self._places.get(term)
            found = make(Tag.SCRATCH, place) if place is not None else self._new(term) if create else UNBOUND
        return int(found)

    def _new(self, term: Term) -> int:
        place = len(self._scratch)
        self._scratch.append(term)
        self._places[term] = place
        self._characters += len(term.text)
        return int(make(Tag.SCRATCH, place))

    def ids(self, terms: Terms) -> Any:
        """Ids of a column of terms, new scratch ids where they have none; int64."""
        found = inline(terms)
        rest = np.flatnonzero(found < 0)
        if len(rest):
            found[rest] = self.snapshot.find_many(_picked(terms, rest))
            rest = rest[found[rest] < 0]
            found[rest] = self._interned(terms, rest)
        return found

    def _interned(self, terms: Terms, rows: Any) -> Any:
        texts = terms.text.take(arrow_of(rows)).to_pylist()
        codes = terms.code[rows].tolist()
        found = np.empty(len(rows), dtype=np.int64)
        for row, (text, code) in enumerate(zip(texts, codes, strict=True)):
            term = Term(text, terms.types[code])
            place = self._places.get(term)
            found[row] = self._new(term) if place is None else make(Tag.SCRATCH, place)
        return found

    def listed(self, terms: Iterable[Term]) -> Any:
        """The same for terms one by one; int64."""
        return self.ids(column_of(terms))

    def term(self, id: int) -> Term:
        """The term of an id."""
        if id >> 59 == Tag.SCRATCH:
            return self._scratch[int(payloads(id))]
        return self.snapshot.term(int(id))

    def terms(self, ids: Any) -> Terms:
        """The terms of ids of all tags, none of them unbound; in order, repeated as the ids are."""
        ids = np.asarray(ids, dtype=np.int64)
        own = tags(ids) == Tag.SCRATCH
        if not own.any():
            return self.snapshot.terms(ids)
        mine = np.flatnonzero(own)
        computed = column_of(self._scratch[place] for place in payloads(ids[mine]).tolist())
        if len(mine) == len(ids):
            return computed
        others = np.flatnonzero(~own)
        return _merged(self.snapshot.terms(ids[others]), others, computed, mine)

    def listing(self, ids: Any) -> list[Term]:
        """The same as a list."""
        found = self.terms(ids)
        return [Term(text, found.types[code]) for text, code in zip(found.text.to_pylist(), found.code.tolist(), strict=True)]

    def strings(self, ids: Any) -> Any:
        """Texts of ids, none of them unbound, as a pyarrow LargeStringArray."""
        return self.terms(ids).text

    def types(self, ids: Any) -> tuple[Any, tuple[TermType, ...]]:
        """Codes (int32) of the types of ids under DICTIONARY, GEOMETRY or SCRATCH, and the types."""
        dictionary = self.snapshot.dictionary
        own = tags(ids) == Tag.SCRATCH
        if not own.any():
            return dictionary.codes(ids), dictionary.types
        code, codes = np.empty(len(ids), dtype=np.int32), {kind: code for code, kind in enumerate(dictionary.types)}
        code[~own] = dictionary.codes(ids[~own])
        code[own] = [codes.setdefault(self._scratch[place].type, len(codes)) for place in payloads(ids[own]).tolist()]
        return code, tuple(codes)

    def numbers(self, ids: Any) -> Any:
        """Numeric values as float64, NaN for what is no number or unbound."""
        ids = np.asarray(ids, dtype=np.int64)
        found = np.full(len(ids), np.nan)
        tag = tags(ids)
        stored = np.flatnonzero((tag >= 0) & (tag < Tag.SCRATCH))
        found[stored] = self.snapshot.numbers(ids[stored])
        computed = np.flatnonzero(tag == Tag.SCRATCH)
        if len(computed):
            distinct, places = np.unique(ids[computed], return_inverse=True)
            found[computed] = np.array([self._number(one) for one in distinct.tolist()])[places]
        return found

    def _number(self, id: int) -> float:
        known = value(self.term(id))
        return nearest(known) if isinstance(known, Number) else float("nan")

    def fresh_bnode(self) -> int:
        """Id of a new blank node, whose label is in no data and in no other query."""
        self._nodes += 1
        return self._new(Term(f"{self._labels}{self._nodes}", BNODE))

    def labelled(self, label: str | None, row: tuple[int, ...]) -> int:
        """Id of the blank node of a label in one solution: the one in the row that was made for the label, else a new one; -1 for None."""
        if label is None:
            return UNBOUND
        known = next((id for id in row if self._labelled.get(id) == label), UNBOUND)
        if known == UNBOUND:
            known = self.fresh_bnode()
            self._labelled[known] = label
        return known

    def shape_id(self, geometry: Any, crs84: Any = CRS84) -> int:
        """Id of a computed geometry, as the literal that is written for it under a CRS."""
        return int(self.shape_ids(np.array([geometry], dtype=object), crs84)[0])

    def shape_ids(self, geometries: Any, crs: Any = CRS84) -> Any:
        """Ids of computed geometries (CRS84, longitude first; no None), whose literals are written under a CRS; int64."""
        texts = text_array(write_wkt(geometries, crs))
        found = self.ids(Terms(texts, np.zeros(len(texts), dtype=np.int32), (WKT,)))
        for row in np.flatnonzero(tags(found) == Tag.SCRATCH).tolist():
            self._shapes.setdefault(int(found[row]), geometries[row])
        return found

    def shape_of(self, id: int) -> Any:
        """The geometry of a scratch id that was computed here, None for any other id."""
        return self._shapes.get(int(id))


def column_of(terms: Iterable[Term]) -> Terms:
    """Terms one by one as a column."""
    listed = list(terms)
    codes: dict[TermType, int] = {}
    code = np.fromiter((codes.setdefault(one.type, len(codes)) for one in listed), dtype=np.int32, count=len(listed))
    return Terms(text_array(one.text for one in listed), code, tuple(codes))


def _picked(terms: Terms, rows: Any) -> Terms:
    if len(rows) == len(terms):
        return terms
    places = arrow_of(rows)
    return Terms(terms.text.take(places), terms.code[rows], terms.types, None if terms.wkb is None else terms.wkb.take(places))


def _merged(left: Terms, left_rows: Any, right: Terms, right_rows: Any) -> Terms:
    """Two columns whose terms go to the rows given, together all."""
    order = np.argsort(np.concatenate([left_rows, right_rows]))
    codes = {kind: code for code, kind in enumerate(left.types)}
    moved = np.array([codes.setdefault(kind, len(codes)) for kind in right.types], dtype=np.int32)
    code = np.concatenate([left.code, moved[right.code]])[order].astype(np.int32)
    text = pa.concat_arrays([left.text, right.text]).take(arrow_of(order))
    return Terms(text, code, tuple(codes))
