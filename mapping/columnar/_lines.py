"""Statements in columns to lines of N-Quads, and to a table of terms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from ..plan import Kind
from ..values import pc
from ._terms import Pieces, Term

_TYPES = ("iri", "bnode", "literal")


class Statement(NamedTuple):
    """A statement for each row; a graph of None is the default one."""

    subject: Term
    predicate: Term
    value: Term
    graph: Term | None

    @property
    def terms(self) -> tuple[Term, ...]:
        """All four, or three."""
        return tuple(one for one in self if one is not None)

    @property
    def same(self) -> bool:
        """True if it is the same for all rows."""
        return all(one.same for one in self.terms)

    def pieces(self) -> Pieces:
        """The line."""
        found: Pieces = []
        for term in self.terms:
            found += [*term.pieces, " "]
        return merged([*found, ".\n"])


def merged(parts: Pieces) -> Pieces:
    """Neighbouring texts as one."""
    found: Pieces = []
    for part in parts:
        if isinstance(part, str) and found and isinstance(found[-1], str):
            found[-1] += part
        else:
            found.append(part)
    return found


def lines(statements: Sequence[Statement], good: Any) -> tuple[Any, int]:
    """All statements of a row in one text, for good rows, and how many statements that is."""
    flat: Pieces = []
    count, kept = 0, int(np.count_nonzero(good))
    for one in statements:
        pieces = one.pieces()
        if any(not isinstance(part, str) and part.null_count for part in pieces):
            whole = pc.binary_join_element_wise(*pieces, "")
            count += int(np.count_nonzero(np.asarray(whole.is_valid()) & good))
            flat.append(whole.fill_null(""))
        else:
            count += kept
            flat += pieces
    text = pc.binary_join_element_wise(*merged(flat), "")
    return (text if kept == len(good) else text.filter(pa.array(good))), count


def term_columns(statements: Sequence[Statement], good: Any) -> Any:
    """All statements of good rows as one record batch, statement after statement; columns as the store takes them."""
    rows = [_complete(one, good) for one in statements]
    columns = {
        "subject": _column([one.subject for one in statements], rows), "predicate": _column([one.predicate for one in statements], rows),
        "object": _column([one.value for one in statements], rows),
        "object_type": _constants([_TYPES[_rank(one.value)] for one in statements], rows),
        "datatype": _dictionaries([one.value.datatype for one in statements], rows),
        "language": _dictionaries([one.value.language for one in statements], rows),
        "graph": _column([one.graph for one in statements], rows),
    }
    if any(one.value.shapes is not None for one in statements):
        columns["wkb"] = _blobs([one.value for one in statements], rows)
    return pa.RecordBatch.from_pydict(columns)


def _rank(term: Term) -> int:
    return 0 if term.kind.named else 1 if term.kind is Kind.BLANK else 2


def _complete(statement: Statement, good: Any) -> Any:
    """Rows for which all terms are there; one of them if the statement is the same for all."""
    if statement.same:
        return np.flatnonzero(good)[:1]
    found = good
    for term in statement.terms:
        for part in (*term.parts, term.datatype, term.language):
            if not isinstance(part, str) and part.null_count:
                found = found & np.asarray(part.is_valid())
    return np.flatnonzero(found)


def _column(terms: Sequence[Term | None], rows: list[Any]) -> Any:
    """A term of every statement, each distinct one once in a dictionary."""
    places: dict[int, tuple[Any, int]] = {}
    parts, indices, size = [], [], 0
    for term, mine in zip(terms, rows, strict=True):
        if id(term) not in places:
            text = _whole(term, len(mine))
            places[id(term)] = text, size
            parts.append(text)
            size += len(text)
        text, start = places[id(term)]
        indices.append(np.full(len(mine), start) if term is None or term.same else start + mine)
    values = pa.concat_arrays(parts) if parts else pa.array([], pa.large_string())
    return pa.DictionaryArray.from_arrays(pa.array(np.concatenate(indices).astype(np.int32), pa.int32()), values)


def _whole(term: Term | None, _: int) -> Any:
    if term is None:
        return pa.array([None], pa.large_string())
    mark = "_:" if term.kind is Kind.BLANK else ""
    parts = merged([mark, *term.parts]) if mark else merged(term.parts)
    if len(parts) == 1:
        return pa.array([parts[0]], pa.large_string()) if isinstance(parts[0], str) else parts[0].cast(pa.large_string())
    return pc.binary_join_element_wise(*parts, "").cast(pa.large_string())


def _constants(texts: Sequence[str], rows: list[Any]) -> Any:
    distinct = list(dict.fromkeys(texts))
    indices = np.repeat([distinct.index(text) for text in texts], [len(mine) for mine in rows])
    values = pa.array([text or None for text in distinct], pa.large_string())
    return pa.DictionaryArray.from_arrays(pa.array(indices.astype(np.int32), pa.int32()), values)


def _dictionaries(texts: Sequence[Any], rows: list[Any]) -> Any:
    """Datatypes or languages, mostly the same for all rows."""
    if all(isinstance(text, str) for text in texts):
        return _constants(texts, rows)
    whole = [
        (pa.array([text or None] * len(mine)) if isinstance(text, str) else text.take(pa.array(mine))).cast(pa.large_string())
        for text, mine in zip(texts, rows, strict=True)
    ]
    return pa.concat_arrays(whole).dictionary_encode()


def _blobs(terms: Sequence[Term], rows: list[Any]) -> Any:
    return pa.concat_arrays([
        pa.nulls(len(mine), pa.binary()) if term.shapes is None else term.shapes.wkb().take(pa.array(mine))
        for term, mine in zip(terms, rows, strict=True)
    ])
