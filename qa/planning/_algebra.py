"""The pieces of SPARQL 1.1 that plans are made of.

Variables are named by us; every IRI and literal is an rdflib term. Text is made of them in one place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Union

from rdflib import Literal, URIRef
from rdflib.term import Variable

Term = Union[URIRef, Literal, Variable]  # noqa: UP007 - evaluated at run time
_NAME = re.compile(r"[a-z][a-zA-Z0-9]*")
_BUILT_IN = re.compile(r"[A-Z]+")


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
class Step:
    """Part of a path: alternatives, each with whether it is walked against its direction; ``many``: any number of times, or none."""

    predicates: tuple[tuple[URIRef, bool], ...]
    many: bool = False


@dataclass(frozen=True)
class Chain:
    """A path pattern of several steps."""

    subject: Term
    steps: tuple[Step, ...]
    object: Term


@dataclass(frozen=True)
class Infix:
    """``a op b op c``: comparison, arithmetic, ``&&`` or ``||``."""

    op: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True)
class Call:
    """A function: of an IRI, or built in (``LCASE``, ``BOUND``, ``!``)."""

    function: URIRef | str
    arguments: tuple[Expression, ...]

    def __post_init__(self) -> None:
        assert isinstance(self.function, URIRef) or self.function == "!" or _BUILT_IN.fullmatch(self.function), self.function


@dataclass(frozen=True)
class Aggregate:
    """An aggregate: built in (``COUNT``, ``MAX``), or of an IRI."""

    function: URIRef | str
    argument: Expression
    distinct: bool = False


@dataclass(frozen=True)
class Filter:
    """Keeps the solutions for which the expression is true."""

    expression: Expression


@dataclass(frozen=True)
class Bind:
    """``BIND (expression AS ?name)``."""

    name: Variable
    expression: Expression


@dataclass(frozen=True)
class Values:
    """Inline data of one variable."""

    name: Variable
    terms: tuple[Term, ...]


@dataclass(frozen=True)
class Optional_:
    """A pattern that may be absent."""

    body: tuple[Part, ...]


@dataclass(frozen=True)
class Minus:
    """``MINUS``."""

    body: tuple[Part, ...]


@dataclass(frozen=True)
class Branches:
    """``UNION``; one option is a group of its own."""

    options: tuple[tuple[Part, ...], ...]


@dataclass(frozen=True)
class Column:
    """A projected variable, or an expression of its own name."""

    name: Variable
    expression: Expression | None = None


@dataclass(frozen=True)
class Select:
    """A query, or a query inside another.

    Attributes:
        order: expressions, each with whether it descends.
        limit: a number, or a variable whose number another query finds first.
    """

    columns: tuple[Column, ...]
    body: tuple[Part, ...]
    distinct: bool = False
    group: tuple[Variable, ...] = ()
    having: Expression | None = None
    order: tuple[tuple[Expression, bool], ...] = ()
    limit: int | Variable | None = None
    offset: int = 0


@dataclass(frozen=True)
class Ask:
    """Whether a pattern has a solution."""

    body: tuple[Part, ...]


Expression = Union[Term, Infix, Call, Aggregate]  # noqa: UP007 - as above
Part = Triple | Chain | Filter | Bind | Values | Optional_ | Minus | Branches | Select
Query = Select | Ask
