"""Values of an expression on many rows, kept in the form in which they were computed until another is asked for.

::

    Ids        term ids                                 variables, functions of geof:
    Single     one term on all rows                     constants
    Truths     1, 0, -1                                 comparisons, logic, tests
    Coded      distinct terms and places in them        scalar functions
    Strings    distinct texts and places in them        STR, LANG, string functions
    Numbers    numbers of one type                      arithmetic
    Decimals   exact numbers                            arithmetic
    Quotients  exact quotients                          division
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl

from earthweave.ontology.arrow import text_array

from ..snapshot import BIAS, DECIMAL_BIAS, STRING, UNBOUND, Kind, Tag, Term, Terms, TermType, make, numpy_of
from ._functions_operators import divided, truth
from ._terms import TermSpace
from ._values import FALSE, RANKS, TRUE, XSD_BASE, Failed, Number, Operand, Rank, number_text, term

TRUE_ID, FALSE_ID = make(Tag.BOOLEAN, 1), make(Tag.BOOLEAN, 0)
INLINE_PLACES = 15
DECIMAL = TermType(Kind.LITERAL, XSD_BASE + "decimal")
_TRUTHS = [Operand(FALSE), Operand(TRUE)]


class Column(ABC):
    """One value per row, or none where the expression fails."""

    length: int

    def ids(self, space: TermSpace) -> Any:
        """Term ids, int64, -1 where there is no value."""
        return self._ids(space)

    def coded(self, space: TermSpace) -> tuple[Any, list[Operand]]:
        """Places (int64, -1 for no value) in a list of operands, which may hold a term twice."""
        return self._coded(space)

    def take(self, rows: Any) -> Column:
        """The values on some rows (places)."""
        return self._take(rows)

    def truths(self, space: TermSpace) -> Any:
        """Effective boolean values: 1, 0, or -1 for an error; int8."""
        return self._truths(space)

    @abstractmethod
    def _ids(self, space: TermSpace) -> Any: ...

    @abstractmethod
    def _coded(self, space: TermSpace) -> tuple[Any, list[Operand]]: ...

    @abstractmethod
    def _take(self, rows: Any) -> Column: ...

    def _truths(self, space: TermSpace) -> Any:
        codes, operands = self._coded(space)
        table = np.array([*(truth_of(one) for one in operands), -1], dtype=np.int8)
        return table[codes]


def truth_of(operand: Operand) -> int:
    """Effective boolean value of a term: 1, 0, or -1 for an error."""
    try:
        return int(truth(operand))
    except Failed:
        return -1


class Ids(Column):
    """Term ids."""

    def __init__(self, ids: Any) -> None:
        self.values = ids
        self.length = len(ids)

    def _ids(self, space: TermSpace) -> Any:
        return self.values

    def _coded(self, space: TermSpace) -> tuple[Any, list[Operand]]:
        distinct, codes = np.unique(self.values, return_inverse=True)
        if len(distinct) and distinct[0] == UNBOUND:
            distinct, codes = distinct[1:], codes - 1
        return codes, [Operand(term) for term in space.listing(distinct)]

    def _take(self, rows: Any) -> Column:
        return Ids(self.values[rows])

    def _truths(self, space: TermSpace) -> Any:
        found = np.full(self.length, -1, dtype=np.int8)
        found[self.values == TRUE_ID] = 1
        found[self.values == FALSE_ID] = 0
        rest = np.flatnonzero((found < 0) & (self.values != UNBOUND))
        if len(rest):
            found[rest] = super(Ids, Ids(self.values[rest]))._truths(space)
        return found


class Single(Column):
    """One term on all rows."""

    def __init__(self, term: Term, length: int) -> None:
        self.operand = Operand(term)
        self.length = length

    def _ids(self, space: TermSpace) -> Any:
        return np.full(self.length, space.id(self.operand.term), dtype=np.int64)

    def _coded(self, space: TermSpace) -> tuple[Any, list[Operand]]:
        return np.zeros(self.length, dtype=np.int64), [self.operand]

    def _take(self, rows: Any) -> Column:
        return Single(self.operand.term, len(rows))


class Truths(Column):
    """Truth values: 1, 0, -1 for an error."""

    def __init__(self, values: Any) -> None:
        self.values = np.asarray(values, dtype=np.int8)
        self.length = len(self.values)

    def _ids(self, space: TermSpace) -> Any:
        return np.array([FALSE_ID, TRUE_ID, UNBOUND], dtype=np.int64)[self.values]

    def _coded(self, space: TermSpace) -> tuple[Any, list[Operand]]:
        return self.values.astype(np.int64), _TRUTHS

    def _take(self, rows: Any) -> Column:
        return Truths(self.values[rows])

    def _truths(self, space: TermSpace) -> Any:
        return self.values


class Coded(Column):
    """Places in distinct terms; None among the terms is an error."""

    def __init__(self, codes: Any, terms: list[Term | None]) -> None:
        kept = np.full(len(terms) + 1, -1, dtype=np.int64)
        places = [place for place, term in enumerate(terms) if term is not None]
        kept[places] = np.arange(len(places))
        self.codes = kept[codes]
        self.terms = [term for term in terms if term is not None]
        self.length = len(codes)

    def _ids(self, space: TermSpace) -> Any:
        return np.append(space.listed(self.terms), UNBOUND)[self.codes]

    def _coded(self, space: TermSpace) -> tuple[Any, list[Operand]]:
        return self.codes, [Operand(term) for term in self.terms]

    def _take(self, rows: Any) -> Column:
        return Coded(self.codes[rows], list(self.terms))


class Strings(Column):
    """Places in texts, all of one type of literal; a null among the texts is an error."""

    def __init__(self, codes: Any, text: Any, kind: TermType = STRING) -> None:
        self.codes = codes
        self.text = text
        self.kind = kind
        self.length = len(codes)

    def _kept(self) -> tuple[Any, Any]:
        if not self.text.null_count:
            return self.codes, self.text
        good = numpy_of(self.text.is_valid())
        places = np.append(np.where(good, np.cumsum(good) - 1, -1), -1)
        return places[self.codes], self.text.drop_null()

    def _ids(self, space: TermSpace) -> Any:
        codes, text = self._kept()
        encoded = text.dictionary_encode()
        distinct = _made(encoded.dictionary, self.kind, space)
        return np.append(distinct[numpy_of(encoded.indices)], UNBOUND)[codes]

    def _coded(self, space: TermSpace) -> tuple[Any, list[Operand]]:
        codes, text = self._kept()
        return codes, [Operand(Term(one, self.kind)) for one in text.to_pylist()]

    def _take(self, rows: Any) -> Column:
        return Strings(self.codes[rows], self.text, self.kind)


class Numbers(Column):
    """Numbers of one type: int64 for integers, float64 for floats and doubles.

    Attributes:
        good: mask of the rows that have a value.
    """

    def __init__(self, values: Any, rank: Rank, good: Any) -> None:
        self.values = values
        self.rank = rank
        self.good = good
        self.length = len(values)

    def _ids(self, space: TermSpace) -> Any:
        if self.rank == Rank.INTEGER:
            inside = self.good & (self.values >= -BIAS) & (self.values < BIAS)
            found = np.where(inside, make(Tag.INTEGER, self.values + BIAS), UNBOUND)
            rest = np.flatnonzero(self.good & ~inside)
            found[rest] = _written(self.values[rest], self.rank, space)
            return found
        found = np.full(self.length, UNBOUND, dtype=np.int64)
        rows = np.flatnonzero(self.good)
        distinct, codes = np.unique(self.values[rows].view(np.int64), return_inverse=True)
        found[rows] = _written(distinct.view(np.float64), self.rank, space)[codes]
        return found

    def _coded(self, space: TermSpace) -> tuple[Any, list[Operand]]:
        bits = self.values.view(np.int64)
        distinct, codes = np.unique(bits[self.good], return_inverse=True)
        places = np.full(self.length, -1, dtype=np.int64)
        places[self.good] = codes
        kind = TermType(Kind.LITERAL, XSD_BASE + RANKS[self.rank])
        texts = _texts(distinct.view(self.values.dtype), self.rank)
        return places, [Operand(Term(text, kind)) for text in texts]

    def _take(self, rows: Any) -> Column:
        return Numbers(self.values[rows], self.rank, self.good[rows])

    def _truths(self, space: TermSpace) -> Any:
        holds = (self.values != 0) & (self.values == self.values)
        return np.where(self.good, holds, -1).astype(np.int8)


class Decimals(Column):
    """Exact numbers: mantissa / 10**places, int64 and int8.

    Attributes:
        good: mask of the rows that have a value.
    """

    def __init__(self, mantissa: Any, places: Any, good: Any) -> None:
        self.mantissa, self.places = _trimmed(mantissa, places)
        self.good = good
        self.length = len(mantissa)

    def _ids(self, space: TermSpace) -> Any:
        inside = self.good & (self.places > 0) & (self.places <= INLINE_PLACES) & (np.abs(self.mantissa) < DECIMAL_BIAS)
        found = np.where(inside, make(Tag.DECIMAL, ((self.mantissa + DECIMAL_BIAS) << 4) | self.places), UNBOUND)
        rest = np.flatnonzero(self.good & ~inside)
        if len(rest):
            codes, operands = self.take(rest).coded(space)
            found[rest] = space.listed(one.term for one in operands)[codes]
        return found

    def _coded(self, space: TermSpace) -> tuple[Any, list[Operand]]:
        rows = np.flatnonzero(self.good)
        pairs = np.stack([self.mantissa[rows], self.places[rows]])
        first, codes = distinct_pairs(*pairs)
        places = np.full(self.length, -1, dtype=np.int64)
        places[rows] = codes
        return places, [Operand(_decimal(*pair)) for pair in pairs[:, first].T.tolist()]

    def _take(self, rows: Any) -> Column:
        return Decimals(self.mantissa[rows], self.places[rows], self.good[rows])

    def _truths(self, space: TermSpace) -> Any:
        return np.where(self.good, self.mantissa != 0, -1).astype(np.int8)


class Quotients(Column):
    """Exact quotients: numerator / denominator, int64, the denominators not zero.

    Attributes:
        good: mask of the rows that have a value.
    """

    def __init__(self, numerator: Any, denominator: Any, good: Any) -> None:
        self.numerator = np.where(good, numerator, 0)
        self.denominator = np.where(good, denominator, 1)
        self.good = good
        self.length = len(numerator)

    def _distinct(self) -> tuple[Any, list[str]]:
        rows = np.flatnonzero(self.good)
        divisor = np.gcd(self.numerator[rows], self.denominator[rows]) * np.sign(self.denominator[rows])
        above, below = self.numerator[rows] // divisor, self.denominator[rows] // divisor
        first, codes = distinct_pairs(above, below)
        places = np.full(self.length, -1, dtype=np.int64)
        places[rows] = codes
        return places, [_quotient_text(*pair) for pair in zip(above[first].tolist(), below[first].tolist(), strict=True)]

    def _ids(self, space: TermSpace) -> Any:
        codes, texts = self._distinct()
        return np.append(_made(text_array(texts), DECIMAL, space), UNBOUND)[codes]

    def _coded(self, space: TermSpace) -> tuple[Any, list[Operand]]:
        codes, texts = self._distinct()
        return codes, [Operand(Term(text, DECIMAL)) for text in texts]

    def _take(self, rows: Any) -> Column:
        return Quotients(self.numerator[rows], self.denominator[rows], self.good[rows])

    def _truths(self, space: TermSpace) -> Any:
        return np.where(self.good, self.numerator != 0, -1).astype(np.int8)


def _quotient_text(above: int, below: int) -> str:
    """As `divided` rounds: to 18 places, or to 18 digits if it is small; half to even."""
    if abs(above) * 10 < below:
        return number_text(divided(Number(above, Rank.INTEGER), Number(below, Rank.INTEGER)))
    whole, rest = divmod(abs(above) * 10**18, below)
    whole += 2 * rest > below or (2 * rest == below and whole % 2)
    text = str(whole // 10**18)
    fraction = whole % 10**18
    return ("-" if above < 0 else "") + (f"{text}.{fraction:018d}".rstrip("0") if fraction else text)


def distinct_pairs(left: Any, right: Any) -> tuple[Any, Any]:
    """Places of the first of each distinct pair of two int64 columns, and each row's place among them."""
    frame = pl.DataFrame({"left": left, "right": right}).with_row_index()
    first = frame.group_by("left", "right", maintain_order=True).agg(pl.col("index").first(), pl.col("index").alias("rows"))
    codes = np.empty(len(left), dtype=np.int64)
    sizes = first["rows"].list.len().to_numpy()
    codes[first["rows"].explode().to_numpy() if len(left) else slice(0)] = np.repeat(np.arange(len(first)), sizes)
    return first["index"].to_numpy(), codes


def _trimmed(mantissa: Any, places: Any) -> tuple[Any, Any]:
    """Without zeros at the end behind the point."""
    places = places.astype(np.int64)
    mantissa = mantissa.copy()
    while True:
        rows = np.flatnonzero((places > 0) & (mantissa % 10 == 0))
        if not len(rows):
            return mantissa, places
        mantissa[rows] //= 10
        places[rows] -= 1


def _decimal(mantissa: int, places: int) -> Term:
    return term(Number(Decimal(mantissa).scaleb(-places), Rank.DECIMAL))


def _texts(values: Any, rank: Rank) -> list[str]:
    return [number_text(Number(value, rank)) for value in values.tolist()]


def _written(values: Any, rank: Rank, space: TermSpace) -> Any:
    return _made(text_array(_texts(values, rank)), TermType(Kind.LITERAL, XSD_BASE + RANKS[rank]), space)


def _made(texts: Any, kind: TermType, space: TermSpace) -> Any:
    """Ids of texts of one type."""
    return space.ids(Terms(texts, np.zeros(len(texts), dtype=np.int32), (kind,)))
