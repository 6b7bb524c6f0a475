"""From a request to a plan."""

from __future__ import annotations

from typing import Literal

from earthweave.ontology import RDFS

from .._ports import Limits
from ..knowledge import Knowledge, products_linked
from ..request import Aggregate as Wanted
from ..request import Ratio, Request, Value
from ._algebra import Aggregate, Ask, Bind, Call, Column, Expression, Filter, Infix, Optional_, Part, Query, Select, var
from ._geometry import paths
from ._scope import Refused, Scope, Subject, bare, members
from ._things import anything, things
from ._types import Conventions, Output, Plan
from ._values import Valued, conversion, finite, numeric, valued

_THING = var("feature")
_USUAL = Conventions()


def plan(request: Request, knowledge: Knowledge, limits: Limits = Limits(), *, conventions: Conventions = _USUAL) -> Plan:  # noqa: B008
    """How a request is answered from the store that ``knowledge`` is of; a refusal is a plan too.

    The main query selects ``?feature`` and a variable per column (``find``), ``?n`` (``count``), a variable per aggregate (``measure``),
    or asks (``ask``).
    """
    scope = Scope(knowledge, conventions, things)
    request = products_linked(request, knowledge)
    try:
        query, counting, outputs = _Forms(scope, request, limits).planned()
    except Refused as refused:
        return Plan(request, refusal=refused.refusal)
    naming = [(one.via, one.iri) if one.via else (one.iri,) for one in knowledge.properties.values() if one.naming]
    names = tuple(dict.fromkeys([(str(RDFS.label),), *naming]))
    return Plan(request, query, counting, outputs, tuple(scope.lookups), names, tuple(paths(scope)), tuple(scope.notes.values()))


class _Forms:
    def __init__(self, scope: Scope, request: Request, limits: Limits) -> None:
        self.scope, self.request, self.limits = scope, request, limits

    def planned(self) -> tuple[Query, Select | None, tuple[Output, ...]]:
        if self.request.form == "run":
            raise Refused("needs-a-run", "That asks for a run, not for what is in the store.", self.request.service)
        if self.request.form == "ask":
            return Ask(tuple(self.subject().parts)), None, ()
        if self.request.form == "count":
            return self.count(), None, (Output("n", "number", self.subject().label),)
        return self.measure() if self.request.form == "measure" else self.find()

    def subject(self) -> Subject:
        return things(self.scope, self.request.target, _THING)

    def count(self) -> Select:
        return Select((Column(var("n"), Aggregate("COUNT", _THING, distinct=True)),), tuple(self.subject().parts))

    def find(self) -> tuple[Query, Select | None, tuple[Output, ...]]:
        inner, outputs = self.listed(self.subject())
        options: list[Part] = []
        names: list[Column] = []
        for number, value in enumerate(self.request.columns, 1):
            column, option, output = self.column(value, number)
            options.append(option)
            names.append(column)
            outputs.append(output)
        if options:
            given = tuple(Column(one.name) for one in inner.columns)
            return Select((*given, *names), (inner, *options), distinct=True, order=inner.order), self.count(), tuple(outputs)
        return inner, self.count(), tuple(outputs)

    def of(self, value: Value) -> tuple[Subject, Valued]:
        """A value of a target in a group of its own: what a target is comes first where parts of it may be absent."""
        own = bare(members(self.scope, self.request.target, _THING))
        found = valued(self.scope, own, value)
        if any(isinstance(part, Optional_) for part in (*own.parts, *found.parts)):
            whole = members(self.scope, self.request.target, _THING)
            own.parts = [*(whole.parts or [anything(self.scope, own)]), *own.parts]
        return own, found

    def listed(self, subject: Subject) -> tuple[Select, list[Output]]:
        """The targets in order, as many as are wanted."""
        limit = min(self.request.limit or self.limits.question_rows, self.limits.question_rows)
        by, outputs = self.request.order, [Output("feature", "thing", subject.label)]
        pick = self.request.target.pick
        if by is None and pick is not None and subject.rank is not None:
            columns = Column(_THING), Column(subject.rank)
            keys = ((subject.rank, pick.descending), (_THING, False))
            return Select(columns, tuple(subject.parts), distinct=True, order=keys, limit=limit), outputs
        if by is None:
            return Select((Column(_THING),), tuple(subject.parts), distinct=True, order=((_THING, False),), limit=limit), outputs
        (own, found), rank = self.of(by.by), var("rank")
        parts, number = finite(self.scope, found)
        body = (*subject.parts, Optional_((*own.parts, *parts)))
        sorted_by = Column(_THING), Column(rank, Aggregate("MAX" if by.descending else "MIN", number))
        order = ((Call("!", (Call("BOUND", (rank,)),)), False), (rank, by.descending), (_THING, False))
        outputs.append(self.output(by.by, "rank", "rank", found))
        return Select(sorted_by, body, group=(_THING,), order=order, limit=limit), outputs

    def column(self, value: Value, number: int) -> tuple[Column, Optional_, Output]:
        (own, found), name = self.of(value), f"column{number}"
        body = (*own.parts, *found.parts, Bind(var(name), numeric(found) if found.kind == "number" else found.expression))
        return Column(var(name)), Optional_(body), self.output(value, name, "value", found)

    def output(self, value: Value, name: str, role: Literal["rank", "value", "number"], found: Valued) -> Output:
        asked = "1" if isinstance(value, Ratio) else value.unit
        unit = found.unit if asked == "1" else asked
        times = conversion(found.unit, unit) if found.kind in ("number", "text") else 1.0
        return Output(name, role, label_of(value), unit, times, value)

    def measure(self) -> tuple[Query, Select | None, tuple[Output, ...]]:
        made = [self.aggregate(self.subject(), wanted, number) for number, wanted in enumerate(self.request.aggregates, 1)]
        outputs = tuple(output for _, pair in made for output in pair)
        if len(made) == 1:
            return made[0][0], self.count(), outputs
        columns = tuple(Column(column.name) for query, _ in made for column in query.columns)
        return Select(columns, tuple(query for query, _ in made)), self.count(), outputs

    def aggregate(self, subject: Subject, wanted: Wanted, number: int) -> tuple[Select, tuple[Output, Output]]:
        """One number of all that have it, and how many have it: each counts once, with the best value that it has."""
        value, (own, found) = wanted.value, self.of(wanted.value)
        best = "MIN" if wanted.function == "min" else "MAX"
        if isinstance(value, Ratio) and wanted.function == "sum":
            assert isinstance(found.expression, Infix)
            each = [Column(self.scope.fresh("part"), Aggregate(best, one)) for one in found.expression.arguments]
            total: Expression = Infix("/", tuple(Aggregate("SUM", one.name) for one in each))
            parts = found.parts
        else:
            parts, term = finite(self.scope, found)
            each = [Column(self.scope.fresh("each"), Aggregate(best, term))]
            total = Aggregate(wanted.function.upper(), each[0].name)
        body = (*subject.parts, *own.parts, *parts)
        inner = Select((Column(_THING), *each), body, group=(_THING,))
        known = [Filter(Call("BOUND", (one.name,))) for one in each]
        columns = Column(var(f"result{number}"), total), Column(var(f"used{number}"), Aggregate("COUNT", each[0].name))
        output = self.output(value, f"result{number}", "number", found)
        return Select(columns, (inner, *known)), (output, Output(f"used{number}", "used", subject.label))


def label_of(value: Value) -> str:
    """What people call a value."""
    if isinstance(value, Ratio):
        return f"{label_of(value.numerator)} per {label_of(value.denominator)}"
    return getattr(value, "label", "") or getattr(value, "measure", "")
