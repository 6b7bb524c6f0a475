"""What a mapping document says, as typed values: the form that every reader writes and every executor reads.

Terms follow R2RML (W3C, 2012, §7) and RML-Core; calls follow ``rrx:function``. A reference whose name begins with ``$`` is a
variable, handed in when the mapping runs: it stands in templates as it is, without percent-encoding.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TypeAlias

from earthweave.ontology import MappingError


class Kind(StrEnum):
    """What a term map makes."""

    IRI = "iri"
    BLANK = "blank"
    LITERAL = "literal"


@dataclass(frozen=True)
class Constant:
    """The same text for every row; ``datatype`` and ``language`` belong to it if it is a literal."""

    text: str
    datatype: str = ""
    language: str = ""


@dataclass(frozen=True)
class Reference:
    """The value of a column, or of a variable if the name begins with ``$``."""

    name: str

    @property
    def variable(self) -> bool:
        """True if the value is handed in at run time."""
        return self.name.startswith("$")


@dataclass(frozen=True)
class Template:
    """Texts and references in turn, joined."""

    parts: tuple[str | Reference, ...]


@dataclass(frozen=True)
class Call:
    """A function, named by IRI, of other expressions."""

    function: str
    arguments: tuple[Expression, ...]


Expression: TypeAlias = Constant | Reference | Template | Call


@dataclass(frozen=True)
class TermMap:
    """How one term of a statement is made.

    Attributes:
        expression: gives the text.
        kind: IRI, blank node or literal.
        datatype: IRI, or empty for the natural one (R2RML §10.2).
        language: tag, or empty.
    """

    expression: Expression
    kind: Kind
    datatype: str = ""
    language: str = ""


@dataclass(frozen=True)
class PredicateObjects:
    """Every predicate with every object, in every graph."""

    predicates: tuple[TermMap, ...]
    objects: tuple[TermMap, ...]
    graphs: tuple[TermMap, ...] = ()


@dataclass(frozen=True)
class LogicalSource:
    """Which rows: a layer or table by name (empty: the only one), and the columns without which a row is left out."""

    name: str = ""
    required: tuple[str, ...] = ()


@dataclass(frozen=True)
class TriplesMap:
    """One rule: a subject for each row, and what is said of it.

    Attributes:
        name: as the mapping document names it, for messages.
        line: where it stands in the document, or 0.
        source: which rows.
        subject: IRI or blank node.
        classes: IRIs.
        graphs: for all statements; none is the default graph.
        statements: predicates with objects.
    """

    name: str
    line: int
    source: LogicalSource
    subject: TermMap
    classes: tuple[str, ...] = ()
    graphs: tuple[TermMap, ...] = ()
    statements: tuple[PredicateObjects, ...] = ()

    def terms(self) -> Iterator[TermMap]:
        """Every term map in it."""
        yield self.subject
        yield from self.graphs
        for statement in self.statements:
            yield from (*statement.predicates, *statement.objects, *statement.graphs)


@dataclass(frozen=True)
class Variable:
    """A value that the mapping wants at run time.

    Attributes:
        name: without the ``$``.
        help: one sentence.
        default: used if nothing is handed in; None if it must be.
    """

    name: str
    help: str = ""
    default: str | None = None


@dataclass(frozen=True)
class Plan:
    """A whole mapping document.

    Attributes:
        origin: file name, for messages.
        base: what relative IRIs are relative to.
        triples_maps: in document order.
        variables: declared ones, then those only used, by name.
        label: title of the document.
    """

    origin: str
    base: str
    triples_maps: tuple[TriplesMap, ...]
    variables: tuple[Variable, ...] = ()
    label: str = ""

    def bind(self, values: Mapping[str, str]) -> Plan:
        """The same plan with variables replaced by texts; raise `MappingError` for one that is missing or unknown."""
        known = {variable.name: variable.default for variable in self.variables}
        self._check(values, known)
        full = {name: values.get(name, default) for name, default in known.items()}
        texts = {f"${name}": text for name, text in full.items() if text is not None}
        return replace(self, triples_maps=tuple(_bind_map(one, texts) for one in self.triples_maps), variables=())

    def _check(self, values: Mapping[str, str], known: Mapping[str, str | None]) -> None:
        missing = [name for name, default in known.items() if default is None and name not in values]
        if missing:
            raise MappingError(
                f"{self.origin} needs a value for {', '.join('$' + name for name in missing)}",
                why="; ".join(f"${v.name}: {v.help}" for v in self.variables if v.name in missing and v.help),
                way_out=f"hand it in as a variable, e.g. {missing[0]}=…",
            )
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise MappingError(
                f"{self.origin} has no variable ${unknown[0]}",
                way_out=f"its variables are {', '.join('$' + name for name in known) or 'none'}",
            )


def references(expression: Expression) -> Iterator[Reference]:
    """Every reference in an expression."""
    if isinstance(expression, Reference):
        yield expression
    elif isinstance(expression, Template):
        yield from (part for part in expression.parts if isinstance(part, Reference))
    elif isinstance(expression, Call):
        for argument in expression.arguments:
            yield from references(argument)


def _bind_map(one: TriplesMap, texts: Mapping[str, str]) -> TriplesMap:
    def bound(terms: tuple[TermMap, ...]) -> tuple[TermMap, ...]:
        return tuple(replace(term, expression=_bind(term.expression, texts)) for term in terms)

    statements = tuple(PredicateObjects(bound(s.predicates), bound(s.objects), bound(s.graphs)) for s in one.statements)
    return replace(one, subject=bound((one.subject,))[0], graphs=bound(one.graphs), statements=statements)


def _bind(expression: Expression, texts: Mapping[str, str]) -> Expression:
    if isinstance(expression, Reference) and expression.variable:
        return Constant(texts[expression.name])
    if isinstance(expression, Call):
        return replace(expression, arguments=tuple(_bind(argument, texts) for argument in expression.arguments))
    if isinstance(expression, Template):
        return _folded(tuple(texts[p.name] if isinstance(p, Reference) and p.variable else p for p in expression.parts))
    return expression


def _folded(parts: tuple[str | Reference, ...]) -> Expression:
    """Neighbouring texts joined; all text is a constant."""
    merged: list[str | Reference] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        else:
            merged.append(part)
    return Constant("".join(map(str, merged))) if all(isinstance(part, str) for part in merged) else Template(tuple(merged))


@dataclass(frozen=True)
class Problem:
    """Why a row was left out.

    Attributes:
        row: number in its source, from 1.
        key: text that identifies the row, usually its subject.
        rule: triples map, or empty if the row could not be read at all.
        reason: what is wrong with it.
    """

    row: int
    key: str
    rule: str
    reason: str


@dataclass
class Report:
    """What a run did; complete when the run is exhausted.

    Attributes:
        rows: rows read.
        skipped: rows left out.
        quads: statements written.
        problems: the first ones.
        reasons: how often each reason occurred.
        seconds: wall time.
    """

    rows: int = 0
    skipped: int = 0
    quads: int = 0
    problems: list[Problem] = field(default_factory=list)
    reasons: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
