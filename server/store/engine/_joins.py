"""Joins of whole patterns: one after the other, apart and by hash, optional, excluding, either, or only if there is any."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

import numpy as np

from ..algebra import Batch, Context, Expression, Operator, concatenated
from ._evaluator import holds
from ._rows import Growth, RowIndex
from ._tables import Table
from ._text import written

_numbers = count()


def _hidden() -> str:
    """Name of a column that no query can mention."""
    return f"#{next(_numbers)}"


class Steps(Operator):
    """Operators in turn: each extends what the one before has found.

    Attributes:
        dead: for each step the variables that nobody reads behind it.
    """

    def __init__(self, names: tuple[str, ...], steps: Sequence[Operator], dead: Sequence[frozenset[str]], estimate: float) -> None:
        super().__init__(names, estimate, tuple(steps))
        self.dead = tuple(dead)

    @property
    def label(self) -> str:
        """How many steps."""
        return f"Steps {len(self.inputs)}"

    def produce(self, context: Context, seed: Batch) -> Iterator[Batch]:
        """The last step's solutions."""
        return self._from(context, seed, 0)

    def _from(self, context: Context, seed: Batch, place: int) -> Iterator[Batch]:
        if place == len(self.inputs):
            yield seed
            return
        dead = self.dead[place]
        for batch in self.inputs[place].run(context, seed):
            yield from self._from(context, _without(batch, dead), place + 1)


class Line:
    """Steps while they are being put together.

    Attributes:
        operators: so far.
    """

    def __init__(self, seeds: frozenset[str]) -> None:
        self.operators: list[Operator] = []
        self._dead: list[frozenset[str]] = []
        self._seeds = seeds
        self._made: frozenset[str] = frozenset()

    def add(self, operator: Operator) -> None:
        """One more at the end."""
        self.operators.append(operator)

    def replace(self, operator: Operator) -> None:
        """One that has all of those before as its input."""
        self.operators, self._dead = [operator], []

    def bind(self, scope: frozenset[str], needed: frozenset[str]) -> None:
        """What the last one binds, and what is read behind it."""
        self._made |= scope - self._seeds
        self._dead.append(self._made - needed)
        self._made &= needed

    def operator(self, estimate: float) -> Operator:
        """All of them as one."""
        operators, dead = self.operators, self._dead
        if len(operators) == 1 and not dead[0]:
            return operators[0]
        if len(operators) == 1 and isinstance(operators[0], Steps) and operators[0].inputs:
            inner = operators[0]
            operators, dead = list(inner.inputs), [*inner.dead[:-1], inner.dead[-1] | dead[0]]
        return Steps(tuple(sorted(self._made)), operators, dead, estimate)


def _without(batch: Batch, dead: frozenset[str]) -> Batch:
    if dead.isdisjoint(batch.columns):
        return batch
    return Batch(batch.length, {name: column for name, column in batch.columns.items() if name not in dead})


class Apart(Operator):
    """A pattern with a scope of its own: evaluated by itself, once, and joined by hash.

    Attributes:
        shared: its variables that seeds may bind too.
        correlated: variables of an enclosing EXISTS whose values are put into the pattern; it is then evaluated for each chunk of seeds.
    """

    def __init__(self, inner: Operator, shared: tuple[str, ...], correlated: tuple[str, ...] = ()) -> None:
        super().__init__(inner.names, inner.estimate, (inner,))
        self.shared = shared
        self.correlated = correlated
        self._table: Table | None = None
        self._row = _hidden()

    @property
    def label(self) -> str:
        """What it joins on."""
        return " ".join(["HashJoin on", *(f"?{name}" for name in self.shared)]) if self.shared else "Product"

    def produce(self, context: Context, seed: Batch) -> Iterator[Batch]:
        """Each compatible pair of a seed and a solution."""
        outer = tuple(name for name in self.correlated if name in seed.columns)
        if outer:
            yield from self._dependent(context, seed, outer)
        elif seed.length == 1 and not seed.columns:
            yield from self.inputs[0].run(context)
        else:
            if self._table is None:
                self._table = Table(concatenated(list(self.inputs[0].run(context)), self.names), self.shared)
            yield from self._table.join(seed)

    def _dependent(self, context: Context, seed: Batch, outer: tuple[str, ...]) -> Iterator[Batch]:
        numbers, distinct = _numbered(seed, outer, self._row)
        names = tuple(dict.fromkeys((*self.names, *outer, self._row)))
        found = concatenated(list(self.inputs[0].run(context, distinct)), names)
        shared = tuple(dict.fromkeys((*self.shared, *outer, self._row)))
        numbered = seed.extended({self._row: numbers})
        for batch in Table(found, shared).join(numbered):
            yield _without(batch, frozenset({self._row}))


def _numbered(seed: Batch, names: tuple[str, ...], row: str) -> tuple[Any, Batch]:
    """The distinct values of some variables, numbered by one more, and which of them each seed has."""
    index = RowIndex(len(names))
    numbers = index.add([seed.columns[name] for name in names], seed.length)
    return numbers, Batch(index.count, {**dict(zip(names, index.rows(), strict=True)), row: np.arange(index.count)})


class LeftOuter(Operator):
    """OPTIONAL: the right side where it fits and the condition holds, else the seed as it is.

    Attributes:
        condition: None for none.
        scope: variables that the condition can see.
    """

    def __init__(self, right: Operator, condition: Expression | None, scope: frozenset[str], names: tuple[str, ...],
                 estimate: float) -> None:
        super().__init__(names, estimate, (right,))
        self.condition = condition
        self.scope = scope
        self._row = _hidden()

    @property
    def label(self) -> str:
        """The condition, if there is one."""
        return "Optional" if self.condition is None else f"Optional if {written(self.condition)}"

    def produce(self, context: Context, seed: Batch) -> Iterator[Batch]:
        """Matches first, then the seeds without any."""
        alone = np.ones(seed.length, dtype=bool)
        for batch in self.inputs[0].run(context, seed.extended({self._row: np.arange(seed.length)})):
            fitting = batch if self.condition is None else batch.take(_holds(self.condition, batch, self.scope, context))
            alone[fitting.columns[self._row]] = False
            yield _without(fitting, frozenset({self._row}))
        yield seed if alone.all() else seed.take(alone)


def _holds(condition: Expression, batch: Batch, scope: frozenset[str], context: Context) -> Any:
    return holds(condition, visible(batch, scope), context)


def visible(batch: Batch, scope: frozenset[str]) -> Batch:
    """Only the variables in scope."""
    return Batch(batch.length, {name: column for name, column in batch.columns.items() if name in scope})


class Without(Operator):
    """MINUS: the seeds that no solution of the right side is compatible with and shares a variable with.

    Attributes:
        shared: variables that both sides may bind.
        aside: one of them that must agree, but does not count as shared.
        given: variables of an enclosing EXISTS whose values are put into the right side; it is then evaluated for each chunk of seeds.
    """

    def __init__(self, right: Operator, shared: tuple[str, ...], estimate: float, aside: str = "", given: tuple[str, ...] = ()) -> None:
        super().__init__((), estimate, (right,))
        self.shared = shared
        self.aside = aside
        self.given = given
        self._table: Table | None = None
        self._row = _hidden()

    @property
    def label(self) -> str:
        """The variables in common."""
        return "Minus on " + " ".join(f"?{name}" for name in self.shared)

    def produce(self, context: Context, seed: Batch) -> Iterator[Batch]:
        """What is left; the right side is evaluated once, its distinct rows are kept."""
        sharing = frozenset(self.shared) - {self.aside}
        if self.given:
            numbers, distinct = _numbered(seed, self.given, self._row)
            names = (*self.shared, self._row)
            table = Table(distinct_rows(self.inputs[0].run(context, distinct), names), names)
            yield seed.take(~table.matched(seed.extended({self._row: numbers}), sharing))
            return
        if self._table is None:
            self._table = Table(distinct_rows(self.inputs[0].run(context), self.shared), self.shared)
        yield seed.take(~self._table.matched(seed, sharing))


def distinct_rows(batches: Iterator[Batch], names: tuple[str, ...]) -> Batch:
    """All distinct solutions, of these variables."""
    index = RowIndex(len(names))
    for batch in batches:
        index.add([batch.column(name) for name in names], batch.length)
    return Batch(index.count, dict(zip(names, index.rows(), strict=True)))


class Either(Operator):
    """UNION: the solutions of each branch."""

    def __init__(self, branches: Sequence[Operator], names: tuple[str, ...]) -> None:
        super().__init__(names, sum(branch.estimate for branch in branches), tuple(branches))

    @property
    def label(self) -> str:
        """How many branches."""
        return f"Union of {len(self.inputs)}"

    def produce(self, context: Context, seed: Batch) -> Iterator[Batch]:
        """Branch by branch."""
        for branch in self.inputs:
            yield from branch.run(context, seed)


class IfAny(Operator):
    """Passes the seeds if a pattern that has no variable in common with them has any solution; what it binds is not wanted."""

    def __init__(self, inner: Operator, names: tuple[str, ...] = ()) -> None:
        super().__init__(names, 1.0, (inner,))
        self._any: bool | None = None

    @property
    def label(self) -> str:
        """That only one solution is looked for."""
        return "IfAny"

    def produce(self, context: Context, seed: Batch) -> Iterator[Batch]:
        """All or nothing."""
        if self._any is None:
            self._any = next(self.inputs[0].run(context), None) is not None
        if self._any:
            yield seed


class Probe:
    """Which seeds a pattern has any solution for: EXISTS.

    Attributes:
        operator: the pattern, planned for seeds with these variables.
        names: variables that matter.
    """

    def __init__(self, operator: Operator, names: tuple[str, ...]) -> None:
        self.operator = operator
        self.names = names
        self._row = _hidden()

    def mask(self, context: Context, batch: Batch) -> Any:
        """True for each row for which there is a solution; each distinct row is tried once."""
        index = RowIndex(len(self.names))
        numbers = index.add([batch.column(name) for name in self.names], batch.length)
        found = np.zeros(index.count, dtype=bool)
        growth, start = Growth(), 0
        while start < index.count:
            stop = start + growth.next()
            columns = {name: column[start:stop] for name, column in zip(self.names, index.rows(), strict=True)}
            size = min(stop, index.count) - start
            self._try(context, Batch(size, {**columns, self._row: np.arange(size)}), found[start:stop])
            start = stop
        return found[numbers]

    def _try(self, context: Context, seed: Batch, found: Any) -> None:
        for batch in self.operator.run(context, seed):
            found[batch.columns[self._row]] = True
            if found.all():
                return
