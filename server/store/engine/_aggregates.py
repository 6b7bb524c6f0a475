"""Aggregates over groups of solutions (SPARQL 1.1 §11, §18.5.1), all groups at once.

Sums of integers and decimals are exact. A value that is no number makes the sum and the average of its group fail; the other
aggregates look only at the rows that have a value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

import numpy as np
import polars as pl
import pyarrow as pa

from ..algebra import Aggregate, Batch, Context
from ..snapshot import BIAS, STRING, UNBOUND, Kind, Tag, Terms, make
from ._evaluator import evaluate
from ._evaluator_columns import Decimals, Numbers, Quotients
from ._functions_operators import divided
from ._ordering import ranks
from ._registry import aggregates
from ._terms import TermSpace
from ._values import EXACT, Number, Rank, term, value
from ._values_numeric import typed

_ROOM = float(1 << 62)


def aggregate(aggregate: Aggregate, batch: Batch, groups: Any, count: int, context: Context) -> Any:
    """One id per group.

    Args:
        groups: number of each row's group, 0 … count - 1; int64 (n,).
        count: of groups, some of which may have no rows.

    Returns:
        int64 (count,), -1 where the aggregate fails or has no value.
    """
    if aggregate.argument is None:
        return _integers(_rows(aggregate, batch, groups, count))
    ids = evaluate(aggregate.argument, batch, context)
    if aggregate.distinct:
        kept = _first_places(groups, ids)
        ids, groups = ids[kept], groups[kept]
    if aggregate.name == "GROUP_CONCAT":
        return _concatenated(ids, groups, count, aggregate.separator, context.terms)
    kernel = _KERNELS.get(aggregate.name.upper())
    if kernel is not None:
        return kernel(ids, groups, count, context.terms)
    return aggregates[aggregate.name](context, ids, groups, count)


def _rows(aggregate: Aggregate, batch: Batch, groups: Any, count: int) -> Any:
    if aggregate.distinct and batch.columns:
        groups = groups[_first_places(groups, *batch.columns.values())]
    elif aggregate.distinct:
        groups = np.unique(groups)
    return np.bincount(groups, minlength=count)


def _first_places(*columns: Any) -> Any:
    """Places of the first row of each distinct tuple, ascending."""
    frame = pl.DataFrame({str(number): column for number, column in enumerate(columns)})
    return np.flatnonzero(frame.select(pl.struct(pl.all()).is_first_distinct()).to_series().to_numpy())


def _integers(counts: Any) -> Any:
    return make(Tag.INTEGER, counts.astype(np.int64) + BIAS)


def _count(ids: Any, groups: Any, count: int, _space: TermSpace) -> Any:
    return _integers(np.bincount(groups[ids != UNBOUND], minlength=count))


def _sample(ids: Any, groups: Any, count: int, _space: TermSpace) -> Any:
    found = np.full(count, UNBOUND, dtype=np.int64)
    rows = np.flatnonzero(ids != UNBOUND)[::-1]
    # the last write wins, so backwards the first row does
    found[groups[rows]] = ids[rows]
    return found


def _extreme(sign: int) -> Callable[[Any, Any, int, TermSpace], Any]:
    """MIN or MAX: of rows that tie, the first."""

    def call(ids: Any, groups: Any, count: int, space: TermSpace) -> Any:
        rows = np.flatnonzero(ids != UNBOUND)
        ids, groups = ids[rows], groups[rows]
        keys = sign * ranks(ids, space)
        best = np.full(count, np.iinfo(np.int64).max)
        np.minimum.at(best, groups, keys)
        chosen = keys == best[groups]
        return _sample(ids[chosen], groups[chosen], count, space)

    return call


def _sum(ids: Any, groups: Any, count: int, space: TermSpace) -> Any:
    totals = _totals(ids, groups, count, space)
    found = _floats(totals.rank, totals.real, space)
    for rank in (Rank.INTEGER, Rank.DECIMAL):
        rows = np.flatnonzero(totals.rank == rank)
        if len(rows):
            found[rows] = _exact_ids(totals, rows, rank, space)
    return found


@dataclass(frozen=True)
class _Totals:
    """Sums of groups.

    Attributes:
        rank: type of each sum, -1 where it fails.
        real: the sums of floats and doubles.
        mantissa, places: exact sums are mantissa / 10**places; None if 62 bits do not hold them.
        listed: then they are here, as Python numbers.
    """

    rank: Any
    real: Any
    mantissa: Any
    places: int
    listed: list[Any]


def _totals(ids: Any, groups: Any, count: int, space: TermSpace) -> _Totals:
    numbers = typed(ids, space)
    rank = np.zeros(count, dtype=np.int64)
    np.maximum.at(rank, groups, numbers.rank)
    rank[groups[numbers.rank < 0]] = -1
    real = np.bincount(groups, weights=np.where(numbers.rank < 0, 0.0, numbers.real), minlength=count)
    exact = np.flatnonzero((rank[groups] <= Rank.DECIMAL) & (rank[groups] >= 0))
    ids, groups, numbers = ids[exact], groups[exact], numbers.take(exact)
    places = int(numbers.places.max(initial=0))
    factor = 10.0 ** (places - numbers.places)
    if (numbers.places >= 0).all() and float(np.sum(np.abs(numbers.mantissa) * factor)) < _ROOM:
        mantissa = np.zeros(count, dtype=np.int64)
        np.add.at(mantissa, groups, numbers.mantissa * 10 ** (places - numbers.places).astype(np.int64))
        return _Totals(rank, real, mantissa, places, [])
    return _Totals(rank, real, None, 0, _listed(ids, groups, count, space))


def _listed(ids: Any, groups: Any, count: int, space: TermSpace) -> list[Any]:
    sums: list[Any] = [0] * count
    for group, known in zip(groups.tolist(), map(value, space.listing(ids)), strict=True):
        assert isinstance(known, Number)
        sums[group] = _plus(sums[group], known.number)
    return sums


def _plus(one: Any, other: Any) -> Any:
    if isinstance(one, int) and isinstance(other, int):
        return one + other
    return EXACT.add(Decimal(one), Decimal(other))


def _floats(rank: Any, real: Any, space: TermSpace) -> Any:
    """Ids of the groups that are floats or doubles."""
    found = np.full(len(rank), UNBOUND, dtype=np.int64)
    for one in (Rank.FLOAT, Rank.DOUBLE):
        rows = np.flatnonzero(rank == one)
        values = real[rows].astype(np.float32).astype(np.float64) if one == Rank.FLOAT else real[rows]
        found[rows] = Numbers(values, one, np.ones(len(rows), dtype=bool)).ids(space)
    return found


def _exact_ids(totals: _Totals, rows: Any, rank: Rank, space: TermSpace) -> Any:
    if totals.mantissa is None:
        kept = int if rank == Rank.INTEGER else Decimal
        return space.listed(term(Number(kept(totals.listed[row]), rank)) for row in rows.tolist())
    mantissa, good = totals.mantissa[rows], np.ones(len(rows), dtype=bool)
    if rank == Rank.INTEGER:
        return Numbers(mantissa // 10**totals.places, rank, good).ids(space)
    return Decimals(mantissa, np.full(len(rows), totals.places), good).ids(space)


def _average(ids: Any, groups: Any, count: int, space: TermSpace) -> Any:
    totals = _totals(ids, groups, count, space)
    sizes = np.bincount(groups, minlength=count)
    with np.errstate(invalid="ignore"):
        found = _floats(totals.rank, totals.real / np.maximum(sizes, 1), space)
    found[sizes == 0] = _integers(np.zeros(1))
    rows = np.flatnonzero((sizes > 0) & (totals.rank >= 0) & (totals.rank <= Rank.DECIMAL))
    if len(rows):
        found[rows] = _exact_means(totals, sizes, rows, space)
    return found


def _exact_means(totals: _Totals, sizes: Any, rows: Any, space: TermSpace) -> Any:
    if totals.mantissa is not None and float(sizes.max()) * 10.0**totals.places < _ROOM:
        return Quotients(totals.mantissa[rows], sizes[rows] * 10**totals.places, np.ones(len(rows), dtype=bool)).ids(space)
    pairs = ((totals.listed[row] if totals.mantissa is None else Decimal(int(totals.mantissa[row])).scaleb(-totals.places), int(sizes[row]))
             for row in rows.tolist())
    return space.listed(term(divided(Number(Decimal(total), Rank.DECIMAL), Number(size, Rank.INTEGER))) for total, size in pairs)


def _concatenated(ids: Any, groups: Any, count: int, separator: str, space: TermSpace) -> Any:
    rows = np.flatnonzero(ids != UNBOUND)
    terms = space.terms(ids[rows])
    named = np.array([one.kind != Kind.BNODE for one in terms.types], dtype=bool)[terms.code]
    text = cast(pl.Series, pl.from_arrow(terms.text)).filter(pl.Series(named))
    frame = pl.DataFrame({"group": groups[rows][named], "text": text})
    joined = frame.group_by("group", maintain_order=True).agg(pl.col("text").str.join(separator))
    found = np.full(count, space.listed([term("")])[0], dtype=np.int64)
    column = joined["text"].to_arrow().cast(pa.large_string())
    found[joined["group"].to_numpy()] = space.ids(Terms(column, np.zeros(len(column), dtype=np.int32), (STRING,)))
    return found


_KERNELS: dict[str, Callable[[Any, Any, int, Any], Any]] = {
    "COUNT": _count, "SUM": _sum, "AVG": _average, "MIN": _extreme(1), "MAX": _extreme(-1), "SAMPLE": _sample,
}
