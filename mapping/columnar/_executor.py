"""The columnar executor: a plan and a source in, N-Quads out, one flattened join per triples map and batch.

::

    batch of rows ──terms──▶ pieces: text, column, text … ──one join──▶ one text per row ──filter rows that are bad──▶ bytes
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from earthweave.ontology import MappingError

from ..functions import Rows
from ..plan import Chunk, Join, Options, Plan, Problem, Report, TriplesMap
from ..sources import Opener, Source
from ..values import text_bytes
from ._joins import Parent
from ._lines import Statement, lines, term_columns
from ._rules import Group, Rule, used_names
from ._tables import Reading, good, require
from ._terms import Slot, Term, Terms


class _Block(NamedTuple):
    """Statements in columns, and which of their rows are good."""

    rule: Rule
    group: Group
    statements: list[Statement]
    good: Any


class Part:
    """The triples maps that read one table, and that table.

    ``distinct`` names the triples maps of which it is proven that they make no statement twice.
    """

    def __init__(
        self, plan: Plan, source: Source, maps: tuple[TriplesMap, ...], opener: Opener, options: Options, *,
        distinct: frozenset[str] = frozenset(),
    ) -> None:
        self.source = source
        self.name, self.total, self.kind = source.name, source.total, "columnar"
        self._options, self._distinct = options, distinct
        self._reading = Reading.of(plan, source, {one: used_names(plan, one) for one in maps}, options)
        self.rules = [Rule.of(plan, one) for one in maps]
        self._parents: dict[Join, Parent] = {}
        self._said: dict[tuple[str, ...], set[str]] = {}
        none = Terms(self._reading.empty())
        for rule, one in zip(self.rules, maps, strict=True):
            self._rehearse(plan, rule, one, opener, none)

    def _rehearse(self, plan: Plan, rule: Rule, one: TriplesMap, opener: Opener, none: Terms) -> None:
        """Evaluate everything on no rows, so that a mapping that cannot work fails now."""
        try:
            for group in rule.groups:
                if group.join and group.join not in self._parents:
                    self._parents[group.join] = Parent(plan, group.join, opener, self._options)
            self._evaluate(rule, none)
        except MappingError as error:
            raise MappingError(plan.place(one), why=f"{error.what}; {error.why}".strip("; "), way_out=error.way_out) from error

    def chunks(self, report: Report, skip_rows: int = 0) -> Iterator[Chunk]:
        """Statements of all rows but the first ``skip_rows``; see the report for what was left out."""
        for block in self._all(report, skip_rows):
            yield from self._written(block, report)

    def tables(self, report: Report, skip_rows: int = 0) -> Iterator[Any]:
        """The same statements as pyarrow record batches of terms, for a store.

        Columns: subject, predicate, object, object_type (``iri``, ``bnode``, ``literal``), datatype, language, graph, all but the object
        dictionary-encoded; and wkb, where a batch has geometry literals: CRS84, longitude first, with all digits of the source.
        """
        for block in self._all(report, skip_rows):
            statements = [one for one in block.statements if not one.same or self._first(one, block)]
            if statements and block.good.any():
                batch = term_columns(statements, block.good)
                report.quads += batch.num_rows
                yield batch

    def _all(self, report: Report, skip_rows: int) -> Iterator[_Block]:
        for rows in self._reading.rows(skip_rows):
            yield from self._mapped(rows, report)
        for row, reason in self.source.faults:
            report.note(Problem(row, f"line {row}", "", reason), self._options.kept_problems)
        report.rows += len(self.source.faults)
        report.skipped += len(self.source.faults)

    def _mapped(self, rows: Rows, report: Report) -> Iterator[_Block]:
        terms = Terms(rows)
        for rule in self.rules:
            self._evaluate(rule, terms)
        for rule in self.rules:
            require(rule.required, rows)
        report.rows += len(rows)
        report.skipped += len(rows.bad)
        self._report(rows, report)
        if len(rows.bad) == len(rows):
            return
        for rule in self.rules:
            for group in rule.groups:
                yield from self._blocks(rule, group, terms)

    def _evaluate(self, rule: Rule, terms: Terms) -> None:
        """Make every term, so that all bad rows are known before the first statement is written."""
        for one in rule.order:
            if isinstance(one, Slot):
                terms[one]
            else:
                self._parents[one].ask(terms.rows)

    def _blocks(self, rule: Rule, group: Group, terms: Terms) -> Iterator[_Block]:
        kept = good(terms.rows)
        if group.join is None:
            yield _Block(rule, group, _statements(rule, group, terms, None), kept)
            return
        for child, subject in self._parents[group.join].pairs(terms.rows):
            statements = _statements(rule, group, terms, subject)
            made: dict[int, Term] = {id(subject): subject}
            taken = [_taken(one, child, made) for one in statements]
            yield _Block(rule, group, taken, kept[child])

    def _first(self, statement: Statement, block: _Block) -> bool:
        """True if a statement that is the same for all rows has not been made before."""
        said, line = self._said.setdefault(block.group.targets, set()), "".join(statement.pieces())
        new = bool(block.good.any()) and line not in said
        if new:
            said.add(line)
        return new

    def _written(self, block: _Block, report: Report) -> Iterator[Chunk]:
        """Statements that are the same for every row once, the others for every good row."""
        distinct, targets = block.rule.name in self._distinct, block.group.targets
        if not block.good.any():
            return
        new = sorted("".join(one.pieces()) for one in block.statements if one.same and self._first(one, block))
        report.quads += len(new)
        if new:
            yield Chunk("".join(new).encode(), len(new), targets)
        varying = [one for one in block.statements if not one.same]
        if varying:
            text, count = lines(varying, block.good)
            report.quads += count
            yield Chunk(text_bytes(text), count, targets, distinct)

    def _report(self, rows: Rows, report: Report) -> None:
        if not rows.bad and not rows.faulty:
            return
        keys = rows.text(self.rules[0].subject.term.expression)[0]
        for row, reason in sorted({**rows.faulty, **rows.bad}.items()):
            key = keys[row].as_py() or ""
            report.note(Problem(rows.first + row + 1, key, self.rules[0].name, reason), self._options.kept_problems)


def _statements(rule: Rule, group: Group, terms: Terms, joined: Term | None) -> list[Statement]:
    """The statements of a group; without ``joined``, objects that a join finds are taken to be the subject."""

    def made(slot: Slot | None) -> Term:
        return terms[slot] if slot else joined or terms[rule.subject]

    def graph(slot: Slot | None) -> Term | None:
        return terms[slot] if slot else None

    return [Statement(terms[rule.subject], terms[one.predicate], made(one.value), graph(one.graph)) for one in group.quads]


def _taken(statement: Statement, rows: Any, made: dict[int, Term]) -> Statement:
    def some(term: Term) -> Term:
        if id(term) not in made:
            made[id(term)] = term.taken(rows)
        return made[id(term)]

    graph = None if statement.graph is None else some(statement.graph)
    return Statement(some(statement.subject), some(statement.predicate), some(statement.value), graph)
