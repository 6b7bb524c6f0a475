"""Dictionary and hash index while they grow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from earthweave.ontology.arrow import arrow_of

from ._files import Column, Texts
from ._hashing import Hashed, Run, Runs, write_run
from ._ids import Tag, make
from ._inline import inline
from ._lookup import found_in
from ._numbers import dictionary_numbers
from ._parts import FIRST_TYPES, Dictionary, Stacked, TermColumns, geometric
from ._terms import IRI, Term, Terms, TermType


class NewGeometries:
    """Geometry literals of a block that were not known: first row that they get, texts, type codes, and what is known of coordinates."""

    def __init__(self, first: int, text: Any, code: Any, wkb: Any) -> None:
        self.first, self.text, self.code, self.wkb = first, text, code, wkb

    def __len__(self) -> int:
        return len(self.text)


class Vocabulary:
    """All terms of a snapshot that is being built: those of the base, and a part of its own that grows.

    Args:
        folder: for the part. work: for passing files. number: of the part.

    Attributes:
        terms, geometries: rows of dictionary and geometry table, the base's among them.
        types: of terms, by code; those of the base first.
    """

    def __init__(self, folder: Path, work: Path, number: int, base: Dictionary | None) -> None:
        self._folder, self._number, self._base = folder, number, base
        self.types: list[TermType] = list(base.types if base else FIRST_TYPES)
        self._codes = {kind: code for code, kind in enumerate(self.types)}
        self._first_term = self.terms = len(base.text) if base else 0
        self._first_geometry = self.geometries = len(base.lexical) if base else 0
        self._text, self._lexical = Texts(folder, f"terms-{number}"), Texts(folder, f"lexical-{number}")
        self._code = Column(folder / f"terms-{number}.code", np.int32)
        self._number_column = Column(folder / f"terms-{number}.number", np.float64)
        self._datatype = Column(folder / f"lexical-{number}.code", np.int32)
        self._runs = Runs(work)

    @property
    def new_terms(self) -> int:
        """Rows of the dictionary that the base has not."""
        return self.terms - self._first_term

    @property
    def new_geometries(self) -> int:
        """Rows of the geometry table that the base has not."""
        return self.geometries - self._first_geometry

    def code(self, kind: TermType) -> int:
        """Code of a type, a new one if it has none."""
        found = self._codes.get(kind)
        if found is None:
            found = self._codes[kind] = len(self.types)
            self.types.append(kind)
        return found

    def ids(self, terms: Terms) -> tuple[Any, NewGeometries]:
        """Id of each term, a new one for those that are not known, in order of appearance; and what is new among the geometries."""
        ids = inline(terms)
        codes = np.array([self.code(kind) for kind in terms.types] or [0], dtype=np.int32)
        column = Hashed(terms.text, codes[terms.code])
        rows = np.flatnonzero(ids < 0)
        ids[rows] = found_in(self._all_runs(), column, rows, self)
        new = rows[ids[rows] < 0]
        first, back = _distinct(column, new)
        given, geometries = self._enter(column, new[first], terms.wkb)
        ids[new] = given[back]
        return ids, geometries

    def known(self, terms: Terms) -> Any:
        """Id of each term, -1 for those that are not known."""
        ids = inline(terms)
        code = np.array([self._codes.get(kind, -1) for kind in terms.types] or [-1], dtype=np.int64)[terms.code]
        rows = np.flatnonzero((ids < 0) & (code >= 0))
        ids[rows] = found_in(self._all_runs(), Hashed(terms.text, code), rows, self)
        return ids

    def one(self, term: Term) -> int:
        """Id of one term, a new one if it is not known; it must be no geometry."""
        ids, _ = self.ids(Terms(pa.array([term.text], pa.large_string()), np.zeros(1, np.int32), (term.type,)))
        return int(ids[0])

    def known_iri(self, text: str) -> int:
        """Id of an IRI, -1 if it is not known."""
        return int(self.known(Terms(pa.array([text], pa.large_string()), np.zeros(1, np.int32), (IRI,)))[0])

    def _all_runs(self) -> list[Run]:
        return [*(self._base.runs if self._base else ()), *self._runs.runs]

    def _enter(self, column: Hashed, rows: Any, wkb: Any) -> tuple[Any, NewGeometries]:
        """Give ids to the terms in some rows of a block."""
        code, hash = column.code[rows], column.hash[rows]
        shaped = geometric(self.types, code)
        ids = np.empty(len(code), dtype=np.int64)
        plain, curved = np.flatnonzero(~shaped), np.flatnonzero(shaped)
        ids[plain] = self.terms + np.arange(len(plain))
        ids[curved] = make(Tag.GEOMETRY, self.geometries + np.arange(len(curved)))
        plain_text, places = column.text.take(arrow_of(rows[plain])), arrow_of(rows[curved])
        self._text.append(plain_text)
        self._code.append(code[plain])
        self._number_column.append(dictionary_numbers(plain_text, code[plain], self.types))
        geometries = NewGeometries(self.geometries, column.text.take(places), code[curved], None if wkb is None else wkb.take(places))
        self._lexical.append(geometries.text)
        self._datatype.append(geometries.code)
        self.terms += len(plain)
        self.geometries += len(curved)
        order = np.argsort(hash)
        self._runs.add(Run(hash[order], ids[order]))
        return ids, geometries

    def texts(self, ids: Any) -> Any:
        """Texts of ids of dictionary and geometry table."""
        return self._columns().texts(ids)

    def codes(self, ids: Any) -> Any:
        """Codes of the types of the same."""
        return self._columns().codes(ids)

    def terms_of(self, ids: Any) -> Terms:
        """The terms of the same."""
        columns = self._columns()
        return Terms(columns.texts(ids), columns.codes(ids), tuple(self.types))

    def _columns(self) -> TermColumns:
        base = self._base
        return TermColumns(
            Stacked([*(base.text.parts if base else ()), self._text.read()]),
            Stacked([*(base.lexical.parts if base else ()), self._lexical.read()]),
            Stacked([*(base.code.parts if base else ()), self._code.read()]),
            Stacked([*(base.datatype.parts if base else ()), self._datatype.read()]),
        )

    def close(self) -> None:
        """Write the hash index; no more will come."""
        for one in (self._text, self._lexical, self._code, self._number_column, self._datatype):
            one.close()
        write_run(self._folder, f"index-{self._number}", self._runs.runs)


def _distinct(column: Hashed, rows: Any) -> tuple[Any, Any]:
    """Of some rows of a block: places of the first of each term, in order of appearance, and for each row the place in those."""
    hash = column.hash[rows]
    ascending = np.sort(hash)
    if len(hash) < 2 or bool((ascending[1:] != ascending[:-1]).all()):
        places = np.arange(len(hash))
        return places, places
    leader = np.arange(len(hash))
    doubtful = np.flatnonzero(np.isin(hash, ascending[1:][ascending[1:] == ascending[:-1]]))
    seen: dict[tuple[int, str], int] = {}
    texts, codes = column.text.take(arrow_of(rows[doubtful])).to_pylist(), column.code[rows[doubtful]].tolist()
    for row, key in zip(doubtful.tolist(), zip(codes, texts, strict=True), strict=True):
        leader[row] = seen.setdefault(key, row)
    first = np.flatnonzero(leader == np.arange(len(hash)))
    return first, np.searchsorted(first, leader)
