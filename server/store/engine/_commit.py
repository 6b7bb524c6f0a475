"""Updates one after the other on a snapshot in memory: what each did, and the changes that all of them come to.

::

    updates ─┬─ data alone ───────▶ statements in order, looked up all at once ─▶ Change ─┐
             └─ with a pattern ───▶ solutions ─▶ statements out, statements in ─▶ Change ─┴▶ next snapshot in memory
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import numpy as np

from earthweave.ontology import GEO, EarthweaveError, LimitError

from ..algebra import Remark, Services, places
from ..snapshot import READABLE, Change, Draft, Kind, Snapshot, Tag, Term, TermType, combined, drafted, grown, payloads, shorten, tags
from ._apply import UNIT, changes_of, filled, solved, steps_of
from ._evaluate import Budget
from ._parse_update import parse_update
from ._terms import TermSpace, column_of
from ._update import Load, Modify, Operation, using

_DGGS = TermType(Kind.LITERAL, str(GEO.dggsLiteral))
_Quad = tuple[int, int, int, int, int]


@dataclass(frozen=True)
class Request:
    """An update: its text, what relative IRIs in it are relative to, and the dataset of its patterns; see `apply_update`."""

    text: str
    address: str = ""
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()

    def operations(self) -> tuple[Operation, ...]:
        """Its operations; raises as `parse_update` and `using` do."""
        return tuple(using(one, self.default_graphs, self.named_graphs) for one in parse_update(self.text, self.address))


@dataclass(frozen=True)
class Outcome:
    """What an update did: statements before and after, remarks; or why it did nothing."""

    before: int
    after: int
    remarks: tuple[Remark, ...] = ()
    error: EarthweaveError | None = None


@dataclass
class Commit:
    """Updates that are made together.

    Attributes:
        snapshot: after all of them.
        budget: limits of each operation. most: statements of one update that are held in memory. services: see `apply_update`.
        outcomes: of each; fewer than were asked for if the next one is too big to be made in memory.
    """

    snapshot: Snapshot
    budget: Budget
    most: int
    services: Services | None = None
    outcomes: list[Outcome] = field(default_factory=list)
    _changes: list[Change] = field(default_factory=list)

    @property
    def change(self) -> Change:
        """What all of them changed."""
        return combined(self._changes)

    def run(self, requests: Sequence[Request]) -> None:
        """Make updates, in order; each sees what those before it did, and fails alone."""
        read = [_read(one) for one in requests]
        try:
            for plain, group in groupby(read, key=_is_data):
                mine = list(group)
                if plain:
                    self._data([one for one in mine if isinstance(one, tuple)])
                else:
                    for one in mine:
                        self._single(one)
        except _TooBigError:
            return

    def _single(self, operations: tuple[Operation, ...] | EarthweaveError) -> None:
        before = self.snapshot
        if isinstance(operations, EarthweaveError):
            self.outcomes.append(Outcome(before.triples, before.triples, error=operations))
            return
        remarks: list[Remark] = []
        changes: list[Change] = []
        after = before
        if any(isinstance(one, Load) for one in operations):
            raise _TooBigError("a document is loaded on the disk")
        try:
            for step in steps_of(operations):
                after = self._stepped([change for one in step for change in changes_of(one, after)], after, changes, remarks)
        except _TooBigError:
            raise
        except EarthweaveError as error:
            self.outcomes.append(Outcome(before.triples, before.triples, error=error))
            return
        self.snapshot = after
        self._changes += changes
        self.outcomes.append(Outcome(before.triples, after.triples, tuple(remarks)))

    def _stepped(self, step: list[Modify], snapshot: Snapshot, changes: list[Change], remarks: list[Remark]) -> Snapshot:
        removed, added = [], []
        left = self.most
        for less, more in solved(step, snapshot, self.budget, remarks, self.services):
            removed.append(less)
            added.append(more)
            left -= len(less) + len(more)
            if left < 0:
                raise _TooBigError("the update is made on the disk")
        change, objects = drafted(snapshot, removed, added)
        changes.append(change)
        after = grown(snapshot, change)
        remarks += _unreadable(after, objects)
        return after

    def _data(self, updates: list[tuple[Operation, ...]]) -> None:
        """Make updates that have no pattern: all terms and statements are looked up at once."""
        data = _Data(TermSpace(self.snapshot))
        for number, operations in enumerate(updates):
            data.take(number, operations)
            if len(data.rows) > self.most:
                if number:
                    self._data(updates[:number])
                    return self._data(updates[number:])
                raise _TooBigError("the update is made on the disk")
        before = self.snapshot
        change, gains, objects = data.change(before, len(updates))
        self.snapshot = grown(before, change)
        self._changes.append(change)
        count = before.triples
        doubtful = _unreadable(self.snapshot, np.array([one for mine in objects for one in mine], dtype=np.int64))
        for gain, mine in zip(gains, objects, strict=True):
            remarks = tuple(_unreadable(self.snapshot, np.array(mine, dtype=np.int64)) if doubtful else ())
            self.outcomes.append(Outcome(count, count + gain, remarks))
            count += gain
        return None


class _TooBigError(LimitError):
    """An update has more statements than are to be held in memory."""


def _read(request: Request) -> tuple[Operation, ...] | EarthweaveError:
    try:
        return request.operations()
    except EarthweaveError as error:
        return error


def _is_data(read: tuple[Operation, ...] | EarthweaveError) -> bool:
    """Whether an update has no pattern."""
    return isinstance(read, tuple) and all(isinstance(one, Modify) and one.pattern == UNIT for one in read)


class _Data:
    """Statements of updates without patterns, in order.

    Attributes:
        rows: number of the update, whether the statement is to be there, and its terms by number; -1 is the default graph, and no time,
            which is any time for what is not to be there.
    """

    def __init__(self, terms: TermSpace) -> None:
        self._space = terms
        self._terms: dict[Term, int] = {}
        self._new: set[int] = set()
        self.rows: list[tuple[int, bool, _Quad]] = []

    def take(self, number: int, operations: tuple[Operation, ...]) -> None:
        """Take an update."""
        for operation in operations:
            assert isinstance(operation, Modify)
            for there, template in ((False, operation.delete), (True, operation.insert)):
                nodes: dict[str, Term] = {}
                for one in template:
                    whole = places(one)
                    known = [term for place in whole if (term := filled(place, nodes, self._space)) is not None]
                    if len(known) == len(whole):
                        numbers = [self._terms.setdefault(term, len(self._terms)) for term in known]
                        self._new.update(numbers if there else ())
                        graph, time = numbers[3] if one.graph else -1, numbers[-1] if one.time else -1
                        self.rows.append((number, there, (numbers[0], numbers[1], numbers[2], graph, time)))

    def change(self, snapshot: Snapshot, updates: int) -> tuple[Change, list[int], list[list[int]]]:
        """What they come to, by how many statements there are more after each update, and the objects that each wants there."""
        draft = Draft(snapshot)
        quads = self._quads(draft)
        known = dict.fromkeys(quad for quad in quads if min(quad) >= 0)
        everywhere = self._everywhere(quads, known, draft, timed=len(snapshot.times) > 0)
        held = draft.held(_columns(known)).tolist()
        state, gains = dict(zip(known, held, strict=True)), [0] * updates
        objects: list[list[int]] = [[] for _ in range(updates)]
        for quad, (number, there, _) in zip(quads, self.rows, strict=True):
            for one in (quad,) if there else everywhere.get(quad, (quad,)):
                if state.get(one, there) != there:
                    state[one] = there
                    gains[number] += 1 if there else -1
            if there:
                objects[number].append(quad[2])
        changed = [quad for quad, before in zip(known, held, strict=True) if state[quad] != before]
        return draft.change(_columns(changed), np.array([state[quad] for quad in changed], dtype=bool)), gains, objects

    def _quads(self, draft: Draft) -> list[_Quad]:
        """The rows by ids and numbers of graph and time; -1 is what is not known, and need not be."""
        wanted = np.zeros(len(self._terms), dtype=bool)
        wanted[list(self._new)] = True
        ids = [*draft.ids(column_of(self._terms), wanted).tolist(), 0]
        return [(ids[s], ids[p], ids[o], _number(ids[g], draft.graph, there) if g >= 0 else 0,
                 _number(ids[t], draft.time, there) if t >= 0 else 0) for _, there, (s, p, o, g, t) in self.rows]

    def _everywhere(self, quads: list[_Quad], known: dict[_Quad, None], draft: Draft, *, timed: bool) -> dict[_Quad, list[_Quad]]:
        """What each statement that is to go without a time stands for: it at all times, which are then known too."""
        pairs = zip(quads, self.rows, strict=True)
        found: dict[_Quad, list[_Quad]] = {quad: [] for quad, (_, there, (*_, time)) in pairs if not there and time < 0 and quad in known}
        if not found or not (timed or any(quad[4] for quad in known)):
            return {}
        known.update(dict.fromkeys(map(tuple, draft.at_all_times(_columns(found)).tolist())))
        for quad in known:
            found.get((*quad[:4], 0), []).append(quad)
        return found


def _columns(quads: Iterable[_Quad]) -> Any:
    return np.array(list(quads), dtype=np.int64).reshape(-1, 5)


def _number(id: int, numbered: Callable[..., int], there: bool) -> int:
    return numbered(id, new=there) if id >= 0 else -1


def _unreadable(snapshot: Snapshot, objects: Any) -> list[Remark]:
    """What is to be said of geometry literals that cannot be read."""
    geometries = snapshot.geometries
    rows = payloads(objects[tags(objects) == Tag.GEOMETRY])
    rows = rows[(geometries.flags[rows] & READABLE) == 0] if len(rows) else rows
    types = snapshot.dictionary.types
    plain = objects[tags(objects) == Tag.DICTIONARY]
    foreign = plain[snapshot.dictionary.codes(plain) == types.index(_DGGS)] if _DGGS in types and len(plain) else plain[:0]
    if not len(rows) and not len(foreign):
        return []
    if len(rows):
        row = int(rows[0])
        why, text = geometries.problem(row), str(geometries.lexical(np.array([row]))[0])
    else:
        why, text = "DGGS literals are not read yet", snapshot.term(int(foreign[0])).text
    count = len(rows) + len(foreign)
    return [Remark("geometry", f"{count:,} geometry literal(s) cannot be read, e.g. {why}: {shorten(text)}")]
