"""The few pieces of SPARQL 1.1 that plans are made of, and their text.

Variables are named by us; every IRI and literal is an rdflib term and written by its ``n3()``. No string goes in unescaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Union

from rdflib import Literal, URIRef
from rdflib.term import Variable

Term = Union[URIRef, Literal, Variable]  # noqa: UP007 - evaluated by dataclass users at run time
_NAME = re.compile(r"[a-z][a-zA-Z0-9]*")


def var(name: str) -> Variable:
    """A variable; names are ours alone."""
    assert _NAME.fullmatch(name), name
    return Variable(name)


@dataclass(frozen=True)
class Triple:
    """A triple pattern; several predicates are alternatives of a path."""

    subject: Term
    predicates: tuple[URIRef, ...]
    object: Term


@dataclass(frozen=True)
class Compare:
    """``left op right``."""

    left: Term
    op: str
    right: Term


@dataclass(frozen=True)
class Call:
    """A function of an IRI."""

    function: URIRef
    arguments: tuple[Term, ...]


@dataclass(frozen=True)
class Any_:
    """Disjunction of expressions."""

    options: tuple[Expression, ...]


@dataclass(frozen=True)
class Minus:
    """``MINUS``."""

    body: tuple[Part, ...]


@dataclass(frozen=True)
class Filter:
    """Keeps the solutions for which the expression is true."""

    expression: Expression


@dataclass(frozen=True)
class Optional_:
    """A pattern that may be absent."""

    body: tuple[Part, ...]


@dataclass(frozen=True)
class Branches:
    """``UNION``."""

    options: tuple[tuple[Part, ...], ...]


@dataclass(frozen=True)
class Column:
    """A projected variable, or an aggregate of one (``MAX``, ``COUNT(DISTINCT)`` as ``COUNT DISTINCT``)."""

    name: Variable
    function: str = ""
    of: Variable | None = None


@dataclass(frozen=True)
class Select:
    """A query, or a query inside another; ``order`` is of (variable, descending)."""

    columns: tuple[Column, ...]
    body: tuple[Part, ...]
    distinct: bool = False
    group: tuple[Variable, ...] = ()
    order: tuple[tuple[Variable, bool], ...] = ()
    limit: int | None = None


Expression = Compare | Call | Any_
Part = Triple | Filter | Optional_ | Minus | Branches | Select


def select_text(select: Select) -> str:
    """The text of SELECT."""
    return "\n".join(_select(select, "")) + "\n"


def ask_text(body: tuple[Part, ...]) -> str:
    """The text of ASK."""
    return "\n".join(["ASK {", *_body(body, "  "), "}"]) + "\n"


def _select(select: Select, indent: str) -> Iterator[str]:
    yield f"{indent}SELECT {'DISTINCT ' * select.distinct}{' '.join(map(_column, select.columns))} WHERE {{"
    yield from _body(select.body, indent + "  ")
    yield indent + "}"
    if select.group:
        yield f"{indent}GROUP BY {' '.join(one.n3() for one in select.group)}"
    if select.order:
        yield f"{indent}ORDER BY {' '.join(f'DESC({one.n3()})' if down else one.n3() for one, down in select.order)}"
    if select.limit is not None:
        yield f"{indent}LIMIT {int(select.limit)}"


def _column(column: Column) -> str:
    if not column.function or column.of is None:
        return column.name.n3()
    name, *distinct = column.function.split()
    return f"({name}({''.join(f'{word} ' for word in distinct)}{column.of.n3()}) AS {column.name.n3()})"


def _body(parts: tuple[Part, ...], indent: str) -> Iterator[str]:
    for part in parts:
        yield from _part(part, indent)


def _part(part: Part, indent: str) -> Iterator[str]:
    inner = indent + "  "
    if isinstance(part, Triple):
        path = "|".join(one.n3() for one in part.predicates)
        yield f"{indent}{part.subject.n3()} {path if len(part.predicates) == 1 else f'({path})'} {part.object.n3()} ."
    elif isinstance(part, Filter):
        yield f"{indent}FILTER ({_inline(part.expression)})"
    elif isinstance(part, Optional_ | Minus):
        yield from (f"{indent}{'MINUS' if isinstance(part, Minus) else 'OPTIONAL'} {{", *_body(part.body, inner), indent + "}")
    elif isinstance(part, Branches):
        for number, option in enumerate(part.options):
            yield from (f"{indent}{'UNION ' * bool(number)}{{", *_body(option, inner), indent + "}")
    else:
        yield from (indent + "{", *_select(part, inner), indent + "}")


def _inline(expression: Expression) -> str:
    if isinstance(expression, Compare):
        return f"{expression.left.n3()} {expression.op} {expression.right.n3()}"
    if isinstance(expression, Call):
        return f"{expression.function.n3()}({', '.join(one.n3() for one in expression.arguments)})"
    return " || ".join(map(_inline, expression.options))
