"""Expressions on batches of solutions (SPARQL 1.1 §17): each is evaluated once per distinct tuple of arguments, or on whole columns."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import numpy as np

from earthweave.ontology import UnsupportedError

from ..algebra import And, Batch, Call, Constant, Context, Exists, Expression, Or, Variable
from ..snapshot import UNBOUND, Term, iri, literal
from ._evaluator_arithmetic import absolute, arithmetic, is_numeric, lowered, negative, raised, rounded, to_double
from ._evaluator_columns import Coded, Column, Ids, Numbers, Single, Truths
from ._evaluator_compare import comparison
from ._evaluator_strings import KERNELS as STRING_KERNELS
from ._evaluator_strings import Kernel
from ._functions import FORMS, SCALARS, Scalar, named, unknown_function
from ._registry import functions
from ._values import XSD_BASE, Failed, Operand, Rank, string

_CHECKED = 2_048
"""Calls of scalar functions between two looks at the limits."""
_FEW = 0
"""Rows below which kernels do not pay."""


def evaluate(expression: Expression, batch: Batch, context: Context) -> Any:
    """Ids of an expression's values, int64 (n,); -1 where it fails or gives nothing."""
    return column(expression, batch, context).ids(context.terms)


def truth(expression: Expression, batch: Batch, context: Context) -> Any:
    """Effective boolean values, int8 (n,): 1, 0, or -1 for an error (§17.2.2)."""
    return column(expression, batch, context).truths(context.terms)


def holds(expression: Expression, batch: Batch, context: Context) -> Any:
    """Rows whose effective boolean value is true, bool (n,)."""
    return truth(expression, batch, context) == 1


def column(expression: Expression, batch: Batch, context: Context) -> Column:
    """Values of an expression in whatever form they come."""
    if isinstance(expression, Variable):
        return Ids(batch.column(expression.name))
    if isinstance(expression, Constant):
        return Single(expression.term, batch.length)
    if isinstance(expression, And | Or):
        return Truths(_joined(expression, batch, context))
    if isinstance(expression, Exists):
        return Truths(_exists(expression, batch, context))
    return _called(expression, batch, context)


def _joined(expression: And | Or, batch: Batch, context: Context) -> Any:
    """Logic of three values; an argument is looked at only on the rows that those before leave open."""
    decisive = 0 if isinstance(expression, And) else 1
    found = np.full(batch.length, 1 - decisive, dtype=np.int8)
    for argument in expression.arguments:
        rows = np.flatnonzero(found != decisive)
        if not len(rows):
            break
        values = truth(argument, _taken(batch, rows), context)
        found[rows] = np.where((values == decisive) | (values < 0), values, found[rows])
    return found


def _taken(batch: Batch, rows: Any) -> Batch:
    return batch if len(rows) == batch.length else batch.take(rows)


def _exists(expression: Exists, batch: Batch, context: Context) -> Any:
    find: Callable[..., Any] | None = getattr(context, "exists", None)
    if find is None:
        raise UnsupportedError("EXISTS cannot be evaluated here", why="it stands where no patterns are matched")
    return find(expression.pattern, batch) != expression.negated


def _called(call: Call, batch: Batch, context: Context) -> Column:
    name = named(call.name)
    if name in FORMS:
        return _FORMS[name](call, batch, context)
    arguments = [column(argument, batch, context) for argument in call.arguments]
    if name in SCALARS:
        return _applied(name, arguments, batch.length, context)
    if name in functions:
        return _spatial(name, arguments, context)
    raise unknown_function(call.name)


def _applied(name: str, arguments: list[Column], length: int, context: Context) -> Column:
    """A function of terms: by its kernel for whole columns if it has one that fits, else term by term."""
    if len(arguments) == 1 and name in ("+", "-"):
        name = {"+": "pos", "-": "neg"}[name]
    if name in _COMPARISONS:
        return comparison(name, arguments, context, lambda parts, count: scalar(SCALARS[name], parts, count, context).truths(context.terms))
    kernel = KERNELS.get(name) if length >= _FEW and not _constant(arguments) else None
    found = kernel(arguments, context) if kernel else None
    return scalar(SCALARS[name], arguments, length, context) if found is None else found


def _constant(arguments: list[Column]) -> bool:
    return all(isinstance(one, Single) for one in arguments)


def _negation(arguments: list[Column], context: Context) -> Column:
    values = arguments[0].truths(context.terms)
    return Truths(np.where(values < 0, -1, 1 - values))


def _same(arguments: list[Column], context: Context) -> Column:
    left, right = (one.ids(context.terms) for one in arguments)
    return Truths(np.where((left == UNBOUND) | (right == UNBOUND), -1, left == right))


def _spatial(name: str, arguments: list[Column], context: Context) -> Column:
    found = functions[name](context, *(argument.ids(context.terms) for argument in arguments))
    if found.dtype == bool:
        return Truths(found)
    return Numbers(found, Rank.DOUBLE, found == found) if found.dtype == np.float64 else Ids(found)


def scalar(function: Scalar, arguments: list[Column], length: int, context: Context) -> Column:
    """A function of single terms, called once per distinct tuple of arguments."""
    coded = [argument.coded(context.terms) for argument in arguments]
    good = np.ones(length, dtype=bool)
    for codes, _ in coded:
        good &= codes >= 0
    rows = np.flatnonzero(good)
    tuples, places = _distinct([codes[rows] for codes, _ in coded], [len(operands) for _, operands in coded], len(rows))
    picked = [[operands[code] for code in codes.tolist()] for codes, (_, operands) in zip(tuples, coded, strict=True)]
    values = _each(function.call, list(zip(*picked, strict=True)) if picked else [()], context)
    found = np.full(length, -1, dtype=np.int64)
    found[rows] = places
    return Coded(found, values)


def _each(call: Callable[..., Term], tuples: list[tuple[Operand, ...]], context: Context) -> list[Term | None]:
    values: list[Term | None] = []
    for number, arguments in enumerate(tuples):
        if number % _CHECKED == 0:
            context.check()
        try:
            values.append(call(*arguments))
        except Failed:
            values.append(None)
    return values


def _distinct(columns: list[Any], sizes: list[int], length: int) -> tuple[list[Any], Any]:
    """Distinct tuples of codes, column by column, and each row's place among them."""
    if not columns:
        return [], np.zeros(length, dtype=np.int64)
    key = columns[0]
    room = sizes[0]
    for codes, size in zip(columns[1:], sizes[1:], strict=True):
        if room * size >= 1 << 62:
            _, key = np.unique(key, return_inverse=True)
            room = length
        key = key * size + codes
        room *= size
    _, first, places = np.unique(key, return_index=True, return_inverse=True)
    return [codes[first] for codes in columns], places


def _bound(call: Call, batch: Batch, context: Context) -> Column:
    values = column(call.arguments[0], batch, context)
    return Truths((values.ids(context.terms) != UNBOUND).astype(np.int8))


def _if(call: Call, batch: Batch, context: Context) -> Column:
    condition = truth(call.arguments[0], batch, context)
    found = np.full(batch.length, UNBOUND, dtype=np.int64)
    for wanted, argument in ((1, call.arguments[1]), (0, call.arguments[2])):
        rows = np.flatnonzero(condition == wanted)
        if len(rows):
            found[rows] = evaluate(argument, _taken(batch, rows), context)
    return Ids(found)


def _coalesce(call: Call, batch: Batch, context: Context) -> Column:
    found = np.full(batch.length, UNBOUND, dtype=np.int64)
    for argument in call.arguments:
        rows = np.flatnonzero(found == UNBOUND)
        if not len(rows):
            break
        found[rows] = evaluate(argument, _taken(batch, rows), context)
    return Ids(found)


def _in(call: Call, batch: Batch, context: Context) -> Column:
    found = np.zeros(batch.length, dtype=np.int8)
    sought = column(call.arguments[0], batch, context)
    for argument in call.arguments[1:]:
        values = _equal(sought, column(argument, batch, context), batch.length, context)
        found = np.where(values == 1, 1, np.where((values < 0) & (found == 0), -1, found)).astype(np.int8)
    return Truths(found if named(call.name) == "in" else np.where(found < 0, -1, 1 - found))


def _equal(left: Column, right: Column, length: int, context: Context) -> Any:
    return _applied("=", [left, right], length, context).truths(context.terms)


def _now(_call: Call, batch: Batch, context: Context) -> Column:
    moment = context.now.strftime("%Y-%m-%dT%H:%M:%S") + f".{context.now.microsecond:06d}".rstrip("0").rstrip(".")
    return Single(literal(moment + "Z", XSD_BASE + "dateTime"), batch.length)


def _rand(_call: Call, batch: Batch, _context: Context) -> Column:
    values = np.random.default_rng().random(batch.length)
    return Numbers(values, Rank.DOUBLE, np.ones(batch.length, dtype=bool))


def _uuid(make: Callable[[str], Term]) -> Callable[[Call, Batch, Context], Column]:
    def call(_call: Call, batch: Batch, _context: Context) -> Column:
        return Coded(np.arange(batch.length), [make(str(uuid.uuid4())) for _ in range(batch.length)])

    return call


def _bnode(call: Call, batch: Batch, context: Context) -> Column:
    """Blank nodes; with a label the same one as elsewhere in the row for the same label (§17.4.2.9)."""
    if not call.arguments:
        return Ids(np.array([context.terms.fresh_bnode() for _ in range(batch.length)], dtype=np.int64))
    codes, operands = column(call.arguments[0], batch, context).coded(context.terms)
    labels = [one.value if isinstance(one.value, str) else None for one in operands]
    rows = zip(*(ids.tolist() for ids in batch.columns.values()), strict=True) if batch.columns else iter([()] * batch.length)
    found = [context.terms.labelled(labels[code] if code >= 0 else None, row) for code, row in zip(codes.tolist(), rows, strict=True)]
    return Ids(np.array(found, dtype=np.int64))


_COMPARISONS = frozenset({"=", "!=", "<", ">", "<=", ">="})
KERNELS: dict[str, Kernel] = {
    **STRING_KERNELS, **{name: arithmetic(name) for name in ("+", "-", "*", "/")}, "neg": negative, "ABS": absolute,
    "ROUND": rounded, "CEIL": raised, "FLOOR": lowered, "ISNUMERIC": is_numeric,
    XSD_BASE + "double": to_double, "!": _negation, "SAMETERM": _same,
}
"""Functions on whole columns by name; None where the scalar function is to be used."""
_FORMS: dict[str, Callable[[Call, Batch, Context], Column]] = {
    "BOUND": _bound, "IF": _if, "COALESCE": _coalesce, "in": _in, "not in": _in, "NOW": _now, "RAND": _rand,
    "UUID": _uuid(lambda text: iri(f"urn:uuid:{text}")), "STRUUID": _uuid(string), "BNODE": _bnode,
}
