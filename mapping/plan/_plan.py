"""What a mapping document says, as typed values: the form that every reader writes and every executor reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import overload

from earthweave.ontology import MappingError

from ._sources import LogicalSource, Target, View
from ._terms import Call, Condition, Constant, Expression, Join, Reference, Template, TermMap


@dataclass(frozen=True)
class PredicateObjects:
    """Every predicate with every object, in every graph."""

    predicates: tuple[TermMap, ...]
    objects: tuple[TermMap | Join, ...]
    graphs: tuple[TermMap, ...] = ()


@dataclass(frozen=True)
class TriplesMap:
    """One rule: a subject for each row, and what is said of it.

    Attributes:
        name: as the mapping document names it, for messages and joins.
        line: where it stands in the document, or 0.
        source: which rows.
        subject: IRI or blank node.
        classes: IRIs.
        graphs: for all statements; none is the default graph.
        statements: predicates with objects.
        base: what relative IRIs are relative to; empty: the plan's base.
    """

    name: str
    line: int
    source: LogicalSource | View
    subject: TermMap
    classes: tuple[str, ...] = ()
    graphs: tuple[TermMap, ...] = ()
    statements: tuple[PredicateObjects, ...] = ()
    base: str = ""

    @property
    def required(self) -> tuple[str, ...]:
        """Columns without which a row is left out."""
        return self.source.required if isinstance(self.source, LogicalSource) else ()

    def terms(self) -> Iterator[TermMap]:
        """Every term map in it, without joins."""
        yield self.subject
        yield from self.graphs
        for statement in self.statements:
            yield from (*statement.predicates, *statement.graphs)
            yield from (value for value in statement.objects if isinstance(value, TermMap))

    def joins(self) -> Iterator[Join]:
        """Every join in it, those of gathered terms too."""
        for statement in self.statements:
            yield from (value for value in statement.objects if isinstance(value, Join))
        for term in self.terms():
            yield from _gathered_joins(term)


def _gathered_joins(term: TermMap) -> Iterator[Join]:
    for item in term.gather.items if term.gather else ():
        if isinstance(item, Join):
            yield item
        else:
            yield from _gathered_joins(item)


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
        targets: logical targets that term maps name.
        folder: folder of the document, which ``rml:MappingDirectory`` means; empty if it was no file.
    """

    origin: str
    base: str
    triples_maps: tuple[TriplesMap, ...]
    variables: tuple[Variable, ...] = ()
    label: str = ""
    targets: tuple[Target, ...] = ()
    folder: str = ""

    def bind(self, values: Mapping[str, str]) -> Plan:
        """The same plan with variables replaced by texts; raise `MappingError` for one that is missing or unknown."""
        known = {variable.name: variable.default for variable in self.variables}
        self._check(values, known)
        full = {name: values.get(name, default) for name, default in known.items()}
        texts = {f"${name}": text for name, text in full.items() if text is not None}
        return replace(self, triples_maps=tuple(_bind_map(one, texts) for one in self.triples_maps), variables=())

    def named(self, name: str) -> TriplesMap:
        """The triples map of that name; raise `MappingError` if there is none."""
        for one in self.triples_maps:
            if one.name == name:
                return one
        raise MappingError(f"{self.origin} has no triples map {name}", way_out="a parent triples map must stand in the same document")

    def place(self, one: TriplesMap) -> str:
        """Where a triples map stands, for messages."""
        return f"{self.origin}{f', line {one.line}' if one.line else ''}, triples map {one.name}"

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


def _bind_map(one: TriplesMap, texts: Mapping[str, str]) -> TriplesMap:
    def bound(terms: tuple[TermMap, ...]) -> tuple[TermMap, ...]:
        return tuple(_bind_value(term, texts) for term in terms)

    statements = tuple(
        PredicateObjects(bound(s.predicates), tuple(_bind_value(value, texts) for value in s.objects), bound(s.graphs))
        for s in one.statements
    )
    return replace(one, subject=_bind_value(one.subject, texts), graphs=bound(one.graphs), statements=statements)


@overload
def _bind_value(value: TermMap, texts: Mapping[str, str]) -> TermMap: ...
@overload
def _bind_value(value: TermMap | Join, texts: Mapping[str, str]) -> TermMap | Join: ...
def _bind_value(value: TermMap | Join, texts: Mapping[str, str]) -> TermMap | Join:
    if isinstance(value, Join):
        return replace(value, conditions=tuple(_bind_condition(one, texts) for one in value.conditions))
    gather = value.gather and replace(value.gather, items=tuple(_bind_value(item, texts) for item in value.gather.items))
    maps = [one and _bind(one, texts) for one in (value.datatype_map, value.language_map)]
    return replace(value, expression=_bind(value.expression, texts), gather=gather, datatype_map=maps[0], language_map=maps[1])


def _bind_condition(one: Condition, texts: Mapping[str, str]) -> Condition:
    return replace(one, child=_bind(one.child, texts), parent=_bind(one.parent, texts))


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
