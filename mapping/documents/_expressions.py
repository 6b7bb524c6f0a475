"""Expressions: templates, references, constants, and calls of functions by position (``rrx:``) or by name (RML-FNML)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches

import pyoxigraph as ox

from ..functions import FUNCTIONS, Function
from ..plan import Call, Constant, Expression, Reference, Template
from ._checks import Checks, suggestion
from ._document import Node
from ._template import column, parse_template
from ._vocabulary import tail

CONDITION = "https://w3id.org/imec/idlab/function#trueCondition"
"""The function that a conditional term map calls: (condition, value) gives the value where the condition is true."""


@dataclass(frozen=True)
class Scope:
    """What references mean under a source.

    Attributes:
        columns: they are names of columns, perhaps delimited; else paths or names as they are.
        keys: all that there are, if that is known: those of a logical view.
    """

    columns: bool = True
    keys: frozenset[str] | None = None


class Expressions:
    """Reads expressions under the scope of the source at hand."""

    def __init__(self, checks: Checks) -> None:
        self.checks = checks
        self.document = checks.document
        self.scope = Scope()
        self._calls: list[Node] = []

    @contextmanager
    def over(self, scope: Scope) -> Iterator[None]:
        """While expressions are over another source."""
        before, self.scope = self.scope, scope
        try:
            yield
        finally:
            self.scope = before

    def has(self, node: Node) -> bool:
        """True if a node says how its text is made."""
        return bool(self.document.properties(node) & {
            "template", "reference", "constant", "function", "functionExecution", "transformation",
        })  # fmt: skip

    def read(self, node: Node, kind: str = "expressionMap") -> Expression:
        """The expression of a node of that kind."""
        with self.checks.at(node):
            self.checks.known(node, kind)
            return self.conditional(node, self.own(node))

    def own(self, node: Node) -> Expression:
        """The expression of a node whose properties have been checked."""
        inner = self.document.one(node, "transformation")
        if inner is not None:
            return self.read(inner)
        given = self.document.properties(node) & {"template", "reference", "constant", "function", "functionExecution"}
        if len(given) != 1:
            self.checks.fail(
                "a term map needs exactly one of template, column (reference), constant, function, functionExecution",
                way_out=f"it has {' and '.join(sorted(given))}" if given else "",
            )
        kind = given.pop()
        if kind == "function":
            return self._call(node)
        if kind == "functionExecution":
            return self.execution(node)
        if kind == "constant":
            return Constant(self.checks.exactly_one(node, kind).value)
        text = self.checks.literal(node, kind)
        return self.reference(text) if kind == "reference" else self._template(text)

    def conditional(self, node: Node, expression: Expression) -> Expression:
        """The expression, where the node's condition is true (RML-FNML, conditions)."""
        condition = self.document.one(node, "condition")
        if condition is None:
            return expression
        self.function(CONDITION)
        return Call(CONDITION, (self.read(condition), expression))

    def reference(self, text: str) -> Reference:
        """A reference, which must name a key of the view if the source is one."""
        if not text:
            self.checks.fail("an empty reference")
        found = column(text) if self.scope.columns else Reference(text)
        if self.scope.keys is not None and not found.variable and found.name not in self.scope.keys:
            self.checks.fail(
                f"the logical view has no field {text!r}",
                way_out=suggestion(text, self.scope.keys) or f"its fields are {', '.join(sorted(self.scope.keys))}",
            )
        return found

    def _template(self, text: str) -> Template:
        try:
            return Template(parse_template(text, self.reference))
        except ValueError as error:
            self.checks.fail(str(error), way_out="braces that are no reference are written \\\\{ and \\\\} in Turtle")

    # -- functions by position

    def function(self, name: str) -> Function:
        """A function that is offered."""
        found = FUNCTIONS.get(name)
        if found is None:
            by_tail = {tail(iri): iri for iri in FUNCTIONS}
            close = [f"did you mean <{by_tail[one]}>?" for one in get_close_matches(tail(name), by_tail, 1)]
            self.checks.refuse(f"function <{name}>", way_out=close[0] if close else f"offered: {', '.join(sorted(FUNCTIONS))}")
        return found

    def arguments(self, node: Node) -> list[Node]:
        """The argument maps of a node with ``rrx:function``."""
        listed = self.document.one(node, "argumentMap")
        nodes = self.document.items(listed) if listed is not None else []
        if nodes is None:
            self.checks.fail('rrx:argumentMap must be a list: ( [ rr:column "the_geom" ] )')
        return nodes

    def counted(self, name: str, count: int) -> None:
        """Check how many arguments a function is given."""
        least, most = self.function(name).arity
        if not least <= count <= most:
            self.checks.fail(f"<{name}> takes {least if least == most else f'{least} to {most}'} arguments, not {count}")

    def _call(self, node: Node) -> Call:
        name = self.checks.iri(self.checks.exactly_one(node, "function"), "a function")
        self.function(name)
        nodes = self.arguments(node)
        self.counted(name, len(nodes))
        return Call(name, tuple(self._argument(one) for one in nodes))

    def _argument(self, node: Node) -> Expression:
        owner = self.document.one(node, "triplesMap") if not isinstance(node, ox.Literal) else None
        if owner is not None and owner != self.checks.rule:
            self.checks.fail("rr:triplesMap names another triples map", way_out="that works inside a rr:joinCondition alone")
        return self.read(node, "argument")

    # -- functions by name (RML-FNML)

    def execution(self, node: Node) -> Call:
        """A function execution, its named inputs in the order of the function's parameters."""
        target = self.checks.exactly_one(node, "functionExecution")
        if target in self._calls:
            self.checks.fail("a function execution that has itself as input")
        self._calls.append(target)
        with self.checks.at(target):
            self.checks.known(target, "functionExecution")
            name = self._named(target, "function", "functionMap")
            function = self.function(name)
            arguments = self._inputs(target, name, function)
        self._calls.pop()
        return Call(name, arguments, self._output(node, name, function))

    def _named(self, node: Node, short: str, long: str) -> str:
        """An IRI given itself or by a constant map."""
        if self.checks.one_of(node, short, long) == short:
            return self.checks.iri(self.checks.exactly_one(node, short), f"rml:{short}")
        inner = self.checks.exactly_one(node, long)
        with self.checks.at(inner):
            self.checks.known(inner, "expressionMap")
            if self.document.properties(inner) != {"constant"}:
                self.checks.refuse(f"an rml:{long} that is no constant")
            return self.checks.iri(self.checks.exactly_one(inner, "constant"), f"rml:{long}")

    def _output(self, node: Node, name: str, function: Function) -> str:
        if not self.document.properties(node) & {"return", "returnMap"}:
            return ""
        output = self._named(node, "return", "returnMap")
        if output not in function.outputs:
            self.checks.fail(
                f"<{name}> has no output <{output}>", way_out=suggestion(output, function.outputs) or _listed("outputs", function.outputs)
            )
        return output

    def _inputs(self, node: Node, name: str, function: Function) -> tuple[Expression, ...]:
        given: dict[str, list[Expression]] = {}
        for one in self.document.all(node, "input"):
            with self.checks.at(one):
                self.checks.known(one, "input")
                parameter = self._named(one, "parameter", "parameterMap")
                self._parameter(parameter, name, function, given)
                given.setdefault(parameter, []).append(self._value(one))
        return self._ordered(name, function, given)

    def _parameter(self, parameter: str, name: str, function: Function, given: dict[str, list[Expression]]) -> None:
        if parameter not in function.parameters:
            known = function.parameters
            self.checks.fail(
                f"<{name}> has no parameter <{parameter}>", way_out=suggestion(parameter, known) or _listed("parameters", known)
            )
        repeatable = function.arity[1] > len(function.parameters) and parameter == function.parameters[-1]
        if parameter in given and not repeatable:
            self.checks.fail(f"<{name}> is given its parameter <{parameter}> twice")

    def _value(self, node: Node) -> Expression:
        if self.checks.one_of(node, "inputValue", "inputValueMap") == "inputValue":
            return Constant(self.checks.exactly_one(node, "inputValue").value)
        return self.read(self.checks.exactly_one(node, "inputValueMap"))

    def _ordered(self, name: str, function: Function, given: dict[str, list[Expression]]) -> tuple[Expression, ...]:
        missing = [one for one in function.parameters[: function.arity[0]] if one not in given]
        if missing:
            self.checks.fail(f"<{name}> needs a value for its parameter <{missing[0]}>")
        found = [given.get(parameter, [Constant("")]) for parameter in function.parameters]
        return tuple(value for values in found for value in values)


def _listed(what: str, known: tuple[str, ...]) -> str:
    return f"its {what} are {', '.join(f'<{one}>' for one in known)}" if known else f"it has no {what} by name"
