"""The columnar executor: a plan and a source in, N-Quads out, one flattened join per triples map and batch.

::

    batch of rows ──terms──▶ pieces: text, column, text … ──one join──▶ one text per row ──filter rows that are bad──▶ bytes
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pyarrow as pa

from earthweave.ontology import RDF, MappingError

from ..functions import Rows, Table
from ..plan import COUNTER, Chunk, Constant, Kind, Options, Plan, Problem, Report, TermMap, TriplesMap, references
from ..sources import Opener, Source, bounded, column_of, geometry_names
from ..values import Placement, pc, representable, text_bytes
from ._terms import Pieces, pieces

_TYPE = TermMap(Constant(str(RDF.type)), Kind.IRI)


@dataclass
class _Rule:
    """A triples map whose statements are spelled out: subject, predicate, object and graph of each."""

    name: str
    subject: TermMap
    quads: list[tuple[TermMap, TermMap, TermMap | None]]
    required: tuple[str, ...]

    @classmethod
    def of(cls, one: TriplesMap) -> _Rule:
        quads = [(_TYPE, TermMap(Constant(iri), Kind.IRI), graph) for iri in one.classes for graph in one.graphs or (None,)]
        for each in one.statements:
            graphs = tuple(dict.fromkeys((*one.graphs, *each.graphs))) or (None,)
            values = [value for value in each.objects if isinstance(value, TermMap)]
            quads += product(each.predicates, values, graphs)
        return cls(one.name, one.subject, quads, one.required)


class Part:
    """The triples maps that read one table, and that table."""

    def __init__(self, plan: Plan, source: Source, maps: tuple[TriplesMap, ...], opener: Opener, options: Options) -> None:
        self.source = source
        self.name, self.total, self.kind = source.name, source.total, "columnar"
        self._opener, self._options = opener, options
        self.rules = [_Rule.of(one) for one in maps]
        self._said: set[str] = set()
        names = _names(plan, source, maps)
        self._columns = sorted({found for found in names.values() if found != source.geometry})
        self._geometry = source.geometry is not None and source.geometry in names.values()
        self._table = Table(source.name, names, source.geometry, Placement.of(source.crs, options), options, plan.base)
        self._rehearse(plan, maps)

    def _rehearse(self, plan: Plan, maps: tuple[TriplesMap, ...]) -> None:
        """Evaluate everything on no rows, so that a mapping that cannot work fails now."""
        batch = self.source.empty(self._columns, self._geometry)
        for name in self._columns:
            kind = batch.schema.field(name).type
            if not representable(kind):
                raise MappingError(f"{plan.origin}: column {name!r} of {self.source.name} is nested", why=f"its type is {kind}")
        for rule, one in zip(self.rules, maps, strict=True):
            try:
                _statements(rule, Rows(self._table, batch, 0))
            except MappingError as error:
                raise MappingError(plan.place(one), why=f"{error.what}; {error.why}".strip("; "), way_out=error.way_out) from error

    def chunks(self, report: Report) -> Iterator[Chunk]:
        """Statements of all batches; see the report for what was left out."""
        first, options = 0, self._options
        stream = self.source.batches(self._columns, self._geometry)
        for batch in bounded(stream, options.batch_rows, options.batch_bytes):
            yield from self._mapped(Rows(self._table, batch, first), report)
            first += batch.num_rows
        for row, reason in self.source.faults:
            report.note(Problem(row, f"line {row}", "", reason), options.kept_problems)
        report.rows += len(self.source.faults)
        report.skipped += len(self.source.faults)

    def _mapped(self, rows: Rows, report: Report) -> Iterator[Chunk]:
        joined = [(rule, _statements(rule, rows)) for rule in self.rules]
        for rule in self.rules:
            _require(rule, rows)
        good = np.ones(len(rows), dtype=bool)
        good[list(rows.bad)] = False
        report.rows += len(rows)
        report.skipped += len(rows.bad)
        self._report(rows, report)
        if not good.any():
            return
        for _, statements in joined:
            yield from self._written(statements, good, report)

    def _written(self, statements: list[Pieces], good: Any, report: Report) -> Iterator[Chunk]:
        """Statements that are the same for every row once, the others for every good row."""
        fixed = {text for one in statements if len(one) == 1 and isinstance(text := one[0], str)}
        new = sorted(fixed - self._said)
        self._said.update(new)
        report.quads += len(new)
        if new:
            yield Chunk("".join(new).encode(), len(new))
        varying = [one for one in statements if not (len(one) == 1 and isinstance(one[0], str))]
        if varying:
            text, count = _joined(varying, good)
            report.quads += count
            yield Chunk(text_bytes(text), count)

    def _report(self, rows: Rows, report: Report) -> None:
        if not rows.bad:
            return
        keys = rows.text(self.rules[0].subject.expression)[0]
        for row, reason in sorted(rows.bad.items()):
            key = keys[row].as_py() or ""
            report.note(Problem(rows.first + row + 1, key, self.rules[0].name, reason), rows.table.options.kept_problems)


def _require(rule: _Rule, rows: Rows) -> None:
    """Leave out rows without a value that the rule requires."""
    for name in rule.required:
        column = rows.table.columns.get(name, name)
        if column in rows.batch.schema.names:
            nulls = np.asarray(rows.batch.column(column).is_null())
            for row in np.flatnonzero(nulls):
                rows.bad.setdefault(int(row), f"no value for {name}")


def _statements(rule: _Rule, rows: Rows) -> list[Pieces]:
    """Each statement of a rule as pieces, neighbouring texts joined."""
    made: dict[TermMap, Pieces] = {}

    def term(one: TermMap) -> Pieces:
        if one not in made:
            made[one] = pieces(one, rows)
        return made[one]

    subject = term(rule.subject)
    found = []
    for predicate, value, graph in rule.quads:
        name = [] if graph is None or graph.expression == Constant("") else [" ", *term(graph)]
        found.append(_merged([*subject, " ", *term(predicate), " ", *term(value), *name, " .\n"]))
    return found


def _merged(parts: Pieces) -> Pieces:
    merged: Pieces = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        else:
            merged.append(part)
    return merged


def _joined(statements: Iterable[Pieces], good: Any) -> tuple[Any, int]:
    """All statements of a row in one text, for good rows, and how many statements that is."""
    flat: Pieces = []
    count = 0
    all_good = bool(good.all())
    for one in statements:
        if any(not isinstance(part, str) and part.null_count for part in one):
            whole = pc.binary_join_element_wise(*one, "")
            count += int(np.count_nonzero(np.asarray(whole.is_valid()) & good))
            flat.append(whole)
        else:
            count += int(np.count_nonzero(good))
            flat += one
    text = pc.binary_join_element_wise(*_merged(flat), "", null_handling="replace", null_replacement="")
    return (text if all_good else text.filter(pa.array(good))), count


def _names(plan: Plan, source: Source, maps: tuple[TriplesMap, ...]) -> dict[str, str]:
    """Every name that the maps use → the column that it means."""
    found = {}
    for one in maps:
        for name in _used(one):
            column = column_of(name, source)
            if column is None:
                raise _unknown(plan, one, name, source)
            if column != COUNTER or COUNTER in source.fields:
                found[name] = column
    return found


def _used(one: TriplesMap) -> Iterator[str]:
    yield from one.required
    for term in one.terms():
        yield from (reference.name for reference in references(term.expression))


def _unknown(plan: Plan, one: TriplesMap, name: str, source: Source) -> MappingError:
    offered = [*source.fields, *geometry_names(source)[:1], COUNTER]
    near = difflib.get_close_matches(name, offered, 1)
    return MappingError(
        f"{plan.place(one)}: no column {name!r} in {source.name}",
        why=f"it has {', '.join(offered)}",
        way_out=f"did you mean {near[0]!r}?" if near else "correct the mapping",
    )
