"""Expressions on batches: against pyoxigraph on random expressions, whole columns against single terms, and the logic of errors."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyoxigraph as ox
import pytest

from earthweave.ontology import XSD, DeadlineError, QueryError, UnknownFunctionError, UnsupportedError
from earthweave.ontology.geometry import AxisOrder
from earthweave.server.store.algebra import And, Batch, Bgp, Call, Constant, Context, Exists, Expression, Or, Variable
from earthweave.server.store.engine import _evaluator
from earthweave.server.store.engine import evaluate as evaluate_query
from earthweave.server.store.engine._evaluator import evaluate, holds, truth
from earthweave.server.store.engine._functions import check_functions
from earthweave.server.store.engine._values import Number, value
from earthweave.server.store.loading import quads_of
from earthweave.server.store.snapshot import BNODE, UNBOUND, Kind, SnapshotBuilder, Term, iri, literal, tagged

X = str(XSD)
EXPRESSIONS, ROWS = 3_200, 8


def typed(datatype: str, *texts: str) -> list[Term]:
    return [literal(text, X + datatype) for text in texts]


NUMBERS = [
    *typed("integer", "0", "1", "2", "-3", "7", "01", "123456789012"), *typed("byte", "5"), *typed("int", "+4"),
    *typed("unsignedLong", "18446744073709551615"),
    *typed("decimal", "1.5", "2.0", "-0.25", "1.50", "0.1", "2", "3.000000000000000001"), *typed("float", "0.1", "2.5", "-7.5e3", "NaN"),
    *typed("double", "1.5E0", "1", "NaN", "INF", "-INF", "0.1", "-0", "2E-3"),
]
STRINGS = [literal(one) for one in ("", "abc", "Abcabc", "1", "true", "a.c", "größe ß", "http://example.org/y", "en", "1.5e2",
    "2020-01-01", "\U0001f600b")]
STRINGS += [tagged("abc", "en"), tagged("abc", "fr"), tagged("", "en"), tagged("b", "en-us")]
TIMES = [
    *typed("date", "2020-01-01", "2020-01-02", "2020-01-01Z", "2019-12-31+05:00"),
    *typed("time", "12:30:00", "12:30:00Z", "08:00:00.5-03:00"),
    *typed("dateTime", "2020-01-01T00:00:00", "2020-01-01T00:00:00Z", "2020-01-01T05:00:00+05:00", "2020-01-01T10:30:15.25-08:00",
           "2020-01-31T23:59:59.5", "0001-02-28T00:00:00Z", "2020-02-29T12:00:00"),
    *typed("dayTimeDuration", "P1D", "PT36H", "-PT0.5S"), *typed("yearMonthDuration", "P1M", "P1Y2M"),
    *typed("duration", "P1M", "P30D", "P1Y2M3DT4H5M6.7S"),
]
ILL = [*typed("integer", "abc"), *typed("decimal", "x"), *typed("double", "q"), *typed("boolean", "no"), *typed("date", "2020-02-30"),
       *typed("dateTime", "2021-13-01T00:00:00")]
OTHERS = [*typed("boolean", "true", "false", "1"), iri("http://example.org/a"), iri("http://example.org/b"), iri(X + "integer"),
          literal("u", "http://example.org/unknown"), literal("v", "http://example.org/unknown"), literal("u", "http://example.org/other"),
          Term("b0", BNODE), Term("b1", BNODE)]
TERMS = [*NUMBERS, *STRINGS, *TIMES, *ILL, *OTHERS]
BY_KIND = {"number": NUMBERS, "string": STRINGS, "time": TIMES, "any": TERMS}
A, B = Variable("a"), Variable("b")

# name: kinds of the arguments, most of the time
FUNCTIONS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("+", "-", "*", "/"), ("number", "number")), **dict.fromkeys(("=", "!=", "<", ">", "<=", ">="), ("any", "any")),
    **dict.fromkeys(("neg", "ABS", "ROUND", "CEIL", "FLOOR"), ("number",)), "!": ("boolean",),
    **dict.fromkeys(("STRLEN", "UCASE", "LCASE", "ENCODE_FOR_URI", "MD5", "SHA1", "SHA256", "SHA384", "SHA512"), ("string",)),
    **dict.fromkeys(("CONTAINS", "STRSTARTS", "STRENDS", "STRBEFORE", "STRAFTER", "CONCAT", "LANGMATCHES"), ("string", "string")),
    "SUBSTR": ("string", "small"), "REGEX": ("string", "pattern"), "REPLACE": ("string", "pattern", "string"),
    **dict.fromkeys(("ISIRI", "ISBLANK", "ISLITERAL", "ISNUMERIC", "LANG", "BOUND"), ("any",)), "IF": ("boolean", "any", "any"),
    "COALESCE": ("any", "any"),
    "in": ("any", "any", "any"), "not in": ("any", "any", "any"),
    **dict.fromkeys(("YEAR", "MONTH", "DAY", "HOURS", "MINUTES", "SECONDS", "TIMEZONE"), ("time",)), "STRLANG": ("string", "string"),
    **{X + name: ("any",) for name in ("boolean", "double", "float", "integer", "decimal", "dateTime", "date", "time", "duration",
                                       "dayTimeDuration", "yearMonthDuration")},
}
RESULTS = {"number": ("+", "-", "*", "/", "neg", "ABS", "ROUND", "STRLEN", X + "double", X + "integer", "YEAR"),
           "string": ("UCASE", "LCASE", "CONCAT", "STRBEFORE", "STRAFTER", "SUBSTR", "LANG"),
           "boolean": ("=", "<", ">=", "CONTAINS", "ISLITERAL", "!", "in")}
SMALL = [literal(str(number), X + "integer") for number in (-1, 0, 1, 2, 3)]
PATTERNS = [literal(text) for text in ("b", "^a", "c$", "[a-c]+", "a.c", "(a)(b)?", "A", "ß", r"\.", "x*y|b")]


def made(random_: random.Random, kind: str, depth: int) -> Expression:
    """A random expression, mostly of a kind."""
    if kind in ("small", "pattern"):
        return Constant(random_.choice(SMALL if kind == "small" else PATTERNS))
    if depth == 0 or random_.random() < 0.25:
        if random_.random() < 0.6:
            return random_.choice((A, B))
        return Constant(random_.choice([term for term in BY_KIND.get(kind, TERMS) if term.type.kind != Kind.BNODE]))
    if kind == "boolean" and random_.random() < 0.3:
        joined = random_.choice((And, Or))
        return joined((made(random_, "boolean", depth - 1), made(random_, "boolean", depth - 1)))
    name = random_.choice(RESULTS.get(kind, tuple(FUNCTIONS)) if random_.random() < 0.8 else tuple(FUNCTIONS))
    if name == "BOUND":
        return Call(name, (A,))
    return Call(name, tuple(made(random_, one, depth - 1) for one in FUNCTIONS[name]))


def written(expression: Expression) -> str:
    """An expression in SPARQL."""
    if isinstance(expression, Variable):
        return f"?{expression.name}"
    if isinstance(expression, Constant):
        return str(foreign(expression.term))
    assert not isinstance(expression, Exists)
    arguments = [written(one) for one in expression.arguments]
    if not isinstance(expression, Call):
        return "(" + (" && " if isinstance(expression, And) else " || ").join(arguments) + ")"
    if expression.name in _evaluator._COMPARISONS or expression.name in ("+", "-", "*", "/"):
        return f"({arguments[0]} {expression.name} {arguments[1]})"
    if expression.name in ("in", "not in"):
        return f"({arguments[0]} {expression.name.upper()} ({', '.join(arguments[1:])}))"
    if expression.name in ("!", "neg"):
        return f"({'!' if expression.name == '!' else '-'} {arguments[0]})"
    return f"{'<' + expression.name + '>' if ':' in expression.name else expression.name}({', '.join(arguments)})"


def foreign(term: Term) -> Any:
    """A term for pyoxigraph."""
    if term.type.kind == Kind.IRI:
        return ox.NamedNode(term.text)
    if term.type.kind == Kind.BNODE:
        return ox.BlankNode(term.text)
    language = term.type.language
    return ox.Literal(term.text, language=language) if language else ox.Literal(term.text, datatype=ox.NamedNode(term.type.datatype))


def read(term: Any) -> Term | None:
    """A term from pyoxigraph."""
    if term is None:
        return None
    if isinstance(term, ox.NamedNode):
        return iri(term.value)
    if isinstance(term, ox.BlankNode):
        return Term(term.value, BNODE)
    return tagged(term.value, term.language) if term.language else literal(term.value, term.datatype.value)


def canonical(term: Term | None) -> Any:
    """What two engines must agree on: numbers by type and value (floats to 12 digits), dates and durations by value, else the term."""
    if term is None:
        return None
    known = value(term)
    if isinstance(known, Number):
        number: Any = known.number
        if known.rank >= 2:
            return int(known.rank), "NaN" if number != number else f"{number:.{5 if known.rank == 2 else 12}g}".replace("-0", "0")
        return int(known.rank), f"{number:.12f}"
    return known if type(known).__name__ in ("Stamp", "Duration", "bool") else term


class Deviation(Exception):
    """The other engine is known to deviate from the specification in a part of the expression."""


def numeric(term: Term | None) -> Any:
    known = None if term is None else value(term)
    return known.number if isinstance(known, Number) else None


def deviates(call: Call, values: list[Term | None], ours: Term | None, theirs: Term | None) -> str:
    """Why pyoxigraph may differ on one call with these arguments; empty if it must not."""
    known = [None if one is None else value(one) for one in values]
    kinds = [type(one).__name__ for one in known]
    if call.name in ("<", ">", "<=", ">=") and any(number != number for number in map(numeric, values) if number is not None):
        return "NaN compares as false, not as an error (XPath F&O 3.1 §4.3.2)"
    if call.name in ("<=", ">=", "<", ">") and ours is None and values[0] == values[1]:
        return "there is no order of IRIs, tagged strings and unknown datatypes (SPARQL 1.1 §17.3); it calls equal terms ordered"
    if call.name in ("<", ">", "<=", ">=") and ours is None and kinds == ["Tagged", "Tagged"]:
        return "tagged strings have no order (SPARQL 1.1 §17.3)"
    if call.name in ("=", "!=", "in", "not in") and "Other" in kinds and ("Tagged" in kinds or "Iri" in kinds or "Blank" in kinds):
        return "a tagged string differs from any literal of another type (W3C open-eq-08)"
    if "Stamp" in kinds and ours is None and call.name in ("=", "!=", "in", "not in"):
        return "without a zone, dates within 14 hours are neither equal nor unequal (XSD 1.1 §3.2.7.4)"
    return _deviates_in_numbers(call, known, kinds, ours, theirs)


def _deviates_in_numbers(call: Call, known: list[Any], kinds: list[str], ours: Term | None, theirs: Term | None) -> str:
    if call.name in ("!", "IF", "&&", "||") and kinds[0] in ("Tagged", "Other"):
        return "a tagged string has an effective boolean value, an ill-typed number is false (SPARQL 1.1 §17.2.2)"
    if call.name == "+" and kinds[0] == "Duration" and kinds[1] == "Stamp":
        return "a duration is added to a date in either order (XPath F&O 3.1 §B.2)"
    if call.name in ("+", "-") and "Duration" in kinds and theirs is not None:
        return "a time is moved by day-time durations only (XPath F&O 3.1 §9.7.9)"
    if theirs is None and any(isinstance(number, Number) and abs(number.number) >= 9e18 for number in [*known,
        None if ours is None else value(ours)]):
        return "integers and decimals have no bounds here; the specification asks for 18 digits"
    if call.name in (X + "yearMonthDuration", X + "dayTimeDuration") and kinds == ["Duration"]:
        return "a duration is cut to its months, or to its seconds, and P0M or PT0S may be left (XPath F&O 3.1 §19.1.4)"
    if call.name in ("<", ">", "<=", ">=") and kinds == ["bool", "bool"] and theirs is None:
        return "booleans are ordered (SPARQL 1.1 §17.3, op:boolean-less-than)"
    if call.name in ("+", "-", "*") and theirs is None and ours is not None and "." in ours.text:
        return "decimals have up to 60 digits here"
    if call.name == X + "decimal" and kinds == ["Number"] and known[0].rank == 2:
        return "a float becomes the decimal of the digits that it is written with"
    if call.name in (X + "float", X + "double", X + "integer", X + "decimal") and kinds == ["str"] and known[0].strip() != known[0]:
        return "white space around is cut before casting (XPath F&O 3.1 §19.2)"
    return ""


@pytest.fixture(scope="module")
def context(context_of: Callable[..., Context]) -> Context:
    # every other term is stored, so that dictionary, inline and scratch ids all occur
    return context_of(TERMS[::2])


@pytest.fixture(scope="module")
def other() -> Iterator[Callable[[str, list[tuple[int, int]]], list[Term | None]]]:
    """Values of an expression by pyoxigraph, for pairs of places in TERMS."""
    store, node = ox.Store(), ox.NamedNode
    for place, term in enumerate(TERMS):
        store.add(ox.Quad(node(f"http://n/{place}"), node("http://n/p"), foreign(term)))

    def run(expression: str, pairs: list[tuple[int, int]]) -> list[Term | None]:
        rows = " ".join(f"({row} <http://n/{a}> <http://n/{b}>)" for row, (a, b) in enumerate(pairs))
        text = f"SELECT ?row ({expression} AS ?x) {{ VALUES (?row ?s ?t) {{ {rows} }} ?s <http://n/p> ?a . ?t <http://n/p> ?b }}"
        found: dict[int, Term | None] = {int(one["row"].value): read(one["x"]) for one in store.query(text)}  # type: ignore[union-attr]
        return [found[row] for row in range(len(pairs))]

    yield run


def parts_of(expression: Expression) -> Iterator[Expression]:
    """An expression's parts, the innermost first, and itself."""
    if isinstance(expression, Call | And | Or):
        for argument in expression.arguments:
            yield from parts_of(argument)
        yield expression


def test_random_expressions_agree_with_another_engine(context: Context, other: Any) -> None:
    random_ = random.Random(20_26)
    ids = context.terms.listed(TERMS)
    compared = 0
    for number in range(EXPRESSIONS):
        expression = made(random_, random_.choice(("number", "string", "boolean", "any")), random_.choice((1, 1, 2, 3)))
        pairs = [(random_.randrange(len(TERMS)), random_.randrange(len(TERMS))) for _ in range(ROWS)]
        places = np.array(pairs)
        batch = Batch(ROWS, {"a": ids[places[:, 0]], "b": ids[places[:, 1]]})
        ours = terms_of(evaluate(expression, batch, context), context)
        theirs = other(written(expression), pairs)
        for row, (mine, its) in enumerate(zip(ours, theirs, strict=True)):
            if canonical(mine) != canonical(its):
                explained = explanation(expression, batch.take(np.array([row])), pairs[row], context, other)
                shown = [TERMS[place] for place in pairs[row]]
                assert explained, f"expression {number}: {written(expression)} for {shown}: {mine}, there {its}"
            compared += 1
    assert compared == EXPRESSIONS * ROWS


def terms_of(ids: Any, context: Context) -> list[Term | None]:
    return [None if one == UNBOUND else context.terms.term(one) for one in ids.tolist()]


def explanation(expression: Expression, row: Batch, pair: tuple[int, int], context: Context, other: Any) -> str:
    """The known deviation in the innermost part on which the engines differ, given the same arguments; empty if there is none."""
    for part in parts_of(expression):
        mine, its = terms_of(evaluate(part, row, context), context)[0], other(written(part), [pair])[0]
        if canonical(mine) == canonical(its):
            continue
        assert isinstance(part, Call | And | Or)
        values = [terms_of(evaluate(one, row, context), context)[0] for one in part.arguments]
        call = part if isinstance(part, Call) else Call("&&", part.arguments)
        orders = [values] if isinstance(part, Call) else [[one] for one in values]
        return next((why for one in orders if (why := deviates(call, one, mine, its))), "")
    return ""


def scalars(monkeypatch: pytest.MonkeyPatch, expression: Expression, batch: Batch, context: Context) -> Any:
    """The ids that single terms give."""
    with monkeypatch.context() as patch:
        patch.setattr(_evaluator, "KERNELS", {})
        patch.setattr(_evaluator, "_COMPARISONS", frozenset())
        return evaluate(expression, batch, context)


def same(monkeypatch: pytest.MonkeyPatch, expression: Expression, batch: Batch, context: Context) -> None:
    """Whole columns give what single terms give, id for id."""
    ours, wanted = evaluate(expression, batch, context), scalars(monkeypatch, expression, batch, context)
    differing = np.flatnonzero(ours != wanted)
    assert not len(differing), [terms_of(column[differing[:1]], context) for column in (*batch.columns.values(), ours, wanted)]


ALL_PAIRS = [(one, other) for one in range(len(TERMS)) for other in range(len(TERMS))]


@pytest.mark.parametrize("name", sorted(_evaluator._COMPARISONS) + ["SAMETERM", "+", "-", "CONTAINS", "STRSTARTS", "CONCAT"])
def test_columns_of_anything_give_what_single_terms_give(monkeypatch: pytest.MonkeyPatch, context: Context, name: str) -> None:
    ids = context.terms.listed(TERMS)
    places = np.array(ALL_PAIRS)
    batch = Batch(len(places) + 2, {"a": np.append(ids[places[:, 0]], [UNBOUND, ids[0]]),
        "b": np.append(ids[places[:, 1]], [ids[0], UNBOUND])})
    same(monkeypatch, Call(name, (A, B)), batch, context)


@pytest.mark.parametrize("name", sorted({*_evaluator._COMPARISONS, "+", "CONTAINS", "STRSTARTS", "STRENDS", "REGEX", "CONCAT"}))
@pytest.mark.parametrize("constant", [*TERMS[::11], literal("b"), literal("^a"), literal("a.c"), literal("2", X + "integer"),
    literal("1.5", X + "decimal")])
def test_columns_against_a_constant_give_what_single_terms_give(
        monkeypatch: pytest.MonkeyPatch, context: Context, name: str, constant: Term) -> None:
    if constant.type.kind == Kind.BNODE:
        return
    batch = Batch(len(TERMS) + 1, {"a": np.append(context.terms.listed(TERMS), UNBOUND)})
    for left in (A, Call("STR", (A,)), Call("UCASE", (A,))):
        same(monkeypatch, Call(name, (left, Constant(constant))), batch, context)
        same(monkeypatch, Call(name, (Constant(constant), left)), batch, context)


@pytest.mark.parametrize("name", sorted({*_evaluator.KERNELS} - {"+", "-", "*", "/", "CONTAINS", "STRSTARTS", "STRENDS", "REGEX",
    "SAMETERM", "CONCAT"}))
@pytest.mark.parametrize("terms", [TERMS, STRINGS[:12], [one for one in STRINGS if one.type.language == "en"], NUMBERS, TIMES[7:14:2],
    TIMES[:2], TERMS[:0]])
def test_functions_of_columns_give_what_single_terms_give(monkeypatch: pytest.MonkeyPatch, context: Context, name: str,
    terms: list[Term]) -> None:
    batch = Batch(len(terms) + 1, {"a": np.append(context.terms.listed(terms), UNBOUND)})
    same(monkeypatch, Call(name, (A,)), batch, context)


RANKS = [[term for term in NUMBERS if value(term).rank == rank] for rank in range(4)]  # type: ignore[union-attr]


@pytest.mark.parametrize("left", range(4))
@pytest.mark.parametrize("right", range(4))
def test_arithmetic_of_columns_is_that_of_single_numbers(monkeypatch: pytest.MonkeyPatch, context: Context, left: int, right: int) -> None:
    one, other = context.terms.listed(RANKS[left]), context.terms.listed(RANKS[right])
    pairs = np.array([(a, b) for a in one for b in other] + [(UNBOUND, other[0]), (one[0], UNBOUND)])
    batch = Batch(len(pairs), {"a": pairs[:, 0], "b": pairs[:, 1]})
    for name in ("+", "-", "*", "/"):
        same(monkeypatch, Call(name, (A, B)), batch, context)
        for rounding in ("ROUND", "CEIL", "FLOOR", "ABS"):
            same(monkeypatch, Call(rounding, (Call(name, (A, B)),)), batch, context)
        for outer in (*_evaluator._COMPARISONS, "+", "*"):
            same(monkeypatch, Call(outer, (Call(name, (A, B)), Call("neg", (B,)))), batch, context)


def test_arithmetic_beyond_64_bits_is_exact(context: Context) -> None:
    big = Constant(literal("4611686018427387905", X + "integer"))
    found = evaluate(Call("*", (Call("+", (A, big)), big)), Batch(1, {"a": context.terms.listed(typed("integer", "1"))}), context)
    assert terms_of(found, context) == [literal(str((2**62 + 2) * (2**62 + 1)), X + "integer")]


TRUE, FALSE = Constant(literal("true", X + "boolean")), Constant(literal("false", X + "boolean"))
ERROR = Constant(literal("x", "http://example.org/t"))


@pytest.mark.parametrize(("expression", "wanted"), [
    (And((TRUE, TRUE)), 1), (And((TRUE, FALSE)), 0), (And((FALSE, ERROR)), 0), (And((ERROR, FALSE)), 0), (And((ERROR, TRUE)), -1),
    (And((ERROR, ERROR)), -1),
    (Or((TRUE, ERROR)), 1), (Or((ERROR, TRUE)), 1), (Or((FALSE, ERROR)), -1), (Or((ERROR, FALSE)), -1), (Or((FALSE, FALSE)), 0),
    (Or((FALSE, ERROR, TRUE)), 1), (And((TRUE, ERROR, FALSE)), 0), (Call("!", (ERROR,)), -1), (Call("!", (FALSE,)), 1),
    (Call("IF", (ERROR, TRUE, TRUE)), -1), (Call("IF", (TRUE, FALSE, ERROR)), 0), (Call("IF", (FALSE, ERROR, TRUE)), 1),
    (Call("COALESCE", (Variable("none"), Call("/", (A, Constant(literal("0", X + "integer")))), TRUE)), 1), (Call("COALESCE", ()), -1),
    (Call("in", (A,)), 0), (Call("not in", (A,)), 1), (Call("in", (A, ERROR, A)), 1), (Call("in", (A, ERROR)), -1),
    (Call("not in", (A, ERROR)), -1),
    (Call("BOUND", (A,)), 1), (Call("BOUND", (Variable("none"),)), 0),
])
def test_logic_with_errors(context: Context, expression: Expression, wanted: int) -> None:
    batch = Batch(2, {"a": np.repeat(context.terms.listed(typed("integer", "5")), 2)})
    assert truth(expression, batch, context).tolist() == [wanted] * 2
    assert holds(expression, batch, context).tolist() == [wanted == 1] * 2


@pytest.mark.parametrize(("term", "wanted"), [
    (literal(""), 0), (literal("0"), 1), (tagged("", "en"), 0), (tagged("a", "en"), 1), (literal("0.0", X + "decimal"), 0),
    (literal("NaN", X + "float"), 0),
    (literal("no", X + "boolean"), 0), (literal("x", X + "byte"), 0), (literal("1", X + "boolean"), 1), (iri("http://example.org/a"), -1),
    (literal("2020-01-01", X + "date"), -1), (literal("1", "http://example.org/t"), -1),
])
def test_effective_boolean_values(context: Context, term: Term, wanted: int) -> None:
    assert truth(A, Batch(1, {"a": context.terms.listed([term])}), context).tolist() == [wanted]
    assert truth(Constant(term), Batch(1, {}), context).tolist() == [wanted]


def test_alternatives_are_evaluated_only_where_they_count(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def watched(pattern: Any, batch: Batch) -> Any:
        seen.append(batch.length)
        return np.ones(batch.length, dtype=bool)

    monkeypatch.setattr(context, "exists", watched)
    batch = Batch(4, {"a": context.terms.listed(typed("integer", "1", "2", "3", "4"))})
    small = Call("<", (A, Constant(literal("2", X + "integer"))))
    assert holds(Or((small, Exists(Bgp(()), False))), batch, context).all()
    assert not holds(And((small, Exists(Bgp(()), True))), batch, context).any()
    assert evaluate(Call("IF", (small, Exists(Bgp(()), False), A)), batch, context).tolist()[1:] == batch.columns["a"].tolist()[1:]
    assert seen == [3, 1, 1]


def test_exists_without_patterns_to_match_is_refused(context: Context) -> None:
    with pytest.raises(UnsupportedError, match="EXISTS"):
        holds(Exists(Bgp(()), False), Batch(1, {}), context)


def test_volatile_functions_give_each_row_its_own(context: Context) -> None:
    batch = Batch(50, {"a": np.repeat(context.terms.listed([literal("x")]), 50)})
    for name in ("RAND", "UUID", "STRUUID", "BNODE"):
        assert len(set(evaluate(Call(name, ()), batch, context).tolist())) == 50, name
    moments = {value(term) for term in terms_of(evaluate(Call("NOW", ()), batch, context), context) if term}
    assert len(moments) == 1
    numbers = [numeric(term) for term in terms_of(evaluate(Call("RAND", ()), batch, context), context)]
    assert all(0 <= number < 1 for number in numbers)


def test_a_blank_node_of_a_label_is_one_within_a_solution(context: Context) -> None:
    batch = Batch(2, {"a": context.terms.listed([literal("x"), literal("x")]), "b": context.terms.listed([literal("x"), literal("y")])})
    first = evaluate(Call("BNODE", (A,)), batch, context)
    second = evaluate(Call("BNODE", (B,)), batch.extended({"first": first}), context)
    assert first[0] == second[0]
    assert len({first[0], first[1], second[1]}) == 3
    assert evaluate(Call("BNODE", (Constant(iri("http://example.org/a")),)), batch, context).tolist() == [UNBOUND] * 2


def test_the_deadline_is_looked_at_between_calls(context_of: Callable[..., Context]) -> None:
    context = context_of()
    context.deadline, context.seconds = 0.0, 1.0
    with pytest.raises(DeadlineError):
        evaluate(Call("MD5", (A,)), Batch(1, {"a": context.terms.listed([literal("x")])}), context)


def test_functions_of_geometry_are_called_on_columns(context: Context) -> None:
    geo, geof = "http://www.opengis.net/ont/geosparql#", "http://www.opengis.net/def/function/geosparql/"
    ids = context.terms.listed([literal(text, geo + "wktLiteral") for text in ("POINT (1 1)", "POINT (9 9)")])
    box = Constant(literal("POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0))", geo + "wktLiteral"))
    for name in ("sfIntersects", "sIntersects"):
        assert truth(Call(geof + name, (A, box)), Batch(2, {"a": ids}), context).tolist() == [1, 0], name
    measured = Call("<", (Call(geof + "distance", (A, box, Constant(iri("http://www.opengis.net/def/uom/OGC/1.0/metre")))),
        Constant(literal("1", X + "integer"))))
    assert truth(measured, Batch(2, {"a": ids}), context).tolist() == [1, 0]


@pytest.mark.parametrize(("expression", "hint"), [
    (Call("http://www.opengis.net/def/function/geosparql/sfIntersect", (A, B)), "sfIntersects"), (Call(X + "integr", (A,)), "xsd:integer"),
    (Call("http://nowhere.example/f", ()), "GeoSPARQL"), (Call("!", (And((A, Call("http://nowhere.example/f", ()))),)), "GeoSPARQL"),
])
def test_unknown_functions_are_refused_with_a_hint(expression: Expression, hint: str) -> None:
    with pytest.raises(UnknownFunctionError) as caught:
        check_functions(expression)
    assert hint in caught.value.way_out


@pytest.mark.parametrize("call", [Call("STRLEN", ()), Call("STRLEN", (A, B)), Call("IF", (A, B)), Call(X + "integer", (A, B)),
    Call("BOUND", (TRUE,)),
                                  Call("NOW", (A,)), Call("REGEX", (A,)), Call("in", ())])
def test_the_number_of_arguments_is_checked(call: Call) -> None:
    with pytest.raises(QueryError):
        check_functions(call)


@pytest.mark.parametrize("expression", [Call("concat", ()), Call("COALESCE", ()), Call("+", (A,)), Call("bound", (A,)),
    Call("IRI", (A, B)), A, TRUE,
                                        Call("http://www.opengis.net/def/function/geosparql/sIntersects", (A, B)), Exists(Bgp(()), True)])
def test_what_there_is_passes(expression: Expression) -> None:
    check_functions(expression)


@pytest.mark.parametrize("zero", ["-0.0", '"-0.00"^^xsd:decimal', "?o", "xsd:double(?o)", "xsd:float(-0.0)"])
def test_a_decimal_has_no_negative_zero(zero: str, tmp_path: Path) -> None:
    builder = SnapshotBuilder(tmp_path / "s", durable=False)
    builder.begin("test", AxisOrder.STRICT)
    for block in quads_of(f'<x:s> <x:p> "-0.0"^^<{XSD}decimal> .'.encode(), "nquads"):
        builder.add(block)
    builder.end()
    text = f"PREFIX xsd: <{XSD}> SELECT (STR(1e0 / {zero}) AS ?r) {{ ?s ?p ?o }}"
    result = evaluate_query(builder.finish(), text)
    assert [result.context.terms.term(id).text for batch in result.batches() for id in batch.columns["r"].tolist()] == ["INF"]
