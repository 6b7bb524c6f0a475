"""Triples maps over records, one record at a time.

::

    record ──term maps──▶ terms ──products──▶ statements ──all of a record or none──▶ lines by targets ──▶ chunks
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from earthweave.ontology import MappingError

from ..plan import Call, Chunk, Condition, Join, LogicalSource, Options, Plan, Problem, Report, TermMap, TriplesMap, View, references
from ..sources import Opener, Records, Source
from ._collections import Collections, Line, line
from ._evaluation import BadRow, Row, Scope
from ._flat import FlatRecords
from ._joins import Parents
from ._rule import Rule, Said
from ._terms import CONDITION, Term
from ._views import ViewRecords

_CHUNK = 4096


def needs_rows(maps: tuple[TriplesMap, ...]) -> str:
    """Why these triples maps cannot run on columns, or empty."""
    if isinstance(maps[0].source, View):
        return "a logical view"
    return next(filter(None, (_needs(term) for one in maps for term in one.terms())), "")


def _needs(term: TermMap) -> str:
    if term.gather is not None:
        return "collections"
    conditional = isinstance(term.expression, Call) and term.expression.function == CONDITION
    return "a condition" if conditional else ""


class RowPart:
    """Triples maps over one source or view, record by record; see `Executor` of the run."""

    def __init__(self, plan: Plan, maps: tuple[TriplesMap, ...], opener: Opener, options: Options, why: str) -> None:
        self._plan, self._opener, self._options = plan, opener, options
        self._stream = self._open(maps[0].source)
        self.name, self.total, self.kind = self._stream.name, self._stream.total, f"rows: {why}"
        self._scope = Scope(self.name, options)
        self._rules = [Rule(plan, one, self._joined) for one in maps]
        self._parents: dict[Join, Parents | Rule] = {}
        self._streams: dict[Join, Records] = {}
        self._said: set[Line] = set()
        self._growing = any(term.gather is not None for one in maps for term in one.terms())
        self._collections = Collections()
        for rule in self._rules:
            rule.placed(lambda rule=rule: self._prepare(rule))  # type: ignore[misc]

    def _open(self, source: LogicalSource | View) -> Records:
        """A source or view as records."""
        if isinstance(source, View):
            return ViewRecords(source, Scope(source.name, self._options), self._open)
        found = self._opener(source)
        return FlatRecords(found, self._options, self._plan.base) if isinstance(found, Source) else found

    def _prepare(self, rule: Rule) -> None:
        """Check a triples map, and open the parents of its joins."""
        self._stream.check(rule.references())
        rule.check(self._scope)
        for join in rule.map.joins():
            parent = Rule(self._plan, self._plan.named(join.parent), self._joined)
            if not join.conditions:
                if not _same(parent.map.source, rule.map.source):
                    why = f"{join.parent} reads another source"
                    raise MappingError("a join without conditions", why=why, way_out="say which rows belong together")
                self._parents[join] = parent
                self._stream.check(_subject_references(parent.map))
                continue
            self._parents[join] = Parents(join.conditions)
            self._streams[join] = self._open(parent.map.source)
            self._streams[join].check([*parent.map.required, *_subject_references(parent.map), *_parent_references(join.conditions)])

    def _joined(self, join: Join, row: Row) -> list[Term]:
        """The subjects of the parents that belong to a record."""
        parents = self._parents[join]
        return _subjects(parents, row) if isinstance(parents, Rule) else parents.of(row)

    def chunks(self, report: Report, skip_rows: int = 0) -> Iterator[Chunk]:
        """Statements of all records but the first ``skip_rows``; see the report for what was left out."""
        for join, stream in self._streams.items():
            self._fill(join, stream)
        lines: list[Line] = []
        for number, record in enumerate(self._stream.records(), 1):
            if number <= skip_rows:
                self._passed(Row(self._scope, record, number))
                continue
            lines += self._mapped(Row(self._scope, record, number), report)
            report.rows += 1
            if len(lines) >= _CHUNK:
                yield from _chunks(lines, report)
                lines = []
        lines += self._collections.ends()
        self._tell_faults(report)
        yield from _chunks(lines, report)

    def _passed(self, row: Row) -> None:
        """A record whose statements are there already: mapped only if later records go on with what it began, or it is asked for."""
        if self._growing or self._options.on_error == "fail":
            self._mapped(row, Report())

    def _fill(self, join: Join, stream: Records) -> None:
        parent = Rule(self._plan, self._plan.named(join.parent), self._joined)
        scope = Scope(stream.name, self._options)
        rows = (Row(scope, record, number) for number, record in enumerate(stream.records(), 1))
        parents = self._parents[join]
        assert isinstance(parents, Parents)
        parents.fill((row for row in rows if not parent.lacks(row)), lambda row: _subjects(parent, row))

    def _mapped(self, row: Row, report: Report) -> list[Line]:
        """The lines of one record; none, and a problem in the report, if it cannot be mapped."""
        said: list[Said] = []
        try:
            said = [one for rule in self._rules for one in rule.said(row)]
            lacking = next(filter(None, (rule.lacks(row) for rule in self._rules)), "")
        except BadRow as bad:
            lacking = self._refused(row, str(bad))
        if lacking or row.faulty:
            report.note(self._problem(row, lacking or row.faulty), self._options.kept_problems)
        if lacking:
            report.skipped += 1
            return []
        lines: list[Line] = []
        self._collections.next_record()
        for one in said:
            self._write(one, lines)
        return lines

    def _write(self, one: Said, lines: list[Line]) -> None:
        subject = self._collections.placed(one.subject, one.graph, one.targets, lines)
        if one.predicate is None or one.value is None:
            return
        predicate = self._collections.placed(one.predicate, one.graph, one.targets, lines)
        text = line(subject, predicate, self._collections.placed(one.value, one.graph, one.targets, lines), one.graph)
        if one.fixed:
            if (text, one.targets) in self._said:
                return
            self._said.add((text, one.targets))
        lines.append((text, one.targets))

    def _refused(self, row: Row, reason: str) -> str:
        if self._options.on_error == "fail":
            what = f"{self.name}, row {row.number}"
            raise MappingError(what, why=reason, way_out="on_error=skip leaves such rows out and reports them")
        return reason

    def _problem(self, row: Row, reason: str) -> Problem:
        rule = self._rules[0]
        return Problem(row.number, rule.key(row), rule.map.name, reason)

    def _tell_faults(self, report: Report) -> None:
        what = "line" if isinstance(self._stream, FlatRecords) else "record"
        for number, reason in self._stream.faults:
            report.note(Problem(number, f"{what} {number}", "", reason), self._options.kept_problems)
        report.rows += len(self._stream.faults)
        report.skipped += len(self._stream.faults)


def _subjects(parent: Rule, row: Row) -> list[Term]:
    """Subjects as objects of joins, without their targets; the statements of a collection are written where it is a subject."""
    return [Term(one.text if isinstance(one, Term) else one.head) for one in parent.terms.of(parent.map.subject, row)]


def _subject_references(parent: TriplesMap) -> list[str]:
    return [one.name for expression in parent.subject.expressions() for one in references(expression)]


def _parent_references(conditions: tuple[Condition, ...]) -> list[str]:
    return [one.name for condition in conditions for one in references(condition.parent)]


def _same(one: LogicalSource | View, other: LogicalSource | View) -> bool:
    """True if both have the same rows."""
    if isinstance(one, LogicalSource) and isinstance(other, LogicalSource):
        return replace(one, required=()) == replace(other, required=())
    return one == other


def _chunks(lines: list[Line], report: Report) -> Iterator[Chunk]:
    """Lines by the targets that they go to."""
    report.quads += len(lines)
    grouped: dict[tuple[str, ...], list[str]] = {}
    for text, targets in lines:
        grouped.setdefault(targets, []).append(text)
    for targets, texts in grouped.items():
        yield Chunk("".join(texts).encode(), len(texts), targets)
