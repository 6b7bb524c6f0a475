"""A plan run against a store: typed rows, numbers with units, truth values."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from rdflib import Literal, URIRef
from rdflib.term import Variable

from earthweave.ontology import GEO, LimitError

from .._ports import Cell, Endpoint, Limits, Table
from .._values import number, truth
from ._algebra import Ask, Chain, Column, Query, Select, Step, Values, var
from ._scope import either
from ._text import text_of
from ._types import Lookup, Output, Plan

_FORMS = frozenset(map(str, (GEO.wktLiteral, GEO.geoJSONLiteral, GEO.gmlLiteral)))
_LONGEST = 10_000
"""Characters of a term that is put into a query in the place of a variable."""
_PORTION = 30_000
"""Characters of IRIs in one query."""


@dataclass(frozen=True)
class Feature:
    """A thing of the store.

    Attributes:
        label: in English if the store has that, its IRI if it has none.
        geometry: WKT, empty if it has none.
    """

    iri: str
    label: str = ""
    geometry: str = ""


@dataclass(frozen=True)
class Figure:
    """A number with its unit (UCUM)."""

    value: float
    unit: str = "1"


@dataclass(frozen=True)
class Shape:
    """A geometry: WKT in CRS84."""

    wkt: str


Datum = Feature | Figure | Shape | str | bool | None


@dataclass(frozen=True)
class Row:
    """A thing, and what was asked of it in the order of the outputs; a thing with two values of a property has two rows."""

    feature: Feature
    values: tuple[Datum, ...] = ()


@dataclass(frozen=True)
class Result:
    """What came of a plan.

    Attributes:
        plan: that was run.
        text: SPARQL as it was sent, empty if nothing was.
        rows: of ``find``.
        outputs: of the values of each row.
        numbers: of ``count`` and ``measure``; None where nothing had one.
        truth: of ``ask``.
        total: how many things there are, listed or not; None for ``ask``.
        used: of ``measure``: how many of them have each number.
        truncated: True if there are more than are listed.
        notices: of the endpoint.
    """

    plan: Plan
    text: str = ""
    rows: tuple[Row, ...] = ()
    outputs: tuple[Output, ...] = ()
    numbers: tuple[Figure | None, ...] = ()
    truth: bool | None = None
    total: int | None = None
    used: tuple[int, ...] = ()
    truncated: bool = False
    notices: tuple[Mapping[str, str], ...] = ()


def run(plan: Plan, endpoint: Endpoint, limits: Limits = Limits()) -> Result:  # noqa: B008
    """Put a plan to a store. Raises what the endpoint raises; a refused plan has an empty result."""
    if plan.query is None:
        return Result(plan)
    ready = looked_up(plan, endpoint, limits)
    if isinstance(ready.query, Ask):
        return Result(plan, ready.text, truth=endpoint.ask(ready.text, limits))
    return replace(_Selected(ready, endpoint, limits).result(), plan=plan)


def looked_up(plan: Plan, endpoint: Endpoint, limits: Limits = Limits()) -> Plan:  # noqa: B008
    """The plan with what has to be found first in its place."""
    if not plan.lookups:
        return plan
    terms = _found(plan.lookups, endpoint, limits)
    return replace(plan, query=placed(plan.query, terms), counting=plan.counting and placed(plan.counting, terms), lookups=())


def _found(lookups: Sequence[Lookup], endpoint: Endpoint, limits: Limits) -> dict[Variable, Any]:
    """The terms that stand for variables, without those that the query can do without and that are none or several."""
    known: dict[Query, Table] = {}
    found: dict[Variable, Any] = {}
    for lookup in lookups:
        query = placed(lookup.query, found)
        # the same question under other names of variables is asked once
        same = placed(query, {name: var(f"v{at}") for at, name in enumerate(dict.fromkeys(_variables(query)))})
        table = known[same] = known.get(same) or endpoint.select(text_of(query), limits)
        term = _term(lookup, [row[0] for row in table.rows if row[0] is not None])
        if term is not None:
            found[lookup.variable] = term
    return found


def _term(lookup: Lookup, cells: Sequence[Cell]) -> Any:
    if lookup.share is not None:
        return math.ceil(lookup.share * float(number(cells[0] if cells else None) or 0))
    if len(cells) == 1 and cells[0].kind == "literal" and len(cells[0].value) <= _LONGEST:
        return Literal(cells[0].value, datatype=URIRef(cells[0].datatype), normalize=False)
    return None


def placed(tree: Any, terms: Mapping[Variable, Any]) -> Any:
    """The same tree with terms in the place of variables."""
    if isinstance(tree, Variable):
        return terms.get(tree, tree)
    if isinstance(tree, tuple):
        return tuple(placed(one, terms) for one in tree)
    if is_dataclass(tree) and not isinstance(tree, type):
        return replace(tree, **{field.name: placed(getattr(tree, field.name), terms) for field in fields(tree)})
    return tree


def _variables(tree: Any) -> Iterator[Variable]:
    if isinstance(tree, Variable):
        yield tree
    parts = tree if isinstance(tree, tuple) else [getattr(tree, one.name) for one in fields(tree)] if is_dataclass(tree) else ()
    for part in parts:
        yield from _variables(part)


@dataclass
class _Selected:
    plan: Plan
    endpoint: Endpoint
    limits: Limits

    def result(self) -> Result:
        query = self.plan.query
        assert isinstance(query, Select)
        text = text_of(query)
        table = self.endpoint.select(text, self.limits)
        result = Result(self.plan, text, truncated=table.truncated, notices=table.notices)
        return self.numbered(result, table) if self.plan.request.form in ("count", "measure") else self.listed(result, table)

    def numbered(self, result: Result, table: Table) -> Result:
        if not table.rows:
            raise LimitError("the result was cut before its only row", way_out="raise query_rows and query_bytes")
        row = dict(zip(table.columns, table.rows[0], strict=True))
        found = [_figure(row[one.name], one) for one in self.plan.outputs if one.role == "number"]
        used = tuple(int(number(row[one.name]) or 0) for one in self.plan.outputs if one.role == "used")
        total = int(found[0].value) if self.plan.request.form == "count" and found[0] else self.total()
        return replace(result, numbers=tuple(found), used=used, total=total)

    def total(self) -> int:
        if self.plan.counting is None:
            return 0
        table = self.endpoint.select(text_of(self.plan.counting), self.limits)
        return int(number(table.rows[0][0] if table.rows else None) or 0)

    def listed(self, result: Result, table: Table) -> Result:
        things = {row[0].value: None for row in table.rows if row[0] is not None}
        most = self.limits.question_rows if self.plan.request.limit is None else min(self.plan.request.limit, self.limits.question_rows)
        full = len(things) >= most or table.truncated
        total = max(self.total(), len(things)) if full else len(things)
        outputs = self.plan.outputs[1:]
        known = self.described({cell.value for row in table.rows for cell in row if cell is not None and cell.kind == "uri"})
        places = [table.columns.index(one.name) for one in outputs]
        rows = [
            Row(_feature(row[0], known), tuple(_datum(row[at], one, known) for at, one in zip(places, outputs, strict=True)))
            for row in table.rows
            if row[0] is not None
        ]
        return replace(result, rows=tuple(rows), outputs=outputs, total=total, truncated=table.truncated or total > len(things))

    def described(self, iris: Iterable[str]) -> dict[str, Feature]:
        """Labels and geometries of things."""
        known: dict[str, Feature] = {}
        for some in _portions(sorted(iris)):
            said, shown = (self._reached(some, ways) for ways in (self.plan.names[:1], self.plan.shapes))
            # another name is told only of what has no label
            nameless = [one for one in some if one not in said] if len(self.plan.names) > 1 else []
            said |= self._reached(nameless, self.plan.names[1:]) if nameless else {}
            known |= {one: Feature(one, _best(said.get(one, [])) or one, shown[one][0].value if one in shown else "") for one in some}
        return known

    def _reached(self, iris: Sequence[str], ways: Sequence[tuple[str, ...]]) -> dict[str, list[Cell]]:
        """What is at the end of ways from things."""
        thing, end = var("thing"), var("end")
        options = [(Chain(thing, tuple(Step(((URIRef(one), False),)) for one in way), end),) for way in ways]
        about = Values(thing, tuple(map(URIRef, iris)))
        query = Select((Column(thing), Column(end)), (about, *either(options)), distinct=True)
        found: dict[str, list[Cell]] = {}
        for one, cell in self.endpoint.select(text_of(query), self.limits).rows:
            if one is not None and cell is not None:
                found.setdefault(one.value, []).append(cell)
        return found


def _portions(iris: Sequence[str]) -> Iterator[list[str]]:
    """As many at a time as the text of a query holds."""
    some: list[str] = []
    size = 0
    for iri in iris:
        if some and size + len(iri) > _PORTION:
            yield some
            some, size = [], 0
        some.append(iri)
        size += len(iri) + len("<> ")
    if some:
        yield some


def _best(cells: Sequence[Cell]) -> str:
    """In English, else without a language, else the first by language and text."""
    ranked = sorted(cells, key=lambda one: (not one.language.lower().startswith("en"), bool(one.language), one.language, one.value))
    return ranked[0].value if ranked else ""


def _feature(cell: Cell, known: Mapping[str, Feature]) -> Feature:
    return known.get(cell.value, Feature(cell.value, cell.value))


def _figure(cell: Cell | None, output: Output) -> Figure | None:
    value = number(cell)
    return None if value is None else Figure(value * output.factor if output.factor != 1 else value, output.unit)


def _datum(cell: Cell | None, output: Output, known: Mapping[str, Feature]) -> Datum:
    if cell is None:
        return None
    if cell.kind != "literal":
        return _feature(cell, known)
    if cell.datatype in _FORMS:
        return Shape(cell.value)
    truth_value = truth(cell)
    return _figure(cell, output) or (truth_value if truth_value is not None else cell.value)
