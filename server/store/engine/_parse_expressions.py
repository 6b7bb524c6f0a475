"""Expressions and aggregates of SPARQL 1.1 (§17, §19.8 rules 107–128)."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import NoReturn

from earthweave.ontology import GEOF, XSD, QueryError

from ..algebra import Aggregate, And, Call, Constant, Exists, Expression, Node, Or, Variable
from ..snapshot import iri, literal
from ..strdf import AGGREGATES_OF_ONE
from ._functions import at_line, check_one, unknown_builtin
from ._parse_tokens import string_value
from ._parse_triples import TripleParser
from ._text import shortened

_COMPARISONS = frozenset({"=", "!=", "<", ">", "<=", ">="})
_POWERS = {"||": 1, "&&": 2, **dict.fromkeys(_COMPARISONS, 3), "IN": 3, "NOT": 3, "+": 4, "-": 4, "*": 5, "/": 5}
_ZERO = Constant(literal("0", str(XSD.integer)))
_AGGREGATES = frozenset({"COUNT", "SUM", "MIN", "MAX", "AVG", "SAMPLE", "GROUP_CONCAT"})
BUILTINS = frozenset(
    "STR LANG LANGMATCHES DATATYPE BOUND IRI URI BNODE RAND ABS CEIL FLOOR ROUND CONCAT STRLEN UCASE LCASE ENCODE_FOR_URI CONTAINS "
    "STRSTARTS STRENDS STRBEFORE STRAFTER YEAR MONTH DAY HOURS MINUTES SECONDS TIMEZONE TZ NOW UUID STRUUID MD5 SHA1 SHA256 SHA384 "
    "SHA512 COALESCE IF STRLANG STRDT SAMETERM ISIRI ISURI ISBLANK ISLITERAL ISNUMERIC REGEX SUBSTR REPLACE".split()
)
"""Names of the built-in functions (§17.4), in upper case."""
_DISTINCT = re.compile(r"\s*(DISTINCT)\b", re.IGNORECASE)
_BRACKET = re.compile(r"\s*\(")
_SAME = {"URI": "IRI", "ISURI": "ISIRI"}
_CUSTOM_AGGREGATE = f"{GEOF}agg"


class ExpressionParser(TripleParser):
    """Reads expressions.

    Attributes:
        aggregates: of the SELECT at hand, each with the hidden variable that stands for it in expressions; None where none may be.
        custom: IRIs of all aggregates that are not SPARQL's own.
        distinct: where DISTINCT begins in calls of these.
        ones: where the names of functions begin and end that are aggregates because they have one argument.
        sure: whether the parser has raised an error that says more than the checker's would.
    """

    def __init__(self, text: str) -> None:
        self.aggregates: dict[Aggregate, Variable] | None = None
        self.custom: dict[str, None] = {}
        self.distinct: list[int] = []
        self.ones: list[tuple[int, int]] = []
        self.sure = False
        super().__init__(text)

    @abstractmethod
    def group(self) -> Node:
        """A group graph pattern in braces."""

    def expression(self, least: int = 1) -> Expression:
        """An expression of operators that bind at least so strongly (1 ``||`` … 5 ``*``)."""
        left = self._unary()
        while True:
            self.compared()
            power = _POWERS.get(self.key, 0)
            if power < least:
                return left
            left = self._combined(left, self.key, power)

    def _combined(self, left: Expression, operator: str, power: int) -> Expression:
        self.advance()
        if operator in ("IN", "NOT"):
            if operator == "NOT":
                self.expect("IN")
            return Call("in" if operator == "IN" else "not in", (left, *self.arguments()))
        right = self.expression(power + 1)
        if operator == "||":
            return Or((*(left.arguments if isinstance(left, Or) else (left,)), right))
        if operator == "&&":
            return And((*(left.arguments if isinstance(left, And) else (left,)), right))
        return Call(operator, (left, right))

    def _unary(self) -> Expression:
        if self.at_signed():
            return Constant(self.constant())
        if self.accept("!"):
            return Call("!", (self._unary(),))
        if self.accept("-"):
            return Call("neg", (self._unary(),))
        # a number plus zero is the number, anything else is an error: what unary plus is
        return Call("+", (self._unary(), _ZERO)) if self.accept("+") else self._primary()

    def _primary(self) -> Expression:
        if self.accept("("):
            inner = self.expression()
            self.expect(")")
            return inner
        if self.kind == "variable":
            return self.variable()
        if self.at_iri():
            place = self.start, self.stop
            name = self.iri()
            return self._call(name, place) if self.key == "(" else Constant(iri(name))
        if self.kind == "word" and self.key not in ("TRUE", "FALSE"):
            return self._builtin()
        return Constant(self.constant())

    def constraint(self) -> Expression:
        """What FILTER and HAVING hold: in brackets, or a call."""
        return self._primary()

    def arguments(self) -> tuple[Expression, ...]:
        """Expressions in brackets, with commas between them."""
        self.expect("(")
        found = []
        while not self.accept(")"):
            found.append(self.expression())
            if self.key != ")":
                self.expect(",")
        return tuple(found)

    def _builtin(self) -> Expression:
        name = self.key
        if name in ("NOT", "EXISTS"):
            negated = self.accept("NOT")
            self.expect("EXISTS")
            return self._exists(negated)
        if name in _AGGREGATES:
            start = self.start
            self.advance()
            return self._aggregate(name, start)
        if name not in BUILTINS:
            self._no_builtin()
        start = self.start
        self.advance()
        call = Call(_SAME.get(name, name), self.arguments(), self.place(start))
        with self.certain():
            check_one(call)
        if call.name == "IRI" and self.base:
            return replace(call, arguments=(*call.arguments, Constant(literal(self.base))))
        return call

    def _no_builtin(self) -> NoReturn:
        with self.certain():
            if _BRACKET.match(self.text, self.stop):
                raise unknown_builtin(self.word, BUILTINS | _AGGREGATES, at_line(self.place(self.start)))
            self.fail("an expression")

    @contextmanager
    def certain(self) -> Iterator[None]:
        """What is raised here is the best that there is to say."""
        try:
            yield
        except QueryError:
            self.sure = True
            raise

    def _exists(self, negated: bool) -> Expression:
        outer, self.aggregates = self.aggregates, None
        pattern = self.group()
        self.aggregates = outer
        return Exists(pattern, negated)

    def _call(self, name: str, place: tuple[int, int]) -> Expression:
        start = self._distinct_follows()
        if start:
            self.distinct.append(start)
        if start or name.startswith(_CUSTOM_AGGREGATE):
            self.custom.setdefault(name)
            return self._aggregate(name, place[0])
        return self._of_one(name, place) if name in AGGREGATES_OF_ONE else Call(name, self.arguments(), self.place(place[0]))

    def _of_one(self, name: str, place: tuple[int, int]) -> Expression:
        """A call that is an aggregate if it has one argument, as Strabon has them."""
        known = len(self.aggregates or ())
        arguments = self.arguments()
        if len(arguments) != 1:
            return Call(name, arguments, self.place(place[0]))
        if len(self.aggregates or ()) > known:
            self.break_rule(f"{name} aggregates an aggregate", "aggregates are not nested", "compute the inner one in a sub-select")
        self.ones.append(place)
        return self._standing_for(Aggregate(name, arguments[0], place=self.place(place[0])))

    def _distinct_follows(self) -> int:
        """Where DISTINCT begins, if it stands behind the bracket at hand; else 0."""
        match = _DISTINCT.match(self.text, self.stop)
        return match.start(1) if match else 0

    def _aggregate(self, name: str, start: int) -> Expression:
        self.expect("(")
        distinct = self.accept("DISTINCT")
        argument = None if name == "COUNT" and self.accept("*") else self._argument()
        separator = " "
        if self.accept(";"):
            self.expect("SEPARATOR")
            self.expect("=")
            separator = string_value(self.advance())
        if self.key == ",":
            with self.certain():
                self.break_rule(f"the aggregate {shortened(name) if ':' in name else name} takes 1 argument, and a comma follows it",
                                "it aggregates one value of each solution", "aggregate an expression of both", start)
        self.expect(")")
        return self._standing_for(Aggregate(name, argument, distinct, separator, self.place(start)))

    def _argument(self) -> Expression:
        outer, self.aggregates = self.aggregates, None
        argument = self.expression()
        self.aggregates = outer
        return argument

    def _standing_for(self, aggregate: Aggregate) -> Variable:
        if self.aggregates is None:
            self.break_rule(f"the aggregate {aggregate.name} stands where there is no group",
                            "aggregates are for SELECT, HAVING and ORDER BY", "compute it in a sub-select")
        if aggregate not in self.aggregates:
            self.aggregates[aggregate] = self.invented()
        return self.aggregates[aggregate]
