"""Expressions of SPARQL as plain values: what the parser makes, the optimiser reads and the evaluator runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..snapshot import Term
from ._remembered import remembered

if TYPE_CHECKING:
    from ._patterns import Node


@dataclass(frozen=True)
class Variable:
    """A variable, without its question mark. Blank nodes of patterns are variables whose names begin with ``_:``."""

    name: str


@dataclass(frozen=True)
class Constant:
    """An RDF term."""

    term: Term


@dataclass(frozen=True)
class Call:
    """A function, operator or cast.

    Attributes:
        name: ``=  !=  <  >  <=  >=  +  -  *  /  !  neg`` (unary minus), ``in`` and ``not in`` (the first argument against the others),
            a builtin in upper case (``BOUND``, ``IF``, ``COALESCE``, ``REGEX`` …), or an IRI (casts, ``geof:`` …).
        arguments: in order.
        place: line and column of the name in the text, from 1; None of what no text calls.
    """

    name: str
    arguments: tuple[Expression, ...]
    place: tuple[int, int] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class And:
    """Logical and (SPARQL 1.1 §17.2): false wins over an error."""

    arguments: tuple[Expression, ...]


@dataclass(frozen=True)
class Or:
    """Logical or: true wins over an error."""

    arguments: tuple[Expression, ...]


@dataclass(frozen=True)
class Exists:
    """EXISTS, or NOT EXISTS if ``negated``; the pattern is evaluated with the row's bindings put in."""

    pattern: Node
    negated: bool


Expression = Variable | Constant | Call | And | Or | Exists


@dataclass(frozen=True)
class Aggregate:
    """One aggregate of a group.

    Attributes:
        name: ``COUNT SUM MIN MAX AVG SAMPLE GROUP_CONCAT``, or the IRI of a custom one (``geof:aggUnion`` …).
        argument: None for ``COUNT(*)``.
        distinct: True if repeated values (for ``*``: rows) count once.
        separator: of GROUP_CONCAT.
        place: as that of a `Call`.
    """

    name: str
    argument: Expression | None
    distinct: bool = False
    separator: str = " "
    place: tuple[int, int] | None = field(default=None, compare=False, repr=False)


@remembered
def variables(expression: Expression) -> frozenset[str]:
    """Names of the variables that an expression mentions; inside EXISTS all of the pattern's."""
    if isinstance(expression, Variable):
        return frozenset({expression.name})
    if isinstance(expression, Constant):
        return frozenset()
    if isinstance(expression, Exists):
        from ._patterns import mentioned

        return mentioned(expression.pattern)
    return frozenset().union(*(variables(one) for one in expression.arguments))


def conjuncts(expression: Expression) -> tuple[Expression, ...]:
    """The parts that all must hold."""
    if isinstance(expression, And):
        return tuple(part for argument in expression.arguments for part in conjuncts(argument))
    return (expression,)
