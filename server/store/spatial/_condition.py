"""Which conditions of a query an index can answer, and what it must look for."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from earthweave.ontology import GEOF, UOM, XSD
from earthweave.ontology.geometry import FORMS, RELATIONS, SLIPS

from ..algebra import And, Call, Constant, Expression, Or, Place, Variable
from ..snapshot import Kind
from ._synonyms import BOXED, SYNONYMS
from ._tests import Near, Relation, Test, Within, is_pattern, needs_meeting
from ._units import DEGREES, LENGTHS, check_unit, most_metres

_NAMESPACE = str(GEOF)
_DISTANCES = {"distance": 3, "metricDistance": 2}
_INSIDE = frozenset({"envelope", "convexHull", "centroid", "boundary", "concaveHull", "asWKT", "asGML", "asGeoJSON", "asKML"})
"""Functions of one geometry whose result lies within its box."""
_BUFFERS = {"buffer": 3, "metricBuffer": 2}
_MADE = _INSIDE | _BUFFERS.keys() | {
    "boundingCircle", "union", "intersection", "difference", "symDifference", "geometryN", "transform",
}
"""Functions whose result is a geometry."""
_TURNED = {">=": "<=", ">": "<", "=": "="}
_FLOATING = frozenset({str(XSD.double), str(XSD.float)})
_WRITTEN = {
    str(XSD.integer): re.compile(r"[+-]?\d+", re.ASCII),
    str(XSD.decimal): re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)", re.ASCII),
    **dict.fromkeys(_FLOATING, re.compile(r"[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|INF)|NaN", re.ASCII)),
}
"""Datatypes of numbers that are read here, and their lexical forms (XSD 1.1 part 2, §3.3)."""
_BUFFER_SLACK = 1.02


@dataclass(frozen=True)
class Operand:
    """One side of a condition.

    Attributes:
        place: the variable, or the (first) constant.
        expression: what is compared: the place itself, or functions of ``geof:`` on it and constants.
        reach: metres by which its box may exceed the box of the place; 0 for a constant, which is computed first.
    """

    place: Place
    expression: Expression
    reach: float = 0.0

    @property
    def plain(self) -> bool:
        """True if nothing is computed."""
        return self.expression == self.place


@dataclass(frozen=True)
class SpatialCondition:
    """A condition on two geometries that holds only where their boxes meet or are near, so that an index finds the candidates.

    Attributes:
        left_operand, right_operand: what is compared; at least one has a variable, never both the same one.
        tests: any of them must hold between left and right. If it is empty, boxes are all that is known.
        metres: how far apart the geometries may be.
        empties: True if two empty geometries may meet it.
        expression: the whole condition.
    """

    left_operand: Operand
    right_operand: Operand
    tests: tuple[Test, ...]
    metres: float
    empties: bool
    expression: Expression

    @property
    def left(self) -> Place:
        """Variable or constant on the left."""
        return self.left_operand.place

    @property
    def right(self) -> Place:
        """Variable or constant on the right."""
        return self.right_operand.place

    @property
    def exact(self) -> bool:
        """True if the tests say the same as the expression, rows for which that is an error being left out."""
        return bool(self.tests)

    @property
    def variables(self) -> frozenset[str]:
        """Names of the one or two variables."""
        return frozenset(place.name for place in (self.left, self.right) if isinstance(place, Variable))

    def turned(self) -> SpatialCondition:
        """The same condition with left and right exchanged."""
        tests: tuple[Test, ...] = tuple(test.turned() for test in self.tests)
        return SpatialCondition(self.right_operand, self.left_operand, tests, self.metres, self.empties, self.expression)

    def starting(self, name: str) -> SpatialCondition:
        """The same condition with this variable on the left."""
        return self if self.left == Variable(name) else self.turned()

    @property
    def label(self) -> str:
        """In short, for EXPLAIN."""
        sides = [written(side.expression) for side in (self.left_operand, self.right_operand)]
        how = " or ".join(_label(test) for test in self.tests) or (f"near {self.metres:g} m" if self.metres else "boxes meet")
        return f"{sides[0]} {how} {sides[1]}"


def _label(test: Test) -> str:
    if isinstance(test, Relation):
        return test.name
    return f"within {test.metres:g} m of" if isinstance(test, Within) else f"within {test.degrees:g} degrees of"


def written(expression: Expression) -> str:
    """A short text of an operand."""
    if isinstance(expression, Variable):
        return f"?{expression.name}"
    if isinstance(expression, Constant):
        return expression.term.text if len(expression.term.text) < 40 else expression.term.text[:39] + "…"
    if isinstance(expression, Call):
        return f"{expression.name.removeprefix(_NAMESPACE)}({', '.join(written(one) for one in expression.arguments)})"
    return type(expression).__name__


def recognise(expression: Expression) -> SpatialCondition | None:
    """What an index can do for a condition, or None.

    Taken are relations (GeoSPARQL 1.1, 22-047r1, §9) that need a common point, ``geof:relate`` with such a pattern, and
    ``geof:distance`` or ``geof:metricDistance`` up to a number, either way round, compared with true, and as negation of disjoint;
    on variables, constants, and buffers, hulls and the like of them; and ``||`` of such, as well as of conjunctions that have one such
    part, on the same two operands. Rows for which the expression is an error do not meet it.
    """
    if isinstance(expression, Or):
        return _either(expression)
    if isinstance(expression, And):
        return _one_of(expression)
    if isinstance(expression, Call):
        return _boxed(expression) if expression.name in BOXED else _call(expression, expression)
    return None


def _either(expression: Or) -> SpatialCondition | None:
    parts = [recognise(one) for one in expression.arguments]
    first = parts[0]
    if first is None:
        return None
    together = first
    for part in parts[1:]:
        same = None if part is None else _aligned(part, first)
        if same is None:
            return None
        tests = together.tests + same.tests if together.tests and same.tests else ()
        together = SpatialCondition(first.left_operand, first.right_operand, tests, max(together.metres, same.metres),
                                    together.empties or same.empties, expression)
    return together


def _aligned(part: SpatialCondition, first: SpatialCondition) -> SpatialCondition | None:
    """``part`` with the operands in the order of ``first``, if they are the same."""
    for one in (part, part.turned()):
        if (one.left_operand, one.right_operand) == (first.left_operand, first.right_operand):
            return one
    return None


def _one_of(expression: And) -> SpatialCondition | None:
    found = [part for part in map(recognise, expression.arguments) if part is not None]
    if not found:
        return None
    best = min(found, key=lambda part: part.metres)
    return SpatialCondition(best.left_operand, best.right_operand, (), best.metres, best.empties, expression)


def _call(call: Call, whole: Expression) -> SpatialCondition | None:
    name, arguments = call.name, call.arguments
    if name in _TURNED and len(arguments) == 2:
        turned = Call(_TURNED[name], arguments[::-1])
        return _comparison(turned, whole) or (_comparison(call, whole) if name == "=" else None)
    if name in ("<=", "<") and len(arguments) == 2:
        return _comparison(call, whole)
    if name == "!" and len(arguments) == 1:
        return _not_disjoint(arguments[0], whole)
    local = geof(call)
    if local in RELATIONS and len(arguments) == 2 and needs_meeting(local):
        return _condition(arguments[0], arguments[1], Relation(local), whole)
    if local == "relate" and len(arguments) == 3:
        return _relate(arguments, whole)
    return None


def geof(expression: Expression) -> str:
    """Local name of a call in ``geof:``, synonyms and slips put right; empty for other expressions."""
    if isinstance(expression, Call) and expression.name in SYNONYMS:
        return SYNONYMS[expression.name]
    if not isinstance(expression, Call) or not expression.name.startswith(_NAMESPACE):
        return ""
    local = expression.name.removeprefix(_NAMESPACE)
    return SLIPS.get(local, local)


def check_call(call: Call) -> None:
    """Raise `QueryError` for a call of a function of geof: with a constant unit that it does not take, which no row could meet."""
    check_unit(geof(call), [_text(one) for one in call.arguments])


def _boxed(call: Call) -> SpatialCondition | None:
    found = _condition(*call.arguments, Relation("sfIntersects"), call) if len(call.arguments) == 2 else None
    return None if found is None else replace(found, tests=())


def _relate(arguments: tuple[Expression, ...], whole: Expression) -> SpatialCondition | None:
    pattern = arguments[2].term.text if isinstance(arguments[2], Constant) else ""
    name = pattern.upper() if is_pattern(pattern.upper()) else pattern
    if not (is_pattern(name) or name in RELATIONS) or not needs_meeting(name):
        return None
    return _condition(arguments[0], arguments[1], Relation(name), whole)


def _not_disjoint(expression: Expression, whole: Expression) -> SpatialCondition | None:
    if geof(expression) not in ("sfDisjoint", "ehDisjoint") or not isinstance(expression, Call) or len(expression.arguments) != 2:
        return None
    return _condition(*expression.arguments, Relation("sfIntersects"), whole)


def _comparison(call: Call, whole: Expression) -> SpatialCondition | None:
    """``f(…) <= number``, ``f(…) < number``, ``distance = 0`` or ``f(…) = true``."""
    left, right = call.arguments
    if call.name == "=" and isinstance(right, Constant) and right.term.type.datatype == str(XSD.boolean):
        return _truth(left, right.term.text, whole)
    local = geof(left)
    limit = _number(right) if local in _DISTANCES else None
    if limit is None or not isinstance(left, Call) or len(left.arguments) != _DISTANCES[local]:
        return None
    unit = _unit(left, local == "distance")
    if unit not in LENGTHS or not math.isfinite(limit) or (call.name == "=" and limit != 0):
        return None
    most = _greatest(limit, LENGTHS[unit], strict=call.name == "<")
    test = Near(most) if unit in DEGREES else Within(most)
    return None if most < 0 else _condition(left.arguments[0], left.arguments[1], test, whole)


def _truth(inner: Expression, text: str, whole: Expression) -> SpatialCondition | None:
    if text in ("true", "1"):
        return _call(inner, whole) if isinstance(inner, Call) else None
    return _not_disjoint(inner, whole) if text in ("false", "0") else None


def _greatest(limit: float, factor: float, *, strict: bool) -> float:
    """The greatest length that, divided by ``factor``, is within ``limit`` as doubles have it."""
    most = math.nextafter(limit, -math.inf) if strict else limit
    length = most * factor
    while length / factor > most:
        length = math.nextafter(length, -math.inf)
    while math.nextafter(length, math.inf) / factor <= most:
        length = math.nextafter(length, math.inf)
    return length


def _condition(left: Expression, right: Expression, test: Test, whole: Expression) -> SpatialCondition | None:
    sides = operand(left), operand(right)
    if sides[0] is None or sides[1] is None:
        return None
    places = sides[0].place, sides[1].place
    if test.empties and any(isinstance(side.place, Variable) and not side.plain for side in (sides[0], sides[1])):
        return None  # what is computed of a geometry may be empty where its box is not
    if places[0] == places[1] or not any(isinstance(place, Variable) for place in places):
        return None
    return SpatialCondition(sides[0], sides[1], (test,), test.metres, test.empties, whole)


def operand(expression: Expression) -> Operand | None:
    """One side of a condition, or None if no index can serve it."""
    if isinstance(expression, Variable):
        return Operand(expression, expression)
    if isinstance(expression, Constant):
        known = expression.term.type.kind is Kind.LITERAL and expression.term.type.datatype in FORMS
        return Operand(expression, expression) if known else None
    if not isinstance(expression, Call) or not geof(expression) or not expression.arguments:
        return None
    if geof(expression) in _MADE and all(_constant(one) for one in expression.arguments):
        return Operand(_first(expression), expression)
    return _computed(expression, geof(expression))


def _computed(call: Call, local: str) -> Operand | None:
    """A function of one variable's geometry, of which it is known how far it reaches beyond."""
    inner = operand(call.arguments[0])
    if inner is None or not isinstance(inner.place, Variable) or not all(_constant(one) for one in call.arguments[1:]):
        return None
    if local in _INSIDE:
        return Operand(inner.place, call, inner.reach)
    if local not in _BUFFERS or len(call.arguments) != _BUFFERS[local]:
        return None
    radius, factor = _number(call.arguments[1]), most_metres(_unit(call, local == "buffer"))
    if radius is None or factor is None or not math.isfinite(radius):
        return None
    return Operand(inner.place, call, inner.reach + max(radius * factor, 0.0) * _BUFFER_SLACK)


def _constant(expression: Expression) -> bool:
    if isinstance(expression, Constant):
        return True
    return isinstance(expression, Call) and bool(geof(expression)) and all(_constant(one) for one in expression.arguments)


def _first(expression: Expression) -> Constant:
    while isinstance(expression, Call):
        expression = expression.arguments[0]
    assert isinstance(expression, Constant)
    return expression


def _unit(call: Call, given: bool) -> str:
    """The unit that a third argument gives, else metres."""
    return _text(call.arguments[2]) if given else str(UOM.metre)


def _text(expression: Expression) -> str:
    return expression.term.text if isinstance(expression, Constant) else ""


def _number(expression: Expression) -> float | None:
    """The value of a constant number, and of sums, products and negatives of such; None for others, and beyond what a double holds."""
    try:
        found = _exact_number(expression)
        return None if found is None else float(found)
    except OverflowError:
        return None


def _exact_number(expression: Expression) -> Fraction | float | None:
    if isinstance(expression, Constant):
        return _value(expression.term.text, expression.term.type.datatype)
    if not isinstance(expression, Call):
        return None
    values = [_exact_number(one) for one in expression.arguments]
    if any(value is None for value in values):
        return None
    return _folded(expression.name, [value for value in values if value is not None])


def _folded(name: str, values: list[Fraction | float]) -> Fraction | float | None:
    if name == "neg" and len(values) == 1:
        return -values[0]
    if name == "*" and len(values) == 2:
        return values[0] * values[1]
    if name == "+" and len(values) == 2:
        return values[0] + values[1]
    return None


def _value(text: str, datatype: str) -> Fraction | float | None:
    """Integers and decimals exactly, doubles and floats as they are; None for what is no number."""
    if datatype not in _WRITTEN or not _WRITTEN[datatype].fullmatch(text):
        return None
    if datatype not in _FLOATING:
        return Fraction(text)
    number = float(text)
    return float(np.float32(number)) if datatype.endswith("float") else number
