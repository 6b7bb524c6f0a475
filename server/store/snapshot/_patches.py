"""Statements of one predicate after some came and some went: the columns of before, which stay where they are, seen through patches."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from ._ids import BITS, Tag
from ._segments import HeldOrder, Order, Segment, bisected
from ._sorting import Rows, joined

NO_ROWS = Rows(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int32))
_TAGS = max(Tag) + 1
_NOWHERE = HeldOrder(Rows(NO_ROWS.key, NO_ROWS.value))


class Patch:
    """What came into one order, and what went out.

    Attributes:
        base: the order before.
        fresh: what came in, sorted. at: places in ``base`` before which they stand.
        gone: places in ``base`` that are no more, ascending.
    """

    def __init__(self, base: Order, fresh: Rows = NO_ROWS, at: Any = NO_ROWS.key, gone: Any = NO_ROWS.key) -> None:
        self.base, self.fresh, self.at, self.gone = base, fresh, at, gone
        self._gone_ranks = gone - np.arange(len(gone))
        self._fresh_places = at - np.searchsorted(gone, at) + np.arange(len(at))

    def after(self, rows: Rows, added: Any) -> Patch:
        """The patch when some more statements, each once, have come (``added``) or gone."""
        order = np.lexsort([column for column in (rows.time, rows.graphs(), rows.value, rows.key) if column is not None])
        rows, added = rows.at(order), added[order]
        place, old = self.base.located(rows)
        gone = np.delete(self.gone, np.searchsorted(self.gone, place[old & added]))
        leaving = place[old & ~added]
        gone = np.insert(gone, np.searchsorted(gone, leaving), leaving)
        held = HeldOrder(self.fresh)
        kept = np.delete(np.arange(len(held)), held.located(rows.at(~old & ~added))[0])
        fresh, at = self.fresh.at(kept), self.at[kept]
        new = ~old & added
        into = HeldOrder(fresh).located(rows.at(new))[0]
        key, value, graph = (np.insert(column, into, more[new]) for column, more in
                             ((fresh.key, rows.key), (fresh.value, rows.value), (fresh.graphs(), rows.graphs())))
        timed = fresh.time is not None or rows.time is not None
        time = np.insert(fresh.times(), into, rows.times()[new]) if timed else None
        return Patch(self.base, Rows(key, value, graph, time), np.insert(at, into, place[new]), gone)

    def __len__(self) -> int:
        return len(self.base) - len(self.gone) + len(self.at)

    def split(self, places: Any) -> tuple[Any, Any, Any]:
        """For places behind the patch: whether a fresh statement stands there, which one, and else the place before the patch."""
        number = np.searchsorted(self._fresh_places, places)
        if len(self.at):
            fresh = self._fresh_places[np.minimum(number, len(self.at) - 1)] == places
        else:
            fresh = np.zeros(len(places), dtype=bool)
        rank = places - number
        return fresh, number, rank + np.searchsorted(self._gone_ranks, rank, side="right")

    def moved(self, places: Any, number: Any) -> Any:
        """Where a border between two statements of the base lies, if so many fresh ones stand before it."""
        return places - np.searchsorted(self.gone, places) + number

    def span(self, column: Any, more: Any, start: int, stop: int) -> Any:
        """A stretch of a column, ``column`` before the patch and ``more`` of what is fresh."""
        first, last = np.searchsorted(self._fresh_places, [start, stop]).tolist()
        survivors = np.array([start - first, max(stop - last - 1, 0)])
        begin, end = (survivors + np.searchsorted(self._gone_ranks, survivors, side="right")).tolist()
        end = end + 1 if stop - last > start - first else begin
        without = self.gone[slice(*np.searchsorted(self.gone, [begin, end]).tolist())]
        piece = np.asarray(column[begin:end])
        if len(without):
            piece = np.delete(piece, without - begin)
        if last > first:
            inside = self._fresh_places[first:last] - start - np.arange(last - first)
            piece = np.insert(piece, inside, more[first:last])
        return piece


class PatchedColumn:
    """A column seen through a patch: taken from by place, mask or slice as an array is; made as a whole only where numpy asks for that.

    Args:
        numbers: what stands for each value instead of it; None for the value itself.
    """

    def __init__(self, patch: Patch, column: Any, more: Any, numbers: Any = None) -> None:
        self._patch, self._column, self._more, self._numbers = patch, column, more, numbers
        self.dtype, self.shape = more.dtype, (len(patch),)

    def __len__(self) -> int:
        return len(self._patch)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.array(self._whole, dtype=dtype, copy=copy)

    @cached_property
    def _whole(self) -> Any:
        return self._numbered(self._patch.span(self._column, self._more, 0, len(self)))

    def __getitem__(self, item: Any) -> Any:
        if isinstance(item, slice):
            start, stop, step = item.indices(len(self))
            if step == 1:
                return self._numbered(self._patch.span(self._column, self._more, start, max(start, stop)))
            return self._taken(np.arange(start, stop, step))
        places = np.asarray(item)
        if places.dtype == bool:
            places = np.flatnonzero(places)
        if places.ndim == 0:
            return self._taken(places.reshape(1))[0]
        return self._taken(places)

    def _taken(self, places: Any) -> Any:
        places = np.where(places < 0, places + len(self), places)
        fresh, number, old = self._patch.split(places)
        found = np.empty(len(places), dtype=self.dtype)
        found[fresh] = self._more[number[fresh]]
        found[~fresh] = self._column[old[~fresh]]
        return self._numbered(found)

    def _numbered(self, values: Any) -> Any:
        return values if self._numbers is None else self._numbers[values]


class PatchedOrder(Order):
    """An order behind a patch.

    Args:
        numbers: new numbers of the graphs, None if they stay.
    """

    def __init__(self, patch: Patch, numbers: Any = None) -> None:
        self._patch = patch
        base, fresh = patch.base, patch.fresh
        self.key = PatchedColumn(patch, base.key, fresh.key)
        self.value = PatchedColumn(patch, base.value, fresh.value)
        self.graph = None
        if base.graph is not None or fresh.graphs().any():
            graph = np.broadcast_to(np.int32(0), len(base)) if base.graph is None else base.graph
            self.graph = PatchedColumn(patch, graph, fresh.graphs(), numbers)
        self.time = None
        if base.time is not None or fresh.times().any():
            time = np.broadcast_to(np.int32(0), len(base)) if base.time is None else base.time
            self.time = PatchedColumn(patch, time, fresh.times())

    def __len__(self) -> int:
        return len(self._patch)

    def ranges(self, keys: Any) -> tuple[Any, Any]:
        """As `Order.ranges`."""
        starts, stops = self._patch.base.ranges(keys)
        fresh = self._patch.fresh.key
        return (self._patch.moved(starts, np.searchsorted(fresh, keys, side="left")),
                self._patch.moved(stops, np.searchsorted(fresh, keys, side="right")))


class Patched:
    """The statements of a predicate after some changes.

    Attributes:
        predicate: its id.
        base: the segment before all of them, None if there was none.
    """

    def __init__(self, predicate: int, base: Segment | None, so: Patch | None = None, os: Patch | None = None) -> None:
        self.predicate, self.base = predicate, base
        self.so = Patch(base.so if base else _NOWHERE) if so is None else so
        self._os = os

    @property
    def os(self) -> Patch:
        """The patch of the statements by object; made when it is first asked for."""
        if self._os is None:
            base = Patch(self.base.os if self.base else _NOWHERE)
            left, fresh = self.removed(), self.so.fresh
            rows = joined([left, fresh])
            self._os = base.after(rows.turned(), np.repeat([False, True], [left.size, fresh.size]))
        return self._os

    def _graphs_gone(self) -> Any:
        graph = self.so.base.graph
        return np.zeros(len(self.so.gone), np.int32) if graph is None else graph[self.so.gone]

    def after(self, rows: Rows, added: Any) -> Patched:
        """What there is when some more statements, each once, have come or gone."""
        os = None if self._os is None else self._os.after(rows.turned(), added)
        return Patched(self.predicate, self.base, self.so.after(rows, added), os)

    @property
    def changes(self) -> int:
        """Statements that it has and the base has not, or the other way round."""
        return len(self.so.at) + len(self.so.gone)

    @property
    def count(self) -> int:
        """Statements."""
        return len(self.so)

    def graphs(self) -> dict[int, int]:
        """Graph number → statements in it."""
        found = Counter(self.base.graphs if self.base else {})
        found.update(Counter(self.so.fresh.graphs().tolist()))
        found.subtract(Counter(self._graphs_gone().tolist()))
        return {number: count for number, count in found.items() if count}

    def counted(self) -> dict[int, int]:
        """Object → by how many subjects it has more than before."""
        found: Counter[int] = Counter()
        gone, fresh, so = self.removed(), self.so.fresh, PatchedOrder(self.so)
        rows = np.unique(np.stack([np.concatenate([gone.key, fresh.key]), np.concatenate([gone.value, fresh.value])]), axis=1)
        for sign, order in ((-1, self.so.base), (1, so)):
            for value in rows[1][np.less(*_stated_between(order, rows[0], rows[1]))].tolist():
                found[value] += sign
        return dict(found)

    def removed(self) -> Rows:
        """What went."""
        base, gone = self.so.base, self.so.gone
        return Rows(base.key[gone], base.value[gone], self._graphs_gone(), None if base.time is None else base.time[gone])

    def segment(self, numbers: Any = None) -> Segment:
        """The statements as the engine reads them; ``numbers`` are those of the graphs now, None if they stay."""
        so, os = PatchedOrder(self.so, numbers), _Later(self, numbers)
        return Segment(self.predicate, PatchedFacts(self, so, os, numbers), so, os)


class _Later(Order):
    """The order by object, whose patch is made when it is first used."""

    def __init__(self, patched: Patched, numbers: Any) -> None:
        self._patched, self._numbers = patched, numbers

    @cached_property
    def _order(self) -> PatchedOrder:
        return PatchedOrder(self._patched.os, self._numbers)

    def __len__(self) -> int:
        return self._patched.count

    def __getattr__(self, name: str) -> Any:
        if name not in Rows._fields:
            raise AttributeError(name)
        return getattr(self._order, name)

    def ranges(self, keys: Any) -> tuple[Any, Any]:
        """As `Order.ranges`."""
        return self._order.ranges(keys)


def _stated_between(order: Order, key: Any, value: Any) -> tuple[Any, Any]:
    """Where some keys and values stand together, in whatever graphs: first place, and the place behind the last."""
    start, stop = order.ranges(key)
    low = bisected(order.value, start, stop, value)
    return low, bisected(order.value, low, stop, value + 1)


class PatchedFacts:
    """What is known of the statements behind a patch: looked up where it changed, known from before elsewhere."""

    def __init__(self, patched: Patched, so: Order, os: Order, numbers: Any) -> None:
        self._patched, self._so, self._os, self._numbers = patched, so, os, numbers
        self.count = patched.count

    @cached_property
    def graphs(self) -> dict[int, int]:
        """As `Segment.graphs`."""
        found = self._patched.graphs()
        return found if self._numbers is None else {int(self._numbers[number]): count for number, count in found.items()}

    @cached_property
    def subjects(self) -> int:
        """As `Segment.subjects`."""
        base = self._patched.base
        return (base.subjects if base else 0) + _more_keys(self._patched.so, self._so)

    @cached_property
    def objects(self) -> int:
        """As `Segment.objects`."""
        base = self._patched.base
        return (base.objects if base else 0) + _more_keys(self._patched.os, self._os)

    @cached_property
    def functional(self) -> bool:
        """As `Segment.functional`."""
        if self._patched.base and not self._patched.base.functional:
            return False
        start, stop = self._so.ranges(np.unique(self._patched.so.fresh.key))
        return bool((self._so.value[start] == self._so.value[stop - 1]).all()) if len(start) else True

    @cached_property
    def repeated(self) -> bool:
        """As `Segment.repeated`."""
        if len(self.graphs) < 2 and self._so.time is None:
            return False
        if self._patched.base and self._patched.base.repeated:
            return True
        fresh = self._patched.so.fresh
        return bool((np.subtract(*_stated_between(self._so, fresh.key, fresh.value)[::-1]) > 1).any())

    @cached_property
    def ranges(self) -> dict[int, tuple[int, int, int]]:
        """As `Segment.ranges`."""
        borders = self._os.ranges(np.arange(_TAGS + 1, dtype=np.int64) << BITS)[0].tolist()
        found = ((tag, start, stop) for tag, (start, stop) in enumerate(pairwise(borders)) if start < stop)
        return {tag: (stop - start, int(self._os.key[start]), int(self._os.key[stop - 1])) for tag, start, stop in found}


def _more_keys(patch: Patch, order: Order) -> int:
    """How many distinct keys there are more than before."""
    keys = np.unique(np.concatenate([patch.fresh.key, patch.base.key[patch.gone]]))
    before, after = (np.count_nonzero(np.less(*one.ranges(keys))) for one in (patch.base, order))
    return int(after) - int(before)
